"""Endpoints whose parameters have no value yet, and have one once an owner was shown an object."""

from __future__ import annotations

from oakum.scan.requests.missing_values import endpoints_without_values, has_values
from tests.unit.scan.studio import Run, Studio


def test_an_endpoint_waits_until_an_object_is_known() -> None:
    run = Run(Studio(), ("getMe", "getPost"))
    (waiting,) = endpoints_without_values(run.engine)
    assert waiting.operation.id == "getPost"
    run.knowledge.learn_stated("ann", "Post", "id", "post-ann-77")
    assert has_values(run.engine, waiting)
    assert endpoints_without_values(run.engine) == []


def test_what_was_requested_does_not_wait() -> None:
    run = Run(Studio(), ("getMe",)).explore()
    assert endpoints_without_values(run.engine) == []
