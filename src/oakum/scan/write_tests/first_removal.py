"""The removal of the first object that an operation of an API makes.

It is made to learn whether it can be removed, and nothing else. The owner's lists before and after
tell whether the removal took other objects, and whether the creation has made more than one.

An operation may make its object in another place than the document says: a template that is listed
among the workouts. Where a response at another path shows its creator, under the same key, the mark
that the run has put into it, a removal that is declared at that path takes away the run's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from oakum.authz.decide import through
from oakum.exchange import Request
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.scan.coverage.uncalled_operations import barring_reason
from oakum.scan.engine import Engine
from oakum.scan.evaluation.object_relations import relations_as_creator
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.object_keys import for_key, in_path, may_lose_a_piece
from oakum.scan.undo.object_readings import FAILS
from oakum.scan.undo.own_writes import marked_objects, parse_objects
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.write_tests.creation_pairs import Creation

_MOST = 20
"""At how many other paths an object is looked for."""


class Maker(Protocol):
    """What makes objects of one resource for one identity."""

    engine: Engine
    undo_log: UndoLog
    creation: Creation
    owner: str

    def with_key(self, of: Probe) -> Request | None:
        """A question with `{key}` where what names the object has to stand, at the path's end."""


def is_removed_alone(maker: Maker, made: CreatedObject) -> bool:
    """Removes an object; whether it is gone, and nothing else is gone or was made beside it."""
    log, resource = maker.undo_log, maker.creation.resource
    before, all_before = log.listed(made)
    gone = log.undo(made)
    now, all_now = log.listed(made)
    older = before - {made.known}
    if all_now and (lost := older - now):
        removal = maker.creation.remove.endpoint
        said = (
            f"{removal.method} {removal.path} removed {len(lost)} other `{resource}` of {made.who}"
        )
        if not gone:
            said += f" and may have left the one that the run had made ({made.name})"
        log.give_up(made, f"{said}: restore by hand")
        return False
    if not gone:
        removed_elsewhere(maker, made)
        return False
    if made.whole and all_before and all_now and (more := now - made.older - {made.known}):
        make = maker.creation.make.endpoint
        said = f"{make.method} {make.path} made {len(more)} more `{resource}` of {made.who}"
        log.harmed.append(f"{said} than the one that was sent: check by hand")
        return False
    return True


def removed_elsewhere(maker: Maker, made: CreatedObject) -> bool:
    """Whether an object could be removed at another path that shows it with its mark."""
    log = maker.undo_log
    if not made.known or may_lose_a_piece(made.known):
        return False
    for n, (look, remove, how) in enumerate(_removals(maker)):
        if n == _MOST:
            break
        try:
            answer = log.ask(made.who, for_key(look, made.known))
        except FAILS:
            continue
        rows = marked_objects(parse_objects(answer)[0], made.mark, made.key) if answer.ok else []
        if not any(in_path(row[made.key]) == made.known for row in rows):
            continue
        there = replace(
            made, look=look, remove=remove, how=f"{how} as {made.who}", find=(), turns=(),
            before=(), purge=(), named="", place="", remover="", versions=(), unmarked=False,
            others=(),
        )  # fmt: skip
        log.enter(there)
        if log.undo(log.learn(there, made.known, rows[0])):
            return True
    return False


def _removals(maker: Maker) -> Iterator[tuple[Request, Request, str]]:
    """What shows one object at another path, what removes it there, and how a person does that."""
    engine, own = maker.engine, maker.creation.remove.operation.path
    deletions = {
        each.path: each
        for each in engine.model.operations.values()
        if each.method == "DELETE" and each.path != own and not barring_reason(engine.model, each)
    }
    seen = set[str]()
    for probe in engine.state.probes:
        path = probe.operation.path
        if probe.operation.method != "GET" or path not in deletions or path in seen:
            continue
        resource = next(iter(probe.shows), "")
        if probe.batch or probe.how or not resource:
            continue
        seen.add(path)
        held = relations_as_creator(engine.model, engine.identities, resource, maker.owner)
        if not through(engine.model, deletions[path].id, held, True):
            continue
        params = engine.context.params.get(deletions[path].id, {})
        look = maker.with_key(probe)
        remove = maker.with_key(probe_of(engine.model, deletions[path], params))
        if look is not None and remove is not None:
            yield look, remove, f"DELETE {path}"
