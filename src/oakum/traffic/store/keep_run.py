"""One run of `oakum observe keep`: sources in, calls and their sums out, as Parquet.

`cli/observe_resume.py` keeps in sections with the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oakum.traffic.call import Hasher, RecordedCall
from oakum.traffic.calls_from_exchanges import Endpoints, calls
from oakum.traffic.evaluation.loading import load_against
from oakum.traffic.evaluation.traffic_judge import DocumentJudge
from oakum.traffic.observation_run import survey_of
from oakum.traffic.store import sums
from oakum.traffic.store.layout import KeptRun, contract_text_digest
from oakum.traffic.store.parquet_writer import Keeper
from oakum.traffic.survey import Survey, Surveyor
from oakum.traffic.traffic_files import STDIN, TrafficSource, records


@dataclass(frozen=True)
class KeepOptions:
    """What a run keeps, and where."""

    output: Path
    contract: Path | None
    openapi: Path | None
    hosts: tuple[str, ...]
    key: bytes
    """Key of the hashes."""


def keep(found: Sequence[TrafficSource], options: KeepOptions) -> tuple[KeptRun, int]:
    """Keeps the calls of sources as one run; returns its description and the number of calls."""
    against, digest = against_of(options.contract, options.openapi)
    hosts, hashed = options.hosts, Hasher(options.key)
    surveyor = Surveyor(options.key, against, hosts)
    with Keeper(options.output) as keeper:
        if any(each.name == STDIN for each in found):
            endpoints = Endpoints(None, against, hosts)
            many = put(keeper, _both(found, endpoints, surveyor, hashed))
            survey = surveyor.finish()
        else:
            survey = survey_of(found, surveyor, against)
            many = put(keeper, calls(found, Endpoints(survey, against, hosts), hashed))
        title = str(options.contract or options.openapi or "")
        run = _sheet(found, survey, against, title, digest, hashed)
        if not run.distrust:
            run = replace(run, distrust=no_proof(against, many))
        tables(keeper, survey, against)
        keeper.finish(run)
    return run, many


def against_of(contract: Path | None, openapi: Path | None) -> tuple[DocumentJudge | None, str]:
    """(judge that identifies operations and callers, digest of the contract; empty without one)."""
    found = load_against(contract, openapi)
    return found, contract_text_digest(contract) if found is not None else ""


def no_proof(against: DocumentJudge | None, many: int) -> tuple[str, ...]:
    """Why the kept traffic proves nothing although all of it was read; empty if it proves
    something."""
    if against is not None:
        return against.distrust()
    return () if many else ("no exchange is an API call",)


def put(keeper: Keeper, calls: Iterator[RecordedCall]) -> int:
    """Stores calls and returns their number."""
    many = 0
    for call in calls:
        keeper.put(call)
        many += 1
    return many


def tables(keeper: Keeper, survey: Survey, against: DocumentJudge | None) -> None:
    """Writes the counts of a survey as tables: endpoints, fields, callers and what was compared."""
    endpoints = [*sums.endpoints(survey, against.operations if against is not None else ())]
    keeper.table("counts", (row for at, endpoint in endpoints for row in sums.counts(at, endpoint)))
    keeper.table(
        "fields",
        (
            row
            for at, endpoint in endpoints
            for row in sums.fields(at, endpoint.answer, survey.names)
        ),
    )
    if against is not None:
        keeper.table("sent", sums.sent_rows(against.sent_fields(), keeper.run))
        keeper.table("drift", sums.drift(against.drift()))


def _both(
    found: Sequence[TrafficSource], endpoints: Endpoints, surveyor: Surveyor, hashed: Hasher
) -> Iterator[RecordedCall]:
    """Counts and calls in one pass, for what can be read only once."""
    for source in found:
        for passed in records(source):
            surveyor.take(passed)
            call = endpoints.call(passed, hashed)
            if call is not None:
                yield call


def _sheet(
    found: Sequence[TrafficSource],
    survey: Survey,
    against: DocumentJudge | None,
    title: str,
    digest: str,
    hashed: Hasher,
) -> KeptRun:
    reads = tuple(each.counts for each in found)
    distrust = tuple(each.distrust for each in found if each.distrust)
    return KeptRun(
        "",
        hashed.mark,
        reads,
        title,
        digest,
        survey.aside,
        dict(against.unjudged_counts()) if against is not None else {},
        distrust,
    )
