"""Evaluates one response against the contract.

Responses are evaluated by values, never by status or size: a field leaks if its value is the one
that its owner is shown (or if its owner never sees the field); a placeholder is no leak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from oakum.authz import Model, ObjectInstance
from oakum.authz.decision_inputs import Subject
from oakum.authz.member_paths import at_path, key_in, lacks, texts
from oakum.authz.relations import may_hold, names_caller
from oakum.authz.strict_json import MAX_DEPTH
from oakum.exchange import Response
from oakum.exposure.cells.matrix import Key, Matrix, Outcome, state_key
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.evidence import Redactor
from oakum.exposure.finding_evidence import OwnView, Place, Question, place_of
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.relation_fields import (
    is_one_of_many,
    may_have,
    members_named,
    relations_by_member,
    relations_through_members,
    shows_setting,
)
from oakum.exposure.response_reader import Parsed, is_success, json_in
from oakum.exposure.values.knowledge import (
    InheritedState,
    Knowledge,
    canonical,
    is_blank,
    says_nothing,
)
from oakum.finding import Answer, Result
from oakum.scan.evaluation.cells import Cells
from oakum.scan.evaluation.foreign_values_in_own_objects import tell_mixed
from oakum.scan.evaluation.judged_response import JudgedResponse, judged_response
from oakum.scan.evaluation.ownership import KnownInstances, Ownership
from oakum.scan.evaluation.parent_owners import parent_key
from oakum.scan.requests.consistent_parameter_values import PLACE, collection

_MOST_KEPT = 100
"""How many responses are kept until it is known whom their objects name."""
_MOST_SHOWN = 100
"""Keys of ownerless objects that are kept of what one viewer was shown."""


@dataclass(frozen=True)
class _PendingResponse:
    """A response with an object of which it is not yet known whom it names."""

    seen: JudgedResponse
    outcome: Outcome
    around: tuple[object, ...]
    """Settings and relationships when the response was received; with others it would mean
    something else."""


class Evaluator:
    """Evaluates responses, and keeps the owners' own views in memory to compare with."""

    def __init__(
        self,
        model: Model,
        identities: KnownIdentities,
        knowledge: Knowledge,
        matrix: Matrix,
        redactor: Redactor,
    ) -> None:
        self._context = EvaluationContext(model, identities, knowledge, matrix, redactor)
        self._ownership = Ownership(model, identities, knowledge)
        self.strays = self._context.strays
        self.entitled = self._context.entitled
        self.may_see = self._context.may_see
        self.turns = self._ownership.turns
        matrix.conditions = self._ownership.conditions
        self.twice: dict[tuple[str, str], set[str]] = {}
        """(endpoint, resource) of which one object was shown to these identities as their own."""
        self.bent: dict[str, str] = {}
        """Endpoint that sent one object for a list → pointer of the schema that declares the
        list."""
        self.nameless: dict[tuple[str, str | None], dict[str, set[str]]] = {}
        """(endpoint, viewer) → resource → keys of objects that came without their owner, and that
        nobody was shown as theirs by then. In memory only."""
        self.orphans: dict[tuple[str, str | None], dict[str, set[str]]] = {}
        """The same for objects that have the owner of another one (`owner: {parent: Account}`):
        keys of their parents. In memory only."""
        self._kept: dict[str, _PendingResponse] = {}
        """Probe → its response. In memory only."""
        self._news = False
        """Whether an owner was just shown whom their object names."""

    def declare(self, names: frozenset[str]) -> None:
        """Adds names declared by a schema, which may appear in evidence."""
        redactor = self._context.redactor
        self._context.redactor = replace(redactor, names=redactor.names | names)

    def may_write(self, *names: str) -> bool:
        """Whether these names are declared; any other key may be personal data."""
        return self._context.redactor.names.issuperset(names)

    def forget(self, who: str) -> None:
        """Drops an owner's earlier views after a change of their settings."""
        self._context.knowledge.forget(who)
        views = self._context.views.items()
        self._context.views = {place: view for place, view in views if place[1] != who}

    def shown_in(self, endpoint: str, owner: str, key: Key) -> bool:
        """Whether an owner was shown an object in the cell's state at this endpoint."""
        view = self._context.views.get((endpoint, owner))
        table = self._context.model.tables[key.resource]
        return view is not None and any(
            resource == key.resource and state_key(table, key.field, states) == key.state
            for resource, states in view.states
        )

    def judge(
        self, probe: Probe, question: Question, response: Response, parsed: Parsed | None = None
    ) -> JudgedResponse:
        """Judges the response by current knowledge, and learns nothing."""
        seen = judged_response(self._ownership, probe, question, response, parsed)
        if seen.read.bent and is_success(response.status):
            self.bent[f"{probe.endpoint.method} {probe.endpoint.path}"] = seen.read.bent
        return seen

    def again(self, seen: JudgedResponse) -> JudgedResponse:
        """Judges the same response again by current knowledge."""
        return self.judge(seen.probe, seen.question, seen.response, seen.parsed)

    def look(self, seen: JudgedResponse) -> Outcome:
        """Learns from a response and returns what it decides."""
        probe, question, reading = seen.probe, seen.question, seen.reading
        outsiders = [
            each
            for each in seen.instances
            if each.owners
            and not self._context.who(each)
            and not self._context.is_nobodys(each.resource)
        ]
        for instance in outsiders:
            self._context.knowledge.learn_others(instance)
            self._context.matrix.outsiders.setdefault(
                (question.endpoint, instance.resource), {}
            ).setdefault(question.viewer, set()).update(instance.owners)
        for instance in seen.instances if is_success(seen.response.status) else ():
            if instance.pointer not in reading.mute:
                self._context.learn_granted(instance, question.viewer)
        if question.viewer is not None:
            self._learn(seen)
        if (reading.mute or reading.claimed) and question.viewer is not None:
            endpoint = f"{probe.endpoint.method} {probe.endpoint.path}"
            for each in reading.unclear | reading.claimed:
                self.twice.setdefault((endpoint, each), set()).add(question.viewer)
            self._contest(question.viewer, seen)
        self._note_nameless(seen)
        outcome = self._outcome(seen)
        self._note_unread(seen)
        if reading.untold and len(self._kept) < _MOST_KEPT:
            outcome = replace(outcome, tentative=True)
            self._kept[question.request_key] = _PendingResponse(seen, outcome, self._around())
        if self._news:
            self._news = False
            self._judge_again()
        return outcome

    def _note_unread(self, seen: JudgedResponse) -> None:
        """Records a successful response of another media type than the declared JSON."""
        response, media = seen.response, seen.probe.operation.success()
        unread = isinstance(seen.value, str) and not seen.whole and not response.is_json
        if unread and is_success(response.status) and media is not None and media.is_json:
            place = seen.question.endpoint, seen.question.viewer or ""
            self._context.matrix.unread[place] = response.media_type

    def _note_nameless(self, seen: JudgedResponse) -> None:
        found, below = dict[str, set[str]](), dict[str, set[str]]()
        resources = self._context.model.policy.resources
        for each in seen.instances if seen.reading.unclear else ():
            resource = resources[each.resource]
            if not each.owners and resource.key and resource.owner.kind == "field":
                keys = found.setdefault(each.resource, set())
                keys.update(texts(each.value, resource.key))
            elif not each.owners and resource.owner.kind == "resource":
                parent = resources[resource.owner.members[0]]
                if key := parent_key(self._context.knowledge, each, parent):
                    below.setdefault(each.resource, set()).add(key)
        place = seen.question.endpoint, seen.question.viewer
        if found:
            self.nameless[place] = found
        if below:
            self.orphans[place] = below

    def _outcome(self, seen: JudgedResponse) -> Outcome:
        cells = Cells(self._context, seen)
        for instance in seen.instances:
            cells.instance(instance)
        if seen.whole:
            cells.absent()
        cells.canaries()
        return replace(cells.outcome(), whole=seen.whole)

    def _around(self) -> tuple[object, ...]:
        return dict(self._context.identities.states), self._context.identities.relationships

    def _judge_again(self) -> None:
        """Judges the kept responses again, if settings and relationships are as they were."""
        matrix, around = self._context.matrix, self._around()
        kept = {
            request_key: each for request_key, each in self._kept.items() if each.around == around
        }
        self._kept = {}
        for request_key in kept:
            matrix.forget_untold(request_key)
        for request_key, each in kept.items():
            seen = self.again(each.seen)
            outcome = self._outcome(seen)
            known = {cell.key for cell in each.outcome.observations}
            new = tuple(cell for cell in outcome.observations if cell.key not in known)
            matrix.apply(seen.question.endpoint, replace(outcome, observations=new))
            if seen.reading.untold:
                self._kept[request_key] = each

    def _contest(self, viewer: str, seen: JudgedResponse) -> None:
        """Records objects shown to two identities as their own: the rows of both parties to a
        transfer may have the same key."""
        for each in seen.instances:
            key = self._context.model.policy.resources[each.resource].key
            if each.pointer in seen.reading.mute and (keys := texts(each.value, key)):
                contested = self._context.knowledge.contested
                contested.setdefault((each.resource, keys[0]), set()).add(viewer)

    def hear(self, seen: JudgedResponse) -> Outcome:
        """The leaks in the response to a write; learns nothing from it."""
        cells = Cells(self._context, seen)
        for instance in seen.instances:
            cells.instance(instance)
        cells.canaries()
        outcome = cells.outcome()
        leaks = (each for each in outcome.observations if each.result is Result.LEAK)
        return Outcome(outcome.request_key, outcome.status, tuple(leaks), tentative=True)

    def side(self, viewer: str | None, relation: str, response: Response) -> Answer:
        """One side of the evidence, without a marked field."""
        name = viewer or "nobody logged in"
        parsed = json_in(response) if response.is_json else ()
        value = parsed[0] if parsed else None
        return self._context.redactor.answer(
            name, relation, response.status, response.media_type, value, {}, ()
        )

    def _learn(self, seen: JudgedResponse) -> None:
        probe, question, response = seen.probe, seen.question, seen.response
        instances, reading = seen.instances, seen.reading
        viewer = question.viewer or ""
        places: dict[tuple[str, str], tuple[str, ...]] = {}
        for instance in instances:
            who = self._context.who(instance, viewer)
            if instance.pointer in reading.mute:
                continue
            if self._context.is_nobodys(instance.resource):
                self._learn_shown(viewer, instance)
            if who == viewer or self._context.is_nobodys(instance.resource):
                owners = [
                    n
                    for n, ids in self._context.identities.ids.items()
                    if ids & set(instance.owners)
                ]
                self._context.knowledge.learn_own(who, instance, owners)
                self._learn_collection(seen, who, instance)
            if who != viewer:
                continue
            for leaf in instance.leaves:
                if leaf.value is not None:
                    places.setdefault((instance.resource, leaf.path), leaf.pointer)
            self._learn_states(probe, question, viewer, instance, reading)
            self._learn_faces(question.endpoint, viewer, instance)
            self._learn_parties(instance, reading)
        self._learn_apart(viewer, instances, reading)
        self._learn_varying(viewer, seen)
        if is_success(response.status):
            # Ids without a known owner may belong to real users, so the run must not request them.
            ours = [
                each
                for each in instances
                if self._context.is_nobodys(each.resource)
                or self._context.who(each, viewer) == viewer
            ]
            self._context.knowledge.learn_names(
                (leaf.pointer, leaf.value) for each in ours for leaf in each.leaves
            )
            if places:
                states = [
                    (s.resource, s.state)
                    for s in instances
                    if self._context.who(s, viewer) == viewer
                ]
                about = not question.targets or viewer in question.targets
                view = OwnView(
                    seen.value, response.status, response.media_type, places, states, question.curl,
                    question.params, about,
                )  # fmt: skip
                for name, key, place, filled in self._objects(viewer, instances):
                    at = view.objects.setdefault((name, key), {})
                    at.setdefault(place, set()).update(filled)
                self._keep(question.endpoint, viewer, view)

    def _learn_collection(self, seen: JudgedResponse, who: str, instance: ObjectInstance) -> None:
        """Records where an object stands, if the path that showed it has places."""
        key = key_in(instance.value, self._context.model.policy.resources[instance.resource].key)
        path, params = seen.probe.operation.path, seen.question.params
        places = PLACE.findall(path)
        if key and places and params.keys() >= {*places}:
            at = self._context.knowledge.collections.setdefault((who, instance.resource, key), {})
            at.setdefault(collection(path), tuple(params[name] for name in places))

    def _learn_shown(self, viewer: str, instance: ObjectInstance) -> None:
        """Records that a viewer was shown an object that is nobody's, such as a tenant."""
        key = key_in(instance.value, self._context.model.policy.resources[instance.resource].key)
        known = self._context.knowledge.shown_keys.setdefault((viewer, instance.resource), {})
        if key and viewer and len(known) < _MOST_SHOWN:
            known[key] = None

    def _keep(self, endpoint: str, viewer: str, view: OwnView) -> None:
        """Keeps an owner's view at an endpoint, unless the earlier view is better: it shows the
        object itself and not embedded in another's, or its request was about the owner."""
        before = self._context.views.get((endpoint, viewer))
        if before is not None:
            if before.about_owner and not view.about_owner:
                return
            last, now = before.outermost, view.outermost
            if now and all(last.get(name, MAX_DEPTH) < level for name, level in now.items()):
                return
        self._context.views[(endpoint, viewer)] = view

    def _objects(
        self, viewer: str, instances: list[ObjectInstance]
    ) -> Iterator[tuple[str, str, Place, list[str]]]:
        """(resource, key, place, non-empty fields) of each own object."""
        for each in instances:
            resource = self._context.model.policy.resources[each.resource]
            key = key_in(each.value, resource.key)
            if self._context.who(each, viewer) == viewer:
                filled = [leaf.path for leaf in each.leaves if not is_blank(leaf.value)]
                yield each.resource, key, place_of(each.pointer, key), filled

    def _learn_states(
        self,
        probe: Probe,
        question: Question,
        viewer: str,
        instance: ObjectInstance,
        reading: KnownInstances,
    ) -> None:
        """Learns settings from an owner's own object: of the account, or only of this object."""
        resource = self._context.model.policy.resources[instance.resource]
        many = is_one_of_many(self._context.model, resource)
        inner = len(instance.pointer) > 0 and instance.pointer not in reading.given
        key = self._ownership.key_of(probe, question, instance, resource, inner)
        self._learn_kin(viewer, instance, key)
        for name, state in resource.states.items():
            if not state.member or not (state.inherits or name in instance.state):
                continue
            # The state may be in an embedded object that is a resource of its own.
            inside = [*at_path(instance.value, state.member)]
            declared = shows_setting(probe.shows, resource.name, state.member)
            follows = state.inherits and inside in ([], [None])
            setting = (viewer, f"{resource.name}.{name}")
            # A declared state that is missing from the response counts as the contract's default.
            if many and key and (inside or declared):
                place = (viewer, resource.name, key)
                value = InheritedState(state.of) if follows else instance.state.get(name)
                self._context.knowledge.conditions.setdefault(place, {})[name] = value
            elif not many and state.inherits and (inside or declared):
                own = None if follows else instance.state.get(name)
                self._context.identities.overrides[setting] = own
            elif not many and inside and not state.inherits:
                self._context.identities.states[setting] = instance.state[name]
                self._context.identities.stated.discard(setting)

    def _learn_kin(self, viewer: str, instance: ObjectInstance, key: str) -> None:
        """Learns which relations the members of this object give to others. For members that a
        short response lacks, an earlier response counts, or else they are unknown."""
        model, identities, value = self._context.model, self._context.identities, instance.value
        keyed = bool(model.policy.resources[instance.resource].key)
        kinds = relations_through_members(model) if key or not keyed else frozenset()
        if not kinds:
            return
        policy, leaves = model.policy, model.tables[instance.resource].leaves
        able = frozenset(
            n for n in kinds if all(may_have(leaves, at) for at in members_named(model, n))
        )
        told = {n for n in kinds if not any(lacks(value, at) for at in members_named(model, n))}
        subject = Subject(instance.resource, instance.owners, instance.value)
        place = (viewer, instance.resource, key)
        known = self._context.knowledge.kin.setdefault(place, {})
        for each in identities.names():
            for name in () if identities.is_unknown(each) else relations_by_member(model):
                said = names_caller(policy.relations[name], identities.principal(each), value)
                self._news |= self._context.knowledge.learn_related(place, each, name, said)
            may = {n for n in told if may_hold(policy, n, identities.principal(each), subject)}
            now = (known.get(each, kinds) - told) | may
            # Without a key this may be another object than before: the caller may hold what either
            # gives.
            if not key and each in known:
                now |= known[each]
            self._context.knowledge.learn_kin(place, each, now, able)

    def _learn_faces(self, endpoint: str, viewer: str, instance: ObjectInstance) -> None:
        """Learns what an endpoint shows the owner of one object."""
        resource = self._context.model.policy.resources[instance.resource]
        key = key_in(instance.value, resource.key)
        self._context.knowledge.filled.setdefault((viewer, instance.resource, key), set()).update(
            leaf.path for leaf in instance.leaves if not is_blank(leaf.value)
        )
        listed: dict[str, set[str]] = {}
        for leaf in instance.leaves:
            if isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
                continue
            if "*" in leaf.path:
                if isinstance(leaf.value, str):
                    listed.setdefault(leaf.path, set()).add(leaf.value)
                continue
            place = (viewer, instance.resource, key, leaf.path)
            self._context.knowledge.faces.setdefault(place, {})[endpoint] = canonical(leaf.value)

        for path, said in listed.items() if key else ():
            place = (viewer, instance.resource, key, path)
            at = self._context.knowledge.texts_in_lists.setdefault(place, {})
            at[endpoint] = frozenset(said)

    def _learn_apart(
        self, viewer: str, instances: list[ObjectInstance], reading: KnownInstances
    ) -> None:
        """Learns that the keyless own objects in one list are different objects."""
        lists: dict[tuple[str, Place], list[dict[str, str]]] = {}
        for each in instances:
            keyed = bool(self._context.model.policy.resources[each.resource].key)
            own = each.pointer not in reading.mute and self._context.who(each, viewer) == viewer
            if keyed or not own:
                continue
            row = {
                leaf.path: canonical(leaf.value)
                for leaf in each.leaves
                if "*" not in leaf.path and not isinstance(leaf.value, dict | list)
            }
            lists.setdefault((each.resource, place_of(each.pointer)), []).append(row)
        for (resource, _), rows in lists.items():
            if len(rows) > 1:
                self._context.knowledge.learn_apart(viewer, resource, rows)

    def _learn_varying(self, viewer: str, seen: JudgedResponse) -> None:
        """Learns which fields of own objects vary by themselves, object by object."""
        question, reading = seen.question, seen.reading
        own = [
            each
            for each in seen.instances
            if each.pointer not in reading.mute and self._context.who(each, viewer) == viewer
        ]
        kinds = Counter(each.resource for each in own)
        asked = " ".join((question.endpoint, *map(str, sorted(question.params.items()))))
        for each in own:
            resource = self._context.model.policy.resources[each.resource]
            key = key_in(each.value, resource.key)
            fields = (
                ((each.resource, leaf.path), canonical(leaf.value))
                for leaf in each.leaves
                if "*" not in leaf.path and not isinstance(leaf.value, dict | list | bool | None)
            )
            if key or kinds[each.resource] == 1:
                date = seen.response.headers.get("date", "")
                self._context.knowledge.ambient.learn(asked, viewer, key, fields, date)

    def take_back(self) -> None:
        """Re-evaluates by all current knowledge: withdraws leaks by values that identify nobody or
        that differ from the owner's, and adds what only several responses show."""
        context = self._context
        context.by_value.take_back(context.matrix, context.knowledge, context.is_open)
        context.by_object.take_back(context.matrix, context.knowledge)
        context.placeholders.take_back(context.matrix)
        context.matrix.beyond = context.masked.doubts()
        tell_mixed(context)

    def _learn_parties(self, instance: ObjectInstance, reading: KnownInstances) -> None:
        resource = self._context.model.policy.resources[instance.resource]
        key = texts(instance.value, resource.key) if resource.key else []
        whole = instance.pointer not in reading.partial
        if key and whole and len(resource.owner.members) > 1:
            self._context.knowledge.parties.setdefault((resource.name, key[0]), instance.owners)
