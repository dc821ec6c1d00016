"""Writes whose path names a parent of the caller's and, behind it, another's child: an API that
checks the first and loads the second by its key alone lets anybody write to it (CWE-639)."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Team:
    key: id
    owner: id
    main: getTeam
    fields:
      id, title: [{see: [owner]}]
  Player:
    schemas: [Player, PlayerIn]
    key: id
    owner: {path: team_id}
    main: getPlayer
    fields:
      id: [{see: [owner]}]
      name, weight: [{see: [owner], set: [owner]}]
operations:
  getTeam: {owner: team_id, call: [owner], params: {team_id: Me.id}}
  listPlayers: {owner: team_id, call: [owner], params: {team_id: Me.id}}
  getPlayer: {owner: team_id, call: [owner], params: {team_id: Me.id, player_id: Player.id}}
  addPlayer: {owner: team_id, call: [owner], sets: {Player: ""}, params: {team_id: Me.id}}
  updatePlayer:
    {owner: team_id, call: [owner], sets: {Player: ""},
     params: {team_id: Me.id, player_id: Player.id}}
  deletePlayer: {owner: team_id, call: [owner], params: {team_id: Me.id, player_id: Player.id}}
"""
OK = 'description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/%s"}}}'
BODY = """{required: true, content: {application/json: {schema:
        {$ref: "#/components/schemas/PlayerIn"}}}}"""
TEAM = "{name: team_id, in: path, required: true, schema: {type: string}}"
PLAYER = "{name: player_id, in: path, required: true, schema: {type: integer}}"
PATHS = f"""\
  /teams/{{team_id}}:
    get:
      operationId: getTeam
      parameters: [{TEAM}]
      responses: {{"200": {{{OK % "Team"}}}}}
  /teams/{{team_id}}/players:
    parameters: [{TEAM}]
    get:
      operationId: listPlayers
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {{type: array, items: {{$ref: "#/components/schemas/Player"}}}}
    post:
      operationId: addPlayer
      requestBody: {BODY}
      responses:
        "201": {{description: made, content: {{application/json: {{schema: {{type: integer}}}}}}}}
  /teams/{{team_id}}/players/{{player_id}}:
    parameters: [{TEAM}, {PLAYER}]
    get: {{operationId: getPlayer, responses: {{"200": {{{OK % "Player"}}}}}}}
    put:
      operationId: updatePlayer
      requestBody: {BODY}
      responses: {{"200": {{{OK % "Player"}}}}}
    delete: {{operationId: deletePlayer, responses: {{"200": {{description: gone}}}}}}
"""
SHAPES = (
    schema("Team", id="string", title="string")
    + "    Player: {type: object, properties: {id: {type: integer}, name: {type: string},"
    " weight: {type: number}}}\n"
    + "    PlayerIn: {type: object, required: [name], properties: {name: {type: string},"
    " weight: {type: number}}}\n"
)


class Teams:
    """`checks`: of a player that is written to, its `team`; nothing, where it stays in its team
    (`key`) or comes to the caller's (`take`). `ids`: `global`, or `counted` in each team.
    `refuses`: with which status another's team is. `reads`: whether a read checks the team of a
    player. `makes`: whether players can be created. `absent`: the status of one that is not
    there."""

    def __init__(
        self,
        checks: str,
        ids: str,
        refuses: int,
        *,
        reads: bool = True,
        makes: bool = True,
        absent: int = 404,
    ) -> None:
        self.checks, self.ids, self.refuses = checks, ids, refuses
        self.reads, self.makes, self.absent = reads, makes, absent
        self.count = itertools.count(1)
        self.players: list[dict[str, Any]] = []
        for who, at in itertools.product(NAMES.values(), (1, 2, 3)):
            self.add(who, f"{who} number {at}", 60 + at)

    def add(self, team: str, name: str, weight: float) -> dict[str, Any]:
        inside = [each["id"] for each in self.players if each["team"] == team]
        id = max(inside, default=0) + 1 if self.ids == "counted" else next(self.count)
        made = {"id": id, "name": name, "weight": weight, "team": team}
        self.players.append(made)
        return made

    def state(self) -> Any:
        return copy.deepcopy(self.players)

    def __call__(self, call: Call) -> Reply:
        return logged_in(self._answer)(call)

    def _answer(self, name: str, call: Call) -> Reply:
        me = NAMES[name]
        parts = call.path.strip("/").split("/")
        if len(parts) < 2 or parts[1] != me:
            return Reply(self.refuses, {"error": "not your team"})
        if len(parts) == 2:
            return Reply(200, {"id": me, "title": f"team of {me}"})
        if len(parts) == 3 and call.method == "POST":
            if not self.makes:
                return Reply(400, {"error": "no"})
            made = self.add(me, call.json["name"], call.json.get("weight", 1))
            return Reply(201, made["id"])
        if len(parts) == 3:
            return Reply(200, [shown(each) for each in self.players if each["team"] == me])
        return self.one(call, me, parts[3])

    def one(self, call: Call, me: str, id: str) -> Reply:
        anywhere = [each for each in self.players if str(each["id"]) == id]
        here = [each for each in anywhere if each["team"] == me]
        checked = self.reads if call.method == "GET" else self.checks == "team"
        found = next(iter(here or ([] if checked else anywhere)), None)
        if found is None:
            return Reply(404 if anywhere else self.absent, {"error": "no such player"})
        if call.method == "DELETE":
            self.players.remove(found)
            return Reply(200, "gone")
        if call.method == "PUT":
            found["name"] = call.json["name"]
            found["weight"] = call.json.get("weight", 1)
            found["team"] = me if self.checks == "take" else found["team"]
        return Reply(200, shown(found))


