"""Values of known objects that one viewer may not see: what filters are asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from oakum.authz.compiled_model import is_withheld
from oakum.authz.member_paths import key_in
from oakum.authz.table import allows, deciding_states
from oakum.exchange import Response
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.relation_fields import is_one_of_many
from oakum.exposure.response_reader import is_success
from oakum.exposure.values.knowledge import canonical, says_nothing
from oakum.scan.engine import Engine, Kind
from oakum.scan.requests.builder import FilledRequest, fill


@dataclass(frozen=True)
class HiddenValue:
    """An owner's value that one viewer may not see."""

    resource: str
    field: str
    owner: str
    viewer: str | None
    label: str
    value: str
    key: str = ""
    """Key of its object, if the owner may have several with states of their own, or if it has no
    owner."""
    seen: tuple[tuple[str, str], ...] = ()
    """(field, value) pairs of an ownerless object that the viewer is shown."""


def hidden_fields(engine: Engine, whose: str = "") -> Iterator[HiddenValue]:
    """Each denied (field, kind of viewer) once, with an owner whose value is known; without those
    already shown or reported. `whose`: this owner only."""
    matrix = engine.matrix
    shown = {(key.resource, key.field, key.viewer) for key, _ in matrix.leaks()}
    shown |= {(each.resource, each.field, each.viewer) for each in engine.results.signals}
    done: set[tuple[str, str, Kind]] = set()
    for (owner, resource, field), values in engine.knowledge.own.items():
        if owner not in engine.identities.ids or whose not in ("", owner):
            continue
        for viewer in engine.watchers(owner):
            kind = engine.kind(viewer, owner)
            place = (resource, field, kind)
            if (resource, field, kind.label) in shown or place in done:
                continue
            value, key = _denied_value(engine, (owner, resource, field), values, viewer)
            if not says_nothing(value):
                done.add(place)
                yield HiddenValue(resource, field, owner, viewer, kind.label, value, key)


def _denied_value(
    engine: Engine, place: tuple[str, str, str], values: Collection[str], viewer: str | None
) -> tuple[str, str]:
    """(value, key of its object): an owner's value that the viewer may not see, in any object of
    the owner if there is such a value, else in this one: who wrote an anonymous post is no secret
    elsewhere."""
    owner, resource, field = place
    each = engine.model.policy.resources[resource]
    deciders = set(deciding_states(engine.model.tables[resource], field))
    own = {name for name, state in each.states.items() if state.member} & deciders
    if not own or not is_one_of_many(engine.model, each):
        sees = engine.evaluator.may_see
        # An object may name the viewer in a relation that shows them the field.
        hidden = [text for text in values if not sees(viewer, owner, resource, field, text)]
        return (min(hidden, default=""), "")
    held = engine.held_relations(viewer, owner)
    general = engine.matrix.state(resource, owner)
    denied: dict[str, str] = {}
    seen: set[str] = set()
    for row in engine.knowledge.objects.get((owner, resource), ()):
        known = engine.knowledge.states_of(owner, resource, row.get(each.key, ""))
        state = {**general, **known}
        hides = own <= known.keys() and not allows(
            engine.model.tables[resource], field, held, state
        )
        if hides and field in row:
            denied[row[field]] = row[each.key]
        elif field in row:
            seen.add(row[field])
    value = min(denied.keys() - seen, default="") or min(denied, default="")
    return value, denied.get(value, "")


def hidden_in_list(engine: Engine, probe: Probe) -> Iterator[HiddenValue]:
    """Values of ownerless objects in a list, which is requested again: each field once that the
    contract hides from a viewer and that somebody else was shown."""
    policy, done = engine.model.policy, set[tuple[str, str, str]]()
    nobodys = {name for name in probe.shows if policy.resources[name].owner.kind == "none"}
    names = {
        name for name in nobodys if policy.resources[name].key and is_withheld(engine.model, name)
    }
    filled = fill(probe, engine.target, engine.knowledge, None) if names else None
    done |= {(key.resource, key.field, key.viewer) for key, _ in engine.matrix.leaks()}
    for viewer in (None, *engine.identities.names()):
        form = engine.responses.forms.get((probe.id, viewer, None))
        if filled is None or form is None or not is_success(form[0]):
            continue
        answer = engine.send(probe, viewer, filled)
        for each in _hidden_in(engine, probe, viewer, filled, answer, names):
            if (place := (each.resource, each.field, each.label)) not in done:
                done.add(place)
                yield each


def _hidden_in(
    engine: Engine, probe: Probe, viewer: str | None, filled: FilledRequest, answer: Response,
    names: Collection[str],
) -> Iterator[HiddenValue]:  # fmt: skip
    """What an answer does not show of the objects in it."""
    shown = engine.judge_response(probe, viewer, (), filled, answer)
    reading, untold = shown.reading, shown.judgement.untold
    for each in shown.instances:
        table = engine.model.tables[each.resource]
        unsure = each.pointer in reading.weak or reading.unread.get(each.pointer)
        if each.resource not in names or unsure or id(each.value) in untold:
            continue
        key = key_in(each.value, table.resource.key)
        seen = {
            leaf.path: canonical(leaf.value)
            for leaf in each.leaves
            if leaf.allowed and not isinstance(leaf.value, dict | list)
        }
        label = engine.identities.label(each.held, viewer, NOBODY)
        for path, value in _values(engine, each.resource, key):
            hides = not (
                allows(table, path, each.held, each.state)
                or reading.may_be_granted(engine.model, each, path)
            )
            if key and hides and value not in seen.values():
                yield HiddenValue(
                    each.resource, path, NOBODY, viewer, label, value, key, tuple(seen.items())
                )


def _values(engine: Engine, resource: str, key: str) -> Iterator[tuple[str, str]]:
    """(field, value) of an ownerless object, for fields in which all viewers were shown the
    same."""
    member = engine.model.policy.resources[resource].key
    found: dict[str, set[str]] = {}
    for row in engine.knowledge.objects.get((NOBODY, resource), ()):
        for path, value in row.items() if row.get(member) == key else ():
            found.setdefault(path, set()).add(value)
    for path, values in found.items():
        if (
            len(values) == 1
            and path in engine.model.tables[resource].leaves
            and not says_nothing(min(values))
        ):
            yield path, min(values)
