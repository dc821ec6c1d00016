"""Takes the replay of one finding into the findings file.

Some findings have no cell, and some endpoints are found only by a technique, so no report shows
that they are closed. A replay does: it says of each endpoint whether it was tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from oakum.errors import InputError, Location, Problem
from oakum.finding import Endpoint
from oakum.memory.model import (
    AtEndpoint,
    FindingStanding,
    KnownEndpoint,
    Memory,
    RememberedFinding,
    Stamp,
)
from oakum.memory.report_merge import add_history, latest
from oakum.openapi.typed_json import Value, read_typed

SCHEMA = "oakum.replay/2"
EARLIER = ("oakum.replay/1",)
"""Earlier versions that are still read; their keys have other names."""
_Shown = Literal["fixed", "still_open", "untested"]
_SHOWN: Mapping[str, _Shown] = {
    "fixed": "fixed", "still_open": "still_open", "untested": "untested", "not_shown": "untested",
}  # fmt: skip


@dataclass(frozen=True)
class PrintedReplay:
    """The replay of one finding, as `oakum scan --only … --format json` printed it."""

    file: str
    stamp: Stamp
    fingerprint: str
    field: str
    endpoints: tuple[tuple[Endpoint, _Shown, str], ...]
    """(endpoint, result, reason). A reason beside `fixed` says that the contract has changed."""
    left: tuple[tuple[str, str], ...]
    """(viewer, field) of other viewers to whom the same defect is still open."""
    reasons: tuple[str, ...]
    """Why the replay is not trustworthy; empty if it is."""


def read_replay(data: bytes, file: str) -> PrintedReplay:
    """The replay in a JSON text. Raises `InputError` with the place of each mistake."""
    return read_typed(data, file, SCHEMA, lambda value: _again(value, file), EARLIER)


def _again(value: Value, file: str) -> PrintedReplay:
    return PrintedReplay(
        file,
        Stamp(value["run"].text(), value["started"].moment()),
        value["fingerprint"].text(),
        value["field"].text(),
        value["endpoints"].each(
            lambda e: (Endpoint.read(e), e["result"].one_of(_SHOWN), e["reason"].text())
        ),
        value["left"].each(lambda e: (e["viewer"].text(), e["field"].text())),
        value["reasons"].each(Value.text),
    )


def apply_replay(memory: Memory, again: PrintedReplay) -> Memory:
    """The memory after a replay. A replay that it already has changes nothing.

    Raises `InputError` for a finding that is not remembered, for a replay that is older than the
    memory, and for one that saw the leak with a viewer for whom the memory records no leak.
    """
    one = next((e for e in memory.findings if again.fingerprint in (e.fingerprint, *e.also)), None)
    place = Location(again.file)
    if one is None:
        said, hint = f"finding `{again.fingerprint}` is not remembered", "take in its report first"
        raise InputError([Problem(place, said, hint)])
    taken = (one.last_tested, one.last_seen, *(each.stamp for each in one.history))
    if again.stamp in taken:
        return memory
    last = latest(memory)
    if last is not None and datetime.fromisoformat(again.stamp.on) < last:
        said = f"the replay of {again.stamp.on} is older than the memory"
        raise InputError([Problem(place, said, "replay it again")])
    known = {e.viewer for e in memory.findings if e.cell == one.cell and e.open_endpoints}
    strange = sorted({who for who, name in again.left if name == again.field} - known)
    if strange:
        said = f"`{strange[0]}` still sees it, but the memory does not record that"
        raise InputError([Problem(place, said, "scan, and add the report first")])
    fresh = _after(memory.standing_of(one), one, again)
    after = replace(
        memory, findings=tuple(fresh if each is one else each for each in memory.findings)
    )
    return add_history(memory, after, again.stamp)


def _after(
    standing: FindingStanding, one: RememberedFinding, again: PrintedReplay
) -> RememberedFinding:
    shown = {endpoint: (result, reason) for endpoint, result, reason in again.endpoints}
    endpoints: list[KnownEndpoint] = []
    silent = seen = False
    for each in one.endpoints:
        result, reason = shown.pop(each.endpoint, ("untested", ""))
        now = each.now
        if result == "still_open":
            seen = True
            now = (
                AtEndpoint.BACK
                if each.now in (AtEndpoint.CLOSED, AtEndpoint.BACK)
                else AtEndpoint.OPEN
            )
        elif result == "fixed" and not again.reasons:
            now = AtEndpoint.WITHDRAWN if reason else AtEndpoint.CLOSED
        else:
            silent = True
        endpoints.append(replace(each, now=now))
    fresh = AtEndpoint.BACK if standing is FindingStanding.FIXED else AtEndpoint.OPEN
    more = [endpoint for endpoint, (result, _) in shown.items() if result == "still_open"]
    endpoints += [KnownEndpoint(endpoint, fresh) for endpoint in more]
    return replace(
        one,
        endpoints=tuple(endpoints),
        last_seen=again.stamp if seen or more else one.last_seen,
        last_tested=one.last_tested if silent else again.stamp,
    )
