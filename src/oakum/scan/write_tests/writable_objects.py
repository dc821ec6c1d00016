"""Objects of the run that its write tests change in place of those that were there before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from oakum.authz.decide import through
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import canonical
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.evaluation.object_relations import relations_as_creator
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.object_keys import in_path
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.write_tests.created_objects import AsOwn, Maker
from oakum.scan.write_tests.creation_pairs import creations


@dataclass(frozen=True)
class WritableObjects:
    """Objects of the run to write to, one of a resource for each identity while it is needed.
    Objects from before the run are written to only where none can be created."""

    engine: Engine
    undo_log: UndoLog
    why_none: dict[str, str] = field(default_factory=dict)
    """Resource → why nothing of the run's own could be written to."""
    _made: dict[tuple[str, str], tuple[Maker, CreatedObject, Mapping[str, str]] | None] = field(
        default_factory=dict
    )
    _more: list[tuple[Maker, CreatedObject, Mapping[str, str]] | None] = field(default_factory=list)

    def may_make(self, probe: Probe, resource: str) -> bool:
        """Whether an operation names its object by the key, and another creates such objects."""
        key = self.engine.model.policy.resources[resource].key
        named = bool(key) and f"{resource}.{key}" in probe.sources.values()
        made = creations(self.engine.model, self.engine.context.params)
        return named and any(each.resource == resource for each in made)

    def of(self, owner: str, resource: str) -> AsOwn | None:
        """An object of an identity created by the run; None if impossible, with the reason in
        `why_none`."""
        if (owner, resource) not in self._made:
            self._made[owner, resource] = self._make(owner, resource)
        made = self._made[owner, resource]
        return self._alone(owner, resource, made) if made is not None else None

    def another(self, owner: str, resource: str) -> AsOwn | None:
        """One more, below the parents that the owner has at the moment; None if impossible."""
        made = self._make(owner, resource)
        self._more.append(made)
        return self._alone(owner, resource, made) if made is not None else None

    def _alone(
        self, owner: str, resource: str, found: tuple[Maker, CreatedObject, Mapping[str, str]]
    ) -> AsOwn:
        return AsOwn(self.engine, owner, resource, found[2], found[1].name)

    def _make(
        self, owner: str, resource: str
    ) -> tuple[Maker, CreatedObject, Mapping[str, str]] | None:
        engine = self.engine
        known = [
            e for e in creations(engine.model, engine.context.params) if e.resource == resource
        ]
        held = relations_as_creator(engine.model, engine.identities, resource, owner)
        may = [
            each
            for each in known
            if all(
                through(engine.model, probe.operation.id, held, True)
                for probe in (each.make, each.remove)
            )
        ]
        why = "no operation creates one that another removes"
        if known:
            why = f"the contract does not let {owner} create or remove one"
        for each in may:
            maker = Maker(engine, self.undo_log, each, owner)
            removal = each.remove.endpoint
            removable = maker.is_removable()
            if maker.removes_nothing():
                why = f"{removal.method} {removal.path} did not remove one that the run had made"
                continue
            if removable and (found := maker.make({})) is not None:
                made, view = found
                key = engine.model.policy.resources[resource].key
                texts = {at: v for at, v in view.items() if not isinstance(v, dict | list | None)}
                row = {at: canonical(value) for at, value in texts.items()}
                return maker, made, {**row, key: made.known}
            said = " and ".join(map(str, sorted(maker.refused)))
            why = f"{each.make.endpoint.method} {each.make.endpoint.path} made none"
            why += f": it answered {said}" if said else ""
        self.why_none.setdefault(resource, why)
        return None

    def remove_copy(self, owner: str, resource: str, viewer: str, sent: Mapping[str, Json]) -> None:
        """Removes what a write to an object of `owner` has made in its place: one of the same key
        that is the writer's."""
        log, found = self.undo_log, self._made.get((owner, resource))
        mark = next((v for v in sent.values() if isinstance(v, str) and "oakum" in v), "")
        if found is None or not mark:
            return
        maker, made, _ = found
        by = Maker(self.engine, log, maker.creation, owner, by=(viewer,))
        copy = by.as_writer(replace(made, name=f"{made.name} as {viewer}", mark=mark))
        if copy is None:
            return
        rows = [r for r in log.marked_objects(copy) if in_path(r[made.key]) == made.known]
        if rows:
            log.enter(copy := replace(copy, older=copy.older - {made.known}, others=()))
            log.undo(log.learn(copy, made.known, rows[0]))

    def close(self) -> None:
        """Deletes created objects, last first."""
        found = [each for each in (*self._made.values(), *self._more) if each is not None]
        for maker, made, _ in reversed(found):
            maker.undo(made)
        self._made.clear()
        self._more.clear()
