"""Laws of taking back: twice is as good as once, and nothing is touched but what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.openapi.model import Json
from oakum.scan.undo.entries import CreatedObject, Undo
from oakum.scan.undo.object_keys import in_path, may_lose_a_piece
from oakum.scan.undo.own_writes import marked_objects
from oakum.scan.undo.undo_log import UndoLog
from tests.unit.scan.studio import reply

ROOT = "http://market.test"
LAW = settings(max_examples=50, deadline=None)
MARK = "oakum 1a2b"

# --------------------------------------------------------------------------- writes

HOW = st.sampled_from(["does it", "refuses", "does nothing", "breaks", "does it and breaks"])
"""What becomes of a request that takes a write back."""
VALUES = st.sampled_from(["wool", "rope", "felt", 0, None, True, ["a"], {"b": 1}])


class Stall:
    """One stall with a sign and a price; what becomes of the nth PUT is said before."""

    def __init__(self, sign: Json, how: Sequence[str] = ()) -> None:
        self.state: dict[str, Json] = {"id": "s1", "sign": sign, "price": 7}
        self.how = [*how]
        self.asked: list[str] = []

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        self.asked.append(request.method)
        if request.method == "GET":
            return reply({"data": [self.state]})
        how = self.how.pop(0) if self.how else "does it"
        if how.startswith("does it"):
            self.state = {**self.state, **orjson.loads(request.body)}
        if how.endswith("breaks"):
            raise TargetError("it hung up")
        return reply(None, 403 if how == "refuses" else 200)


def put(value: Json) -> Request:
    return Request("PUT", f"{ROOT}/stalls/s1", {}, orjson.dumps({"sign": value}))


def entry(before: Json, steps: int = 1, name: str = "Stall.sign of ann") -> Undo:
    return Undo(
        name,
        tuple((who, put(before)) for who in ["ann", "bob", None][:steps]),
        ("ann", Request("GET", f"{ROOT}/stalls/s1")),
        orjson.dumps([{"sign": before}], option=orjson.OPT_SORT_KEYS).decode(),
        ("sign",),
    )


def undo_log(ask: Any) -> tuple[UndoLog, list[tuple[str, Json]]]:
    said: list[tuple[str, Json]] = []
    return UndoLog(ask, lambda kind, entry: said.append((kind, entry))), said


@LAW
@given(VALUES, VALUES, st.lists(HOW, min_size=1, max_size=3))
def test_what_is_said_to_be_undone_is_and_what_is_not_is_kept(
    before: Json, after: Json, how: list[str]
) -> None:
    stall = Stall(after, how)
    book, said = undo_log(stall)
    undo = entry(before, len(how))
    book.enter(undo)
    done = book.undo(undo)
    assert done == (stall.state["sign"] == before)
    assert done == any(each.startswith("does it") for each in how) or before == after
    assert book.pending == ([] if done else [undo])
    assert [kind for kind, _ in said] == (["undo", "undone"] if done else ["undo"])
    assert {k: v for k, v in stall.state.items() if k != "sign"} == {"id": "s1", "price": 7}


@LAW
@given(VALUES, VALUES, st.lists(HOW, min_size=1, max_size=3))
def test_undoing_twice_is_undoing_once(before: Json, after: Json, how: list[str]) -> None:
    stall = Stall(after, how)
    book, _ = undo_log(stall)
    undo = entry(before, len(how))
    book.enter(undo)
    if not book.undo(undo):
        stall.how = []
        assert book.undo(undo)
    state = deepcopy(stall.state)
    stall.asked.clear()
    assert book.undo(undo) and book.restore() == ()
    assert stall.asked == ["GET"]
    assert stall.state == state and book.pending == []


@LAW
@given(VALUES, st.lists(VALUES, max_size=5))
def test_writes_one_after_the_other_are_taken_back_to_what_was_before_the_first(
    first: Json, then: list[Json]
) -> None:
    stall = Stall(first)
    book, said = undo_log(stall)
    names = [f"Stall.sign, write {n}" for n in range(len(then))]
    for name, value in zip(names, then, strict=True):
        book.enter(entry(stall.state["sign"], name=name))
        stall("ann", put(value))
    assert book.restore() == ()
    assert stall.state == {"id": "s1", "sign": first, "price": 7}
    assert [name for kind, name in said if kind == "undone"] == [*reversed(names)]


@LAW
@given(st.permutations(["does it", "refuses", "breaks"]))
def test_one_that_cannot_be_taken_back_is_told_and_keeps_no_other_from_it(how: list[str]) -> None:
    stall = Stall("felt", how)
    book, _ = undo_log(stall)
    for n in range(3):
        book.enter(entry(f"sign {n}", name=f"write {n}"))
    said = book.restore()
    done = f"sign {2 - how.index('does it')}"
    assert stall.state["sign"] == done and len(said) == 2
    assert not [each for each in said if done in each or "felt" in each]
    assert book.pending == [] and book.restore() == ()


@pytest.mark.parametrize("depth", [300, 1000])
def test_an_answer_that_is_nested_beyond_all_measure_is_told_and_stops_nothing(depth: int) -> None:
    deep = b'{"id": 1, "sign": ' + b"[" * depth + b"]" * depth + b"}"
    things = Request("GET", f"{ROOT}/things")
    book, _ = undo_log(lambda viewer, request: Response(200, {}, deep))
    book.enter(
        CreatedObject("a new `Thing`", "ann", MARK, "id", (things,), Request("DELETE", ROOT))
    )
    book.enter(entry("wool"))
    assert "Stall.sign of ann could not be undone: check it by hand" in book.restore()


def test_a_journal_that_fails_keeps_nothing_from_being_undone() -> None:
    stall = Stall("felt")
    book, _ = undo_log(stall)
    book.enter(entry("wool"))

    def full(kind: str, entry: Json) -> None:
        raise TargetError("no space left on device")

    book.log = full
    assert book.restore() == () and stall.state["sign"] == "wool"


def test_what_one_identity_cannot_take_back_another_may() -> None:
    stall = Stall("felt")

    def ask(viewer: str | None, request: Request, /) -> Response:
        if viewer == "ann" and request.method == "PUT":
            raise TargetError("ann could not log in")
        return stall(viewer, request)

    book, _ = undo_log(ask)
    book.enter(entry("wool", steps=2))
    assert book.restore() == () and stall.state["sign"] == "wool"


# --------------------------------------------------------------------------- objects made

TEXTS = st.sampled_from(["wool", MARK, f"a {MARK}.", "oakum 1a2", "s1"])
TREES = st.recursive(
    TEXTS | st.integers(0, 9) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "sign", "by", "items"]), inner, max_size=4)
    ),
    max_leaves=16,
)


def objects(value: Json) -> list[Mapping[str, Json]]:
    """Every object of a value, itself too."""
    children = value.values() if isinstance(value, dict) else value
    inner = [e for c in children for e in objects(c)] if isinstance(value, dict | list) else []
    return [value, *inner] if isinstance(value, dict) else inner


def holds(value: Mapping[str, Json]) -> bool:
    """Whether the mark is in the object, and not in one of a list that is in it."""
    return any(
        holds(each) if isinstance(each, dict) else isinstance(each, str) and MARK in each
        for each in value.values()
    )


@LAW
@given(TREES)
def test_what_has_the_mark_is_found_innermost_and_nothing_else(tree: Json) -> None:
    found = marked_objects(tree, MARK, "id")
    wanted = [each for each in objects(tree) if "id" in each and holds(each)]
    for each in found:
        assert any(each is one for one in wanted)
        assert not any(inner in wanted for inner in objects(each)[1:])
    for each in wanted:
        assert any(one is inner for one in found for inner in objects(each))
    assert [e for e in objects(tree) if any(e is one for one in found)] == found


class Shelf:
    """Things under keys of any kind; `of` says how a list shows them."""

    def __init__(
        self, things: Mapping[str, str], *, wrapped: bool, look: bool, merges: bool = False
    ) -> None:
        self.things = {key: {"id": key, "sign": sign} for key, sign in things.items()}
        self.wrapped, self.look, self.merges = wrapped, look, merges
        self.gone: list[str] = []

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        key = unquote(urlsplit(request.url).path.removeprefix("/things").removeprefix("/"))
        if self.merges:
            key = "/".join(each for each in key.split("/") if each)
        if urlsplit(request.url).path == "/things":
            shown = [{"id": f"of {k}", "item": t} if self.wrapped else t
                     for k, t in self.things.items()]  # fmt: skip
            return reply({"items": shown})
        if request.method == "DELETE":
            self.gone.append(key)
            return reply(None, 204 if self.things.pop(key, None) else 404)
        return reply(self.things[key]) if self.look and key in self.things else reply(None, 404)


KEYS = st.text("ab1 ./?#%&=é{}", max_size=6)


@LAW
@given(
    st.dictionaries(KEYS, st.sampled_from(["wool", "oakum 9z9z", "oakum"]), max_size=5),
    KEYS,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["made and told", "made", "refused"]),
)
def test_what_is_found_by_its_mark_is_removed_and_nothing_else(
    others: dict[str, str], key: str, wrapped: bool, look: bool, merges: bool, what: str
) -> None:
    """`merges`: the server decodes a path before it routes, and takes `b/` for `b`."""
    before = {k: sign for k, sign in others.items() if k != key}
    shelf = Shelf(
        before if what == "refused" else {**before, key: f"a thing, {MARK}"},
        wrapped=wrapped,
        look=look,
        merges=merges,
    )
    book, said = undo_log(shelf)
    made = CreatedObject(
        "a new `Thing` of ann", "ann", MARK, "id", (Request("GET", f"{ROOT}/things"),),
        Request("DELETE", f"{ROOT}/things/{{key}}"),
        look=Request("GET", f"{ROOT}/things/{{key}}") if look else None,
    )  # fmt: skip
    book.enter(made)
    if what == "made and told" and in_path(key):
        book.learn(made, key)
    done = book.restore() == ()
    left = {k: thing["sign"] for k, thing in shelf.things.items()}
    assert left == before or (not done and left == {**before, key: f"a thing, {MARK}"})
    assert set(shelf.gone) <= ({key} if in_path(key) else set())
    reaches = in_path(key) and (not may_lose_a_piece(key) or (look and not merges))
    assert done or what == "made" or not reaches
    assert (("undone", made.name) in said) == done
