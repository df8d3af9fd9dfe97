CREATE TABLE oauth_client (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  name TEXT NOT NULL,
  public BIGINT NOT NULL,
  device_grant BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX oauth_client_by_time ON oauth_client (created_at);

CREATE TABLE device_request (
  device_hash TEXT PRIMARY KEY,
  user_code_hash TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL REFERENCES oauth_client (id) ON DELETE CASCADE,
  scope TEXT,
  resource TEXT,
  peer TEXT,
  state TEXT NOT NULL,
  account_id TEXT REFERENCES account (id) ON DELETE CASCADE,
  organization_id TEXT REFERENCES organization (id) ON DELETE CASCADE,
  granted_scope TEXT,
  token_id TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX device_request_by_client ON device_request (client_id);
CREATE INDEX device_request_by_time ON device_request (expires_at);

CREATE TABLE oauth_grant (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES oauth_client (id) ON DELETE CASCADE,
  account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  organization_id TEXT REFERENCES organization (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  token_id TEXT REFERENCES token (id) ON DELETE CASCADE,
  refresh_hash TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  refreshed_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_grant_by_client ON oauth_grant (client_id);
CREATE INDEX oauth_grant_by_token ON oauth_grant (token_id);

ALTER TABLE token ADD COLUMN grant_id TEXT REFERENCES oauth_grant (id) ON DELETE CASCADE;
CREATE INDEX token_by_grant ON token (grant_id);

CREATE TABLE web_session (
  hash TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  token_id TEXT REFERENCES token (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

CREATE TABLE login_link (
  hash TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL
);
