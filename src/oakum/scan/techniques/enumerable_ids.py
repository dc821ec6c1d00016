"""Ids that grant access and can be enumerated (P6).

A contract may show something to whoever holds a key: a tracking number, the tag of a dog, a link.
Then the key is the only protection. It is insufficient if keys are sequential or few and no rate
limit stops a caller who tries many (CWE-340, CWE-799), or if a response shows a random key to
somebody who may not know it. No foreign key is tried: how keys are made is inferred from own ones,
and the endpoint is requested for own objects alone, as a stranger, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from oakum.authz import Model, ObjectInstance
from oakum.authz.table import allows
from oakum.exchange import Response
from oakum.exposure.cells.matrix import state_key
from oakum.exposure.endpoints.probes import Probe, names_owner
from oakum.exposure.leak_signal import Signal
from oakum.exposure.values.knowledge import canonical, says_nothing
from oakum.finding import Evidence, Result, State
from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.policy.model import Limit
from oakum.scan.discovery.keyspace import UNKNOWN, Keyspace, read
from oakum.scan.discovery.keyspace_size import BEHIND, estimate
from oakum.scan.discovery.rate_limit import (
    USUAL,
    Burst,
    burst,
    exceeds,
    request_count,
    seconds_text,
)
from oakum.scan.engine import Engine
from oakum.scan.limits import Pace
from oakum.scan.requests.builder import FilledRequest, curl, fill
from oakum.scan.technique import Line, Prospect

HOW = "id-enumeration"
RULES: frozenset[str] = frozenset({"enumerable-ids"})
OPENS_WAYS = False

_MOST_OBJECTS = 12
"""How many own objects are requested in turn, so that a cache does not answer for all."""
_TOGETHER = 20.0
"""Several keys that are checked together can be enumerated if they have at most so many bits in
all."""
_MADE = word_set("added at booked created date issued made on ordered placed registered sent time")


def run(engine: Engine) -> None:
    """Tests every endpoint that is accessed by the key of an owned object."""
    engine.say("reading ids")
    for probe in engine.state.probes:
        sources = _owned_params(engine.model, probe)
        if sources and probe.shows:
            _Endpoint(engine, probe, sources).run()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each endpoint whose key the contract hides from somebody."""
    for probe in prospect.probes:
        sources = _owned_params(prospect.model, probe)
        if probe.shows and any(_is_hidden(prospect.model, source) for source in sources.values()):
            yield {
                "as": "every kind of viewer",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}"
                "  for the identities' own objects, up to 200 times if their keys can be guessed",
                "why": "whether there is a rate limit on guessing keys",
            }


def _owned_params(model: Model, probe: Probe) -> dict[str, str]:
    """Parameter → `Resource.field`, of those that name somebody's object."""
    found: dict[str, str] = {}
    for parameter, source in probe.sources.items():
        resource, _, path = source.partition(".")
        known = model.policy.resources.get(resource)
        contact = classify_field(path) is FieldClass.CONTACT  # not an id: see account enumeration
        if known is None or not path or known.owner.kind == "none" or contact:
            continue
        # That a line hides who owns an object does not make the account's id a secret.
        if path == known.key or not names_owner(model, source):
            found[parameter] = source
    return found


def _is_hidden(model: Model, source: str) -> bool:
    """Whether the contract hides a field from callers without, or with no more than, a login."""
    resource, _, path = source.partition(".")
    for basic in (("anyone",), ("anyone", "authenticated")):
        if not allows(model.tables[resource], path, model.policy.only(*basic), {}):
            return True
    return False


@dataclass(frozen=True)
class _Case:
    """One kind of viewer, and the objects of one kind of owner."""

    viewer: str | None
    owner: str
    label: str
    state: State
    resource: str
    field: str
    """The key that the contract hides from this viewer."""


