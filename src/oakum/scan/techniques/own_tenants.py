"""Another's object requested below a tenant of the viewer's own (P1).

`GET /tenants/{tenantId}/projects/{projectId}` is documented with the tenant that the project is in.
An API that checks whether the caller belongs to the tenant of the path, and loads the project by
its id alone, shows anybody's project below the caller's own tenant (CWE-639). A tenant, team, group
or workspace is often nobody's in the contract (`owner: none`). Which are the viewer's follows from
the member lists, from the viewer's own objects, and from what the viewer was shown. Parents that
somebody owns are left to `nested_object_ids`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from oakum.authz import Model
from oakum.authz.compiled_model import is_open_to_members
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.finding import Result
from oakum.scan.engine import Engine, Kind
from oakum.scan.limits import is_spent
from oakum.scan.questions.tenants_of_identities import hides_something, known_tenants
from oakum.scan.requests.builder import fill
from oakum.scan.requests.consistent_parameter_values import PLACE
from oakum.scan.technique import Line, Prospect

HOW = "own-tenant"
RULES: frozenset[str] = frozenset()
OPENS_WAYS = True

_OBJECTS = 2
"""Objects in different tenants that are asked for at one endpoint."""
_TURNS = 4
"""Objects that are nobody's among which one is looked for that somebody is shown."""
_GUESSES = 2
"""Tenants that are tried of a viewer of whom it is only known that they were shown."""


