"""No body of a stranger's writes anything, nor tells that an object is there: Python and Lua."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.routing.problem_details import problem
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Case, Outcome, Request, Setup
from tests.properties.pool import LAW

PLACES = (
    ("PATCH", "/papers/{}"),
    ("PUT", "/papers/{}/title"),
    ("PUT", "/papers/{}/cover"),
)
TYPES = (
    ("application/json",), ("application/json; charset=utf-16",), ("text/plain",), (),
    ("application/x-www-form-urlencoded",), ("application/json", "text/plain"),
)  # fmt: skip
_SCALARS = st.sampled_from([None, True, 0, 1.5, "", "x", "ann", "p1"])
_NAMES = st.sampled_from(["paper", "papers", "note", "title", "by", "slug", "mark", "id", "other"])
_VALUES = st.recursive(
    _SCALARS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(_NAMES, each, max_size=3),
    max_leaves=8,
)
_BODIES = st.one_of(
    _VALUES.map(json.dumps),
    _VALUES.map(lambda value: f" {json.dumps(value, indent=1)}\n"),
    st.sampled_from(["", " ", "{", '{"title":"a","title":"b"}', "nul", "NaN", "title=x", "\x00"]),
)


@dataclass(repr=False)
class Papers:
    setup: Setup
    guards: list[Any]

    def sent(self, who: str, method: str, target: str, types: tuple[str, ...], body: str) -> Any:
        headers = (("x-session", who), *(("content-type", each) for each in types))
        found: list[Outcome] = []
        for guard in self.guards:
            self.setup.clock.now += 1e5
            found.append(guard.exchange(Request(method, target, headers, body.encode())))
        return found


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papers]:
    folder = tmp_path_factory.mktemp("papers")
    setup = Case("law", "bodies", {}, {"contract": "papers.yaml"}).setup(folder)
    yield Papers(
        setup, [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())]
    )


@LAW
@given(st.sampled_from(PLACES), st.sampled_from(TYPES[:1] * 4 + TYPES), _BODIES)
def test_nothing_that_a_stranger_sends_is_written(
    papers: Papers, place: tuple[str, str], types: tuple[str, ...], body: str
) -> None:
    method, path = place
    for outcome in papers.sent("pia", method, path.format("p1"), types, body):
        assert outcome.forwarded is None


@LAW
@given(st.sampled_from(PLACES), st.sampled_from(TYPES), _BODIES)
def test_an_object_that_is_there_is_answered_as_one_that_is_not(
    papers: Papers, place: tuple[str, str], types: tuple[str, ...], body: str
) -> None:
    method, path = place
    for slug in ("p1", "none"):
        for outcome in papers.sent("pia", method, path.format(slug), types, body):
            assert outcome.response.status == 404
            assert outcome.response.body == problem(404).encode()


@LAW
@given(st.sampled_from(PLACES), _VALUES)
def test_who_may_set_one_field_writes_no_more_with_less(
    papers: Papers, place: tuple[str, str], value: Any
) -> None:
    """What goes on of theirs has the field in it, or an object that may hold it."""
    method, path = place
    sent = papers.sent("sue", method, path.format("p1"), TYPES[0], json.dumps(value))
    for outcome in sent:
        onward = outcome.forwarded
        if onward is None:
            continue
        said = json.loads(onward.body)
        inside = said if "cover" not in path else _papers(said)
        several = inside if isinstance(inside, list) else [inside]
        objects = [each for each in several if isinstance(each, dict)]
        assert objects and all(each.keys() <= {"mark"} for each in objects)


def _papers(said: dict[str, Any]) -> list[Any]:
    return [said.get("paper"), *(said.get("papers") or ())]


def test_the_law_is_about_bodies_that_pass_for_their_owner(papers: Papers) -> None:
    for method, path in PLACES:
        body = '{"note":"x"}' if "cover" in path else '{"title":"x"}'
        for outcome in papers.sent("ann", method, path.format("p1"), TYPES[0], body):
            assert outcome.forwarded is not None and outcome.response.status == 204


# ----------------------------------------------------------- objects that a body names or holds

OTHERS = {"slug": {"d-ann", "none"}, "pid": {2, 3}, "id": {"ann", "bob"}}
"""Keys of what is not pia's, or not there."""
ANYBODYS = {"id", "draft"}
"""What any member may set, of whomever."""
_PARTS = st.fixed_dictionaries(
    {}, optional={"pid": st.sampled_from([1, 1, 2, 3, None]), "text": st.just("x")}
)
_MEMBERS = st.fixed_dictionaries(
    {}, optional={"id": st.sampled_from(["pia", "pia", "ann", None]), "email": st.just("x")}
)
_SLUGS = st.sampled_from(["d-pia", "e-pia", "f-pia", "d-pia", "d-ann", "none", None, ["d-pia"]])
_DOCS: st.SearchStrategy[Any] = st.deferred(
    lambda: st.fixed_dictionaries(
        {},
        optional={
            "slug": _SLUGS,
            "title": st.just("x"),
            "author": st.none() | _MEMBERS,
            "parts": st.lists(_PARTS, max_size=2),
            "like": st.none() | _DOCS,
        },
    )
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papers]:
    folder = tmp_path_factory.mktemp("files")
    setup = Case("law", "keyed", {}, {"contract": "files.yaml"}).setup(folder)
    yield Papers(
        setup, [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())]
    )


@LAW
@given(
    st.sampled_from(["/docs", "/docs/d-pia", "/docs/e-pia", "/docs/f-pia"]), _DOCS, st.booleans()
)
def test_no_body_goes_on_that_holds_anothers_object(
    files: Papers, path: str, doc: dict[str, Any], many: bool
) -> None:
    method = "PATCH" if many and path == "/docs" else "PUT"
    body = json.dumps([doc] if method == "PATCH" else doc)
    first, second = files.sent("pia", method, path, TYPES[0], body)
    onward = [each.forwarded and each.forwarded.body for each in (first, second)]
    assert onward[0] == onward[1]
    assert first.response.status == second.response.status
    if first.forwarded is not None:
        top = "slug" if path != "/docs" else ""  # there a free slug is a new name of the object
        assert not list(_of_others(json.loads(first.forwarded.body), top))


def _of_others(value: Any, renamed: str = "") -> Iterator[Any]:
    """Objects in a body whose key is another's, and of which something is its owner's to set."""
    if isinstance(value, dict) and not value.keys() <= ANYBODYS:
        for name, keys in OTHERS.items():
            said = value.get(name)
            free = name == renamed and said == "none"
            if not free and not isinstance(said, list) and said in keys:
                yield value
    several = value.values() if isinstance(value, dict) else value
    for each in several if isinstance(value, dict | list) else ():
        yield from _of_others(each)


def test_the_law_is_about_bodies_that_hold_ones_own(files: Papers) -> None:
    doc = {
        "slug": "f-pia",
        "author": {"id": "pia", "email": "x"},
        "parts": [{"pid": 1, "text": "x"}],
    }
    for outcome in files.sent(
        "pia", "PATCH", "/docs", TYPES[0], json.dumps([doc, {**doc, "like": doc}])
    ):
        assert outcome.forwarded is not None and outcome.response.status == 204
