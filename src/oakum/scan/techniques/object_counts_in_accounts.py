"""A number in an account that counts objects which the viewer may not see (P15).

`{"login": "ann", "repo_count": 7}` tells a stranger how many private repositories ann has. The
number's name says what it counts: the words of a resource. If it is all that the owner is known to
have, to the owner as to a viewer from whom the contract hides some of these, it is *suspected* to
count the hidden ones. A number that is smaller for others, or another than what is known, says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oakum.authz import Model
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe
from oakum.inference.lexicon import singular, word_set, words
from oakum.scan.engine import Engine
from oakum.scan.filters.hidden_values import HiddenValue
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.technique import Line, Prospect
from oakum.scan.techniques.inference import signal

HOW = "inference"
RULES: frozenset[str] = frozenset({"inference-leak"})
OPENS_WAYS = False

_NUMBERS = word_set("count counts counter total totals number num nr of")
_OWNERS = 2
"""Owners whose numbers are compared at one endpoint."""


def run(engine: Engine) -> None:
    """Compares such numbers as one viewer of each kind."""
    for probe in list(engine.state.probes):
        for account, path, resource in _count_fields(engine.model, probe):
            known = [
                who
                for who in engine.identities.subjects()
                if engine.responses.has_page(probe, who) and _keys(engine, who, resource)
            ]
            for who in known[:_OWNERS]:
                _compare(engine, probe, who, (account, path), resource)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each endpoint with such a number."""
    for probe in prospect.probes:
        for account, path, resource in _count_fields(prospect.model, probe):
            yield {
                "as": "an owner, and one identity of each kind",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}",
                "why": f"`{account}.{path}` may count each hidden `{resource}`",
            }


def _count_fields(model: Model, probe: Probe) -> Iterator[tuple[str, str, str]]:
    """(account, field, resource) of each number that is called as what it counts."""
    if not probe.personal or probe.batch or probe.how or probe.query:
        return
    resources = model.policy.resources
    named = {_noun(name): name for name, each in resources.items() if each.owner.kind != "none"}
    for account, fields in probe.shows.items():
        for path in fields if resources[account].is_account else ():
            resource = named.get(_noun(path.rpartition(".")[2]), "")
            if resource and resources[resource].key and resource != account:
                yield account, path, resource


def _noun(name: str) -> tuple[str, ...]:
    return tuple(singular(each) for each in words(name) if each not in _NUMBERS)


def _keys(engine: Engine, who: str, resource: str) -> set[str]:
    key = engine.model.policy.resources[resource].key
    return {
        row[key] for row in engine.knowledge.objects.get((who, resource), ()) if row.get(key)
    }  # fmt: skip


def _compare(engine: Engine, probe: Probe, who: str, field: tuple[str, str], resource: str) -> None:
    turn = engine.responses.first.get((probe.id, who), 0)
    filled = fill(probe, engine.target, engine.knowledge, who, turn=turn)
    keys, key = _keys(engine, who, resource), engine.model.policy.resources[resource].key
    own: int | None = None
    for viewer in engine.watchers(who) if filled is not None else ():
        sees = engine.evaluator.may_see
        hidden = [each for each in keys if not sees(viewer, who, resource, key, each)]
        if filled is None or not hidden or is_spent(engine.context.pace):
            continue
        if own is None:
            own = _number(engine, probe, who, who, filled, engine.send(probe, who, filled), field)
        if own != len(keys):
            return  # it counts something else, or not all of them are known
        answer = engine.send(probe, viewer, filled)
        if _number(engine, probe, viewer, who, filled, answer, field) == own:
            held = engine.identities.relations(viewer, who)
            label = engine.identities.label(held, viewer, who)
            says = f"the number counts each `{resource}` that the viewer may not see"
            found = HiddenValue(*field, who, viewer, label, str(own))
            told = signal(engine, probe, found, filled, answer, says)
            engine.results.report(replace(told, sure=False))


def _number(
    engine: Engine, probe: Probe, viewer: str | None, who: str, filled: FilledRequest,
    answer: Response,
    field: tuple[str, str],
) -> int | None:  # fmt: skip
    """What an answer says in a field of somebody's account."""
    for each in engine.judge_response(probe, viewer, [who], filled, answer).instances:
        if each.resource == field[0] and engine.identities.ids[who] & {*each.owners}:
            for leaf in each.leaves:
                if leaf.path == field[1] and type(leaf.value) is int:
                    return leaf.value
    return None