def shown(player: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in player.items() if name != "team"}


def scan(folder: Path, api: Teams) -> Told:
    return told(folder, SHAPES, PATHS, POLICY, api, allow_writes=True)


def written(run: Told) -> set[tuple[str, str, str]]:
    return {
        (each.rule, f"{each.resource}.{each.field}", each.viewer)
        for each in run.report.findings
        if each.rule == "bola-write"
    }


CHANGED = {
    ("bola-write", "Player.id", "member"),
    ("bola-write", "Player.weight", "member"),
}


@pytest.mark.parametrize("refuses", [401, 403, 404])
@pytest.mark.parametrize("reads", [True, False])
def test_a_player_is_written_to_below_the_strangers_own_team(
    refuses: int, reads: bool, tmp_path: Path
) -> None:
    """Where a read says that the key names nothing there, a PUT might make it: it is named."""
    api = Teams("key", "global", refuses, reads=reads)
    before = api.state()
    run = scan(tmp_path, api)
    assert written(run) == ({("bola-write", "Player.id", "member")} if reads else CHANGED)
    assert run.report.writes is not None
    named = [e for e in run.report.writes.untried if "refused below a `Me`" in e.reason]
    assert bool(named) == reads
    assert api.state() == before


@pytest.mark.parametrize("refuses", [401, 404])
def test_a_player_that_comes_to_the_strangers_team_is_taken_over(
    refuses: int, tmp_path: Path
) -> None:
    api = Teams("take", "global", refuses)
    before = api.state()
    run = scan(tmp_path, api)
    assert ("bola-write", "Player.id", "member") in written(run)
    assert api.state() == before


@pytest.mark.parametrize("refuses", [401, 403, 404])
@pytest.mark.parametrize("ids", ["global", "counted"])
def test_an_api_that_checks_the_team_of_a_player_is_not_accused(
    refuses: int, ids: str, tmp_path: Path
) -> None:
    api = Teams("team", ids, refuses)
    before = api.state()
    run = scan(tmp_path, api)
    assert run.report.findings == ()
    assert api.state() == before


@pytest.mark.parametrize("checks", ["team", "key", "take"])
def test_keys_that_count_in_each_team_lead_to_no_player_of_the_strangers_own(
    checks: str, tmp_path: Path
) -> None:
    """`/teams/{own}/players/2` is a player of the caller's own: nobody else's is written to."""
    api = Teams(checks, "counted", 404)
    before = api.state()
    run = scan(tmp_path, api)
    assert written(run) <= CHANGED
    assert api.state() == before
    assert run.report.writes is not None and not run.report.writes.left


@pytest.mark.parametrize("refuses", [401, 403, 404])
@pytest.mark.parametrize("checks", ["team", "key", "take"])
def test_what_was_refused_because_of_the_team_alone_is_named(
    checks: str, refuses: int, tmp_path: Path
) -> None:
    """No player of the run's own can be made, and nobody else's is written to by a mixed path."""
    api = Teams(checks, "global", refuses, makes=False)
    before = api.state()
    run = scan(tmp_path, api)
    assert written(run) == set()
    assert api.state() == before
    assert run.report.writes is not None
    named = [e for e in run.report.writes.untried if "refused below a `Me`" in e.reason]
    assert {each.endpoint.operation for each in named} == {"updatePlayer"}


@pytest.mark.parametrize("checks", ["key", "take", "team"])
def test_a_server_that_fails_over_what_is_missing_is_tested_as_any_other(
    checks: str, tmp_path: Path
) -> None:
    """It fails over a key that nothing has, and shows another player at the same time."""
    api = Teams(checks, "global", 401, absent=500)
    before = api.state()
    run = scan(tmp_path, api)
    found = [each for each in run.report.findings if each.rule == "bola-write"]
    assert {each.verdict for each in found} == ({"suspected"} if checks != "team" else set())
    assert run.report.writes is not None
    assert api.state() == before
    assert not run.report.writes.left


class Failing(Teams):
    """Each answer about a player fails once the run has removed one, and none is gone."""

    removed = False

    def one(self, call: Call, me: str, id: str) -> Reply:
        if call.method == "DELETE":
            self.removed = True
            return Reply(200, "gone")
        return Reply(500, {"error": "oops"}) if self.removed else super().one(call, me, id)


@pytest.mark.parametrize("checks", ["key", "take"])
def test_a_server_that_fails_over_every_player_shows_of_none_that_it_is_gone(
    checks: str, tmp_path: Path
) -> None:
    api = Failing(checks, "global", 401)
    before = len(api.players)
    run = scan(tmp_path, api)
    assert len(api.players) == before + 1
    assert run.report.writes is not None
    (left,) = run.report.writes.left
    assert "no response shows" in left
