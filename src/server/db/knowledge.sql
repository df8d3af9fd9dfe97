CREATE TABLE knowledge (
  id SERIAL_KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  semantic_type TEXT NOT NULL,
  title TEXT,
  payload_type TEXT NOT NULL,
  content TEXT,
  payload_data TEXT NOT NULL,
  payload_template TEXT,
  metadata TEXT NOT NULL,
  source_url TEXT,
  origin_id TEXT NOT NULL,
  entity_ids TEXT NOT NULL,
  supersedes_id BIGINT UNIQUE REFERENCES knowledge (id),
  title_words TEXT NOT NULL,
  words TEXT NOT NULL,
  created_by TEXT,
  occurred_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX knowledge_by_time ON knowledge (organization_id, occurred_at, id);

CREATE TABLE knowledge_entity (
  knowledge_id BIGINT NOT NULL REFERENCES knowledge (id) ON DELETE CASCADE,
  entity_id BIGINT NOT NULL REFERENCES entity (id),
  PRIMARY KEY (entity_id, knowledge_id)
);
CREATE INDEX knowledge_entity_by_knowledge ON knowledge_entity (knowledge_id);
