"""Undoes what a run has written, from entries that are journaled before each write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from oakum.errors import OakumError
from oakum.exchange import Request, Response
from oakum.openapi.model import Json
from oakum.scan.requests.builder import Ask
from oakum.scan.requests.delete_parameters import is_same_place, or_plainly
from oakum.scan.requests.next_page import next_page
from oakum.scan.undo.changed_members import extract, is_same, moved_alone
from oakum.scan.undo.entries import CreatedObject, Entry, Undo, as_json
from oakum.scan.undo.object_keys import for_key, in_path, may_lose_a_piece
from oakum.scan.undo.own_writes import (
    BESIDE,
    CHANGED,
    OVERWROTE,
    UNREAD,
    FoundUnderKey,
    at_its_own,
    bears,
    holds,
    is_like_absence,
    is_written,
    marked_objects,
    parse_objects,
    set_by_the_api,
    shows,
    tells_nothing,
    texts_of,
    unused_key,
    with_key,
    words_of_left,
)
from oakum.scan.undo.preconditions import send_back, send_on
from oakum.scan.undo.soft_deletion import is_deleted, lists_of_what_stands
from oakum.scan.undo.unchanged_members import steps_now
from oakum.scan.undo.visibility_wait import VisibilityWait

Row = Mapping[str, Json]
"""The members of an object as the API shows it."""
_FAILS = (OakumError, RecursionError, ValueError)  # no answer, or one nested too deep to be read
_OF_STATE = (400, 409, 412, 422, 423)
"""Statuses that refuse a removal for the state that an object is in."""
_PAGES = 40
"""Pages of a list that are looked through for an object whose key is not known."""
_LOOKS = 40
"""Objects of a page that are looked at one by one, where the list shows too little of them."""


@dataclass
class UndoLog:
    """Undoes what was written, last first."""

    ask: Ask
    log: Callable[[str, Json], None]
    pending: list[Entry] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    """What may have been made and is not seen, in words, with the way to tell it."""
    harmed: list[str] = field(default_factory=list)
    """What was written over and nothing puts back, in words."""
    existing: set[tuple[str, str, str]] = field(default_factory=set)
    """(resource, whose, key) of objects that were there before the run, and were written to."""
    why_existing: dict[str, str] = field(default_factory=dict)
    """Resource → why none of the run's own was written to."""
    unremovable: set[str] = field(default_factory=set)
    """Operations that have not removed what they were to: nothing more is made for them."""
    left: tuple[str, ...] = ()
    """Names of what could not be undone, once all was tried."""
    patience: VisibilityWait = field(default_factory=VisibilityWait.none)
    """How long is waited for a reading to show what was undone."""
    _doubted: list[CreatedObject] = field(default_factory=list)
    """What the API said that it has not made."""
    _sent: set[str] = field(default_factory=set)
    """Names of writes that were sent and not refused: a reading that shows none may be late."""
    _fresh: set[str] = field(default_factory=set)
    """Names of writes of this process that no reading has followed yet, and that were not refused:
    what the first one shows is theirs."""
    _refused: set[str] = field(default_factory=set)
    """Names of writes that the API rejected, and that nothing was sent to take back."""
    _own: set[str] = field(default_factory=set)
    """Names of creations of this process."""
    _shown: set[str] = field(default_factory=set)
    """Names of creations that a response has shown with their mark."""
    _why: dict[str, str] = field(default_factory=dict)
    """Name of what is left as it is → why."""
    answered: dict[str, int] = field(default_factory=dict)
    """Name of a creation → the status with which the last request to remove it was answered."""
    _removed: list[CreatedObject] = field(default_factory=list)
    """What is gone from where it was seen."""
    _after: dict[str, str] = field(default_factory=dict)
    """Name of a write → what the first reading has shown of it."""

    def __post_init__(self) -> None:
        self._shown |= {e.name for e in self.pending if isinstance(e, CreatedObject) and e.shown}

    def enter(self, undo: Entry) -> None:
        """Records an entry before the write is sent; replaces one with the same name."""
        self.log("undo", as_json(undo))
        self.pending = [each for each in self.pending if each.name != undo.name]
        self.pending.append(undo)
        (self._own if isinstance(undo, CreatedObject) else self._fresh).add(undo.name)

    def record_sent(self, undo: Undo) -> None:
        """Records that the write is about to be sent."""
        self._sent.add(undo.name)
        self._refused.discard(undo.name)

    def record_refused(self, undo: Undo) -> None:
        """Records that the API rejected the write (RFC 9110, 15.4 and 15.5); a read verifies it."""
        self._sent.discard(undo.name)
        self._fresh.discard(undo.name)
        self._refused.add(undo.name)

    def keys(self, made: CreatedObject) -> frozenset[str]:
        """Keys on the owner's first pages, before the object is created."""
        found: set[str] = set()
        for request in made.find:
            with suppress(*_FAILS):
                value, _ = parse_objects(self.ask(made.who, request))
                found |= {in_path(each[made.key]) for each in marked_objects(value, "", made.key)}
        return frozenset(found - {""})

    def overwrote(self, made: CreatedObject, said: str) -> None:
        """Records that an existing object was overwritten; it is reported and not deleted."""
        self.harmed.append(said)
        self._finish(made)

    def learn(self, made: CreatedObject, key: str, row: Row | None = None) -> CreatedObject:
        """Records the key of a created object. `row`: a response that shows it."""
        self._now(now := self._with_key(made, key, row))
        return now

    def _with_key(self, made: CreatedObject, key: str, row: Row | None = None) -> CreatedObject:
        place = self.address(made, key, row) if made.named else ""
        return replace(made, known=key, place=place)

    def address(self, made: CreatedObject, key: str, row: Row | None = None) -> str:
        """What stands in the URL of the object with a key; empty if no response tells it."""
        if not made.named:
            return key
        if row is not None and made.named in row:
            return in_path(row[made.named])
        if made.place and key == made.known:
            return made.place
        rows, _ = self._search(made, 1, key)
        return next((in_path(each[made.named]) for each in rows if made.named in each), "")

    def record_creation(self, made: CreatedObject) -> CreatedObject:
        """Records that the API confirmed the creation."""
        now = replace(made, taken=True)
        self._now(now)
        return now

    def _now(self, now: Entry) -> None:
        if isinstance(now, CreatedObject):
            now = replace(now, shown=now.shown or now.name in self._shown)
        self.log("undo", as_json(now))
        self.pending = [now if each.name == now.name else each for each in self.pending]

    def record_shown(self, made: CreatedObject) -> None:
        """Records that a response has shown the object with its mark."""
        if made.name not in self._shown:
            self._shown.add(made.name)
            for each in [e for e in self.pending if e.name == made.name]:
                self._now(each)

    def marked_objects(self, made: CreatedObject) -> list[Row]:
        """Objects with the marker on the owner's first pages."""
        return self._search(made, 1)[0]

    def _search(self, made: CreatedObject, pages: int, key: str = "") -> tuple[list[Row], bool]:
        """Objects with the mark in them, and whether all that there is was looked through. `key`:
        those that have this key instead."""
        found: list[Row] = []
        lists = lists_of_what_stands(made)
        whole = bool(lists)
        for request, names in lists:
            at: Request | None = request
            texts: set[bytes] = set()
            for _ in range(pages):
                if at is None or found:
                    break
                answer = self.ask(made.who, at)
                value, legible = parse_objects(answer)
                whole = whole and answer.ok and legible
                if answer.body in texts:
                    at = None  # paging has no effect: every page is the same
                    break
                texts.add(answer.body)
                found += (
                    with_key(value, made.key, key) if key else self._marks(made, value, pages > 1)
                )
                at = next_page(at, answer, names)
            whole = whole and at is None
        return found, whole

    def _marks(self, made: CreatedObject, value: Json, thorough: bool) -> list[Row]:
        """Objects of an answer that have the mark; thoroughly, those too of which a list shows no
        more than the key."""
        every = marked_objects(value, made.mark, made.key)
        if every:
            self.record_shown(made)
        found = [each for each in every if not self._is_kept(made, each)]
        if found or not thorough or made.look is None:
            return found
        keyed = [e for e in marked_objects(value, "", made.key) if in_path(e[made.key])][:_LOOKS]
        return [each for each in keyed if self._is_there(made, in_path(each[made.key]), each)]

    def shows(self, made: CreatedObject) -> bool | None:
        """Whether the owner sees the object; None if no response shows it."""
        if made.look is not None and made.known:
            return self._is_there(made, made.known)
        found, whole = self._search(made, 1)
        return True if found else False if whole else None

    def is_ours(
        self,
        made: CreatedObject,
        key: str,
        shown: Row | None = None,
        *,
        echo: bool = False,
    ) -> bool:
        """Whether a key identifies the object with the marker: the marker is beside the key, or in
        the response of the object's own endpoint.

        `echo`: both come from the creation's response, which may repeat what was sent beside
        another's key; then the object's endpoint or a list decides.
        """
        if not in_path(key) or self._may_be_anothers(made, key, shown):
            return False
        if echo and made.look is not None and self._is_there(made, key, shown) is False:
            shown = None
        beside = shown.values() if shown is not None else ()
        if any(isinstance(each, str) and bears(each, made.mark) for each in beside):
            return True
        if made.look is not None and self._is_there(made, key, shown):
            return True
        listed = self.marked_objects(made) if shown is None else ()
        return any(
            in_path(each[made.key]) == key and self.is_ours(made, key, each) for each in listed
        )

    def _is_there(self, made: CreatedObject, key: str, row: Row | None = None) -> bool | None:
        """Whether the object's own endpoint shows it with its mark; None: its answer tells
        nothing."""
        answer = self._looked_at(made, key, row)
        if answer is None or tells_nothing(answer):
            return None
        there = answer.ok and shows(answer, made.mark)
        if there:
            self.record_shown(made)
        rows = with_key(parse_objects(answer)[0], made.key, key) if there else ()
        return there and not any(self._is_kept(made, each) for each in rows)

    def _may_be_anothers(self, made: CreatedObject, key: str, row: Row | None = None) -> bool:
        """Whether a request for a key may reach another object: one whose key may lose a piece is
        sent only where the very URL of the removal has shown what is the run's."""
        place = self.address(made, key, row)
        if not place or not may_lose_a_piece(place):
            return False
        answer = self._looked_at(made, key, row) if self._removes_what_it_shows(made) else None
        return answer is None or at_its_own(answer, self._signs(made)) is not FoundUnderKey.RUNS

    @staticmethod
    def _removes_what_it_shows(made: CreatedObject) -> bool:
        """Whether the URL of the removal is that of the object's own endpoint."""
        return made.look is not None and is_same_place(made.look, made.remove)

    def _signs(self, made: CreatedObject) -> set[str]:
        return {made.mark, *texts_of(self.pending)}

    def _is_kept(self, made: CreatedObject, shown: Row) -> bool:
        """Whether an object is marked as deleted, though the API keeps it; this is reported."""
        kept = is_deleted(shown)
        said = f"the API keeps what is deleted, and marks it so: {made.how or made.name}"
        if kept and said not in self.unsure:
            self.unsure.append(said)
        return kept

    def _looked_at(self, made: CreatedObject, key: str, row: Row | None = None) -> Response | None:
        """What the object's own endpoint answers; None if it has none, or no known URL."""
        place = self.address(made, key, row) if made.look is not None else ""
        return self.ask(made.who, for_key(made.look, place)) if made.look and place else None

    def _stored_state(self, made: CreatedObject, key: str) -> FoundUnderKey:
        """Whether what has this key now is what the run has made; waits for a view that lags."""
        found: list[FoundUnderKey] = []

        def tell() -> bool:
            found.append(self._stands(made, key))
            gone = found[-1] is FoundUnderKey.GONE and made.name in self._shown
            return gone or found[-1] in (FoundUnderKey.RUNS, FoundUnderKey.ANOTHERS)

        self.patience.until(tell)
        return found[-1]

    def _with_whoever_has_it(
        self, made: CreatedObject, key: str
    ) -> tuple[CreatedObject, FoundUnderKey]:
        """The object as its owner finds it, or whoever has sent it or was given it: they may see
        more of it."""
        standing = self._stored_state(made, key)
        if standing not in (FoundUnderKey.RUNS, FoundUnderKey.ANOTHERS) and made.remover:
            theirs = replace(made, who=made.remover)
            if self._stored_state(theirs, key) is FoundUnderKey.RUNS:
                return theirs, FoundUnderKey.RUNS
        return made, standing

    def _stands(self, made: CreatedObject, key: str) -> FoundUnderKey:
        signs = self._signs(made)
        answer = self._looked_at(made, key)
        alone = at_its_own(answer, signs) if answer is not None else None
        if alone is FoundUnderKey.RUNS:
            return alone
        shown = made.name in self._shown
        few = alone is FoundUnderKey.GONE or (alone is FoundUnderKey.UNKNOWN and not shown)
        pages = 1 if few else _PAGES
        rows, whole = self._search(made, pages, key)
        if any(holds(row, sign) for row in rows for sign in signs):
            # The URL of the removal may name something else than the key does.
            other = self._removes_what_it_shows(made) and alone in (
                FoundUnderKey.GONE,
                FoundUnderKey.ANOTHERS,
            )
            if alone is FoundUnderKey.GONE and all(self._is_kept(made, row) for row in rows):
                return alone
            return FoundUnderKey.ELSEWHERE if other else FoundUnderKey.RUNS
        if made.look is None and made.name in self._own - self._shown:
            return FoundUnderKey.RUNS  # no response has shown it since it was made
        if rows or (alone is FoundUnderKey.ANOTHERS and not whole):
            return FoundUnderKey.ANOTHERS
        if answer is not None and alone is FoundUnderKey.UNKNOWN:
            # Where its owner was shown it, an answer as for what never was says that it is gone.
            return (
                FoundUnderKey.GONE
                if whole and shown and self._is_absent(made, key, answer)
                else alone
            )
        return FoundUnderKey.GONE if alone is FoundUnderKey.GONE or whole else FoundUnderKey.UNKNOWN

    def _is_absent(self, made: CreatedObject, key: str, answer: Response) -> bool:
        """Whether an answer for a key is that for a key which nothing has."""
        assert made.look is not None
        never = unused_key(self.address(made, key))
        return is_like_absence(answer, self.ask(made.who, for_key(made.look, never)))

    def in_its_state(
        self, send: Callable[[Request], Response], made: CreatedObject, request: Request, key: str
    ) -> Response:
        """The answer to a removal, with the tag of the object where the API asks for one."""
        return send_on(
            send, request, lambda: self._looked_at(made, key), (), (made.key, key), made.versions
        )

    def _remove(self, made: CreatedObject, *, thorough: bool) -> bool:
        """Deletes an object, wherever it is; `thorough` searches all pages for it."""
        search = thorough and not made.known
        found, whole = self._search(made, _PAGES if search else 1)
        if (
            search
            and made.taken
            and not found
            and self.patience.until(lambda: bool(self.marked_objects(made)))
        ):
            found, whole = self._search(made, _PAGES)
        if search and made.remover and not found:  # the API may have made it the sender's own
            found = self._search(replace(made, who=made.remover), _PAGES)[0]
            made = replace(made, who=made.remover) if found else made
        keys = {made.known} if made.known else set()
        for each in found:
            key = in_path(each[made.key])
            if key not in keys and not self.is_ours(made, key, each):
                return False
            keys.add(key)
        if keys & made.older:
            self._why[made.name] = OVERWROTE
            return False
        ours = set()
        for key in keys:
            made, standing = self._with_whoever_has_it(made, key)
            if standing not in (FoundUnderKey.RUNS, FoundUnderKey.GONE):
                self._why[made.name] = standing.value
                return False
            ours |= {key} if standing is FoundUnderKey.RUNS else set()
        for n, key in enumerate(sorted(ours), 1):
            its = self._with_key(made, key)
            if made.named and not its.place:
                self._why[made.name] = f"no response shows its `{made.named}`"
                return False
            if self._may_be_anothers(its, key):
                self._why[made.name] = FoundUnderKey.UNKNOWN.value
                return False
            if n == len(ours) and not made.known:
                # Once it is removed no mark tells its key; what is removed before is found by it.
                self._now(its)
            if not self._is_removed(its, for_key(made.remove, its.place or key)):
                return False
        if not keys:
            # An object that nobody could see may exist.
            return not made.taken and (whole or not search)
        if made.look is not None:
            gone = self.patience.until(
                lambda: all(self._is_there(made, key) is False for key in keys)
            )
        else:
            gone = self.patience.until(lambda: not (found and self.marked_objects(made)))
        if gone:
            self._purge(made, keys)
            self._removed.append(made)
        return gone

    def _purge(self, made: CreatedObject, keys: Iterable[str]) -> None:
        """Removes for good what the API has put into a list of removed objects, where this shows
        that it is the run's."""
        who = made.remover or made.who
        keys = [each for each in keys if not may_lose_a_piece(each)]
        for listed, purge in made.purge:
            its = replace(made, who=who, find=(listed,), turns=(), purge=())
            for key in keys:
                rows, _ = self._search(its, _PAGES, key)
                if any(holds(row, sign) for row in rows for sign in self._signs(made)):
                    self.ask(who, for_key(purge, key))

    def _tell_kept(self) -> None:
        """Names what the API shows its owner still, though it is removed."""
        groups: dict[tuple[str, str], tuple[Request, list[CreatedObject]]] = {}
        for made in self._removed:
            for request in (*made.find, *(listed for listed, _ in made.purge)):
                groups.setdefault((made.who, request.url), (request, []))[1].append(made)
        self._removed.clear()
        for (who, _), (request, group) in groups.items():
            listed = partial(self._is_listed, who, request, group)
            with suppress(*_FAILS):
                if not self.patience.until(lambda listed=listed: not listed()):  # type: ignore[misc]
                    said = f"the API still shows what is deleted: {group[0].how or group[0].name}"
                    self.unsure += [said] if said not in self.unsure else ()

    def _is_listed(self, who: str, request: Request, group: Sequence[CreatedObject]) -> bool:
        """Whether a list shows what was removed, without a word that it is deleted."""
        value, _ = parse_objects(self.ask(who, request))
        rows = [(e, row) for e in group for row in marked_objects(value, e.mark, e.key)]
        return bool([row for made, row in rows if not self._is_kept(made, row)])

    def _is_removed(self, made: CreatedObject, remove: Request) -> bool:
        """Asks whoever may remove an object; False if it was refused and is still there."""
        for who in dict.fromkeys((made.remover or made.who, made.who)):
            ask = partial(self.ask, who)
            answer = self.in_its_state(partial(or_plainly, ask), made, remove, made.known)
            self.answered[made.name] = answer.status
            place = made.place or made.known
            stays = answer.status in _OF_STATE and who == made.who and not may_lose_a_piece(place)
            for first in made.before if stays else ():
                self.ask(who, for_key(first, place))
                answer = self.in_its_state(partial(or_plainly, ask), made, remove, made.known)
            refused = answer.status >= 400 and answer.status not in (404, 410)
            if who == made.who:
                return not refused or self.shows(made) is False
            if self.shows(made) is False:
                break
        return True

    def undo(self, undo: Entry, *, thorough: bool = False) -> bool:
        """Undoes a write that had an effect; False if that failed. `thorough`: time has passed, as
        where the run was killed. An object whose key is unknown is searched for, and the owner may
        have changed what is beside a write."""
        if isinstance(undo, CreatedObject):
            with suppress(*_FAILS):
                if self._remove(undo, thorough=thorough):
                    self._finish(undo)
                    return True
            return False
        try:
            seen = self.ask(*undo.check)
            now = extract(seen, undo.members)
            done = self._is_back(undo, now)
            if not done and not self._is_ours(undo, now):
                self._why[undo.name] = CHANGED if now not in ("", "[]") else UNREAD
                return False
            steps = steps_now(undo, seen) if thorough else undo.steps
            if steps is None and not done:
                self._why[undo.name] = BESIDE
                return False
            steps = steps or ()
            if done:
                steps = steps[-1:] if undo.name in self._sent else ()
            for step in steps:
                self._refused.discard(undo.name)
                with suppress(OakumError):  # it may have succeeded, or another step may do it
                    send_back(self.ask, undo, *step)
                if done := self._shows_back(undo):
                    break
            if done or (steps and self.patience.until(lambda: self._shows_back(undo))):
                self._finish(undo)
                return True
        except _FAILS:
            return False
        return False

    def _is_ours(self, undo: Undo, now: str) -> bool:
        """Whether what a reading shows is what the write has made. Whatever the first one of the
        same process shows is: an API may store another value than it was sent."""
        known = is_written(undo.before, undo.sent, now)
        if undo.name in self._fresh:
            self._fresh.discard(undo.name)
            self._after[undo.name] = now
            if undo.sent and not known:
                self._now(replace(undo, after=now))
            return True
        seen = {undo.after, self._after.get(undo.name, "")} - {""}
        return known or any(is_same(each, now) for each in seen)

    def _shows_back(self, undo: Undo) -> bool:
        return self._is_back(undo, extract(self.ask(*undo.check), undo.members))

    def _is_back(self, undo: Undo, now: str) -> bool:
        """Whether all is as before but what the API alone has moved, which is named."""
        if is_same(undo.before, now):
            return True
        if moved := moved_alone(undo.before, undo.sent, now):
            self.name_moved(moved, undo.how)
        return bool(moved)

    def name_moved(self, names: Iterable[str], how: str, of: str = "") -> None:
        """Remarks on members that the API changed by itself; no reason to distrust the run."""
        listed = ", ".join(f"`{name}`" for name in sorted(set(names)))
        said = set_by_the_api(of, listed, how)
        if said not in self.unsure:
            self.unsure.append(said)

    def record_refusal(self, made: CreatedObject) -> None:
        """Records that the API created nothing. It is verified on the owner's first page now and
        again at the end; until then the journal keeps it."""
        with suppress(*_FAILS):
            if self._remove(made, thorough=False):
                self.pending = [each for each in self.pending if each.name != made.name]
                self._doubted.append(made)

    def _lies(self) -> Iterator[CreatedObject]:
        """Objects that were made after all."""
        groups: dict[tuple[str, str], list[CreatedObject]] = {}
        for each in self._doubted:
            for request in each.find:
                groups.setdefault((each.who, request.url), []).append(each)
        self._doubted = []
        found: dict[str, CreatedObject] = {}
        for (who, url), group in groups.items():
            turns = {r.url: names for r, names in zip(group[0].find, group[0].turns, strict=False)}
            at: Request | None = next(r for r in group[0].find if r.url == url)
            seen: set[bytes] = set()
            for _ in range(_PAGES):
                if at is None:
                    break
                try:
                    answer = self.ask(who, at)
                except OakumError:
                    break
                if answer.body in seen:
                    break
                seen.add(answer.body)
                found |= {each.name: each for each in group if shows(answer, each.mark)}
                at = next_page(at, answer, turns.get(url, ()))
        yield from found.values()

    def restore(self) -> tuple[str, ...]:
        """Undoes everything; returns failures in words. Never raises."""
        self.patience.renew()
        doubted = {each.name: each for each in self._doubted}
        for each in self._lies():
            doubted.pop(each.name, None)
            with suppress(OakumError):
                self.enter(each)
        for each in doubted.values():
            self._finish(each, "refused")
        failed = [e for e in reversed(self.pending) if not self.undo(e, thorough=True)]
        open = {each.name for each in self.pending}
        failed = [each for each in failed if each.name in open]
        self._tell_kept()
        self.pending.clear()
        self.left = tuple(each.name for each in failed)
        harmed, self.harmed = tuple(dict.fromkeys(self.harmed)), []
        return (*(words_of_left(each, self._why.get(each.name, "")) for each in failed), *harmed)

    def _finish(self, undo: Entry, kind: str = "undone") -> None:
        """`kind`: `refused` of a creation that has made nothing: there was no change to undo. With
        an object, every write to it is gone."""
        self._sent.discard(undo.name)
        self.pending = [each for each in self.pending if each.name != undo.name]
        kind = "refused" if undo.name in self._refused else kind
        with suppress(OakumError):  # a change left in the journal is only undone twice
            self.log(kind, undo.name)
        for each in self.pending if isinstance(undo, CreatedObject) else ():
            if isinstance(each, Undo) and each.of == undo.name:
                self._finish(each)
