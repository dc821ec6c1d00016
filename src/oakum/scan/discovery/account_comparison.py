"""Collects responses about an existing and an absent person until a difference is certain.

They are requested in the order 0110 1001 (Thue and Morse), so that a value that changes by itself,
or alternates, is not mistaken for a difference. A stable difference reveals who has an account:
CWE-204.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oakum.exchange import Response
from oakum.scan.discovery.response_differences import Feature, Features, differences, take_apart
from oakum.scan.requests.builder import FilledRequest


@dataclass(frozen=True)
class ComparedAnswer:
    """One response; `who`: the person that the request named, empty for a made-up one."""

    who: str
    filled: FilledRequest
    answer: Response
    took: float = 0.0
    """Response time in seconds."""


class Comparison:
    """One comparison. `ask` requests something about a person, or about the nth non-existing one if
    the name is empty; an empty list means that it cannot be requested."""

    def __init__(
        self,
        ask: Callable[[str, int], list[ComparedAnswer]],
        names: Sequence[str],
        *,
        once: bool = False,
        halts: Callable[[Sequence[ComparedAnswer]], bool] = lambda heard: False,
    ) -> None:
        """`once`: a second request about the same person would cost another wrong secret; `halts`:
        whether the responses so far forbid further requests."""
        self._question = ask
        self._one, self._other = names[0], names[-1]
        self._once = once
        self._halts = halts
        self.heard: list[ComparedAnswer] = []
        """All answers so far."""
        self.alike = False
        """The first two answers tell nobody apart."""
        self.alone = once and self._other == self._one
        """What differs was seen with one person alone."""

    def run(self) -> frozenset[Feature]:
        """The features that distinguish the two sides reproducibly.

        Two requests suffice if the responses are equal, four if they vary by themselves, and eight
        for certainty; six if they include a wrong secret.
        """
        if not self.ask(("", 0)) or not self.ask((self._one, 0)):
            return frozenset()
        if not self._differ():
            self.alike = True
            return frozenset()
        self.ask(*([] if self.alone else [(self._other, 0)]), ("", 1))
        if not self._differ(doubtful=True):
            return frozenset()
        first, begun = self._differ(), len(self.heard)
        if self._once:
            self.ask(("", 2), ("", 3))
            return self._differ()
        self.ask((self._one, 0), ("", 0), ("", 1), (self._other, 0))
        return (first & self._differ(begun)) | self._differ()

    def ask(self, *about: tuple[str, int]) -> bool:
        """Sends a request about each (identity, index of a non-existing person); False if one could
        not be sent."""
        for who, nth in about:
            if self._halts(self.heard):
                return False
            found = self._question(who, nth)
            self.heard += found
            if not found:
                return False
        return bool(self.heard) and not self._halts(self.heard)

    @property
    def why_unsettled(self) -> str:
        """Why equal responses prove nothing; empty if they do."""
        if any(each.answer.status >= 500 for each in self.heard):
            return "it failed with a server error"
        forms: dict[str, set[tuple[int, str]]] = {}
        for each in self.heard:
            form = (each.answer.status, each.answer.media_type)
            forms.setdefault(each.who, set()).add(form)
        if any(len(each) > 1 for each in forms.values()):
            return "it answers the same question in different ways"
        return ""

    def times(self) -> tuple[list[float], list[float]]:
        """Response times in seconds: about existing people, and about non-existing ones."""
        known = [each.took for each in self.heard if each.who]
        return known, [each.took for each in self.heard if not each.who]

    def _differ(self, begun: int = 0, *, doubtful: bool = False) -> frozenset[Feature]:
        """Features that differ between both sides in the responses from index `begun` on."""
        sent = {value for each in self.heard for value in each.filled.sent}
        known: dict[str, list[Features]] = {}
        unknown: list[Features] = []
        for each in self.heard[begun:]:
            features = take_apart(each.answer, sent)
            if each.who:
                known.setdefault(each.who, []).append(features)
            else:
                unknown.append(features)
        return differences(known, unknown, doubtful=doubtful)
