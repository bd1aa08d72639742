"""What a choice was made for, and which machines an operator said are one.

A choice that waits from before has no such thing: it is asked again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("choices", sa.Column("seen", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("seen", sa.Text(), nullable=True))
    # In words of its own: Alembic would copy the table, and SQLite refuses to drop one that others refer to.
    op.execute(
        "ALTER TABLE machines ADD COLUMN merged_into VARCHAR(64) "
        "CONSTRAINT fk_machines_merged_into_machines REFERENCES machines (id)"
    )
    op.create_index("ix_machines_merged_into", "machines", ["merged_into"])
