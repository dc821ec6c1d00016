"""The account to which a write test gives an object: one that could have it, and then remove it."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.exposure.values.knowledge import canonical
from oakum.http.json_pointer import member_at
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.object_keys import for_key
from oakum.scan.undo.own_writes import marked_objects, parse_objects
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.write_tests.created_objects import Maker
from oakum.scan.write_tests.creation_pairs import Creation


def id_as_owner(engine: Engine, resource: str, member: str, who: str) -> str:
    """The value that names an identity as owner in its own objects; empty if unknown."""
    rows = engine.knowledge.objects.get((who, resource), ())
    ids = engine.identities.ids.get(who, frozenset())
    return next((row[member] for row in rows if row.get(member) in ids), "")


def other_owner(
    engine: Engine, undo_log: UndoLog, creation: Creation, member: str, owner: str
) -> tuple[str, str]:
    """The first other identity that makes and removes such an object as well, and what `member`
    holds where it names them: in an object of theirs, else in this one; empty: there is none."""
    for other in engine.identities.subjects():
        if other == owner:
            continue
        own = Maker(engine, undo_log, creation, other)
        made = own.make({})
        if made is None:
            continue
        own.undo(made[0])
        if own.removes_nothing():
            return "", ""
        ids = engine.identities.ids.get(other, frozenset())
        said = canonical(member_at(made[1], tuple(member.split("."))))
        if id := id_as_owner(engine, creation.resource, member, other) or (said in ids and said):
            return other, id
    return "", ""


def shown_with_mark(undo_log: UndoLog, made: CreatedObject) -> list[Mapping[str, Json]]:
    """The created object as its own endpoint shows it to its possible owners, and then as
    lists do."""
    rows: list[Mapping[str, Json]] = []
    if made.look is not None and made.known:
        answer = undo_log.ask(made.who, for_key(made.look, undo_log.address(made, made.known)))
        rows += marked_objects(parse_objects(answer)[0], made.mark, made.key) if answer.ok else ()
    return [*rows, *undo_log.marked_objects(made)]
