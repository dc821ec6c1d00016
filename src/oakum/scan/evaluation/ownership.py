"""The owner and state of an object instance whose response does not say both.

An owner that nothing shows is unknown. The owner comes only from the request, from other responses
about the same object, or from a value that identifies one account. Doubts about it are kept with
it, and a finding that depends on a doubtful owner is not proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from oakum.authz import KnownObject, Model, ObjectInstance
from oakum.authz.decision_inputs import Subject
from oakum.authz.member_paths import at_path, key_in, texts
from oakum.authz.owners import unread
from oakum.authz.relations import holds, may_hold, names_caller
from oakum.authz.table import allows
from oakum.authz.three_valued_logic import Truth
from oakum.exposure.cells.matrix import AROUND, UNTOLD
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.finding_evidence import Question
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.relation_fields import (
    is_below,
    is_one_of_many,
    may_have,
    members_named,
    relations_by_member,
    relations_through_members,
)
from oakum.exposure.response_reader import says_no
from oakum.exposure.values.knowledge import Knowledge, canonical, says_nothing
from oakum.http.json_pointer import Pointer
from oakum.inference.lexicon import singular, words
from oakum.openapi.model import Json
from oakum.policy.model import Resource, State
from oakum.scan.evaluation.parent_owners import Parents
from oakum.scan.evaluation.requested_object import asked_key, named_keys, parameter_naming

_KINDS = frozenset((each,) for each in ("object", "pointer", "reference", "entity", "resource"))
_MOST_STATES = 4
"""How many objects of one owner, each in another state, are requested at one endpoint."""


@dataclass
class KnownInstances:
    """What other responses show about the objects in one response."""

    known: dict[Pointer, KnownObject] = field(default_factory=dict)
    """Pointer → facts that take precedence over the object itself."""
    given: set[Pointer] = field(default_factory=set)
    """Objects assigned to an owner because they were requested as theirs."""
    weak: dict[Pointer, str] = field(default_factory=dict)
    """Pointer → why the object is no proof."""
    unread: dict[Pointer, frozenset[str]] = field(default_factory=dict)
    """Pointer → states of the object that are unknown."""
    said: dict[Pointer, frozenset[str]] = field(default_factory=dict)
    """Pointer → those of them that the object shows to a viewer who may not see them."""
    partial: set[Pointer] = field(default_factory=set)
    """Instances with several owners, not all of them named."""
    mute: set[Pointer] = field(default_factory=set)
    """Objects shown to two viewers as their own; they decide nothing."""
    expanded: set[Pointer] = field(default_factory=set)
    """Objects at places where the document declares none."""
    unclear: set[str] = field(default_factory=set)
    """Resources with an instance of unknown owner."""
    claimed: set[str] = field(default_factory=set)
    """Resources with an object that names its viewer as owner but was shown to another as
    theirs."""
    around: dict[Pointer, frozenset[str]] = field(default_factory=dict)
    """Relations that only the enclosing object may name: it is unclear whether the contract extends
    them to the object."""
    untold: dict[Pointer, frozenset[str]] = field(default_factory=dict)
    """Relations that an object may give its viewer: neither it nor its owner's view shows whom its
    members name."""

    def contest(self, at: Pointer) -> str:
        """Why a value proves nothing: its object was shown to others as theirs, too. Empty if it
        was not."""
        claimed = any(at[:length] in self.mute for length in range(len(at) + 1))
        return "it is in an object that the viewer is shown as their own" if claimed else ""

    def may_be_granted(self, model: Model, each: ObjectInstance, path: str) -> str:
        """Why a field may be granted after all: by a relation that the enclosing object may name,
        or the instance itself; empty if not."""
        table = model.tables[each.resource]
        for why, found in ((AROUND, self.around), (UNTOLD, self.untold)):
            named = found.get(each.pointer, frozenset())
            if named and allows(table, path, each.held | named, each.state):
                return why
        return ""

    def names_kind(self, pointer: Pointer, name: str, value: Json, resource: str) -> bool:
        """Whether an undeclared member only names the type of an expanded object: `__type: Object`,
        `className: Note`."""
        if pointer not in self.expanded or not isinstance(value, str):
            return False
        said = tuple(map(singular, words(value)))
        named = tuple(map(singular, words(resource)))
        return said == named or (said in _KINDS and words(name)[-1:] in (("type",), ("kind",)))

    def weakness(self, pointer: Pointer, strange: bool) -> str:
        """Why a member of an object is no proof; empty if it is. `strange`: the resource declares
        no such member, so it may belong to a wrapper."""
        if strange and pointer in self.expanded:
            return "the document declares no such object and no such member there"
        return self.weak.get(pointer, "")


@dataclass(frozen=True)
class Ownership:
    """Assigns owners and states to the objects in a response. Learns nothing."""

    model: Model
    identities: KnownIdentities
    knowledge: Knowledge

    def read(
        self, probe: Probe, question: Question, instances: Sequence[ObjectInstance]
    ) -> KnownInstances:
        """Owners and states of these objects of one response."""
        found = KnownInstances()
        places = {each.pointer: each for each in instances}
        resources, whose = self.model.policy.resources, dict[Pointer, tuple[str, ...]]()
        asked = partial(asked_key, self.knowledge, probe, question)
        parents = Parents(self.model, self.identities, self.knowledge, places, asked)
        for each in sorted(instances, key=self._has_parents_owner):
            resource = resources[each.resource]
            inner = any(each.pointer[:n] in places for n in range(len(each.pointer)))
            if self._has_parents_owner(each):
                owners = self._known_below_another(
                    question, each, resource, parents.owners(each, whose), found
                )
                found.given |= {each.pointer} if owners else set()
                found.unclear |= set() if owners else {each.resource}
            else:
                owners = self._owners(probe, question, each, resource, inner, found)
            whose[each.pointer] = owners
            states = self._states(probe, question, each, resource, owners, inner, found)
            named = self._relations(probe, question, each, resource, owners, inner, found)
            if owners != each.owners or states or named:
                owners = owners if owners != each.owners else ()
                found.known[each.pointer] = KnownObject(owners, states, named=named)
        for each in sorted(instances, key=lambda each: len(each.pointer)):
            if not self._is_its_parents(each):
                continue
            around = (each.pointer[:n] for n in reversed(range(len(each.pointer))))
            outer = next((at for at in around if at in places), ())
            if each.partly and each.pointer not in found.weak and outer in found.weak:
                found.weak[each.pointer] = found.weak[outer]
            if outer in places and outer != each.pointer:
                found.around[each.pointer] = self._named_around(
                    question.viewer, each, places[outer], found
                )
        return found

    def _has_parents_owner(self, each: ObjectInstance) -> bool:
        return self.model.policy.resources[each.resource].owner.kind == "resource"

    def _is_its_parents(self, each: ObjectInstance) -> bool:
        return self.model.policy.resources[each.resource].owner.kind == "parent"

    def _named_around(
        self, viewer: str | None, each: ObjectInstance, outer: ObjectInstance, found: KnownInstances
    ) -> frozenset[str]:
        """Relations by a member that only the enclosing object has, so that it may name the viewer
        for its parts; inherited through levels."""
        policy, tables = self.model.policy, self.model.tables
        subject = Subject(outer.resource, outer.owners, outer.value)
        named = {
            name
            for name in relations_through_members(self.model)
            if not all(
                may_have(tables[each.resource].leaves, member)
                for member in members_named(self.model, name)
            )
            and all(
                may_have((*tables[outer.resource].leaves, *_members_of(outer.value)), member)
                for member in members_named(self.model, name)
            )
            and may_hold(policy, name, self.identities.principal(viewer), subject)
        }
        return found.around.get(outer.pointer, frozenset()) | named

    def expanded_references(self, instances: Sequence[ObjectInstance]) -> dict[Pointer, str]:
        """Pointers of undeclared objects that other responses have identified: references that the
        API expanded (`?include=author`). Each is judged by its own owner and state."""
        places = {each.pointer for each in instances}
        found: dict[Pointer, str] = {}
        for each in instances:
            declared = self.model.tables[each.resource].leaves
            inner: dict[Pointer, dict[str, str]] = {}
            strange: set[Pointer] = set()
            for leaf in each.leaves:
                at = leaf.pointer[:-1]
                if len(at) <= len(each.pointer) or at in places:
                    continue
                if not isinstance(leaf.value, dict | list | None):
                    inner.setdefault(at, {})[leaf.pointer[-1]] = canonical(leaf.value)
                if leaf.path not in declared:
                    strange.add(at)
            for at in sorted(strange & inner.keys()):
                if name := self._is_known_as(inner[at]):
                    found[at] = name
        return found

    def _is_known_as(self, members: Mapping[str, str]) -> str:
        """The resource with a known object that shares the key and another value with these
        members; empty if not unique."""
        names = {
            name
            for (_, name), objects in self.knowledge.objects.items()
            if (key := self.model.policy.resources[name].key) in members
            for known in objects
            if known.get(key) == members[key]
            and any(known.get(each) == text for each, text in members.items() if each != key)
        }
        return names.pop() if len(names) == 1 else ""

    def _owners(
        self, probe: Probe, question: Question, each: ObjectInstance, resource: Resource,
        inner: bool, found: KnownInstances,
    ) -> tuple[str, ...]:  # fmt: skip
        kind = resource.owner.kind
        if kind == "none":
            return ()
        if kind == "caller":
            return self._callers(probe, question, each, resource, found)
        if kind == "creator":
            return self._creators(probe, question, each, resource, inner, found)
        if kind == "field" and each.owners:
            if other := self._first_owner(probe, question, each, resource, found):
                return other
            return self._parties(question, each, resource, found)
        if each.owners:
            return each.owners
        (who,) = question.targets if len(question.targets) == 1 and not probe.batch else ("",)
        if who and not inner and self._is_asked_for(probe, each, resource):
            found.given.add(each.pointer)
            return tuple(sorted(self.identities.ids[who]))
        if kind == "field" and (known := self._known_by_key(each, resource, found)) is not None:
            found.given |= {each.pointer} if known else set()
            return tuple(sorted(self.identities.ids[known])) if known else ()
        declared = self.model.tables[each.resource].leaves
        found.unclear |= set() if says_no(each.value, declared) else {each.resource}
        return ()

    def _known_by_key(
        self, each: ObjectInstance, resource: Resource, found: KnownInstances
    ) -> str | None:
        """The owner of an object that does not name one: the only identity that was shown an object
        with this key, certainly so if another value agrees. Empty if none was shown it; None if
        unknown."""
        key = key_in(each.value, resource.key)
        if not key or (resource.name, key) in self.knowledge.contested:
            return None
        shown = {
            who: self.knowledge.own.get((who, resource.name, resource.key), set())
            for who in self.identities.names()
        }
        names = [who for who, keys in shown.items() if key in keys]
        if not names:
            return "" if all(shown.values()) else None
        same, unlike = self._alike(each, resource, names[0], key)
        if len(names) > 1 or (unlike and not same):
            return None
        if not same:
            found.weak[each.pointer] = f"only its key shows that it is {names[0]}'s"
        return names[0]

    def _creators(
        self, probe: Probe, question: Question, each: ObjectInstance, resource: Resource,
        inner: bool, found: KnownInstances,
    ) -> tuple[str, ...]:  # fmt: skip
        """The identity that created an object in this run, or that requests what the file assigns
        to it."""
        key = self.key_of(probe, question, each, resource, inner)
        names = self.knowledge.creators.get((resource.name, key), set())
        viewer = question.viewer
        asked = "" if inner else asked_key(self.knowledge, probe, question, resource)
        if viewer and not names and question.targets == {viewer} and asked and asked == key:
            names = {viewer}
        if names:
            found.given.add(each.pointer)
        else:
            found.unclear.add(each.resource)
        return tuple(sorted({id for who in names for id in self.identities.ids.get(who, ())}))

    def _is_asked_for(self, probe: Probe, each: ObjectInstance, resource: Resource) -> bool:
        """Whether the request names this object, or the account that owns it."""
        for parameter in probe.personal & probe.sources.keys():
            name = probe.sources[parameter].partition(".")[0]
            source, path = self.model.policy.resources.get(name), probe.sources[parameter]
            # Many objects may share the value of a field that is no key: in a list it names none.
            one = path == f"{name}.{resource.key}" or not any(s.isdigit() for s in each.pointer)
            if source is not None and ((name == resource.name and one) or source.is_account):
                return True
        return False

    def _callers(
        self, probe: Probe, question: Question, each: ObjectInstance, resource: Resource,
        found: KnownInstances,
    ) -> tuple[str, ...]:  # fmt: skip
        """Assigns a caller-owned object to another identity if it holds that one's key, as a
        response from a shared cache does."""
        viewer = question.viewer
        keys = texts(each.value, resource.key) if resource.key else []
        asked = next(iter(question.targets), "") if len(question.targets) == 1 else ""
        about = asked if asked != viewer and probe.personal and not probe.batch else ""
        known = set(keys) & self.knowledge.own.get((about, resource.name, resource.key), set())
        if about and (known or not keys):
            found.given.add(each.pointer)
            if not known:
                found.weak[each.pointer] = (
                    f"it was requested as {about}'s, and nothing in it rules out that it is the"
                    f" caller's own"
                )
            elif viewer in self.knowledge.contested.get((resource.name, keys[0]), ()):
                found.weak[each.pointer] = (
                    f"it was asked for as {about}'s, and {viewer} is shown one of this key as"
                    " their own elsewhere"
                )
            return tuple(sorted(self.identities.ids[about]))
        if viewer is None:  # anonymous callers own nothing, so the owner is unknown
            found.unclear.add(each.resource)
            return each.owners
        if not keys or keys[0] in self.identities.ids[viewer]:
            return each.owners
        # A caller's own list, such as friends, may name other accounts.
        listed = any(step.isdigit() for step in each.pointer)
        other = "" if listed else self.identities.who(keys)
        if other:
            return tuple(sorted(self.identities.ids[other]))
        named = bool(self.identities.who(keys))
        if not named and self.knowledge.first_shown(resource.name, resource.key, keys[0], viewer):
            found.unclear.add(each.resource)
            found.mute.add(each.pointer)
        return each.owners

    def _first_owner(
        self, probe: Probe, question: Question, each: ObjectInstance, resource: Resource,
        found: KnownInstances,
    ) -> tuple[str, ...]:  # fmt: skip
        """The other owner of an object that names its viewer as owner but was first shown to
        another as theirs: some APIs write the caller into it. Empty if there is none, or if the
        owner is unclear."""
        viewer = question.viewer
        keys = texts(each.value, resource.key) if resource.key not in resource.owner.members else []
        if viewer is None or not keys or not self.identities.ids[viewer] & set(each.owners):
            return ()
        other = self.knowledge.first_shown(resource.name, resource.key, keys[0], viewer)
        if not other or self.identities.ids[other] & set(each.owners):
            return ()
        same, unlike = self._alike(each, resource, other, keys[0])
        asked_for = asked_key(self.knowledge, probe, question, resource)
        asked = question.targets == {other} and asked_for == keys[0]
        if not same if unlike else not same and not asked:
            return ()  # each owner has its own sequence of keys: two objects
        found.claimed.add(each.resource)
        if asked and same > unlike:
            return tuple(sorted(self.identities.ids[other]))
        found.unclear.add(each.resource)
        found.mute.add(each.pointer)
        return ()

    def _known_below_another(
        self, question: Question, each: ObjectInstance, resource: Resource,
        owners: tuple[str, ...], found: KnownInstances,
    ) -> tuple[str, ...]:  # fmt: skip
        """The owners of an object by its parent: those who requested and were shown it first, if
        the API shows the object below any parent. An object shown below two parents without being
        requested may belong to both, as a song does to two albums."""
        keys, whose = texts(each.value, resource.key), self.identities.who(owners)
        if not keys or not whose or len(question.targets) != 1 or whose in question.targets:
            return owners
        other = self.knowledge.first_shown(resource.name, resource.key, keys[0], whose)
        if other not in question.targets:
            return owners
        same, unlike = self._alike(each, resource, other, keys[0])
        # An owner of whom no object of this resource is known may own it, too.
        known = self.knowledge.objects.get((whose, resource.name))
        if same > unlike and known:
            return tuple(sorted(self.identities.ids[other]))
        beside = self.knowledge.own.get((whose, resource.name, resource.key), set())
        if known and not (same or unlike or keys[0] in beside) and self._names(each, other):
            # The owner is shown no object with this key below that parent.
            found.weak[each.pointer] = (
                f"only its key, and a member that names {other}, show that it is {other}'s"
            )
            return tuple(sorted(self.identities.ids[other]))
        if same or not unlike:  # otherwise each parent has its own sequence: two objects
            found.unclear.add(each.resource)
            found.mute.add(each.pointer)
        return owners

    def _names(self, each: ObjectInstance, who: str) -> bool:
        """Whether a text in an object is of one identity's account, and of no other's."""
        texts_of: dict[str, set[str]] = {
            name: {text for text in ids if not text.isdigit()}
            for name, ids in self.identities.ids.items()
        }
        for (name, kind), rows in self.knowledge.objects.items():
            if name in texts_of and self.model.policy.resources[kind].is_account:
                texts_of[name].update(text for row in rows for text in row.values())
        return any(
            [name for name, said in texts_of.items() if leaf.value in said] == [who]
            for leaf in each.leaves
            if isinstance(leaf.value, str) and not says_nothing(leaf.value)
        )

    def _alike(
        self, each: ObjectInstance, resource: Resource, other: str, key: str
    ) -> tuple[int, int]:
        """How many unique values an object shares with the one of the same key shown to another
        owner, and in how many fields it differs."""
        rows = self.knowledge.objects.get((other, resource.name), ())
        row = next((row for row in rows if row.get(resource.key) == key), {})
        same, unlike = 0, 0
        for leaf in each.leaves:
            known = row.get(leaf.path)
            own = leaf.path in (resource.key, *resource.owner.members)
            if known is None or own or isinstance(leaf.value, dict | list | bool | None):
                continue
            text = canonical(leaf.value)
            same += text == known and self.knowledge.canary(text) is not None
            unlike += text != known and not says_nothing(leaf.value)
        return same, unlike

    def _parties(
        self, question: Question, each: ObjectInstance, resource: Resource, found: KnownInstances
    ) -> tuple[str, ...]:
        """All owners of a shared object, also those that this response leaves out."""
        lacking = unread(resource.owner, each.value)
        if not lacking:
            return each.owners
        found.partial.add(each.pointer)
        key = texts(each.value, resource.key) if resource.key else []
        known = self.knowledge.parties.get((each.resource, key[0])) if key else None
        if known is not None:
            return tuple(dict.fromkeys((*each.owners, *known)))
        if question.viewer is None or not self.identities.ids[question.viewer] & set(each.owners):
            found.weak[each.pointer] = (
                f"another owner, `{lacking[0]}`, is missing there: the viewer may be one"
            )
        return each.owners

    def _relations(
        self, probe: Probe, question: Question, each: ObjectInstance, resource: Resource,
        owners: tuple[str, ...], inner: bool, found: KnownInstances,
    ) -> Mapping[str, Truth]:  # fmt: skip
        """Relations that the object's members give its viewer: if the response itself does not show
        them, as its owners were shown, or else unknown."""
        viewer = question.viewer
        if viewer is None or self.identities.ids[viewer] & set(owners):
            return {}
        policy, declared = self.model.policy, self.model.tables[resource.name].leaves
        key = self.key_of(probe, question, each, resource, inner)
        whose = [name for name, ids in self.identities.ids.items() if ids & set(owners)]
        found_named: dict[str, Truth] = {}
        for name in relations_by_member(self.model):
            member = policy.relations[name].member
            here = names_caller(
                policy.relations[name], self.identities.principal(viewer), each.value
            )
            told = (
                self.knowledge.is_related(whose, resource.name, key, viewer, name) if key else None
            )
            if here is True or (told is None and not may_have(declared, member)):
                continue
            if told or not self._tells(each, member, here):
                found_named[name] = told
        unsaid = {name for name, told in found_named.items() if told is None}
        if unsaid:
            subject = Subject(
                resource.name, owners, each.value, resource.owner.kind != "none", each.partly,
                named=found_named,
            )  # fmt: skip
            principal = self.identities.principal(viewer)
            found.untold[each.pointer] = frozenset(
                name
                for name in policy.relations
                if unsaid & policy.depends_on(name)
                and holds(policy, name, principal, subject) is None
            )
        return found_named

    def _tells(self, each: ObjectInstance, member: str, here: Truth) -> bool:
        """Whether a member that does not name the viewer is shown as the object has it: if it is
        empty, it may have been hidden from the viewer."""
        table = self.model.tables[each.resource]
        there = [leaf for leaf in each.leaves if is_below(leaf.path, member)]
        return here is False and any(
            leaf.value not in (None, "", [], {}) or allows(table, leaf.path, each.held, each.state)
            for leaf in there
        )

    def _states(
        self, probe: Probe, question: Question, each: ObjectInstance, resource: Resource,
        owners: tuple[str, ...], inner: bool, found: KnownInstances,
    ) -> Mapping[str, Json]:  # fmt: skip
        """States of an instance according to other responses about the same object."""
        who, states = self.identities.who(owners), resource.states.items()
        mine = who == question.viewer
        own = {n for n, s in states if s.member and not self._says(each, s, is_owner=mine)}
        if not own or not is_one_of_many(self.model, resource):
            return {}
        key = self.key_of(probe, question, each, resource, inner)
        known = self.knowledge.states_of(who, each.resource, key) if key else {}
        if lacking := own - known.keys():
            found.unread[each.pointer] = frozenset(lacking)
            values = {name: at_path(each.value, resource.states[name].member) for name in lacking}
            found.said[each.pointer] = frozenset(
                name for name, there in values.items() if there and None not in there
            )
        return {name: known[name] for name in own & known.keys()}

    def _says(self, each: ObjectInstance, state: State, *, is_owner: bool) -> bool:
        """Whether the object's own setting is shown as it is: null, or a setting that the viewer
        may not see, may stand for a hidden value."""
        said, table = at_path(each.value, state.member), self.model.tables[each.resource]
        if is_owner or not said or said == [None]:
            return bool(said) and (is_owner or state.inherits)
        return allows(table, state.member, each.held, each.state)

    def conditions(self, probe: Probe, resource: Resource, who: str) -> list[Mapping[str, Json]]:
        """States of the owner's objects that a request may be about: of the requested keys,
        otherwise of all known objects; empty if the state belongs to the account."""
        if not self._has_own_states(resource):
            return []
        if by := parameter_naming(probe, resource):
            ids = named_keys(probe, by, who, self.knowledge, resource)
            keys = [ids[turn] for turn in self.turns(probe, who) if turn < len(ids)]
        else:
            keys = [k for (n, r, k) in self.knowledge.conditions if (n, r) == (who, resource.name)]
        found = (self.knowledge.states_of(who, resource.name, key) for key in keys)
        return list({repr(each): each for each in found if each}.values())

    def turns(self, probe: Probe, who: str) -> list[int]:
        """Indices of the owner's objects to request: the first one in each state."""
        for parameter in sorted(probe.personal & probe.sources.keys()):
            name = probe.sources[parameter].partition(".")[0]
            resource = self.model.policy.resources[name]
            if not self._has_own_states(resource):
                continue
            found: dict[str, int] = {}
            for turn, key in enumerate(named_keys(probe, parameter, who, self.knowledge, resource)):
                if states := self.knowledge.states_of(who, name, key):
                    found.setdefault(repr(sorted(states.items())), turn)
            return [*found.values()][:_MOST_STATES] or [0]
        return [0]

    def _has_own_states(self, resource: Resource) -> bool:
        own = any(state.member for state in resource.states.values())
        return own and is_one_of_many(self.model, resource)

    def key_of(
        self,
        probe: Probe,
        question: Question,
        each: ObjectInstance,
        resource: Resource,
        inner: bool,
    ) -> str:
        """The instance's key: its own, or the requested one; empty if unknown."""
        if key := texts(each.value, resource.key) if resource.key else []:
            return key[0]
        return "" if inner else asked_key(self.knowledge, probe, question, resource)


def _members_of(value: Json) -> Iterable[str]:
    return value if isinstance(value, dict) else ()
