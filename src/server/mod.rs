//! The embedded REST server: contract sections 2 to 9 over SQLite or PostgreSQL.
