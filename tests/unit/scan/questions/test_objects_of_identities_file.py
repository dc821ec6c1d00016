"""Objects that the identities file names: used where the API agrees, told where it does not."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import Location
from oakum.exchange import Response
from oakum.scan.identities.model import Identities, Identity, OwnedObject
from oakum.scan.questions.objects_of_identities_file import ask_for_stated, foreseen
from tests.unit.scan.studio import IDS, Run, Studio, reply

POSTS = {f"post-{name}-77": name for name in IDS}
ENDPOINTS = ("getMe", "getPost", "getSettings")


class Open(Studio):
    """Shows every post to every caller, and no author of it if `silent`."""

    silent = False

    def getPost(self, viewer: str | None, id: str, body: Any) -> Response:
        shown = super().getPost(self.author(id), id, body)
        if not self.silent or shown.status != 200:
            return shown
        return reply({"id": id, "text": self.posts[id]["text"]})

    def author(self, id: str) -> str:
        return POSTS.get(id, "ann")


def owned(key: str, line: int = 7) -> OwnedObject:
    return OwnedObject("Post", key, Location("identities.yaml", line, 12))


lines = st.lists(
    st.tuples(st.sampled_from([*IDS]), st.sampled_from([*POSTS, "post-gone-00"])),
    max_size=5, unique=True,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(lines)
def test_whatever_the_file_says_a_correct_api_is_accused_of_nothing_and_each_wrong_line_is_told(
    stated: list[tuple[str, str]],
) -> None:
    run = Run(Studio(), ENDPOINTS)
    named = tuple((who, owned(key, n)) for n, (who, key) in enumerate(stated, 1))
    run.give(owns=named).explore()
    assert run.leaks == set()
    wrong = {n for n, (who, key) in enumerate(stated, 1) if POSTS.get(key) != who}
    told = {int(each.split(":")[1]) for each in run.engine.results.distrust if "`owns:`" in each}
    assert told == wrong
    right = {key for who, key in stated if POSTS.get(key) == who}
    asked = {each.split()[-1] for each in run.studio.asked if each.startswith("- getPost ")}
    assert asked <= right, "nobody else is asked for what the API did not confirm"


@settings(max_examples=60, deadline=None)
@given(lines)
def test_what_is_shown_to_all_leaks_from_exactly_those_whose_objects_the_file_names(
    stated: list[tuple[str, str]],
) -> None:
    run = Run(Open(), ENDPOINTS)
    run.give(owns=tuple((who, owned(key, n)) for n, (who, key) in enumerate(stated, 1))).explore()
    right = {(who, key) for who, key in stated if POSTS.get(key) == who}
    seen = {owner for owner, resource in _shown(run) if resource == "Post"}
    assert seen >= {who for who, _ in right}
    assert bool(run.leaks & {("getPost", "Post.text", "anyone")}) == bool(right)


def _shown(run: Run) -> set[tuple[str, str]]:
    return {pair for outcome in run.outcomes for pair in outcome.sighted}


def test_where_the_api_names_no_owner_the_line_counts() -> None:
    studio = Open()
    studio.silent = True
    run = Run(studio, ENDPOINTS).give(owns=(("ann", owned("post-ann-77")),)).explore()
    assert ("getPost", "Post.text", "anyone") in run.leaks
    assert not any("`owns:`" in each for each in run.engine.results.distrust)


def test_an_object_that_no_endpoint_asks_for_waits_and_is_told() -> None:
    run = Run(Studio(), ("getMe",)).give(owns=(("ann", owned("post-ann-77")),))
    assert ask_for_stated(run.engine, run.engine.context.owns) == run.engine.context.owns
    run.explore()
    (told,) = [each for each in run.engine.results.distrust if "`owns:`" in each]
    assert told.startswith("identities.yaml:7:12: `owns:` of `ann` was not tested")


def test_a_line_of_somebody_who_could_not_log_in_is_not_asked() -> None:
    run = Run(Studio(), ENDPOINTS).give(owns=(("dot", owned("post-ann-77")),))
    assert ask_for_stated(run.engine, run.engine.context.owns) == ()
    assert run.studio.asked == []


def test_the_plan_names_resources_and_no_keys() -> None:
    file = Identities({"ann": Identity("ann", owns=(owned("k1"), owned("k2")))})
    assert [each["request"] for each in foreseen(file)] == [
        "log in, then ask who-am-I", "each `Post` of `owns:`",
    ]  # fmt: skip
