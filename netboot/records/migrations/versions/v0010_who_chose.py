"""A job that a boot menu chose was ordered by nobody who signs in: no name stands there, which a person may bear.

Before, the word "menu" stood for it, and to forget an operator of that name rewrote such jobs.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the word away, but where it is an operator's name and nobody can tell any more which of both it is."""
    op.execute(
        "UPDATE jobs SET chosen_by = '' WHERE chosen_by = 'menu' "
        "AND NOT EXISTS (SELECT 1 FROM operators WHERE operators.name = 'menu')"
    )
