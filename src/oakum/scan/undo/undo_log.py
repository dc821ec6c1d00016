"""Undoes what a run has written, from entries that are journaled before each write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from oakum.errors import OakumError
from oakum.exchange import Request, Response
from oakum.scan.requests.delete_parameters import is_for_good, or_plainly
from oakum.scan.requests.next_page import next_page
from oakum.scan.undo.compared_members import extract, is_same, moved_alone
from oakum.scan.undo.entries import CreatedObject, Entry, Undo, as_json
from oakum.scan.undo.object_keys import for_key, in_path, may_lose_a_piece
from oakum.scan.undo.object_readings import FAILS, PAGES, ObjectReadings, Row
from oakum.scan.undo.own_writes import (
    BESIDE,
    CHANGED,
    OVERWROTE,
    UNPROVEN,
    UNREAD,
    FoundUnderKey,
    holds,
    is_written,
    marked_objects,
    parse_objects,
    set_by_the_api,
    shows,
    with_key,
    words_of_left,
)
from oakum.scan.undo.soft_deletion import deletion_members, is_deleted
from oakum.scan.undo.unchanged_members import steps_now
from oakum.scan.undo.write_versions import send_back, send_on

_OF_STATE = (400, 409, 412, 422, 423)
"""Statuses that refuse a removal for the state that an object is in."""


@dataclass
class UndoLog(ObjectReadings):
    """Undoes what was written, last first."""

    harmed: list[str] = field(default_factory=list)
    """What was written over and nothing puts back, in words."""
    existing: set[tuple[str, str, str]] = field(default_factory=set)
    """(resource, whose, key) of objects that were there before the run, and were written to."""
    why_existing: dict[str, str] = field(default_factory=dict)
    """Resource → why none of the run's own was written to."""
    unremovable: set[str] = field(default_factory=set)
    """Operations that have not removed what they were to: nothing more is made for them."""
    first: dict[str, str] = field(default_factory=dict)
    """Operation → name of the first object that it was to make."""
    removable: set[str] = field(default_factory=set)
    """Operations that have made an object which was found, and was gone after its removal."""
    left: tuple[str, ...] = ()
    """Names of what could not be undone, once all was tried."""
    _doubted: list[CreatedObject] = field(default_factory=list)
    """What the API said that it has not made."""
    _sent: set[str] = field(default_factory=set)
    """Names of writes that were sent and not refused: a reading that shows none may be late."""
    _fresh: set[str] = field(default_factory=set)
    """Names of writes of this process that no reading has followed yet, and that were not refused:
    what the first one shows is theirs."""
    _refused: set[str] = field(default_factory=set)
    """Names of writes that the API rejected, and that nothing was sent to take back."""
    _why: dict[str, str] = field(default_factory=dict)
    """Name of what is left as it is → why."""
    answered: dict[str, int] = field(default_factory=dict)
    """Name of a creation → the status with which the last request to remove it was answered."""
    _removed: list[CreatedObject] = field(default_factory=list)
    """What is gone from where it was seen."""
    _missing: set[str] = field(default_factory=set)
    """Names of creations that no response has shown, and that could be removed but once."""
    _markable: set[str] = field(default_factory=set)
    """Names of creations with a member such as `deleted_at`, by which an API keeps what it has
    deleted."""
    _after: dict[str, str] = field(default_factory=dict)
    """Name of a write → what the first reading has shown of it."""
    _changed: set[str] = field(default_factory=set)
    """Names of writes after which the first reading showed something else than before."""

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

    def was_changed(self, undo: Undo) -> bool:
        """Whether a reading that was to undo a write showed something else than before."""
        return undo.name in self._changed

    def record_refused(self, undo: Undo) -> None:
        """Records that the API rejected the write (RFC 9110, 15.4 and 15.5); a read verifies it."""
        self._sent.discard(undo.name)
        self._fresh.discard(undo.name)
        self._refused.add(undo.name)

    def overwrote(self, made: CreatedObject, said: str) -> None:
        """Records that an existing object was overwritten; it is reported and not deleted."""
        self.harmed.append(said)
        self._finish(made)

    def give_up(self, made: CreatedObject, said: str) -> None:
        """Records that to remove it harms others: it is asked for no more."""
        self.harmed.append(said)
        if any(each.name == made.name for each in self.pending):
            self._finish(made)

    def learn(self, made: CreatedObject, key: str, row: Row | None = None) -> CreatedObject:
        """Records the key of a created object. `row`: a response that shows it."""
        if row is not None and deletion_members(row):
            self._markable.add(made.name)
        self._now(now := self._with_key(made, key, row))
        return now

    def record_creation(self, made: CreatedObject) -> CreatedObject:
        """Records that the API confirmed the creation."""
        now = replace(made, taken=True)
        self._now(now)
        return now

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
        found, whole = self._search(made, PAGES if search else 1)
        if (
            search
            and made.taken
            and not found
            and self.patience.until(lambda: bool(self.marked_objects(made)))
        ):
            found, whole = self._search(made, PAGES)
        if search and made.remover and not found:  # the API may have made it the sender's own
            found = self._search(replace(made, who=made.remover), PAGES)[0]
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
        gone = made.name in self._missing or self.patience.until(
            lambda: all(self.is_gone(made, key) for key in keys)
        )
        if not gone:
            self._why[made.name] = UNPROVEN
        if gone:
            self._purge(made, keys)
            self._remove_kept(made, keys)
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
                rows, _ = self._search(its, PAGES, key)
                if any(holds(row, sign) for row in rows for sign in self._signs(made)):
                    self.ask(who, for_key(purge, key))

    def _remove_kept(self, made: CreatedObject, keys: Iterable[str]) -> None:
        """Asks whoever may remove it and is still shown it, marked as deleted, to do it again: an
        API may delete for good what it has put away."""
        removers = dict.fromkeys((made.remover or made.who, made.who, *made.others))
        shown = False
        for key in (each for each in keys if not may_lose_a_piece(each)):
            for who in removers if made.look is not None else ():
                its = replace(self._with_key(made, key), who=who)
                if not self._kept_rows(its, key):
                    continue
                shown = True
                remove = for_key(made.remove, its.place or key)
                self.in_its_state(partial(or_plainly, partial(self.ask, who)), its, remove, key)
                if not any(self._is_kept(its, row) for row in self._kept_rows(its, key)):
                    break
        said = f"the API may keep what is deleted: {made.how or made.name}"
        marks = made.name in self._markable and not (made.purge or is_for_good(made.remove))
        if marks and not shown and said not in self.unsure:
            self.unsure.append(said)

    def _kept_rows(self, made: CreatedObject, key: str) -> list[Row]:
        """What its own endpoint shows of an object of the run that is marked as deleted."""
        answer = self._looked_at(made, key)
        if answer is None or not answer.ok:
            return []
        rows = with_key(parse_objects(answer)[0], made.key, key)
        return [row for row in rows if is_deleted(row) and self._is_made(made, row)]

    def _tell_kept(self) -> None:
        """Names what the API shows its owner still, though it is removed."""
        groups: dict[tuple[str, str], tuple[Request, list[CreatedObject]]] = {}
        for made in self._removed:
            for request in (*made.find, *(listed for listed, _ in made.purge)):
                groups.setdefault((made.who, request.url), (request, []))[1].append(made)
        self._removed.clear()
        for (who, _), (request, group) in groups.items():
            listed = partial(self._is_listed, who, request, group)
            with suppress(*FAILS):
                if not self.patience.until(lambda listed=listed: not listed()):  # type: ignore[misc]
                    said = f"the API still shows what is deleted: {group[0].how or group[0].name}"
                    self.unsure += [said] if said not in self.unsure else ()

    def _is_listed(self, who: str, request: Request, group: Sequence[CreatedObject]) -> bool:
        """Whether a list shows what was removed, without a word that it is deleted."""
        value, _ = parse_objects(self.ask(who, request))
        rows = [(e, row) for e in group for row in marked_objects(value, e.mark, e.key)]
        return bool([row for made, row in rows if not self._is_kept(made, row)])

    def _is_removed(self, made: CreatedObject, remove: Request) -> bool:
        """Asks whoever may remove an object, until it is not shown any more; False if all refused
        it and it is still there."""
        first = tuple(dict.fromkeys((made.remover or made.who, made.who)))
        taken, refused = False, True
        for who in (*first, *(each for each in made.others if each not in first)):
            if who not in first and (taken or self.shows(made) is False):
                break
            answer = self._removal_by(who, made, remove)
            taken = taken or answer.status < 400
            refused = refused and answer.status >= 400 and answer.status not in (404, 410)
            if answer.status < 400 and self._seen.get(made.name) is None:
                self._note_absence(who, made, remove)
            if who == first[0] != made.who and self.shows(made) is False:
                return True
        return not refused or self.shows(made) is False

    def _removal_by(self, who: str, made: CreatedObject, remove: Request) -> Response:
        """The answer to a removal, which is sent again once what its state forbids is changed."""
        ask = partial(self.ask, who)
        answer = self.in_its_state(partial(or_plainly, ask), made, remove, made.known)
        if who in (made.remover, made.who):
            self.answered[made.name] = answer.status
        place = made.place or made.known
        stays = answer.status in _OF_STATE and who == made.who and not may_lose_a_piece(place)
        for before in made.before if stays else ():
            self.ask(who, for_key(before, place))
            answer = self.in_its_state(partial(or_plainly, ask), made, remove, made.known)
        return answer

    def _note_absence(self, who: str, made: CreatedObject, remove: Request) -> None:
        """Asks once more for a removal that was accepted of what no response shows: a refusal for
        want of it says that it is gone."""
        if made.name not in self._shown and self.ask(who, remove).status in (404, 410):
            self._missing.add(made.name)

    def undo(self, undo: Entry, *, thorough: bool = False) -> bool:
        """Undoes a write that had an effect; False if that failed. `thorough`: time has passed, as
        where the run was killed. An object whose key is unknown is searched for, and the owner may
        have changed what is beside a write."""
        if isinstance(undo, CreatedObject):
            with suppress(*FAILS):
                if self._remove(undo, thorough=thorough):
                    self._finish(undo)
                    return True
            return False
        try:
            seen = self.ask(*undo.check)
            now = extract(seen, undo.members)
            done = self._is_back(undo, now)
            self._changed |= {undo.name} if not done else set()
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
        except FAILS:
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
        with suppress(*FAILS):
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
            for _ in range(PAGES):
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
