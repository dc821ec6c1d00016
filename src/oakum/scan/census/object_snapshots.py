"""Compares the identities' objects before a run writes and after it has undone everything.

Each technique reads back what it has changed. No response shows other effects of a write (a
creation that removes another object, a deletion that removes its siblings, a write that empties
members that it did not contain). So everything that the identities are shown as their own, and
their relations, is read before the first write and after the last one. Objects that are missing,
new or different are reported.

Values that change by themselves (times, counters), or that differ between two reads at one moment,
do not count.

What the first reading showed is in the journal, encrypted, so that `oakum scan --restore` compares
as the whole run does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urlsplit

from oakum.errors import OakumError
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.response_reader import read_as_declared
from oakum.exposure.values.knowledge import canonical
from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.unsafe_writes import moves_by_itself
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.identities.relation_lists import Relations
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.undo.own_writes import with_key
from oakum.scan.undo.soft_deletion import is_deleted
from oakum.scan.undo.visibility_wait import VisibilityWait

_MOST = 60
"""Most requests of one reading."""
_EMPTY: tuple[Json, ...] = (None, "", [], {})
Place = tuple[str, str, str]
"""(identity, resource, key)."""
Rows = dict[Place, Mapping[str, Json] | None]
"""None: several objects without a key, which cannot be told apart."""


@dataclass(frozen=True)
class CensusQuestion:
    """A request that is sent the same way before and after the writes."""

    who: str
    probe: Probe
    filled: FilledRequest


@dataclass(frozen=True)
class Census:
    """What the identities are shown as their own, at one moment and at a later one."""

    engine: Engine
    relations: Relations | None = None
    """The relation lists between identities; None if the contract has no look-ups."""
    patience: VisibilityWait = field(default_factory=VisibilityWait.none)
    """How long to wait before requests are repeated."""
    rows: list[tuple[CensusQuestion, Rows]] = field(default_factory=list)
    """Requests that succeeded, with the objects that they showed."""
    moving: set[tuple[Place, str]] = field(default_factory=set)
    """(object, member) that differed between two reads before the first write: reading alone
    changes it, as it does a count of unread messages."""
    traces: list[str] = field(default_factory=list)
    """Objects that the API itself has added, such as log entries: they stay and are no fault."""
    others: set[tuple[str, str]] = field(default_factory=set)
    """(resource, key) of objects that are not the identities' own."""
    keep: Callable[[Census], None] = lambda census: None
    """Called with the census after the first reading, to write it to the journal."""
    recalled: bool = False
    """Whether the first reading is that of a killed run; then facts about ownership may be
    missing."""

    def take(self) -> None:
        """Selects and sends the requests whose results are compared at the end; learns nothing."""
        if not (self.engine.context.may.writes or self.engine.context.may.own_settings):
            return
        chosen = list(self._select_questions())
        self._name_unread(chosen[_MOST:], "was not read before the run wrote")
        for asked in chosen[:_MOST]:
            try:
                found = self._read_rows(asked)
            except Exception as error:  # noqa: BLE001 - said, not hidden: the run goes on
                endpoint = asked.probe.endpoint
                self.engine.results.remark(
                    f"what {endpoint.method} {endpoint.path} shows {asked.who} could not be read"
                    f" before the run wrote ({type(error).__name__}): changes to it cannot be"
                    f" detected"
                )
                continue
            if found is not None:
                self.rows.append((asked, found))
                self.moving.update(self._changed_members(asked, found))
        if self.relations is not None:
            self.relations.take()
            self.engine.results.remark(*self.relations.unread())
        self.keep(self)

    def _select_questions(self) -> Iterator[CensusQuestion]:
        """For each identity its own lists and the endpoint that shows most of each resource; then
        lists that another identity was shown."""
        engine = self.engine
        probes = {
            probe.id: probe for probe in engine.state.probes if not (probe.how or probe.batch)
        }
        best: dict[tuple[str, str], tuple[int, str]] = {}
        found: dict[tuple[str, str], None] = {}
        for (endpoint, who, resource), fields in engine.matrix.own.items():
            if endpoint not in probes or probes[endpoint].operation.method != "GET":
                continue
            one = {f"{resource}.{engine.model.policy.resources[resource].key}"}
            if one.isdisjoint(probes[endpoint].sources.values()):
                found[who, endpoint] = None
            best[who, resource] = max(best.get((who, resource), (0, "")), (len(fields), endpoint))
        # Writes may also affect a list that the owner was never sent.
        everybody = [(who, at) for _, at in found for who in engine.identities.ids]
        found |= {(who, endpoint): None for (who, _), (_, endpoint) in best.items()}
        for each in (found, dict.fromkeys(each for each in everybody if each not in found)):
            for who, endpoint in sorted(each, key=self._turn):
                named = who if probes[endpoint].personal else None
                filled = fill(probes[endpoint], engine.target, engine.knowledge, named)
                if filled is not None and who in engine.identities.ids:
                    yield CensusQuestion(who, probes[endpoint], filled)

    def _read_rows(self, asked: CensusQuestion, before: Rows | None = None) -> Rows | None:
        """The own objects in a response, and those of `before` in it; None if the response proves
        nothing about what exists."""
        engine, who, probe = self.engine, asked.who, asked.probe
        try:
            answer = engine.context.ask(who, asked.filled.request)
        except OakumError:
            return None
        if answer.status in (404, 410):
            return {}
        if not answer.ok or answer.truncated:
            return None
        found: Rows = {}
        seen = engine.judge_response(probe, who, [who], asked.filled, answer)
        # nested objects are counted under their own resource
        inner = {id(each.value) for each in seen.instances}
        for each in seen.instances:
            key = engine.model.policy.resources[each.resource].key
            mine = engine.identities.ids[who] & set(each.owners)
            if (key and key not in each.value) or is_deleted(each.value):
                continue
            named_by = canonical(each.value[key]) if key else ""
            if mine:
                place = (who, each.resource, named_by)
                row = {name: v for name, v in each.value.items() if id(v) not in inner}
                # Several objects without a key cannot be told apart, and their order may change.
                several = place in found and not key
                found[place] = None if several else found.get(place, row)
            elif not self.recalled:
                self.others.add((each.resource, named_by))
        if self.recalled and before:
            missing = {place: row for place, row in before.items() if place not in found}
            kinds = {each.resource for each in seen.instances}
            found |= self._rows_by_key(asked, seen, missing, kinds)
        return found

    def _rows_by_key(
        self, asked: CensusQuestion, seen: JudgedResponse, missing: Rows, kinds: Collection[str]
    ) -> Iterator[tuple[Place, Mapping[str, Json] | None]]:
        """Objects that only their key identifies as the identity's. `kinds`: resources that the
        response shows."""
        value = read_as_declared(asked.probe.operation, seen.response, seen.parsed).value
        for place, before in missing.items():
            key = self.engine.model.policy.resources[place[1]].key
            if not key:
                yield from [(place, None)] if place[1] in kinds else ()
                continue
            rows = [row for row in with_key(value, key, place[2]) if not is_deleted(row)]
            if rows:
                yield place, max(rows, key=lambda row: len(row.keys() & (before or {}).keys()))

    def _changed_members(self, asked: CensusQuestion, found: Rows) -> Iterator[tuple[Place, str]]:
        """Members that the same endpoint has shown with another value before."""
        for place, row in found.items():
            for path, value in _scalars(row or {}, ()):
                seen = self.engine.knowledge.faces.get((*place, path), {})
                if seen.get(asked.probe.id, canonical(value)) != canonical(value):
                    yield place, path

    def differences(self) -> tuple[str, ...]:
        """What differs from before the run, without values. Repeats requests, since responses may
        vary by themselves."""
        now = [self._read_rows(asked, before) for asked, before in self.rows]
        told = self._find_changes(now)
        self.patience.renew()
        for seconds in _AGAIN if told or None in now else ():
            self.patience.pause(seconds)
            now = [self._once_more(n, shown, told) for n, shown in enumerate(now)]
            again = self._find_changes(now)
            told = {what: there for what, there in told.items() if again.get(what, _NEVER) == there}
        unread = [asked for (asked, _), shown in zip(self.rows, now, strict=True) if shown is None]
        self._name_unread(unread, "could not be read after the run wrote")
        self._name_unkeyed(now)
        gone = Counter((who, resource) for (who, resource, _), at in told if not at)
        more = Counter((who, resource) for (who, resource, _), at in told if at == _NEW)
        moved: dict[Place, dict[str, None]] = {}
        for place, at in told:
            if at and at != _NEW:
                plain = self.engine.evaluator.may_write(at[0])
                moved.setdefault(place, {})[f"`{at[0]}`" if plain else "`‹key›`"] = None
        return (
            *(
                f"{many} `{resource}` of {who} that the run did not create"
                f" {'is' if many == 1 else 'are'} no longer shown: check by hand"
                for (who, resource), many in gone.items()
            ),
            *(
                f"a `{resource}` of {who} differs from before the run ({', '.join(names)}):"
                f" check it by hand"
                for (who, resource, _), names in moved.items()
            ),
            *self._warn_of_added(more),
            *(self.relations.differences(self.patience) if self.relations is not None else ()),
        )

    def _warn_of_added(self, more: Mapping[tuple[str, str], int]) -> Iterator[str]:
        """Remarks on objects that are new since the run. Those that an API adds by itself at each
        login or change are only noted: they do not make the run untrustworthy."""
        left = self.engine.context.undo_log.left if self.engine.context.undo_log is not None else ()
        for (who, resource), many in more.items():
            if sum(name.startswith(f"a new `{resource}` of {who} ") for name in left) >= many:
                continue  # created by the run, and reported as such
            said = (
                f"{many} more `{resource}` of {who} {'is' if many == 1 else 'are'} shown than"
                f" before the run: check by hand"
            )
            if {*words(resource)}.isdisjoint(_RECORDS):
                yield said
            else:
                self.engine.results.remark(said)
                self.traces.append(said)

    def _once_more(self, n: int, shown: Rows | None, told: Collection[_Told]) -> Rows | None:
        """What a request shows now, if the last response failed or showed a difference. If there is
        no response, the difference stands."""
        asked, before = self.rows[n]
        about = {place for place, _ in told}
        if shown is not None and about.isdisjoint({*before, *shown}):
            return shown
        again = self._read_rows(asked, before)
        return shown if again is None else again

    def _turn(self, asked: tuple[str, str]) -> int:
        """Sort key: requests of identities whose objects the run writes to first come first."""
        subjects = self.engine.identities.subjects()
        return subjects.index(asked[0]) if asked[0] in subjects else len(subjects)

    def _name_unread(self, unread: Collection[CensusQuestion], why: str) -> None:
        """Remarks on what was not compared."""
        shown: dict[str, dict[str, None]] = {}
        for each in unread:
            endpoint = each.probe.endpoint
            shown.setdefault(f"{endpoint.method} {endpoint.path}", {})[each.who] = None
        if shown:
            first = [f"{at} as {' and '.join(whose)}" for at, whose in islice(shown.items(), 3)]
            more = f", and {len(shown) - 3} more endpoints" if len(shown) > 3 else ""
            self.engine.results.remark(
                f"what an identity is shown as their own {why}, so that changes to it cannot be"
                f" detected: {', '.join(first)}{more}"
            )

    def _name_unkeyed(self, now: Sequence[Rows | None]) -> None:
        """Remarks on objects that cannot be told apart: their rows may vary by themselves, so
        another number or order is no sign of a write."""
        every = (*(before for _, before in self.rows), *(rows for rows in now if rows))
        kinds = {place[:2] for rows in every for place, row in rows.items() if row is None}
        if kinds:
            said = ", ".join(f"`{resource}` of {who}" for who, resource in sorted(kinds)[:4])
            more = f", and {len(kinds) - 4} more" if len(kinds) > 4 else ""
            self.engine.results.remark(
                "objects without a key are not compared with what there was before the run wrote,"
                f" so that a new or changed one cannot be detected: {said}{more}"
            )

    def _find_changes(self, now: Sequence[Rows | None]) -> dict[_Told, Json]:
        """(object, path in it) → the present value where the value has changed; without a path, the
        object is no longer shown."""
        seen = set().union(*(rows for rows in now if rows))
        found: dict[_Told, Json] = {}
        known = {place for _, before in self.rows for place in before}
        for (_, before), after in zip(self.rows, now, strict=True):
            if after is None:
                continue
            found |= {
                (place, _NEW): None
                for place in after
                if place not in known and place[2]
                if not (self.recalled and place[1:] in self.others)
            }
            for place, row in before.items():
                now_there = after.get(place)
                if row is not None and now_there is not None:
                    found |= {
                        (place, at): v
                        for at, v in _lost_members(row, now_there, ())
                        if (place, ".".join(at)) not in self.moving
                    }
                elif place not in seen:
                    found[place, ()] = None
        return found


