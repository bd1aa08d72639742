"""To which key the secrets of a visit are sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a visit of before is given none."""
    op.add_column("visits", sa.Column("seal_key", sa.String(length=64), nullable=False, server_default=""))