def run(engine: Engine) -> None:
    """Requests others' objects below tenants of each kind of viewer."""
    engine.say("requesting others' objects under own tenants")
    for probe in list(engine.state.probes):
        if outer := outer_places(engine.model, probe):
            _NestedOperation(engine, probe, outer).run()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each such endpoint."""
    for probe in prospect.probes:
        if outer := outer_places(prospect.model, probe):
            named = " and ".join(f"`{each}`" for each in outer)
            yield {
                "as": "one identity of each kind",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}"
                f"  with {named} of its own",
                "why": "the API may not look whether the object is in it",
            }


def outer_places(model: Model, probe: Probe) -> tuple[str, ...]:
    """The places of a path that name what is nobody's, above the place of an object of another
    resource which the contract hides from somebody; empty if there are none."""
    plain = not (probe.how or probe.query or probe.lacks or probe.batch) and probe.asks is None
    places = [each for each in PLACE.findall(probe.operation.path) if each in probe.sources]
    if not plain or len(places) < 2 or not hides_something(model, probe):
        return ()
    *above, last = places
    inner, resources = probe.sources[last].partition(".")[0], model.policy.resources
    if last not in probe.personal and not _is_key(model, probe.sources[last], probe.shows):
        return ()
    return tuple(
        each
        for each in above
        if _is_key(model, probe.sources[each], resources)
        and probe.sources[each].partition(".")[0] != inner
    )


def _is_key(model: Model, source: str, among: Mapping[str, object]) -> bool:
    """Whether a source is the key of a resource that nobody owns."""
    name, _, path = source.partition(".")
    resource = model.policy.resources.get(name)
    return (
        resource is not None
        and name in among
        and resource.owner.kind == "none"
        and path == resource.key
    )


@dataclass(frozen=True)
class _Inner:
    """An object that is asked for: whose, which of theirs, and the places above it."""

    who: str | None
    turn: int
    above: Mapping[str, str]


@dataclass(frozen=True)
class _NestedOperation:
    """An operation on one object, and the places of its path that name tenants."""

    engine: Engine
    probe: Probe
    outer: tuple[str, ...]

    def run(self) -> None:
        """Asks for objects in different tenants as one viewer of each kind."""
        for inner in self._objects():
            lacking = [
                label
                for label, alike in self._kinds(inner)
                if not is_spent(self.engine.context.pace) and not self._ask(inner, alike)
            ]
            if lacking and not is_spent(self.engine.context.pace):
                self._lack(lacking)

    def _objects(self) -> list[_Inner]:
        """Objects that somebody was shown here, in different tenants."""
        engine, probe = self.engine, self.probe
        first, seen = engine.responses.first, engine.responses.seen
        found: list[tuple[str | None, int]] = [
            (who, first.get((probe.id, who), 0))
            for who in engine.identities.subjects()
            if probe.personal and engine.responses.has_page(probe, who)
        ]
        if not probe.personal:
            shown = (seen.get((probe.id, f"value {n}" if n else ""), {}) for n in range(_TURNS))
            found = [(None, turn) for turn, each in enumerate(shown) if any(each.values())]
        apart: dict[tuple[str, ...], _Inner] = {}
        for who, turn in found:
            filled = fill(probe, engine.target, engine.knowledge, who, turn=turn)
            if filled is not None and {*self.outer} <= filled.params.keys():
                above = {each: filled.params[each] for each in self.outer}
                apart.setdefault((*above.values(),), _Inner(who, turn, above))
        return [*apart.values()][:_OBJECTS]

    def _kinds(self, inner: _Inner) -> Iterator[tuple[str, list[str]]]:
        """Viewers of each kind to whom the contract hides something of the object that the
        operation is not known to show them, with the label of the kind."""
        engine, whose = self.engine, inner.who or NOBODY
        kinds: dict[Kind, list[str]] = {}
        for viewer in engine.identities.names():
            if viewer != inner.who:
                kinds.setdefault(engine.kind(viewer, whose), []).append(viewer)
        leaking = {
            (key.viewer, key.resource, key.field)
            for key, entry in engine.matrix.leaks()
            if (key.endpoint, entry.result) == (self.probe.id, Result.LEAK)
        }
        for alike in kinds.values():
            held = engine.identities.relations(alike[0], whose)
            label = engine.identities.label(held, alike[0], whose)
            hidden = {(label, *each) for each in self._hidden(alike[0], whose)}
            if hidden - leaking:
                yield label, alike

    def _hidden(self, viewer: str, whose: str) -> Iterator[tuple[str, str]]:
        """(resource, field) of what the contract may hide from a viewer. Of what nobody owns, only
        the object tells what they are to it."""
        engine, model = self.engine, self.engine.model
        for name, fields in self.probe.shows.items():
            is_owned = model.policy.resources[name].owner.kind != "none"
            for path in fields if is_owned is bool(whose) else ():
                if whose and engine.may_see(name, path, viewer, whose):
                    continue
                if whose or not is_open_to_members(model, name, path):
                    yield name, path

    def _ask(self, inner: _Inner, alike: list[str]) -> bool:
        """Asks as the viewer of a kind of whom most is known. Returns whether the kind is tested:
        also if its viewer belongs to the tenant of the object, below which it was asked for."""
        for viewer in alike:
            self._show_tenants(viewer)
        known = {viewer: self._certain(viewer) for viewer in alike}
        for viewer, own in known.items():
            if inner.above not in own and (others := [e for e in own if _is_other(e, inner)]):
                return self._ask_below(inner, viewer, others[:1])
        for viewer in alike:
            if others := [each for each in self._shown(viewer) if _is_other(each, inner)]:
                return self._ask_below(inner, viewer, others[:_GUESSES])
        return any(
            not _is_other(each, inner)
            for viewer in alike
            for each in (*known[viewer], *self._shown(viewer))
        )

    def _show_tenants(self, viewer: str) -> None:
        """Lets a viewer see the list of what the first place names."""
        resource = self.probe.sources[self.outer[0]].partition(".")[0]
        for each in self.engine.state.probes:
            if resource in each.shows and not each.sources and not each.batch:
                if is_spent(self.engine.context.pace):
                    return
                self.engine.put(each, viewer, None)

    def _certain(self, viewer: str) -> list[Mapping[str, str]]:
        """Tenants that own objects of a viewer, or lists of members, name."""
        engine, probe, at = self.engine, self.probe, self.outer[0]
        known = known_tenants(engine, probe.sources[at], viewer)
        found: list[Mapping[str, str]] = []
        if probe.personal:
            turn = engine.responses.first.get((probe.id, viewer), 0)
            filled = fill(probe, engine.target, engine.knowledge, viewer, turn=turn)
            params = filled.params if filled is not None else {}
            if engine.responses.has_page(probe, viewer) or params.get(at) in known:
                found += [{each: params[each] for each in self.outer}] if params else []
        found += [{at: each} for each in known]
        return found

    def _shown(self, viewer: str) -> list[Mapping[str, str]]:
        """Tenants that a viewer was shown."""
        at = self.outer[0]
        resource = self.probe.sources[at].partition(".")[0]
        keys = self.engine.knowledge.shown_keys.get((viewer, resource), ())
        return [{at: each} for each in keys]

    def _ask_below(self, inner: _Inner, viewer: str, others: list[Mapping[str, str]]) -> bool:
        asked = False
        for number, other in enumerate(others):
            for many in range(1, len(other) + 1):
                own = self.outer[:many]
                if other[own[-1]] == inner.above[own[-1]]:
                    continue  # as with the places before it
                way = self._way(inner, viewer, {each: other[each] for each in own}, number)
                self.engine.matrix.open(way)
                asked |= self.engine.put(way, viewer, inner.who, turn=inner.turn) is not None
        return asked

    def _way(self, inner: _Inner, viewer: str, own: Mapping[str, str], number: int) -> Probe:
        probe = self.probe
        named = ", ".join(f"{{{each}}}" for each in own)
        which = f" ({number + 1})" if number else ""
        way = probe.otherwise(
            HOW,
            endpoint=f"{probe.endpoint.path} with {named} of {viewer}{which}",
            fixed={**inner.above, **own},
        )
        left = {name: source for name, source in probe.sources.items() if name not in self.outer}
        return replace(way, sources=left, unfilled=(*probe.unfilled, *self.outer))

    def _lack(self, labels: list[str]) -> None:
        probe = self.probe
        kinds = " or ".join(f"`{each}`" for each in labels)
        self.engine.results.note_gap(
            f"{probe.endpoint.method} {probe.endpoint.path}",
            f"no caller who is {kinds} was asked below an own `{self.outer[0]}`, which the API may"
            " check in place of the object: none is known of theirs",
        )


def _is_other(tenant: Mapping[str, str], inner: _Inner) -> bool:
    """Whether an object is not in a tenant, as far as its places are known."""
    return any(value != inner.above[place] for place, value in tenant.items())
