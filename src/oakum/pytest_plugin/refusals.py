"""Counts a stranger's refusal as closed once the owner was shown the same object.

A refusal closes a cell only if the owner was shown the field at the same operation with the same
parameters, in the same state, and the body of the refusal contains nothing of it. A 403, and a 401
without login, is about the caller, and counts across the tests of a process. A 404 may be about an
object that another test has created and this one has not, so it counts only after the owner's
response in the same test. Values in the body of a refusal are a leak, whichever of the two
responses came first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from oakum.exposure.cells.matrix import Key
from oakum.finding import Evidence
from oakum.pytest_plugin.response_evaluator import JudgedExchange, JudgingContext, ObservedExchange

_Question = tuple[str, tuple[tuple[str, str], ...]]
"""(operation id, its path parameters in order)."""
REFUSED = (401, 403, 404)
"""Statuses that refuse the caller, or say that there is nothing."""
_T = TypeVar("_T")
_MOST = 500
"""Most requests for which owners' responses, or refusals, are remembered."""


class Refusals:
    """Responses to owners, and refusals of others, in one process. They contain values, so they are
    never written to disk."""

    def __init__(self, frame: JudgingContext) -> None:
        self._frame = frame
        self._shown: OrderedDict[_Question, ObservedExchange] = OrderedDict()
        self._refused: OrderedDict[_Question, list[ObservedExchange]] = OrderedDict()
        self._torn: set[_Question] = set()
        """Questions that showed their owners objects in more than one state."""

    def show(
        self, asked: ObservedExchange, look: JudgedExchange, told: Mapping[Key, Evidence]
    ) -> Iterator[JudgedExchange]:
        """Remembers what a response showed its owner, and yields leaks in refusals of the same
        request that came earlier."""
        if not look.tally.owned or asked.caller.source == "unknown":
            return
        question = _question(asked)
        before = self._shown.get(question)
        if before is not None and _states(self._frame, before) != _states(self._frame, asked):
            self._torn.add(question)
        _keep(self._shown, question, look.asked)
        for refused in self._refused.get(question, ()):
            if found := self._looked_through(asked, refused, told):
                yield found

    def refuse(
        self, asked: ObservedExchange, told: Mapping[Key, Evidence]
    ) -> JudgedExchange | None:
        """The cells that a refusal closes, and leaks in it; None: nothing. A refusal before the
        owner's response is remembered for `settle`."""
        if not _is_refusal(asked):
            return None
        question = _question(asked)
        shown = self._shown.get(question)
        if shown is not None and self._counts(question, asked, shown):
            return JudgedExchange(self._frame, shown, told).refuse(asked)
        if shown is not None and (look := self._looked_through(shown, asked, told)):
            return look
        if asked.response.status != 404 or _says_something(asked):
            _keep(self._refused, question, [*self._refused.get(question, []), asked][-4:])
        return None

    def settle(self, told: Mapping[Key, Evidence]) -> Iterator[JudgedExchange]:
        """Yields cells closed by refusals that came before the owner's response, and forgets all
        responses."""
        for question, refused in self._refused.items():
            shown = self._shown.get(question)
            for asked in refused:
                if shown is None or asked.response.status == 404:
                    continue
                if self._counts(question, asked, shown):
                    yield JudgedExchange(self._frame, shown, told).refuse(asked)
        self._shown.clear()
        self._refused.clear()
        self._torn.clear()

    def _looked_through(
        self, shown: ObservedExchange, asked: ObservedExchange, told: Mapping[Key, Evidence]
    ) -> JudgedExchange | None:
        """What leaks in a refusal that closes nothing; None: nothing does."""
        look = JudgedExchange(self._frame, shown, told).refuse(asked, closes=False)
        return look if look.leaks else None

    def _counts(
        self, question: _Question, asked: ObservedExchange, shown: ObservedExchange
    ) -> bool:
        if asked.response.status == 404:
            return asked.test == shown.test
        return question not in self._torn


def _is_refusal(asked: ObservedExchange) -> bool:
    """Whether a response is a usable refusal. A 401 means invalid credentials, so its caller is
    unknown."""
    caller = asked.caller
    if asked.response.status == 401:
        return caller.source == "nobody" or (caller.is_known and not caller.ids)
    return caller.is_known and asked.response.status in REFUSED


def _says_something(asked: ObservedExchange) -> bool:
    """Whether a refusal's body contains more than a message."""
    return isinstance(asked.read.value, dict | list) and bool(asked.read.value)


def _question(asked: ObservedExchange) -> _Question:
    return asked.operation.id, tuple(sorted(asked.params.items()))


def _states(frame: JudgingContext, asked: ObservedExchange) -> list[tuple[str, str]]:
    """The settings of each object that decide what is granted."""
    look = JudgedExchange(frame, replace(asked, request_key=""), {}).judge()
    return sorted((each.resource, repr(sorted(each.state.items()))) for each in look.instances)


def _keep(kept: OrderedDict[_Question, _T], question: _Question, value: _T) -> None:
    kept[question] = value
    kept.move_to_end(question)
    if len(kept) > _MOST:
        kept.popitem(last=False)
