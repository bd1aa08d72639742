"""Batches with their places, and what is set for single PCs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("closed", sa.DateTime(), nullable=True),
        sa.Column("ending", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_at", "batches", ["at"])
    op.create_table(
        "batch_places",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("visit_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_places_batch_id_batches"),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name="fk_batch_places_machine_id_machines"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_batch_places_visit_id_visits"),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_batch_places"),
        sa.UniqueConstraint("batch_id", "machine_id", name="uq_batch_places_batch_id_machine_id"),
    )
    op.create_index("ix_batch_places_machine_id", "batch_places", ["machine_id"])
    op.create_table(
        "policies",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=600), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("loader", sa.String(length=8), nullable=False),
        sa.Column("dhcp", sa.String(length=8), nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=256), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_policies"),
    )
