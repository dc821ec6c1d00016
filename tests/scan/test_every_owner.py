"""One object of one owner speaks for no other: each identity's objects are asked for by others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.finding import Result
from oakum.scan.questions import other_users_objects
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, RELATIONS, Api, Told, path, schema, told

ROWS = [
    {
        "id": f"n-{name}-{number}-7f3a",
        "owner_id": id,
        "text": f"{name} wrote line {number} of 9{id[-1]}{number}",
        "shared_with": NAMES["bob"] if (name, number) == ("ann", 3) else None,
    }
    for name, id in NAMES.items()
    for number in range(4)
]
PATHS = path("/notes", "myNotes", "Note", many=True) + path("/notes/{noteId}", "getNote", "Note")
SHAPE = schema("Note", id="string", owner_id="string", text="string", shared_with="string")
POLICY = """\
  Note:
    key: id
    owner: owner_id
    fields: {"id, owner_id, text, shared_with": [{see: [owner]}]}
operations:
  getNote: {params: {noteId: Note.id}}
"""


class WithQuery(Api):
    """An API whose list of notes reads the query."""

    def __init__(self, my: Any, paths: Any) -> None:
        super().__init__(paths)
        self.my = my

    def __call__(self, call: Call) -> Reply:
        if call.path == "/notes":
            given = self.my(call, KEYS.get(call.headers.get("x-key", ""), ""))
            return Reply(given, {"error": "no"}) if isinstance(given, int) else Reply(200, given)
        return super().__call__(call)


def leaks(row: Any, which: str) -> bool:
    """Whether a note goes to whoever is logged in."""
    mine = [each for each in ROWS if each["owner_id"] == row["owner_id"]]
    if which == "second":
        return row is mine[1]
    return bool(which) and row["owner_id"] == NAMES.get(which)


def api(which: str, *, to: str | None = None) -> Api:
    """`which` notes go to whoever is logged in; `to`: to this caller alone, `""` for nobody."""

    def my(who: str) -> Any:
        return [each for each in ROWS if each["owner_id"] == NAMES.get(who)] if who else 401

    def one(who: str, id: str) -> Any:
        row = next((each for each in ROWS if each["id"] == id), None)
        if to is not None and who == to and row is not None and leaks(row, which):
            return row
        if not who or row is None:
            return 404 if who else 401
        if to is not None:
            return row if row["owner_id"] == NAMES[who] else 404
        return row if row["owner_id"] == NAMES[who] or leaks(row, which) else 404

    return Api({"/notes": my, "/notes/([^/]+)": one})


def scan(folder: Path, which: str, *, to: str | None = None, **options: Any) -> Told:
    return told(folder, SHAPE, PATHS, POLICY, api(which, to=to), **options)


@pytest.mark.parametrize("which", ["ann", "bob", "cat", "second"])
def test_whichever_owner_and_whichever_object_leaks_is_found(tmp_path: Path, which: str) -> None:
    found = scan(tmp_path, which)
    assert ("Note.text", "member") in found.proven
    assert found.code is ExitCode.FINDINGS


PAIRS = [(who, to) for who in NAMES for to in (*NAMES, "") if who != to]


@pytest.mark.parametrize(("whose", "to"), PAIRS)
def test_whoever_alone_is_shown_whosever_notes_is_found(
    tmp_path: Path, whose: str, to: str
) -> None:
    found = scan(tmp_path, whose, to=to)
    assert ("Note.text", "member" if to else "anyone") in found.proven
    assert found.code is ExitCode.FINDINGS


def test_with_budget_left_each_caller_asks_for_everybodys_objects(tmp_path: Path) -> None:
    made = api("")
    found = told(tmp_path, SHAPE, PATHS, POLICY, made)
    owners = {row["id"]: row["owner_id"] for row in ROWS}
    asked = {(who, owners.get(path.rpartition("/")[2])) for who, path in made.calls}
    assert asked >= {(to, NAMES[whose]) for whose, to in PAIRS}
    assert not any("pairs of caller and owner" in each for each in found.report.notes)


def test_pairs_that_nobody_asked_for_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_users_objects, "_MOST_FURTHER", 0)
    monkeypatch.setattr(other_users_objects, "_FURTHER", 0)
    (said,) = (e for e in scan(tmp_path, "").report.notes if "pairs of caller and owner" in e)
    assert "GET /notes/{noteId} 8 of 9 (requested as 3 of 3 members for 3 of 3 owners)" in said


def test_those_of_a_kind_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the smallest limit, each member has asked at each endpoint."""
    monkeypatch.setattr(other_users_objects, "_MOST_FURTHER", 0)
    monkeypatch.setattr(other_users_objects, "_FURTHER", 0)
    made = api("")
    told(tmp_path, SHAPE, PATHS, POLICY, made)
    owners = {row["id"]: row["owner_id"] for row in ROWS}
    asked = {(who, owners.get(path.rpartition("/")[2], "")) for who, path in made.calls}
    assert {who for who, id in asked if id and id != NAMES.get(who)} == {*NAMES, ""}


