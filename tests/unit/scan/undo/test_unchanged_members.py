"""Taking a write back later leaves what its owner has changed beside it as they have left it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.endpoints.request_bodies import FORM, JSON, encode_as
from oakum.scan.undo.entries import Undo, as_json, from_json
from oakum.scan.undo.undo_log import UndoLog

LAW = settings(max_examples=100, deadline=None)
AT = "http://market.test/stalls/7"
NAMES = ("city", "price", "tags")
OTHERS = st.fixed_dictionaries(
    {}, optional={n: st.sampled_from(["wool", "rope", "felt"]) for n in NAMES}
)


class Stalls:
    """One stall among others. PUT replaces it, PATCH wants all of it but takes what is sent."""

    def __init__(self, stall: Mapping[str, Any], *, listed: bool = False) -> None:
        self.stall: dict[str, Any] | None = {"id": 7, **stall}
        self.listed, self.writes = listed, 0

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if request.method != "GET" and self.stall is not None:
            self.writes += 1
            form = request.headers["content-type"] == FORM
            sent = dict(parse_qsl(request.body.decode())) if form else json.loads(request.body)
            put = request.method == "PUT"
            self.stall = {"id": 7, **sent} if put else {**self.stall, **sent}
        shown: Any = [{"id": 6, "sign": "clay", "city": "clay"}, self.stall]
        shown = [each for each in shown if each] if self.listed else self.stall
        return Response(200 if shown else 404, {}, json_bytes(shown))


def entry(method: str, kind: str, before: Mapping[str, Any], *, listed: bool = False) -> Undo:
    """How a run takes `sign` back, where it was `before`."""
    content: dict[str, Any] = {**before}
    back = Request(method, AT, {"content-type": kind}, encode_as(kind, content))
    signs = [{"sign": each} for each in (["clay"] if listed else []) + [before["sign"]]]
    return Undo(
        "`Stall` of ann (sign)", ((None, back), ("ann", back)), ("ann", Request("GET", AT)),
        json_bytes(signs).decode(), ("sign",), sent='{"sign":"oakum-1a2b"}',
        this=("id", 7), content=content, beside=NAMES,
    )  # fmt: skip


def killed(ask: Any, undo: Undo) -> UndoLog:
    """What the next run has of a run that was killed."""
    return UndoLog(ask, lambda kind, said: None, [from_json(json.loads(json_bytes(as_json(undo))))])


@LAW
@given(OTHERS, OTHERS, st.sampled_from(["PUT", "PATCH"]), st.sampled_from([FORM, JSON]),
       st.booleans())  # fmt: skip
def test_what_a_killed_run_has_written_is_as_before_and_what_its_owner_has_changed_stays(
    before: dict[str, str], since: dict[str, str], method: str, kind: str, listed: bool
) -> None:
    stalls = Stalls({"sign": "oakum-1a2b", **since}, listed=listed)
    assert (
        killed(stalls, entry(method, kind, {"sign": "wool", **before}, listed=listed)).restore()
        == ()
    )
    assert stalls.stall == {"id": 7, "sign": "wool", **since}


@LAW
@given(OTHERS, OTHERS)
def test_at_the_end_of_a_run_what_its_owner_has_changed_since_stays(
    before: dict[str, str], since: dict[str, str]
) -> None:
    stalls = Stalls({"sign": "wool", **before})
    found = UndoLog(stalls, lambda kind, said: None)
    undo = entry("PUT", JSON, {"sign": "wool", **before})
    found.enter(undo)
    found.record_sent(undo)
    stalls.stall = {"id": 7, "sign": "oakum-1a2b", **since}
    assert found.restore() == ()
    assert stalls.stall == {"id": 7, "sign": "wool", **since}


def test_at_once_all_is_sent_as_it_was_a_moment_ago() -> None:
    """What differs then, the write has changed: a total from a number."""
    stalls = Stalls({"sign": "wool", "price": "3"})
    found = UndoLog(stalls, lambda kind, said: None)
    undo = entry("PUT", JSON, {"sign": "wool", "price": "3"})
    found.enter(undo)
    stalls.stall = {"id": 7, "sign": "oakum-1a2b", "price": "9"}
    assert found.undo(undo)
    assert stalls.stall == {"id": 7, "sign": "wool", "price": "3"}


@pytest.mark.parametrize(
    ("before", "expected"), [({"city": "wool-city"}, {"city": "wool-city"}), ({}, {})]
)
def test_a_text_that_the_api_has_made_of_what_was_written_is_not_the_owners(
    before: dict[str, str], expected: dict[str, str]
) -> None:
    stalls = Stalls({"sign": "oakum-1a2b", "city": "Oakum-1A2B-city", "tags": "felt"})
    assert killed(stalls, entry("PUT", JSON, {"sign": "wool", **before})).restore() == ()
    assert stalls.stall == {"id": 7, "sign": "wool", "tags": "felt", **expected}


@pytest.mark.parametrize("shown", ["another's", "nothing", "not of it", "twice"])
def test_where_nobody_shows_what_stands_beside_it_nothing_is_written_and_that_is_told(
    shown: str,
) -> None:
    mine = {"id": 7, "sign": "oakum-1a2b"}
    rows: dict[str, Any] = {
        "another's": [{"id": 8, "sign": "oakum-1a2b", "city": "felt"}],
        "nothing": None,
        "not of it": {"id": 7, "stall": {"sign": "oakum-1a2b", "city": "felt"}},
        "twice": [{**mine, "city": "felt"}, {**mine, "city": "rope"}],
    }
    wrote: list[str] = []

    def ask(viewer: str | None, request: Request, /) -> Response:
        wrote.extend([request.method] if request.method != "GET" else [])
        return Response(200, {}, json_bytes(rows[shown]))

    found = killed(ask, entry("PUT", JSON, {"sign": "wool", "city": "wool"}))
    (told,) = found.restore()
    assert (wrote, found.left) == ([], ("`Stall` of ann (sign)",))
    assert "nothing was written" in told or "so it stays" in told


def test_a_write_of_nothing_else_needs_to_see_nothing_else() -> None:
    stalls = Stalls({"sign": "oakum-1a2b", "city": "felt"}, listed=True)
    back = Request("PATCH", AT, {"content-type": JSON}, b'{"sign":"wool"}')
    undo = Undo(
        "`Stall` of ann (sign)", (("ann", back),), ("ann", Request("GET", AT)),
        '[{"sign":"clay"},{"sign":"wool"}]', ("sign",), sent='{"sign":"oakum-1a2b"}',
        content={"sign": "wool"},
    )  # fmt: skip
    assert killed(stalls, undo).restore() == ()
    assert stalls.stall == {"id": 7, "sign": "wool", "city": "felt"}


@pytest.mark.parametrize("wrapped", [lambda each: {"stall": each}, lambda each: {"all": [each]}])
def test_in_a_body_the_object_is_found_where_it_stands(wrapped: Any) -> None:
    undo = entry("PATCH", JSON, {"sign": "wool", "city": "wool"})
    content = wrapped(undo.content)
    back = Request("PATCH", AT, {"content-type": JSON}, json_bytes(content))
    sent: list[Any] = []

    def ask(viewer: str | None, request: Request, /) -> Response:
        if request.method != "GET":
            sent.append(json.loads(request.body))
        sign = "wool" if sent else "oakum-1a2b"
        return Response(200, {}, json_bytes({"id": 7, "sign": sign, "city": "felt"}))

    made = Undo(**{**undo.__dict__, "steps": (("ann", back),), "content": content})
    assert killed(ask, made).restore() == ()
    assert sent == [wrapped({"sign": "wool", "city": "felt"})]
