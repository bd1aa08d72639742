"""Makes invisible and direction-changing characters visible in every text of a page (Jinja's `finalize`).

Not for: values that a form sends back, which the filter `as_it_is` leaves alone; HTML's special characters, which
autoescape escapes.
"""

from markupsafe import Markup

from netboot.shared.visible import visible


class AsItIs(str):
    """A text that a form sends back: it is not shown, so nothing in it is replaced."""

    __slots__ = ()


def visible_text(value: object) -> object:
    """The value as a page shows it; what is no text, or went through here within a macro, is left alone."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup | AsItIs) else value