def test_an_api_that_shows_everybody_their_own_is_clean(tmp_path: Path) -> None:
    found = scan(tmp_path, "")
    assert found.report.findings == ()
    assert found.code is ExitCode.CLEAN


def test_objects_that_nobody_else_asked_for_are_counted(tmp_path: Path) -> None:
    (said,) = (each for each in scan(tmp_path, "").report.notes if "known objects" in each)
    assert "GET /notes/{noteId} 9 of 12" in said


def test_an_owner_whose_objects_nobody_else_asked_for_makes_no_clean_run(tmp_path: Path) -> None:
    """The budget is spent when ann's objects have decided all cells."""
    whole = scan(tmp_path, "bob").report.requests
    codes = set()
    for budget in range(whole // 3, whole, 4):
        found = scan(tmp_path, "bob", budget=budget)
        codes.add(found.code)
        if found.report.findings == ():
            assert found.code is ExitCode.NOT_TRUSTWORTHY, budget
    assert ExitCode.NOT_TRUSTWORTHY in codes


def test_what_an_object_says_of_its_viewers_is_asked_as_them(tmp_path: Path) -> None:
    """Only ann's fourth note names bob, and what he is shown is more than he may see."""
    relations = RELATIONS.replace("owner: {is", "shared: {field: shared_with}, owner: {is")
    policy = POLICY.replace(
        '"id, owner_id, text, shared_with": [{see: [owner]}]',
        '"id, owner_id, shared_with": [{see: [owner, shared]}], text: [{see: [owner]}]',
    )

    def one(who: str, id: str) -> Any:
        row = next((each for each in ROWS if each["id"] == id), None)
        near = row is not None and bool(who)
        return row if row and near and NAMES[who] in (row["owner_id"], row["shared_with"]) else 404

    made = Api({**api("").paths, "/notes/([^/]+)": one})
    found = told(tmp_path, SHAPE, PATHS, policy, made, relations=relations)
    assert found.proven == {("Note.text", "shared")}


BOTH = [
    {"id": f"{kind}-{name}-5c1d", "owner_id": id, "text": f"{name} {kind} line", "gone": gone,
     "shared_with": {"ann": NAMES["bob"], "bob": NAMES["cat"], "cat": NAMES["ann"]}[name]}
    for name, id in NAMES.items()
    for kind, gone in (("live", False), ("gone", True))
]  # fmt: skip
GONE_POLICY = """\
  Note:
    key: id
    owner: owner_id
    states: {gone: {field: gone, missing: true}}
    fields:
      "id, owner_id, text, gone, shared_with":
        [{see: [owner]}, {see: [shared], when: {gone: false}}]
operations:
  getNote: {params: {noteId: Note.id}}
"""


@pytest.mark.parametrize("leaky", [True, False])
def test_objects_that_only_an_option_brings_to_light_are_asked_for_as_whom_they_name(
    leaky: bool, tmp_path: Path
) -> None:
    """A deleted note is in no list unless the list is asked for it; its owner's, in each state."""

    def my(call: Call, who: str) -> Any:
        every = call.query.get("include_gone") == "true"
        own = [e for e in BOTH if e["owner_id"] == NAMES.get(who) and (every or not e["gone"])]
        return own if who else 401

    def one(who: str, id: str) -> Any:
        row = next((e for e in BOTH if e["id"] == id and who), None)
        shared = row is not None and row["shared_with"] == NAMES[who]
        open_ = row is not None and (leaky or not row["gone"])
        return row if row and (row["owner_id"] == NAMES[who] or (shared and open_)) else 404

    paths = PATHS.replace(
        "parameters: []",
        "parameters: [{name: include_gone, in: query, schema: {type: boolean}}]",
    )
    shape = SHAPE.replace("text:", "gone: {type: boolean}, text:")
    relations = RELATIONS.replace("owner: {is", "shared: {field: shared_with}, owner: {is")
    made = WithQuery(my, {"/notes/([^/]+)": one})
    found = told(tmp_path, shape, paths, GONE_POLICY, made, relations=relations)
    fields = ("id", "owner_id", "text", "gone", "shared_with")
    assert found.proven == {(f"Note.{each}", "shared") for each in fields if leaky}
    item = [c for c in found.report.cells if c.endpoint.operation == "getNote"]
    assert {c.viewer for c in item if c.result is Result.UNTESTED} == set()
    assert found.code is (ExitCode.FINDINGS if leaky else ExitCode.CLEAN)
    listed = {c.reason for c in found.report.cells if c.endpoint.operation == "myNotes"} - {""}
    assert listed and all("an owner has a `Note` in the state gone=true" in e for e in listed)


@pytest.mark.parametrize("leaky", [False, True])
def test_the_parent_in_a_path_is_the_one_that_its_child_names(leaky: bool, tmp_path: Path) -> None:
    """The first feed of each has no entry, so that two first ids do not belong together."""
    feeds = [{"id": f"f-{i}-{n}", "by": i} for i in NAMES.values() for n in (1, 2)]
    entries = {
        f"e-{i}-{n}": {"id": f"e-{i}-{n}", "by": i, "feed_id": f"f-{i}-2", "text": f"text {i} {n}"}
        for i in NAMES.values()
        for n in (1, 2)
    }

    def entry(who: str, feed: str, id: str) -> Any:
        found = entries.get(id, {})
        mine = who and (leaky or found.get("by") == NAMES[who])
        return found if mine and found.get("feed_id") == feed else 404

    run = told(
        tmp_path,
        schema("Feed", id="string", by="string")
        + schema("Entry", id="string", by="string", feed_id="string", text="string"),
        path("/feeds", "listFeeds", "Feed", many=True)
        + path("/entries", "listEntries", "Entry", many=True)
        + path("/feeds/{feedId}/entries/{entryId}", "getEntry", "Entry"),
        "  Feed: {key: id, owner: by, fields: {'id, by': [{see: [owner]}]}}\n"
        "  Entry: {key: id, owner: by, fields: {'id, by, feed_id, text': [{see: [owner]}]}}\n"
        "operations:\n  getEntry: {params: {feedId: Feed.id, entryId: Entry.id}}\n",
        Api(
            {
                "/feeds": lambda who: [e for e in feeds if who and e["by"] == NAMES[who]],
                "/entries": lambda who: [
                    e for e in entries.values() if who and e["by"] == NAMES[who]
                ],
                "/feeds/(.+)/entries/(.+)": entry,
            }
        ),
    )
    where = "/feeds/{feedId}/entries/{entryId}"
    assert run.results("Entry.text", "owner", where) == {"open"}
    assert run.results("Entry.text", "member", where) == {"leak" if leaky else "closed"}


@pytest.mark.parametrize("leaky", [True, False])
def test_an_endpoint_keyed_by_the_other_side_is_asked_with_others_ids(
    leaky: bool, tmp_path: Path
) -> None:
    """Nobody talks to themselves: under the own id each is answered 404."""
    sent = [
        {"id": f"m-{a}-{b}-2e9c", "by": NAMES[a], "to": NAMES[b], "text": f"{a} writes to {b} 77"}
        for a, b in (("ann", "bob"), ("bob", "cat"))
    ]

    def talk(who: str, peer: str) -> Any:
        if not who or peer == NAMES[who]:
            return 404 if who else 401
        with_peer = [each for each in sent if peer in (each["by"], each["to"])]
        return [e for e in with_peer if leaky or NAMES[who] in (e["by"], e["to"])]

    found = told(
        tmp_path,
        schema("Message", id="string", by="string", to="string", text="string"),
        path("/conversations/{peerId}/messages", "talk", "Message", many=True),
        "  Message: {key: id, owner: [by, to], fields: {'id, by, to, text': [{see: [owner]}]}}\n"
        "operations: {talk: {params: {peerId: Me.id}}}\n",
        Api({"/conversations/([^/]+)/messages": talk}),
    )
    assert (("Message.text", "member") in found.proven) == leaky
    assert found.code is (ExitCode.FINDINGS if leaky else ExitCode.CLEAN), found.report.distrust


@pytest.mark.parametrize("leaky", [False, True])
def test_whom_an_endpoint_lets_in_asks_for_further_objects(tmp_path: Path, leaky: bool) -> None:
    """Nobody logged in was closed by the one note asked for, of which there is nothing to show."""

    def my(who: str) -> Any:
        return [each for each in ROWS if each["owner_id"] == NAMES.get(who)] if who else 401

    def one(who: str, id: str) -> Any:
        row = next((each for each in ROWS if each["id"] == id), None)
        if row is None:
            return 404
        if who:
            return row if row["owner_id"] == NAMES[who] else 404
        return {"text": row["text"] if leaky and leaks(row, "second") else None}

    made = Api({"/notes": my, "/notes/([^/]+)": one})
    found = told(tmp_path, SHAPE, PATHS, POLICY, made)
    assert found.proven == ({("Note.text", "anyone")} if leaky else set())
    assert found.code is (ExitCode.FINDINGS if leaky else ExitCode.CLEAN)
