"""Nothing is removed or written over but what shows, at that moment, what the run has put there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.exchange import Request, Response
from oakum.scan.undo.entries import CreatedObject, Undo, from_json
from oakum.scan.undo.own_writes import is_written, set_beside, unused_key
from tests.unit.scan.undo.test_undo_log import AT, MADE, SIGNS, Market, Profile, undo_log

KNOWN = replace(MADE, known="s5", taken=True)
HERS = "a stall of ann's own"


def deletes(market: Market) -> bool:
    return any(each.startswith("DELETE") for each in market.asked)


@pytest.mark.parametrize("look", [MADE.look, None])
def test_a_key_that_was_given_again_is_not_removed_by_the_next_run(look: Request | None) -> None:
    market = Market([*SIGNS[:5], HERS])
    found, said = undo_log(market, replace(KNOWN, look=look))
    (told,) = found.restore()
    assert market.stalls["s5"]["sign"] == HERS and not deletes(market)
    assert said == []  # it stays in the journal
    assert "could not be undone" in told
    assert told.endswith("does not contain that text, so it may be another's and stays")


@pytest.mark.parametrize("look", [MADE.look, None])
def test_a_key_that_was_given_again_while_the_run_goes_on_is_not_removed(
    look: Request | None,
) -> None:
    market = Market(SIGNS[5:])
    found, _ = undo_log(market)
    made = replace(KNOWN, known="s0", look=look)
    found.enter(made)
    assert found.is_ours(made, "s0")
    market.stalls["s0"]["sign"] = HERS
    assert found.restore() != ()
    assert market.stalls["s0"]["sign"] == HERS and not deletes(market)


@pytest.mark.parametrize("look", [MADE.look, None])
def test_what_has_the_mark_is_removed_by_the_next_run(look: Request | None) -> None:
    market = Market(SIGNS)
    found, _ = undo_log(market, replace(KNOWN, look=look))
    assert found.restore() == () and "s5" not in market.stalls


def test_what_is_gone_is_not_removed_once_more() -> None:
    """The key may be somebody's whose object the owner is not shown."""
    market = Market(SIGNS[:5])
    found, said = undo_log(market, KNOWN)
    assert found.restore() == () and not deletes(market)
    assert said == [("undone", MADE.name)]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_cannot_be_read_is_not_removed(status: int) -> None:
    class Shut(Market):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            answer = super().__call__(viewer, request)
            return self.reply(None, status) if request.method == "GET" else answer

    market = Shut(SIGNS)
    found, _ = undo_log(market, KNOWN)
    (told,) = found.restore()
    assert "s5" in market.stalls and not deletes(market)
    assert told.endswith("no response shows what has its key now, so it was not removed")


def test_what_never_showed_more_than_its_key_is_removed_by_the_run_that_made_it_alone() -> None:
    made = replace(KNOWN, look=None)
    ours = Market(SIGNS, cards=True)
    found, _ = undo_log(ours)
    found.enter(made)
    assert found.restore() == () and "s5" not in ours.stalls
    later = Market(SIGNS, cards=True)
    killed, _ = undo_log(later, made)
    assert killed.restore() != () and "s5" in later.stalls


def test_a_text_that_the_run_has_written_over_the_mark_is_the_runs_too() -> None:
    market = Market([*SIGNS[:5], "oakum-77ff00aa"])
    found, _ = undo_log(market, KNOWN)
    written = Undo(
        "`Stall` of ann (sign)", (), ("ann", Request("GET", f"{AT}/s5")),
        '[{"sign":"oakum 1a2b"}]', ("sign",), sent='{"sign":"oakum-77ff00aa"}', of=KNOWN.name,
    )  # fmt: skip
    found.pending.append(written)
    assert found.restore() == () and "s5" not in market.stalls


# --------------------------------------------------------------------------- writes


def left_behind(now: Any, *, sent: str = "oakum-1a2b") -> tuple[Profile, tuple[str, ...]]:
    """A profile with the write of a killed run, restored by the next."""
    profile = Profile()
    back = Request("PATCH", f"{AT}/me", {}, json.dumps({"bio": "wool"}).encode())
    undo = Undo(
        "`Profile` of ann", (("ann", back),), ("ann", Request("GET", f"{AT}/me")),
        '[{"bio":"wool"}]', ("bio",), "PATCH /me as ann", json.dumps({"bio": sent}),
    )  # fmt: skip
    found, _ = undo_log(profile, undo)
    profile.own["bio"] = now
    return profile, found.restore()


