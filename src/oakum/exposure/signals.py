"""Leaks without a field: the same request gives different answers in two worlds.

Non-interference (Goguen and Meseguer, 1982): who may not see a secret gets the same answer whatever
it is. The two worlds may be two states of the target, two moments, or two questions that differ in
one value of one owner's.
"""

from __future__ import annotations

from dataclasses import dataclass

from oakum.finding import Endpoint, Evidence, State


@dataclass(frozen=True)
class Signal:
    """What told a secret, to whom, at which endpoint."""

    how: str
    """The technique, by which a check knows it: `oracle`, `walk`, `order` …"""
    resource: str
    field: str
    viewer: str
    """Relation of the viewer to the owner, as cells call it."""
    endpoint: Endpoint
    evidence: Evidence
    state: State = ()
    identity: str | None = None
    """Who asked; None: nobody logged in."""
    sure: bool = True
    """Seen again when asked again. A hint that could be chance is not sure: *suspected*."""
    says: str = ""
    """What differs, in words that hold nobody's value: `other status`, `two fewer objects`."""
