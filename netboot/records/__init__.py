"""What the workshop remembers: machines, visits, choices, jobs, erasures, and the append-only events.

`open_record` is the way in; what comes out are the frozen values of `values.py`. Not for: deciding anything about a job
(`imaging.py`), live progress (never on the record), chunks and manifests (the store).
"""
