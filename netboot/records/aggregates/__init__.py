"""The record's aggregates, one class each. Each of their methods is one transaction, on disk when it returns.

The SQL is in the modules above; what a method raises beyond its own words is SQLAlchemy's: a full or broken disk.
"""
