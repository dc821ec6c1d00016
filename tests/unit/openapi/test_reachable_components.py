"""Names below shapes, found once: the same as a walk from each, and less work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from oakum.authz import compile_contract
from oakum.openapi.model import Shape
from oakum.openapi.reachable_components import NamesBelow
from oakum.policy.contract import load
from tests.work import calls

GRAPHS = st.integers(1, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.lists(st.integers(0, n - 1), max_size=3), min_size=n, max_size=n),
        st.sets(st.integers(0, n - 1)),
        st.lists(st.integers(0, n - 1), min_size=1, max_size=n),
    )
)


def graph(edges: list[list[int]]) -> list[Shape]:
    """One shape for each list of members, named by its number."""
    made: list[Shape] = []

    def thunk(at: int) -> Callable[[], Shape]:
        return lambda: made[at]

    made += (
        Shape(frozenset((str(at),)), properties={f"to{end}": thunk(end) for end in ends})
        for at, ends in enumerate(edges)
    )
    return made


@given(GRAPHS)
def test_reach_is_what_a_walk_from_each_shape_meets(
    case: tuple[list[list[int]], set[int], list[int]],
) -> None:
    edges, shut, asked = case
    shapes = graph(edges)
    reach = NamesBelow(lambda at: at.names, lambda at: not at.names & {str(each) for each in shut})
    for start in asked:
        met, waiting = set[int](), [start]
        while waiting:
            if (at := waiting.pop()) not in met:
                met.add(at)
                waiting += () if at in shut else edges[at]
        assert sorted(reach.names([shapes[start]])) == sorted(map(str, met))


def written(folder: Path, size: int) -> Path:
    """A contract of a document with as many endpoints as schemas, where every schema leads to every
    other."""

    def ref(name: str) -> dict[str, str]:
        return {"$ref": f"#/components/schemas/{name}"}

    def answer(schema: object) -> dict[str, object]:
        return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}

    page = {"type": "array", "items": ref("S0")}
    paths = {f"/p{at}": {"get": {"responses": answer(ref("S0") if at % 2 else page)}}
             for at in range(size)}  # fmt: skip
    schemas = {
        f"S{at}": {"type": "object", "properties": {
            "id": {"type": "string"}, "a": ref(f"S{(at + 1) % size}"), "b": ref(f"S{at // 2}")}}
        for at in range(size)
    }  # fmt: skip
    raw = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths,
           "components": {"schemas": schemas}}  # fmt: skip
    (folder / f"{size}.json").write_bytes(orjson.dumps(raw))
    policy = folder / f"{size}.yaml"
    policy.write_text(
        f"exposure: 1\napi: {size}.json\ncaller: {{operation: GET /p1, id: /id}}\n"
        "relations: {anyone: {}, owner: {is: owner}}\n"
        "resources: {S0: {owner: id, fields: {id: [{see: [owner]}]}}}\n"
    )
    return policy


def test_checking_a_contract_is_work_of_the_schemas_and_not_of_endpoints_times_schemas(
    tmp_path: Path,
) -> None:
    work = {}
    for size in (5, 60, 120):
        file = written(tmp_path, size)

        def check(file: Path = file) -> None:
            contract = load(file)
            assert compile_contract(contract.document, contract.policy).showing

        work[size] = calls(check)
    assert work[120] - work[5] < 3 * (work[60] - work[5]), work
