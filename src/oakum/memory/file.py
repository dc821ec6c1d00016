"""`oakum.memory/2`: the findings file that a team keeps in git, with readable diffs.

A value without inner values has one line, the order is fixed, and the overall state of a finding is
written beside the states it is derived from: an edit that changes only one of the two is an error.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson

from oakum.errors import InputError, Location, Problem
from oakum.finding import Endpoint
from oakum.memory.disclosure_timeline import EVENTS
from oakum.memory.model import (
    AtEndpoint,
    Disclosure,
    FindingEvent,
    FindingStanding,
    KnownEndpoint,
    Memory,
    RememberedFinding,
    Stamp,
    in_file_order,
)
from oakum.openapi.model import Json
from oakum.openapi.typed_json import Value, read_typed
from oakum.rules import current

SCHEMA = "oakum.memory/2"
EARLIER = ("oakum.memory/1",)
"""Earlier versions that are still read; their keys have other names."""
_NOW = {each.value: each for each in AtEndpoint}
_STANDINGS = {each.value: each for each in FindingStanding}
_VERDICTS = {word: word for word in ("proven", "suspected", "over_blocked")}
_SEVERITIES = {word: word for word in ("critical", "high", "medium", "low")}
_EVENTS = {word: word for word in EVENTS}
_HAPPENED = {word: word for word in ("found", *_STANDINGS)}


# --------------------------------------------------------------------------- writing


def render(memory: Memory) -> str:
    """The memory as JSON text with a final newline; the same memory gives the same text."""
    content = {
        "schema": SCHEMA,
        "reports": [_stamp(each) for each in memory.reports],
        "findings": [finding(memory, each) for each in in_file_order(memory.findings)],
        "disclosures": [disclosure(each) for each in memory.disclosures],
    }
    return "".join(_format_value(content, "")) + "\n"


def finding(memory: Memory, one: RememberedFinding) -> Json:
    """A finding as plain values, with its overall state."""
    return {
        "fingerprint": one.fingerprint,
        "also": list(one.also),
        "standing": memory.standing_of(one).value,
        "rule": one.rule,
        "verdict": one.verdict,
        "severity": one.severity,
        "resource": one.resource,
        "field": one.field,
        "viewer": one.viewer,
        "state": dict(one.state),
        "endpoints": [
            {
                "method": each.endpoint.method,
                "path": each.endpoint.path,
                "operation": each.endpoint.operation,
                "now": each.now.value,
            }
            for each in one.endpoints
        ],
        "first_seen": _stamp(one.first_seen),
        "last_seen": _stamp(one.last_seen),
        "last_tested": _stamp(one.last_tested),
        "history": [
            {**_stamp(each.stamp), "what": each.what, "note": each.note} for each in one.history
        ],
    }


def disclosure(case: Disclosure) -> Json:
    """A case as plain values."""
    return {
        "findings": list(case.findings),
        "days": case.days,
        "events": [{"event": name, "on": day.isoformat()} for name, day in case.events],
    }


def _stamp(stamp: Stamp) -> dict[str, str]:
    return {"run": stamp.run, "on": stamp.on}


def _format_value(value: Json, indent: str) -> list[str]:
    """JSON with a line for each value that has no list or object in it."""
    inside = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list) or not any(isinstance(e, dict | list) for e in inside):
        return [_line(value)]
    deeper = indent + "  "
    if isinstance(value, dict):
        items = [[f"{_line(name)}: ", *_format_value(each, deeper)] for name, each in value.items()]
    else:
        items = [_format_value(each, deeper) for each in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    parts = [first]
    for at, item in enumerate(items):
        parts += [",\n" if at else "\n", deeper, *item]
    return [*parts, "\n", indent, last]


def _line(value: Json) -> str:
    text = orjson.dumps(value).decode()
    if not isinstance(value, dict | list) or not value:
        return text
    parts: list[Any] = (
        [f"{_line(name)}: {_line(each)}" for name, each in value.items()]
        if isinstance(value, dict)
        else [_line(each) for each in value]
    )
    return f"{text[0]}{', '.join(parts)}{text[-1]}"


def read(data: bytes, file: str) -> Memory:
    """The memory in a file. Raises `InputError` with the place of each mistake.

    So it does when the overall state of a finding contradicts its endpoints: somebody edited only
    one of the two, or a merge took only one.
    """
    memory, standings = read_typed(data, file, SCHEMA, _memory, EARLIER)
    problems = [
        Problem(
            Location(file),
            f"finding `{one.fingerprint}` says `{said.value}`, but its endpoints add up to"
            f" `{memory.standing_of(one).value}`",
            "restore the file as `oakum findings` wrote it, or correct both",
        )
        for one, said in zip(memory.findings, standings, strict=True)
        if memory.standing_of(one) is not said
    ]
    if problems:
        raise InputError(problems)
    return memory


def _memory(value: Value) -> tuple[Memory, tuple[FindingStanding, ...]]:
    memory = Memory(
        value["reports"].each(_read_stamp),
        value["findings"].each(_read_finding),
        value["disclosures"].each(_read_disclosure),
    )
    _once(value["findings"], [mark for e in memory.findings for mark in (e.fingerprint, *e.also)])
    _once(value["disclosures"], [mark for each in memory.disclosures for mark in each.findings])
    return memory, value["findings"].each(lambda each: each["standing"].one_of(_STANDINGS))


def _once(value: Value, marks: list[str]) -> None:
    twice = next((each for each, many in Counter(marks).items() if many > 1), None)
    if twice is not None:
        raise value.refuse(
            f"`{twice}` is there twice", "two branches were merged: keep one version"
        )


def _read_stamp(value: Value) -> Stamp:
    return Stamp(value["run"].text(), value["on"].moment())


def _read_finding(value: Value) -> RememberedFinding:
    return RememberedFinding(
        fingerprint=value["fingerprint"].text(),
        rule=current(value["rule"].text()),
        verdict=value["verdict"].one_of(_VERDICTS),
        severity=value["severity"].one_of(_SEVERITIES),
        resource=value["resource"].text(),
        field=value["field"].text(),
        viewer=value["viewer"].text(),
        state=tuple(sorted(value["state"].members(Value.text).items())),
        endpoints=value["endpoints"].each(_read_endpoint),
        first_seen=_read_stamp(value["first_seen"]),
        last_seen=_read_stamp(value["last_seen"]),
        last_tested=_read_stamp(value["last_tested"]),
        history=value["history"].each(
            lambda e: FindingEvent(_read_stamp(e), e["what"].one_of(_HAPPENED), e["note"].text())
        ),
        also=value["also"].each(Value.text),
    )


def _read_endpoint(value: Value) -> KnownEndpoint:
    endpoint = Endpoint(value["method"].text(), value["path"].text(), value["operation"].text())
    return KnownEndpoint(endpoint, value["now"].one_of(_NOW))


def _read_disclosure(value: Value) -> Disclosure:
    days = value["days"].whole()
    if days < 1:
        raise value["days"].refuse("this should be a number of days")
    findings = value["findings"].each(Value.text)
    if not findings:
        raise value["findings"].refuse("a case needs at least one finding")
    events = value["events"].each(lambda e: (e["event"].one_of(_EVENTS), e["on"].day()))
    names = [name for name, _ in events]
    if len(set(names)) != len(names):
        raise value["events"].refuse("an event happens once")
    return Disclosure(findings, days, events)


__all__ = ["SCHEMA", "disclosure", "finding", "read", "render"]
