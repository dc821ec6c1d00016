"""Turns results of SQL queries into the same survey that a pass over traffic makes.

The engine only counts. The surveyor decides what is an endpoint, what is excluded and what the
template of a path is, from one example exchange for each counted group.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from oakum.exchange import Exchange, Request, Response
from oakum.traffic.inventory import SeenEndpoint
from oakum.traffic.recorded_exchange import RecordedExchange, UnusableRecord
from oakum.traffic.store import sql_queries, sums
from oakum.traffic.store.engine import QueryEngine, ResultTooLarge
from oakum.traffic.store.layout import KeptCalls
from oakum.traffic.survey import ASIDE_ABSENT, Survey, Surveyor

PARTS: Final = (1, 8, 64)
"""Numbers of parts into which callers are divided, tried in order until a part fits into memory."""
_AT_ONCE: Final = 500
"""Number of endpoints in one query of callers."""
_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
Stand = Callable[["GroupCount"], RecordedExchange]


class GroupCount(NamedTuple):
    """A group of similar exchanges, and how many there were."""

    source: int
    why: str
    host: str
    endpoint: int
    sealed: str
    """The decrypted shape, if the endpoint is unknown; otherwise empty."""
    status: int
    credentials: str
    body: str
    removed: str
    seen: int


def tally(engine: QueryEngine, endpoints: int) -> tuple[GroupCount, ...]:
    """Runs the counting query over the view `placed` with this number of endpoints; the order does
    not depend on the engine. If it does not fit into memory it is repeated in parts, since nothing
    may be written to disk. Raises `ResultTooLarge` if no part fits."""
    pages = -(-endpoints // sql_queries.BITS)
    for parts in PARTS[:-1]:
        with suppress(ResultTooLarge):
            return _in_parts(engine, pages, parts)
    return _in_parts(engine, pages, PARTS[-1])


def _in_parts(engine: QueryEngine, pages: int, parts: int) -> tuple[GroupCount, ...]:
    seen = Counter[GroupCount]()
    for part in range(parts):
        engine.table("tallied", sql_queries.tally(pages, part, parts))
        for *group, many in engine.rows(sql_queries.GROUPS):
            seen[GroupCount._make((*group, 0))] += int(many)
        engine.table(f"reached{part}", sql_queries.reach_rows(pages))
    engine.view("reached", sql_queries.join_views(parts))
    return tuple(
        row._replace(sealed=engine.unseal(row.sealed) if row.sealed else "", seen=many)
        for row, many in sorted(seen.items(), key=lambda each: sql_queries.order(each[0]))
    )


def sample_exchange(
    method: str, host: str, path: str, status: int, operation: str = ""
) -> RecordedExchange:
    """An example exchange for a group."""
    url = f"//{host}{fill_template(path)}"
    return RecordedExchange(Exchange(Request(method, url), Response(status)), operation=operation)


def fill_template(path: str) -> str:
    """A path with an example id for each parameter of a template."""
    return _PARAMETER.sub("0", path)


def put(rows: Iterable[GroupCount], surveyor: Surveyor, stand: Stand) -> Counter[tuple[int, str]]:
    """Adds groups to a survey. Returns (source, reason) → number of lines skipped; with the reason
    "", those read."""
    lines = Counter[tuple[int, str]]()
    for row in rows:
        why = row.why
        if not why:
            try:
                passed = stand(row)
            except UnusableRecord as reason:
                why = str(reason)
            else:
                kinds = row.credentials.split("+")
                group = row.sealed or row.endpoint
                surveyor.tally(passed, kinds, row.body, row.seen, group)
        lines[row.source, why] += row.seen
    return lines


def settle(engine: QueryEngine, survey: Survey) -> None:
    """Sets the number of distinct callers of each endpoint in the survey, over all its names."""
    endpoints = [each for each in _all(survey) if each.groups]
    unknown = any(isinstance(group, str) for each in endpoints for group in each.groups)
    found = engine.rows(sql_queries.SEALS) if unknown else ()
    seals = {engine.unseal(sealed): str(sealed) for (sealed,) in found}
    for start in range(0, len(endpoints), _AT_ONCE):
        some = endpoints[start : start + _AT_ONCE]
        row = next(engine.rows(sql_queries.callers([_groups(each, seals) for each in some])))
        for endpoint, many in zip(some, row, strict=True):
            endpoint.told = int(many or 0)


def _groups(endpoint: SeenEndpoint, seals: Mapping[str, str]) -> tuple[list[int], list[str]]:
    numbers = sorted(each for each in endpoint.groups if isinstance(each, int))
    return numbers, sorted(seals[each] for each in endpoint.groups if isinstance(each, str))


def _all(survey: Survey) -> Iterator[SeenEndpoint]:
    yield from survey.endpoints.values()
    yield from (each.counts for each in survey.templates)


def of_kept(
    engine: QueryEngine, kept: KeptCalls, surveyor: Surveyor, declared: Iterable[str]
) -> Survey:
    """The survey of kept calls. `declared`: operation ids of the document to compare with."""
    known = frozenset(declared)

    engine.create_view("calls", kept.files("calls"))
    endpoints = [tuple(each) for each in sql_queries.sort_rows(engine.rows(sql_queries.ENDPOINTS))]
    columns = dict.fromkeys(("operation", "method", "path"), "VARCHAR")
    columns |= dict.fromkeys(("endpoint", "page", "bit"), "BIGINT")
    placing = sql_queries.page_and_bit
    engine.small("endpoints", columns, [(*at, n, *placing(n)) for n, at in enumerate(endpoints)])
    engine.view("placed", sql_queries.placed_calls())

    def stand(row: GroupCount) -> RecordedExchange:
        operation, method, path = endpoints[row.endpoint]
        return sample_exchange(
            method, row.host, path, row.status, operation if operation in known else ""
        )

    put(tally(engine, len(endpoints)), surveyor, stand)
    for run in kept.runs:
        for why, many in run.aside.items():
            if why != ASIDE_ABSENT:
                surveyor.set_aside(why, many)
    engine.create_view("counts", kept.files("counts"))
    _counts(engine, surveyor, known)
    engine.create_view("fields", kept.files("fields"))
    _fields(engine, surveyor, known)
    survey = surveyor.finish()
    settle(engine, survey)
    return survey


def _endpoint(
    surveyor: Surveyor, known: frozenset[str], operation: str, method: str, path: str
) -> SeenEndpoint | None:
    passed = sample_exchange(method, "", path, 200, operation if operation in known else "")
    return surveyor.endpoint(passed, many=0)


def _counts(engine: QueryEngine, surveyor: Surveyor, known: frozenset[str]) -> None:
    found = sql_queries.sort_rows(engine.rows(sql_queries.COUNTS))
    for operation, method, path, what, name, many in found:
        if endpoint := _endpoint(surveyor, known, operation, method, path):
            sums.add_count(endpoint, what, name, int(many))


def _fields(engine: QueryEngine, surveyor: Surveyor, known: frozenset[str]) -> None:
    for operation, method, path, steps, types, formats in engine.rows(sql_queries.FIELDS):
        if endpoint := _endpoint(surveyor, known, operation, method, path):
            sums.add_field(endpoint.answer, steps, types, formats)
