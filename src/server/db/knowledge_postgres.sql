ALTER TABLE knowledge ADD COLUMN word_vector tsvector GENERATED ALWAYS AS
  (setweight(to_tsvector('simple', title_words), 'A') || setweight(to_tsvector('simple', words), 'B')) STORED;
CREATE INDEX knowledge_by_word ON knowledge USING gin (word_vector);
