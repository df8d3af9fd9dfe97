-- Each word is stored with the number of its organization, so that a search reads nothing of other organizations.
ALTER TABLE organization ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY;
UPDATE knowledge SET title_words = (
  SELECT 'o' || o.number || 'x' || replace(title_words, ' ', ' o' || o.number || 'x') FROM organization o WHERE o.id = organization_id
) WHERE title_words <> '';
UPDATE knowledge SET words = (
  SELECT 'o' || o.number || 'x' || replace(words, ' ', ' o' || o.number || 'x') FROM organization o WHERE o.id = organization_id
) WHERE words <> '';
