"""Friends are those who follow each other: one list of followers tells who follows, who is followed
and who is a friend, whichever of these lines the identities file has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import IDENTITIES, NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

FOLLOWERS = {"ann": ["bob"], "bob": ["ann"], "cat": ["ann"]}
LINES = "between:\n  - bob is follower of ann\n  - ann is follower of bob\n"
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  follower: {in: followers, id: /*/id}
  followed: {in: followers, id: /*/id, of: caller}
  friend: {in: followers, id: /*/id, requires: [followed]}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
  Mini: {key: id, owner: id, fields: {id: [{see: [member]}]}}
  Person:
    key: id
    owner: id
    fields:
      id: [{see: [member]}]
      bio: [{see: [owner, follower]}]
      town: [{see: [owner, friend]}]
operations:
  getPerson: {params: {id: Me.id}}
  followers: {params: {id: Me.id}}
"""


def scan(folder: Path, lines: str, leak: str = "") -> Told:
    people = {
        id: {"id": id, "bio": f"{who} collects maps of {id}", "town": f"{who}-le-moor {id[-2:]}"}
        for who, id in NAMES.items()
    }
    names = {id: who for who, id in NAMES.items()}

    def one(who: str, id: str) -> Any:
        whose = names.get(id, "")
        if not who or not whose:
            return 404 if who else 401
        follows, back = who in FOLLOWERS[whose], whose in FOLLOWERS[who]
        shown = {"id", leak}
        shown |= {"bio"} if who == whose or follows else set()
        shown |= {"town"} if who == whose or (follows and back) else set()
        return {name: value for name, value in people[id].items() if name in shown}

    def listed(who: str, id: str) -> Any:
        whose = names.get(id, "")
        return [{"id": NAMES[each]} for each in FOLLOWERS.get(whose, ())] if who else 401

    paths = path("/people/{id}", "getPerson", "Person") + path(
        "/people/{id}/followers", "followers", "Mini", many=True
    )
    shapes = schema("Person", id="string", bio="string", town="string") + schema(
        "Mini", id="string"
    )
    api = Api({"/people/([^/]+)": one, "/people/([^/]+)/followers": listed})
    said = IDENTITIES + lines
    return told(folder, shapes, paths, "", api, said, relations=RELATIONS)


@pytest.mark.parametrize("word", ["follower", "followed", "friend"])
def test_whichever_of_the_relations_is_stated_the_others_follow(word: str, tmp_path: Path) -> None:
    lines = LINES.replace("follower", word) + (
        "  - ann is follower of cat\n" if word != "followed" else "  - cat is followed of ann\n"
    )
    run = scan(tmp_path, lines)
    assert (run.proven, run.named("suspected"), run.code) == (set(), set(), ExitCode.CLEAN)
    assert run.results("Person.town", "follower+friend") == {"open"}
    assert run.results("Person.town", "follower") == {"closed"}


def test_a_follower_who_is_not_followed_and_sees_more_is_a_leak(tmp_path: Path) -> None:
    run = scan(tmp_path, LINES + "  - ann is follower of cat\n", leak="town")
    assert ("Person.town", "follower") in run.proven


def test_who_is_listed_and_not_stated_proves_nothing(tmp_path: Path) -> None:
    run = scan(tmp_path, "")
    assert run.proven == set()
    assert any("add `bob is follower of ann`" in note for note in run.report.notes)
