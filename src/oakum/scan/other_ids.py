"""Optional parameters that name a person: `GET /usage?userId=` answers about whoever it names.

Without it the answer is the caller's own, so the plain question tells nothing of it. It is asked
with another's id, as an endpoint of one object is (CWE-639), also where the answer declares another
resource or none. What it means, the same name says elsewhere: a path parameter, the key of a
resource, a field that holds an owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from oakum.contract.lexicon import listed, singular, words
from oakum.contract.model import Parameter
from oakum.contract.nouns import ACCOUNTS
from oakum.scan.asking import fill
from oakum.scan.endpoints import Gate
from oakum.scan.engine import Engine
from oakum.scan.technique import is_spent
from oakum.semantics import Model

_IDS = listed("id uuid guid key")
_ACTS = listed("act acting as behalf for impersonate impersonated of on run sudo")
"""Words of a parameter that says as whom to answer, beside the noun of an account."""
_ALONE = listed("impersonate sudo")
_SAYS = frozenset((("act", "as"), ("run", "as"), ("on", "behalf", "of"), ("acting", "as")))


def named_others(model: Model, gates: Iterable[Gate]) -> dict[str, list[tuple[Parameter, str]]]:
    """Gate → its optional parameters whose names say whom they mean, each with its source."""
    known = list(gates)
    meant = _meanings(model, known)
    found: dict[str, list[tuple[Parameter, str]]] = {}
    for gate in known:
        if gate.how or gate.query or gate.batch or gate.asks is not None:
            continue
        for each in gate.operation.parameters:
            free = each.where in ("query", "header") and not each.required
            taken = each.name in gate.sources or each.name in gate.fixed
            source = _meaning(model, meant, each.name) if free and not taken else ""
            if source and _takes_an_id(each):
                found.setdefault(gate.id, []).append((each, source))
    return found


def ask_for_others(engine: Engine) -> None:
    """Ask at every endpoint that takes such a parameter: the owner with their own id, then one of
    each kind of viewer with that."""
    for id, named in named_others(engine.model, engine.gates).items():
        gate = next(each for each in engine.gates if each.id == id)
        for parameter, source in named:
            if not _ask(engine, gate, parameter, source):
                engine.notes.append(
                    f"{gate.endpoint.method} {gate.endpoint.path}: `{parameter.name}` was not"
                    f" tried with another's `{source}`: none was seen, or the budget was spent"
                )


def _ask(engine: Engine, gate: Gate, parameter: Parameter, source: str) -> bool:
    """Whether anybody was asked with another's id."""
    asked = False
    for who in engine.cast.subjects()[:1]:
        for viewer in (who, *engine.watchers(who)):
            way = _way(gate, parameter, source, viewer or who)
            engine.matrix.open(way)
            filled = fill(way, engine.target, engine.knowledge, who)
            if filled is None or filled.bare:
                continue
            if is_spent(engine.pace) or (engine.pace and engine.pace.spares(filled.request)):
                return asked
            asked = asked or viewer != who
            if viewer == who:
                engine.put(way, who, who)
                continue
            answer = engine.send(way, viewer, filled)
            plain = engine.keeping.get((gate.id, viewer, viewer if gate.personal else None))
            if plain is None or plain.text != hash(answer.body):  # else it changes nothing
                engine.took(way, viewer, who, filled, answer)
    return asked


def _way(gate: Gate, parameter: Parameter, source: str, viewer: str) -> Gate:
    """The same, with the parameter filled; what the path names is the viewer's own."""
    shown = f"?{parameter.name}={{{parameter.name}}}"
    said = shown if parameter.where == "query" else f" with another's `{parameter.name}`"
    of = f" with {', '.join(sorted(gate.personal))} of {viewer}" if gate.personal else ""
    way = gate.otherwise("option", endpoint=f"{gate.endpoint.path}{said}{of}")
    return replace(
        way,
        sources={**gate.sources, parameter.name: source},
        personal=gate.personal | {parameter.name},
        whose={**gate.whose, **dict.fromkeys(gate.personal, (viewer, 0))},
    )


def _takes_an_id(parameter: Parameter) -> bool:
    shape = parameter.shape
    kinds = shape.kinds - {"null"}
    return (
        not shape.enum
        and not shape.format.startswith("date")
        and (not kinds or bool(kinds & {"string", "integer"}))
    )


def _meanings(model: Model, gates: Iterable[Gate]) -> Mapping[tuple[str, ...], str]:
    """Words of a name → `Resource.key` of somebody's, as the contract and the paths have them."""
    found: dict[tuple[str, ...], str] = {}
    resources = model.policy.resources
    owned = {name: each for name, each in resources.items() if each.owner.kind != "none"}
    account = next((name for name, each in owned.items() if each.is_account and each.key), "")
    for name, each in owned.items():
        if each.key:
            source = f"{name}.{each.key}"
            names = [(*words(name), *words(each.key)), (*words(name), "id"), words(each.key)]
            found |= {said: source for said in names if said not in found}
        if account and not each.is_account:
            for member in each.owner.members:
                last = words(member.replace(".", "_"))
                found.setdefault(last, f"{account}.{resources[account].key}")
    for gate in gates:
        for parameter in gate.operation.parameters:
            source = gate.sources.get(parameter.name, "")
            if parameter.where == "path" and parameter.name in gate.personal:
                found[words(parameter.name)] = source
    if account:
        found[()] = f"{account}.{resources[account].key}"
    return {said: source for said, source in found.items() if said not in _BARE}


_BARE = frozenset((each,) for each in (*_IDS, "name", "code", "number", "slug"))
"""Names that say of which kind they are only where they stand."""


def _meaning(model: Model, meant: Mapping[tuple[str, ...], str], name: str) -> str:
    said = words(name)
    if said and said in meant:
        return meant[said]
    account = meant.get((), "")
    bare = tuple(singular(each) for each in said if each not in _IDS)
    if said in _SAYS or (len(said) == 1 and said[0] in _ALONE):
        return account
    acts = len(bare) > 1 and set(bare[:-1]) <= _ACTS
    if bare and bare[-1] in ACCOUNTS and (acts or (len(bare) == 1 and len(said) > 1)):
        return account
    nouns = {words(each): source for each, source in _by_name(model).items()}
    return nouns.get(bare[-1:], "") if acts else ""


def _by_name(model: Model) -> Mapping[str, str]:
    return {
        name: f"{name}.{each.key}"
        for name, each in model.policy.resources.items()
        if each.key and each.owner.kind != "none"
    }
