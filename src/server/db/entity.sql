CREATE TABLE entity (
  id SERIAL_KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  entity_type_id BIGINT NOT NULL REFERENCES entity_type (id) ON DELETE CASCADE,
  parent_id BIGINT REFERENCES entity (id),
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  metadata TEXT NOT NULL,
  domain TEXT,
  content TEXT,
  enabled_classifiers TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX entity_slug ON entity (organization_id, COALESCE(parent_id, 0), slug);
CREATE UNIQUE INDEX entity_domain ON entity (organization_id, domain);
CREATE INDEX entity_by_time ON entity (organization_id, created_at, id);
CREATE INDEX entity_by_type ON entity (entity_type_id);
CREATE INDEX entity_by_parent ON entity (parent_id);

CREATE TABLE entity_link (
  id SERIAL_KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  relationship_type_id BIGINT NOT NULL REFERENCES relationship_type (id) ON DELETE CASCADE,
  from_id BIGINT NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
  to_id BIGINT NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
  metadata TEXT,
  confidence TEXT,
  source TEXT NOT NULL,
  created_by TEXT,
  updated_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX entity_link_pair ON entity_link (relationship_type_id, from_id, to_id) WHERE deleted_at IS NULL;
CREATE INDEX entity_link_by_organization ON entity_link (organization_id, id);
CREATE INDEX entity_link_by_from ON entity_link (from_id);
CREATE INDEX entity_link_by_to ON entity_link (to_id);
