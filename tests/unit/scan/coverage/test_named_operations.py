"""No operation is passed over: it has cells, or is named."""

from __future__ import annotations

import pytest

from oakum.exposure.endpoints.probes import survey
from oakum.scan.coverage.named_operations import left_alone, without_fields
from tests.unit.scan.studio import Run, Studio, model


@pytest.mark.parametrize("asked", [(), ("getNews",), ("getMe", "getNews")])
def test_every_operation_has_cells_or_is_named(asked: tuple[str, ...]) -> None:
    """What the budget left for later counts as what no request was sent to."""
    run = Run(Studio())
    state = run.engine.state
    for name in asked:
        state.requests.called[name] = set()
    state.later = [state.probes.pop()]
    left = [*left_alone(model(), run.engine, survey(model(), {})[1], (), writes=False)]
    cells = tuple(run.cells.values())
    said = "\n".join(without_fields(run.engine, cells, left))
    named = {each.endpoint.operation for each in (*left, *cells)}
    for each in model().operations.values():
        assert (each.id in named) != (f"{each.method} {each.path}" in said), each.id
    assert ("GET /news" in said) == ("getNews" in asked)
    assert all(each.reason for each in left)


def test_nothing_is_said_where_all_that_was_asked_has_fields() -> None:
    run = Run(Studio(), endpoints=("getMe", "getPerson"))
    run.explore()
    assert without_fields(run.engine, tuple(run.cells.values()), ()) == []