_AGAIN = (2.0, 4.0)
"""Seconds to wait before each further reading if there is a difference."""
_NEW: tuple[str, ...] = ("\0new",)
"""The path that stands for an object that did not exist before."""
_RECORDS = word_set(
    "session login token device audit log event activity history notification visit view receipt"
)
"""Words in names of resources to which an API adds objects by itself."""
_NEVER = object()
_At = tuple[str, ...]
_Told = tuple[Place, _At]


def _scalars(row: Mapping[str, Json], at: _At) -> Iterator[tuple[str, Json]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _scalars(value, (*at, name))
        elif not isinstance(value, list):
            yield ".".join((*at, name)), value


def _lost_members(
    before: Mapping[str, Json], after: Mapping[str, Json], at: _At
) -> Iterator[tuple[_At, Json]]:
    """Members that have lost their value, each with the present one. Lists may grow. A former time
    or counter cannot be restored by anybody, so it does not count."""
    for name, was in before.items():
        now, here = after.get(name), (*at, name)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _lost_members(was, now, here)
        elif was != now and was not in _EMPTY and (now in _EMPTY or not _is_moved(name, was, now)):
            yield here, now


def _is_moved(name: str, before: Json, after: Json) -> bool:
    """Whether an API changes a member by itself, so that another value is no effect of the run."""
    if moves_by_itself(name, after) or classify_field(name) is FieldClass.SECRET:
        return True
    if isinstance(before, list) and isinstance(after, list):
        return len(after) >= len(before)
    if isinstance(before, str) and isinstance(after, str) and "://" in before:
        return urlsplit(before).path == urlsplit(after).path  # a signed URL, new each time
    return False
