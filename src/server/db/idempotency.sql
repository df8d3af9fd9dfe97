CREATE TABLE idempotent_request (
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  account_id TEXT NOT NULL,
  key TEXT NOT NULL,
  digest TEXT NOT NULL,
  status BIGINT NOT NULL,
  revision BIGINT,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organization_id, account_id, key)
);
CREATE INDEX idempotent_request_by_time ON idempotent_request (created_at);
