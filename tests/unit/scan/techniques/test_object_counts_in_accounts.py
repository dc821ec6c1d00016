"""Numbers in accounts that count hidden objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.scan.dry_run import plan
from oakum.scan.options import Options
from oakum.scan.preparation import prepare
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import IDENTITIES, NAMES, Told, logged_in, path, schema, told, write

pytestmark = pytest.mark.server

REPOS: list[dict[str, Any]] = [
    {"id": f"r-{n}{id[2:]}", "owner": id, "private": n == 2, "about": f"about {n * 977} of {id}"}
    for id in NAMES.values()
    for n in range(3)
]
SHAPES = schema("User", id="string", repo_count="integer") + schema(
    "Repo", id="string", owner="string", private="boolean", about="string"
)
PATHS = (
    path("/users/{id}", "getUser", "User")
    + path("/repos", "listRepos", "Repo", many=True)
    + path("/repos/{id}", "getRepo", "Repo")
)
POLICY = """\
  User: {key: id, owner: id, main: getUser, fields: {"id, repo_count": [{see: [member]}]}}
  Repo:
    key: id
    owner: owner
    main: getRepo
    states: {private: {field: private}}
    fields:
      id, owner, private, about: [{see: [owner]}, {see: [member], when: {private: false}}]
operations:
  getUser: {params: {id: User.id}}
  getRepo: {params: {id: Repo.id}}
"""


def scan(folder: Path, counts: str) -> Told:
    """`counts`: what the number is of: `all` repos, those that the caller is `shown`, those that
    anybody is (`open`), or also `older` ones, which no endpoint shows."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        shown = [each for each in REPOS if not each["private"] or each["owner"] == NAMES[who]]
        *_, kind, last = call.path.split("/")
        if call.path == "/repos":
            return Reply(200, shown)
        if kind == "repos":
            found = [each for each in shown if each["id"] == last]
            return Reply(200, found[0]) if found else Reply(404, {"error": "none"})
        if last not in NAMES.values():
            return Reply(404, {"error": "none"})
        open_ones = [each for each in REPOS if not each["private"]]
        rows = {"shown": shown, "open": open_ones}.get(counts, REPOS)
        number = sum(each["owner"] == last for each in rows) + (counts == "older") * 4
        return Reply(200, {"id": last, "repo_count": number})

    return told(folder, SHAPES, PATHS, POLICY, api)


def test_a_number_that_counts_hidden_objects_is_suspected(tmp_path: Path) -> None:
    run = scan(tmp_path, "all")
    assert run.named("suspected") == {("User.repo_count", "member")} and not run.proven
    assert run.finding("User.repo_count", "member").rule == "inference-leak"
    assert run.code == ExitCode.FINDINGS


@pytest.mark.parametrize("counts", ["shown", "open", "older"])
def test_any_other_number_says_nothing(counts: str, tmp_path: Path) -> None:
    run = scan(tmp_path, counts)
    assert run.report.findings == ()
    assert run.code == ExitCode.CLEAN, run.report.distrust


def test_a_dry_run_says_so(tmp_path: Path) -> None:
    write(tmp_path, SHAPES, PATHS, POLICY, IDENTITIES)
    files = tmp_path / "exposure.yaml", "http://127.0.0.1:9", tmp_path / "identities.yaml"
    why = [each["why"] for each in plan(prepare(Options(*files)))]
    assert "`User.repo_count` may count each hidden `Repo`" in why
