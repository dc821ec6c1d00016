"""Grants that outlive their end: read, revoke, read again with what was kept (P16).

For each relation that may be ended and each switch that may be closed: the doors are read as the
one who is still entitled, and links and cursors kept; the grant is taken away; the same doors, the
old cursors and the old links are asked again, and judged by what is granted now. Then it is as it
was. An ignored switch changes nothing, so the two readings are not compared with each other, but
the second one with the contract (see `scanning.md` of the design: non-interference is blind here).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from oakum.contract.model import Json, Operation
from oakum.finding import Door
from oakum.scan.artefacts import Artefact, cursor_parameter
from oakum.scan.asking import variable
from oakum.scan.doors import Gate
from oakum.scan.engine import Engine
from oakum.scan.switches import Switches
from oakum.scan.technique import Line, Prospect
from oakum.scan.ties import Ties

HOW = "stale"

_IDLIKE = re.compile(r"(?=.*[0-9])[A-Za-z0-9_.=~-]{2,}|[A-Za-z0-9_=-]{16,}")


def run(engine: Engine) -> None:
    """Relations first, then switches; only with leave to change own settings."""
    if not engine.may.own_settings:
        return
    if engine.ties is not None:
        done: set[str] = set()
        for viewer, relation, owner in engine.ties.ending():
            if relation not in done:
                done.add(relation)
                _end(engine, engine.ties, viewer, relation, owner)
    if engine.switches is not None:
        for owner, path, value in _closings(engine, engine.switches):
            _close(engine, engine.switches, owner, path, value)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """The calls that take a grant away, and what is asked after them."""
    if not prospect.may.own_settings:
        return
    for name, relation in prospect.model.policy.relations.items():
        for step in (*relation.end, *relation.begin):
            each = prospect.model.operations.get(step.operation)
            if each is not None:
                yield {
                    "as": "an identity, to another identity",
                    "request": f"{each.method} {each.path}",
                    "why": f"`{name}` ends, and begins again",
                }
    yield {
        "as": "who was entitled, and nobody logged in",
        "request": "links and cursors that the API gave before",
        "why": "what a grant's end does not reach",
    }


def _end(engine: Engine, ties: Ties, viewer: str, relation: str, owner: str) -> None:
    engine.say(f"{viewer} is no longer {relation} of {owner}")
    carrying = _carrying(engine, owner, viewer)
    kept = _keep(engine, carrying, (viewer,), f"before the end of {relation}")
    ended = ties.end(viewer, relation, owner)
    change = ties.pending[-1]
    engine.enter(f"end of {relation}", owner)
    if ended:
        for gate, who in carrying:
            way = gate.otherwise(HOW, door=gate.door.path)
            engine.matrix.open(way)
            engine.put(way, viewer, who)
        _come_back(engine, kept, (viewer,))
        engine.confirm()
    else:
        engine.notes.append(f"the API did not end `{relation}` of {viewer} to {owner}")
    ties.undo(change)
    engine.enter(f"{relation} again", owner)


def _closings(engine: Engine, switches: Switches) -> Iterator[tuple[str, str, Json]]:
    """(owner, state, most closed value) of open accounts that can be closed: one for each state."""
    done: set[str] = set()
    for name, resource in engine.model.policy.resources.items():
        for state in resource.states.values():
            path = f"{name}.{state.name}"
            if not state.member or switches.switch(path) is None:
                continue
            for owner in engine.cast.subjects():
                now = engine.cast.states.get((owner, path))
                if path not in done and now is not None and now != state.values[-1]:
                    done.add(path)
                    yield owner, path, state.values[-1]


def _close(engine: Engine, switches: Switches, owner: str, path: str, value: Json) -> None:
    engine.say(f"{owner} closes {path}")
    viewers = tuple(engine.watchers(owner))
    carrying = {
        (gate.id, who): (gate, who)
        for viewer in viewers
        for gate, who in _carrying(engine, owner, viewer)
    }
    kept = _keep(engine, list(carrying.values()), viewers, f"before {path}")
    if not kept or not switches.flip(owner, path, value):
        return
    engine.enter(f"{path} closed", owner)
    _come_back(engine, kept, viewers)
    engine.confirm()
    switches.undo(owner, path)
    engine.enter(f"{path} open again", owner)


def _carrying(engine: Engine, owner: str, viewer: str | None) -> list[tuple[Gate, str | None]]:
    """Doors at which this viewer has been shown objects of this owner."""
    return [
        (engine.matrix.gates[door], who or None)
        for (door, who), answers in engine.seen.items()
        if any(name == owner for name, _ in answers.get(viewer, ()))
        and door in engine.matrix.gates
        and not engine.matrix.gates[door].how
    ]


def _keep(
    engine: Engine,
    carrying: list[tuple[Gate, str | None]],
    viewers: tuple[str | None, ...],
    round: str,
) -> list[Artefact]:
    """Read the doors anew, and keep what their answers give to come back with."""
    engine.artefacts.clear()
    for gate, who in carrying:
        for viewer in viewers:
            engine.put(gate, viewer, who, round)
    kept = {(each.kind, each.value): each for each in engine.artefacts}
    return list(kept.values())


def _come_back(engine: Engine, kept: list[Artefact], viewers: tuple[str | None, ...]) -> None:
    for number, each in enumerate(kept):
        if each.kind == "cursor":
            name = cursor_parameter(each.gate)
            if not name:
                continue
            way = each.gate.otherwise(
                HOW, door=each.gate.door.path, query=((name, each.value),),
                veiled={name: variable(each.viewer or "", "cursor")},
            )  # fmt: skip
            engine.matrix.open(way)
            engine.put(way, each.viewer, each.who, f"cursor {number}")
            continue
        link = _link(engine, each)
        engine.matrix.open(link)
        for viewer in dict.fromkeys((*viewers, None)):
            engine.put(link, viewer, None, f"link {number}")


def _link(engine: Engine, artefact: Artefact) -> Gate:
    """A door for an address that an answer gave, as the operation whose path it has, or as none."""
    parts = urlsplit(artefact.value)
    base = urlsplit(engine.target).path.rstrip("/")
    path = parts.path.removeprefix(base)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    known = next((gate for gate in engine.gates if _matches(gate.operation.path, parts.path)), None)
    template = known.door.path if known else re.sub(_IDLIKE, "{id}", path)
    operation = (
        replace(known.operation, path=path, pointer="", parameters=())
        if known
        else Operation(f"GET {template}", "GET", path)
    )
    veiled = {name: variable("", f"link {name}") for name, _ in query}
    return Gate(
        operation, Door("GET", template, operation.id), known.shows if known else {}, {}, {},
        how=HOW, query=query, veiled=veiled,
    )  # fmt: skip


def _matches(template: str, path: str) -> bool:
    parts = re.split(r"\{[^}]*\}", template)
    return bool(re.fullmatch("[^/]+".join(re.escape(part) for part in parts), path))
