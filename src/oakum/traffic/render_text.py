"""Renders the report of `oakum observe traffic` as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from oakum.inference.lexicon import label_field
from oakum.openapi.model import Shape
from oakum.traffic.observation_model import Drift, ObservedOperation, TrafficReport

_QUIET = ("plain", "key", "handle")
_MOST = 12
_KINDS = {
    "new-endpoint": "not declared, and answers",
    "new-field": "fields that the contract does not mention",
    "sent-wider": "fields sent to callers whom the contract does not let see them",
}


def lines(found: TrafficReport) -> Iterator[str]:
    """What was read, the endpoints, the drift, and what cannot be relied upon."""
    yield from _sources(found)
    yield ""
    yield from _inventory(found)
    if found.sent:
        yield ""
        yield from _viewers(found)
    if found.against:
        yield ""
        yield from _drift(found)
    for why in found.distrust:
        yield f"not trustworthy: {why}"


def _sources(found: TrafficReport) -> Iterator[str]:
    yield f"{_many(found.read, 'exchange')} read from {_many(len(found.sources), 'source')}"
    skipped: Counter[str] = Counter()
    for each in found.sources:
        skipped.update(each.skipped)
    for why, many in skipped.most_common():
        yield f"  {many:,} skipped: {why}"
    for why, many in sorted(found.aside.items()):
        yield f"  {many:,} set aside: {why}"


def _inventory(found: TrafficReport) -> Iterator[str]:
    counts = Counter(each.standing for each in found.operations)
    said = [f"{counts[name]} {name}" for name in ("documented", "shadow", "zombie") if counts[name]]
    yield f"{_many(len(found.operations), 'operation')}" + (f": {', '.join(said)}" if said else "")
    for each in found.operations:
        if each.standing == "zombie":
            continue
        mark = f"  {each.standing}" if each.standing == "shadow" else ""
        yield f"  {each.method} {each.path}{mark}"
        yield f"      {_use(each)}"
        yield from (f"      {note.says}" for note in each.notes)
        yield from _fields(each)
        for part in each.parts:
            yield f"      {part.path}: {_use(part)}"
            yield from (f"  {line}" for line in _fields(part))
    silent = [f"{e.method} {e.path}" for e in found.operations if e.standing == "zombie"]
    if silent:
        yield "declared, and never seen:"
        yield from (f"  {each}" for each in silent)


def _use(each: ObservedOperation) -> str:
    statuses = ", ".join(f"{status} × {many:,}" for status, many in each.statuses.items())
    auth = ", ".join(each.auth)
    used = f"; credentials: {auth}" if auth else ""
    return f"{statuses}; {_many(each.callers, 'caller')}{used}"


def _fields(each: ObservedOperation) -> Iterator[str]:
    """How many fields, and those that are somebody's business by name, with their class."""
    if not each.fields:
        if each.bodies.get("absent"):
            yield "      its records contain no bodies, so its fields are unknown"
        return
    grave = [field for field in each.fields if field.label not in _QUIET]
    yield f"      {_many(len(each.fields), 'field')}" + (", of them" if grave else "")
    rows = sorted(grave, key=lambda field: field.label)
    for label, group in groupby(rows, key=lambda field: field.label):
        yield f"        {label}: {_few([f'{f.path}{_share(f.present, f.of)}' for f in group])}"


def _share(present: int, of: int) -> str:
    return "" if present >= of else f" ({100 * present // max(of, 1)} %)"


def _viewers(found: TrafficReport) -> Iterator[str]:
    """Who was sent how many fields of what."""
    yield "sent, by the caller's relation to the owner:"
    rows: dict[tuple[str, str], set[str]] = {}
    for each in found.sent:
        if each.present:
            rows.setdefault((each.resource, each.viewer), set()).add(each.field)
    for (resource, viewer), names in sorted(rows.items()):
        yield f"  {resource} to {viewer}: {_many(len(names), 'field')}"
    yield from _personal(found)
    for why, many in sorted(found.unjudged.items()):
        yield f"  {many:,} not judged: {why}"


def _personal(found: TrafficReport) -> Iterator[str]:
    """Fields that are somebody's business by name, and to whom each was sent."""
    viewers: dict[tuple[str, str], set[str]] = {}
    for each in found.sent:
        kind = label_field(each.field, Shape()).kind.value
        if each.present and kind not in _QUIET:
            viewers.setdefault((each.resource, each.field), set()).add(each.viewer)
    if viewers:
        yield "  of them, personal data by name:"
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (resource, name), who in sorted(viewers.items()):
        groups.setdefault((resource, tuple(sorted(who))), []).append(name)
    for (resource, told), names in groups.items():
        yield f"    {resource}: {_few(names)} to {', '.join(told)}"


def _drift(found: TrafficReport) -> Iterator[str]:
    if not found.drift:
        yield f"no drift from {found.against}"
        return
    yield f"drift against {found.against}:"
    for kind, title in _KINDS.items():
        rows = [each for each in found.drift if each.kind == kind]
        if rows:
            yield f"  {title}:"
            yield from (
                _describe_drift(rows) if kind != "new-endpoint" else _new_endpoints(rows, found)
            )


def _new_endpoints(rows: Sequence[Drift], found: TrafficReport) -> Iterator[str]:
    """Endpoints that nobody has declared; beneath each what makes it grave."""
    seen = {(each.method, each.path): each for each in found.operations}
    for row in rows:
        yield f"    {row.method} {row.path}: {_many(row.seen, 'exchange')}"
        endpoint = seen.get((row.method, row.path))
        if endpoint is None:
            continue
        grave = sorted({each.label for each in endpoint.fields} - {*_QUIET, "setting"})
        said = ["answers without credentials"] if "none" in endpoint.auth else []
        said += [f"sends {', '.join(grave)}"] if grave else []
        if said:
            yield f"      {'; '.join(said)}"


def _describe_drift(rows: Sequence[Drift]) -> Iterator[str]:
    """Drift grouped by contract line: fields, their receivers and endpoints."""
    groups: dict[tuple[str, str], list[Drift]] = {}
    for each in rows:
        groups.setdefault((_place(each), each.says), []).append(each)
    for (place, says), group in sorted(groups.items()):
        endpoints = Counter[str]()
        for each in group:
            endpoints[f"{each.method} {each.path}"] += each.seen
        names = sorted({f"{each.resource}.{each.field}" for each in group})
        sure = "" if any(each.certain for each in group) else ", according to earlier responses"
        yield f"    {_few(names)}"
        yield f"      sent to {', '.join(sorted({each.viewer for each in group}))}{sure}"
        named = [f"{each} ({many:,} ×)" for each, many in sorted(endpoints.items())]
        yield f"      by {_few(named)}"
        yield f"      {place}: {says}"


def _place(each: Drift) -> str:
    return str(each.where) if each.where is not None else ""


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
