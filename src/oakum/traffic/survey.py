"""The pass over recorded traffic that assigns each exchange to its endpoint and counts it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from oakum.http.methods import routed_method
from oakum.inference.lexicon import label_field
from oakum.openapi.model import Operation as Declared
from oakum.openapi.model import Shape
from oakum.openapi.observed_shape import ObservedValues
from oakum.traffic import inventory_notes
from oakum.traffic.inventory import UNREAD, InventoryCounter, SeenEndpoint, events, read, rows
from oakum.traffic.observation_model import (
    Drift,
    EndpointNote,
    ObservedField,
    ObservedOperation,
    SentField,
    SourceCounts,
    Standing,
    TrafficReport,
)
from oakum.traffic.path_templates import Paths, Template
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.traffic_files import TrafficSource, records

FILE = "[.](?:html?|m?js|css|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|mp4|webm|wasm|txt)$"
"""Pattern, for any engine, of lower-case path endings that are files and no API calls."""
_FILE = re.compile(FILE)
_PAGE = re.compile(
    r"text/(?:html|css|javascript)|application/(?:x-)?javascript|(?:image|font|video|audio)/.*"
)
ABSENT = frozenset((404, 405, 410, 501))
"""Statuses by which a server says that an endpoint does not exist."""
ASIDE_FILE = "a page, script or image, not an API call"
ASIDE_PREFLIGHT = "a CORS preflight"
ASIDE_HOST = "of another host"
ASIDE_ABSENT = "answered with 404, and not declared"


class Against(Protocol):
    """The document or contract that traffic is compared with."""

    @property
    def operations(self) -> tuple[Declared, ...]:
        """Operations that the documents declare."""
        ...

    @property
    def names(self) -> frozenset[str]:
        """Names that the documents declare, which are therefore not personal data."""
        ...

    def evaluate(self, passed: RecordedExchange, body: object, /) -> Declared | None:
        """Judges an exchange and learns from it; returns its operation, or None if undeclared."""
        ...

    def sent_fields(self) -> tuple[SentField, ...]: ...
    def drift(self) -> tuple[Drift, ...]: ...
    def unjudged_counts(self) -> Mapping[str, int]: ...
    def distrust(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Survey:
    """Everything that was counted; `observation` and the OpenAPI writer read it."""

    endpoints: Mapping[str, SeenEndpoint]
    """Operation id → counts of declared operations."""
    templates: tuple[Template[SeenEndpoint], ...]
    """Path templates with counts of undeclared endpoints."""
    aside: Mapping[str, int]
    names: frozenset[str]


def aside(passed: RecordedExchange, hosts: Collection[str] = ()) -> str:
    """Why an exchange is excluded, whatever is declared; empty: it is not. `hosts`: the only hosts
    to include; empty: all."""
    parts = urlsplit(passed.exchange.request.url)
    if hosts and parts.netloc and parts.hostname not in hosts:
        return ASIDE_HOST
    return ASIDE_PREFLIGHT if passed.exchange.request.method == "OPTIONS" else ""


def is_page(passed: RecordedExchange) -> bool:
    """Whether an exchange that is not declared fetched a page, a script or an image."""
    request, response = passed.exchange.request, passed.exchange.response
    named = _FILE.search(urlsplit(request.url).path[-6:].lower())
    return bool(_PAGE.fullmatch(response.media_type) or named)


class Surveyor:
    """Counts exchanges at their endpoints, one after the other, without keeping them."""

    def __init__(
        self, key: bytes, against: Against | None = None, hosts: Collection[str] = ()
    ) -> None:
        """`key`: of the hashes, for this run. `hosts`: the only ones to look at; none: all."""
        self._watcher = InventoryCounter(key)
        self._against = against
        self._hosts = frozenset(hosts)
        self._endpoints: dict[str, SeenEndpoint] = {}
        self._paths: Paths[SeenEndpoint] = Paths(SeenEndpoint, lambda endpoint: endpoint.marks)
        self._aside: Counter[str] = Counter()

    def take(self, passed: RecordedExchange) -> None:
        """Counts one exchange at its endpoint, with the fields of its response."""
        response = passed.exchange.response
        body = read(response.body, response.media_type) if passed.body != "absent" else UNREAD
        endpoint = self.endpoint(passed, body)
        if endpoint is not None:
            if body is UNREAD and passed.body != "absent":
                body = rows(response.body, response.media_type)
                body = events(response.body, response.media_type) if body is UNREAD else body
            self._watcher.take(endpoint, passed, body)

    def take_all(self, sources: Iterable[TrafficSource]) -> int:
        """Counts all exchanges of the sources, and returns their number."""
        read = 0
        for source in sources:
            for passed in records(source):
                self.take(passed)
            read += source.read
        return read

    def tally(
        self, passed: RecordedExchange, kinds: Iterable[str], body: str, many: int, group: int | str
    ) -> None:
        """Counts an exchange that an SQL engine has met `many` times, and remembers its group."""
        endpoint = self.endpoint(passed, UNREAD, many)
        if endpoint is not None:
            self._watcher.tally(endpoint, passed, kinds, body, many)
            endpoint.groups.add(group)

    def endpoint(
        self, passed: RecordedExchange, body: object = UNREAD, many: int = 1
    ) -> SeenEndpoint | None:
        """The endpoint of an exchange, judged by the document or contract; None if it is excluded,
        which counts `many` exchanges."""
        request = passed.exchange.request
        if why := aside(passed, self._hosts):
            self._aside[why] += many
            return None
        known = self._against.evaluate(passed, body) if self._against is not None else None
        if known is not None:
            return self._endpoints.setdefault(known.id, SeenEndpoint())
        if passed.operation:
            return self._paths.at(request.method, passed.operation)
        if is_page(passed):
            self._aside[ASIDE_FILE] += many
            return None
        there = passed.exchange.response.status not in ABSENT
        return self._paths.at(
            routed_method(request.method), unquote(urlsplit(request.url).path), there=there
        )

    def set_aside(self, why: str, many: int) -> None:
        """Adds the excluded exchanges of another survey."""
        self._aside[why] += many

    def finish(self) -> Survey:
        """The counts so far, with the path templates settled. Paths that were always answered with
        "not found" are left out."""
        found, absent = [], 0
        for each in self._paths.templates(self._watcher.has_shown):
            if each.counts.statuses.keys() <= ABSENT:
                absent += each.counts.seen
            else:
                found.append(each)
        absent += sum(each.seen for each in self._paths.absent_paths())
        out = Counter({ASIDE_ABSENT: absent})
        names = self._against.names if self._against is not None else frozenset()
        return Survey(self._endpoints, tuple(found), dict(self._aside + out), names)


def observation(
    survey: Survey, sources: Iterable[SourceCounts], against: Against | None, title: str
) -> TrafficReport:
    """The inventory and drift, with reasons to distrust them."""
    reads = tuple(sources)
    broken_first = sorted(reads, key=lambda each: not each.broken)
    distrust = [each.distrust for each in broken_first if each.distrust]
    if against is not None:
        distrust += against.distrust()
    elif not distrust and not survey.templates:
        distrust += ["no exchange is an API call"]
    operations = tuple(_operations(survey, against))
    return TrafficReport(
        reads,
        title,
        operations,
        against.sent_fields() if against is not None else (),
        (*_new_endpoints(operations), *against.drift()) if against is not None else (),
        survey.aside,
        against.unjudged_counts() if against is not None else {},
        tuple(distrust),
    )


def _new_endpoints(operations: Iterable[ObservedOperation]) -> Iterator[Drift]:
    for each in operations:
        if each.standing == "shadow":
            said = "the document does not declare it"
            yield Drift("new-endpoint", each.id, each.method, each.path, seen=each.seen, says=said)


def _operations(survey: Survey, against: Against | None) -> Iterator[ObservedOperation]:
    kept = inventory_notes.holds_credentials(survey.endpoints.values())
    for declared in against.operations if against is not None else ():
        endpoint = survey.endpoints.get(declared.id)
        made = ObservedOperation(declared.id, declared.method, declared.path, "zombie")
        notes = (
            inventory_notes.answers_without_credentials(declared, endpoint)
            if endpoint is not None and kept
            else ()
        )
        yield _fill_operation(made, endpoint, survey.names, notes) if endpoint is not None else made
    known = {(e.method, e.path) for e in (against.operations if against is not None else ())}
    known |= {(each.method, each.path) for each in survey.templates}
    for each in survey.templates:
        standing: Standing = "shadow" if against is not None else "seen"
        made = ObservedOperation(f"{each.method} {each.path}", each.method, each.path, standing)
        yield _fill_operation(
            made, each.counts, survey.names, inventory_notes.older(each.method, each.path, known)
        )


def _fill_operation(
    made: ObservedOperation,
    endpoint: SeenEndpoint,
    names: frozenset[str],
    notes: Iterable[EndpointNote] = (),
) -> ObservedOperation:
    parts = (
        _fill_operation(
            ObservedOperation(f"{made.id}: {name}", made.method, name, made.standing), part, names
        )
        for name, part in sorted(endpoint.told_parts().items())
    )
    return ObservedOperation(
        made.id,
        made.method,
        made.path,
        "documented" if made.standing == "zombie" else made.standing,
        endpoint.seen,
        dict(sorted(endpoint.statuses.items())),
        dict(sorted(endpoint.auth.items(), key=lambda each: (-each[1], each[0]))),
        endpoint.different,
        tuple(sorted(endpoint.hosts)),
        dict(endpoint.bodies),
        tuple(_fields(endpoint.answer, names)),
        dict(sorted(endpoint.removed.items())),
        (*notes, *inventory_notes.twins(endpoint, names)),
        tuple(parts),
    )


def _fields(answer: ObservedValues, names: frozenset[str]) -> Iterator[ObservedField]:
    for path, learnt, around in answer.fields(names):
        types = tuple(sorted(learnt.kinds))
        shape = Shape(kinds=frozenset(types), format=learnt.form)
        label = label_field(path, shape).kind.value
        yield ObservedField(
            path, types, learnt.form, label, min(learnt.value_count, around), around
        )
