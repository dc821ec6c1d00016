"""`/repos/{owner}/{repo}/issues/{number}`: numbers count up in each repository, so that a number of
one is no issue of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, path, schema, told

pytestmark = pytest.mark.server

SHAPES = schema("Repo", full_name="string", owner="string", name="string") + schema(
    "Issue", id="string", number="integer", repo="string", author="string", title="string"
)
PATHS = (
    path("/repos", "listRepos", "Repo", many=True)
    + path("/issues", "ownIssues", "Issue", many=True)
    + path("/repos/{owner}/{repo}/issues", "listIssues", "Issue", many=True)
    + path("/repos/{owner}/{repo}/issues/{number}", "getIssue", "Issue")
)
POLICY = """\
  Repo:
    key: full_name
    owner: owner
    fields: {"full_name, owner, name": [{see: [owner]}]}
  Issue:
    key: id
    owner: author
    fields: {"id, number, repo, author, title": [{see: [owner]}]}
operations:
  listIssues: {params: {owner: Repo.owner, repo: Repo.name}}
  getIssue: {params: {owner: Repo.owner, repo: Repo.name, number: Issue.number}}
"""
OPEN = "archive"


def repos_of(id: str) -> dict[str, int]:
    """Repository → how many issues it has."""
    return {f"{id}/harbour": 2, f"{id}/{OPEN}": 1}


@pytest.mark.parametrize("leaks", [True, False])
def test_the_issues_of_each_repository_are_asked_for(leaks: bool, tmp_path: Path) -> None:
    asked: set[tuple[str, str]] = set()

    def repos(who: str) -> Any:
        if not who:
            return 401
        rows = (name.partition("/") for name in repos_of(NAMES[who]))
        return [{"full_name": f"{o}/{n}", "owner": o, "name": n} for o, _, n in rows]

    def issues(who: str, owner: str, repo: str) -> Any:
        if not who:
            return 401
        name = f"{owner}/{repo}"
        may = owner == NAMES[who] or (leaks and repo == OPEN)
        return [
            {
                "id": f"i-{name}-{n}", "number": n, "repo": name, "author": owner,
                "title": f"issue {n} of {name}",
            }
            for n in range(1, 1 + repos_of(owner).get(name, 0))
        ] if may else 404  # fmt: skip

    def listed(who: str, owner: str, repo: str) -> Any:
        return issues(who, owner, repo) if who and owner == NAMES[who] else 404

    def own(who: str) -> Any:
        if not who:
            return 401
        names = (name.partition("/") for name in repos_of(NAMES[who]))
        return [row for owner, _, repo in names for row in issues(who, owner, repo)]

    def one(who: str, owner: str, repo: str, number: str) -> Any:
        rows = issues(who, owner, repo)
        if isinstance(rows, int):
            return rows
        found = next((each for each in rows if str(each["number"]) == number), 404)
        asked.update({(who, f"{repo} {number}")} if found != 404 else ())
        return found

    at = "/repos/([^/]+)/([^/]+)/issues"
    api = Api({"/repos": repos, "/issues": own, at: listed, f"{at}/([^/]+)": one})
    run = told(tmp_path, SHAPES, PATHS, POLICY, api)
    assert ("ann", "harbour 1") in asked and (not leaks or ("bob", f"{OPEN} 1") in asked)
    assert (("Issue.title", "member") in run.proven) is leaks
    assert run.code is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)
