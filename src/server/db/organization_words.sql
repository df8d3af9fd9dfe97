UPDATE knowledge SET title_words = (
  SELECT 'o' || o.number || 'x' || replace(title_words, ' ', ' o' || o.number || 'x') FROM organization o WHERE o.id = organization_id
) WHERE title_words <> '';
UPDATE knowledge SET words = (
  SELECT 'o' || o.number || 'x' || replace(words, ' ', ' o' || o.number || 'x') FROM organization o WHERE o.id = organization_id
) WHERE words <> '';
