-- Each word is stored with the number of its organization, so that a search reads nothing of other organizations.
ALTER TABLE organization ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY;
