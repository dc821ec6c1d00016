"""Turns recorded exchanges into calls of a caller at an endpoint, for the detector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import Final, Protocol

from oakum.http.methods import routed_method
from oakum.traffic.call import Hasher, RecordedCall
from oakum.traffic.calls_from_exchanges import Endpoints
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.survey import ASIDE_FILE, aside

_NAMED: Final = 1_000_000


class CallerNames(Protocol):
    """Identifies the caller of an exchange by the `caller` of a contract."""

    def caller_id(self, passed: RecordedExchange, /) -> str:
        """The caller's id, which the guard hashes in its audit log; empty if unknown."""
        ...


class CallReader:
    """Turns exchanges into calls, and counts those that are none."""

    def __init__(
        self,
        hashed: Hasher,
        endpoints: Endpoints,
        names: CallerNames | None = None,
        hosts: Collection[str] = (),
    ) -> None:
        """`hosts`: host names of the API, as given to `endpoints`."""
        self._hashed, self._endpoints, self._names = hashed, endpoints, names
        self._hosts = frozenset(hosts)
        self._named: set[int] = set()
        self.aside: Counter[str] = Counter()
        """Number of exchanges that are no calls of this API, by reason."""

    def call(self, passed: RecordedExchange) -> RecordedCall | None:
        """The exchange as a call; None if it is not a call of this API."""
        name = self._names.caller_id(passed) if self._names is not None else ""
        if name and not passed.operation:
            passed = replace(passed, who=name)
        call = self._endpoints.call(passed, self._hashed)
        if call is None:
            self.aside[aside(passed, self._hosts) or ASIDE_FILE] += 1
            return None
        if passed.who and call.caller and len(self._named) < _NAMED:
            self._named.add(call.caller)
        method = routed_method(call.method)
        return call if call.method == method else replace(call, method=method)

    def is_named(self, caller: int) -> bool:
        """Whether a caller's hash was made from its id, as the guard makes it, and not from a
        token."""
        return caller in self._named
