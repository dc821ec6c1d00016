"""Makes foreign text safe to print on a terminal, and cuts it."""

from __future__ import annotations

from oakum.errors import visible

__all__ = ["short", "visible"]

_LONGEST = 1000


def short(text: str, longest: int = _LONGEST) -> str:
    """Text without control sequences, cut to the consumer's limit."""
    shown = visible(text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
