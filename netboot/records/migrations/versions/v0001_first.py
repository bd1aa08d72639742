"""The first tables, and the triggers that keep the events append-only.

The triggers are written for SQLite and for PostgreSQL, which say the same in languages of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ON_SQLITE = (
    """
    CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """,
    """
    CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """,
    # INSERT OR REPLACE deletes without asking; and nothing is slipped in behind the newest event.
    """
    CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE server = NEW.server AND sequence >= NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """,
)

ON_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_to_change_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_events()
    """,
    """
    CREATE TRIGGER events_are_not_deleted BEFORE DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_events()
    """,
    """
    CREATE FUNCTION refuse_events_behind_the_newest() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM events WHERE server = NEW.server AND sequence >= NEW.sequence) THEN
            RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_events_behind_the_newest()
    """,
)
APPEND_ONLY = {"sqlite": ON_SQLITE, "postgresql": ON_POSTGRESQL}


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "chains",
        sa.Column("server", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("server", name="pk_chains"),
    )
    op.create_table(
        "disks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=256), nullable=False),
        sa.Column("wwn", sa.String(length=256), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_disks"),
    )
    op.create_index("ix_disks_serial", "disks", ["serial"])
    op.create_index("ix_disks_wwn", "disks", ["wwn"])
    op.create_table(
        "events",
        sa.Column("server", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("visit_id", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("server", "sequence", name="pk_events"),
    )
    op.create_index("ix_events_job_id", "events", ["job_id"])
    op.create_index("ix_events_machine_id", "events", ["machine_id"])
    op.create_table(
        "machines",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=256), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_machines"),
        sa.UniqueConstraint("number", name="uq_machines_number"),
    )
    op.create_table(
        "masters",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("licence", sa.String(length=256), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_masters"),
    )
    op.create_table(
        "operators",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("password_hash", sa.String(length=512), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_operators"),
    )
    op.create_table(
        "person_salts",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_person_salts"),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )
    op.create_table(
        "machine_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=600), nullable=False),
        sa.Column("first_seen", sa.DateTime(), nullable=False),
        sa.Column("last_seen", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name="fk_machine_keys_machine_id_machines"),
        sa.PrimaryKeyConstraint("id", name="pk_machine_keys"),
        sa.UniqueConstraint("machine_id", "kind", "value", name="uq_machine_keys_machine_id_kind_value"),
    )
    op.create_index("ix_machine_keys_kind_value", "machine_keys", ["kind", "value"])
    op.create_table(
        "visits",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=17), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("secure_boot", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("token_used", sa.Boolean(), nullable=False),
        sa.Column("opened", sa.DateTime(), nullable=False),
        sa.Column("closed", sa.DateTime(), nullable=True),
        sa.Column("last_report", sa.Integer(), nullable=False),
        sa.Column("inventory", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name="fk_visits_machine_id_machines"),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
        sa.UniqueConstraint("boot", name="uq_visits_boot"),
    )
    op.create_index("ix_visits_machine_id_opened", "visits", ["machine_id", "opened"])
    op.create_table(
        "choices",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("closed", sa.DateTime(), nullable=True),
        sa.Column("visit_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name="fk_choices_machine_id_machines"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_choices_visit_id_visits"),
        sa.PrimaryKeyConstraint("id", name="pk_choices"),
    )
    op.create_index("ix_choices_machine_id_closed", "choices", ["machine_id", "closed"])
    op.create_table(
        "disk_sightings",
        sa.Column("disk_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["disk_id"], ["disks.id"], name="fk_disk_sightings_disk_id_disks"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_disk_sightings_visit_id_visits"),
        sa.PrimaryKeyConstraint("disk_id", "visit_id", name="pk_disk_sightings"),
    )
    op.create_index("ix_disk_sightings_visit_id", "disk_sightings", ["visit_id"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("visit_id", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("master", sa.Text(), nullable=True),
        sa.Column("master_digest", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("hostname", sa.String(length=64), nullable=False),
        sa.Column("chosen_by", sa.String(length=256), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_jobs_visit_id_visits"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_visit_id_started", "jobs", ["visit_id", "started"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("disk_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["disk_id"], ["disks.id"], name="fk_erasures_disk_id_disks"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_erasures_job_id_jobs"),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name="fk_erasures_machine_id_machines"),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_disk_id", "erasures", ["disk_id"])
    op.create_index("ix_erasures_job_id", "erasures", ["job_id"])
    op.create_index("ix_erasures_machine_id", "erasures", ["machine_id"])
    op.create_table(
        "stages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_stages_job_id_jobs"),
        sa.PrimaryKeyConstraint("id", name="pk_stages"),
        sa.UniqueConstraint("job_id", "position", name="uq_stages_job_id_position"),
        sa.UniqueConstraint("job_id", "stage", name="uq_stages_job_id_stage"),
    )
    for trigger in APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(trigger)
