"""Embedded objects that one contract judges by the lines of their own resource, and the other by
those of the enclosing object.

A resource that goes, or a schema that is called otherwise in the new document, leaves its objects
to the line of the member that holds them: whoever may see that member sees all that is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.authz.compiled_model import Model
from oakum.contract_diff.compare import lets_in
from oakum.contract_diff.contract_wide_changes import OutsideChange
from oakum.contract_diff.endpoint_places import (
    DeclaredEndpoint,
    DeclaredEndpoints,
    DeclaredPaths,
)
from oakum.guard.compiled.compiled_contract import CompiledContract

_Place = tuple[bool, str, str, str]
"""(in a request body, enclosing resource, path in it, resource of the embedded object)."""


def find_embedded_checks(
    old: CompiledContract,
    new: CompiledContract,
    names: Mapping[str, str],
    sides: tuple[DeclaredEndpoints, DeclaredEndpoints],
) -> Iterator[OutsideChange]:
    """Embedded objects that only one of two contracts judges by their own resource. `names`: old →
    new name of renamed resources; `sides`: the declared endpoints of each contract."""
    found: dict[tuple[_Place, bool, str], list[DeclaredEndpoint]] = {}
    for key, now in sides[1].items():
        was = sides[0].get(key)
        if was is None or not (was.granted and now.granted):
            continue
        for sent in (False, True):
            before = _rename_resources(was.takes if sent else was.shows, names)
            after = _rename_resources(now.takes if sent else now.shows, {})
            for model, here, there, wide in (
                (new.model, before, after, True),
                (old.model, after, before, False),
            ):
                back = {} if wide else {name: each for each, name in names.items()}
                for place, instead in _alone(here, there, sent):
                    _, around, path, _ = place
                    if _is_open(model, back.get(around, around), path, sent):
                        found.setdefault((place, wide, instead), []).append(now)
    for (place, wide, instead), endpoints in found.items():
        if wide or not instead:  # otherwise the reverse comparison reports it
            yield _term(new, place, instead, endpoints, wide=wide)


_Held = Mapping[str, Mapping[str, frozenset[str]]]
"""Resource → path of an embedded object → its resources."""


def _rename_resources(shown: Mapping[str, DeclaredPaths], names: Mapping[str, str]) -> _Held:
    return {
        names.get(name, name): {
            path: frozenset(names.get(one, one) for one in those)
            for path, those in each.embedded.items()
        }
        for name, each in shown.items()
    }


def _alone(here: _Held, there: _Held, sent: bool) -> Iterator[tuple[_Place, str]]:
    """Places of objects that only one contract judges as such, and what the other judges them as;
    empty: as a part of the object around."""
    for around, own in here.items():
        if (other := there.get(around)) is None:
            continue
        for path, those in own.items():
            judged = other.get(path, frozenset())
            for one in sorted(those - judged):
                yield (sent, around, path, one), ", ".join(f"`{e}`" for e in sorted(judged - those))


def _is_open(model: Model, around: str, path: str, sent: bool) -> bool:
    """Whether anybody may see or set what stands there, by the lines of the object around."""
    table = (model.settable if sent else model.tables).get(around)
    if table is None:
        return False
    inside = lets_in(table, path)
    return any(bits & inside for bits in table.sets)


def _term(
    new: CompiledContract,
    place: _Place,
    instead: str,
    endpoints: list[DeclaredEndpoint],
    *,
    wide: bool,
) -> OutsideChange:
    sent, around, path, one = place
    where = f"`{path}` of `{around}`" + (" in request bodies" if sent else "")
    if instead:
        said = f"{where} is judged as {instead}, no longer as `{one}`"
    elif wide:
        who = "set" if sent else "see"
        said = f"{where} is no longer judged as `{one}`: whoever may {who} it may {who} all of it"
    else:
        said = f"{where} is now judged as `{one}`"
    called = tuple(dict.fromkeys(each.name for each in endpoints))
    location = new.policy.resources[around].location
    return OutsideChange(wide, not wide or bool(instead), said, around, called, location)
