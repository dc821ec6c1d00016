"""The facts of a draft as JSON: `oakum.advisory/2`."""

from __future__ import annotations

from oakum.advisory.disclosure_case import Draft
from oakum.finding import Finding
from oakum.openapi.model import Json
from oakum.output.terminal_text import short

SCHEMA = "oakum.advisory/2"


def json_document(draft: Draft, text: str, to: str) -> Json:
    """The draft as plain values. `text`: its Markdown; `to`: the kind of recipient."""
    contact, clock = draft.contact, draft.clock
    return {
        "schema": SCHEMA,
        "status": "draft",
        "to": to,
        "made": draft.now.isoformat(timespec="seconds"),
        "oakum": draft.report.version,
        "run": draft.report.run,
        "target": draft.report.target,
        "title": draft.title,
        "severity": draft.severity,
        "rule": draft.finding.rule,
        "resource": draft.finding.resource,
        "findings": [_finding(each) for each in draft.findings],
        "endpoints": [
            {"method": e.method, "path": e.path, "operation": e.operation} for e in draft.endpoints
        ],
        "contact": {
            "ways": list(contact.ways),
            "policy": contact.policy,
            "encryption": contact.encryption,
            "languages": contact.languages,
            "expires": contact.expires.isoformat() if contact.expires else None,
            "source": contact.source,
            "doubts": list(contact.doubts),
        },
        "evidence": [
            {"pointer": pointer, "shape": shape} for pointer, shape in draft.received_data
        ],
        "ask_again": draft.ask_again,
        "records": [{"endpoint": endpoint, "estimate": words} for endpoint, words in draft.records],
        "categories": [{"name": kind, "fields": list(names)} for kind, names in draft.categories],
        "weaknesses": [
            {"id": id, "title": title, "url": url} for id, title, url in draft.weaknesses
        ],
        "fix": list(draft.fix),
        "guard": {"does": draft.story.does, "words": draft.guard},
        "timeline": [{"on": day, "what": what} for day, what in draft.timeline],
        "publication": clock.publication.isoformat() if clock and clock.publication else None,
        "markdown": text,
    }


def _finding(one: Finding) -> Json:
    return {
        "fingerprint": one.fingerprint,
        "verdict": one.verdict,
        "severity": one.severity,
        "title": short(one.title),
        "field": one.field,
        "viewer": one.viewer,
        "state": dict(one.state),
    }
