"""What an API shows of an object that the run has made, and whose a key is.

An object is told by its mark. Where no response shows the mark, its key tells it: nothing had that
before (`unmarked` of the entry), and it is the run's as long as it is shown as it was at first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from oakum.errors import OakumError
from oakum.exchange import Request, Response
from oakum.openapi.model import Json
from oakum.scan.requests.builder import Ask
from oakum.scan.requests.delete_parameters import is_same_place
from oakum.scan.requests.next_page import next_page
from oakum.scan.undo.entries import CreatedObject, Entry, as_json
from oakum.scan.undo.object_keys import for_key, in_path, may_lose_a_piece
from oakum.scan.undo.own_writes import (
    FoundUnderKey,
    at_its_own,
    bears,
    holds,
    is_as_before,
    is_like_absence,
    marked_objects,
    parse_objects,
    shows,
    tells_nothing,
    texts_of,
    unused_key,
    with_key,
)
from oakum.scan.undo.soft_deletion import is_deleted, lists_of_what_stands
from oakum.scan.undo.visibility_wait import VisibilityWait

Row = Mapping[str, Json]
"""The members of an object as the API shows it."""
FAILS = (OakumError, RecursionError, ValueError)  # no answer, or one nested too deep to be read
PAGES = 40
"""Pages of a list that are looked through for an object whose key is not known."""
_OTHERS = 3
"""Objects that were there before, of which one has to be shown where a server fails."""
_LOOKS = 40
"""Objects of a page that are looked at one by one, where the list shows too little of them."""


@dataclass
class ObjectReadings:
    """Reads objects that the run has made, as those who may see them."""

    ask: Ask
    log: Callable[[str, Json], None]
    pending: list[Entry] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    """What may have been made and is not seen, in words, with the way to tell it."""
    patience: VisibilityWait = field(default_factory=VisibilityWait.none)
    """How long is waited for a reading to show what was undone."""
    _own: set[str] = field(default_factory=set)
    """Names of creations of this process."""
    _shown: set[str] = field(default_factory=set)
    """Names of creations that a response has shown with their mark."""
    _seen: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Name of a creation → (identity, URL) of responses that have shown it: only these can tell
    that it is gone."""

    def __post_init__(self) -> None:
        self._shown |= {e.name for e in self.pending if isinstance(e, CreatedObject) and e.shown}

    def listed(self, made: CreatedObject) -> tuple[frozenset[str], bool]:
        """Keys on the owner's first pages, and whether these are all that there are."""
        found, whole = set[str](), bool(made.find)
        names = made.turns or ((),) * len(made.find)
        for request, turns in zip(made.find, names, strict=True):
            try:
                answer = self.ask(made.who, request)
                value, legible = parse_objects(answer)
                found |= {in_path(each[made.key]) for each in marked_objects(value, "", made.key)}
                last = next_page(request, answer, turns) is None
                whole = whole and answer.ok and legible and last
            except FAILS:
                whole = False
        return frozenset(found - {""}), whole

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
                here = (
                    [*with_key(value, made.key, key)]
                    if key
                    else self._marks(made, value, pages > 1)
                )
                found += here
                if any(not key or self._is_made(made, row) for row in here):
                    self._note(made, request.url)
                at = next_page(at, answer, names)
            whole = whole and at is None
        return found, whole

    def rows_with_key(self, made: CreatedObject, key: str) -> list[Row]:
        """What the object's own endpoint and the owner's lists show of a key."""
        answer = self._looked_at(made, key)
        body = parse_objects(answer)[0] if answer is not None and answer.ok else None
        return [*with_key(body, made.key, key), *self._search(made, 1, key)[0]]

    @property
    def seen_marked(self) -> frozenset[str]:
        """Names of creations that a response, other than its own, has shown with their mark."""
        return frozenset(self._shown)

    def _marks(self, made: CreatedObject, value: Json, thorough: bool) -> list[Row]:
        """Objects of an answer that have the mark; thoroughly, those too of which a list shows no
        more than the key."""
        if made.unmarked:
            rows = [e for e in with_key(value, made.key, made.known) if self._is_made(made, e)]
            return [each for each in rows if not self._is_kept(made, each)]
        every = marked_objects(value, made.mark, made.key)
        if every:
            self.record_shown(made)
        found = [each for each in every if not self._is_kept(made, each)]
        if found or not thorough or made.look is None:
            return found
        keyed = [e for e in marked_objects(value, "", made.key) if in_path(e[made.key])][:_LOOKS]
        return [each for each in keyed if self._is_there(made, in_path(each[made.key]), each)]

    def _is_made(self, made: CreatedObject, row: Row) -> bool:
        """Whether a response shows what the run has made: a text that the run has put into it, or
        else what it was shown to hold at first."""
        if any(holds(row, sign) for sign in self._signs(made)):
            return True
        return made.unmarked and is_as_before(made.row, row)

    def _note(self, made: CreatedObject, url: str = "") -> None:
        """Records that a response shows it: a list at a URL, or else its own endpoint."""
        self._seen.setdefault(made.name, set()).add((made.who, url))

    def _has_shown(self, made: CreatedObject, *urls: str) -> bool:
        """Whether one of these responses has shown its owner the object, as far as is known of what
        another process has seen."""
        seen = self._seen.get(made.name)
        if seen is None:
            return made.name in self._shown
        return any((made.who, url) in seen for url in urls)

    def shows(self, made: CreatedObject) -> bool | None:
        """Whether the owner sees the object; None if no response shows it, or none ever has."""
        if made.look is not None and made.known:
            there = self._is_there(made, made.known)
            if there is not False or self._has_shown(made, ""):
                return there
        found, whole = self._search(made, 1)
        if found or not whole:
            return True if found else None
        lists = (request.url for request, _ in lists_of_what_stands(made))
        return False if not made.known or self._has_shown(made, *lists) else None

    def is_gone(self, made: CreatedObject, key: str) -> bool:
        """Whether the responses that have shown an object do not show it any more, whoever's they
        are: others say nothing of it."""
        its = made if made.known == key else self._with_key(made, key)
        seen = self._seen.get(made.name)
        if seen is None:
            # Where an endpoint shows it alone, another process knows the key by a reading alone.
            read = made.look is not None and not made.unmarked and made.name not in self._own
            return (read or made.name in self._shown) and self._is_missed(its)
        viewers = sorted({who for who, _ in seen})
        return all(self._is_missed(replace(its, who=who)) for who in viewers)

    def _is_missed(self, made: CreatedObject) -> bool:
        """Whether what its owner was shown it by does not show it any more."""
        if made.look is not None and self._has_shown(made, ""):
            answer = self._looked_at(made, made.known)
            if answer is None or answer.truncated:
                return False
            if not answer.ok:
                gone = answer.status in (404, 410)
                return gone or self._is_absent(made, made.known, answer)
            rows = [*with_key(parse_objects(answer)[0], made.key, made.known)]
            if rows and all(self._is_kept(made, each) for each in rows):
                return True
            if any(shows(answer, sign) for sign in self._signs(made)):
                return False
            return not (made.unmarked and rows)
        found, whole = self._search(made, PAGES)
        return whole and not found

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
        rows = [*with_key(parse_objects(answer)[0], made.key, key)] if answer.ok else []
        there = answer.ok and shows(answer, made.mark)
        if there:
            self.record_shown(made)
        there = there or (made.unmarked and any(self._is_made(made, each) for each in rows))
        if there:
            self._note(made)
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
            seen = made.name in self._shown or made.name in self._seen
            gone = found[-1] is FoundUnderKey.GONE and seen
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

    def _stands_by_key(self, made: CreatedObject, key: str) -> FoundUnderKey:
        """As `_stands`, of an object of which no response shows the mark."""
        answer = self._looked_at(made, key)
        body = parse_objects(answer)[0] if answer is not None and answer.ok else None
        rows, whole = [*with_key(body, made.key, key)], False
        if any(self._is_made(made, row) for row in rows):
            self._note(made)
        elif not rows:
            rows, whole = self._search(made, PAGES, key)
        if rows and all(self._is_kept(made, row) for row in rows):
            return FoundUnderKey.GONE
        if rows:
            ours = any(self._is_made(made, row) for row in rows)
            return FoundUnderKey.RUNS if ours else FoundUnderKey.ANOTHERS
        if self._seen.get(made.name) is None:  # no response has shown it since it was made
            return FoundUnderKey.RUNS if made.name in self._own else FoundUnderKey.UNKNOWN
        absent = answer is not None and answer.status in (404, 410) and self._has_shown(made, "")
        return FoundUnderKey.GONE if absent or whole else FoundUnderKey.UNKNOWN

    def _stands(self, made: CreatedObject, key: str) -> FoundUnderKey:
        if made.unmarked:
            return self._stands_by_key(made, key)
        signs = self._signs(made)
        answer = self._looked_at(made, key)
        alone = at_its_own(answer, signs) if answer is not None else None
        if alone is FoundUnderKey.RUNS:
            self._note(made)
            return alone
        shown = made.name in self._shown
        few = alone is FoundUnderKey.GONE or (alone is FoundUnderKey.UNKNOWN and not shown)
        pages = 1 if few else PAGES
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
        never = for_key(made.look, unused_key(self.address(made, key)))
        control = self.ask(made.who, never)
        if answer.status < 500 or control.status != answer.status:
            return is_like_absence(answer, control)
        # Some servers fail over what is missing. Another object, shown in between, tells that from
        # a server that fails over everything.
        return self._shows_another(made) and self.ask(made.who, never).status == answer.status

    def _shows_another(self, made: CreatedObject) -> bool:
        """Whether the endpoint of an object shows its owner one that was there before it."""
        assert made.look is not None
        for key in sorted(made.older)[:_OTHERS] if not made.named else ():
            answer = self.ask(made.who, for_key(made.look, key))
            if answer.ok and any(with_key(parse_objects(answer)[0], made.key, key)):
                return True
        return False
