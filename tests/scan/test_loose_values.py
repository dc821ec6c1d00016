"""Values of objects, each in a state of its own, in answers that hold no such object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, RELATIONS, Api, Told, path, schema, told

POSTS = [
    {
        "id": f"p-{id}-{number}", "user_id": id, "hidden": number == 2,
        "title": f"post {number} of {name}, 30{id[-1]}",
    }
    for name, id in NAMES.items()
    for number in (1, 2)
]  # fmt: skip
POLICY = """\
  Post:
    key: id
    owner: user_id
    main: getPost
    states: {hidden: {field: hidden, missing: true}}
    fields:
      id, user_id, title, hidden:
        - see: [owner]
        - {see: [member], when: {hidden: false}}
"""


COMMENTS = """\
  Comment: {key: id, owner: user_id, fields: {"id, post_id, user_id, text": [{see: [member]}]}}
operations:
  getPost: {params: {postId: Post.id}}
  listComments: {params: {postId: Post.id}}
"""


def blog(folder: Path, *, trending: str, comments: str = "", counted: bool = False) -> Told:
    """Posts, some hidden; titles and ids of `trending` ones without anything else of them: of those
    that are not hidden (`open`), or of all. Below a post's id its `comments`, likewise. `counted`:
    ids count up."""
    posts = [
        {**each, "id": f"{700 + number}" if counted else each["id"]}
        for number, each in enumerate(POSTS)
    ]

    def shown(who: str) -> list[dict[str, Any]]:
        return [each for each in posts if not each["hidden"] or NAMES.get(who) == each["user_id"]]

    def titles(who: str) -> Any:
        if not who:
            return 401
        found = [each for each in posts if trending == "all" or not each["hidden"]]
        return [{"post_id": each["id"], "title": each["title"]} for each in found]

    def post(who: str, id: str) -> Any:
        return next((each for each in shown(who) if who and each["id"] == id), 404)

    def below(who: str, id: str) -> Any:
        known = {each["id"] for each in (posts if comments == "all" else shown(who))}
        made = {"id": f"c-{id}", "post_id": id, "user_id": NAMES["ann"], "text": f"under {id}"}
        return [made] if who and comments and id in known else 404

    api = Api(
        {
            "/posts": lambda who: shown(who) if who else 401,
            "/posts/([^/]+)": post,
            "/trending": titles,
            "/posts/([^/]+)/comments": below,
        }
    )
    shapes = schema("Post", id="string", user_id="string", title="string", hidden="boolean")
    shapes += schema("Trend", post_id="string", title="string")
    paths = (
        path("/posts", "listPosts", "Post", many=True)
        + path("/posts/{postId}", "getPost", "Post")
        + path("/trending", "listTrends", "Trend", many=True)
    )
    if comments:
        shapes += schema("Comment", id="string", post_id="string", user_id="string", text="string")
        paths += path("/posts/{postId}/comments", "listComments", "Comment", many=True)
    return told(folder, shapes, paths, POLICY + (COMMENTS if comments else ""), api)


@pytest.mark.parametrize("counted", [False, True])
def test_the_id_of_a_post_that_is_not_hidden_is_no_secret_though_it_opens_its_comments(
    tmp_path: Path, counted: bool
) -> None:
    run = blog(tmp_path, trending="open", comments="open", counted=counted)
    assert run.report.findings == ()


def test_the_id_of_a_hidden_post_that_is_handed_out_and_opens_its_comments_is_told(
    tmp_path: Path,
) -> None:
    run = blog(tmp_path, trending="all", comments="all")
    assert any(each.rule == "enumerable-ids" for each in run.report.findings)


@pytest.mark.parametrize("trending", ["open", "all"])
def test_a_title_outside_every_post_leaks_where_it_is_that_of_a_hidden_one(
    tmp_path: Path, trending: str
) -> None:
    run = blog(tmp_path, trending=trending)
    if trending == "open":
        assert run.report.findings == ()
    else:
        assert ("Post.title", "member") in run.proven
        assert dict(run.finding("Post.title", "member").state) == {"hidden": "true"}


DOCS = [
    {
        "id": f"d-{id}", "user_id": id, "headline": f"headline of {name}, 40{id[-1]}",
        "team": [NAMES[{"ann": "bob", "bob": "cat", "cat": "bob"}[name]]],
    }
    for name, id in NAMES.items()
]  # fmt: skip
TEAMS = """\
  Doc:
    key: id
    owner: user_id
    main: getDoc
    fields: {"id, user_id, headline, team": [{see: [owner, mate]}]}
"""


def desk(folder: Path, *, activity: str) -> Told:
    """Documents that their owner and its team read, and headlines of those in an `activity`: of
    what its reader may see (`own`), or of all."""

    def shown(who: str) -> list[dict[str, Any]]:
        me = NAMES.get(who, "")
        return [each for each in DOCS if me == each["user_id"] or me in each["team"]]

    def quoted(who: str) -> Any:
        found = DOCS if activity == "all" else shown(who)
        return [{"verb": "edited", "what": each["headline"]} for each in found] if who else 401

    api = Api(
        {
            "/docs": lambda who: shown(who) if who else 401,
            "/docs/([^/]+)": lambda who, id: next((e for e in shown(who) if e["id"] == id), 404),
            "/activity": quoted,
        }
    )
    shapes = schema("Doc", id="string", user_id="string", headline="string", team="array").replace(
        "type: array", "type: array, items: {type: string}"
    )
    shapes += schema("Act", verb="string", what="string")
    paths = (
        path("/docs", "listDocs", "Doc", many=True)
        + path("/docs/{docId}", "getDoc", "Doc")
        + path("/activity", "listActivity", "Act", many=True)
    )
    relations = RELATIONS.replace("owner: {is: owner}", "mate: {field: team}, owner: {is: owner}")
    return told(folder, shapes, paths, TEAMS, api, relations=relations)


@pytest.mark.parametrize("activity", ["own", "all"])
def test_a_headline_is_no_leak_to_whom_its_document_names(tmp_path: Path, activity: str) -> None:
    run = desk(tmp_path, activity=activity)
    assert run.proven == (set() if activity == "own" else {("Doc.headline", "member")})
    assert run.named("suspected") == set()


@pytest.mark.parametrize("leaks", [False, True])
def test_an_element_of_a_list_that_a_refusal_carries_is_not_closed(
    tmp_path: Path, leaks: bool
) -> None:
    """Short values are told by the name of their member: of an element, by that of its list."""
    tags = {id: [f"t{id[-1]}{number}" for number in (1, 2)] for id in NAMES.values()}

    def card(who: str, id: str) -> Any:
        if not who or id not in tags:
            return 404
        if NAMES[who] == id:
            return {"id": id, "tags": tags[id]}
        said = {"requested": {"tags": tags[id]}} if leaks else {}
        return Reply(403, {"error": "no", **said})

    shape = schema("Card", id="string", tags="array").replace(
        "type: array", "type: array, items: {type: string}"
    )
    policy = """\
  Card: {key: id, owner: id, fields: {id: [{see: [member]}], tags: [{see: [owner]}]}}
operations:
  getCard: {params: {cardId: Me.id}}
"""
    run = told(
        tmp_path, shape, path("/cards/{cardId}", "getCard", "Card"), policy,
        Api({"/cards/([^/]+)": card}),
    )  # fmt: skip
    assert run.results("Card.tags.*", "member") == {"leak" if leaks else "closed"}
