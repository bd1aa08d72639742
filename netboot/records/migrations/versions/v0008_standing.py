"""Which adapter a visit's line came from, whether another spoke for its machine, and what a person said about it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of the visits of before nothing is known."""
    op.add_column("visits", sa.Column("adapter", sa.String(length=17), nullable=False, server_default=""))
    op.add_column("visits", sa.Column("standing", sa.String(length=16), nullable=False, server_default=""))
