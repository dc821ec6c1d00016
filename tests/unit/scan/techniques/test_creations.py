"""Who tries to delete what a run has created: one of each set of relations to that object."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from oakum.scan.techniques.creations import _Trial
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import NOTES, policy
from tests.unit.scan.studio import IDS, Run, Studio, known_identities, probe


@pytest.mark.parametrize("guest", ["bob", "cat"])
def test_whom_the_object_names_and_whom_it_does_not_both_try_to_delete_it(guest: str) -> None:
    with patch.object(studio, "DOCUMENT", NOTES[0]), policy(NOTES[1]):
        run = Run(Studio(), who=known_identities(relationships={}))
        pair = SimpleNamespace(resource="Post", remove=probe("getPost"))
        maker: Any = SimpleNamespace(
            engine=run.engine, owner="ann", undo_log=None, creation=pair, refused=set()
        )
        trial = _Trial(maker)
        trial.view = {"id": "post-1", "author_id": IDS["ann"], "guest_ids": [IDS[guest]]}
        assert {*trial._strangers()} == {None, "bob", "cat"}
        assert trial._label(guest) == "guest"
