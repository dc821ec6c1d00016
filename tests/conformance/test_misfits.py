"""A law of answers: of another kind than declared, one never shows more of its rows and counts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.openapi.model import Json
from tests.conformance.exchanges import Case, Guard, Request, Setup
from tests.conformance.test_exchanges import IMPLEMENTATIONS

MANY = int(os.environ.get("OAKUM_EXAMPLES", "100"))
Guards = list[tuple[str, Guard, Setup]]
OWN = {"id": "n1", "by": "ann", "city": "C"}
HIDDEN = {"id": "n2", "by": "bob", "city": "HIDDEN"}
NOTES = st.sampled_from((OWN, HIDDEN))
LISTS = st.lists(NOTES, max_size=2)
BESIDE = {"n": st.just(3), "t": st.just("T"), "score": st.integers(5, 9), "snippet": st.just("S")}


def _some(**members: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=members)


ANSWERS: dict[str, st.SearchStrategy[Json]] = {
    "/search": _some(
        total=st.just(777),
        hits=st.lists(
            _some(
                **{name: BESIDE[name] for name in ("score", "snippet")},
                note=NOTES, notes=LISTS, loose=_some(id=st.just("x"), note=NOTES),
                deep=_some(notes=LISTS, n=BESIDE["n"]),
            ),
            max_size=3,
        ),
    ),
    "/groups": _some(
        total=st.just(777), note=NOTES, notes=LISTS,
        m=st.dictionaries(st.sampled_from("ab"), NOTES, max_size=2),
    ),
    "/page": _some(total=st.just(777), note=NOTES, notes=LISTS, bare=LISTS, any=LISTS),
    "/plain": st.lists(
        _some(t=BESIDE["t"], note=NOTES, more=_some(results=LISTS)), max_size=3
    ),
    "/result": _some(t=BESIDE["t"], result=NOTES, several=LISTS, known=NOTES),
}  # fmt: skip


@pytest.fixture(scope="module")
def guards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guards]:
    with ExitStack() as stack:
        made: Guards = []
        for name, implementation in IMPLEMENTATIONS.items():
            case = Case("hits", "hits", {}, {"contract": "hits.yaml", "upstream": []})
            setup = case.setup(tmp_path_factory.mktemp(name))
            made.append((name, stack.enter_context(implementation(setup)), setup))
        yield made


@settings(max_examples=MANY, deadline=None)
@given(st.data(), st.sampled_from(sorted(ANSWERS)))
def test_an_answer_of_another_kind_never_shows_more_of_rows_and_counts(
    guards: Guards, data: st.DataObject, target: str
) -> None:
    answer = data.draw(ANSWERS[target], label="answer")
    other = _other(data, answer, inside=False)
    found = [_asked(guard, setup, target, other) for _, guard, setup in guards]
    assert found[0] == found[1], found
    assert "HIDDEN" not in found[0]
    # What goes with an object is nothing that the object of another kind may bring back.
    declared = _asked(*guards[0][1:], target, answer)
    assert _beside(found[0]) <= _beside(declared), (declared, found[0])


def _other(data: st.DataObject, value: Json, *, inside: bool) -> Json:
    """A value in which some objects and lists that hold hidden objects are of another kind."""
    holds = "HIDDEN" in json.dumps(value)
    if isinstance(value, dict) and "by" not in value:
        value = {name: _other(data, each, inside=True) for name, each in value.items()}
    elif isinstance(value, list):
        value = [_other(data, each, inside=True) for each in value]
    if not holds or not inside or data.draw(st.booleans()):
        return value
    ways = [[value], [[value]], "n2", 7, json.dumps(value).replace("HIDDEN", "H")]
    if isinstance(value, list):
        ways += [{"a": value}, {"data": value}]
        ways += [each for each in value if "HIDDEN" in json.dumps(each)]
        ways += [dict(zip("abc", value, strict=False))]
    return data.draw(st.sampled_from(ways))


def _asked(guard: Guard, setup: Setup, target: str, answer: Json) -> str:
    setup.upstream.script[:] = [
        {"request": {"target": "/me"}, "answer": {"body": '{"id":"ann"}'}},
        {"request": {"target": target}, "answer": {"body": json.dumps(answer)}},
    ]
    outcome = guard.exchange(Request("GET", target, (("cookie", "sid=ann"),)))
    return f"{outcome.response.status} {outcome.response.body.decode()}"


def _beside(text: str) -> set[str]:
    """What is shown outside of the notes: totals, and what stands in which row."""
    status, _, body = text.partition(" ")
    found = set[str]()
    if status == "200":
        _walk(json.loads(body), "", found)
    return found


def _walk(value: Json, at: str, found: set[str]) -> None:
    if isinstance(value, dict) and "by" not in value:
        for name, each in value.items():
            _walk(each, f"{at}/{name}", found)
    elif isinstance(value, list):
        for each in value:
            _walk(each, f"{at}/*", found)
    elif not isinstance(value, dict):
        found.add(f"{at}={value}")
