"""One change of a setting: the value before, the value sent, and its description."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from oakum.exchange import json_bytes
from oakum.openapi.model import Json
from oakum.scan.undo.own_writes import CHANGED, UNREAD

SIGN = " of "
"""Separates relation and owner in the name of a relation, `follower of pia`; no name of a setting
contains it."""


@dataclass(frozen=True)
class SettingChange:
    """One setting of one identity, and the values before and after."""

    identity: str
    state: str
    """`Resource.state`, or `Resource.field`."""
    before: Json
    after: Json
    secret: bool = False
    """The values are a person's own: they are never written in clear text."""
    at: str = ""
    """Identifies the URL that was written; empty if it is not kept."""
    beside: bool = False
    """Whether nothing was sent to change it: it is a possible side effect."""
    also: tuple[Json, ...] = ()
    """Further values that the run has set, one after the other."""


def left_behind(flip: SettingChange, why: str = "") -> str:
    """Tells the user how to restore a setting by hand."""
    value = "its old value" if flip.secret else f"`{json_bytes(flip.before).decode()}`"
    by_hand = f"`{flip.state}` of {flip.identity} could not be restored to {value}: set it by hand"
    return f"{by_hand}; {why}" if why else by_hand


def still_to_come(flip: SettingChange) -> str:
    """Tells the user of a change that was not answered."""
    return (
        f"`{flip.state}` of {flip.identity} has its old value, but the API never answered a request"
        " that changes it and may still carry it out"
    )


def why_left(
    flip: SettingChange, seen: tuple[Json, Json], changes: Iterable[SettingChange], *, unseen: bool
) -> str:
    """Why a setting is not restored: it has neither its old value nor one that a run has set, or
    nobody is shown what it has; empty: it may be. `seen`: as it is now, and after the last change;
    `unseen`: what is shown nowhere is taken for what the run has set."""
    now, last = seen
    if now is None:
        return "" if unseen else UNREAD
    same = [e for e in changes if (e.identity, e.state) == (flip.identity, flip.state)]
    known = (flip.before, last, *(value for e in (flip, *same) for value in (e.after, *e.also)))
    return "" if now in known else CHANGED
