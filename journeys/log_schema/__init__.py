"""What Alembic needs to bring the log's schema in PostgreSQL to this release."""