@pytest.mark.parametrize("now", ["oakum-1a2b", "OAKUM-1A2B", " oakum-1a2b ", "<p>oakum-1a2b</p>"])
def test_a_killed_runs_write_is_taken_back_in_whatever_form_it_is_kept(now: str) -> None:
    profile, told = left_behind(now)
    assert (profile.own["bio"], told) == ("wool", ())


@pytest.mark.parametrize("now", ["ann typed this since", "", None, 3, ["oakum-1a2b"]])
def test_what_was_written_since_is_not_written_over(now: Any) -> None:
    profile, told = left_behind(now)
    assert profile.own["bio"] == now and profile.writes == 0
    assert told[0].endswith("nor the one that the run wrote, so it stays")


def test_where_a_journal_does_not_say_what_was_sent_nothing_is_written() -> None:
    profile, told = left_behind("oakum-1a2b", sent="")
    assert profile.writes == 0 and told


def test_what_a_refused_write_has_not_made_is_not_written_over() -> None:
    profile = Profile()
    found, _ = undo_log(profile)
    back = Request("PATCH", f"{AT}/me", {}, json.dumps({"bio": "wool"}).encode())
    undo = Undo(
        "`Profile` of ann", (("ann", back),), ("ann", Request("GET", f"{AT}/me")),
        '[{"bio":"wool"}]', ("bio",), sent='{"bio":"oakum-1a2b"}',
    )  # fmt: skip
    found.enter(undo)
    found.record_refused(undo)
    profile.own["bio"] = "ann typed this since"
    assert not found.undo(undo) and profile.writes == 0
    profile.own["bio"] = "oakum-1a2b"  # it was taken after all
    assert found.undo(undo) and profile.own["bio"] == "wool"


def test_what_an_api_makes_of_a_write_is_known_to_the_next_run() -> None:
    """The first reading after a write tells; the journal keeps it."""
    profile = Profile()
    found, said = undo_log(profile)
    back = Request("PATCH", f"{AT}/me", {}, json.dumps({"bio": "wool"}).encode())
    undo = Undo(
        "`Profile` of ann", (("ann", back),), ("ann", Request("GET", f"{AT}/me")),
        '[{"bio":"wool"}]', ("bio",), sent='{"bio":"oakum-1a2b"}',
    )  # fmt: skip
    found.enter(undo)
    profile.own["bio"], profile.kept = "o…", ("bio",)
    assert not found.undo(undo)
    (kept,) = found.pending
    assert isinstance(kept, Undo) and kept.after == '[{"bio":"o…"}]'
    assert [kind for kind, _ in said] == ["undo", "undo"]
    profile.kept = ()
    assert undo_log(profile, kept)[0].restore() == ()
    assert profile.own["bio"] == "wool"


ROWS = [{"title": "wool", "size": 3}, {"title": "rope", "size": 3}]
MINE = {"title": "oakum-1a2b", "size": 3}


@pytest.mark.parametrize(
    ("now", "sent", "written"),
    [
        (ROWS, {"title": "oakum-1a2b"}, False),
        ([MINE, ROWS[1]], {"title": "oakum-1a2b"}, True),
        ([ROWS[1], MINE, {"title": "a new one", "size": 1}], {"title": "oakum-1a2b"}, True),
        ([{**MINE, "size": 4}, ROWS[1]], {"title": "oakum-1a2b"}, False),
        ([{"title": "felt", "size": 3}, ROWS[1]], {"title": "oakum-1a2b"}, False),
        ([{"title": "wool", "size": "9.0"}, ROWS[1]], {"size": 9}, True),
        ([{"title": "wool", "size": True}, ROWS[1]], {"size": 1}, False),
        ([], {"title": "oakum-1a2b"}, False),
        ("200", {"title": "oakum-1a2b"}, False),
    ],
)
def test_a_write_is_seen_by_what_was_sent_in_place_of_what_was_there(
    now: Any, sent: dict[str, Any], written: bool
) -> None:
    assert is_written(json.dumps(ROWS), json.dumps(sent), json.dumps(now)) == written


@given(st.text(), st.text(), st.sampled_from(["", "{}", "[]", "3"]))
def test_what_cannot_be_read_is_nobodys(before: str, now: str, sent: str) -> None:
    assert not is_written(before, sent, now)


