"""Which answers count as what an entitled viewer is shown."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.exposure.cells.values_shown_to_entitled_viewers import Object
from tests.properties.test_entitled import STAFFED, VALUES, staffed
from tests.unit.scan.evaluation.test_evaluator import CARD, policy
from tests.unit.scan.studio import IDS

ANN = Object("ann", "Person", IDS["ann"])
SAID = frozenset({VALUES[0]})


@pytest.mark.parametrize(
    ("viewer", "page", "more", "shown"),
    [
        ("bob", {**CARD, "phone": VALUES[0]}, {}, SAID),
        ("cat", {**CARD, "phone": VALUES[0]}, {}, frozenset()),
        ("bob", {**CARD, "phone": VALUES[0]}, {"sent": (VALUES[0],)}, frozenset()),
        ("bob", {**CARD, "phone": VALUES[0]}, {"status": 404}, frozenset()),
        ("bob", {**CARD, "phone": "***"}, {}, frozenset()),
        ("bob", CARD, {}, frozenset()),
    ],
    ids=["shown", "not entitled", "an echo", "refused", "a mask", "left out"],
)
def test_only_a_value_that_was_served_to_somebody_who_may_see_it_counts(
    viewer: str, page: dict[str, Any], more: dict[str, Any], shown: frozenset[str]
) -> None:
    with policy(STAFFED):
        watch = staffed("bob")
        found = watch.look(viewer, page, **more)
        assert watch.run.evaluator.entitled.value(ANN, "phone") == shown
        assert found.tentative, "no journal holds what has to be seen again"
