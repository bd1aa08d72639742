"""The agent on a PC that was started from a kit's stick: with the server when one is heard, else alone.

Alone, the deciding rules of the server (`netboot/jobs/`, `netboot/imaging.py`) are used as they are: they order each
stage and judge it, here in the same process as the agent, and what came of it is written onto the stick. The server
judges it once more from the evidence when it is brought back (`netboot/kit/collect.py`).
Knows the agent and those rules; nothing else of the server is in the stick's archive.
"""
