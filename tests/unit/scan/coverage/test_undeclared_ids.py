"""Which path parameters have no declared value among those that the API shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.openapi.model import Shape
from oakum.scan.coverage.undeclared_ids import said_undeclared
from tests.unit.scan.studio import Run, Studio


@pytest.mark.parametrize(
    ("pattern", "named"), [("", False), ("^post-", False), ("^[0-9]+$", True), ("(?=a)", False)]
)
def test_a_path_is_named_if_no_key_that_is_known_matches(pattern: str, named: bool) -> None:
    """A pattern that no gateway can read is none."""
    run = Run(Studio(), ("getMe", "getPost"))
    run.explore()
    (at,) = (n for n, probe in enumerate(run.engine.state.probes) if probe.id == "getPost")
    probe = run.engine.state.probes[at]
    shape = Shape(kinds=frozenset({"string"}), pattern=pattern)
    declared = tuple(replace(each, shape=shape) for each in probe.operation.parameters)
    changed = replace(probe, operation=replace(probe.operation, parameters=declared))
    run.engine.state.probes[at] = changed
    run.engine.knowledge.objects["ann", "Post"] = [{"id": "post-ann-77"}]
    run.engine.matrix.carried.add(("getPost", "Post"))
    said = said_undeclared(run.engine)
    assert [each for each in said if "GET /posts/{postId}" in each] == (said if named else [])
    assert bool(said) is named