def test_marks_are_of_the_run_that_made_them() -> None:
    """What another run has made under the key is not this one's to remove."""
    market = Market([*SIGNS[:5], "oakum 9z9z"])
    found, _ = undo_log(market, KNOWN)
    assert isinstance(KNOWN, CreatedObject)
    assert found.restore() != () and "s5" in market.stalls


class Refusing(Market):
    """Answers 403 alike for what it refuses and for what there is not; `hides`: its maker too."""

    hides = False

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        answer = super().__call__(viewer, request)
        alone = request.method == "GET" and request.url.removeprefix(AT).startswith("/")
        return self.reply(None, 403) if answer.status == 404 or (alone and self.hides) else answer


def test_what_was_shown_and_is_now_answered_as_what_never_was_is_gone() -> None:
    market = Refusing(SIGNS[:2] + SIGNS[5:])
    found, said = undo_log(market)
    made = found.learn(replace(KNOWN, known=""), "s2")
    found.enter(made)
    assert found.is_ours(made, "s2")
    del market.stalls["s2"]  # somebody else has deleted it
    assert found.restore() == () and not deletes(market)
    assert said[-1] == ("undone", MADE.name)


def test_what_a_run_that_was_killed_had_seen_and_deleted_is_gone_for_the_next() -> None:
    market = Refusing(SIGNS[:2] + SIGNS[5:])
    found, said = undo_log(market)
    found.enter(replace(KNOWN, known="s2"))
    assert found.is_ours(replace(KNOWN, known="s2"), "s2")
    kept = from_json([entry for kind, entry in said if kind == "undo"][-1])
    assert isinstance(kept, CreatedObject) and kept.shown
    del market.stalls["s2"]
    following, _ = undo_log(market, kept)
    assert following.restore() == () and not deletes(market)


def test_what_nobody_was_ever_shown_is_not_gone_for_a_refusal() -> None:
    """It may be there, and hidden from whoever has made it."""
    market = Refusing(SIGNS[:2])
    found, _ = undo_log(market, KNOWN)
    (told,) = found.restore()
    assert told.endswith("no response shows what has its key now, so it was not removed")


@pytest.mark.parametrize("cards", [False, True])
def test_what_is_hidden_from_its_maker_alone_and_listed_is_not_gone(cards: bool) -> None:
    market = Refusing(SIGNS[:2] + SIGNS[5:], cards=cards)
    found, _ = undo_log(market)
    made = replace(KNOWN, known="s2")
    found.enter(made)
    assert found.is_ours(made, "s2")
    market.hides = True
    told = found.restore()
    assert bool(told) == ("s2" in market.stalls)


def test_a_refusal_that_another_key_does_not_get_says_nothing() -> None:
    """An API that answers 404 for what there is not means something else with 403."""

    class Locked(Market):
        locked = False

        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            if self.locked and request.method == "GET":
                alone = request.url.endswith("/s2")
                answer = self.reply(None, 403) if alone else self.reply([])
                return answer if alone or request.url == AT else self.reply(None, 404)
            return super().__call__(viewer, request)

    market = Locked(SIGNS[:2] + SIGNS[5:])
    found, _ = undo_log(market)
    made = replace(KNOWN, known="s2")
    found.enter(made)
    assert found.is_ours(made, "s2")
    market.locked = True
    (told,) = found.restore()
    assert told.endswith("no response shows what has its key now, so it was not removed")


@given(st.text("0123456789abcdefXYZ-_", min_size=1, max_size=40))
def test_an_unused_key_has_the_form_of_the_key(key: str) -> None:
    found = unused_key(key)
    assert found != key and found.isdecimal() == key.isdecimal()
    if len(key) > 20 and not key.isdecimal():
        assert [c.isdigit() for c in found[: len(key)]] == [c.isdigit() for c in key]


def write_to(key: str, of: str = "") -> Undo:
    check = Request("GET", f"{AT}/{key}")
    back = Request("PATCH", f"{AT}/{key}", body=b'{"sign":"oakum 1a2b"}')
    return Undo(
        f"`Stall` of ann by PATCH ({key})", (("ann", back),), ("ann", check), '[{"sign":"tin"}]',
        members=("sign",), sent='{"sign":"oakum-77"}', of=of,
    )  # fmt: skip


