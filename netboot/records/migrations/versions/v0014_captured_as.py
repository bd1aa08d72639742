"""What a person called the master that is to be captured."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it to the choices."""
    op.add_column("choices", sa.Column("capture", sa.Text(), nullable=True))
