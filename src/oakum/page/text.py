"""Text of others as a screen may show it."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with everything that a screen obeys instead of showing written as an escape.

    Control characters, line ends and marks of writing direction: an API may name a field so as to
    forge a line of the report.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
