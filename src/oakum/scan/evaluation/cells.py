"""Which cells one response decides, and how.

Cells are decided by values, never by status or size: a field leaks if its value is the one that its
owner is shown (or if its owner never sees the field); a placeholder is no leak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from oakum.authz import Leaf, ObjectInstance
from oakum.authz.member_paths import key_in
from oakum.authz.table import closed_by_absence, deciding
from oakum.exposure.entitled_views import MissingField, Object
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.evidence import Mark
from oakum.exposure.finding_evidence import Exhibits, Place, by_way_of, place_of
from oakum.exposure.knowledge import canonical, is_theirs, says_nothing
from oakum.exposure.masked_fields import sent
from oakum.exposure.masks import is_partly_masked, kind_of
from oakum.exposure.matrix import (
    ALIKE,
    ANOTHER,
    ECHO,
    HIDDEN,
    LOOSE,
    NOBODY,
    TOO_COMMON,
    Doubt,
    Key,
    Observation,
    Outcome,
    state_key,
)
from oakum.exposure.misplaced_values import Found, Misplaced, is_a_name
from oakum.finding import Evidence, Result
from oakum.openapi.model import Json
from oakum.policy.graphql import TAG
from oakum.scan.evaluation.entitled_views import remember_shown
from oakum.scan.evaluation.field_meaning import (
    alias,
    in_doubt,
    is_callers,
    is_counted,
    is_one_of_several,
    is_own_for_anothers,
    is_relative,
    is_setting_of,
    missing_fields,
    states_of_asked,
    texts_for_nobody,
    was_written,
)
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.evaluation.loose_values import (
    asked_for,
    loose_values,
    may_have_come,
    stands_loose,
    texts_beside,
)
from oakum.scan.evaluation.requested_object import asked_key, is_found_by_hidden, names_one_of
from oakum.scan.evaluation.shared_values import SHARED, sharers, sharers_of_unnamed

_MASK = "mask"
_TWO_FACED = "its owner gets another value of this field elsewhere: one may be a mask"


class Cells:
    """The cells of one response during its evaluation."""

    def __init__(self, context: EvaluationContext, seen: JudgedResponse) -> None:
        self._seen, self._reading = seen, seen.reading
        probe, question = self._probe, self._question = seen.probe, seen.question
        self._exhibits = Exhibits(
            context.identities, context.knowledge, context.matrix, context.redactor, context.views,
            probe, question, seen.response, seen.value,
        )  # fmt: skip
        loose = loose_values(context.model, seen)
        self._beside_fields = texts_beside(seen, loose)
        self._stands_loose = partial(stands_loose, context, question, loose)
        self._may_have_come = partial(may_have_come, context, seen, loose)
        self._asked = partial(asked_key, context.knowledge, probe, question)
        self._names_one_of = partial(names_one_of, context.knowledge, probe, question)
        self._object = ""
        """Key of the object that is judged now; empty: unknown."""
        self._place: Place = ()
        """Where it stands."""
        self._weak = ""
        """Why what is judged now is no proof."""
        self._unjudged: dict[str, str] = {}
        """Resource of an object that may be the one requested, though it was not judged → why."""
        self._unclear = dict.fromkeys(seen.reading.unclear)
        self._context = context
        self._unmasked: dict[tuple[str, ...], None] = {}
        """Values that may be masks, and may not."""
        self._loosely: dict[tuple[str, str], None] = {}
        """(owner, resource) with a value outside any known object."""
        self._found: dict[Key, Observation] = {}
        self._open: set[Key] = set()
        self._shared: list[Leaf] = []
        self._proved = False
        self._places = {each.pointer for each in seen.instances}
        self._sighted: dict[tuple[str, str], None] = {}
        self._embedded: dict[tuple[str, bool], None] = {}
        self._doubts: dict[Key, Doubt] = {}
        self._relative: dict[tuple[str, str], None] = {}
        self._witnessed: dict[tuple[str, str, str], None] = {}
        self._blank: dict[tuple[str, str, str, str], None] = {}
        self._tentative = False
        self._unread: frozenset[str] = frozenset()
        """Settings of this owner that no response shows: fields that need them are not judged."""
        self._untold = False
        """Whether it is unknown in which relations this object names its viewer."""

    def outcome(self) -> Outcome:
        observations = tuple(
            each
            for key, each in self._found.items()
            # One shown object is enough: a list may omit others for reasons of its own.
            if not (each.result is Result.OVER_BLOCK and key in self._open)
        )
        return Outcome(
            self._question.request_key,
            self._seen.response.status,
            observations,
            tuple(self._sighted),
            tuple(self._witnessed),
            tuple(self._embedded),
            tuple(self._doubts.values()),
            tuple(self._relative),
            unclear=(
                *((self._question.viewer or "", "", each) for each in self._unclear),
                *((self._question.viewer or "", *each) for each in self._loosely),
            ),
            tentative=self._tentative,
            blank=tuple(self._blank),
        )

    # ----------------------------------------------------------- objects in the response

    def instance(self, instance: ObjectInstance) -> None:
        """Judges each field of an identity's object, present or missing."""
        if instance.pointer in self._reading.mute:
            return
        if not self._is_judged(instance) and self._weak:
            self._unjudged[instance.resource] = self._weak
        self._weak, self._untold = "", False

    def _is_judged(self, instance: ObjectInstance) -> bool:
        who = self._context.who(instance, self._question.viewer)
        self._weak = self._reading.weakness(instance.pointer, False)
        declared = self._context.model.tables[instance.resource].leaves
        resource = self._context.model.policy.resources[instance.resource]
        self._object = key_in(instance.value, resource.key)
        self._place = place_of(instance.pointer, self._object)
        if resource.key and not self._object and instance.pointer in self._reading.given:
            self._object = self._asked(resource)
        nobodys = self._context.is_nobodys(instance.resource)
        if not who and not nobodys:
            self._nobody_is_to_see(instance)
            self._tell_shared(instance)
            return False  # an owner outside the test accounts: what else may be seen is unknown
        if who and is_callers(self._context, self._question, self._reading, instance, who):
            return False  # the caller got their own object: no evidence about the owner
        self._sighted[(who, instance.resource)] = None
        self._untold = bool(self._reading.untold.get(instance.pointer))
        here = {leaf.path for leaf in instance.leaves}
        blank = {leaf.path for leaf in instance.leaves if leaf.value is None}
        self._unread = in_doubt(self._context, who, instance.resource, here, blank)
        self._unread |= self._reading.unread.get(instance.pointer, frozenset())
        inside = any(instance.pointer[:n] in self._places for n in range(len(instance.pointer)))
        self._embedded[(instance.resource, inside)] = None
        self._shared = []
        self._proved = False
        for leaf in instance.leaves:
            strange, last = leaf.path not in declared, leaf.path.rpartition(".")[2]
            if last == TAG or (
                strange
                and self._reading.names_kind(instance.pointer, last, leaf.value, instance.resource)
            ):
                continue  # the value identifies nobody
            self._weak = self._reading.weakness(instance.pointer, strange)
            self._leaf(instance, leaf, who)
        for leaf in self._shared:
            self._weak = self._reading.weakness(instance.pointer, leaf.path not in declared)
            self._settle_shared(instance, leaf, who)
        of = Object(who, instance.resource, self._object)
        self._tentative |= remember_shown(self._context, self._seen, instance, of)
        self._weak = self._reading.weakness(instance.pointer, False)
        for path in missing_fields(instance, self._probe.shows.get(instance.resource, ())):
            self._missing(instance.resource, path, who, instance.held, instance.state)
        return True

    def _nobody_is_to_see(self, instance: ObjectInstance) -> None:
        """Records a leak of a field that no relation may see, whoever owns it."""
        for leaf in texts_for_nobody(self._context.model, instance):
            if not self._echo(leaf):
                self._put(instance, leaf.path, "", Result.LEAK, self._evidence(instance, leaf, ""))

    def _tell_shared(self, instance: ObjectInstance) -> None:
        """Records values that several owners share, in an object that names none of them."""
        shared = sharers_of_unnamed(self._context, self._question, instance)
        for leaf in instance.leaves if shared else ():
            if who := shared.get(leaf.path):
                held = self._context.identities.relations(self._question.viewer, who)
                self._suspect(replace(instance, held=held), leaf, who, SHARED)

    def _suspect(self, instance: ObjectInstance, leaf: Leaf, who: str, why: str) -> None:
        """Records a leak that is no proof, unless the contract shows the field."""
        place = (instance.resource, leaf.path, who, instance.held, instance.state)
        if self._granted(instance.resource, leaf.path, instance.held, instance.state):
            return
        weak, self._weak = self._weak, self._weak or why
        self._put(instance, leaf.path, who, Result.LEAK, self._evidence(instance, leaf, who))
        told = self._context.placeholders.told
        told(self._key(*place), self._question.request_key, leaf.value, who, shared=True)
        self._weak, self._tentative = weak, True

    def _leaf(self, instance: ObjectInstance, leaf: Leaf, who: str) -> None:
        viewer = self._question.viewer
        own = who in (viewer, NOBODY)
        place = (instance.resource, leaf.path, who, instance.held, instance.state)
        served = leaf.allowed and leaf.value is not None
        if served:
            self._put(instance, leaf.path, who, Result.OPEN)
            self._witnessed[(who, instance.resource, leaf.path)] = None
            if not own and is_relative(self._context, instance, leaf, who):
                self._relative[(instance.resource, leaf.path)] = None
        elif (who == viewer and self._is_own_for_anothers(instance, leaf)) or (
            not own and self._masked(instance, leaf, who)
        ):
            pass
        elif leaf.masked:
            if not own:  # what it hides is unknown
                self._blank[viewer or "", who, instance.resource, leaf.path] = None
        elif isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
            if who != viewer and is_setting_of(self._context, self._unread, instance, leaf, who):
                self._shared.append(leaf)
            elif who != viewer and (leaf.value is False or leaf.value == 0):
                self._perhaps(instance, leaf, who, TOO_COMMON)
            elif not own:
                self._missing(*place, blank=True)
            elif who and not leaf.allowed:
                self._record(*place, Result.CLOSED, wait=True)
        else:
            why = self._echo(leaf) if self._question.wrote else ""
            why = why if own else self._doubt(instance, leaf, who) or self._echo(leaf)
            if why == _MASK:
                self._missing(*place, blank=True)
            elif why in (TOO_COMMON, ECHO):
                self._shared.append(leaf)
            elif why:
                self._perhaps(instance, leaf, who, why)
            elif not own and (
                field := alias(self._context, self._probe, self._question, instance, leaf, who)
            ):
                self._proved = self._proved or not self._weak
                evidence = self._evidence(instance, leaf, who)
                self._put(instance, field, who, Result.LEAK, evidence)
            else:
                two_faced = _TWO_FACED if leaf.pointer in self._unmasked else ""
                weak, self._weak = self._weak, self._weak or two_faced
                self._proved = self._proved or not (own or self._weak)
                evidence = self._evidence(instance, leaf, who)
                self._put(instance, leaf.path, who, Result.LEAK, evidence)
                key = self._key(*place)
                self._context.placeholders.told(key, self._question.request_key, leaf.value, who)
                self._tell_by_object(key, leaf, who)
                self._weak = weak

    def _is_own_for_anothers(self, instance: ObjectInstance, leaf: Leaf) -> bool:
        """Whether it is the viewer's own, which the contract shows them, in place of another's."""
        at = instance.resource, self._object, leaf.path
        shown = self._granted(at[0], at[2], instance.held, instance.state)
        return shown and is_own_for_anothers(self._context, self._question, at, self._place)

    def _masked(self, instance: ObjectInstance, leaf: Leaf, who: str) -> bool:
        """Judges a value in a field that the contract shows in a masked form; False: it is to be
        judged as in any other field."""
        context, place = self._context, (instance.resource, leaf.path, who)
        found = sent(context, instance, leaf, who, self._object, self._unread)
        reading, told = self._reading, found is not None and not self._echo(leaf)
        if found is None or not told or reading.may_be_granted(context.model, instance, leaf.path):
            return False
        self._tentative = True
        key = self._key(*place, instance.held, instance.state)
        if found.kind == "within":
            self._missing(*place, instance.held, instance.state, blank=True)
        elif found.kind == "alike":
            self._blank[self._question.viewer or "", who, instance.resource, leaf.path] = None
        elif found.kind == "unclear":
            context.masked.unclear(key, who, canonical(leaf.value))
            return leaf.masked
        else:
            few = context.masked.beyond(key, who, self._object, found.excess)
            weak, self._weak = self._weak, self._weak or few
            evidence = self._evidence(instance, leaf, who)
            self._put(instance, leaf.path, who, Result.LEAK, evidence)
            self._weak = weak
        return True

    def _tell_by_object(self, key: Key, leaf: Leaf, who: str) -> None:
        """Remember a value that its owner was not shown yet: they may be shown another."""
        viewer, place = self._question.viewer, (who, key.resource, key.field)
        if who and who != viewer and place not in self._context.knowledge.own:
            seen = Observation(key, False, Result.LEAK, viewer, who, weak=self._weak)
            doubt = Doubt(ANOTHER, seen)
            value = canonical(leaf.value)
            self._tentative = True
            self._context.by_object.add(key, self._question.request_key, who, value, doubt)

    def _echo(self, leaf: Leaf) -> str:
        """Whether the question itself held what stands there: it tells of nobody then, unless more
        of the object stands beside it."""
        return ECHO if canonical(leaf.value) in self._question.sent else ""

    def _doubt(self, instance: ObjectInstance, leaf: Leaf, who: str) -> str:
        """Why a value in a denied field may not be its owner's, or not be denied; empty: it is."""
        if why := self._reading.may_be_granted(self._context.model, instance, leaf.path):
            return why
        knowledge = self._context.knowledge
        place = (who, instance.resource, leaf.path)
        known, text = knowledge.own.get(place), canonical(leaf.value)
        if known is None:
            # The owner is known by the path alone, or has no value in this field: a value here may
            # be an error, a placeholder, or the caller's own.
            kind = self._context.model.policy.resources[instance.resource].owner.kind
            by_path = kind in ("path", "query", "caller") or instance.pointer in self._reading.given
            unlike = by_path or place in knowledge.empty or is_partly_masked(leaf.value)
            return ANOTHER if unlike else ""
        if text not in known:
            inside = isinstance(leaf.value, str) and is_theirs(text, known)
            if not inside and not knowledge.ambient.varies(place[1:]):
                key = self._key(instance.resource, leaf.path, who, instance.held, instance.state)
                self._context.placeholders.handed(key, text, who)
            return "" if inside else ANOTHER
        shared = not isinstance(leaf.value, bool) and knowledge.shared(*place, text)
        elsewhere = knowledge.elsewhere(who, instance.resource, self._object, leaf.path, text)
        is_a = kind_of(text, elsewhere, self._context.identities.ids.get(who, ()), shared=shared)
        if (
            is_a == _MASK
            and elsewhere
            and is_one_of_several(self._context, self._probe, instance.resource, who)
        ):
            return TOO_COMMON  # it is no mask if the other value is another object's
        if is_a in (_MASK, ALIKE):
            return is_a if elsewhere else ANOTHER
        if is_a == "unclear":
            self._unmasked[leaf.pointer] = None
        return TOO_COMMON if shared else ""

    def _settle_shared(self, instance: ObjectInstance, leaf: Leaf, who: str) -> None:
        """A value that others have as well leaks with an object whose own values leak beside it."""
        echo = self._echo(leaf)
        if echo and was_written(self._question, leaf):
            self._perhaps(instance, leaf, who, echo)
        elif self._proved or (echo and self._stands_with_a_leak(instance, who)):
            evidence = self._evidence(instance, leaf, who)
            self._put(instance, leaf.path, who, Result.LEAK, evidence)
        elif sharers(self._context, self._question, instance.resource, leaf.path, leaf.value):
            self._suspect(instance, leaf, who, SHARED)
        else:
            self._perhaps(instance, leaf, who, echo or TOO_COMMON)

    def _stands_with_a_leak(self, instance: ObjectInstance, who: str) -> bool:
        """Whether beside an echo stands what is known to leak here, though many have the value."""
        beside = (leaf.path for leaf in self._shared if not self._echo(leaf))
        held, state, entries = instance.held, instance.state, self._context.matrix.entries
        found = (
            entries.get(self._key(instance.resource, path, who, held, state)) for path in beside
        )
        return any(entry is not None and entry.result is Result.LEAK for entry in found)

    def _missing(
        self, resource: str, path: str, who: str, held: frozenset[str], state: Mapping[str, Json],
        *, present: bool = True, blank: bool = False,
    ) -> None:  # fmt: skip
        """A declared field that did not come: with its object, with nothing in it, or neither."""
        table = self._context.model.tables[resource]
        if self._granted(resource, path, held, state):
            endpoint, viewer = self._question.endpoint, self._question.viewer
            view = self._context.views.get((endpoint, who))
            # An embedded object is judged like the one around it.
            lost = (endpoint, resource) in self._context.matrix.embedded
            filled = self._context.knowledge.filled.get((who, resource, self._object), ())
            served = view is not None and view.held(
                resource, self._object, path, filled, self._place if present else None
            )
            # The caller's own object in place of the requested one, or none, and rightly.
            lost |= (viewer, resource) in self._sighted
            lost |= self._context.matrix.hides_way(self._probe, resource, viewer, who)
            may_see = partial(self._granted, resource, held=held, state=state)
            lost |= is_found_by_hidden(self._probe, table.resource, may_see)
            counted = is_counted(self._context.model, self._probe, path)
            if served and not counted and (present or not lost) and who != viewer:
                evidence = self._exhibits.refusal(who, resource, path, held)
                self._record(resource, path, who, held, state, Result.OVER_BLOCK, evidence)
            return
        known = self._context.knowledge.was_shown(who, resource, self._object, path, blank=blank)
        if at := self._stands_loose(who, resource, path):
            self._loosely_told(at, who, resource, path, held, state)
        elif self._may_have_come(who, resource, path, self._object):
            self._doubt_closed(LOOSE, self._key(resource, path, who, held, state), who)
        elif known or (closed_by_absence(table, path) and not blank):
            self._record(resource, path, who, held, state, Result.CLOSED)
        else:
            if blank:
                self._blank[self._question.viewer or "", who, resource, path] = None
            self._record(resource, path, who, held, state, Result.CLOSED, wait=present)

    def _loosely_told(
        self, at: tuple[str, ...], who: str, resource: str, path: str, held: frozenset[str],
        state: Mapping[str, Json],
    ) -> None:  # fmt: skip
        """An owner's value that stands in no object: nothing of theirs is closed by the answer;
        where it was asked for, it may well have come for that."""
        self._loosely[(who, resource)] = None
        if asked_for(self._context, self._question, who, resource, path):
            weak, self._weak = self._weak, "it is outside every declared object"
            self._beside(at, who, resource, path, held, state)
            self._weak = weak
        else:
            self._doubt_closed(LOOSE, self._key(resource, path, who, held, state), who)

    def _doubt_closed(self, why: str, key: Key, who: str) -> None:
        """Keeps why a cell is not closed by a response, which proves no leak either."""
        seen = Observation(key, False, Result.CLOSED, self._question.viewer, who)
        self._doubts.setdefault(key, Doubt(why, seen))

    def _granted(
        self, resource: str, path: str, held: frozenset[str], state: Mapping[str, Json]
    ) -> bool:
        endpoint, known = self._question.endpoint, self._question.viewer is not None
        return self._context.matrix.granted(endpoint, resource, path, held, known, state)

    # ----------------------------------------------- objects missing from the response

    def absent(self) -> None:
        """Judges requested objects that are missing although their owners, or others, get them."""
        viewer = self._question.viewer
        for who in sorted(self._question.targets):
            view = self._context.views.get((self._question.endpoint, who))
            about = view is not None and view.about_owner and who != viewer
            shown = {name for name, _ in view.leaves} if view and about else frozenset()
            for resource in sorted(self._probe.shows.keys() - self._unclear.keys()):
                each = self._context.model.policy.resources[resource]
                self._object = self._asked(each) if each.key else ""
                own = who == viewer or self._context.is_party(viewer, resource, self._object)
                own |= viewer is not None and self._names_one_of(each, viewer)
                if (who, resource) in self._sighted or (own and who != viewer):
                    continue
                self._weak = self._unjudged.get(resource, "")
                self._absent(resource, who, served=resource in shown)
        self._weak = ""

    def _absent(self, resource: str, who: str, *, served: bool) -> None:
        """`served`: its owner gets it at this endpoint."""
        if not served and self._context.is_nobodys(resource):
            return
        viewer = self._question.viewer
        held = self._context.identities.relations(viewer, who)
        asked = self._asked(self._context.model.policy.resources[resource])
        known, self._unread = states_of_asked(self._context, who, resource, asked)
        state = {**self._context.matrix.state(resource, who), **known}
        named = held | self._context.named(viewer, who, resource, self._object)
        for path in self._probe.shows[resource]:
            granted = self._granted(resource, path, named, state)
            if served:
                kind = held if granted else named
                self._missing(resource, path, who, kind, state, present=False)
            elif not granted:
                self._record(resource, path, who, named, state, Result.CLOSED, wait=False)

    # --------------------------------------------------------------- misplaced values

    def canaries(self) -> None:
        """Searches everything outside known objects for owners' values."""
        seen, instances = self._seen, self._seen.instances
        misplaced = Misplaced(self._context, seen.probe, seen.question, seen.response, seen.value)
        for found in misplaced.search(seen.judgement.unbound, instances):
            self._weak = seen.reading.contest(found.at)
            self._canary(found)
        self._weak = "it stands in the viewer's own object, and may be theirs as well"
        for found in misplaced.in_own_objects(instances):
            self._canary(found)
        self._weak = ""

    def _canary(self, found: Found) -> None:
        at, value, who, resource, path, where, inside = found
        if not who or is_a_name(self._context, self._question.viewer, who, resource, path, value):
            return
        viewer = self._question.viewer
        withheld, field, shown = self._context.withheld(viewer, who, value, (resource, path))
        if shown:
            return
        resource, path = (withheld, field) if withheld else (resource, path)
        held = self._context.identities.relations(viewer, who)
        first, *others = self._context.sources(viewer, who, resource, path, value)
        state = {**self._context.matrix.state(resource, who), **first.state}
        self._unread = in_doubt(self._context, who, resource, first.state)
        unlike = {n for n, told in first.state.items() for o in others if o.state[n] != told}
        self._unread |= unlike
        if not self._granted(resource, path, held, state):
            key = self._key(resource, path, who, held, state)
            before = self._found.get(key)
            self._beside(at, who, resource, path, held, state, where)
            if self._found.get(key) is not before:
                self._tentative = True
                request_key = self._question.request_key
                self._context.by_value.add(key, request_key, (value, who, held), before, inside)

    def _beside(
        self, at: tuple[str, ...], who: str, resource: str, path: str, held: frozenset[str],
        state: Mapping[str, Json], where: str = "",
    ) -> None:  # fmt: skip
        """A value of somebody's that leaks outside every declared field, or in another one."""
        marks: dict[tuple[str, ...], Mark] = {at: "leak"}
        evidence = Evidence(
            self._exhibits.own_side(who, resource, path),
            self._exhibits.viewer_side(who, held, marks, [at[:-1]]),
            self._question.curl,
            note=f"the value is {where or 'outside every declared field'}: found by value"
            + by_way_of(self._probe, at[:-1], "; "),
        )
        self._record(resource, path, who, held, state, Result.LEAK, evidence)

    # ------------------------------------------------------- recording results

    def _put(
        self, s: ObjectInstance, path: str, who: str, result: Result,
        evidence: Evidence | None = None,
    ) -> None:  # fmt: skip
        self._record(s.resource, path, who, s.held, s.state, result, evidence)

    def _record(
        self, resource: str, path: str, who: str, held: frozenset[str], state: Mapping[str, Json],
        result: Result, evidence: Evidence | None = None, wait: bool | None = None,
    ) -> None:  # fmt: skip
        """`wait`: only if an entitled viewer is shown the field of this object, which came or did
        not."""
        unsure = self._unread.intersection(deciding(self._context.model.tables[resource], path))
        told = result is Result.LEAK and not self._context.may_be_granted(
            self._question, (resource, path), held, state, self._unread
        )
        if unsure and not told:
            return  # unknown whether the contract grants it
        unproven = self._context.identities.unproven_of(self._question.viewer, who)
        weak = self._weak or unproven
        doubted = (self._question.viewer or "", who) in self._context.identities.doubted
        if result in (Result.CLOSED, Result.OVER_BLOCK) and (self._weak or doubted or self._untold):
            if self._untold and result is Result.CLOSED and wait is None:
                self._doubt_closed(HIDDEN, self._key(resource, path, who, held, state), who)
            return
        for each in self._context.kinds(self._question, (resource, path), who, held, state, result):
            key = self._key(resource, path, who, each, state)
            if result is Result.OPEN:
                self._open.add(key)
            granted = result in (Result.OPEN, Result.OVER_BLOCK)
            viewer, known = self._question.viewer, self._found.get(key)
            seen = Observation(key, granted, result, viewer, who, evidence, weak)
            if wait is not None:
                self._wait(seen, absent=not wait)
            elif known is None or known.yields_to(result, weak):
                self._found[key] = seen

    def _wait(self, closed: Observation, *, absent: bool) -> None:
        """Keep what did not come until it is known whether those who may see it are shown it."""
        if self._object and closed.owner:
            self._tentative = True
            of = Object(closed.owner, closed.key.resource, self._object)
            lack = MissingField(closed, of, self._beside_fields, self._question.sent, absent)
            self._context.entitled.lack(lack)

    def _perhaps(self, instance: ObjectInstance, leaf: Leaf, who: str, why: str) -> None:
        """Records a denied field with a value that is no proof alone."""
        table = self._context.model.tables[instance.resource]
        if not self._unread.isdisjoint(deciding(table, leaf.path)):
            return
        key = self._key(instance.resource, leaf.path, who, instance.held, instance.state)
        evidence = self._evidence(instance, leaf, who)
        weak = self._weak or self._context.identities.unproven_of(self._question.viewer, who)
        seen = Observation(key, False, Result.LEAK, self._question.viewer, who, evidence, weak)
        self._doubts[key] = Doubt(why, seen)

    def _evidence(self, instance: ObjectInstance, leaf: Leaf, who: str) -> Evidence | None:
        key = self._key(instance.resource, leaf.path, who, instance.held, instance.state)
        return self._exhibits.evidence(key, instance, leaf, who, self._weak)

    def _key(
        self, resource: str, path: str, who: str, held: frozenset[str], state: Mapping[str, Json]
    ) -> Key:
        table = self._context.model.tables[resource]
        label = self._context.identities.label(held, self._question.viewer, who)
        known = state_key(table, path, state)
        # A state that was never read is left out of the key.
        known = tuple(pair for pair in known if pair[0] not in self._unread)
        return Key(self._question.endpoint, resource, path, label, known)
