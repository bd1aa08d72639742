"""By which earlier job's erase a job goes whose deploy had been cut short."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "erased_before",
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("erased_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_erased_before"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_erased_before_job_id_jobs"),
        sa.ForeignKeyConstraint(["erased_by"], ["jobs.id"], name="fk_erased_before_erased_by_jobs"),
    )
