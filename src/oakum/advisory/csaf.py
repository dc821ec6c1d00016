"""The draft as a machine-readable security advisory: CSAF 2.0 (OASIS Standard, 18 November 2022).

Profile 4, `csaf_security_advisory`. The draft has version 0 and TLP:AMBER, since nobody has agreed
to publish it. An API that its owner operates has no version that others install, so the product is
the service. There is no CVSS score: only the owner of the API can assess the impact.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from oakum.advisory.disclosure_case import Draft
from oakum.errors import count_of
from oakum.memory import FindingStanding
from oakum.openapi.model import Json
from oakum.output.terminal_text import visible

_PRODUCT = "CSAFPID-0001"
_BLANK_URI = "https://your-organisation.invalid"
"""Stands for `<…>` where CSAF requires a URI; `.invalid` never resolves (RFC 2606)."""


def csaf(draft: Draft) -> Json:
    """The CSAF document as plain values; `<…>` stands for what a person has to fill in."""
    now = draft.now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "document": {
            "aggregate_severity": {"text": draft.severity},
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "distribution": {"tlp": {"label": "AMBER"}},
            "lang": "en",
            "notes": list(_notes(draft)),
            "publisher": {
                "category": "discoverer",
                "contact_details": "<how to reach you>",
                "name": "<your name or organisation>",
                "namespace": _BLANK_URI,
            },
            "title": visible(draft.title),
            "tracking": {
                "current_release_date": now,
                "generator": {
                    "date": now,
                    "engine": {"name": "oakum", "version": draft.report.version or "unknown"},
                },
                "id": f"DRAFT-{draft.finding.fingerprint}",
                "initial_release_date": now,
                "revision_history": [{"date": now, "number": "0", "summary": "Draft."}],
                "status": "draft",
                "version": "0",
            },
        },
        "product_tree": {
            "branches": [
                {
                    "category": "vendor",
                    "name": "<owner of the API>",
                    "branches": [
                        {
                            "category": "product_name",
                            "name": "<name of the API>",
                            "product": {
                                "name": f"API at {visible(draft.report.target)}",
                                "product_id": _PRODUCT,
                            },
                        }
                    ],
                }
            ]
        },
        "vulnerabilities": [_vulnerability(draft)],
    }


def _notes(draft: Draft) -> Iterator[Json]:
    yield _note("summary", "Summary", f"{draft.title}. {draft.story.what}")
    yield _note(
        "legal_disclaimer", "Draft",
        "A draft that nobody has approved. Fill in every <…>, and check every sentence. It"
        " contains no personal data, and is not legal advice.",
    )  # fmt: skip


def _note(category: str, title: str, text: str) -> Json:
    return {"category": category, "text": visible(text), "title": title}


def _vulnerability(draft: Draft) -> Json:
    found: dict[str, Json] = {
        "discovery_date": draft.report.started,
        "ids": [
            {"system_name": "Oakum", "text": each}
            for each in dict.fromkeys(each.fingerprint for each in draft.findings)
        ],
        "involvements": [_involvement(draft)],
        "notes": list(_details(draft)),
        "product_status": {_status(draft): [_PRODUCT]},
        "references": [
            {"category": "external", "summary": f"{id} {title}", "url": url}
            for id, title, url in draft.weaknesses
        ],
        "remediations": list(_remediations(draft)),
        "threats": list(_threats(draft)),
        "title": visible(draft.title),
    }
    weakness = next(((id, name) for id, name, _ in draft.weaknesses if id.startswith("CWE-")), None)
    if weakness is not None:
        found["cwe"] = {"id": weakness[0], "name": weakness[1]}
    return {key: value for key, value in found.items() if value}


def _status(draft: Draft) -> str:
    memory = draft.memory
    standings = [memory.standing_of(each) for each in draft.remembered_findings] if memory else []
    if standings and all(each is FindingStanding.FIXED for each in standings):
        return "fixed"
    return "known_affected" if draft.proven else "under_investigation"


def _involvement(draft: Draft) -> Json:
    """What the owner of the API has done so far, according to the disclosure timeline."""
    case = draft.clock.case if draft.clock is not None else None
    reported = case.on("reported") if case is not None else None
    if case is None or reported is None:
        return {"party": "vendor", "status": "not_contacted"}
    acknowledged = case.on("acknowledged")
    day, status = (acknowledged, "open") if acknowledged else (reported, "contact_attempted")
    told = "; ".join(f"{name} {on}" for name, on in case.events)
    return {
        "date": f"{day.isoformat()}T00:00:00Z",
        "party": "vendor",
        "status": status,
        "summary": told,
    }


def _details(draft: Draft) -> Iterator[Json]:
    finding = draft.finding
    yield _note("description", "What it is", f"{draft.story.what} {draft.story.why}")
    for when, fields in draft.whens:
        shown = ", ".join(f"{finding.resource}.{each}" for each in fields)
        words = f"Fields{f' {when}' if when else ''}: {shown}"
        yield _note("details", "Fields", words)
    yield _note("details", "Viewers", ", ".join(draft.viewers))
    endpoints = ", ".join(f"{endpoint.method} {endpoint.path}" for endpoint in draft.endpoints)
    yield _note("details", "Endpoints", endpoints or "none")
    if draft.received_data:
        lines = ", ".join(f"{pointer} {shape}" for pointer, shape in draft.received_data)
        yield _note("details", "Evidence, as shapes", lines)
    whole = count_of(len(draft.findings), "finding")
    yield _note("other", "Proof", f"{draft.proven} of {whole} proven with test accounts only")


def _remediations(draft: Draft) -> Iterator[Json]:
    steps = f"What would fix it: {'; '.join(draft.fix)}"
    kind = "none_available"
    if _status(draft) == "fixed":
        steps, kind = (
            "The latest runs show it closed at every one of its endpoints.",
            "vendor_fix",
        )
    yield {"category": kind, "details": visible(steps), "product_ids": [_PRODUCT]}
    if draft.story.does != "cannot":
        yield {"category": "mitigation", "details": visible(draft.guard), "product_ids": [_PRODUCT]}


def _threats(draft: Draft) -> Iterator[Json]:
    said = "; ".join(f"{endpoint}: {words} records" for endpoint, words in draft.records)
    kinds = ", ".join(kind for kind, _ in draft.categories)
    yield {
        "category": "impact",
        "details": visible(f"Data: {kinds or 'none'}. Records: {said or 'not known'}."),
        "product_ids": [_PRODUCT],
    }
    yield {
        "category": "exploit_status",
        "details": "Reproduced with test accounts. It is not known whether anybody else used it.",
        "product_ids": [_PRODUCT],
    }
