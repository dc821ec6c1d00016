"""One change of a setting: the value before, the value sent, and its description."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.exchange import json_bytes
from oakum.openapi.model import Json


@dataclass(frozen=True)
class Flip:
    """One setting of one identity, and the values before and after."""

    identity: str
    state: str
    """`Resource.state`, or `Resource.field`."""
    before: Json
    after: Json
    secret: bool = False
    """The values are a person's own: they are never written in clear text."""
    at: str = ""
    """Tells the address that was written from that of another object; empty: not kept."""
    beside: bool = False
    """Nothing was sent to change it: what was sent for another may move it too."""


def left_behind(flip: Flip) -> str:
    """Tells the user how to restore a setting by hand."""
    value = "its old value" if flip.secret else f"`{json_bytes(flip.before).decode()}`"
    return f"`{flip.state}` of {flip.identity} could not be restored to {value}: set it by hand"
