"""Reads later pages of a list as somebody who may not see all of them.

A list may begin with its caller's own objects and continue with everybody's: at an offset, behind a
cursor, at the URL that the response itself calls the next page (CWE-639). A list continues if a
response says so, or if another page of it has objects that were not on the pages before. If it
continues after the last page that was read, a missing object closes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

from oakum.authz.compiled_model import is_withheld
from oakum.authz.complete_lists import extent, look, place_of
from oakum.authz.member_paths import texts
from oakum.authz.paging_headers import Pages
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.cells.matrix import Entry, Matrix
from oakum.exposure.endpoints.offered_values import object_with
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.response_reader import is_success
from oakum.exposure.values.knowledge import says_nothing
from oakum.finding import Result, State
from oakum.http.json_pointer import member_at
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.requests.next_page import (
    added_members,
    longest_list,
    next_page,
    page_members,
    says_next,
    value_of,
)

HOW = "option"
_PAGES = 3
"""How many pages after the first are read."""
_MOST_PAGES = 40
"""The same for a list that continues and by which a cell is closed."""
_SHARE = 4
"""One list may use this fraction (1/n) of the remaining requests."""
_CURSORS = word_set("cursor next after continuation token")
_TURNS = word_set("page pageno cursor next after continuation token offset skip start from")
_SAYS = word_set("more total truncated")
"""Words of members that state how many objects there are."""


def read_on(engine: Engine) -> None:
    """Reads some further pages of each list as one viewer of each kind. Whoever was refused the
    first page asks for the next one by the address that led its owner there."""
    states = _States(engine.matrix)
    for probe in list(engine.state.probes):
        withheld = any(is_withheld(engine.model, name) for name in probe.shows)
        if probe.batch or probe.query or not withheld:
            continue
        who = next(
            (
                each
                for each in engine.identities.subjects()
                if engine.responses.has_page(probe, each)
            ),
            None,
        )
        if probe.personal and who is None:
            continue
        about = who if probe.personal else None
        trails: dict[str | None, list[_Further]] = {}
        for viewer in (*([about] if about else []), *engine.watchers(about)):
            if _may_go_on(engine, probe, viewer, about):
                trail = trails.setdefault(viewer, [])
                if _read(engine, probe, viewer, about, trail):
                    _leave_open(engine, probe, viewer)
                if not about:
                    _with_owners(engine, probe, viewer, trail)
        if not about and not any(trails.values()):
            _read_longest(engine, probe, trails)
        for owner in () if about else engine.identities.subjects():
            if owner not in trails and _looks_for_own(engine, probe, owner, states):
                _read(engine, probe, owner, None, trails.setdefault(owner, []))
        led = about or next((each for each in trails if each and trails[each]), None)
        for viewer in engine.watchers(led) if led in trails else ():
            if not about or viewer not in trails:
                _follow(engine, trails[led], viewer, about)


def _read_longest(engine: Engine, probe: Probe, trails: dict[str | None, list[_Further]]) -> None:
    """Reads on as one more identity, that with most on its first page: its list may be the only one
    that continues."""
    forms = engine.responses.forms
    sizes = {
        who: form[3]
        for who in (None, *engine.identities.names())
        if (form := forms.get((probe.id, who, None))) is not None
    }
    seen = max((sizes.get(who, 0) for who in trails), default=0)
    left = [each for each in engine.identities.names() if each not in trails]
    longest = max(left, key=lambda who: sizes.get(who, 0), default=None)
    if longest is None or sizes.get(longest, 0) < seen:
        return
    if _may_go_on(engine, probe, longest, None):
        trail = trails.setdefault(longest, [])
        if _read(engine, probe, longest, None, trail):
            _leave_open(engine, probe, longest)
        _with_owners(engine, probe, longest, trail)


@dataclass
class _States:
    """The cells of each resource by state, indexed since there are thousands."""

    matrix: Matrix
    counted: int = 0
    found: dict[str, dict[State, list[Entry]]] = field(default_factory=dict)

    def lacks_some(self, resource: str) -> bool:
        """Whether all cells of a resource in some state are undecided."""
        entries = self.matrix.entries
        if self.counted != len(entries):
            self.counted, self.found = len(entries), {}
            for key, entry in entries.items():
                self.found.setdefault(key.resource, {}).setdefault(key.state, []).append(entry)
        return any(
            all(entry.result is Result.UNTESTED for entry in cells)
            for cells in self.found.get(resource, {}).values()
        )


def _looks_for_own(engine: Engine, probe: Probe, who: str, states: _States) -> bool:
    """Whether later pages may contain an own object that is needed: if no object of an identity, or
    none in some state, is known, nobody else can request one."""
    if not _may_go_on(engine, probe, who, None):
        return False
    knowledge, policy = engine.knowledge, engine.model.policy
    for name in probe.shows:
        resource = policy.resources[name]
        if resource.owner.kind == "none" or resource.is_account:
            continue
        if not knowledge.objects.get((who, name)):
            return True
        own = any(not state.of for state in resource.states.values())
        if own and states.lacks_some(name):
            return True
    return False


def _with_owners(
    engine: Engine, probe: Probe, viewer: str | None, trail: Sequence[_Further]
) -> None:
    """Lets owners read on whose objects were on somebody else's later pages first, and judges those
    pages again. Values that no owner is shown close nothing."""
    pages: dict[str | None, list[_Further]] = {viewer: [*trail]}
    for owner in sorted(
        {who for page in trail for who, _ in _unknown_to_owner(engine, page, viewer)}
    ):
        _read(engine, probe, owner, None, pages.setdefault(owner, []))
    if len(pages) == 1:
        return
    for reader, further in pages.items():
        for page in further:
            _judge(engine, page, reader, None, page.answer)
            for who, resource in _unknown_to_owner(engine, page, reader):
                engine.matrix.ends.came_later.discard((probe.id, reader, who, resource))
                _leave_open(engine, probe, reader)


def _unknown_to_owner(engine: Engine, page: _Further, viewer: str | None) -> set[tuple[str, str]]:
    """(owner, resource) of objects on a page with a value in a field that the viewer may not see,
    of which their owners were shown nothing yet."""
    judged = engine.judge_response(page.probe, viewer, (), page.filled, page.answer)
    found = set[tuple[str, str]]()
    for each in judged.instances:
        who, path = (
            engine.identities.who(each.owners),
            engine.model.policy.resources[each.resource].key,
        )
        keys = texts(each.value, path) if path else []
        told = any(
            not (leaf.allowed or leaf.masked or says_nothing(leaf.value)) for leaf in each.leaves
        )
        if who not in ("", viewer) and keys and told:
            known = (who, each.resource, keys[0]) in engine.knowledge.filled
            found |= set() if known else {(who, each.resource)}
    return found


def _follow(engine: Engine, trail: Sequence[_Further], viewer: str | None, who: str | None) -> None:
    """Requests the pages that somebody else was led to, as long as they succeed. Without an owner
    in the request, only a cursor leads to theirs."""
    for page in trail:
        pace = engine.context.pace
        own = who is None and not page.probe.veiled
        if own or is_spent(pace) or (pace and pace.spares(page.filled.request)):
            return
        answer = engine.send(page.probe, viewer, page.filled)
        _judge(engine, page, viewer, who, answer)
        if not is_success(answer.status):
            return


def _may_go_on(engine: Engine, probe: Probe, viewer: str | None, who: str | None) -> bool:
    """Whether the first page was an answer, and the document or it says that there may be more."""
    place = (probe.id, viewer, who)
    form = engine.responses.forms.get(place)
    if form is None or not 200 <= form[0] < 300:
        return False
    declared = any(not _TURNS.isdisjoint(words(name)) for name in _names(probe))
    declared = declared or page_members(probe.operation) is not None
    named = any(at and not (_TURNS | _SAYS).isdisjoint(words(at[-1])) for at in form[2])
    return declared or named or place in engine.responses.giving


def _names(probe: Probe) -> list[str]:
    return [each.name for each in probe.operation.parameters if each.where == "query"]


def _leave_open(engine: Engine, probe: Probe, viewer: str | None) -> None:
    """Records that missing objects prove nothing for this kind of viewer."""
    identities = engine.identities
    for owner in identities.names():
        if owner != viewer:
            label = identities.label(identities.relations(viewer, owner), viewer, owner)
            engine.matrix.ends.unended.add((probe.id, label))


@dataclass(frozen=True)
class _Further:
    """A later page of a list: its request and its response."""

    of: str
    """The endpoint of the list."""
    probe: Probe
    filled: FilledRequest
    answer: Response


@dataclass
class _ListProgress:
    """What was read of one list."""

    probe: Probe
    keys: tuple[str, ...]
    """Members that identify an object; the first one present counts."""
    rows: set[bytes] = field(default_factory=set)
    """Keys of its objects. In memory only."""
    sizes: list[int] = field(default_factory=list)
    new: int = 0
    """Number of objects on the last page that no earlier page had."""
    says_so: bool = False
    """Whether the last page says that the list continues."""

    def take(self, request: Request, answer: Response) -> None:
        """Adds the rows of a page, and counts those that no earlier page had."""
        value = value_of(answer)
        at, rows = longest_list(value)
        found = {json_bytes(self._row_key(each)) for each in rows}
        self.new = len(found - self.rows)
        self.rows |= found
        self.sizes.append(len(rows))
        media = self.probe.operation.success()
        place = place_of((*at, "*"), media.shape if media is not None else None)
        pages = Pages(sum(self.sizes), self.sizes[-1], self.sizes[0], len(self.sizes))
        said = value is not None and extent(look(place, value), value, answer.headers, pages)
        names = _names(self.probe)
        leads = says_next(request, answer, names, page_members(self.probe.operation))
        self.says_so = bool(rows) and (said == "cut off" or leads)

    def _row_key(self, row: Json) -> Json:
        known = [row[key] for key in self.keys if key in row] if isinstance(row, dict) else []
        return known[:1] or row

    @property
    def goes_on(self) -> bool:
        """Whether the list has further pages."""
        return self.new > 0 and (self.says_so or len(self.sizes) > 1)


def _read(
    engine: Engine, probe: Probe, viewer: str | None, who: str | None, trail: list[_Further]
) -> bool:
    """Reads later pages; returns whether the list continues after the last page read. `trail`:
    receives the pages."""
    turn = engine.responses.first.get((probe.id, who or ""), 0)
    filled = fill(probe, engine.target, engine.knowledge, who, turn=turn)
    if filled is None:
        return False
    answer = first = engine.send(probe, viewer, filled)
    keys = tuple(engine.model.policy.resources[each].key for each in probe.shows)
    read, request = _ListProgress(probe, keys), filled.request
    read.take(request, answer)
    names, body = _names(probe), page_members(probe.operation)
    numbered = [name for name in names if _CURSORS.isdisjoint(words(name))]
    following = next_page(request, answer, names, body)
    if following is None:  # no cursor was returned, but an offset may work as well
        names, body = numbered, body and body.numbered
        following = next_page(request, answer, names, body)
    most = _most(engine, probe)
    for number in range(2, 2 + most):
        if following is None:
            return read.says_so and read.new > 0
        if number > 1 + _PAGES and not read.goes_on:
            return False
        if is_spent(engine.context.pace) or (
            engine.context.pace and engine.context.pace.spares(following)
        ):
            return read.goes_on
        way = _page(probe, filled.request, following, number)
        engine.matrix.open(way)
        there = fill(way, engine.target, engine.knowledge, who, turn=turn)
        if there is None:
            return read.goes_on
        there = replace(there, request=following)
        answer = engine.send(way, viewer, there)
        trail.append(_Further(probe.id, way, there, answer))
        _judge(engine, trail[-1], viewer, who, answer)
        read.take(following, answer)
        following = next_page(following, answer, names, body)
        if number == 2 and not read.new and names is not numbered:
            names, body = numbered, body and body.numbered  # the value was no cursor
            following = next_page(request, first, names, body)
    return read.goes_on and following is not None


def _judge(
    engine: Engine, page: _Further, viewer: str | None, who: str | None, answer: Response
) -> None:
    """Takes in a further page, and whose objects came on it."""
    outcome = engine.take_in(page.probe, viewer, who, page.filled, answer)
    came = {(page.of, viewer, owner, resource) for owner, resource in outcome.sighted}
    engine.matrix.ends.came_later |= came


def _most(engine: Engine, probe: Probe) -> int:
    """Pages after the first that are read: more where something is closed by what did not come."""
    if not any(key[0] == probe.id for key in engine.matrix.ends.by_absence):
        return _PAGES
    left = (
        _MOST_PAGES * _SHARE if engine.context.pace is None else engine.context.pace.requests_left
    )
    return max(_PAGES, min(_MOST_PAGES, left // _SHARE))


def _page(probe: Probe, before: Request, after: Request, number: int) -> Probe:
    """The way to a page: what its request has in the query and in the body beside that of the
    first."""
    first = dict(parse_qsl(urlsplit(before.url).query))
    query = tuple(pair for pair in _pairs(after.url) if first.get(pair[0]) != pair[1])
    taken = {name for name, _ in query}
    fixed: Json = {name: value for name, value in probe.fixed.items() if name not in taken}
    veiled = {name: "$NEXT" for name, value in query if not value.isdigit()}
    shown: Json = fixed
    for each, value in added_members(before, after, page_members(probe.operation)).items():
        fixed = object_with(each.at, value, fixed)
        shown = object_with(each.at, "$NEXT", shown)
        if not isinstance(value, int):
            inside = member_at(shown, each.at[:1])
            veiled[each.at[0]] = inside if isinstance(inside, str) else json_bytes(inside).decode()
    endpoint = f"{probe.endpoint.path} page {number}"
    return replace(probe, fixed=fixed).otherwise(HOW, query=query, veiled=veiled, endpoint=endpoint)


def _pairs(url: str) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(urlsplit(url).query, keep_blank_values=True)
