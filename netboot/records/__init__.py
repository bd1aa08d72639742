"""The record, a SQL database: machines, visits, choices, jobs, erasures, and a hash-chained journal of events.

`open_record` opens it; its methods return the frozen values of `values.py`. Not for: deciding anything about a job
(`imaging.py`, `jobs/`), live progress (never on the record), chunks and manifests (the store).
"""
