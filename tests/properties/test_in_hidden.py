"""Hidden objects decide nothing of an answer, whatever they hold: Python and Lua."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Case, Request, Response, Setup, Upstream
from tests.properties.pool import LAW

_NOTE = "{...on Note{id ownerId text place{id name}}}"
QUERIES = {
    "nodes": '{nodes(ids:["n1","n7"])' + _NOTE + "}",
    "notes": "{notes{id ownerId text place{id name}}}",
    "folders": "{folders{name hits{score note{id ownerId place{id}}} place{id}}}",
}
_PLACES = st.none() | st.fixed_dictionaries(
    {"id": st.sampled_from(["p1", "p2"])}, optional={"name": st.text(max_size=2)}
)
_HIDDEN = st.fixed_dictionaries(
    {"id": st.sampled_from(["n7", "n8"]), "ownerId": st.sampled_from(["bob", "cleo"])},
    optional={"text": st.text(max_size=2), "place": _PLACES},
)
_OWN = {"id": "n1", "ownerId": "ann", "text": "t", "place": {"id": "p1", "name": "P"}}


class Graph(Upstream):
    """An API of which one answer can be made another."""

    data: dict[str, Any]

    def answer(self, request: Request) -> Response | None:
        if request.target != "/graphql":
            return super().answer(request)
        typed = (("content-type", "application/json"),)
        return Response(200, typed, json.dumps({"data": self.data}).encode())


@dataclass(repr=False)
class World:
    setup: Setup
    api: Graph
    guards: list[Any]

    def answers(self, field: str, found: list[Any]) -> list[tuple[int, bytes]]:
        """What ann gets from each implementation where the API finds these."""
        self.api.data = {field: found}
        headers = (("cookie", "sid=ann"), ("content-type", "application/json"))
        body = json.dumps({"query": QUERIES[field]}).encode()
        made = []
        for guard in self.guards:
            self.setup.clock.now += 1e5  # every budget is whole again
            sent = Request("POST", "/graphql", headers, body)
            response = guard.exchange(sent).response
            made.append((response.status, response.body))
        return made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("in_hidden")
    said = {"policy": {"limits": {"Place": {"distinct": 1, "per": "1h"}}}}
    said["policy"]["resources"] = {"Place": {"owner": "id"}}
    setup = Case("law", "in_hidden", {}, {"contract": "graph_notes.yaml", **said}).setup(folder)
    api = Graph(setup.upstream.script)
    setup = replace(setup, upstream=api)
    yield World(
        setup,
        api,
        [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())],
    )


@LAW
@given(
    field=st.sampled_from(["nodes", "notes"]),
    hidden=st.lists(_HIDDEN, max_size=3),
    own=st.booleans(),
)
def test_hidden_objects_and_what_they_hold_decide_nothing_of_the_answer(
    world: World, field: str, hidden: list[dict[str, Any]], own: bool
) -> None:
    shown = [_OWN] if own else []
    without = world.answers(field, shown)
    assert world.answers(field, [*hidden, *shown]) == without
    assert without[0] == without[1]


@LAW
@given(hidden=st.lists(_HIDDEN, min_size=1, max_size=3), score=st.integers(0, 9))
def test_nor_do_they_by_the_rows_that_they_stand_in(
    world: World, hidden: list[dict[str, Any]], score: int
) -> None:
    rows = [{"score": score, "note": each} for each in hidden]
    few = world.answers("folders", [{"name": "f", "hits": rows, "place": None}])
    bare = [{"score": 0, "note": {"id": "n7", "ownerId": "bob"}}]
    assert world.answers("folders", [{"name": "g", "hits": bare, "place": None}]) == few
    assert few[0] == few[1]
