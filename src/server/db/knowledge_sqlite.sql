CREATE VIRTUAL TABLE knowledge_text USING fts5(
  title_words, words, content='knowledge', content_rowid='id', tokenize='unicode61 remove_diacritics 0'
);
CREATE TRIGGER knowledge_text_insert AFTER INSERT ON knowledge BEGIN
  INSERT INTO knowledge_text (rowid, title_words, words) VALUES (new.id, new.title_words, new.words);
END;
CREATE TRIGGER knowledge_text_delete AFTER DELETE ON knowledge BEGIN
  INSERT INTO knowledge_text (knowledge_text, rowid, title_words, words)
    VALUES ('delete', old.id, old.title_words, old.words);
END;
