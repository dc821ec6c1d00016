"""Renders a contract as the JSON plan that `lua/project.lua` interprets.

The plan is what `authz.judge` decides, computed once for each place that the schemas declare. A
node is a place in a response (its shape, its table and field, the rest of the paths in `shows`),
and what the judge does with each kind of value. Recursive shapes become cycles: a plan is finite.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from oakum.authz import Model
from oakum.authz.claim_paths import claim_path
from oakum.authz.complete_lists import ListPlace
from oakum.authz.content_disposition import tells_hidden
from oakum.authz.csv_projection import said_columns
from oakum.authz.data_outside_objects import account, asks
from oakum.authz.declared_media import distinct, split
from oakum.authz.discriminators import alternative_by_tag, objects_of, tag_of
from oakum.authz.objects_omitted_by_selection import members_with_objects
from oakum.authz.owner_states import digit
from oakum.authz.project import counts_kind
from oakum.authz.table import Table, Trie
from oakum.authz.unexpected_types import SCALARS, in_cell
from oakum.authz.unions import all_of, declares, keeps_kind, mixes, nobodys
from oakum.guard.audit_counts import audit_name
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.enforcement_plan import LookupPlan, kind_of
from oakum.guard.compiled.field_selection import NAMES, PLAIN_PREFERENCES
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.lookup_selection import TENANTS, LookupSelection
from oakum.guard.compiled.relation_lookup_invalidation import mark
from oakum.guard.compiled.write_targets import Target
from oakum.guard.engine_protocol import RenderedPlan
from oakum.guard.plan import planned_places as places
from oakum.guard.plan.ambiguous_paths import rivals, shut, turn
from oakum.guard.plan.concealed_objects import SharedParts, plan_hidden
from oakum.guard.plan.deduplicated_automata import Automata
from oakum.guard.plan.engine_settings import caller, passing_parameters, settings
from oakum.guard.plan.planned_places import Ahead
from oakum.guard.plan.planned_places import PlannedPlace as _Place
from oakum.guard.plan.scalar_types import bits_of, removals, scalar
from oakum.guard.plan.write_targets import PlannedTargets, parts_of, passing_set, settable_parts
from oakum.guard.projection import nullable
from oakum.http.json_pointer import path_of
from oakum.openapi.model import ClosedOperation, Json, Media, Shape
from oakum.openapi.name_pattern_classes import NameTest
from oakum.openapi.shape_queries import (
    classes_of,
    element,
    is_null_if_empty,
    member_names,
    of_class,
    read_only,
    rest,
    solid,
    tells_by_name,
    write_only,
)
from oakum.openapi.shape_walk import reachable
from oakum.policy.model import Policy, Relation, State
from oakum.policy.resource_schemas import resource_of
from oakum.routing.nested_parameters import plan_nested
from oakum.routing.tenant_words import is_tenants_key

VERSION = 1
_ASK = ("operation", "path", "query", "page", "counts", "method")


def render_plan(compiled: CompiledContract, folder: Path) -> RenderedPlan:
    """The plan of a contract; `folder` is the base of the file names in `guard:`.

    Raises `InputError` when such a file cannot be read.
    """
    data = _Renderer(compiled.model, compiled.lookups, compiled.document.closed).plan(folder)
    text = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    data["contract"] = hashlib.sha256(text).hexdigest()[:16]
    return RenderedPlan(data, orjson.dumps(data).decode())


@dataclass
class _Renderer:
    model: Model
    lookups: LookupPlan
    closed: Sequence[ClosedOperation] = ()
    nodes: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    """Node 0 removes everything."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    unions: list[dict[str, Any]] = field(default_factory=list)
    automata: Automata = field(default_factory=Automata)
    shared: SharedParts = field(default_factory=SharedParts)
    writing: bool = False
    keeps_kind: bool = False
    _known: dict[object, int] = field(default_factory=dict)
    _keys: dict[Shape, object] = field(default_factory=dict)
    _led: dict[object, bool] = field(default_factory=dict)
    """Shape → whether it leads to a resource."""
    _kept: list[object] = field(default_factory=list)
    """Keeps every object whose `id` is a key of `_known` alive, so that no id is reused."""
    _todo: list[tuple[int, _Place]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.relations = {name: i for i, name in enumerate(self.policy.relations)}
        self.resources = {name: i for i, name in enumerate(self.policy.resources)}
        self.limits = {each.name: i for i, each in enumerate(self.policy.limits)}
        self.endpoints = {id: index for index, id in enumerate(self.lookups.endpoints)}
        self.targets = PlannedTargets(self.model, self.endpoints, self.resources, self._read)

    @property
    def policy(self) -> Policy:
        return self.model.policy

    # ------------------------------------------------------------ the whole

    def plan(self, folder: Path) -> dict[str, Any]:
        endpoints = [self._endpoint(endpoint) for endpoint in self.lookups.endpoints.values()]
        reading = [self._table(table, writing=False) for table in self.model.tables.values()]
        setting = [self._table(table, writing=True) for table in self.model.settable.values()]
        return {
            "version": VERSION,
            "relations": [self._relation(each) for each in self.policy.relations.values()],
            "asks": [
                {
                    **{name: getattr(ask, name) for name in _ASK},
                    **self._filled_from(ask.operation),
                    "mark": mark(ask.operation),
                }
                for ask in self.lookups.asks
            ],
            "states": {
                path: {"ask": ask, **self._home(path, at)}
                for path, (ask, at) in self.lookups.states.items()
            },
            "tables": [*reading, *setting],
            "nodes": self.nodes,
            "bodies": self.bodies,
            "unions": self.unions,
            "endpoints": endpoints,
            "shut": shut(self.model, self.lookups, self.closed),
            "rivals": list(rivals(self.lookups, self.automata)),
            "automata": self.automata.rows,
            "shared": self.shared.values,
            "caller": caller(self.policy.caller, self.lookups.whoami),
            "credentials": [
                {**vars(each), "tenant": is_tenants_key(each.where, each.name)}
                for each in self.lookups.credentials
            ],
            "limits": [
                {"name": each.name, "kind": each.kind, "most": each.most, "per": each.per}
                for each in self.policy.limits
            ],
            "tenants": sorted(TENANTS),
            "choices": sorted(NAMES),
            "preferences": sorted(PLAIN_PREFERENCES),
            "guard": settings(self.policy.guard, folder),
        }

    def _relation(self, relation: Relation) -> dict[str, Any]:
        place = self.lookups.places.get(relation.name, ListPlace())
        return {
            "name": relation.name,
            "kind": relation.kind,
            "claim": list(claim_path(relation.claim)) if relation.claim else None,
            "has": None if relation.has is None else scalar(relation.has),
            "member": relation.member.split(".") if relation.member else None,
            "ask": self.lookups.relations.get(relation.name),
            "pointer": path_of(relation.pointer),
            **places.around_a_list(place),
            "of": relation.of,
            "unless": [self.relations[name] for name in relation.unless],
            "kinds": sorted(self.policy.kinds(relation.name)),
            "requires": [self.relations[name] for name in relation.requires],
        }

    def _table(self, table: Table, *, writing: bool) -> dict[str, Any]:
        owner = table.resource.owner
        return {
            "name": table.resource.name,
            "conceal": table.resource.conceal,
            "key": table.resource.key.split(".") if table.resource.key else [],
            "account": table.resource.is_account,
            "owner": owner.kind,
            "paths": [path.split(".") for path in owner.members if owner.kind == "field"],
            "params": owner.members if owner.kind == "path" else [],
            "relations": [self.relations[name] for name in table.relations],
            "states": [self._state(table.resource.name, state) for state in table.states],
            "stride": table.stride,
            "rows": table.rows,
            "zero": [index for index, bits in enumerate(table.sets) if not bits],
            "certain": [index for index, bits in enumerate(table.sets) if table.of_every(bits)],
            "limit": self.limits.get(table.resource.name),
            "writing": writing,
            **(settable_parts(table) if writing else {}),
        }

    def _state(self, resource: str, state: State) -> dict[str, Any]:
        return {
            "name": state.name,
            "values": [scalar(value) for value in state.values],
            "member": state.member.split(".") if state.member else None,
            "far": state.of or f"{resource}.{state.name}",
            "elsewhere": bool(state.of),
            "accounts": f"{resource}.{state.name}" in self.policy.read_elsewhere,
            "missing": len(state.values) if state.missing is None else digit(state, state.missing),
        }

    def _home(self, path: str, at: tuple[str, ...]) -> dict[str, Any]:
        home = self.lookups.homes[path]
        member = at[len(home.pointer) :]
        return {
            "home": home.pointer,
            "at": member,
            "owners": home.owners,
            "names": sorted(home.names),
            "copies": home.copies,
        }

    def _endpoint(self, endpoint: GrantedEndpoint) -> dict[str, Any]:
        operation, rule = endpoint.operation, self.model.rule(endpoint.operation.id)
        return {
            "id": operation.id,
            "method": operation.method,
            "segments": endpoint.segments,
            "turn": turn(self.lookups, operation),
            "anonymous": self.model.operations[operation.id].anonymous,
            "public": operation.anonymous,
            "write": endpoint.write,
            "conceals": endpoint.conceals,
            "headless": endpoint.headless,
            **self.shared.plan(plan_hidden(endpoint, self.endpoints, self.resources)),
            "ahead": endpoint.preflight,
            "call": None if rule.call is None else [self.relations[name] for name in rule.call],
            "owner": rule.owner,
            "asks": asks(self.model, operation.id),
            "account": account(self.model, operation.id),
            "texts": {name: self.automata.index(made) for name, made in endpoint.texts.items()},
            "query": endpoint.query,
            "lists": sorted(endpoint.lists),
            "nested": plan_nested(endpoint.nested),
            "caps": dict(rule.at_most),
            "form": endpoint.form.plan if endpoint.form else None,
            "parts": endpoint.parts.plan if endpoint.parts else None,
            **passing_parameters(operation),
            **self._filled_from(operation.id),
            "ends": list(map(mark, self.lookups.ends.get(operation.id, ()))),
            **self.targets.checks(endpoint.checks),
            "binds": bool(endpoint.binds),
            **self.targets.plan_body(operation.id),
            "graphql": bool(rule.graphql),
            "picks": endpoint.choices.plan,
            "accept": self._accept(endpoint),
            "answers": self._answers(endpoint),
            "counts": counts_kind(rule.counts) or False,
            "login": path_of(rule.login),
        }

    def _filled_from(self, operation: str) -> dict[str, Any]:
        said = self.lookups.selections.get(operation, LookupSelection())
        return {"selects": said.plan, "around": self.model.operations[operation].around}

    def _accept(self, endpoint: GrantedEndpoint) -> dict[str, Any] | None:
        if not endpoint.operation.body:
            return None
        self._settle()
        self.writing, self.keeps_kind = True, keeps_kind(self.model, endpoint.operation)
        ahead = self.model.sets.get(endpoint.operation.id, ())
        found: dict[str, Any] = {}
        for name, media in distinct(endpoint.operation.body).items():
            read = kind_of(media) == "json" or endpoint.resource_form(split(name)[0])
            judged = read and name not in endpoint.checks.unjudged
            found[name] = self._node(_Place(media.shape, ahead)) if judged else None
        self._settle()
        self.writing = self.keeps_kind = False
        return found

    def _answers(self, endpoint: GrantedEndpoint) -> dict[str, Any]:
        id = endpoint.operation.id
        counts = tuple((path_of(each), "#") for each in self.model.rule(id).counts)
        good: Ahead = (*counts, *self.model.shown.get(id, ()))
        found: dict[str, Any] = {}
        for status, answers in endpoint.operation.responses.items():
            found[status] = {}
            for name, media in distinct(answers).items():
                kind, shape = kind_of(media), media.shape
                if kind in ("ndjson", "sse") and shape is not None:
                    shape = element(shape) or shape
                node = self._node(_Place(shape, good)) if kind else 0
                error = self._node(_Place(shape, counts)) if kind else 0
                found[status][name] = {"kind": kind, "node": node, "error": error}
                each = element(shape) if kind == "csv" and shape is not None else None
                if each is not None:
                    said = said_columns(self.model, id, each)
                    found[status][name] |= {"columns": member_names(each), "says": said}
                if kind:
                    hides = tells_hidden(self.model, id, media)
                    found[status][name] |= {"hides": hides, "null": nullable(media)}
        self._settle()
        return found

    def _read(self, target: Target, media: Media) -> int:
        """The node of an answer that a look-up reads, which tells the type of what is in it."""
        return self._node(_Place(media.shape, self.model.shown.get(target.operation, ())))

    def _settle(self) -> None:
        """Compiles all places that were reached, until no new one appears."""
        while self._todo:
            index, place = self._todo.pop()
            self.nodes[index] = self._inside(place) if place.inside else self._outside(place)

    def _node(self, place: _Place) -> int:
        if place.shape is not None and not (place.inside or self.writing):
            # A write-only schema is never part of a response.
            place = replace(place, shape=None if write_only(place.shape) else place.shape)
        if place.inside and self._is_refused(place.shape):
            return 0
        if place.inside and place.trie is None and not place.ahead and not self._seen_below(place):
            return 0
        if not place.inside and place.shape is None and not place.ahead:
            return 0
        return self._index(
            "node", place, self.nodes, lambda index: self._todo.append((index, place))
        )

    def _index(self, what: str, place: _Place, rows: list[dict[str, Any]], then: Any) -> int:
        key = (
            what,
            (self.writing, self.keeps_kind),
            self._shape_key(place.shape),
            place.ahead,
            place.table,
            place.inside,
            place.page,
            place.void,
            place.gaps,
            self._trie_key(place.trie),
            # Inside the lines of a resource the name in the audit follows from the trie alone.
            place.path if place.trie is None else "",
        )
        if key not in self._known:
            self._kept.append(place)
            self._known[key] = len(rows)
            rows.append({})
            then(len(rows) - 1)
        return self._known[key]

    def _seen_below(self, place: _Place) -> bool:
        """Whether a resource may occur at or below this place: it counts as removed though cut."""
        if place.shape is None or self.writing:
            return False
        key = self._shape_key(place.shape)
        if key not in self._led:
            every = reachable([place.shape])
            self._led[key] = any(resource_of(each, self.model.bound) for each in every)
        return self._led[key]

    def _shape_key(self, shape: Shape | None) -> object:
        if shape is None:
            return None
        if shape not in self._keys:
            own = shape.pointer or shape.properties or shape.items or shape.extra
            branches = () if own else shape.branches
            key = (shape.names, *(self._shape_key(branch()) for branch in branches))
            self._keys[shape] = key if branches else id(shape)
        return self._keys[shape]

    def _trie_key(self, trie: Trie | None) -> object:
        if trie is None:
            return None
        self._kept.append(trie)
        return (trie.leaf, trie.deep, id(trie.children) if trie.children else 0)

    def _is_refused(self, shape: Shape | None) -> bool:
        return self.writing and (shape is None or read_only(shape))

    def _outside(self, place: _Place) -> dict[str, Any]:
        shape = place.shape
        kinds = 0
        if shape is not None and not self._is_refused(shape):
            kinds = bits_of(shape, nothing=self._misfits_at(place) >= SCALARS)
        return {
            "kinds": kinds,
            "count": ((), "#") in place.ahead,
            "refs": [
                self.resources[n] for n in places.references_at(place, self.model.bound) if kinds
            ],
            **self._containers(place),
        }

    def _inside(self, place: _Place) -> dict[str, Any]:
        """An object's node. `own`, `any`: for each field set of the table, whether a scalar or a
        container passes."""
        table, trie = self._of(place.table), place.trie
        own = [i for i in (trie.leaf, trie.deep) if i >= 0] if trie else []
        below = list(trie.under()) if trie else []
        parts = {"own": parts_of(table, own), "any": parts_of(table, below)}
        return {
            "table": place.table,
            "own": passing_set(table, own),
            "any": passing_set(table, below),
            "solid": solid(place.shape) or self._misfits_at(place) >= SCALARS,
            "instead": table.rules[below[0]].instead if below else "absent",
            "count": ((), "#") in place.ahead,
            **({"parts": parts, **removals(table, trie, place.shape)} if self.writing else {}),
            **self._containers(place),
        }

    def _misfits_at(self, place: _Place) -> frozenset[str]:
        """`misfits` of a response: what is in a request is only taken out."""
        return frozenset() if self.writing else places.misfits_at(place, self.model.bound)

    def _of(self, table: int) -> Table:
        tables = self.model.settable if self.writing else self.model.tables
        return tables[list(self.resources)[table % len(self.resources)]]

    def _containers(self, place: _Place) -> dict[str, Any]:
        here = places.stated_at(place, self.model.bound)
        found = self._object(place, here)
        found |= {"void": True} if place.void else {}
        found |= {"gaps": [self.resources[e] for e in place.gaps]} if place.gaps else {}
        cell = not self.writing and in_cell(place.shape, inside=place.inside)
        found |= {"cell": True} if cell else {}
        found["misfits"] = 0 if self.writing else places.misfit_bits(place, self.model.bound)
        shape = place.shape
        each = element(shape) if shape else None
        star = place.trie.child("*") if place.trie else None
        path = self._audit_name(place, "*")
        steps = dict.fromkeys(segments[0] for segments, _ in place.ahead if segments)
        listed = [step for step in steps if step.isdigit()]

        def below(key: str | None) -> int:
            return self._node(self._step(place, key, each, star, path, row=True))

        found["list"] = {
            "node": below(None),
            "at": {key: below(key) for key in listed},
            "hold": self._hold(place, []) if not place.inside else star is not None,
            "label": f"{self._of(place.table).resource.name}.{path}" if place.inside else "",
        }
        return found

    def _step(
        self,
        place: _Place,
        key: str | None,
        shape: Shape | None,
        trie: Trie | None,
        path: str,
        *,
        row: bool = False,
    ) -> _Place:
        """The place below; `key`: None for any step that nothing names. `row`: an element of a
        list, or a value of a map."""
        below = places.below(place, key, shape, trie, path)
        if self.writing:
            return below
        void = place.shape is not None and key is not None and is_null_if_empty(place.shape, key)
        void = void and not (place.inside and self._of(place.table).omits(trie))
        return replace(below, void=void, gaps=places.gaps_at(below, self.model) if row else ())

    def _hold(self, place: _Place, value: Json) -> bool:
        """Whether a container like `value` is allowed outside every resource."""
        return places.may_hold(place, value, refused=self._is_refused(place.shape))

    def _object(self, place: _Place, here: str) -> dict[str, Any]:
        """Handling of a JSON object: one body, or one per branch of a union."""
        shape = place.shape
        within = shape is not None and place.inside and not here
        if within and "object" in places.misfits_at(place, self.model.bound):
            return {"body": self._blind(place)}
        if shape is None or not shape.branches or resource_of(shape, self.model.bound):
            return {"body": self._body(place, shape, here)}
        return {"union": self._union(place, shape, here)}

    def _union(self, place: _Place, shape: Shape, here: str) -> int:
        bound = self.model.bound
        branches = objects_of(shape, bound)
        has = [declares(each, bound, self.model.known) for each in branches]
        resources = sorted({name for each in branches if (name := resource_of(each, bound))})
        tag, mapping = (shape.discriminator if self.writing else tag_of(shape)) or ("", {})
        other = self.keeps_kind and not here and mixes(shape, bound)
        others = [each for each in branches if not resource_of(each, bound)]
        made = {
            "tag": tag,
            "tags": alternative_by_tag(mapping, branches) if tag else {},
            "inside": place.inside,
            "ways": [
                {
                    "names": sorted(may.names),
                    "open": may.open,
                    "resource": resource_of(each, bound),
                    "body": self._blind(place)
                    if other and each in others
                    else self._body(place, each, here),
                }
                for each, may in zip(branches, has, strict=True)
            ],
            "all": {
                name: self._body(place, all_of(branches, name, bound), here) for name in resources
            },
            "nobodys": self._blind(place)
            if other
            else self._body(place, nobodys(branches, bound), here)
            if others
            else 0,
            # If no branch is a resource, the union itself; otherwise it is ambiguous and nothing
            # passes.
            "else": self._body(place, shape, here) if here or not resources else self._blind(place),
        }
        self.unions.append(made)
        return len(self.unions) - 1

    def _blind(self, place: _Place) -> int:
        """A body that is removed, but still searched for what `shows` names below it."""
        return self._index(
            "blind",
            _Place(None, place.ahead),
            self.bodies,
            lambda index: self._fill(index, _Place(None, place.ahead, path=place.path), "", False),
        )

    def _body(self, place: _Place, shape: Shape | None, here: str) -> int:
        name = here or (resource_of(shape, self.model.bound) if shape else "")
        if name:
            index = self.resources[name] + (len(self.resources) if self.writing else 0)
            at = places.inside_resource(place, shape, self._of(index), index)
        else:
            at = replace(place, shape=shape)
        kind = f"object {place.inside}" if name else "record"
        hold = place.inside or bool(name) or self._hold(_Place(shape, place.ahead), {})
        return self._index(kind, at, self.bodies, lambda index: self._fill(index, at, name, hold))

    def _fill(self, index: int, at: _Place, name: str, hold: bool) -> None:
        owner = self._of(at.table).resource.name if at.inside else ""
        self.bodies[index] = {
            "table": at.table if name else None,
            "inside": at.inside,
            "hold": hold,
            "map": not (name or self.writing) and places.is_map(at),
            "members": {key: self._member(at, key, owner) for key in places.names(at)},
            "rows": places.counted_rows(at),
            "lacks": self._lacks(at),
            "extra": self._member(at, None, owner),
            **self._by_name(at, owner),
            "held": self._value_tables(at),
        }

    def _value_tables(self, at: _Place) -> list[int]:
        """Tables of the resources of which an object may be a value of a map."""
        below = self._step(at, None, rest(at.shape) if at.shape else None, None, "")
        held = places.held_at(below, self.model.bound) if self.writing else ()
        return self.targets.settable(held)

    def _lacks(self, at: _Place) -> dict[str, list[int]]:
        """Members that may hold objects → tables of these."""
        missed = (at.page or not at.inside) and not self.writing
        found = members_with_objects(at.shape, at.ahead, self.model.bound) if missed else {}
        return {key: [self.resources[name] for name in led] for key, led in found.items()}

    def _member(self, at: _Place, key: str | None, owner: str) -> list[Any]:
        """Node, and name in the audit; `key`: None for members that nothing names, whose names are
        not told."""
        shape = places.member_shape(at, key)
        trie = at.trie.child("*" if key is None else key) if at.trie else None
        path = self._audit_name(at, "*" if key is None else key)
        row = key is None or key in places.counted_rows(at)
        node = self._node(self._step(at, key, shape, trie, path, row=row))
        return [node, f"{owner}.{path}" if owner else path]

    def _by_name(self, at: _Place, owner: str) -> dict[str, Any]:
        """An automaton of the names of members that nothing names, and the member of each class;
        nothing where they are all alike."""
        if at.shape is None or not tells_by_name(at.shape):
            return {}
        classes = classes_of(at.shape)
        if classes is None:
            return {"extra": self._other(at, None, owner)}
        return {
            "names": self.automata.index(classes),
            "classes": [self._other(at, each, owner) for each in classes.matched],
        }

    def _other(self, at: _Place, matched: frozenset[NameTest] | None, owner: str) -> list[Any]:
        """`_member` for what nothing names, by the tests of the document that its name matches."""
        shape = of_class(at.shape, matched) if at.shape else None
        trie = at.trie
        if trie is not None:
            trie = trie.undeclared_node() if shape is None else trie.child("*")
        path = self._audit_name(at, "*")
        node = self._node(self._step(at, None, shape, trie, path, row=True))
        return [node, f"{owner}.{path}" if owner else path]

    def _audit_name(self, at: _Place, step: str) -> str:
        """Name in the audit of the place a step below; empty outside of every resource."""
        return audit_name(self._of(at.table), at.path, at.trie, step)[0] if at.inside else ""
