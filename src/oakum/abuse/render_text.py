"""Renders detected abuse as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from oakum.abuse.detections import AbuseEvent, AbuseReport
from oakum.abuse.json_document import instant
from oakum.abuse.signs import KINDS
from oakum.traffic.call import Hasher
from oakum.traffic.observation_model import SourceCounts


def event(each: AbuseEvent) -> str:
    """One line for a live event: time, hash of the caller, kind of abuse."""
    return f"{instant(each.at)}  {each.by} {Hasher.hash_text(each.who)}  {KINDS[each.kind]}"


def lines(
    report: AbuseReport, reads: Iterable[SourceCounts], distrust: Iterable[str]
) -> Iterator[str]:
    """The report as text: what was read, which callers are reported and why, and what was not
    evaluated."""
    sources = list(reads)
    read = sum(each.read for each in sources)
    yield f"{read:,} exchanges read, {report.callers:,} callers watched"
    skipped: Counter[str] = Counter()
    for source in sources:
        skipped.update(source.skipped)
    for why, many in skipped.most_common():
        yield f"  {many:,} skipped: {why}"
    for why, many in sorted(report.aside.items()):
        yield f"  {many:,} set aside: {why}"
    for told in report.told:
        yield ""
        yield f"{told.by} {Hasher.hash_text(told.who)}, first seen {instant(told.first)}"
        for first in told.events:
            latest = told.latest[first.kind]
            yield f"  {KINDS[latest.kind]}, seen {instant(first.at)}"
            yield f"      {latest.says}"
    if not report.told:
        able = not report.distrust
        yield "no caller does more than chance explains" if able else "no caller could be judged"
    if report.blind:
        yield ""
        yield "not evaluated:"
        for why in dict.fromkeys(report.blind.values()):
            kinds = ", ".join(KINDS[kind] for kind, said in report.blind.items() if said == why)
            yield f"  {kinds}: {why}"
    for why in distrust:
        yield f"not trustworthy: {why}"