@dataclass
class _Endpoint:
    """An endpoint, and the parameters of it that name somebody's object."""

    engine: Engine
    probe: Probe
    sources: Mapping[str, str]

    def __post_init__(self) -> None:
        self.asked = replace(self.probe, personal=self.probe.personal | self.sources.keys())
        """Filled with one owner's values, whatever the contract calls the key."""

    def run(self) -> None:
        done: set[tuple[str, str, State]] = set()
        for who in self.engine.identities.subjects():
            for viewer in self.engine.watchers(who):
                hidden = [
                    source for source in self.sources.values() if self._hides(source, viewer, who)
                ]
                if not hidden or self._is_shut(viewer, who):
                    continue
                case = self._case(viewer, who, hidden[-1])
                kind = (case.label, f"{case.resource}.{case.field}", case.state)
                if kind not in done and self._look(case, hidden):
                    done.add(kind)

    def _hides(self, source: str, viewer: str | None, who: str) -> bool:
        resource, _, path = source.partition(".")
        return not self.engine.matrix.sees(resource, path, viewer, who)

    def _is_shut(self, viewer: str | None, who: str) -> bool:
        """Whether the endpoint refused this viewer."""
        known = self.engine.responses.forms.get(
            (self.probe.id, viewer, None if self.probe.batch else who)
        )
        return known is not None and not 200 <= known[0] < 300

    def _case(self, viewer: str | None, who: str, source: str) -> _Case:
        engine = self.engine
        resource, _, path = source.partition(".")
        label = engine.identities.label(engine.identities.relations(viewer, who), viewer, who)
        state = state_key(engine.model.tables[resource], path, engine.matrix.state(resource, who))
        return _Case(viewer, who, label, state, resource, path)

    def _look(self, case: _Case, hidden: Sequence[str]) -> bool:
        """Tests a case; returns whether no further case of this kind has to be tested."""
        if len(hidden) > 1:
            hidden = self._compared_keys(case, hidden)
            case = self._case(case.viewer, case.owner, hidden[-1])
        spaces = [_space(self.engine, source) for source in hidden]
        few = len(spaces) == 1 or sum(each.bits for each in spaces) <= _TOGETHER
        if few and all(space.walkable for space in spaces):
            return self._walk(case, max(spaces, key=lambda each: each.bits))
        return len(hidden) == 1 and self._handed_out(case)

    def _compared_keys(self, case: _Case, hidden: Sequence[str]) -> Sequence[str]:
        """Of several keys those that the endpoint looks at: without another one it stays shut."""
        kept: list[str] = []
        for source in hidden:
            names = {name for name, each in self.sources.items() if each == source}
            filled = fill(
                self.asked, self.engine.target, self.engine.knowledge, case.owner, absent=True,
                only=names,
            )  # fmt: skip
            answer = self.engine.send(self.probe, case.viewer, filled) if filled else None
            if filled is None or answer is None or not self._opens(case, filled, answer):
                kept.append(source)
        return kept or hidden

    # --------------------------------------------------------------- access by key

    def _opens(self, case: _Case, filled: FilledRequest, answer: Response) -> bool:
        """Whether an answer shows something of the owner's object that the contract lets the holder
        of its key see. What it forbids is a leak of its own, found by other means."""
        engine = self.engine
        judged = engine.judge_response(self.probe, case.viewer, [case.owner], filled, answer)
        if not answer.ok:
            return False
        return any(self._shows(case, filled, each) for each in judged.instances)

    def _shows(self, case: _Case, filled: FilledRequest, instance: ObjectInstance) -> bool:
        engine = self.engine
        kind = engine.model.policy.resources[instance.resource].owner.kind
        named = kind == "field" and engine.identities.who(instance.owners) == case.owner
        if kind == "none" or (
            instance.owners and engine.identities.who(instance.owners) != case.owner
        ):
            return False
        own = engine.knowledge.own
        return any(
            leaf.allowed
            and not isinstance(leaf.value, dict | list)
            and not says_nothing(leaf.value)
            and canonical(leaf.value) not in filled.sent
            and (
                named
                or canonical(leaf.value) in own.get((case.owner, instance.resource, leaf.path), ())
            )
            for leaf in instance.leaves
        )

    def _fill(self, who: str, turn: int = 0) -> FilledRequest | None:
        engine = self.engine
        return fill(self.asked, engine.target, engine.knowledge, who, turn=turn)

    # ------------------------------------------------------------------- predictable keys

    def _walk(self, case: _Case, space: Keyspace) -> bool:
        found = next(self._strange(case, case.owner), None)
        if found is None:
            return False
        filled, answer = found
        if not self._opens(case, filled, answer):
            self._note_leak(case, space)
            return True
        if self._leaks(case):
            self._note_leak(case, space)
            return True
        tried = self._try(case, space)
        if tried is not None:
            says = f"{space.says}, without a rate limit"
            note = (
                f"{tried.asked} requests in {seconds_text(tried.seconds)} for own objects, and all"
                f" were answered{_behind(space)}"
            )
            few = "" if tried.asked >= USUAL else f"a limit may begin after {tried.asked} requests"
            shown = f"`{case.label}` may see it as `{at}`" if (at := self._shown_as(case)) else ""
            self._tell(case, filled, answer, says, note, doubt=shown or few)
            self._note(f"{says}{_behind(space)}")
        return True

    def _strange(self, case: _Case, who: str) -> Iterator[tuple[FilledRequest, Response]]:
        """Questions for one owner's objects of which the viewer may not know the key, and their
        answers. What makes them a member of one, or opens it to all, stands in that one itself."""
        for turn in range(_MOST_OBJECTS):
            filled = self._fill(who, turn)
            if filled is None:
                return
            known = self.engine.knowledge.values(f"{case.resource}.{case.field}", who)
            if any(self._is_open(case, case.viewer, who, key) for key in filled.sent & {*known}):
                continue
            answer = self.engine.send(self.probe, case.viewer, filled)
            if not self._may_know(case, filled, answer):
                yield filled, answer

    def _is_open(self, case: _Case, viewer: str | None, who: str, key: str) -> bool:
        """Whether the contract shows a viewer the key of this very object, for what the owner was
        shown in it. Another resource behind its key (`/posts/{id}/comments`) does not say that."""
        place = (case.resource, case.field, key)
        return self._told_by_object(case) and self.engine.evaluator.may_see(viewer, who, *place)

    def _may_know(self, case: _Case, filled: FilledRequest, answer: Response) -> bool:
        """Whether an answer shows an object whose key the contract shows this viewer, for what
        stands in the object."""
        engine = self.engine
        if not self._told_by_object(case) or not answer.ok:
            return False
        judged = engine.judge_response(self.probe, case.viewer, [case.owner], filled, answer)
        table = engine.model.tables[case.resource]
        return any(
            each.resource == case.resource and allows(table, case.field, each.held, each.state)
            for each in judged.instances
        )

    def _told_by_object(self, case: _Case) -> bool:
        """Whether what an object holds, whom it names or its state, says who may know its key."""
        policy = self.engine.model.policy
        states = policy.resources[case.resource].states.values()
        return any(each.kind == "field" for each in policy.relations.values()) or any(
            each.member for each in states
        )

    def _shown_as(self, case: _Case) -> str:
        """The field of another resource that names the same key, which the contract shows the
        viewer of this owner's objects; empty if there is none. Who knows a key guesses nothing."""
        engine, policy = self.engine, self.engine.model.policy
        key = f"{case.resource}.{case.field}"
        account = names_owner(engine.model, key)
        for name, table in sorted(engine.model.tables.items()):
            owner = policy.resources[name].owner
            members = owner.members if account and owner.kind == "field" else ()
            for path in table.leaves:
                named = path in members or bool(engine.knowledge.named_in({path: path}, key))
                if name != case.resource and named and self._sees(case, name, path):
                    return f"{name}.{path}"
        return ""

    def _sees(self, case: _Case, resource: str, path: str) -> bool:
        """Whether the contract shows a field to the viewer, at an endpoint for others than its
        owner."""
        matrix = self.engine.matrix
        shown = any(
            path in each.shows.get(resource, ()) and not matrix.is_own(each.id)
            for each in self.engine.state.probes
        )
        return shown and matrix.sees(resource, path, case.viewer, case.owner)

    def _leaks(self, case: _Case) -> bool:
        """Whether the key itself leaks, so that nobody needs to guess it."""
        key = (case.resource, case.field, case.label)
        return any(
            entry.result is Result.LEAK and (at.resource, at.field, at.viewer) == key
            for at, entry in self.engine.matrix.leaks()
        )

    def _note_leak(self, case: _Case, space: Keyspace) -> None:
        """How much a leak comes to that is there already."""
        for key, entry in self.engine.matrix.leaks():
            if entry.result is Result.LEAK and (key.endpoint, key.viewer) == (
                self.probe.id,
                case.label,
            ):
                self._note(f"it leaks, and its ids are {space.says}{_behind(space)}")
                return

    def _note(self, what: str) -> None:
        said = f"{self.probe.endpoint.method} {self.probe.endpoint.path}: {what}"
        if said not in self.engine.results.notes:
            self.engine.results.remark(said)

    def _try(self, case: _Case, space: Keyspace) -> Burst | None:
        """Requests own objects in turn; None if a rate limit was seen, or could not have been."""
        engine, pace = self.engine, self.engine.context.pace
        limit = self._limit(case.viewer)
        declared = "429" in self.probe.operation.responses
        many = request_count(pace, limit, declared=declared) if pace is not None else 0
        shown = {case.resource, *self.probe.shows}
        distinct = any(
            each.kind == "distinct" and each.name in shown for each in engine.model.policy.limits
        )
        if pace is None or not many or distinct:
            why = _why_not(pace, limit, distinct=distinct)
            self._say(case, f"{space.says}; the rate limit was not tested: {why}")
            return None
        asks = [partial(engine.send, self.probe, case.viewer, each) for each in self._own(case)]
        tried = burst(pace, asks, many)
        if tried.brake:
            engine.requests.limited.add((self.probe.id, case.viewer))
            self._say(
                case, f"{space.says}, with a rate limit: {tried.brake} after {tried.asked} tries"
            )
        elif tried.announced:
            self._say(case, f"{space.says}; its responses count the remaining tries")
        elif limit is not None and not exceeds(limit, tried.asked, tried.seconds):
            why = _why_not(pace, limit, distinct=False)
            self._say(case, f"{space.says}; the rate limit could not be observed: {why}")
        else:
            return tried
        return None

    def _say(self, case: _Case, what: str) -> None:
        self._note(f"keys that `{case.label}` may not see are {what}")

    def _limit(self, viewer: str | None) -> Limit | None:
        name = "anonymous" if viewer is None else "callers"
        limits = self.engine.model.policy.limits
        return next((e for e in limits if e.kind == "rate" and e.name == name), None)

    def _own(self, case: _Case) -> list[FilledRequest]:
        """Questions for own objects that open this endpoint, the case's own first."""
        engine = self.engine
        found: list[FilledRequest] = []
        for who in dict.fromkeys((case.owner, *engine.identities.names())):
            other = self._case(case.viewer, who, f"{case.resource}.{case.field}")
            same = (other.label, other.state) == (case.label, case.state)
            for filled in self._foreign(case, who) if who != case.viewer and same else ():
                if len(found) >= _MOST_OBJECTS:
                    break
                if all(filled.sent != each.sent for each in found):
                    found.append(filled)
        return found

    def _foreign(self, case: _Case, who: str) -> Iterator[FilledRequest]:
        if self._told_by_object(case):
            yield from (filled for filled, _ in self._strange(case, who))
            return
        for turn in range(_MOST_OBJECTS):
            filled = self._fill(who, turn)
            if filled is None:
                return
            yield filled

    # ------------------------------------------------------------------------- leaked keys

    def _handed_out(self, case: _Case) -> bool:
        """A key that cannot be guessed, in an answer to somebody who is not to know it."""
        engine = self.engine
        known = engine.knowledge.values(f"{case.resource}.{case.field}", case.owner)
        for turn, value in enumerate(known[:_MOST_OBJECTS]):
            strays = engine.evaluator.strays.get((case.owner, value), {})
            for (endpoint, viewer, about), request_keys in list(strays.items()):
                held = engine.identities.relations(viewer, case.owner)
                same = engine.identities.label(held, viewer, case.owner) == case.label
                holder = case.viewer if viewer is None else viewer
                open_key = self._is_open(case, holder, case.owner, value)
                if (same or viewer is None) and endpoint != self.probe.id and not open_key:
                    if self._leaks(case):  # looks at every cell, so it is asked as the last
                        return False
                    filled = self._fill(case.owner, turn)
                    answer = engine.send(self.probe, case.viewer, filled) if filled else None
                    if filled is None or answer is None or not self._opens(case, filled, answer):
                        return False
                    if self._may_know(case, filled, answer):
                        continue
                    engine.put(engine.matrix.probes[endpoint], viewer, about, HOW)
                    where = engine.matrix.endpoint(endpoint)
                    says = f"{where.method} {where.path} hands them out"
                    note = f"the response of {where.method} {where.path} contained the key"
                    one = (
                        "" if len(request_keys) > 1 else "it is so for one object; more are unknown"
                    )
                    self._tell(case, filled, answer, says, note, endpoint=endpoint, doubt=one)
                    return True
        return False

    def _tell(
        self,
        case: _Case,
        filled: FilledRequest,
        answer: Response,
        says: str,
        note: str,
        *,
        endpoint: str = "",
        doubt: str = "",
    ) -> None:
        engine = self.engine
        side = engine.evaluator.side(case.viewer, case.label, answer)
        evidence = Evidence(
            None, side, curl(filled, engine.context.credentials(case.viewer)), note=note
        )
        endpoints = [self.probe.endpoint, *([engine.matrix.endpoint(endpoint)] if endpoint else [])]
        for each in endpoints:
            engine.results.report(
                Signal(
                    HOW, case.resource, case.field, case.label, each, evidence, case.state,
                    case.viewer, not doubt, says, doubt,
                )
            )  # fmt: skip


