"""The GraphQL endpoint: the rules of each member at every depth, and who may read the schema."""

from __future__ import annotations

from typing import Any

import pytest

from cadence.endpoints import graph
from tests.cadence.play import BY_ID, BY_TAG, Play

STAGES = pytest.mark.parametrize("stage", ["1", "2", "fixed"])
LEAKING = pytest.mark.parametrize("stage", ["1", "2"])
ALONG = """
query ($id: ID!) {
  user(id: $id) { user_tags { name users { edges { node { id location
    user_tags { name users(first: 1) { edges { node { username } } } } } } } } }
}
"""
SCHEMA = "{ __schema { types { name } } }"


def said(play: Play, viewer: str | None, query: str, **variables: Any) -> Any:
    answer = play.query(viewer, query, **variables)
    assert answer.status_code == 200
    return answer.json()


def user(play: Play, viewer: str | None, name: str = "pia") -> Any:
    return said(play, viewer, BY_ID, id=play.ids[name])["data"]["user"]


def nodes(play: Play, viewer: str | None, tag: str) -> list[Any]:
    edges = said(play, viewer, BY_TAG, tag=tag)["data"]["tag"]["users"]["edges"]
    return [edge["node"] for edge in edges]


def test_nobody_has_to_log_in_at_first() -> None:
    assert user(Play("1", members=0), None)["location"]
    for stage in ("2", "fixed"):
        play = Play(stage, members=0)
        assert play.query(None, BY_ID, id=play.ids["pia"]).status_code == 401


@STAGES
def test_a_member_is_the_same_at_every_path(stage: str) -> None:
    play = Play(stage)
    for viewer in ("ann", "pia", "flo", "pen", "sta"):
        straight = user(play, viewer)
        for tag in play.tags("pia"):
            assert nodes(play, viewer, tag) == [straight]
        along = said(play, viewer, ALONG, id=play.ids["pia"])["data"]["user"]["user_tags"]
        assert [each["name"] for each in along] == play.tags("pia")
        for each in along:
            (edge,) = each["users"]["edges"]
            assert edge["node"]["location"] == straight["location"]
            assert len(edge["node"]["user_tags"]) == 2


@LEAKING
def test_a_private_member_is_shown_to_any_member(stage: str) -> None:
    play = Play(stage, members=0)
    (row,) = play.rows("SELECT * FROM members WHERE id = ?", play.ids["pia"])
    for viewer in ("ann", "pen", "exa", "blo"):
        shown = user(play, viewer)
        assert shown["location"] == row["location"]
        assert shown["protected_fields"] == {"total_workouts": row["total_workouts"]}


def test_fixed_says_what_is_kept_back_and_keeps_it_back() -> None:
    play = Play("fixed", members=0)
    for viewer in ("ann", "pen", "exa"):
        shown = user(play, viewer)
        assert shown["id"] == play.ids["pia"]
        assert shown["location"] is None
        assert shown["protected_fields"]["code"] == "PRIVATE"
    for viewer in ("flo", "pia", "sta"):
        assert user(play, viewer)["protected_fields"].keys() == {"total_workouts"}
        assert user(play, viewer)["location"]
    play.set("pia", {"private": False})
    assert user(play, "ann")["location"]


def test_to_the_blocked_the_owner_is_at_no_path() -> None:
    play = Play("fixed", members=0)
    assert user(play, "blo") is None
    unknown = play.query("blo", BY_ID, id="0" * 32)
    assert play.query("blo", BY_ID, id=play.ids["pia"]).content == unknown.content
    assert nodes(play, "blo", play.tags("pia")[0]) == []


@STAGES
def test_how_the_caller_stands_to_a_member_is_told(stage: str) -> None:
    play = Play(stage, members=0)
    told = {name: user(play, name)["follow_status"] for name in ("pia", "flo", "pen", "ann")}
    assert told == {"pia": "SELF", "flo": "FOLLOWING", "pen": "NONE", "ann": "NONE"}
    if stage == "1":
        assert user(play, None)["follow_status"] is None


@STAGES
def test_tags_are_found_and_put_on_oneself_only(stage: str) -> None:
    play = Play(stage)
    tag = play.tags("pia")[0]
    search = "query ($prefix: String!) { searchTag(prefix: $prefix) { name } }"
    found = said(play, "ann", search, prefix=tag[:-1].lower())["data"]["searchTag"]
    assert {"name": tag} in found
    add = "mutation ($tag: String!) { addTagToUser(tagName: $tag) { id user_tags { name } } }"
    added = said(play, "ann", add, tag=tag)["data"]["addTagToUser"]
    assert added["id"] == play.ids["ann"]
    assert added["user_tags"][-1] == {"name": tag}
    assert {each["id"] for each in nodes(play, "flo", tag)} == {play.ids["ann"], play.ids["pia"]}
    assert "errors" in said(play, "ann", add, tag="no tag")
    assert said(play, "ann", BY_TAG, tag="#Nobody's")["data"] == {"tag": None}


def test_nobody_tags_nobody() -> None:
    play = Play("1", members=0)
    answer = said(play, None, 'mutation { addTagToUser(tagName: "#Us") { id } }')
    assert answer["data"] == {"addTagToUser": None}
    assert answer["errors"]


def test_the_schema_is_told_at_first_then_by_its_mistakes_then_not() -> None:
    one, two, fixed = (Play(stage, members=0) for stage in ("1", "2", "fixed"))
    assert {"name": "UserPrivacyError"} in said(one, None, SCHEMA)["data"]["__schema"]["types"]
    for play in (two, fixed):
        answer = said(play, "ann", SCHEMA)
        assert "data" not in answer
        assert answer["errors"]
    typo = '{ user(id: "x") { locatio } }'
    assert "'location'" in str(said(two, "ann", typo))
    assert said(fixed, "ann", typo) == said(fixed, "ann", SCHEMA)


@STAGES
@pytest.mark.parametrize("query", ["{", "", "{ nothing }", "subscription { user }"])
def test_what_is_no_query_is_refused_in_words(stage: str, query: str) -> None:
    answer = said(Play(stage, members=0), "ann", query)
    assert answer.keys() == {"errors"}
    assert all(each["message"] for each in answer["errors"])


@STAGES
def test_a_body_without_a_query_is_refused(stage: str) -> None:
    play = Play(stage, members=0)
    assert play.clients["ann"].post("/graphql", {"ids": []}).status_code == 400
    body = {"query": "{ __typename }", "variables": None, "operationName": None}
    assert play.clients["ann"].post("/graphql", body).json() == {"data": {"__typename": "Query"}}


@STAGES
@pytest.mark.parametrize("bracket", ["{a", "{a(b:[", "{a(b:{c:"])
def test_a_query_of_many_levels_is_refused(stage: str, bracket: str) -> None:
    answer = said(Play(stage, members=0), "ann", bracket * 5000)
    assert answer.keys() == {"errors"}


def test_a_query_that_goes_round_in_circles_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_MEMBERS", 5)
    answer = said(Play("1", members=0), "ann", BY_TAG, tag="#x")
    assert "errors" not in answer
    play = Play("1", members=0)
    deep = "{ id }"
    for _ in range(6):
        deep = f"{{ user_tags {{ users {{ edges {{ node {deep} }} }} }} }}"
    answer = said(play, "ann", f'{{ user(id: "{play.ids["pia"]}") {deep} }}')
    assert "too many members" in str(answer["errors"])
