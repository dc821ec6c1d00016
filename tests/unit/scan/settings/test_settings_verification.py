"""No identity's settings are written from an answer that is not seen to be theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exchange import Request, Response
from oakum.scan.requests.cache_bypass import past_cache
from oakum.scan.settings.settings_verification import SettingElsewhere
from oakum.scan.settings.settings_writer import AccountSettings
from tests.unit.exposure.values.test_knowledge import instance
from tests.unit.scan.studio import IDS, TARGET, Run, Studio, account_settings, probe, reply

PRIVATE = "Settings.private"


class Cached(Studio):
    """Settings that a GET shows are those of `whose`, for those whom it names; `queries`: what
    stands in a query is asked past the cache, `refuses`: it is refused."""

    whose: Mapping[str, str] = {}
    queries = False
    refuses = False
    fresh = False

    def __call__(self, viewer: str | None, request: Request) -> Response:
        url, _, query = request.url.partition("?")
        if query and self.refuses:
            return reply({"error": "no such parameter"}, 400)
        told = request.headers.get("cache-control") == "no-cache"
        self.fresh = self.queries and (told if self.refuses else bool(query))
        return super().__call__(viewer, Request(request.method, url, request.headers, request.body))

    def getSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        other = None if self.fresh else self.whose.get(viewer or "")
        return reply(self.settings[IDS[other] if other else id])


def wary(studio: Studio) -> tuple[Run, AccountSettings]:
    """AccountSettings of a run that has learnt, from elsewhere, how everybody's account is set."""
    run = Run(studio)
    for name, id in IDS.items():
        run.knowledge.learn_own(name, instance(id=id))
        run.identities.states[(name, PRIVATE)] = studio.settings[id]["is_private"]
    found = account_settings(run)
    found.be_wary([probe("getPerson"), probe("getSettings")])
    return run, found


def test_settings_that_are_their_owners_are_flipped_and_put_back() -> None:
    studio = Cached()
    before = {id: dict(each) for id, each in studio.settings.items()}
    _, found = wary(studio)
    assert found.flip("ann", PRIVATE, False) and found.flip("bob", PRIVATE, True)
    assert found.restore() == ()
    assert studio.settings == before


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([*IDS]),
    st.sets(st.sampled_from([*IDS])),
    st.booleans(),
    st.booleans(),
    st.permutations([*IDS]),
)
def test_no_answer_of_a_shared_cache_is_written_into_another_account(
    first: str, others: set[str], queries: bool, refuses: bool, order: list[str]
) -> None:
    """Themes are everybody's own: whoever has another's was written to from their answer."""
    studio = Cached()
    studio.whose, studio.queries, studio.refuses = dict.fromkeys(others, first), queries, refuses
    _, found = wary(studio)
    for who in order:
        found.flip(who, PRIVATE, not studio.settings[IDS[who]]["is_private"])
    said = found.restore()
    tellable = queries or first == "ann" or "ann" in others
    for name, id in IDS.items():
        was = {"is_private": name == "ann", "theme": f"theme-of-{name}"}
        assert studio.settings[id] == was or any(name in each for each in said)
        assert studio.settings[id] == was or not tellable  # seen before anything was sent


@pytest.mark.parametrize("whose", ["ann", "bob"])
def test_one_answer_for_two_who_are_known_to_differ_refuses_the_operation(whose: str) -> None:
    studio = Cached()
    studio.whose = dict.fromkeys(IDS, whose)
    _, found = wary(studio)
    assert not any(found.flip(who, PRIVATE, who != "ann") for who in IDS)
    assert "known to differ" in found.refusals[-1]
    assert not [line for line in studio.asked if "putSettings" in line]
    assert found.pending == [] and found.restore() == ()


def test_an_answer_that_names_another_account_is_not_written_back() -> None:
    class Naming(Cached):
        def getSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            other = self.whose.get(viewer or "", viewer or "")
            return reply({**self.settings[IDS[other]], "owner_id": IDS[other]})

    studio = Naming()
    studio.whose = {"bob": "cat"}
    _, found = wary(studio)
    assert not found.flip("bob", PRIVATE, True)
    assert not [line for line in studio.asked if "putSettings" in line]
    assert not found.flip("ann", PRIVATE, False)  # two are shown the same: it names one


