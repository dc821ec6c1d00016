"""What answers look like, values left out."""

from __future__ import annotations

import orjson

from oakum.exchange import Response
from oakum.scan.knowledge import leaves_of

Form = tuple[int, str, frozenset[tuple[str, ...]], int]
"""Status, media type, places of values with list positions left out, and how many values."""


def form_of(answer: Response) -> Form:
    """What an answer looks like, values left out: two answers of one form may differ in values."""
    text = answer.body.decode("utf-8", "replace")
    try:
        found = list(leaves_of(orjson.loads(answer.body))) if answer.body else []
    except orjson.JSONDecodeError:
        lines = text.splitlines()
        return answer.status, answer.media_type, frozenset({(lines[0][:200],)}), len(lines)
    places = frozenset(tuple("*" if p.isdigit() else p for p in at) for at, _ in found)
    return answer.status, answer.media_type, places, len(found)
