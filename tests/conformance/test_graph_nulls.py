"""A law of GraphQL: a concealed object that is hidden is byte for byte as one that is not there."""

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
Guards = list[tuple[Guard, Setup]]
HIDDEN: Json = {"id": "n1", "ownerId": "bob", "text": "S", "reply": {"id": "n3", "ownerId": "bob"}}
UNKNOWN: Json = {"id": "n1"}
"""What may be of a concealed resource, and does not say so."""
NOTES = st.recursive(
    st.sampled_from((HIDDEN, HIDDEN, None, {"id": "n2", "ownerId": "ann", "text": "T"})),
    lambda inner: st.fixed_dictionaries(
        {"id": st.just("n2"), "ownerId": st.just("ann")}, optional={"reply": inner}
    ),
    max_leaves=3,
)
NODES = st.one_of(NOTES, st.just(UNKNOWN))
DATA = st.fixed_dictionaries(
    {},
    optional={
        "me": st.fixed_dictionaries({"id": st.just("ann")}, optional={"note": NOTES}),
        "note": NOTES,
        "node": NODES,
        "wrap": st.fixed_dictionaries(
            {},
            optional={
                "note": NOTES,
                "node": NODES,
                "notes": st.lists(NOTES, max_size=3),
                "nodes": st.lists(NODES, max_size=3),
            },
        ),
        "stats": st.fixed_dictionaries({"total": st.just(3)}, optional={"note": NOTES}),
        "notes": st.lists(NOTES, max_size=3),
        "nodes": st.lists(NODES, max_size=3),
        "table": st.lists(st.lists(NOTES, max_size=2), max_size=2),
    },
)


@pytest.fixture(scope="module")
def guards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guards]:
    with ExitStack() as stack:
        made: Guards = []
        for name, implementation in IMPLEMENTATIONS.items():
            case = Case("nulls", "nulls", {}, {"contract": "graph_nulls.yaml", "upstream": []})
            setup = case.setup(tmp_path_factory.mktemp(name))
            made.append((stack.enter_context(implementation(setup)), setup))
        yield made


@settings(max_examples=MANY, deadline=None)
@given(DATA, st.sampled_from(("/graphql", "/owned")))
def test_a_hidden_object_is_as_one_that_there_is_not(
    guards: Guards, data: dict[str, Json], target: str
) -> None:
    found = {asked(*guard, target, each) for guard in guards for each in (data, without(data))}
    assert len(found) == 1, found


def without(value: Json) -> Json:
    """The same where there is none of the objects that are hidden."""
    if value in (HIDDEN, UNKNOWN):
        return None
    if isinstance(value, dict):
        return {name: without(each) for name, each in value.items()}
    return [*map(without, value)] if isinstance(value, list) else value


def asked(guard: Guard, setup: Setup, target: str, data: Json) -> str:
    answer = json.dumps({"data": data})
    setup.upstream.script[:] = [
        {"request": {"target": "/me"}, "answer": {"body": '{"id":"ann"}'}},
        {"request": {"target": target, "method": "POST"}, "answer": {"body": answer}},
    ]
    headers = (("cookie", "sid=ann"), ("content-type", "application/json"))
    asked = Request("POST", target, headers, b'{"query":"{ me { id } }"}')
    outcome = guard.exchange(asked)
    return f"{outcome.response.status} {outcome.response.body.decode()}"
