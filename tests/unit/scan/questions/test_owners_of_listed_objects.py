"""What a list showed one identity without an owner is asked for as this identity, and no other."""

from __future__ import annotations

from oakum.scan.questions.owners_of_listed_objects import ask_for_listed
from tests.unit.scan.studio import Run, Studio

ENDPOINTS = ("getMe", "getPost")


def test_what_one_identity_was_listed_is_learnt_as_its_own() -> None:
    run = Run(Studio(), ENDPOINTS)
    (key,) = (id for id in run.studio.posts if "ann" in id)
    run.engine.evaluator.nameless["listPosts", "ann"] = {"Post": {key}}
    for _ in range(2):
        ask_for_listed(run.engine)
    assert key in run.knowledge.own["ann", "Post", "id"]
    assert run.engine.responses.listed == {("ann", "Post"): {key}}


def test_what_two_identities_were_listed_is_not_asked_for() -> None:
    run = Run(Studio(), ENDPOINTS)
    key = next(iter(run.studio.posts))
    for who in ("ann", "bob"):
        run.engine.evaluator.nameless["listPosts", who] = {"Post": {key}}
    ask_for_listed(run.engine)
    assert run.engine.responses.listed == {}
