"""A master as one signed file for another workshop: its format, writing it, taking it in.

Not for: who is trusted (`auth/known_workshops.py`), masters on their way to a PC (`boothttp/`).
"""
