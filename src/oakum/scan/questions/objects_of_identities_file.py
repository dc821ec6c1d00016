"""Requests the objects that the identities file assigns to an owner, as this owner.

The API's response decides, not the file: other identities request an object only after the API has
shown it to its owner as theirs. Each object that the API does not show so is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from oakum.exposure.cells.matrix import Outcome
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.response_reader import is_success
from oakum.scan.engine import Engine
from oakum.scan.identities.model import Identities, OwnedObject
from oakum.scan.requests.builder import FilledRequest, fill

Stated = tuple[str, OwnedObject]
"""(identity, object)"""


def foreseen(identities: Identities) -> Iterator[Mapping[str, str]]:
    """The requests for stated objects, as lines of the dry run."""
    for name, identity in identities.items.items():
        yield {"as": name, "request": "log in, then ask who-am-I", "why": "identity"}
        for each in dict.fromkeys(each.resource for each in identity.owns):
            why = "does it own what the identities file says?"
            yield {"as": name, "request": f"each `{each}` of `owns:`", "why": why}


def ask_for_stated(engine: Engine, stated: Iterable[Stated]) -> tuple[Stated, ...]:
    """Asks for each object as its owner; returns those that no request can name so far."""
    waiting: list[Stated] = []
    for who, each in stated:
        if who not in engine.identities.ids:
            continue
        engine.say(f"asking for what the identities file says is {who}'s")
        met: list[tuple[Probe, Outcome]] = []
        for probe, filled in ways(engine, who, each.resource, each.key):
            met.append((probe, _ask(engine, probe, who, each, filled)))
            if (who, each.resource) in met[-1][1].sighted:
                key = engine.model.policy.resources[each.resource].key
                engine.knowledge.learn_stated(who, each.resource, key, each.key)
                break
        else:
            if met:
                engine.results.doubt(_describe_refutation(who, each, *met[0]))
            else:
                waiting.append((who, each))
    return tuple(waiting)


def tell_unasked(engine: Engine, stated: Iterable[Stated]) -> None:
    """Reports the objects of the file that no request could name."""
    for who, each in stated:
        engine.results.doubt(
            f"{each.location}: `owns:` of `{who}` was not tested: no endpoint asks for one"
            f" `{each.resource}` by its key, or another parameter of it is unknown"
        )


def ways(engine: Engine, who: str, name: str, key: str) -> Iterator[tuple[Probe, FilledRequest]]:
    """Requests for one object of a resource by its key, its main endpoint first."""
    resource = engine.model.policy.resources[name]
    source = f"{name}.{resource.key}"
    knowledge = replace(engine.knowledge, objects={**engine.knowledge.objects})
    knowledge.objects[who, name] = [{resource.key: key}]
    for probe in sorted(engine.state.probes, key=lambda probe: probe.id != resource.main):
        named = source in probe.sources.values() and name in probe.shows
        if not named or probe.batch or probe.how:
            continue
        filled = fill(probe, engine.target, knowledge, who)
        pace = engine.context.pace
        if filled is not None and not (pace is not None and pace.spares(filled.request)):
            yield probe, filled


def _ask(
    engine: Engine, probe: Probe, who: str, each: OwnedObject, filled: FilledRequest
) -> Outcome:
    answer, place = engine.send(probe, who, filled), (each.location.line, each.location.column)
    return engine.judge(probe, who, who, filled, answer, f"{probe.id}|{who}|owns {place}")


def _describe_refutation(who: str, each: OwnedObject, probe: Probe, outcome: Outcome) -> str:
    """How the API contradicts a line of the file. The key is personal and is not quoted."""
    asked = f"{probe.endpoint.method} {probe.endpoint.path}"
    said = f"answers `{who}` with {outcome.status}"
    if is_success(outcome.status):
        said = f"does not show it to `{who}` as theirs"
    return (
        f"{each.location}: `owns:` of `{who}` names a `{each.resource}`, but {asked} {said}: it was"
        " not used; correct the line"
    )
