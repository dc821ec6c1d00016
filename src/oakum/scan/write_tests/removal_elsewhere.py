"""What a creation left that its own removal did not take away.

An operation may make its object in another place than the document says: a template that is listed
among the workouts. Where a response at another path shows its creator, under the same key, the mark
that the run has put into it, a removal that is declared at that path takes away the run's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from oakum.authz.decide import through
from oakum.exchange import Request
from oakum.exposure.endpoints.probes import probe_of
from oakum.scan.coverage.uncalled_operations import barring_reason
from oakum.scan.evaluation.object_relations import relations_as_creator
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.object_keys import for_key, in_path, may_lose_a_piece
from oakum.scan.undo.object_readings import FAILS
from oakum.scan.undo.own_writes import marked_objects, parse_objects
from oakum.scan.undo.undo_log import UndoLog

if TYPE_CHECKING:
    from oakum.scan.write_tests.created_objects import Maker

_MOST = 20
"""At how many other paths an object is looked for."""


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
        log.learn(there, made.known, rows[0])
        if log.undo(log_entry(log, there)):
            return True
    return False


def log_entry(log: UndoLog, made: CreatedObject) -> CreatedObject:
    """The entry as the log has it by now."""
    return next(e for e in log.pending if isinstance(e, CreatedObject) and e.name == made.name)


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


def made_beside(log: UndoLog, made: CreatedObject) -> frozenset[str]:
    """Keys of objects that the owner's lists show since a creation, beside the one that it made and
    that is gone: each of the run's own mark is removed, too. Empty where a list was not whole."""
    now, whole = log.listed(made)
    if not (made.whole and whole):
        return frozenset()
    more = now - made.older - {made.known}
    for key in sorted(more):
        for row in log.rows_with_key(made, key):
            if log.is_ours(made, key, row):
                log.enter(its := replace(made, name=f"{made.name} {key}", known=key))
                log.undo(log.learn(its, key, row))
    return more
