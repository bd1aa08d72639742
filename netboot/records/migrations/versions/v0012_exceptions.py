"""Exceptions that people signed, and disks that were taken out of their PCs."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "erase_exceptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.String(length=64), nullable=False),
        sa.Column("choice_id", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=True),
        sa.Column("exception", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erase_exceptions"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_erase_exceptions_visit_id_visits"),
        sa.ForeignKeyConstraint(["choice_id"], ["choices.id"], name="fk_erase_exceptions_choice_id_choices"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_erase_exceptions_job_id_jobs"),
        sa.UniqueConstraint("choice_id", name="uq_erase_exceptions_choice_id"),
        sa.UniqueConstraint("job_id", name="uq_erase_exceptions_job_id"),
    )
    op.create_index("ix_erase_exceptions_visit_id", "erase_exceptions", ["visit_id"])
    op.create_table(
        "disk_take_outs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("visit_id", sa.String(length=64), nullable=False),
        sa.Column("take_out", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_disk_take_outs"),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name="fk_disk_take_outs_machine_id_machines"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_disk_take_outs_visit_id_visits"),
    )
    op.create_index("ix_disk_take_outs_machine_id", "disk_take_outs", ["machine_id"])
