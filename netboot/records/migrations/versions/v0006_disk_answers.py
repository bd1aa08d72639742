"""What people said of PCs' disks, and which jobs went by it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "disk_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("visit_id", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name="fk_disk_answers_machine_id_machines"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_disk_answers_visit_id_visits"),
        sa.PrimaryKeyConstraint("id", name="pk_disk_answers"),
    )
    op.create_index("ix_disk_answers_machine_id", "disk_answers", ["machine_id"])
    op.create_table(
        "job_answers",
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_answers_job_id_jobs"),
        sa.ForeignKeyConstraint(["answer_id"], ["disk_answers.id"], name="fk_job_answers_answer_id_disk_answers"),
        sa.PrimaryKeyConstraint("job_id", "answer_id", name="pk_job_answers"),
    )