def test_two_with_equal_settings_are_flipped_and_nothing_is_said() -> None:
    studio = Cached()
    for name in ("bob", "cat"):
        studio.settings[IDS[name]] = {"is_private": False, "theme": "plain"}
    _, found = wary(studio)
    assert found.flip("bob", PRIVATE, True) and found.flip("cat", PRIVATE, True)
    assert found.restore() == ()


def test_a_setting_that_is_given_back_its_old_value_is_as_that_of_an_equal_again() -> None:
    studio = Cached()
    for name in ("bob", "cat"):
        studio.settings[IDS[name]] = {"is_private": False, "theme": "plain"}
    _, found = wary(studio)
    assert found.flip("bob", PRIVATE, True) and found.flip("bob", PRIVATE, False), found.refusals
    assert found.flip("cat", PRIVATE, True) and found.restore() == ()


def test_a_change_that_is_shown_to_another_is_told_and_is_the_last() -> None:
    """Everybody is shown bob's, and nothing was known to tell bob from cat."""
    studio = Cached()
    studio.settings[IDS["ann"]]["is_private"] = False
    studio.whose = dict.fromkeys(IDS, "bob")
    _, found = wary(studio)
    assert not found.flip("bob", PRIVATE, True)
    assert not found.flip("cat", PRIVATE, True)
    assert [line for line in studio.asked if "putSettings" in line] == ["bob putSettings bob"]
    assert any("bob" in each for each in found.restore())
    assert studio.settings[IDS["bob"]] == {"is_private": False, "theme": "theme-of-bob"}


def test_what_stands_otherwise_in_the_owners_own_object_at_the_end_is_told() -> None:
    class Apart(Cached):
        """Keeps what is set, and what holds is set only once."""

        def __init__(self) -> None:
            super().__init__()
            self.holds = {id: each["is_private"] for id, each in self.settings.items()}

        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            self.holds[id] = self.holds[id] or body["is_private"]
            return super().putSettings(viewer, id, body)

        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply({"id": id, "is_private": self.holds[id]})

    studio = Apart()
    _, found = wary(studio)
    endpoint = replace(probe("getPerson"), shows={"Settings": ("is_private",)})
    found.be_wary([endpoint])
    assert found.flip("bob", PRIVATE, True)
    (said,) = found.restore()
    assert said.startswith("`Settings.private` of bob") and "own object" in said


def test_a_setting_that_is_taken_later_is_set_to_the_old_value_after_it() -> None:
    class Queue(Cached):
        """Answers 202, and does what it was sent when it is next asked for another thing."""

        jobs: list[tuple[str, Any]] = []

        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            self.jobs = [*self.jobs, (id, body)]
            return reply({"queued": True}, 202)

        def work(self) -> None:
            for id, body in self.jobs:
                self.settings[id] = body
            self.jobs = []

    studio = Queue()
    before = {id: dict(each) for id, each in studio.settings.items()}
    _, found = wary(studio)
    assert not found.flip("ann", PRIVATE, False)
    found.restore()
    studio.work()
    assert studio.settings == before
    assert any("202" in each for each in found.moved)


def test_a_question_past_caches_is_asked_at_another_address() -> None:
    request = Request("GET", "http://studio.test/me")
    assert past_cache(request).url != past_cache(request).url


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=6,
    )
)
def test_no_answer_of_another_endpoint_ends_a_run(value: Any) -> None:
    """`null`, a number, a list of both: of what shows no object, nothing is known."""
    run, found = wary(Cached())
    page = probe("getSettings")
    other = replace(page, operation=replace(page.operation, path=f"{page.operation.path}/card"))
    shown = SettingElsewhere(
        [other], run.identities, run.knowledge, TARGET, lambda who, request: reply(value)
    )
    assert shown.shows("ann", PRIVATE, page.operation.path) is None
    assert found.pending == []
