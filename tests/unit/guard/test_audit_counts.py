"""What the audit counts as removed."""

from __future__ import annotations

import pytest

from oakum.authz import Call, project
from oakum.guard.audit_counts import count_removed
from oakum.policy.model import OperationRule
from tests.unit.authz.small import contract, who

HIDDEN = b'{"data":[{"id":"a","owner_id":"u9"}],"total":1}'


@pytest.mark.parametrize(
    ("counts", "passes", "expected"),
    [
        (("/total",), True, {"Note": 1, "‹undeclared›": 1}),
        (("/total", "/data"), False, {"‹undeclared›": 2}),
        (("/data",), True, {"‹undeclared›": 1}),
        ((), True, {"Note": 1}),
    ],
)
def test_a_count_that_goes_is_one_whatever_is_below_it(
    counts: tuple[str, ...], passes: bool, expected: dict[str, int]
) -> None:
    """Also where nothing of the response passes."""
    model = contract(list=OperationRule("list", counts=counts))
    done = project(model, who(), Call("list"), HIDDEN)
    assert (done.body is not None) is passes
    assert count_removed(model, done) == expected
