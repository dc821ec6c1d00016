"""Walks a response: which objects it holds, who owns them, and which members may stay.

`project` cuts by the walk's result; the scanner and the pytest plugin compare by it. Recorded
traffic, which needs only the objects and the names of their fields, has a faster walk that must
find the same (`traffic.evaluation.cached_object_walk`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import repeat
from typing import NamedTuple

from oakum.authz.body_objects import Around, BodyObjects, MeantObject, Writing, child_steps, slot
from oakum.authz.compiled_model import Model, may_conceal
from oakum.authz.data_beside_objects import Hollow, Keep, Rows, Values, as_absent, is_left, whole
from oakum.authz.decide import all_settable, may_call, may_set_key, through
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.discriminators import Tag, tag_of
from oakum.authz.id_spelling import Spellings, identifier, looked_up_owners, spread
from oakum.authz.judgement import Judgement, KnownObject, Leaf, ObjectInstance, Outline, empty_once
from oakum.authz.objects_omitted_by_selection import LeftOut
from oakum.authz.owner_states import state_of
from oakum.authz.owners import owners_of, partly
from oakum.authz.place_rules import Masked, Spot, alike_parts, masked_leaves, unwritable
from oakum.authz.places import stated_resource
from oakum.authz.relations import compared_values, held_relations
from oakum.authz.stored_element_index import MapName
from oakum.authz.strict_json import MAX_DEPTH
from oakum.authz.table import Table
from oakum.authz.unexpected_types import Misfits, held_by, is_no_list, kind_of, matches, references
from oakum.authz.unions import keeps_kind, mixes, select_alternative
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import rest
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of

_UNSAID = object()
STRANGER = object()
"""In an outline, stands for any id about which nothing is known."""
_leaf = tuple.__new__
"""Constructs a `Leaf` without the overhead of its class; there is one for each scalar."""


_NOTHING = KnownObject()


class _Context(NamedTuple):
    owners: tuple[str, ...]
    """Owners of the enclosing object, for resources owned through their parent."""
    partly: bool = False
    """Whether the enclosing object may have further owners."""
    inside: bool = False
    """Whether there is an enclosing object."""
    passes: bool = False
    """Whether `call:` grants the caller the enclosing object."""
    around: tuple[Around, ...] = ()
    """Request bodies only: what is known of the objects that the enclosing one may be."""
    counts: bool = True
    """Request bodies only: whether everything around this place may be written."""
    page: bool = False
    """Responses only: whether the enclosing object is an ownerless one that counts others."""
    withheld: Pointer = ()
    """As in `ObjectInstance`."""


class _Verdict(NamedTuple):
    """What is known of an object, and the fields that the caller may see."""

    owners: tuple[str, ...]
    partly: bool
    relations: frozenset[str]
    state: Mapping[str, Json]
    bits: int
    masked: Masked
    passes: bool
    """Whether `call:` grants the caller this object."""
    around: tuple[Around, ...]
    """Request bodies only: the objects that it may be, as context of what is inside it."""
    keyed: bool
    """Request bodies only: whether nothing of it stays without its key."""


class Judge:
    """Judges one body of one operation for one principal."""

    def __init__(
        self,
        model: Model,
        principal: Principal,
        operation: str,
        params: Mapping[str, str],
        status: int = 200,
        writing: Subject | None = None,
        told: Mapping[Pointer, tuple[str, ...]] | None = None,
        known: Mapping[Pointer, KnownObject] | None = None,
        named: BodyObjects | None = None,
        *,
        chosen: frozenset[str] | None = None,
    ) -> None:
        """`writing`: the object that a request body will change; the body is then judged by `set`
        grants, and its own owner and state do not count. `named`: look-ups of the body's other
        objects. `told`: owners of objects that name none. `known`: what the scanner learnt of
        objects from other responses. `chosen`: as in `Call`."""
        self._model = model
        self._tables = model.tables if writing is None else model.settable
        self._principal = principal
        self._operation = operation
        self._params = params
        self._rule = model.rule(operation)
        self._writing = Writing(writing, principal.ids, named) if writing is not None else None
        self._unlike = writing.unlike if writing is not None else frozenset[str]()
        self.written: list[tuple[Table, Subject]] = []
        """Request bodies only: objects in the body, and the tables that judge them."""
        self.mapped = set[Pointer]()
        """Request bodies only: values of maps at places where objects of resources may stand."""
        self._told = told or {}
        self._known = known or {}
        if writing is not None:
            self._shown = model.sets.get(operation, ())
        else:
            # `shows` applies to success responses only; an error body is not a resource.
            self._shown = model.shown.get(operation, ()) if status < 300 else ()
        self.misfits = Misfits(model.bound, self._shown, self._conceals)
        """Values of another kind than declared where objects stand."""
        self._verdicts: dict[Outline, _Verdict] = {}
        self._members: dict[str, tuple[tuple[str, bool], ...]] = {}
        ids = {*principal.ids, *compared_values(model.policy, principal)}
        self._spellings = Spellings(ids)
        self._heard = {*params.values(), *ids, *looked_up_owners(principal)}
        self._refused = None if writing is None else unwritable
        known_as = model.operations.get(operation) if writing is not None else None
        self._keeps_kind = known_as is not None and keeps_kind(model, known_as)
        self._bare = Spot(None, self._refused)
        self._roots: dict[tuple[str, int, Masked, Shape | None], Spot] = {}
        self._resources: dict[Shape, str] = {}
        self._choices: dict[tuple[object, ...], Shape | None] = {}
        self._instances: list[ObjectInstance] = []
        self._unbound: list[Leaf] = []
        self._rows = Rows()
        self._untold = set[int]()
        self._any = LeftOut(model, principal, self._rule, chosen or frozenset())
        self._left_out = self._any if chosen is not None else None
        self._references: dict[tuple[Shape, str], bool] = {}
        self._lost = self._fields_lost = False

    def judge(self, value: Json, shape: Shape | None) -> Judgement:
        """Judges `value` by its declared `shape`; without a shape nothing is declared."""
        spot = Spot(shape, self._refused)
        keep: Keep
        if isinstance(value, dict | list):
            keep = self._visit(value, spot, (), _Context(()), self._unbound)
        else:
            keep = type(value) in spot.passes and not self._is_misfit(value, spot, ())
            keep = keep and not self._refers(value, spot, ())
            self._unbound.append(Leaf("", (), value, keep))
        rows, lost = self._rows, (self._lost, self._fields_lost, self._differs(value, spot))
        found, loose, untold = self._instances, self._unbound, self.misfits.met
        return Judgement(keep, found, loose, rows.gone, rows.pointers, self._untold, *lost, untold)

    def _differs(self, value: Json, spot: Spot) -> bool:
        if spot.shape is None and not self._shown:
            return False
        if self._is_misfit(value, spot, ()):
            return True
        if not isinstance(value, dict | list):
            return type(value) not in spot.passes
        bound = isinstance(value, dict) and (self._resource_at(()) or self._binding(spot.shape))
        return not bound and not self._may_hold(value, spot, ())

    def _visit(
        self,
        value: dict[str, Json] | list[Json],
        spot: Spot,
        at: Pointer,
        context: _Context,
        leaves: list[Leaf],
    ) -> Keep:
        """Judges a container outside every resource."""
        if spot.shape is None and self._writing is not None and not (self._shown or self._known):
            return False  # nothing below is declared or wanted
        met = self._rows.count
        if isinstance(value, dict):
            name = self._resource_at(at, spot.shape)
            if spot.shape is not None:
                picked = self._select_alternative(spot.shape, value)
                if picked is None and not name:
                    self._note_untold(value)
                    self._visit(value, spot.of(None), at, context, leaves)
                    self._rows.withhold(met, at)
                    return as_absent(False, null=spot.void and may_conceal(self._model, spot.shape))
                spot = spot.of(picked or spot.shape)
                name = name or self._binding(spot.shape)
            if name:
                keep = self._object(name, value, spot.shape, at, context)
                return as_absent(keep, null=spot.void and self._tables[name].resource.conceal)
        parts = self._parts(value, spot, at, context, leaves)
        if self._is_misfit(value, spot, at):
            self._rows.withhold(met, at)
            return False
        if isinstance(value, dict):
            for lacking in self._gaps(value, spot.shape, at):
                # Below the gap: what a GraphQL argument left there is no shown object.
                self._rows.meet((*lacking, "\0"), shown=False)
        return parts if self._may_hold(value, spot, at) else False

    def _is_misfit(self, value: Json, spot: Spot, at: Pointer) -> bool:
        """Whether a value in a response is of another kind than the objects that stand there."""
        return self._writing is None and self.misfits.is_one(
            value, spot.shape, at, inside=spot.inside
        )

    def _refers(self, value: Json, spot: Spot, at: Pointer) -> bool:
        """Whether a declared text or number may be a hidden object, in whose place it stands."""
        shape = spot.shape
        if shape is None or self._writing is not None:
            return False
        shown = self._resource_at(at)
        found = self._references.get((shape, shown))
        if found is None:
            resources = references(shape, self._model.bound, filter(None, [shown]))
            found = not all(map(self._any.shows, resources))
            self._references[shape, shown] = found
        if not found or not kind_of(value):
            return False
        self.misfits.met = True
        return True

    def _note_untold(self, value: dict[str, Json]) -> None:
        self._untold.add(id(value))
        self.misfits.met = self.misfits.met or bool(value)

    def _gaps(self, value: dict[str, Json], shape: Shape | None, at: Pointer) -> list[Pointer]:
        """Where the caller left out what may be a hidden object, so that no count is known to be
        true. Few queries select all fields of the root of GraphQL: of its own counts alone."""
        if self._left_out is None:
            return []
        ahead = (each for each in self.misfits.ahead(at) if each[0])
        lacking = self._left_out.hidden_objects(shape, ahead, value, at)
        if self._left_out.rule.graphql and len(at) < 2:
            self._fields_lost = self._fields_lost or bool(lacking)
            return []
        self._lost = self._lost or bool(lacking)
        return lacking

    def _parts(
        self,
        value: dict[str, Json] | list[Json],
        spot: Spot,
        at: Pointer,
        context: _Context,
        leaves: list[Leaf],
    ) -> dict[str, Keep]:
        """What stays of a container's children; its scalars are added to `leaves`."""
        keys: Iterable[str]
        children: Iterable[Json]
        spots: Iterable[Spot]
        if isinstance(value, dict):
            keys, children, spots = value, value.values(), map(spot.member, value)
        else:
            keys, children, spots = map(str, range(len(value))), value, repeat(spot.element())
        if self._writing is not None:
            keys = child_steps(value, spot.declares, at, self._shown)
        if len(at) >= MAX_DEPTH:
            return dict.fromkeys(keys, False)
        walk = self._field if spot.inside else self._visit
        if self._writing is not None and isinstance(value, list):
            alike = alike_parts(value, spot.element(), objects=bool(self._shown or self._known))
            if alike is not None:
                return dict(zip(keys, alike, strict=True))
            walk = walk if self._shown or self._known else empty_once(walk)
        rows = None if spot.inside or self._writing is not None else self._rows
        listed = isinstance(value, list)  # a string among objects may label them
        parts: dict[str, Keep] = Values() if self._is_map(value, spot, at) else {}
        for key, child, place in zip(keys, children, spots, strict=False):
            pointer = (*at, key)
            if key.__class__ is MapName and not self._replaces(child, place, pointer, context):
                parts[key] = False
            elif child.__class__ is dict or child.__class__ is list:
                row = rows.enter() if rows and self._is_row(value, spot, key, at) else None
                keep = walk(child, place, pointer, context, leaves)
                parts[key] = rows.leave(row, child, keep, pointer) if rows and row else keep
            elif child is None and self._is_gap(value, spot, place, pointer):
                shut = place.inside and not place.granted
                parts[key] = rows.lose(pointer) if rows else shut and place.instead
            else:
                allowed = child.__class__ in place.passes
                if not (allowed or self.misfits.texts) and child.__class__ is str:
                    allowed = place.in_cell
                if (self._shown or not allowed) and self._is_misfit(child, place, pointer):
                    allowed = False
                    if not place.inside:
                        self._rows.meet(pointer, shown=False)
                elif (
                    (allowed or (not self.misfits.texts and child.__class__ is str))
                    and not (listed or place.inside)
                    and self._refers(child, place, pointer)
                ):
                    allowed = False
                    self._rows.meet(pointer, shown=False)
                masked = place.partly and not allowed and place.fits(child, value)
                leaves.append(_leaf(Leaf, (place.path, pointer, child, allowed, masked)))
                parts[key] = allowed or masked or place.instead
        return parts

    def _replaces(self, child: Json, place: Spot, at: Pointer, context: _Context) -> bool:
        """Whether a value of a map in a request body may take the place of an object."""
        if self._writing is None:
            return True
        key = (place.shape, self._resource_at(at, place.shape))
        held = self._writing.held
        if key not in held:
            held[key] = held_by(key[0], self._model.bound, key[1])
        names = held[key]
        if names and (place.granted or not place.inside):
            self.mapped.add(at)
        if child.__class__ is dict or not names:
            return True
        resources = [self._tables[name].resource for name in names]
        return self._writing.replaces(resources, at, context.around, self._sets)

    def _sets(self, resource: Resource, meant: tuple[MeantObject, ...]) -> bool:
        table = self._tables[resource.name]
        self.written += [(table, each.subject) for each in meant]
        return bool(all_settable(self._model, self._principal, table, meant))

    def _is_gap(self, value: Json, spot: Spot, place: Spot, at: Pointer) -> bool:
        """Whether a `null` in a response is an element of a list or a map that hidden objects
        leave."""
        if self._writing is not None or not self._is_row(value, spot, at[-1], at[:-1]):
            return False
        return self.misfits.is_gap(place.shape, self._resource_at(at, place.shape))

    def _conceals(self, name: str) -> bool:
        return self._tables[name].resource.conceal and not self._any.shows(name)

    def _is_row(self, value: Json, spot: Spot, key: str, at: Pointer) -> bool:
        """Whether what is in a container is one of many: an element, or the value of a map."""
        if isinstance(value, list) or spot.declares(key):
            return isinstance(value, list)
        depth = len(at)
        return not any(
            len(path) > depth and path[depth] == key and matches(path, at)
            for path, _ in self._shown
        )

    def _is_map(self, value: dict[str, Json] | list[Json], spot: Spot, at: Pointer) -> bool:
        """Whether an object of a response is no object of a resource, and holds values of a map
        and nothing else."""
        if self._writing is not None or isinstance(value, list) or (spot.inside and not spot.path):
            return False
        maps = (spot.shape is not None and rest(spot.shape) is not None) or any(
            path[:1] == ("*",) for path, _ in self.misfits.ahead(at)
        )
        return maps and all(self._is_row(value, spot, key, at) for key in value)

    def _select_alternative(
        self, shape: Shape, value: dict[str, Json], *, inside: bool = False
    ) -> Shape | None:
        """`chosen`, cached by member names and discriminator."""
        if not shape.branches:
            return shape
        told = self._tag(shape)
        tag = value.get(told[0]) if told else None
        key = (shape, inside, tag if isinstance(tag, str) else None, *value)
        if key not in self._choices:
            model = self._model
            unlike = self._unlike if not inside else frozenset[str]()
            found = select_alternative(
                shape, value, model.bound, model.known, told, inside=inside, unlike=unlike
            )
            if self._keeps_kind and mixes(shape, model.bound):
                found = found if found is not None and resource_of(found, model.bound) else None
            self._choices[key] = found
        return self._choices[key]

    def _tag(self, shape: Shape) -> Tag | None:
        """The tag of a union. What a body only says of itself tells no alternative apart unless the
        document says that it does."""
        return tag_of(shape) if self._writing is None else shape.discriminator

    def _may_hold(self, value: dict[str, Json] | list[Json], spot: Spot, at: Pointer) -> bool:
        """Whether a container is allowed here: declared, or on a path that `shows` names."""
        kind = "array" if isinstance(value, list) else "object"
        return kind in spot.container or any(
            len(segments) > len(at) and matches(segments, at) for segments, _ in self._shown
        )

    def _binding(self, shape: Shape | None) -> str:
        """The resource that a shape is bound to; empty if none."""
        if shape is None:
            return ""
        found = self._resources.get(shape)
        if found is None:
            found = self._resources[shape] = resource_of(shape, self._model.bound)
        return found

    def _resource_at(self, at: Pointer, shape: Shape | None = None) -> str:
        if self._known and (found := self._known.get(at, _NOTHING).resource):
            return found
        for segments, resource in self._shown:
            if len(segments) == len(at) and matches(segments, at):
                return stated_resource(resource, shape, self._model.bound)
        return ""

    # ------------------------------------------------------------ inside a resource

    def _object(
        self, name: str, value: dict[str, Json], shape: Shape | None, at: Pointer, context: _Context
    ) -> Keep:
        table = self._tables[name]
        outline = self._outline(name, value, at, context)
        verdict = self._verdicts.get(outline) if outline is not None else None
        if verdict is None:
            verdict = self._verdict(name, value, at, context)
            if outline is not None:
                self._verdicts[outline] = verdict
        owners, lacking, relations, state, bits, masked, passes, around, keyed = verdict
        if outline is not None:
            if STRANGER in outline:
                owners = self._owners(name, value, context)
            outline = (outline, owners)
        leaves: list[Leaf] = []
        root = self._roots.get((name, bits, masked, shape))
        if root is None:
            root = Spot(shape, self._refused, table, bits, masked=masked)
            self._roots[name, bits, masked, shape] = root
        outermost = not context.inside and table.resource.owner.kind == "none"
        page = bool(self._left_out and self._left_out.counts_below(at, deep=outermost))
        inner = _Context(owners, lacking, True, passes, page=page, withheld=context.withheld)
        if page:
            self._gaps(value, shape, at)
        if around:
            moved = tuple(each.at_place(at) for each in around)
            inner = inner._replace(around=moved, counts=context.counts and bits != 0)
        keep = self._parts(value, root, at, inner, leaves)
        said = (name, at, owners, relations, state, tuple(leaves), value, outline, lacking, passes)
        self._instances.append(ObjectInstance(*said, context.withheld))
        lost = keyed and not whole(keep.get(table.resource.key.partition(".")[0], True))
        stays: Keep = keep if (bits or masked) and not lost else False
        if self._writing is not None:
            return stays
        left = is_left(value, stays)
        if not context.inside:
            self._rows.meet(at, shown=left)
        return stays if left or not isinstance(stays, dict) else Hollow(stays)

    def _outline(
        self, name: str, value: dict[str, Json], at: Pointer, context: _Context
    ) -> Outline | None:
        """Everything that an object's verdict depends on; None if that includes containers."""
        if self._told or self._known:
            return None
        said: list[Hashable] = [name, *context[:4]]
        if self._writing is not None:
            said += (context.counts, slot(at), *(each.outline(at) for each in context.around))
        for member, names in self._deciding_members(name):
            each = value.get(member, _UNSAID)
            if isinstance(each, dict | list):
                return None
            if names and self._is_stranger(each):
                each = STRANGER
            # the type matters, since `1`, `1.0` and `true` compare equal
            said += (each.__class__, each)
        return tuple(said)

    def _is_stranger(self, said: object) -> bool:
        """Whether a value is an id about which nothing is known, in any spelling; all such ids are
        equivalent."""
        if said.__class__ is not str and said.__class__ is not int:
            return False
        if self._writing is not None or identifier(said) is None:
            return False
        text = str(said)
        return text not in self._heard and not any(map(self._spellings.may_hold, spread(text)))

    def _deciding_members(self, name: str) -> tuple[tuple[str, bool], ...]:
        """Members that may name owner, related caller or state; True for those that only hold
        ids."""
        found = self._members.get(name)
        if found is None:
            resource = self._tables[name].resource
            paths = [*resource.owner.members]
            paths += [state.member for state in resource.states.values()]
            paths += [relation.member for relation in self._model.policy.relations.values()]
            paths += [resource.key] if self._writing is not None else []
            first = dict.fromkeys(path.partition(".")[0] for path in paths if path)
            states = {each.member.partition(".")[0] for each in resource.states.values()}
            found = tuple((member, member not in states) for member in first)
            self._members[name] = found
        return found

    def _verdict(
        self, name: str, value: dict[str, Json], at: Pointer, context: _Context
    ) -> _Verdict:
        table = self._tables[name]
        known = self._known.get(at, _NOTHING)
        owned = table.resource.owner.kind != "none"
        around: tuple[Around, ...] = ()
        meant: tuple[MeantObject, ...] = ()
        if self._writing is not None:
            counts, caller = context.counts, (self._model, self._principal, table)
            meant, around = self._writing.of(
                table.resource, value, at, context.around, counts=counts,
                sets_key=lambda subject: may_set_key(*caller, subject),
            )  # fmt: skip
            subject, owners = meant[0].subject, meant[0].subject.owners
            self.written += [(table, each.subject) for each in meant if counts]
        else:
            owners = self._owners(name, value, context)
            if owned and not owners:
                owners = self._told.get(at, ())
            owners = known.owners or owners
            of = table.resource.owner
            lacking = context.partly if of.kind == "parent" else partly(of, value)
            lacking = lacking and not known.owners
            subject = Subject(
                name, owners, value, owned, lacking, named=known.named,
                chosen=self._left_out is not None,
            )  # fmt: skip
        relations = held_relations(self._model.policy, self._principal, subject)
        state = state_of(self._model.policy, table.resource, self._principal, subject)
        state.update(known.states)
        # An ownerless object may be seen by whoever may see the object around it.
        passes = (not owned and context.passes) or self._passes(relations)
        bits = table.see(relations, state) if passes else 0
        reads = passes and self._writing is None
        masked = masked_leaves(self._model, name, relations, state, bits) if reads else ()
        if self._writing is not None:
            other = self._writing.differs(table.resource, value, at, context.around)
            bits = 0 if other else all_settable(self._model, self._principal, table, meant)
        keyed = any(each.keyed for each in meant)
        return _Verdict(
            owners, subject.partly, relations, state, bits, masked, passes, around, keyed
        )

    def _owners(self, name: str, value: dict[str, Json], context: _Context) -> tuple[str, ...]:
        return owners_of(
            self._tables[name].resource.owner, value, self._rule, self._params,
            self._principal.ids, context.owners, inside=context.inside,
        )  # fmt: skip

    def _passes(self, relations: frozenset[str]) -> bool:
        """Whether `call:` grants the object: by the owner in the path if there is one, otherwise by
        its own owner.

        Without `call:` the endpoint was decided before, and the object's fields follow their own
        rules.
        """
        if self._rule.call is None or self._writing is not None:
            return True
        if self._rule.owner in self._params:
            return may_call(self._model, self._principal, self._operation, self._params)
        return through(self._model, self._operation, relations, bool(self._principal.ids))

    def _field(
        self,
        value: dict[str, Json] | list[Json],
        spot: Spot,
        at: Pointer,
        context: _Context,
        leaves: list[Leaf],
    ) -> Keep:
        """Judges a container inside a resource's object."""
        here = spot
        if not spot.granted:
            context = context._replace(counts=False, withheld=context.withheld or at)
        if isinstance(value, dict):
            inner = self._resource_at(at, spot.shape)
            if spot.shape is not None:
                # Do not read a list of objects as a map: the fields of its objects would pass as
                # values of a map of scalars.
                other = "object" in self.misfits.kinds(spot.shape, at)
                picked = None if other else self._select_alternative(spot.shape, value, inside=True)
                if picked is None and not inner:
                    self._note_untold(value)
                    self._visit(value, self._bare, at, context, self._unbound)
                    null = spot.void and may_conceal(self._model, spot.shape)
                    return as_absent(spot.instead, null=null)
                here = spot.of(picked or spot.shape)
                inner = inner or self._binding(here.shape)
            if inner:
                keep = self._object(inner, value, here.shape, at, context)
                keep = as_absent(keep, null=spot.void and self._tables[inner].resource.conceal)
                return keep if spot.granted else spot.instead
            if context.page or (self._left_out and self._left_out.counts_below(at)):
                context = context._replace(page=True)
                self._gaps(value, here.shape, at)
        if not value:
            whole = spot.whole and not spot.takes_away(type(value))
            masked = not spot.whole and spot.fits(value)
            leaves.append(Leaf(spot.path, at, value, whole, masked))
            return whole or masked or spot.instead
        parts = self._parts(value, here, at, context, leaves)
        granted = spot.granted and (isinstance(value, dict) or spot.lists)
        misfit = self._is_misfit(value, spot, at)
        if self._writing is None and isinstance(value, dict):
            misfit = misfit or is_no_list(value, spot.shape)
        return parts if granted and not misfit else spot.instead
