"""One run of `oakum observe traffic`: sources and a contract in, the inventory out.

All three engines give the same counts. Python reads every record. DuckDB and Spark read log lines
and stored calls, and evaluate one exchange of each kind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oakum.openapi.model import Operation
from oakum.routing.operation_by_path_values import rivals
from oakum.traffic.call import Hasher
from oakum.traffic.evaluation.loading import load_against
from oakum.traffic.evaluation.traffic_judge import DocumentJudge
from oakum.traffic.observation_model import TrafficReport
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.survey import Survey, Surveyor, observation
from oakum.traffic.traffic_files import TrafficSource, is_log
from oakum.traffic.traffic_files import sources as opened_sources

if TYPE_CHECKING:
    from oakum.traffic.store.engine import QueryEngine

EngineName = Literal["python", "duckdb", "spark"]


class UnfitOptionsError(Exception):
    """Options that do not fit the sources, or each other; the message uses the command's words."""


@dataclass(frozen=True)
class ObserveOptions:
    """The options of `oakum observe traffic`: sources, what to compare them with, and how to read
    them."""

    sources: tuple[str, ...]
    contract: Path | None = None
    openapi: Path | None = None
    hosts: tuple[str, ...] = ()
    engine: EngineName | None = None
    memory: int = 1000
    """Memory for the engine in megabytes."""
    forms: bool = False
    """Whether shapes of ids and queries are needed, which only the pass in Python sees."""


def run_observation(asked: ObserveOptions) -> tuple[TrafficReport, Survey]:
    """Counts all sources. Raises `InputError`, and `UnfitOptionsError` for an engine that cannot
    read them."""
    folders = [Path(name) for name in asked.sources if Path(name).is_dir()]
    if folders:
        return _of_kept(asked, folders)
    found = opened_sources(asked.sources)
    against = load_against(asked.contract, asked.openapi)
    why = _unfit(asked, found, against.operations if against is not None else ())
    if why and asked.engine not in (None, "python"):
        raise UnfitOptionsError(f"`--engine {asked.engine}` cannot do that: {why}")
    if asked.engine != "python" and not why:
        made = _of_logs(asked, found, against)
        if made is not None:
            return made
        against = against.fresh() if against is not None else None
    return _in_python(asked, found, against)


def _unfit(
    asked: ObserveOptions, found: Sequence[TrafficSource], operations: Sequence[Operation]
) -> str:
    """Why an engine of SQL cannot take the sources; empty: it can."""
    if asked.engine is None and find_spec("duckdb") is None:
        return "DuckDB is not installed"
    if asked.forms:
        return "only `--engine python` sees the shapes of ids and queries"
    for each in found:
        if not is_log(each):
            return (
                f"`{each.name}` is not a file of log lines; convert it first with `oakum"
                f" observe keep`"
            )
    segments = (part for each in operations for part in each.path.split("/"))
    part = next((e for e in segments if "{" in e and not re.fullmatch(r"\{[^{}]*\}", e)), "")
    if part:
        return f"the document has a parameter inside a path segment, `{part}`"
    if rivals(operations):
        return "the document has paths that differ only in parameter names"
    return ""


def _in_python(
    asked: ObserveOptions, found: list[TrafficSource], against: DocumentJudge | None
) -> tuple[TrafficReport, Survey]:
    survey = survey_of(found, Surveyor(os.urandom(32), against, asked.hosts), against)
    reads = [each.counts for each in found]
    return observation(survey, reads, against, _title(asked)), survey


def survey_of(
    found: Sequence[TrafficSource], surveyor: Surveyor, against: DocumentJudge | None
) -> Survey:
    """Counts sources in this process; a first pass learns who the callers are."""
    if against is not None:
        against.learn_all(found)
    surveyor.take_all(found)
    return surveyor.finish()


def _of_logs(
    asked: ObserveOptions, found: list[TrafficSource], against: DocumentJudge | None
) -> tuple[TrafficReport, Survey] | None:
    """None: the engine cannot read them after all, and nobody has insisted on it."""
    from oakum.traffic.store import access_logs
    from oakum.traffic.store.engine import UnreadableSource

    hashed = Hasher(os.urandom(32))
    with _engine(asked, hashed) as running:
        try:
            survey, reads = access_logs.survey(
                running,
                found,
                lambda: Surveyor(b"", against, asked.hosts),
                lambda passed: _operation(against, passed),
                against.operations if against is not None else (),
                hashed,
            )
        except UnreadableSource:
            if asked.engine is None:
                return None
            raise UnfitOptionsError(
                f"`--engine {asked.engine}` cannot read all of these sources;"
                " `--engine python` reads them, and reports what is wrong with each"
            ) from None
    return observation(survey, reads, against, _title(asked)), survey


def _operation(against: DocumentJudge | None, passed: RecordedExchange) -> Operation | None:
    found = against.find_operation(passed) if against is not None else None
    return found[0] if found is not None else None


def _of_kept(asked: ObserveOptions, folders: list[Path]) -> tuple[TrafficReport, Survey]:
    from oakum.traffic.store import contract_comparison, sql_counts
    from oakum.traffic.store.engine import UnreadableSource
    from oakum.traffic.store.layout import contract_text_digest, open_runs, unreadable

    if len(folders) < len(asked.sources):
        raise UnfitOptionsError(
            "folders of kept calls and other sources: convert the others"
            " first with `oakum observe keep`"
        )
    if asked.engine == "python" or asked.forms or asked.hosts:
        what = "`--host`" if asked.hosts else "`--write-openapi`" if asked.forms else "Python"
        raise UnfitOptionsError(f"{what} applies to traffic that is read, not to kept traffic")
    kept = open_runs(folders)
    made = load_against(asked.contract, asked.openapi)
    hashed = Hasher(os.urandom(32))
    try:
        with _engine(asked, hashed) as running:
            mark = contract_text_digest(asked.contract)
            against = made and contract_comparison.ComparisonWithRuns(made, kept, running, mark)
            surveyor = Surveyor(b"", against)
            known = (each.id for each in made.operations) if made is not None else ()
            survey = sql_counts.of_kept(running, kept, surveyor, known)
            found = observation(survey, kept.reads, against, _title(asked))
    except UnreadableSource:
        raise unreadable(folders) from None
    return contract_comparison.with_distrust(found, kept), survey


def _engine(asked: ObserveOptions, hashed: Hasher) -> AbstractContextManager[QueryEngine]:
    """The requested engine; DuckDB by default."""
    memory = asked.memory * 1_000_000
    if asked.engine == "spark":
        from oakum.traffic.store.spark import Spark

        return Spark(hashed, memory)
    from oakum.traffic.store.engine import Duck

    return Duck(hashed, memory)


def _title(asked: ObserveOptions) -> str:
    return str(asked.contract or asked.openapi or "")
