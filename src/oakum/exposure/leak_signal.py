"""Leaks that a technique proves, rather than a denied field in a response.

Most compare the responses to one request in two worlds. Non-interference (Goguen and Meseguer,
1982): a caller who may not see a hidden value gets the same response whatever the value is. The two
worlds are two states of the target, two moments, or two requests that differ in one value of one
owner.
"""

from __future__ import annotations

from dataclasses import dataclass

from oakum.finding import Endpoint, Evidence, State


@dataclass(frozen=True)
class Signal:
    """A leak that a technique found: the field, the viewer and the endpoint."""

    how: str
    """The technique, as checks name it: `oracle`, `id-enumeration`, `order` …"""
    resource: str
    field: str
    viewer: str
    """The viewer's label, as in cells."""
    endpoint: Endpoint
    evidence: Evidence
    state: State = ()
    identity: str | None = None
    """The caller; None: anonymous."""
    sure: bool = True
    """Whether it was reproduced, or does not need to be; otherwise it is only *suspected*."""
    says: str = ""
    """The difference in words, without values: `other status`, `two fewer objects`."""
    doubt: str = ""
    """Why it is not sure, in words; empty if it was simply not reproduced."""
