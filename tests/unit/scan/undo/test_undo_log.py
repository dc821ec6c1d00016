"""What was made and written is taken back, and what cannot be is not said to be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from oakum.exchange import Request, Response
from oakum.openapi.model import Json
from oakum.scan.undo.entries import CreatedObject, Entry, Undo, as_json, from_json
from oakum.scan.undo.undo_log import UndoLog

AT = "http://market.test/stalls"
MADE = CreatedObject(
    "a new `Stall` of ann", "ann", "oakum 1a2b", "id", (Request("GET", AT),),
    Request("DELETE", f"{AT}/{{key}}"), look=Request("GET", f"{AT}/{{key}}"), turns=(("page",),),
)  # fmt: skip


class Market:
    """Stalls, three a page; `cards`: a list shows no more than their ids."""

    def __init__(self, signs: list[str], cards: bool = False, deletes: bool = True) -> None:
        self.stalls = {f"s{n}": {"id": f"s{n}", "sign": sign} for n, sign in enumerate(signs)}
        self.cards, self.deletes = cards, deletes
        self.asked: list[str] = []

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        parts = urlsplit(request.url)
        self.asked.append(f"{request.method} {parts.path.removeprefix('/stalls')}?{parts.query}")
        key = parts.path.removeprefix("/stalls").strip("/")
        if not key:
            page = int(dict(parse_qsl(parts.query)).get("page", "1"))
            shown = list(self.stalls.values())[3 * page - 3 : 3 * page]
            return self.reply([{"id": s["id"]} if self.cards else s for s in shown])
        if key not in self.stalls:
            return self.reply(None, 404)
        if request.method == "DELETE" and self.deletes:
            del self.stalls[key]
            return self.reply(None, 204)
        return self.reply(self.stalls[key])

    def reply(self, body: Any, status: int = 200) -> Response:
        return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())


def undo_log(market: Market, *pending: Entry) -> tuple[UndoLog, list[tuple[str, Json]]]:
    said: list[tuple[str, Json]] = []
    return UndoLog(market, lambda kind, entry: said.append((kind, entry)), list(pending)), said


SIGNS = ["wool", "rope", "felt", "clay", "tin", "oakum 1a2b", "glass"]


@pytest.mark.parametrize("cards", [False, True])
def test_what_was_made_before_its_key_was_told_is_found_on_any_page(cards: bool) -> None:
    market = Market(SIGNS, cards)
    found, said = undo_log(market, MADE)
    assert found.restore() == ()
    assert [each["sign"] for each in market.stalls.values()] == [
        s for s in SIGNS if s[:5] != "oakum"
    ]
    seen = replace(MADE, shown=True)  # is in the journal before it is removed
    keyed = replace(seen, known="s5")
    assert said == [("undo", as_json(seen)), ("undo", as_json(keyed)), ("undone", MADE.name)]


def test_what_was_never_made_is_done_with_when_all_pages_were_read() -> None:
    market = Market(SIGNS[:5])
    found, _ = undo_log(market, MADE)
    assert found.restore() == ()
    assert not any(each.startswith("DELETE") for each in market.asked)
    assert len(market.stalls) == 5


@pytest.mark.parametrize("blind", [replace(MADE, find=(), turns=()), replace(MADE, who="nobody")])
def test_what_nobody_could_have_seen_is_left(blind: CreatedObject) -> None:
    class Shut(Market):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            return super().__call__(viewer, request) if viewer == "ann" else self.reply(None, 401)

    found, said = undo_log(Shut(SIGNS), blind)
    (words,) = found.restore()
    assert "could not be undone" in words and said == []
    assert words.endswith("no response shows it, and it may not have been made")


def test_a_list_that_cannot_be_read_has_shown_nobody_anything() -> None:
    class Maintained(Market):
        def reply(self, body: Any, status: int = 200) -> Response:
            return Response(200, {"content-type": "text/html"}, b"<p>back soon</p>")

    found, said = undo_log(Maintained(SIGNS), MADE)
    (words,) = found.restore()
    assert "could not be undone" in words and said == []


def test_a_key_that_was_told_needs_no_search() -> None:
    market = Market(SIGNS)
    found, _ = undo_log(market, replace(MADE, known="s5"))
    assert found.restore() == ()
    assert "s5" not in market.stalls
    assert sum("page=" in each for each in market.asked) == 0


def test_what_the_api_says_that_it_made_is_remembered_as_made() -> None:
    """From then on a list without it is no proof that it was never there."""
    other = replace(MADE, name="another", mark="oakum 9z")
    found, said = undo_log(Market(SIGNS), MADE, other)
    now = found.record_creation(MADE)
    assert now == replace(MADE, taken=True)
    assert said == [("undo", as_json(now))]
    assert found.pending == [now, other]


def test_a_removal_that_removes_nothing_is_seen() -> None:
    market = Market(SIGNS, deletes=False)
    found, _ = undo_log(market, replace(MADE, known="s5"))
    assert found.restore() != ()


def test_a_refused_creation_is_not_searched_for_while_the_run_goes_on() -> None:
    market = Market(SIGNS[:5])
    found, _ = undo_log(market)
    found.enter(MADE)
    assert found.undo(MADE)
    assert len(market.asked) == 1


@pytest.mark.parametrize("made_all_the_same", [False, True])
def test_what_was_refused_stays_in_the_journal_until_it_was_looked_for_on_every_page(
    made_all_the_same: bool,
) -> None:
    """Killed before that, the next run finds it there."""
    signs = SIGNS if made_all_the_same else SIGNS[:5]
    market = Market(signs)
    found, said = undo_log(market)
    found.enter(MADE)
    found.record_refusal(MADE)
    assert [kind for kind, _ in said] == ["undo"]
    killed, _ = undo_log(Market(signs), MADE)  # what a journal holds is taken up by another run
    assert killed.restore() == ()
    assert found.restore() == ()
    assert said[-1] == ("undone" if made_all_the_same else "refused", MADE.name)
    assert "oakum 1a2b" not in [stall["sign"] for stall in market.stalls.values()]


WRITTEN = Undo(
    "`bio` of ann", (("ann", Request("PATCH", AT, {"x": "1"}, b"{}")),),
    ("ann", Request("GET", AT)), {"bio": "wool"}, ("bio",), "technique",
)  # fmt: skip


def test_an_entry_comes_out_of_a_journal_as_it_went_in() -> None:
    for each in (MADE, replace(MADE, known="s5", look=None, turns=((),), how="technique"), WRITTEN):
        assert from_json(json.loads(json.dumps(as_json(each)))) == each


@pytest.mark.parametrize("entry", [MADE, WRITTEN])
def test_an_entry_of_a_journal_that_does_not_know_the_technique_is_read(
    entry: CreatedObject | Undo,
) -> None:
    older = {name: each for name, each in as_json(entry).items() if name != "how"}
    assert from_json(json.loads(json.dumps(older))) == replace(entry, how="")


class Shut(Market):
    """Answers ann and nobody else."""

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        return super().__call__(viewer, request) if viewer == "ann" else self.reply(None, 401)


def test_whether_it_is_there_is_asked_as_the_one_who_made_it() -> None:
    found, _ = undo_log(Shut(SIGNS))
    assert found.shows(replace(MADE, known="s5")) is True
    assert found.shows(replace(MADE, known="s1")) is False  # there, and not ours
    assert found.shows(replace(MADE, known="gone")) is False


def test_only_the_key_that_stands_beside_the_mark_is_ours() -> None:
    """Where no endpoint shows the one object, a list has the word."""
    found, _ = undo_log(Market([*SIGNS[5:], *SIGNS[:5]]))
    listed = replace(MADE, look=None)
    assert found.is_ours(listed, "s0")
    for other in ("s1", "s2", "gone", "", "../s0"):
        assert not found.is_ours(listed, other)


class Profile:
    """Takes what it is sent but for `kept`, and moves `moving` at each write."""

    def __init__(
        self, kept: tuple[str, ...] = (), moving: str = "updated", stuck: str = ""
    ) -> None:
        self.own: dict[str, Any] = {"bio": "wool", "updated": 1_700_000_000, "lock_version": 4}
        self.kept, self.moving, self.stuck = kept, moving, stuck
        self.writes = 0

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if request.method == "PATCH":
            self.writes += 1
            sent = json.loads(request.body)
            self.own |= {n: v for n, v in sent.items() if n not in self.kept}
            if self.stuck and self.writes > 1:
                self.own[self.stuck] = "felt"
            self.own[self.moving] = 1_764_000_000 + self.writes
        return Response(200, {}, json.dumps(self.own).encode())


def tried(profile: Profile, **sent: Any) -> tuple[UndoLog, bool]:
    """Whether a trial write to a profile counts as taken back."""
    said: list[tuple[str, Json]] = []
    found = UndoLog(profile, lambda kind, entry: said.append((kind, entry)))
    before = {name: profile.own[name] for name in sent}
    back = Request("PATCH", f"{AT}/me", {}, json.dumps(before).encode())
    undo = Undo(
        "`Profile` of ann", (("ann", back),), ("ann", Request("GET", f"{AT}/me")),
        json.dumps([before], sort_keys=True, separators=(",", ":")), tuple(sent),
        "PATCH /me as ann", json.dumps(sent),
    )  # fmt: skip
    found.enter(undo)
    profile("ann", Request("PATCH", f"{AT}/me", {}, json.dumps(sent).encode()))
    return found, found.undo(undo)


def test_what_was_ignored_and_stamped_is_as_before_but_for_a_stamp_that_is_named() -> None:
    profile = Profile(kept=("bio", "updated"))
    found, done = tried(profile, bio="felt", updated=1_700_000_001)
    assert done
    assert profile.writes == 1  # what was ignored needs no undoing
    assert (
        "`updated` differs from before PATCH /me as ann: the API sets it itself" in found.unsure[0]
    )


def test_what_was_taken_is_put_back_beside_a_stamp() -> None:
    profile = Profile()
    found, done = tried(profile, bio="felt", updated=1_700_000_001)
    assert done and profile.own["bio"] == "wool"
    assert len(found.unsure) == 1


def test_a_stamp_excuses_no_other_member() -> None:
    _, done = tried(Profile(stuck="bio"), bio="felt", updated=1_700_000_001)
    assert not done


def test_a_counter_that_holds_what_was_sent_is_not_as_before() -> None:
    class Once(Profile):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            self.kept = ("lock_version",) if self.writes else ()
            return super().__call__(viewer, request)

    _, done = tried(Once(), lock_version=4711)
    assert not done


@pytest.mark.parametrize("may", [("bob", "ann"), ("bob",), ("ann",), ()])
def test_whoever_made_it_is_asked_to_remove_it_and_then_its_owner(may: tuple[str, ...]) -> None:
    class Guarded(Market):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            if request.method == "DELETE" and viewer not in may:
                return self.reply(None, 404)
            return super().__call__(viewer, request)

    market = Guarded(SIGNS)
    found, _ = undo_log(market, replace(MADE, known="s5", remover="bob"))
    assert (found.restore() == ()) is ("s5" not in market.stalls) is bool(may)
    deleted = [each for each in market.asked if each.startswith("DELETE")]
    assert len(deleted) == bool(may)


class Killed(BaseException):
    """The process ends at once."""


@pytest.mark.parametrize("signs", [SIGNS, [*SIGNS[:4], "oakum 1a2b", *SIGNS[5:]]])
@pytest.mark.parametrize("strike", [1, 2])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_restoration_that_is_killed_at_a_removal_is_ended_by_another(
    signs: list[str], strike: int, moment: str
) -> None:
    """The API said that it has made the object, which its lists show on a later page."""

    class Striking(Market):
        deletions = 0

        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            self.deletions += request.method == "DELETE"
            struck = request.method == "DELETE" and self.deletions == strike
            if struck and moment == "before":
                raise Killed
            answer = super().__call__(viewer, request)
            if struck:
                raise Killed
            return answer

    market = Striking(signs)
    found, said = undo_log(market, replace(MADE, taken=True))
    try:
        found.restore()
    except Killed:
        kept: Entry | None = replace(MADE, taken=True)
        for kind, entry in said:
            kept = from_json(entry) if kind == "undo" else None
        assert kept is not None
        again, said = undo_log(market, kept)
        assert again.restore() == ()
    assert said[-1] == ("undone", MADE.name)
    left = [each["sign"] for each in market.stalls.values()]
    assert left == [s for s in signs if s != MADE.mark]


class Binned(Market):
    """What is deleted stands in `/bin` until it is deleted there. `marks`: as deleted."""

    def __init__(self, signs: list[str], marks: bool) -> None:
        super().__init__(signs)
        self.bin: dict[str, dict[str, str]] = {}
        self.marks = marks

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        place, _, key = urlsplit(request.url).path.strip("/").partition("/")
        if place == "bin":
            if request.method == "DELETE":
                return self.reply(None, 204 if self.bin.pop(key, None) else 404)
            return self.reply(list(self.bin.values()))
        if request.method == "DELETE" and key in self.stalls:
            marks = {"status": "deleted"} if self.marks else {}
            self.bin[key] = {**self.stalls[key], **marks}
        return super().__call__(viewer, request)


BIN = "http://market.test/bin"
PURGED = replace(
    MADE, known="s5", shown=True, find=(*MADE.find, Request("GET", BIN)), turns=(("page",), ()),
    purge=((Request("GET", BIN), Request("DELETE", f"{BIN}/{{key}}")),),
)  # fmt: skip


@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("alone", [True, False])
def test_what_was_deleted_before_a_kill_is_removed_from_the_list_of_deleted_objects(
    marks: bool, alone: bool
) -> None:
    market = Binned(SIGNS, marks)
    market.bin["s9"] = {"id": "s9", "sign": "jute"}
    market(None, Request("DELETE", f"{AT}/s5"))  # and the run was killed
    log, _ = undo_log(market, PURGED if alone else replace(PURGED, look=None))
    assert log.restore() == ()
    assert (list(market.bin), log.unsure) == (["s9"], [])


def test_what_a_list_of_deleted_objects_does_not_let_go_is_told() -> None:
    class Kept(Binned):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            purge = request.method == "DELETE" and "/bin/" in request.url
            return self.reply(None, 403) if purge else super().__call__(viewer, request)

    market = Kept(SIGNS, marks=False)
    market(None, Request("DELETE", f"{AT}/s5"))
    log, _ = undo_log(market, replace(PURGED, find=MADE.find, turns=MADE.turns))
    assert log.restore() == ()
    (said,) = log.unsure
    assert "still shows what is deleted" in said


@pytest.mark.parametrize("takes", [False, True])
def test_a_write_that_was_refused_counts_as_a_change_only_where_it_was_made(takes: bool) -> None:
    shown = {"id": "s1", "sign": "oakum-1" if takes else "wool"}

    def ask(viewer: str | None, request: Request) -> Response:
        if request.method == "PATCH":
            shown["sign"] = "wool"
        return Response(200, {}, json.dumps(shown).encode())

    back = Request("PATCH", f"{AT}/s1", {}, b'{"sign": "wool"}')
    undo = Undo(
        "`Stall` of ann", (("ann", back),), ("ann", Request("GET", f"{AT}/s1")),
        '[{"sign":"wool"}]', ("sign",), sent='{"sign": "oakum-1"}',
    )  # fmt: skip
    said: list[str] = []
    found = UndoLog(ask, lambda kind, entry: said.append(kind))
    found.enter(undo)
    found.record_sent(undo)
    found.record_refused(undo)
    assert found.undo(undo) and shown["sign"] == "wool"
    assert said[-1] == ("undone" if takes else "refused")
