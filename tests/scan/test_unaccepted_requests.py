"""An account that has asked to follow another, and is not accepted yet, sees what it saw before."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from oakum.errors import ExitCode
from oakum.scan.limits import BudgetSpent
from oakum.scan.options import Options
from oakum.scan.replay_result import ReplayVerdict, replay
from oakum.scan.techniques import revocation
from tests.scan.servers import NOT_FOUND, Call, Reply, serve
from tests.scan.verdicts import HEAD, ME, NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  follower:
    in: listFollowers
    id: /*
    begin: [follow, {operation: accept, by: owner}]
    end: [unfollow]
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
  Diary:
    key: id
    owner: by
    main: getDiary
    fields:
      id, by: [{see: [member]}]
      text: [{see: [owner, follower]}]
operations:
  getDiary: {params: {who: Me.id}}
  listFollowers: {params: {who: Me.id}}
  follow: {params: {who: Me.id}}
  unfollow: {params: {who: Me.id}}
  accept: {params: {who: Me.id}}
"""
WAITING = """\
  waiting: {in: listWaiting, id: /*}
"""


def calls(at: str, **operations: str) -> str:
    """Operations by method at a path that names an account; each answers with ids."""
    shape = "{type: array, items: {type: string}}"
    content = f"{{application/json: {{schema: {shape}}}}}"
    lines = f"  {at}:\n    parameters:\n"
    lines += "      - {name: who, in: path, required: true, schema: {type: string}}\n"
    for method, id in operations.items():
        lines += f"    {method}:\n      operationId: {id}\n"
        lines += f'      responses: {{"200": {{description: ok, content: {content}}}}}\n'
    return lines


PATHS = (
    path("/diaries/{who}", "getDiary", "Diary")
    + calls("/followers/{who}", get="listFollowers", put="follow", delete="unfollow")
    + calls("/waiting/{who}", get="listWaiting")
    + calls("/accepted/{who}", put="accept")
)


class Diaries:
    """`sees`: what a follower who waits is shown. `accepts`: nobody has to be asked; `refuses`:
    nobody can be `accepted`, or be so and take the request `back`."""

    def __init__(self, sees: str = "", accepts: bool = False, refuses: str = "") -> None:
        self.sees, self.accepts, self.refuses = sees, accepts, refuses
        self.ties: dict[tuple[str, str], str] = {}

    def __call__(self, who: str, call: Call) -> Reply:
        me, (kind, other) = NAMES[who], call.path.strip("/").split("/")
        if other not in NAMES.values():
            return NOT_FOUND
        if kind in ("followers", "waiting") and call.method == "GET":
            wanted = "follows" if kind == "followers" else "waits"
            return Reply(
                200, [a for (a, b), tie in self.ties.items() if (b, tie) == (other, wanted)]
            )
        if kind == "followers" and call.method == "PUT":
            self.ties.setdefault((me, other), "follows" if self.accepts else "waits")
            return Reply(200, [])
        if kind == "followers" and self.refuses == "back":
            return NOT_FOUND
        if kind == "followers":
            self.ties.pop((me, other), None)
            return Reply(200, [])
        if kind == "accepted":
            if self.refuses:
                return Reply(403, [])
            if (other, me) in self.ties:
                self.ties[other, me] = "follows"
            return Reply(200, [])
        tie = self.ties.get((me, other), "")
        body = {"id": f"d-{other}", "by": other}
        name = next(name for name, id in NAMES.items() if id == other)
        if me == other or tie == "follows" or (tie and self.sees):
            body["text"] = f"{name} met the owl at 7:31"
        return Reply(200, body)


def scan(
    folder: Path, api: Diaries, *, relations: str = RELATIONS, may: bool = True, left: bool = False
) -> Told:
    before = copy.deepcopy(api.ties)
    shapes = schema("Diary", id="string", by="string", text="string")
    run = told(
        folder, "", "", "", logged_in(api), relations=relations,
        document=f"{HEAD}{shapes}paths:\n{ME}{PATHS}", allow_own_settings=may,
    )  # fmt: skip
    assert (api.ties == before) is not left
    return run


