-- Each word is stored with the number of its organization, so that a search reads nothing of other organizations.
ALTER TABLE organization ADD COLUMN number BIGINT;
UPDATE organization SET number = rowid;
CREATE TRIGGER organization_number AFTER INSERT ON organization BEGIN
  UPDATE organization SET number = new.rowid WHERE id = new.id;
END;
