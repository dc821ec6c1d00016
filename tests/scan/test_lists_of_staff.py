"""A list below somebody's object that only the staff read, whose rows others wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import Api, Told, path, schema, told

pytestmark = pytest.mark.server

IDS = {"ann": "u-4101", "bob": "u-4102", "cat": "u-4103", "sue": "u-4104", "tom": "u-4105"}
STAFF = ("sue", "tom")
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  staff: {claim: roles, has: staff}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
POLICY = """\
  Post:
    key: id
    owner: by
    main: getPost
    fields:
      id, by, title: [{see: TITLE}]
  Report:
    key: id
    owner: by
    fields:
      id, post_id, by, text: [{see: [WHO]}]
operations:
  getPost: {params: {id: Post.id}}
  listReports: {params: {id: Post.id}}
"""
NEXT = {"ann": "bob", "bob": "cat", "cat": "ann"}


def scan(
    folder: Path, *, public: bool, who: str = "owner, staff", own: bool = False, leaks: str = ""
) -> Told:
    """`public`: everybody reads posts, else their writer and the staff. `own`: the staff have posts
    of their own. `leaks`: who else is shown reports: the `writer` of the post, or `all`."""
    names = [*NEXT, *(STAFF if own else ())]
    posts = {
        id: {"id": id, "by": IDS[name], "title": f"lamp {name} {at}"}
        for at, name in enumerate(names * 2)
        for id in [f"p-{7 * at + 701}"]
    }
    of = {id: name for name, id in IDS.items()}
    reports = [
        {
            "id": f"r-{11 * at + 811}",
            "post_id": post["id"],
            "by": IDS[NEXT.get(of[post["by"]], "ann")],
            "text": f"bad words in {post['id']} {at}",
        }
        for at, post in enumerate(posts.values())
    ]

    def reads(name: str, post: dict[str, Any]) -> bool:
        return public or name in STAFF or post["by"] == IDS[name]

    def many(name: str) -> Any:
        return [each for each in posts.values() if reads(name, each)] if name else 401

    def one(name: str, id: str) -> Any:
        found = posts.get(id)
        return (found if found and reads(name, found) else 404) if name else 401

    def listed(name: str, id: str) -> Any:
        post = posts.get(id)
        if not name or post is None:
            return 404 if name else 401
        writer = leaks == "writer" and post["by"] == IDS[name]
        if name not in STAFF and not writer and leaks != "all":
            return 403
        return [each for each in reports if each["post_id"] == id]

    paths = (
        path("/posts", "listPosts", "Post", many=True)
        + path("/posts/{id}", "getPost", "Post")
        + path("/posts/{id}/reports", "listReports", "Report", many=True)
    )
    shapes = schema("Post", id="string", by="string", title="string") + schema(
        "Report", id="string", post_id="string", by="string", text="string"
    )
    identities = "identities:\n" + "".join(
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778,'
        f" claims: {{roles: [{'staff' if name in STAFF else ''}]}}}}\n"
        for name in IDS
    )
    policy = POLICY.replace("TITLE", "[member]" if public else "[owner, staff]")
    api = Api({"/posts": many, "/posts/([^/]+)": one, "/posts/([^/]+)/reports": listed})
    return told(
        folder, shapes, paths, policy.replace("WHO", who), api, identities=identities,
        relations=RELATIONS,
    )  # fmt: skip


SHAPES = pytest.mark.parametrize(
    ("public", "who", "own"),
    [
        (True, "owner, staff", False),
        (False, "owner, staff", False),
        (False, "owner, staff", True),
        (False, "staff", True),
        (True, "staff", True),
    ],
)


@SHAPES
def test_it_is_requested_as_the_staff_and_then_as_the_others(
    public: bool, who: str, own: bool, people: None, tmp_path: Path
) -> None:
    run = scan(tmp_path, public=public, who=who, own=own)
    assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)
    assert run.results("Report.text", "staff") == {"open"}
    assert run.results("Report.text", "member") == {"closed"}
    assert run.results("Report.text", "anyone") == {"closed"}


@SHAPES
@pytest.mark.parametrize("leaks", ["all", "writer"])
def test_whoever_else_is_shown_it_is_found(
    public: bool, who: str, own: bool, leaks: str, people: None, tmp_path: Path
) -> None:
    run = scan(tmp_path, public=public, who=who, own=own, leaks=leaks)
    assert ("Report.text", "member") in run.proven


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the staff more than in other APIs of the tests."""
    monkeypatch.setattr("tests.scan.verdicts.NAMES", IDS)
    monkeypatch.setattr("tests.scan.verdicts.KEYS", {f"key-of-{name}-778": name for name in IDS})


@pytest.mark.parametrize("leaks", [False, True])
def test_a_list_for_the_staff_alone_need_show_its_owner_nothing(
    leaks: bool, people: None, tmp_path: Path
) -> None:
    """Owners may not call it: there is nothing to put right, and others are judged there."""
    rows = {
        IDS[name]: {"id": IDS[name], "number": f"insured {name} {n * 7919}"}
        for n, name in enumerate(NEXT, 1)
    }

    def listed(name: str) -> Any:
        return [*rows.values()] if name in STAFF or (leaks and name) else 403 if name else 401

    def one(name: str, id: str) -> Any:
        mine = name in STAFF or (name and IDS[name] == id)
        return rows.get(id, 404) if mine else 403 if name else 401

    run = told(
        tmp_path, schema("Person", id="string", number="string"),
        path("/people", "listPeople", "Person", many=True)
        + path("/people/{id}", "getPerson", "Person"),
        "  Person: {key: id, owner: id, main: getPerson,"
        ' fields: {"id, number": [{see: [owner, staff]}]}}\n'
        "operations:\n  getPerson: {params: {id: Person.id}}\n  listPeople: {call: [staff]}\n",
        Api({"/people": listed, "/people/([^/]+)": one}),
        identities="identities:\n" + "".join(
            f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778,'
            f" claims: {{roles: [{'staff' if name in STAFF else ''}]}}}}\n" for name in IDS
        ),
        relations=RELATIONS,
    )  # fmt: skip
    if leaks:
        assert ("Person.number", "member") in run.proven
    else:
        assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)
