"""What a caller may see of an object, computed once for all similar objects.

The results are those of `JudgedExchange` (`tests/observe/test_cached_object_walk.py`). Callers with
the same relations to an object, in the same state of its owner, may see the same fields. So each
such pair is judged once, with the functions of `authz`, and cached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product

from oakum.authz import Model, Subject
from oakum.authz.decide import may_call, through
from oakum.authz.member_paths import at_path
from oakum.authz.owner_states import digit, said_state, state_of
from oakum.authz.owners import partly
from oakum.authz.place_rules import Masked
from oakum.authz.relations import held_relations, names_caller
from oakum.authz.table import Table, deciding_states, leaf_index
from oakum.exposure.cells.matrix import Key, state_key
from oakum.exposure.exchanges.caller_identification import IdentifiedCaller
from oakum.exposure.exchanges.settings_and_relations import SettingsAndRelations
from oakum.exposure.exchanges.undecided_reasons import FORMER, OWN, RELATION, SETTING, is_told
from oakum.openapi.model import Json
from oakum.policy.model import Resource
from oakum.traffic.evaluation.cached_object_walk import FieldSet, SeenObject

_UNSET, _NULL = -2, -1


@dataclass(frozen=True, slots=True, eq=False)
class CallerStanding:
    """The relations that a caller certainly has to an object, and those that they may have."""

    held: frozenset[str]
    possible: frozenset[str]
    label: str
    certain: bool
    """Whether the caller and the owner are known."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnerSetting:
    """The states that an object's owners have set, as far as traffic has shown them."""

    values: Mapping[str, Json]
    told: tuple[tuple[str, Json], ...]
    """(state, value) for all states; None: unknown."""
    untold: frozenset[str]
    """The states that are unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class CachedDecision:
    """What callers with one standing may see under one setting, at one endpoint."""

    endpoint: str
    table: Table
    standing: CallerStanding
    setting: OwnerSetting
    sees: int
    """Bit set of the leaves that they may see."""
    most: int
    """Bit set of the leaves that any possible relation and setting would show."""
    own: bool
    """Whether the object may be the account that registers or logs in."""
    former: bool = False
    """Whether the caller may have had more relations to it until this request."""
    masked: Masked = ()
    """Masked forms, and the leaves that any possible relation and setting would show in them."""
    leaks: dict[FieldSet, tuple[frozenset[Key], Mapping[str, int]]] = field(default_factory=dict)

    def of(self, form: FieldSet) -> tuple[frozenset[Key], Mapping[str, int]]:
        """(leaked cells, reason → number of fields that cannot be judged) for an object with these
        fields."""
        found = self.leaks.get(form)
        if found is None:
            found = self.leaks[form] = self._judge_form(form)
        return found

    def _judge_form(self, form: FieldSet) -> tuple[frozenset[Key], Mapping[str, int]]:
        leaks, open_questions = set[Key](), Counter[str]()
        for path in form.saying:
            index = leaf_index(self.table, path)
            if index >= 0 and self.sees >> index & 1:
                continue
            fits = form.masked.get(path, ())
            if any(mask in fits and leaves >> index & 1 for mask, leaves in self.masked):
                continue
            if index < 0 or not self.most >> index & 1:
                state = state_key(self.table, path, self.setting.values)
                name = self.table.resource.name
                leaks.add(Key(self.endpoint, name, path, self.standing.label, state))
            elif self.standing.certain:
                doubtful = not self.setting.untold.isdisjoint(deciding_states(self.table, path))
                rest = OWN if self.own else FORMER if self.former else RELATION
                open_questions[SETTING if doubtful else rest] += 1
        return frozenset(leaks), open_questions


class Verdicts:
    """Judges objects under one contract, and caches the decisions."""

    def __init__(
        self, model: Model, label: Callable[[frozenset[str], str | None, str], str]
    ) -> None:
        """`label`: the name of a viewer with these relations."""
        self._model, self._policy, self._label = model, model.policy, label
        kinds: dict[str, list[str]] = {}
        for each in model.policy.relations.values():
            kinds.setdefault(each.kind, []).append(each.name)
        self._lookups = [(n, model.policy.relations[n].of) for n in kinds.get("lookup", ())]
        self._claims = [each.claim for each in model.policy.relations.values() if each.claim]
        self._fields = [model.policy.relations[n] for n in kinds.get("field", ())]
        self._memberships = any(each.is_membership for each in self._fields)
        self._standings: dict[object, CallerStanding] = {}
        self._settings: dict[object, OwnerSetting] = {}
        self._verdicts: dict[object, CachedDecision] = {}

    def of(
        self, endpoint: str, seen: SeenObject, caller: IdentifiedCaller,
        facts: SettingsAndRelations | None, params: Mapping[str, str], begins: bool,
    ) -> CachedDecision:  # fmt: skip
        """What this caller may see of an object. `facts`: what earlier traffic showed; None:
        nothing. `begins`: whether the request may be a registration or login."""
        table = self._model.tables[seen.resource]
        lacking = self._lacks_owners(seen)
        about = (seen.owners, seen.value, caller, facts)
        standing = self.standing_of(table.resource, *about, lacking=lacking)
        setting = self.setting(table, *about, lacking=lacking)
        own = begins and table.resource.is_account
        passes: tuple[bool, ...] = ()
        rule = self._model.rule(endpoint)
        if rule.call is not None:
            passes = self._passes(endpoint, seen, standing, caller, facts, params)
        key = (endpoint, seen.resource, id(standing), id(setting), own, passes, seen.former)
        found = self._verdicts.get(key)
        if found is None:
            may = standing.possible | seen.former
            if own:
                may |= self._policy.only("owner", "authenticated")
            sees = table.see(standing.held, setting.values) if all(passes[:1]) else 0
            most = _most(table, may, setting) if all(passes[1:]) else 0
            masked = tuple(
                (mask, _most(each, may, setting) if all(passes[1:]) else 0)
                for mask, each in self._model.masked.get(seen.resource, ())
            )
            found = CachedDecision(
                endpoint, table, standing, setting, sees, most, own, bool(seen.former), masked
            )
            self._verdicts[key] = found
        return found

    def _lacks_owners(self, seen: SeenObject) -> bool:
        """Whether an object of several owners may have others than it names."""
        owner = self._model.tables[seen.resource].resource.owner
        if owner.kind == "parent":
            return seen.above is not None and self._lacks_owners(seen.above)
        return partly(owner, seen.value)

    def standing_of(
        self, resource: Resource, owners: tuple[str, ...], value: Json, caller: IdentifiedCaller,
        facts: SettingsAndRelations | None, *, lacking: bool = False,
    ) -> CallerStanding:  # fmt: skip
        """The caller's relations to an object of these owners; `lacking`: it may have others."""
        owned = resource.owner.kind != "none"
        ids = caller.ids
        key: tuple[object, ...] = (caller.is_known, owned, bool(owners), lacking)
        if caller.is_known:
            key += (bool(ids), not ids.isdisjoint(owners))
            if ids and owned and facts is not None:
                key += tuple(_looked_up(facts, n, of, owners, ids) for n, of in self._lookups)
            for claim in self._claims:
                key += (_claim_key(caller, claim), claim in caller.unsure)
            who = caller.principal
            if self._memberships and facts is not None:
                who = facts.inform(self._policy, caller, ()).principal
            for each in self._fields:
                key += (names_caller(each, who, value),)
        found = self._standings.get(key)
        if found is None:
            subject = Subject(resource.name, owners, value, owned, lacking)
            told = facts.inform(self._policy, caller, owners) if facts is not None else caller
            relations = held_relations(self._policy, told.principal, subject)
            found = self._standings[key] = CallerStanding(
                relations, told.possible(self._policy, subject), self._label(relations, None, ""),
                caller.is_known and (bool(owners) or not owned),
            )  # fmt: skip
        return found

    def setting(
        self, table: Table, owners: tuple[str, ...], value: Json, caller: IdentifiedCaller,
        facts: SettingsAndRelations | None, *, lacking: bool = False,
    ) -> OwnerSetting:  # fmt: skip
        """The states that apply to an object: from its members, else from what its owners showed
        before."""
        resource = table.resource
        key: list[object] = [resource.name, lacking]
        for state in resource.states.values():
            inside = at_path(value, state.member) if state.member else ()
            said = said_state(state, value)
            unset = _NULL if inside else _UNSET
            key.append(unset if said is None else digit(state, said))
            if facts is not None:
                path = state.of or f"{resource.name}.{state.name}"
                told = (facts.states.get(owner, _NO_STATES) for owner in owners)
                key += [digit(state, each[path]) if path in each else _UNSET for each in told]
        found = self._settings.get(tuple(key))
        if found is None:
            subject = Subject(resource.name, owners, value, resource.owner.kind != "none", lacking)
            found = self._settings[tuple(key)] = self._setting(table, subject, caller, facts)
        return found

    def _setting(
        self,
        table: Table,
        subject: Subject,
        caller: IdentifiedCaller,
        facts: SettingsAndRelations | None,
    ) -> OwnerSetting:
        resource, owners, value = table.resource, subject.owners, subject.value
        who = facts.inform(self._policy, caller, owners) if facts is not None else caller
        principal = who.principal
        values = state_of(self._policy, resource, principal, subject)
        told = {
            # The account of an unknown further owner may have another value.
            state.name: (not subject.partly or said_state(state, value) is not None)
            and is_told(state, resource.name, owners, value, principal.states)
            for state in resource.states.values()
        }
        pairs = sorted((n, values.get(n) if told[n] else None) for n in resource.states)
        untold = frozenset(name for name, known in told.items() if not known)
        return OwnerSetting(values, tuple(pairs), untold)

    def _passes(
        self, endpoint: str, seen: SeenObject, standing: CallerStanding,
        caller: IdentifiedCaller, facts: SettingsAndRelations | None, params: Mapping[str, str],
    ) -> tuple[bool, bool]:  # fmt: skip
        """Whether `call:` lets the caller have it at all, and whether it may."""
        model, rule = self._model, self._model.rule(endpoint)
        there = standing.possible | seen.former
        who = facts.inform(self._policy, caller, seen.owners) if facts is not None else caller
        if rule.owner in params:
            may = may_call(model, who.principal, endpoint, params)
            there = who.possible(self._policy, Subject("", (params[rule.owner],)))
        else:
            may = through(model, endpoint, standing.held, bool(who.principal.ids))
        might = through(model, endpoint, there, bool(caller.ids) or not caller.is_known)
        above = seen.above
        if above is None or model.tables[seen.resource].resource.owner.kind != "none":
            return may, might
        # An object without an owner may be seen by whoever may see the object around it.
        resource = model.tables[above.resource].resource
        lacking = self._lacks_owners(above)
        outer = self.standing_of(
            resource, above.owners, above.value, caller, facts, lacking=lacking
        )
        there_may, there_might = self._passes(endpoint, above, outer, caller, facts, params)
        return may or there_may, might or there_might


_NO_STATES: Mapping[str, Json] = {}


def _looked_up(
    facts: SettingsAndRelations, name: str, of: str, owners: tuple[str, ...], ids: frozenset[str]
) -> bool | None:
    """Whether a look-up relation holds towards all of these owners; None if unknown."""
    answers = [facts.about(name, of, owner, ids) for owner in owners]
    return None if not answers or None in answers else all(answers)


def _claim_key(caller: IdentifiedCaller, claim: str) -> str:
    """The value of a claim as a key; in memory only."""
    return repr(caller.claims.get(claim))


def _most(table: Table, may: frozenset[str], setting: OwnerSetting) -> int:
    """What any of the possible relations and settings would show."""
    free = [state for state in table.states if state.name in setting.untold]
    bits = 0
    for values in product(*(state.values for state in free)):
        named = dict(zip((state.name for state in free), values, strict=True))
        bits |= table.see(may, {**setting.values, **named})
    return bits
