"""Access logs, read by the SQL engine itself.

An engine cannot distinguish a person's name from a word, so it recognises path shapes by a
vocabulary: a small table from shape to endpoint, made from a sample of the lines. A shape that is
not in it is counted in encrypted form and decrypted here, so the result does not depend on the
sample; the time does.

A shape that may contain a person's name reaches the engine only as its hash, and is in no table
except encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from oakum.http.methods import routed_method
from oakum.openapi.model import Operation
from oakum.openapi.path_segments import id_form
from oakum.traffic.call import Hasher
from oakum.traffic.calls_from_exchanges import Endpoints
from oakum.traffic.observation_model import SourceCounts
from oakum.traffic.recorded_exchange import RecordedExchange, UnusableRecord, from_log
from oakum.traffic.store import sql_counts, sql_queries
from oakum.traffic.store.engine import QueryEngine, UnreadableSource
from oakum.traffic.store.sql_counts import GroupCount
from oakum.traffic.survey import ABSENT, Survey, Surveyor, aside, is_page
from oakum.traffic.traffic_files import TrafficSource, records

_CHUNKS: Final = 64
_CHUNK: Final = 128 << 10
_LINES: Final = 20_000
_GONE: Final = "GET /never-there"
_PAGE: Final = "GET /page.html"
_PREFLIGHT: Final = "OPTIONS /"


@dataclass(frozen=True, order=True)
class LoggedShape:
    """A path shape (`GET /members/0`, `GET@getMember` if the guard names the operation), and
    whether some response was other than "not found"."""

    shape: str
    there: bool

    def stand(self) -> RecordedExchange:
        """An example exchange of this shape."""
        return _stand(self.shape, "", 200)


def _stand(shape: str, host: str, status: int) -> RecordedExchange:
    method, path = re.split("[ @]", shape, maxsplit=1)
    if shape[len(method)] == "@":
        return sql_counts.sample_exchange(method, "", "", status, path)
    return sql_counts.sample_exchange(method, host, path, status)


@dataclass
class LoggedShapes:
    """Path shapes, and the endpoints that they belong to."""

    fresh: Callable[[], Surveyor]
    found: Callable[[RecordedExchange], Operation | None]
    """Returns the declared operation of an exchange, or None."""
    asks: set[LoggedShape] = field(default_factory=set)
    shapes: list[str] = field(default_factory=list)
    """For each endpoint, an example shape."""

    def learn(self, engine: QueryEngine, hashed: Hasher) -> None:
        """Assigns an endpoint to every shape, and loads them into the engine."""
        surveyor = self.fresh()
        for each in sorted(self.asks):
            if each.there:
                surveyor.tally(each.stand(), (), "", 1, 0)
        self._endpoints = Endpoints(surveyor.finish())
        numbers: dict[object, int] = {_GONE: sql_queries.GONE}
        told, veiled = [], []
        self.shapes = [_GONE]
        for shape in sorted({each.shape for each in self.asks}):
            kind, good = self._kind(shape)
            number = numbers.setdefault(kind, len(numbers))
            if number == len(self.shapes):
                self.shapes.append(good)
            place = (number, *sql_queries.page_and_bit(number))
            if good == shape:
                told.append((shape, *place))
            else:
                veiled.append((hashed(shape), *place))
        columns = dict.fromkeys(("endpoint", "page", "bit"), "BIGINT")
        engine.small("vocabulary", {"shape": "VARCHAR", **columns}, told)
        engine.small("veil", {"mark": "BIGINT", **columns}, veiled)

    def _kind(self, shape: str) -> tuple[object, str]:
        """What all shapes of an endpoint have in common, and one that is as good as this, without a
        word that an endpoint does not have."""
        passed = LoggedShape(shape, True).stand()
        method, declared = passed.exchange.request.method, self.found(passed)
        if passed.operation:
            return shape, shape
        if aside(passed):
            return _PREFLIGHT, _PREFLIGHT
        if declared is not None:
            good = f"{method} {sql_counts.fill_template(declared.path)}"
            same = self.found(LoggedShape(good, True).stand())
            return declared.id, good if same is declared else shape
        if is_page(passed):
            return _PAGE, _PAGE
        template, is_endpoint = self._endpoints.match_template(
            urlsplit(passed.exchange.request.url).path
        )
        good = f"{method} {sql_counts.fill_template(template)}"
        return (good, good) if is_endpoint else (_GONE, _GONE)


def survey(
    engine: QueryEngine,
    sources: Sequence[TrafficSource],
    fresh: Callable[[], Surveyor],
    found: Callable[[RecordedExchange], Operation | None],
    operations: Iterable[Operation],
    hashed: Hasher,
) -> tuple[Survey, list[SourceCounts]]:
    """Surveys logs with an SQL engine. `fresh`: makes an empty surveyor; `found`: returns the
    declared operation of an exchange. Raises `UnreadableSource` for a source that is not a log or
    is truncated."""
    words = odd_words(operations)
    engine.lines([each.name for each in sources], sql_queries.LOG_NAMES)
    known = LoggedShapes(fresh, found)
    known.asks.update(_sample_shapes(sources, words))
    known.learn(engine, hashed)
    engine.view("placed", sql_queries.placed_lines(words))
    rows = sql_counts.tally(engine, len(known.shapes))
    if any(row.why == sql_queries.AN_ENTRY for row in rows):
        raise UnreadableSource

    def stand(row: GroupCount) -> RecordedExchange:
        shape = known.shapes[row.endpoint] if row.endpoint != sql_queries.UNKNOWN else row.sealed
        removed = orjson.loads(row.removed) if row.removed else {}
        return replace(_stand(shape, row.host, row.status), removed=removed)

    surveyor = fresh()
    lines = sql_counts.put(rows, surveyor, stand)
    done = surveyor.finish()
    sql_counts.settle(engine, done)
    return done, [*_reads(sources, lines)]


def _reads(sources: Sequence[TrafficSource], lines: Any) -> Iterator[SourceCounts]:
    for number, each in enumerate(sources):
        skipped = {why: many for (at, why), many in lines.items() if at == number and why}
        yield SourceCounts(each.name, "lines", lines[number, ""], skipped, "")


def odd_words(operations: Iterable[Operation]) -> frozenset[str]:
    """Declared path segments that look like ids or file names."""
    segments = (part for each in operations for part in each.path.strip("/").split("/"))
    return frozenset(
        part
        for part in segments
        if part and "{" not in part and (id_form(part) or sql_queries.is_file(part))
    )


def _sample_shapes(
    sources: Sequence[TrafficSource], words: frozenset[str]
) -> Iterator[LoggedShape]:
    """Methods and shapes of some lines of each source, from all over it where it is not packed."""
    for source in sources:
        for passed in islice(_some(source), _LINES):
            request, status = passed.exchange.request, passed.exchange.response.status
            method = routed_method(request.method)
            path = sql_queries.shape(urlsplit(request.url).path, words)
            shape = f"{method}@{passed.operation}" if passed.operation else f"{method} {path}"
            yield LoggedShape(shape, status not in ABSENT)


def _some(source: TrafficSource) -> Iterator[RecordedExchange]:
    file = Path(source.name)
    if file.suffix in (".gz", ".zst", ".zstd") or file.stat().st_size < _CHUNKS * _CHUNK:
        yield from records(TrafficSource(source.name))
        return
    with file.open("rb") as data:
        for number in range(_CHUNKS):
            data.seek(number * (file.stat().st_size // _CHUNKS))
            for line in data.read(_CHUNK).split(b"\n")[1:-1]:
                try:
                    yield from_log(orjson.loads(line))
                except (orjson.JSONDecodeError, UnusableRecord):
                    continue
