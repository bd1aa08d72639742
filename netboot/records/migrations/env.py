"""Alembic's entry, at every start of the server: runs in the transaction that `records/database.py` has opened.

A test compares `records/tables.py` with what the migrations make: a change there needs a new file in `versions/`.
"""

from alembic import context

from netboot.records.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    transactional_ddl=True,  # SQLite can; Alembic assumes not
)
context.run_migrations()
