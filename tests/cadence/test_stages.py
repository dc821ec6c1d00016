"""Each stage shows what the story says it shows, and `fixed` shows what the policy grants."""

from __future__ import annotations

import json
from functools import cache
from itertools import product

import pytest

from cadence.truth import FIELDS, SHIPPED, STATES, may, written
from tests.cadence.play import SWITCHES, VIEWERS, Play

Cell = tuple[str, str, str, str, tuple[tuple[str, bool], ...]]
GROUP = {
    (resource, path): group
    for resource, groups in FIELDS.items()
    for group, paths in groups.items()
    for path in paths.split()
}
# All combinations with one other switch, and each of the others by itself, lest two be mixed up.
WORLDS = (
    *((private, *(closed,) * 3) for private, closed in product((True, False), repeat=2)),
    *((False, *(each == one for each in range(3))) for one in range(3)),
)
READ = ("", "graphql", "feed")
"""Ways of being shown that are played here; each other one has tests of its own."""
INSIDE_WORKOUTS = ("/api/workout/", "/stats/", "recent_following_workouts")


def cell(endpoint: str, leaf: tuple[str, str], relation: str, world: dict[str, bool]) -> Cell:
    decides = STATES[GROUP[leaf]]
    return endpoint, *leaf, relation, tuple(sorted((name, world[name]) for name in decides))


@cache
def observed(stage: str) -> frozenset[Cell]:
    """Every cell that this stage serves of pia, in every state that decides something."""
    play = Play(stage)
    seen: set[Cell] = set()
    for private, *others in WORLDS:
        world = dict(zip(SWITCHES, (private, *others), strict=True))
        play.set("pia", world)
        for relation, viewer in VIEWERS.items():
            for endpoint, answer in (*play.ask(viewer, "pia"), play.hear(viewer)):
                for leaf in play.shown(endpoint, answer, "pia"):
                    # These belong to nobody: to them, whoever has logged in is a member.
                    nobodys = leaf[0] in ("Class", "Tag") and relation != "anyone"
                    seen.add(cell(endpoint, leaf, "member" if nobodys else relation, world))
    return frozenset(seen)


def granted(seen: Cell) -> bool:
    _, resource, path, relation, state = seen
    return may(GROUP[resource, path], relation, dict(state))


@cache
def told(stage: str) -> frozenset[Cell]:
    return frozenset(
        (
            f"{each['method']} {each['path']}",
            each["resource"],
            each["field"],
            each["relation"],
            tuple(sorted(each["state"].items())),
        )
        for each in json.loads(SHIPPED.read_text())
        if each["stage"] == stage and each["path"] != "/auth/login"
        if each.get("how", "") in READ
    )


@pytest.mark.parametrize("stage", ["1", "2"])
def test_a_stage_leaks_the_cells_of_the_truth_and_no_others(stage: str) -> None:
    leaks = {seen for seen in observed(stage) if not granted(seen)}
    assert leaks - told(stage) == set(), "leaks that the truth does not tell"
    assert told(stage) - leaks == set(), "told, and not served"


def test_fixed_leaks_nothing() -> None:
    assert {seen for seen in observed("fixed") if not granted(seen)} == set()


@pytest.mark.parametrize("stage", ["1", "2", "fixed"])
def test_whoever_is_granted_a_field_gets_it_where_its_owner_does(stage: str) -> None:
    seen = observed(stage)
    own = [each for each in seen if each[3] == "owner"]
    assert len({each[0] for each in own}) >= 18
    granted_too = {
        (endpoint, resource, path, relation, state)
        for endpoint, resource, path, _, state in own
        for relation in VIEWERS
        if may(GROUP[resource, path], relation, dict(state))
        and _passes(endpoint, relation, resource)
    }
    assert granted_too - seen == set()


def _passes(endpoint: str, relation: str, resource: str) -> bool:
    """Whether an endpoint that shows this to its owner lists it for others at all."""
    if endpoint == "GET /api/me":
        return relation == "owner"
    if "recent_following" in endpoint:
        return relation in ("owner", "follower")
    # A member inside a workout comes with the workout or not at all.
    embedded = resource == "Member" and any(part in endpoint for part in INSIDE_WORKOUTS)
    return not embedded or relation in ("owner", "follower")


def test_the_shipped_truth_is_the_one_that_is_told() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == written()


def test_each_cell_is_told_once() -> None:
    cells = SHIPPED.read_text().splitlines()[1:-1]
    assert len({line.rstrip(",") for line in cells}) == len(cells) > 2000


@pytest.mark.parametrize("stage", ["1", "2"])
def test_a_login_hands_out_a_token_that_nobody_should_see(stage: str) -> None:
    play = Play(stage)
    row = play.db.execute("SELECT * FROM members WHERE id = ?", (play.ids["pia"],)).fetchone()
    username, password = play.accounts["pia"]
    login = {"username_or_email": username, "password": password}
    data = play.clients[None].post("/auth/login", json=login).json()["user_data"]
    assert data["facebook_access_token"] == row["facebook_access_token"]
    told_of_logins = [each for each in json.loads(SHIPPED.read_text()) if "login" in each["path"]]
    shown = [each for each in told_of_logins if "how" not in each]
    assert {each["relation"] for each in shown} == {"owner"}
