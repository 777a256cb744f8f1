"""What Alembic runs, on the connection and in the transaction of `journeys.migrations`."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="log",
)
context.run_migrations()
