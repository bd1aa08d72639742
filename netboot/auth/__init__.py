"""Who a person is to the page (passwords, sessions), and the keys that this server signs with.

Not for: what a person may order (`jobs/actor.py`, `workshop/commands.py`).
"""