@pytest.mark.parametrize("first", ["the run", "a stranger"])
def test_a_write_to_what_the_run_made_is_done_with_when_that_is_gone(first: str) -> None:
    market = Market(SIGNS)
    pending = [replace(KNOWN, shown=True), write_to("s5", of=KNOWN.name)]
    found, said = undo_log(market, *pending)
    if first == "a stranger":
        del market.stalls["s5"]
    assert found.restore() == () and "s5" not in market.stalls
    assert {name for kind, name in said if kind == "undone"} == {each.name for each in pending}


def test_a_write_to_another_object_that_is_gone_stays_told() -> None:
    market = Market(SIGNS)
    found, _ = undo_log(market, replace(KNOWN, shown=True), write_to("s9"))
    (told,) = found.restore()
    assert "(s9) could not be undone" in told and "s5" not in market.stalls


# --------------------------------------------------------------------------- forms of a mark

MARK = "oakum d29209fa"
FORMS = [
    "Oakum d29209fa",
    "OAKUM-D29209FA",
    "oakum_d29209fa",
    "oakum d29209",
    "<p>oakum d29209fa</p>",
]


@pytest.mark.parametrize("kept", FORMS)
def test_a_mark_that_is_kept_in_another_form_is_the_runs(kept: str) -> None:
    made = replace(MADE, mark=MARK)
    market = Market([*SIGNS[:5], kept])
    found, _ = undo_log(market, replace(made, known="s5"))
    assert found.restore() == () and "s5" not in market.stalls
    searched = Market([*SIGNS[:5], kept])
    assert undo_log(searched, made)[0].restore() == () and "s5" not in searched.stalls


@pytest.mark.parametrize("kept", ["oakum d2", "oakum", "Oakum d29209fb", "d29209", "", HERS])
def test_a_text_that_may_be_anothers_is_no_mark(kept: str) -> None:
    market = Market([*SIGNS[:5], kept])
    found, _ = undo_log(market, replace(MADE, mark=MARK, known="s5"))
    assert found.restore() != ()
    assert market.stalls["s5"]["sign"] == kept and not deletes(market)


# --------------------------------------------------------------------------- writes to what is gone


@pytest.mark.parametrize(("of", "left"), [(KNOWN.name, 0), ("", 1)])
def test_with_an_object_of_the_run_every_write_to_it_is_gone(of: str, left: int) -> None:
    market = Market(SIGNS)
    written = Undo(
        "`Stall` of ann (sign)", (), ("ann", Request("GET", f"{AT}/s5")),
        '[{"sign":"moss"}]', ("sign",), sent='{"sign":"oakum-77ff00aa"}', of=of,
    )  # fmt: skip
    found, said = undo_log(market, replace(KNOWN, look=None))
    found.pending.append(written)
    assert len(found.restore()) == left and "s5" not in market.stalls
    assert (("undone", written.name) in said) is (not left)


def test_a_write_to_an_object_of_the_run_that_stays_is_left_with_it() -> None:
    market = Market(SIGNS, deletes=False)
    written = Undo(
        "`Stall` of ann (sign)", (), ("ann", Request("GET", f"{AT}/s5")),
        '[{"sign":"moss"}]', ("sign",), of=KNOWN.name,
    )  # fmt: skip
    found, _ = undo_log(market, KNOWN)
    found.pending.append(written)
    assert len(found.restore()) == 2


def test_a_write_whose_entry_a_reading_has_renewed_is_left_with_its_object() -> None:
    """The API keeps another value than it was sent, and takes neither that nor the object back."""
    market = Market(SIGNS, deletes=False)
    found, _ = undo_log(market)
    found.enter(KNOWN)
    found.enter(
        Undo(
            "`Stall` of ann (sign)", (), ("ann", Request("GET", f"{AT}/s5")),
            '[{"sign":"moss"}]', ("sign",), sent='{"sign":"fern"}', of=KNOWN.name,
        )
    )  # fmt: skip
    assert len(found.restore()) == 2


@pytest.mark.parametrize(
    ("names", "said"), [("`a`", "`a` differs from before"), ("`a`, `b`", "`a`, `b` differ from")]
)
def test_what_the_run_sent_is_not_said_to_be_set_by_the_api_itself(names: str, said: str) -> None:
    told = set_beside("`Note` of ann: ", names, "PATCH /notes/{id}")
    assert said in told and "check" in told and "itself" not in told
