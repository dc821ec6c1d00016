"""`oakum.abuse/2`: abuse as JSON, and its events as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

import oakum
from oakum.abuse.detections import AbuseEvent, AbuseReport, ReportedCaller
from oakum.abuse.signs import KINDS, SIGNS
from oakum.openapi.model import Json
from oakum.traffic.call import Hasher
from oakum.traffic.observation_model import SourceCounts

SCHEMA = "oakum.abuse/2"


def render(report: AbuseReport, reads: Iterable[SourceCounts], distrust: Iterable[str]) -> bytes:
    """The document as JSON text; equal reports give equal bytes."""
    made = document(report, reads, distrust)
    return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def document(report: AbuseReport, reads: Iterable[SourceCounts], distrust: Iterable[str]) -> Json:
    """The document as JSON values, described in docs/reference/abuse.md. `distrust`: reasons why
    the report is not trustworthy, in addition to its own."""
    why = list(distrust)
    return {
        "schema": SCHEMA,
        "version": oakum.__version__,
        "trustworthy": not why,
        "distrust": why,
        "summary": {
            "calls": report.calls,
            "watched": report.callers,
            "let_go": report.let_go,
            "told": len(report.told),
            "kinds": {kind: sum(kind in each.latest for each in report.told) for kind in KINDS},
            "begins": instant(report.begins),
            "ends": instant(report.ends),
        },
        "sources": [
            {
                "name": each.name,
                "kind": each.kind,
                "read": each.read,
                "skipped": dict(sorted(each.skipped.items())),
                "broken": each.broken,
            }
            for each in reads
        ],
        "aside": dict(sorted(report.aside.items())),
        "blind": dict(report.blind),
        "callers": [_caller_entry(each) for each in report.told],
    }


def line(event: AbuseEvent) -> bytes:
    """One event as a line of NDJSON, with its newline."""
    made = {"schema": SCHEMA, "who": Hasher.hash_text(event.who), "by": event.by, **_event(event)}
    return orjson.dumps(made, option=orjson.OPT_APPEND_NEWLINE)


def instant(at: int) -> str | None:
    """Milliseconds since 1970 as ISO 8601 in UTC, to the second; None for 0, when no record had a
    time."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None


def _caller_entry(each: ReportedCaller) -> Json:
    return {
        "who": Hasher.hash_text(each.who),
        "by": each.by,
        "first": instant(each.first),
        "last": instant(each.last),
        "certain": each.certain,
        "events": [
            {"told": instant(event.at), **_event(each.latest[event.kind])} for event in each.events
        ],
        "series": [list(point) for point in each.series],
    }


def _event(event: AbuseEvent) -> dict[str, Json]:
    rest = event.rest
    return {
        "kind": event.kind,
        "at": instant(event.at),
        "endpoint": event.endpoint,
        "window": event.window,
        "what": SIGNS[event.sign].name,
        "count": event.count,
        "limit": rest.limit,
        "rest": {
            "callers": rest.callers,
            "window": rest.window,
            "middle": rest.middle,
            "high": rest.high,
            "share": round(rest.share, 4),
        },
        "requests": event.requests,
        "misses": event.misses,
        "ids": event.ids,
        "ordered": event.ordered,
        "certain": event.certain,
        "says": event.says,
    }