def notes(run: Told) -> list[Any]:
    return [each for each in run.report.notes if "is not accepted yet was not tried" in each]


def test_what_an_account_that_waits_is_shown_is_found(tmp_path: Path) -> None:
    run = scan(tmp_path, Diaries("text"))
    assert run.proven == {("Diary.text", "member")}
    one = run.finding("Diary.text", "member")
    assert one.title.startswith("Any member who asks for a relation, and is not accepted yet, gets")
    assert [e.path for e in one.endpoints] == ["/diaries/{who} during a request to be `follower`"]
    assert not notes(run)


@pytest.mark.parametrize(
    ("sees", "may", "verdict"),
    [
        ("text", True, ReplayVerdict.STILL_OPEN),
        ("", True, ReplayVerdict.FIXED),
        ("text", False, ReplayVerdict.UNTESTED),
        ("", False, ReplayVerdict.UNTESTED),
    ],
)
def test_asked_again_it_takes_another_request(
    sees: str, may: bool, verdict: ReplayVerdict, tmp_path: Path
) -> None:
    run = scan(tmp_path, Diaries("text"))
    api = Diaries(sees)
    with serve(logged_in(api)) as server:
        options = Options(
            tmp_path / "exposure.yaml", server.url, tmp_path / "identities.yaml", rate=1000,
            allow_own_settings=may,
        )  # fmt: skip
        again = replay(run.report, run.finding("Diary.text", "member"), options, lambda event: None)
    assert again.verdict is verdict, again
    assert not api.ties


def test_an_api_that_shows_it_nothing_is_not_accused(tmp_path: Path) -> None:
    run = scan(tmp_path, Diaries())
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN, run.report.distrust
    assert not notes(run)


def test_what_the_contract_shows_to_those_who_wait_is_no_leak(tmp_path: Path) -> None:
    relations = RELATIONS.replace("resources:", WAITING + "resources:")
    relations = relations.replace("see: [owner, follower]", "see: [owner, follower, waiting]")
    relations = relations.replace(
        "  accept: {", "  listWaiting: {params: {who: Me.id}}\n  accept: {"
    )
    run = scan(tmp_path, Diaries("text"), relations=relations)
    assert run.report.findings == ()
    assert notes(run), "nobody was tried: who waits is somebody to the contract"


def test_where_the_owner_cannot_accept_it_the_request_was_tried_and_is_taken_back(
    tmp_path: Path,
) -> None:
    run = scan(tmp_path, Diaries("text", refuses="accepted"))
    assert run.proven == {("Diary.text", "member")}
    assert not notes(run)
    assert run.code is ExitCode.NOT_TRUSTWORTHY, "the end of `follower` is untested"


def test_a_request_that_cannot_be_taken_back_is_told(tmp_path: Path) -> None:
    api = Diaries(refuses="back")
    run = scan(tmp_path, api, left=True)
    assert len(api.ties) == 1, "no further one is sent"
    assert any("a request may wait still: " in each for each in run.report.distrust)
    assert any("DELETE /followers/{who} as " in each for each in run.report.distrust)


def test_a_run_that_ends_while_a_request_waits_takes_it_back(tmp_path: Path) -> None:
    api = Diaries("text")
    seen: list[str] = []

    def ends(engine: object) -> None:
        seen.extend(api.ties.values())
        raise BudgetSpent("the budget is spent")

    with patch.object(revocation, "confirm", ends):
        scan(tmp_path, api)  # compares with before
    assert seen == ["waits"]


def test_where_nobody_waits_nobody_was_tried_and_that_is_said(tmp_path: Path) -> None:
    for number, run in enumerate(
        (
            lambda at: scan(at, Diaries("text", accepts=True)),
            lambda at: scan(at, Diaries("text"), may=False),
        )
    ):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        done = run(folder)
        assert done.report.findings == ()
        assert notes(done)
