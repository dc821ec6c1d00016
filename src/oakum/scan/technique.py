"""The interface of a technique: a test beyond the documented requests.

A technique is a module. It declares the rules that it finds evidence of, and gets the engine once
all documented endpoints were asked:

    HOW = "page-limit"
    RULES: frozenset[str] = frozenset({"page-limit-not-enforced"})
    OPENS_WAYS = False

    def run(engine: Engine) -> None:
        engine.say("asking for a page of any size")
        for probe in engine.state.probes:
            way = probe.otherwise(HOW, query=(("limit", "1000000"),))
            filled = fill(way, engine.target, engine.knowledge, None)
            pace = engine.context.pace
            if probe.personal or filled is None or is_spent(pace):
                continue
            if not (pace and pace.spares(filled.request)):
                answer = engine.send(way, None, filled)
                if len(answer.body) > MOST:
                    engine.tell(HOW, way, None, "anyone", answer, "no limit", filled=filled)

    def foresee(prospect: Prospect) -> Iterator[Line]:
        yield {"as": "nobody logged in", "request": "GET …?limit=1000000", "why": "page size"}

It sends requests with `engine.put`, whose responses are evaluated like any other, or with
`engine.send` if it compares responses itself. It reports leaks as cells or with `engine.tell`, what
it could not test with `engine.results.note_gap`, and remarks with `engine.results.remark`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe
from oakum.policy.graphql_schema import Graph
from oakum.scan.engine import Engine
from oakum.scan.identities.tenant_inputs import SentChoice
from oakum.scan.limits import Permissions


@runtime_checkable
class Technique(Protocol):
    """A module of `techniques`: a test that finds what documented requests cannot."""

    HOW: str
    """The name of the technique in endpoints and findings."""
    RULES: frozenset[str]
    """Ids of the rules that only techniques like this one find evidence of: a replay of such a
    finding runs no other technique."""
    OPENS_WAYS: bool
    """Whether it finds undocumented variants of endpoints: any rule about cells may name what they
    show."""

    def run(self, engine: Engine, /) -> None:
        """Sends requests and records cells through `put`, and other leaks as signals."""
        ...

    def foresee(self, prospect: Prospect, /) -> Iterator[Line]:
        """All kinds of requests that `run` may send, with placeholders for values."""
        ...


def is_silent(technique: Technique) -> bool:
    """Whether it sends nothing (`SILENT = True`): it foresees nothing, and reads documents, or the
    answers that there are (`engine.responses.heads`)."""
    return bool(getattr(technique, "SILENT", False))


def learns_ids(technique: Technique) -> bool:
    """Whether its answers may show ids that documented requests lack (`LEARNS_IDS = True`)."""
    return bool(getattr(technique, "LEARNS_IDS", False))


def ordered(techniques: Iterable[Technique], *, learning: bool) -> list[Technique]:
    """The techniques in the order in which they run; `learning`: those first whose answers may fill
    a parameter."""
    every = list(techniques)
    return sorted(every, key=lambda each: not learns_ids(each)) if learning else every


@dataclass(frozen=True)
class Prospect:
    """Everything that is known before the first request."""

    model: Model
    probes: tuple[Probe, ...]
    may: Permissions
    feeds: tuple[Probe, ...] = ()
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name that the contract has for them."""
    inferred: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Operation id → parameter → `Resource.field` that fills it, where the contract names none."""
    choices: tuple[SentChoice, ...] = ()
    """Values, such as a tenant, that the lines of the identities file send with each request."""


Line = Mapping[str, str]
"""A line of a dry run: `as`, `request`, `why`; `rule`: the only rule that these requests test, for
a technique with several."""
