"""What holds for every test: hypothesis gives no example a time limit, for a slow machine is no fault of the code."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
