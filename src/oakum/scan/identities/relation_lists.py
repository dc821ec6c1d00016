"""Reads the API's lists of a relation to their end, before and after a run.

A list is complete only if there is evidence, and only after all pages that it names were read: an
account that is missing from one may be on the next. Only a complete list proves who is not on it.
The write test of a relation ends no relation that was not seen to begin.

`authz/complete_lists.py` has the rule, which the guard shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, permutations

import orjson

from oakum.authz.complete_lists import (
    ListPlace,
    extent,
    look,
    place_of,
    says_end,
)
from oakum.authz.paging_headers import Pages
from oakum.errors import OakumError
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge, canonical
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Json
from oakum.policy.model import Policy
from oakum.scan.requests.builder import Ask, FilledRequest, fill
from oakum.scan.requests.next_page import next_page
from oakum.scan.undo.visibility_wait import VisibilityWait

_PAGES = 40
"""How many pages of a list are read."""
_MOST = 40
"""How many lists are read before a run writes."""
_AGAIN = (2.0, 4.0)
"""Seconds to wait before each further reading if there is a difference."""


@dataclass(frozen=True)
class ListedAccounts:
    """The accounts on a list, as far as it was shown."""

    ids: frozenset[str]
    whole: bool
    """Whether the list is complete, so that nobody else is on it."""


Bond = tuple[str, str, str]
"""(viewer, relation, owner)."""
Lists = dict[tuple[str, str], ListedAccounts]
"""(relation, whose list) → it."""


_CAPTIONS = frozenset(("title", "description"))
"""Members that the contract may have as fields of the object around a list, as a thread has a title
and participants; elsewhere they may say that something failed (RFC 9457, 3.1.3)."""


def read_list(
    ask: Ask, who: str, request: Request, names: Collection[str], place: ListPlace,
    bodies: list[Json] | None = None,
) -> ListedAccounts | None:  # fmt: skip
    """The ids at a place of a response and of later pages; None if no response is usable. `names`:
    declared query parameters; `bodies` takes in what was read. Raises what `ask` raises."""
    ids: set[str] = set()
    sizes: list[int] = []
    asked: Request | None = request
    texts: set[bytes] = set()
    sound, said = True, "unknown"
    while asked is not None and len(sizes) < _PAGES:
        answer = ask(who, asked)
        value = json_of(answer)
        if value is None:
            if not sizes:
                return None
            sound = False
            break
        if answer.body in texts:
            asked = None  # paging has no effect: every page is the same
            break
        texts.add(answer.body)
        if bodies is not None:
            bodies.append(value)
        seen = look(place, value)
        ids.update(map(canonical, seen.ids))
        sizes.append(seen.found)
        sound = sound and seen.sound and answer.status != 206
        pages = Pages(sum(sizes), sizes[-1], sizes[0], len(sizes))
        said = extent(seen, value, answer.headers, pages)
        ended = says_end(seen, value, answer.headers, pages)
        asked = None if ended else next_page(asked, answer, names)
    return ListedAccounts(frozenset(ids), sound and asked is None and said == "whole")


def place_in(probe: Probe, pointer: str) -> ListPlace:
    """Where the ids are in a response, around which the fields of resources say nothing."""
    media = probe.operation.success()
    place = place_of(path_of(pointer), media.shape if media is not None else None)
    paths = (path for shown in probe.shows.values() for path in shown)
    fields = {step for path in paths for step in path.split(".")}
    return replace(place, harmless=place.harmless | fields, captions=_CAPTIONS & fields)


def json_of(answer: Response) -> Json:
    """The JSON of a good answer that came whole; None: it says nothing of a list."""
    if not answer.ok or answer.truncated:
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


@dataclass
class Relations:
    """The lists in which the contract's relations are looked up, each read by its owner."""

    policy: Policy
    probes: Mapping[str, Probe]
    """Operation id → probe of every operation that a look-up names."""
    identities: KnownIdentities
    knowledge: Knowledge
    target: str
    ask: Ask
    before: Lists = field(default_factory=dict)
    """The lists before the run wrote."""
    _gone: set[Bond] = field(default_factory=set)
    """(viewer, relation, owner) that were on a list before, and are missing at the last reading."""

    def of(self, relation: str, whose: str) -> ListedAccounts | None:
        """The current list; None if it cannot be read. Raises what `ask` raises."""
        known = self.policy.relations[relation]
        probe, filled = self.probes.get(known.operation), self._list_request(relation, whose)
        if probe is None or filled is None:
            return None
        names = [each.name for each in probe.operation.parameters if each.where == "query"]
        place = place_in(probe, known.pointer)
        return read_list(self.ask, whose, filled.request, names, place)

    def take(self) -> None:
        """Reads every list once, before any write."""
        self.before |= self.all(but=self.before.keys())

    def unread(self) -> Iterator[str]:
        """Lists that could not be asked for before the run wrote, in words."""
        unread: dict[str, list[str]] = {}
        for at, (name, whose) in enumerate(self._every()):
            could = at < _MOST and self._list_request(name, whose) is not None
            if not could and (name, whose) not in self.before:
                unread.setdefault(name, []).append(whose)
        for name, names in unread.items():
            asked = self.probes[self.policy.relations[name].operation].operation
            yield (
                f"the `{name}` list of {', '.join(names)} is untested: {asked.method}"
                f" {asked.path} was not read before the run wrote, since a value in its path was"
                f" not known yet or there are more than {_MOST} lists; changes to it cannot be"
                " detected"
            )

    def doubt(self) -> Iterator[str]:
        """Marks pairs as doubtful whom the API lists in a relation that the identities file lacks,
        and returns remarks."""
        self.take()
        yield from self._warn_of_unstated()
        bonds = {
            (other, relation, whose)
            if self.policy.relations[relation].of == "owner"
            else (whose, relation, other)
            for (relation, whose), found in self.before.items()
            for other in {self.identities.who((each,)) for each in found.ids} - {"", whose}
        }
        for viewer, relation, owner in sorted(bonds):
            if relation not in self.identities.stated_relations(viewer, owner):
                line = f"{viewer} is {relation} of {owner}"
                self.identities.doubt(
                    viewer, owner,
                    f"the API lists them as `{relation}`, but the identities file does not",
                )  # fmt: skip
                yield (
                    f"the API lists {viewer} as `{relation}` of {owner}, but the identities file"
                    f" does not: data of {owner} that {viewer} gets proves nothing; add"
                    f" `{line}` to `between`, or end it"
                )

    def _warn_of_unstated(self) -> Iterator[str]:
        """Relations that only the identities file could tell, and of which it says nothing."""
        said = {word for words in self.identities.relationships.values() for word in words}
        for name, relation in self.policy.relations.items():
            if relation.kind != "lookup" or relation.operation or name in said:
                continue
            for viewer, owner in permutations(self.identities.names(), 2):
                self.identities.doubt(
                    viewer, owner, f"no line of the identities file names `{name}`"
                )
            yield (
                f"no operation lists who is `{name}`, and no line of `between` in the identities"
                " file names one: no leak between identities is proven; add the lines"
            )

    def all(self, but: Collection[tuple[str, str]] = ()) -> Lists:
        """Every readable list, except known ones; never raises."""
        every = (each for each in self._every() if each not in but)
        return {at: now for at in islice(every, _MOST) if (now := self._now(at)) is not None}

    def _every(self) -> Iterator[tuple[str, str]]:
        for name, known in self.policy.relations.items():
            if known.kind == "lookup" and self._is_read(known.operation):
                yield from ((name, whose) for whose in self.identities.names())

    def _list_request(self, relation: str, whose: str) -> FilledRequest | None:
        probe = self.probes.get(self.policy.relations[relation].operation)
        return fill(probe, self.target, self.knowledge, whose) if probe else None

    def _is_read(self, operation: str) -> bool:
        probe = self.probes.get(operation)
        return probe is not None and probe.operation.method == "GET"

    def _now(self, at: tuple[str, str]) -> ListedAccounts | None:
        try:
            return self.of(*at)
        except OakumError:
            return None

    def differences(self, patience: VisibilityWait | None = None) -> tuple[str, ...]:
        """Who is missing from a list or new on it, naming only identities. Repeats the reads, since
        lists may vary or lag."""
        found, gone = [*self._differences()], self._gone
        for seconds in _AGAIN if found else ():
            if patience is not None:
                patience.pause(seconds)
            again = {*self._differences()}
            found, gone = [each for each in found if each in again], gone & self._gone
        for viewer, relation, owner in gone:
            self.identities.lose(viewer, relation, owner)
        return tuple(found)

    def _differences(self) -> Iterator[str]:
        self._gone = set()
        mine = frozenset[str]().union(*self.identities.ids.values())
        for (relation, whose), was in self.before.items():
            now = self._now((relation, whose))
            if now is None:
                continue
            gone = was.ids - now.ids
            more = now.ids - was.ids if was.whole else frozenset[str]()
            # When the list goes on, report changes of the test identities only.
            others = {self._name(each) for each in gone} - {"", whose} if now.whole else set()
            self._gone |= {self._bond(relation, whose, other) for other in others}
            for ids, how in ((gone if now.whole else gone & mine, "no more"), (more, "only now")):
                for who, many in Counter(map(self._name, sorted(ids))).items():
                    other = who or f"{many} other account{'s' if many > 1 else ''}"
                    yield (
                        f"the `{relation}` list of {whose} has {other} {how}: this differs from"
                        f" before the run; check it by hand"
                    )

    def _bond(self, relation: str, whose: str, other: str) -> Bond:
        of_owner = self.policy.relations[relation].of == "owner"
        return (other, relation, whose) if of_owner else (whose, relation, other)

    def _name(self, id: str) -> str:
        return self.identities.who((id,))


def changed_bonds(
    policy: Policy, identities: KnownIdentities, was: Lists, now: Lists
) -> dict[Bond, tuple[bool, bool]]:
    """Changed relations between identities: whether each holds now, and whether that is certain. A
    list with both losses and gains may merely show another page."""
    found: dict[Bond, tuple[bool, bool]] = {}
    for (relation, whose), after in now.items():
        before = was.get((relation, whose))
        if before is None:
            continue
        gone, more = before.ids - after.ids, after.ids - before.ids
        whole = before.whole and after.whole
        for ids, held in ((gone if after.whole else frozenset[str](), False), (more, True)):
            for other in {identities.who((each,)) for each in ids} - {"", whose}:
                of_owner = policy.relations[relation].of == "owner"
                bond = (other, relation, whose) if of_owner else (whose, relation, other)
                found[bond] = (held, whole and not (more if not held else gone))
    return found
