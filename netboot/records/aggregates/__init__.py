"""The record's aggregates, one class each. Each of their methods is one transaction, on disk when it returns.

The SQL is in the modules of `records/`. Beside what its docstring says, a method may raise SQLAlchemy's errors: the
disk is full or broken.
"""
