CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE organization (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  visibility TEXT NOT NULL DEFAULT 'private',
  created_at BIGINT NOT NULL
);

CREATE TABLE account (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE member (
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  PRIMARY KEY (organization_id, account_id)
);

CREATE TABLE token (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  organization_id TEXT REFERENCES organization (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);

CREATE TABLE agent (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  owner TEXT NOT NULL,
  is_workspace_agent BIGINT NOT NULL DEFAULT 0,
  workspace_id TEXT,
  parent_connection_id TEXT,
  settings TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX agent_by_organization ON agent (organization_id, created_at);

CREATE TABLE platform (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  agent_id TEXT NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  config TEXT NOT NULL,
  settings TEXT NOT NULL,
  metadata TEXT NOT NULL,
  status TEXT NOT NULL,
  error_message TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX platform_by_agent ON platform (agent_id, created_at);

CREATE TABLE entity_type (
  id SERIAL_KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  icon TEXT,
  color TEXT,
  metadata_schema TEXT,
  event_kinds TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX entity_type_slug ON entity_type (organization_id, slug) WHERE deleted_at IS NULL;

CREATE TABLE relationship_type (
  id SERIAL_KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  metadata_schema TEXT,
  metadata TEXT,
  is_symmetric BIGINT NOT NULL,
  inverse_type_id BIGINT,
  status TEXT NOT NULL,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX relationship_type_slug ON relationship_type (slug) WHERE deleted_at IS NULL;

CREATE TABLE relationship_rule (
  id SERIAL_KEY,
  relationship_type_id BIGINT NOT NULL REFERENCES relationship_type (id) ON DELETE CASCADE,
  source_slug TEXT NOT NULL,
  target_slug TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (relationship_type_id, source_slug, target_slug)
);

CREATE TABLE audit (
  id SERIAL_KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  at BIGINT NOT NULL,
  account_id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  fields TEXT NOT NULL
);
CREATE INDEX audit_by_organization ON audit (organization_id, id);
