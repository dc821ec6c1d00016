"""`oakum.observation/2`: an observation as JSON."""

from __future__ import annotations

import orjson

import oakum
from oakum.openapi.model import Json
from oakum.traffic.observation_model import (
    Drift,
    ObservedField,
    ObservedOperation,
    SentField,
    SourceCounts,
    TrafficReport,
)

SCHEMA = "oakum.observation/2"


def render(found: TrafficReport) -> bytes:
    """The document as JSON text; equal observations give equal bytes."""
    return orjson.dumps(document(found), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def document(found: TrafficReport) -> Json:
    """The document as JSON values, described in docs/reference/observation.md."""
    return {
        "schema": SCHEMA,
        "version": oakum.__version__,
        "against": found.against,
        "trustworthy": not found.distrust,
        "distrust": list(found.distrust),
        "summary": {
            "read": found.read,
            "skipped": sum(sum(each.skipped.values()) for each in found.sources),
            "aside": sum(found.aside.values()),
            "operations": {
                name: sum(each.standing == name for each in found.operations)
                for name in ("documented", "shadow", "zombie", "seen")
            },
            "drift": {
                kind: sum(each.kind == kind for each in found.drift)
                for kind in ("new-endpoint", "new-field", "sent-wider")
            },
        },
        "sources": [_source(each) for each in found.sources],
        "aside": dict(sorted(found.aside.items())),
        "unjudged": dict(sorted(found.unjudged.items())),
        "operations": [_operation(each) for each in found.operations],
        "sent": [_sent_field(each) for each in found.sent],
        "drift": [_drift(each) for each in found.drift],
    }


def _source(each: SourceCounts) -> Json:
    return {
        "name": each.name,
        "kind": each.kind,
        "read": each.read,
        "skipped": dict(sorted(each.skipped.items())),
        "broken": each.broken,
    }


def _operation(each: ObservedOperation) -> Json:
    return {
        "id": each.id,
        "method": each.method,
        "path": each.path,
        "standing": each.standing,
        "seen": each.seen,
        "statuses": {str(status): many for status, many in each.statuses.items()},
        "auth": dict(each.auth),
        "callers": each.callers,
        "hosts": list(each.hosts),
        "bodies": dict(sorted(each.bodies.items())),
        "removed": dict(each.removed),
        "notes": [{"kind": note.kind, "says": note.says} for note in each.notes],
        "parts": [_operation(part) for part in each.parts],
        "fields": [_field(field) for field in each.fields],
    }


def _field(each: ObservedField) -> Json:
    return {
        "path": each.path,
        "types": list(each.types),
        "format": each.form,
        "class": each.label,
        "present": each.present,
        "of": each.of,
    }


def _sent_field(each: SentField) -> Json:
    return {
        "endpoint": each.endpoint,
        "resource": each.resource,
        "field": each.field,
        "viewer": each.viewer,
        "state": dict(each.state),
        "present": each.present,
        "of": each.of,
    }


def _drift(each: Drift) -> Json:
    place = each.where
    return {
        "kind": each.kind,
        "endpoint": each.endpoint,
        "method": each.method,
        "path": each.path,
        "resource": each.resource,
        "field": each.field,
        "viewer": each.viewer,
        "state": dict(each.state),
        "seen": each.seen,
        "certain": each.certain,
        "says": each.says,
        "contract": place.members() if place is not None else None,
    }
