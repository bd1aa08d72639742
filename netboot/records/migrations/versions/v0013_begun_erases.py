"""Erases that were begun, so that the next boot can go on after a power cut."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "begun_erases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("disk_id", sa.Integer(), nullable=False),
        sa.Column("begun", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_begun_erases_job_id_jobs"),
        sa.ForeignKeyConstraint(["disk_id"], ["disks.id"], name="fk_begun_erases_disk_id_disks"),
        sa.PrimaryKeyConstraint("id", name="pk_begun_erases"),
        sa.UniqueConstraint("job_id", "disk_id", name="uq_begun_erases_job_id_disk_id"),
    )
    op.create_index("ix_begun_erases_disk_id", "begun_erases", ["disk_id"])
