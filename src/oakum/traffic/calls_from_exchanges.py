"""Reduces recorded exchanges to calls as they are read, under their path template.

A path that is printed contains only words of endpoints. A template comes from a document, or from a
first pass over all of the traffic. In a path that fits none, only the words that occur in endpoints
remain.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import unquote, urlsplit

from oakum.openapi.model import Operation
from oakum.openapi.path_segments import id_form
from oakum.traffic.call import FAR, Hasher, RecordedCall, reduce_exchange
from oakum.traffic.inventory import UNREAD, read
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.survey import Survey, aside, is_page
from oakum.traffic.traffic_files import TrafficSource, records

_MOST_SEGMENTS = 16
_MOST_LAST = 200_000
"""Most (caller, endpoint) pairs for which the last id is kept."""
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)


class Finds(Protocol):
    """Finds the operation of an exchange in a document."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Operations that the document declares."""
        ...

    def find_operation(
        self, passed: RecordedExchange, /
    ) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation and its path parameters; None: it is not declared."""
        ...


@dataclass
class _Node:
    below: dict[str, _Node] = field(default_factory=dict)
    """By literal segment; "" for a parameter."""
    path: str = ""
    """The template that ends here; empty: none does."""

    def find(self, parts: Sequence[str]) -> tuple[str, tuple[int, ...]] | None:
        """The template of these segments, and which of them are parameters; words come first."""
        if not parts:
            return (self.path, ()) if self.path else None
        for name in (parts[0], "") if parts[0] else ("",):
            step = self.below.get(name)
            found = step.find(parts[1:]) if step is not None else None
            if found is not None:
                shifted = tuple(each + 1 for each in found[1])
                return found[0], shifted if name else (0, *shifted)
        return None


class Steps:
    """Computes the difference between successive integer ids of each caller at each endpoint. The
    last id is kept in memory only."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[int, str, str], int] = OrderedDict()

    def with_step(self, call: RecordedCall, values: Sequence[str]) -> RecordedCall:
        """The call with its step; `values`: the path's parameter values, of which the last
        counts."""
        if not values or not _INTEGER.fullmatch(values[-1]):
            return call
        key, number = (call.caller or call.address, call.method, call.path), int(values[-1])
        before = self._last.pop(key, number)
        self._last[key] = number
        if len(self._last) > _MOST_LAST:
            self._last.popitem(last=False)
        return replace(call, step=max(-FAR, min(FAR, number - before)))


class Endpoints:
    """Finds the path template of an exchange, with placeholders if its path fits none."""

    def __init__(
        self,
        survey: Survey | None = None,
        against: Finds | None = None,
        hosts: Collection[str] = (),
    ) -> None:
        """`survey`: of the same traffic, read before; None: there is the document alone."""
        self._against = against
        self._hosts = frozenset(hosts)
        self._steps = Steps()
        self._root = _Node()
        self._words = set[str]()
        for operation in against.operations if against is not None else ():
            self._learn(operation.path, ends=False)
        for each in survey.templates if survey is not None else ():
            self._learn(each.path, ends=True)

    def _learn(self, path: str, *, ends: bool) -> None:
        step = self._root
        for part in path.strip("/").split("/"):
            name = "" if "{" in part else part
            self._words.add(name)
            step = step.below.setdefault(name, _Node())
        if ends:
            step.path = path

    def call(self, passed: RecordedExchange, hashed: Hasher) -> RecordedCall | None:
        """The exchange reduced to a call; None if it is not a call of this API."""
        request, response = passed.exchange.request, passed.exchange.response
        if aside(passed, self._hosts):
            return None
        body = read(response.body, response.media_type) if passed.body != "absent" else UNREAD
        found = self._against.find_operation(passed) if self._against is not None else None
        if found is not None:
            operation, params = found
            values = tuple(params.values())
            made = reduce_exchange(passed, body, operation.path, operation.id, values, hashed)
            return self._steps.with_step(made, values)
        if not passed.operation and is_page(passed):
            return None
        path, values = self.template(passed.operation or urlsplit(request.url).path)
        return self._steps.with_step(
            reduce_exchange(passed, body, path, "", values, hashed), values
        )

    def template(self, path: str) -> tuple[str, tuple[str, ...]]:
        """The template of an undeclared path, and the values of its parameters, still encoded."""
        raw = path.strip("/").split("/")[:_MOST_SEGMENTS]
        parts = [unquote(each) for each in raw]
        found = self._find(parts)
        if found is not None:
            return found[0], tuple(raw[each] for each in found[1])
        known = [each in self._words and id_form(each) is None for each in parts]
        told = [part if is_known else "{id}" for part, is_known in zip(parts, known, strict=True)]
        values = [each for each, is_known in zip(raw, known, strict=True) if not is_known]
        return "/" + "/".join(told), tuple(values)

    def match_template(self, path: str) -> tuple[str, bool]:
        """(template of a path, whether it is that of a known endpoint)."""
        parts = [unquote(each) for each in path.strip("/").split("/")[:_MOST_SEGMENTS]]
        return self.template(path)[0], self._find(parts) is not None

    def _find(self, parts: Sequence[str]) -> tuple[str, tuple[int, ...]] | None:
        return self._root.find(["" if id_form(each) else each for each in parts])


def calls(
    found: Iterable[TrafficSource], endpoints: Endpoints, hashed: Hasher
) -> Iterator[RecordedCall]:
    """The calls of sources, in order; skipped records are counted in the source."""
    for source in found:
        for passed in records(source):
            call = endpoints.call(passed, hashed)
            if call is not None:
                yield call
