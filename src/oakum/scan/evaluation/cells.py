"""Which cells one response decides, and how.

Cells are decided by values, never by status or size: a field leaks if its value is the one that its
owner is shown (or if its owner never sees the field); a placeholder is no leak.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import partial

from oakum.authz import Leaf, ObjectInstance
from oakum.authz.member_paths import key_in
from oakum.authz.table import allows, closed_by_absence
from oakum.exposure.cells.matrix import (
    ALIKE,
    ANOTHER,
    ECHO,
    LOOSE,
    NOBODY,
    TOO_COMMON,
    Doubt,
    Key,
    Observation,
    Outcome,
)
from oakum.exposure.cells.values_shown_to_entitled_viewers import DoubtedValue
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.evidence import Mark
from oakum.exposure.finding_evidence import EvidenceMaker, by_way_of, place_of
from oakum.exposure.values.knowledge import canonical, is_theirs, says_nothing
from oakum.exposure.values.masked_fields import masked_value
from oakum.exposure.values.masks import is_partly_masked, kind_of
from oakum.exposure.values.misplaced_values import MisplacedSearch, MisplacedValue, is_a_name
from oakum.finding import Evidence, Result
from oakum.policy.graphql_schema import TAG
from oakum.scan.evaluation.cell_record import CellRecord, JudgedObject
from oakum.scan.evaluation.entitled_views import remember_shown
from oakum.scan.evaluation.false_positives import (
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
from oakum.scan.evaluation.hidden_embedded_objects import references_in
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.evaluation.requested_object import (
    asked_key,
    is_found_by_hidden,
    is_found_through_hidden_object,
    names_one_of,
)
from oakum.scan.evaluation.shared_values import SHARED, sharers, sharers_of_unnamed
from oakum.scan.evaluation.values_outside_owned_objects import (
    asked_for,
    loose_values,
    may_have_come,
    stands_loose,
    texts_beside,
)

_MASK = "mask"
_TWO_FACED = "its owner gets another value of this field elsewhere: one may be a mask"


class _ValueEvidence(Enum):
    """What the value of one field says about the object that contains it."""

    NOTHING = 1
    PROVED = 2
    """A value that only the owner has leaks."""
    SHARED = 3
    """Others have the value, too: it leaks only with another, proven field of the object."""


class Cells:
    """The cells of one response during its evaluation."""

    def __init__(self, context: EvaluationContext, seen: JudgedResponse) -> None:
        self._seen, self._reading = seen, seen.reading
        probe, question = self._probe, self._question = seen.probe, seen.question
        self._exhibits = EvidenceMaker(
            context.identities, context.knowledge, context.matrix, context.redactor, context.views,
            probe, question, seen.response, seen.value,
        )  # fmt: skip
        loose = loose_values(context.model, seen)
        self._stands_loose = partial(stands_loose, context, question, loose)
        self._may_have_come = partial(may_have_come, context, seen, loose)
        self._asked = partial(asked_key, context.knowledge, probe, question)
        self._names_one_of = partial(names_one_of, context.knowledge, probe, question)
        self._unjudged: dict[str, str] = {}
        """Resource of an object that may be the one requested, though it was not judged → why."""
        self._context = context
        self._unmasked: dict[tuple[str, ...], None] = {}
        """Values that may be masks, and may not."""
        self._places = {each.pointer for each in seen.instances}
        self._record = CellRecord(context, seen, texts_beside(seen, loose))

    def outcome(self) -> Outcome:
        """What is kept of the response."""
        return self._record.outcome()

    # ----------------------------------------------------------- objects in the response

    def instance(self, instance: ObjectInstance) -> None:
        """Judges each field of an identity's object, present or missing."""
        if instance.pointer in self._reading.mute:
            return
        of = self._subject(instance)
        if not self._is_judged(instance, of) and of.weak:
            self._unjudged[instance.resource] = of.weak

    def _subject(self, instance: ObjectInstance) -> JudgedObject:
        resource = self._context.model.policy.resources[instance.resource]
        key = key_in(instance.value, resource.key)
        place = place_of(instance.pointer, key)
        if resource.key and not key and instance.pointer in self._reading.given:
            key = self._asked(resource)
        who = self._context.who(instance, self._question.viewer)
        weak = self._reading.weakness(instance.pointer, False)
        unread = self._reading.unread.get(instance.pointer, frozenset())
        held, state = instance.held, instance.state
        said = self._reading.said.get(instance.pointer, frozenset())
        return JudgedObject(instance.resource, who, held, state, key, place, weak, unread, said)

    def _is_judged(self, instance: ObjectInstance, of: JudgedObject) -> bool:
        who, resource = of.who, of.resource
        if not who and not self._context.is_nobodys(resource):
            self._nobody_is_to_see(instance, of)
            self._tell_shared(instance, of)
            return False  # owned by no test account: what others may see of it is unknown
        if who and is_callers(self._context, self._question, self._reading, instance, who):
            return False  # the caller got their own object: no evidence about the owner
        self._record.sighted[(who, resource)] = None
        here = {leaf.path for leaf in instance.leaves}
        blank = {leaf.path for leaf in instance.leaves if leaf.value is None}
        unread = of.unread | in_doubt(self._context, who, resource, here, blank)
        of = replace(of, unread=unread, untold=bool(self._reading.untold.get(instance.pointer)))
        inside = any(instance.pointer[:n] in self._places for n in range(len(instance.pointer)))
        self._record.embedded[(resource, inside)] = None
        self._judge_leaves(instance, of)
        for path, at in references_in(self._context, self._seen, instance):
            if not self._is_granted(of, path):
                self._beside(at, of, path, "the key of an object that must not be there")
        self._record.tentative |= remember_shown(self._context, self._seen, instance, of.at)
        for path in missing_fields(instance, self._probe.shows.get(resource, ())):
            self._missing(of, path)
        return True

    def _judge_leaves(self, instance: ObjectInstance, of: JudgedObject) -> None:
        """Judges the fields that an object contains; values that several owners share are judged
        last, by the others."""
        declared = self._context.model.tables[of.resource].leaves
        strange = replace(of, weak=self._reading.weakness(instance.pointer, True))
        shared, proved = list[tuple[Leaf, JudgedObject]](), False
        for leaf in instance.leaves:
            unknown, last = leaf.path not in declared, leaf.path.rpartition(".")[2]
            if last == TAG or (
                unknown
                and self._reading.names_kind(instance.pointer, last, leaf.value, of.resource)
            ):
                continue  # the value identifies nobody
            each = strange if unknown else of
            told = self._leaf(instance, leaf, each)
            proved |= told is _ValueEvidence.PROVED
            if told is _ValueEvidence.SHARED:
                shared.append((leaf, each))
        beside = [leaf.path for leaf, _ in shared if not self._echo(leaf)]
        for leaf, each in shared:
            self._settle_shared(instance, leaf, each, beside, proved=proved)

    def _nobody_is_to_see(self, instance: ObjectInstance, of: JudgedObject) -> None:
        """Records a leak of a field that no relation may see, whoever owns it."""
        for leaf in texts_for_nobody(self._context.model, instance):
            if not self._echo(leaf):
                self._leak(instance, leaf, of)

    def _tell_shared(self, instance: ObjectInstance, of: JudgedObject) -> None:
        """Records values that several owners share, in an object that names no owner."""
        shared = sharers_of_unnamed(self._context, self._question, instance)
        for leaf in instance.leaves if shared else ():
            if who := shared.get(leaf.path):
                held = self._context.identities.relations(self._question.viewer, who)
                other = replace(of, who=who, held=held)
                self._suspect(replace(instance, held=held), leaf, other)

    def _suspect(self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject) -> None:
        """Records a leak that is no proof, unless the contract shows the field."""
        if self._is_granted(of, leaf.path):
            return
        self._leak(instance, leaf, replace(of, weak=of.weak or SHARED))
        told, key = self._context.placeholders.note_leak, self._record.key(of, leaf.path)
        told(key, self._question.request_key, leaf.value, of.who, shared=True)
        self._record.tentative = True

    def _leaf(self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject) -> _ValueEvidence:
        """Judges what came in a field: granted, masked, empty, or denied."""
        viewer, who = self._question.viewer, of.who
        own = who in (viewer, NOBODY)
        if leaf.allowed and leaf.value is not None:
            self._record.put(of, leaf.path, Result.OPEN)
            self._record.witnessed[(who, of.resource, leaf.path)] = None
            if not own and is_relative(self._context, instance, leaf, who):
                self._record.relative[(of.resource, leaf.path)] = None
        elif (who == viewer and self._is_own_for_anothers(of, leaf)) or (
            not own and self._judge_masked(instance, leaf, of)
        ):
            pass
        elif leaf.masked:
            if not own:  # the owner's value is unknown
                self._record.leave_blank(of, leaf.path)
        elif isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
            return self._empty(instance, leaf, of, own=own)
        else:
            return self._judge_denied(instance, leaf, of, own=own)
        return _ValueEvidence.NOTHING

    def _empty(
        self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject, *, own: bool
    ) -> _ValueEvidence:
        """Judges a value that says nothing, such as `""`, false or an object with fields."""
        others = of.who != self._question.viewer
        if others and is_setting_of(self._context, of.unread, instance, leaf, of.who):
            return _ValueEvidence.SHARED
        if others and (leaf.value is False or leaf.value == 0):
            self._perhaps(instance, leaf, of, TOO_COMMON)
        elif not own:
            self._missing(of, leaf.path, blank=True)
        elif of.who and not leaf.allowed:
            self._record.put(of, leaf.path, Result.CLOSED, wait=True)
        return _ValueEvidence.NOTHING

    def _judge_denied(
        self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject, *, own: bool
    ) -> _ValueEvidence:
        """Judges a value in a field that the contract does not show the viewer."""
        context, question = self._context, self._question
        why = self._echo(leaf) if question.wrote else ""
        if of.who == NOBODY:  # an ownerless object may be open to the viewer through its members
            why = why or self._reading.may_be_granted(context.model, instance, leaf.path)
        why = why if own else self._doubt(instance, leaf, of) or self._echo(leaf)
        if why in (TOO_COMMON, ECHO):
            return _ValueEvidence.SHARED
        if why == _MASK:
            self._missing(of, leaf.path, blank=True)
            return _ValueEvidence.NOTHING
        if why:
            self._perhaps(instance, leaf, of, why)
            return _ValueEvidence.NOTHING
        if not own and (field := alias(context, self._probe, question, instance, leaf, of.who)):
            self._leak(instance, leaf, of, field)
            return _ValueEvidence.NOTHING if of.weak else _ValueEvidence.PROVED
        if not of.weak and leaf.pointer in self._unmasked:
            of = replace(of, weak=_TWO_FACED)
        self._leak(instance, leaf, of)
        key = self._record.key(of, leaf.path)
        context.placeholders.note_leak(key, question.request_key, leaf.value, of.who)
        self._tell_by_object(key, leaf, of)
        return _ValueEvidence.NOTHING if own or of.weak else _ValueEvidence.PROVED

    def _leak(
        self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject, field: str = ""
    ) -> None:
        """Records a leak with its evidence. `field`: whose value it is, if not of its own."""
        evidence = self._evidence(instance, leaf, of)
        self._record.put(of, field or leaf.path, Result.LEAK, evidence)

    def _is_own_for_anothers(self, of: JudgedObject, leaf: Leaf) -> bool:
        """Whether a value in another's object is the viewer's own, which the contract shows
        them."""
        at = of.resource, of.object_key, leaf.path
        shown = self._is_granted(of, leaf.path)
        return shown and is_own_for_anothers(self._context, self._question, at, of.place)

    def _judge_masked(self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject) -> bool:
        """Judges a value in a masked field; False if it is to be judged like any other field."""
        context, who = self._context, of.who
        found = masked_value(context, instance, leaf, who, of.object_key, of.unread)
        reading, told = self._reading, found is not None and not self._echo(leaf)
        if found is None or not told or reading.may_be_granted(context.model, instance, leaf.path):
            return False
        self._record.tentative = True
        key = self._record.key(of, leaf.path)
        if found.kind == "within":
            self._missing(of, leaf.path, blank=True)
        elif found.kind == "alike":
            self._record.leave_blank(of, leaf.path)
        elif found.kind == "unclear":
            context.masked.unclear(key, who, canonical(leaf.value))
            return leaf.masked
        else:
            few = context.masked.beyond(key, who, of.object_key, found.excess)
            self._leak(instance, leaf, replace(of, weak=of.weak or few))
        return True

    def _tell_by_object(self, key: Key, leaf: Leaf, of: JudgedObject) -> None:
        """Records a value that its owner was not shown yet, since they may be shown another one."""
        viewer, who, place = self._question.viewer, of.who, (of.who, key.resource, key.field)
        if who and who != viewer and place not in self._context.knowledge.own:
            doubt = Doubt(ANOTHER, Observation(key, False, Result.LEAK, viewer, who, weak=of.weak))
            value = canonical(leaf.value)
            self._record.tentative = True
            self._context.by_object.add(key, self._question.request_key, who, value, doubt)

    def _echo(self, leaf: Leaf) -> str:
        """The doubt `ECHO` if the request contained the value, so that it proves nothing alone;
        otherwise empty."""
        return ECHO if canonical(leaf.value) in self._question.sent else ""

    def _doubt(self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject) -> str:
        """Why a value in a denied field may not be the one that is denied; empty if nothing says
        so, or if it is the one that is shown to those who may see it."""
        why, at = self._doubt_by_owner(instance, leaf, of), of.at
        hidden = why == ANOTHER and not isinstance(leaf.value, bool)
        if hidden and self._context.entitled.is_hidden(at, leaf.path, canonical(leaf.value)):
            return ""
        return why

    def _doubt_by_owner(self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject) -> str:
        """The same by what the owner is shown."""
        if why := self._reading.may_be_granted(self._context.model, instance, leaf.path):
            return why
        knowledge, who = self._context.knowledge, of.who
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
                self._context.placeholders.note_placeholder(
                    self._record.key(of, leaf.path), text, who
                )
            return "" if inside else ANOTHER
        shared = not isinstance(leaf.value, bool) and knowledge.is_shared(*place, text)
        elsewhere = knowledge.elsewhere(who, instance.resource, of.object_key, leaf.path, text)
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

    def _settle_shared(
        self,
        instance: ObjectInstance,
        leaf: Leaf,
        of: JudgedObject,
        beside: list[str],
        *,
        proved: bool,
    ) -> None:
        """A value that others have, too, leaks if own values of the object leak beside it.
        `beside`: fields of the object with shared values; `proved`: own values leak."""
        echo = self._echo(leaf)
        if echo and was_written(self._question, leaf):
            self._perhaps(instance, leaf, of, echo)
        elif proved or (echo and self._leaks_here(of, beside)):
            self._leak(instance, leaf, of)
        elif sharers(self._context, self._question, instance.resource, leaf.path, leaf.value):
            self._suspect(instance, leaf, of)
        else:
            self._perhaps(instance, leaf, of, echo or TOO_COMMON)

    def _leaks_here(self, of: JudgedObject, paths: list[str]) -> bool:
        """Whether one of these fields is known to leak at this endpoint, although many owners have
        the value."""
        entries = self._context.matrix.entries
        found = (entries.get(self._record.key(of, path)) for path in paths)
        return any(entry is not None and entry.result is Result.LEAK for entry in found)

    def _missing(
        self, of: JudgedObject, path: str, *, present: bool = True, blank: bool = False
    ) -> None:
        """Judges a declared field that is missing: with its object, as an empty field, or alone."""
        if self._is_granted(of, path):
            self._judge_withheld(of, path, present=present)
            return
        who, resource, key = of.who, of.resource, of.object_key
        table = self._context.model.tables[resource]
        known = self._context.knowledge.was_shown(who, resource, key, path, blank=blank)
        if (at := self._stands_loose(who, resource, path)) is not None:
            self._loosely_told(at, of, path)
        elif self._may_have_come(who, resource, path, key):
            self._record.doubt_closed(of, path, LOOSE)
        elif known or (closed_by_absence(table, path) and not blank):
            self._record.put(of, path, Result.CLOSED)
        else:
            if blank:
                self._record.leave_blank(of, path)
            self._record.put(of, path, Result.CLOSED, wait=present)

    def _judge_withheld(self, of: JudgedObject, path: str, *, present: bool) -> None:
        """Judges a granted field that is missing although its owner receives it at this
        endpoint."""
        endpoint, viewer = self._question.endpoint, self._question.viewer
        who, resource, context = of.who, of.resource, self._context
        view = context.views.get((endpoint, who))
        filled = context.knowledge.filled.get((who, resource, of.object_key), ())
        place = of.place if present else None
        served = view is not None and view.has_field(resource, of.object_key, path, filled, place)
        if not served or who == viewer or is_counted(context.model, self._probe, path):
            return
        # No field is over-blocked where its whole object may be missing for a good reason: the
        # enclosing one is hidden, or the caller's own stands in place of the requested one.
        lost = (endpoint, resource) in context.matrix.embedded
        lost |= (viewer, resource) in self._record.sighted
        lost |= context.matrix.hides_way(self._probe, resource, viewer, who)
        table = context.model.tables[resource]
        lost |= is_found_by_hidden(self._probe, table.resource, partial(self._is_granted, of))
        always = partial(self._sees_always, of.held)
        lost |= is_found_through_hidden_object(self._probe, table.resource, always)
        if present or not lost:
            evidence = self._exhibits.refusal(who, resource, path, of.held)
            self._record.put(of, path, Result.OVER_BLOCK, evidence)

    def _sees_always(self, held: frozenset[str], resource: str, path: str) -> bool:
        """Whether a line shows whoever has these relations a field in every state."""
        table = self._context.model.tables.get(resource)
        return table is None or table.resource.owner.kind == "none" or allows(table, path, held, {})

    def _loosely_told(self, at: tuple[str, ...], of: JudgedObject, path: str) -> None:
        """Records an owner's value outside every object: the response then closes no cell of this
        owner. If the value was requested, it may be there for that reason."""
        self._record.loosely[(of.who, of.resource)] = None
        if asked_for(self._context, self._question, of.who, of.resource, path):
            self._beside(at, replace(of, weak="it is outside every declared object"), path)
        else:
            self._record.doubt_closed(of, path, LOOSE)

    def _is_granted(self, of: JudgedObject, path: str) -> bool:
        endpoint, known = self._question.endpoint, self._question.viewer is not None
        return self._context.matrix.is_granted(
            endpoint, of.resource, path, of.held, known, of.state
        )

    # ----------------------------------------------- objects missing from the response

    def absent(self) -> None:
        """Judges requested objects that are missing although their owners, or others,
        receive them."""
        viewer = self._question.viewer
        for who in sorted(self._question.targets):
            view = self._context.views.get((self._question.endpoint, who))
            about = view is not None and view.about_owner and who != viewer
            shown = {name for name, _ in view.leaves} if view and about else frozenset()
            for resource in sorted(self._probe.shows.keys() - set(self._reading.unclear)):
                each = self._context.model.policy.resources[resource]
                key = self._asked(each) if each.key else ""
                own = who == viewer or self._context.is_party(viewer, resource, key)
                own |= viewer is not None and self._names_one_of(each, viewer)
                if (who, resource) in self._record.sighted or (own and who != viewer):
                    continue
                self._absent(resource, who, key, served=resource in shown)
        for resource in self._probe.shows:
            if (
                self._context.is_nobodys(resource)
                and (NOBODY, resource) not in self._record.sighted
            ):
                self._came_loose(resource)

    def _came_loose(self, resource: str) -> None:
        """Whether an ownerless object that was requested by its key may be in the response outside
        declared places, as in an error text: then its cells are not closed."""
        key = self._asked(self._context.model.policy.resources[resource])
        if not key:
            return
        paths = self._probe.shows[resource]
        if not any(self._may_have_come(NOBODY, resource, path, key) for path in paths):
            return
        held = self._context.identities.relations(self._question.viewer, NOBODY)
        of = JudgedObject(resource, NOBODY, held, {}, key)
        for path in paths:
            if not self._is_granted(of, path):
                self._record.doubt_closed(of, path, LOOSE)

    def _absent(self, resource: str, who: str, key: str, *, served: bool) -> None:
        """Judges one missing object. `key`: of the requested object; `served`: the owner receives
        it at this endpoint."""
        if not served and self._context.is_nobodys(resource):
            return
        viewer = self._question.viewer
        held = self._context.identities.relations(viewer, who)
        asked = self._asked(self._context.model.policy.resources[resource])
        known, unread = states_of_asked(self._context, who, resource, asked)
        state = {**self._context.matrix.state(resource, who), **known}
        weak = self._unjudged.get(resource, "")
        alone = JudgedObject(resource, who, held, state, key, weak=weak, unread=unread)
        named = replace(
            alone, held=held | self._context.relations_naming(viewer, who, resource, key)
        )
        for path in self._probe.shows[resource]:
            granted = self._is_granted(named, path)
            if served:
                self._missing(alone if granted else named, path, present=False)
            elif not granted:
                self._record.put(named, path, Result.CLOSED, wait=False)

    # --------------------------------------------------------------- misplaced values

    def canaries(self) -> None:
        """Searches everything outside known objects for owners' values."""
        seen, instances = self._seen, self._seen.instances
        misplaced = MisplacedSearch(
            self._context, seen.probe, seen.question, seen.response, seen.value
        )
        for found in misplaced.search(seen.judgement.unbound, instances):
            self._canary(found, seen.reading.contest(found.at) or found.doubt)
        weak = "it is in the viewer's own object, and may be theirs as well"
        for found in misplaced.in_own_objects(instances):
            self._canary(found, weak)

    def _canary(self, found: MisplacedValue, weak: str) -> None:
        at, value, who, resource, path, where, inside, _ = found
        if not who or is_a_name(self._context, self._question.viewer, who, resource, path, value):
            return
        viewer = self._question.viewer
        withheld, field, shown = self._context.withholding_field(
            viewer, who, value, (resource, path)
        )
        if shown:
            return
        resource, path = (withheld, field) if withheld else (resource, path)
        held = self._context.identities.relations(viewer, who)
        held |= self._context.relations_by_value(viewer, who, resource, path, value)
        first, *others = self._context.sources(viewer, who, resource, path, value)
        state = {**self._context.matrix.state(resource, who), **first.state}
        unread = in_doubt(self._context, who, resource, first.state)
        unread |= {n for n, told in first.state.items() for o in others if o.state[n] != told}
        of = JudgedObject(resource, who, held, state, weak=weak, unread=unread)
        if not self._is_granted(of, path):
            key = self._record.key(of, path)
            before = self._record.found.get(key)
            self._beside(at, of, path, where)
            if self._record.found.get(key) is not before:
                self._record.tentative = True
                request_key = self._question.request_key
                told = self._context.told(viewer, who, held, value)
                self._context.by_value.add(key, request_key, told, before, inside)

    def _beside(self, at: tuple[str, ...], of: JudgedObject, path: str, where: str = "") -> None:
        """Records an owner's value that leaks outside every declared field, or in another one."""
        marks: dict[tuple[str, ...], Mark] = {at: "leak"}
        evidence = Evidence(
            self._exhibits.own_side(of.who, of.resource, path),
            self._exhibits.viewer_side(of.who, of.held, marks, [at[:-1]]),
            self._question.curl,
            note=f"the value is {where or 'outside every declared field'}: found by value"
            + by_way_of(self._probe, at[:-1], "; "),
        )
        self._record.put(of, path, Result.LEAK, evidence)

    # ------------------------------------------------------- evidence

    def _perhaps(self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject, why: str) -> None:
        """Records a denied field with a value that is no proof alone."""
        if not self._record.is_unread(of, leaf.path):
            evidence = self._evidence(instance, leaf, of)
            leak = self._record.doubt(of, leaf.path, why, evidence)
            told = isinstance(leaf.value, bool) or self._echo(leaf) or not of.object_key
            if why == ANOTHER and not told:  # perhaps it is what entitled viewers are shown
                value = DoubtedValue(canonical(leaf.value), leak)
                self._context.entitled.doubt(self._question.request_key, of.at, value)
                self._record.tentative = True

    def _evidence(self, instance: ObjectInstance, leaf: Leaf, of: JudgedObject) -> Evidence | None:
        key = self._record.key(of, leaf.path)
        return self._exhibits.evidence(key, instance, leaf, of.who, of.weak)
