"""Events, the positions of their sources, the kinds of events, and when streams arrived."""

from alembic import op

revision = "0001"
down_revision = None

_STATEMENTS = (
    # No sequence gives positions out: whoever holds the table's lock counts on from the newest.
    """
    CREATE TABLE log.stored_events (
        originator_id uuid NOT NULL,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL,
        notification_id bigint NOT NULL,
        PRIMARY KEY (originator_id, originator_version)
    )
    """,
    """
    CREATE UNIQUE INDEX stored_events_notification_id_idx
    ON log.stored_events (notification_id)
    """,
    """
    CREATE INDEX rare_events ON log.stored_events (topic, notification_id)
    WHERE topic <> 'touchpoint'
    """,
    """
    CREATE FUNCTION log.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'events are never deleted or changed';
    END
    $$
    """,
    """
    CREATE TRIGGER events_are_never_deleted BEFORE UPDATE OR DELETE OR TRUNCATE
    ON log.stored_events FOR EACH STATEMENT EXECUTE FUNCTION log.refuse()
    """,
    """
    CREATE TABLE log.tracking (
        application_name text PRIMARY KEY,
        notification_id bigint NOT NULL
    )
    """,
    """
    CREATE TABLE log.event_kind (
        topic text,
        class_version bigint,
        PRIMARY KEY (topic, class_version)
    )
    """,
    """
    CREATE TABLE log.stream_arrival (
        source text,
        hour bigint,
        PRIMARY KEY (source, hour)
    )
    """,
)


def upgrade() -> None:
    """Make everything."""
    for statement in _STATEMENTS:
        op.execute(statement)
