"""Each inventory once, by its digest, with visits and checks that refer to it; and what each visit brought, from where.

The bytes are moved as they are: a check's digest is the one that the journal has of it since it was written.
"""

import hashlib

import msgspec
import sqlalchemy as sa
from alembic import op
from msgspec import Struct

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AT_A_TIME = 200
"""Rows that are held in memory: each has an inventory."""
_INVENTORIES = sa.table("inventories", sa.column("digest", sa.String), sa.column("content", sa.Text))


class _Check(Struct, tag="check"):
    """A check's result as it was kept."""

    inventory: msgspec.Raw


def upgrade() -> None:
    """Make the table and move what is there into it."""
    op.create_table(
        "inventories",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_inventories"),
    )
    for table in ("visits", "stages"):
        # In words of its own, as in 0004. A column that is added and refers to a table may be empty, says SQLite.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN inventory_digest VARCHAR(64) "
            f"CONSTRAINT fk_{table}_inventory_digest_inventories REFERENCES inventories (digest)"
        )
    op.add_column("visits", sa.Column("address", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("visits", sa.Column("added", sa.BigInteger(), nullable=False, server_default="0"))
    _move_visits()
    _move_checks()
    op.drop_column("visits", "inventory")
    op.create_index("ix_visits_inventory_digest", "visits", ["inventory_digest"])
    op.create_index("ix_stages_inventory_digest", "stages", ["inventory_digest"])
    op.create_index("ix_visits_opened", "visits", ["opened"])


def _move_visits() -> None:
    visits = sa.table("visits", sa.column("id"), sa.column("inventory"), sa.column("inventory_digest"))
    wanted = sa.select(visits.c.id, visits.c.inventory).order_by(visits.c.id).limit(_AT_A_TIME)
    last = ""
    while rows := op.get_bind().execute(wanted.where(visits.c.id > last)).all():
        for visit_id, content in rows:
            digest = _keep(content)
            op.execute(visits.update().where(visits.c.id == visit_id).values(inventory_digest=digest))
        last = rows[-1][0]


def _move_checks() -> None:
    stages = sa.table("stages", sa.column("id"), sa.column("stage"), sa.column("result"), sa.column("inventory_digest"))
    checked = (stages.c.stage == "check") & stages.c.result.is_not(None)
    wanted = sa.select(stages.c.id, stages.c.result).where(checked).order_by(stages.c.id).limit(_AT_A_TIME)
    last = 0
    while rows := op.get_bind().execute(wanted.where(stages.c.id > last)).all():
        for stage_id, result in rows:
            digest = _keep(bytes(msgspec.json.decode(result, type=_Check).inventory).decode())
            changed = {"inventory_digest": digest, "result": '{"type":"check"}'}
            op.execute(stages.update().where(stages.c.id == stage_id).values(changed))
        last = rows[-1][0]


def _keep(content: str) -> str:
    digest = hashlib.sha256(content.encode()).hexdigest()
    there = sa.select(_INVENTORIES.c.digest).where(_INVENTORIES.c.digest == digest)
    if op.get_bind().execute(there).first() is None:
        op.execute(_INVENTORIES.insert().values(digest=digest, content=content))
    return digest
