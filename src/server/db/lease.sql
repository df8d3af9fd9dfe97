CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  token TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