def _why_not(pace: Pace | None, limit: Limit | None, *, distinct: bool) -> str:
    if pace is None:
        return "the run has no pace"
    if distinct:
        return "a limit on distinct owners only applies to strangers' objects"
    if limit is not None:
        return f"the contract allows {limit.most} requests in {seconds_text(limit.per)}"
    return "too few requests are left"


def _space(engine: Engine, source: str) -> Keyspace:
    """How the ids of a field are made, as far as own ones tell."""
    resource, _, path = source.partition(".")
    ids: dict[str, list[str]] = {}
    made: list[tuple[datetime, str]] = []
    for (who, name), objects in engine.knowledge.objects.items():
        if name == resource:
            ids[who] = [each[path] for each in objects if path in each]
            made += [
                (at, each[path]) for each in objects if path in each if (at := _creation_time(each))
            ]
    total = sum(map(len, ids.values()))
    dated = [id for _, id in sorted(made)] if len({at for at, _ in made}) == total else []
    return read(ids, dated) if total else UNKNOWN


def _creation_time(flat: Mapping[str, str]) -> datetime | None:
    """When an object was made, as it says itself (RFC 3339)."""
    for path, text in flat.items():
        if len(text) >= len("2024-01-01T00:00") and _MADE & set(words(path)):
            try:
                return datetime.fromisoformat(text).replace(tzinfo=None)
            except ValueError:
                continue
    return None


def _behind(space: Keyspace) -> str:
    """The estimated number of records behind an endpoint; empty if its ids do not show it."""
    found = estimate(space.numbers)
    return f"; {found} {BEHIND}" if found else ""
