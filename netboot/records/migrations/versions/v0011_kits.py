"""From which kit's stick a visit was collected."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every visit of before was on the LAN."""
    op.add_column("visits", sa.Column("kit", sa.String(length=64), nullable=False, server_default=""))
