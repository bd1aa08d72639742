"""What a page shows of a text stands where it is read: the templates' `finalize` makes all of it visible.

Not for: what a form sends back, which the filter `as_it_is` keeps letter for letter; HTML's own characters, which
autoescape escapes.
"""

from markupsafe import Markup

from netboot.shared.visible import visible


class AsItIs(str):
    """A text that a form sends back: shown to nobody, so nothing is named in it."""

    __slots__ = ()


def visible_text(value: object) -> object:
    """The value as a page shows it; what is no text, or went through here within a macro, is left alone."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup | AsItIs) else value
