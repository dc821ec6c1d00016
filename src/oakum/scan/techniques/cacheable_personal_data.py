"""Reads what personal responses say to shared caches: `cacheable-personal-data`."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.exposure.checks.cacheable_personal_data import RULE
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.evaluation.response_summary import Head
from oakum.scan.requests.builder import fill
from oakum.scan.state import Place
from oakum.scan.technique import Line, Prospect

HOW = "kept"
RULES: frozenset[str] = frozenset({RULE.id})
OPENS_WAYS = False
SILENT = True


def run(engine: Engine) -> None:
    """Reads what personal answers say to shared caches; one finding for each endpoint."""
    told: set[str] = set()
    read = False
    for place, head in engine.responses.heads.items():
        endpoint, viewer, who = place
        probe = engine.matrix.probes.get(endpoint)
        if probe is None or probe.how or viewer is None or endpoint in told or not head.shows:
            continue
        if probe.operation.method != "GET":
            continue
        says = _invites(engine, viewer, head) or _confuses(engine, place, head)
        about = engine.most_private(endpoint, viewer) if says or not read else None
        read = read or about is not None
        if says and about is not None:
            told.add(endpoint)
            engine.tell(
                HOW, probe, viewer, engine.kind(None, viewer).label, head.answer, says,
                filled=fill(probe, engine.target, engine.knowledge, who), about=about, own=True,
                doubt="it is unknown whether there is a shared cache in front of the API",
            )  # fmt: skip
    if not read:
        words = "no identity was shown anything of its own that not everybody may see"
        engine.results.note_gap(RULE.id, words, Section.RULES)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """Yields nothing, since nothing is sent."""
    yield from ()


def _invites(engine: Engine, viewer: str, head: Head) -> str:
    """What is wrong with what an answer says to caches (RFC 9111, 3.5); empty: nothing."""
    said = _cache_directives(head)
    ages = [said[name].strip('"') for name in ("s-maxage", "max-age") if name in said]
    if {"private", "no-store", "no-cache"} & said.keys() or ages[:1] == ["0"]:
        return ""
    names = _credentials(engine, viewer)
    always = bool({"public", "s-maxage"} & said.keys())
    if not (always or (ages and "authorization" not in names)) or _tells_apart(head, names):
        return ""
    return "it lets shared caches store it, and its `Vary` names no header that identifies callers"


def _confuses(engine: Engine, place: Place, head: Head) -> str:
    """Whether another reader of the same address got other values by the same strong validator, by
    which a shared cache may take one answer for the other (RFC 9110, 8.8.3)."""
    endpoint, viewer, who = place
    if not _validator(head) or _tells_apart(head, _credentials(engine, viewer)):
        return ""
    for (at, _, about), other in engine.responses.heads.items():
        alike = (at, about) == (endpoint, who) and _validator(other) == _validator(head)
        if alike and other.governed != head.governed:
            return "another caller gets the same `ETag` with a different response"
    return ""


def _validator(head: Head) -> str:
    """The strong validator by which shared caches may store it; empty: none, or they may not."""
    etag = head.answer.headers.get("etag", "")
    return (
        ""
        if etag.startswith("W/") or {"private", "no-store"} & _cache_directives(head).keys()
        else etag
    )


def _cache_directives(head: Head) -> dict[str, str]:
    """Directives of `Cache-Control`, with their values."""
    said = (e.strip().lower() for e in head.answer.headers.get("cache-control", "").split(","))
    return {name: value for name, _, value in (each.partition("=") for each in said)}


def _credentials(engine: Engine, viewer: str | None) -> set[str]:
    """Names of the headers with which a viewer logs in."""
    return {line.partition(":")[0].strip().lower() for line in engine.context.credentials(viewer)}


def _tells_apart(head: Head, names: set[str]) -> bool:
    """Whether the key of a cache tells these callers apart (RFC 9111, 4.1)."""
    vary = {each.strip().lower() for each in head.answer.headers.get("vary", "").split(",")}
    return bool({"*", *names} & vary)
