CREATE TABLE watcher (
  id SERIAL_KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  entity_id BIGINT NOT NULL REFERENCES entity (id),
  slug TEXT NOT NULL,
  status TEXT NOT NULL,
  current_version BIGINT NOT NULL,
  schedule TEXT,
  agent_id TEXT,
  scheduler_client_id TEXT,
  model_config TEXT NOT NULL,
  tags TEXT NOT NULL,
  reaction_script TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX watcher_slug ON watcher (organization_id, slug);
CREATE INDEX watcher_by_entity ON watcher (entity_id);

CREATE TABLE watcher_version (
  id SERIAL_KEY,
  watcher_id BIGINT NOT NULL REFERENCES watcher (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  prompt TEXT NOT NULL,
  extraction_schema TEXT NOT NULL,
  sources TEXT NOT NULL,
  json_template TEXT,
  keying_config TEXT,
  classifiers TEXT,
  condensation_prompt TEXT,
  condensation_window_count BIGINT,
  reactions_guidance TEXT,
  change_notes TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  UNIQUE (watcher_id, version)
);
