ALTER TABLE agent ADD COLUMN settings_updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE agent SET settings_updated_at = updated_at;
ALTER TABLE platform ADD COLUMN secret_keys TEXT NOT NULL DEFAULT '[]';
ALTER TABLE audit ADD COLUMN request_id TEXT;
