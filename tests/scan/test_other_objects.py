"""One owner has several objects, and one answer holds several kinds: each is judged as itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan import verdicts
from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

# ------------------------------------------------------- a reference that an API has expanded

NOTES = {
    id: {"id": f"n-{id}", "owner_id": id, "text": f"{name} was here, 30{id[-1]}"}
    for name, id in NAMES.items()
}
EXPANDING = """\
  Note: {key: id, owner: owner_id, main: getNote, fields: {"id, owner_id, text": [{see: [owner]}]}}
  Comment:
    key: id
    owner: by
    fields: {"id, by, note.id": [{see: [member]}]}
operations:
  getNote: {params: {noteId: Note.id}}
"""


def expanding(folder: Path, whose: str, **packed: str) -> Told:
    """Everybody has commented on everybody's note; comments hold whole notes of these people:
    the viewer's `own` alone, or of `all`; with these members beside the document's."""

    def comments(who: str) -> Any:
        if not who:
            return 401
        return [
            {
                "id": f"c-{by}-{note['owner_id']}",
                "by": by,
                "note": {**note, **packed}
                if whose == "all" or note["owner_id"] == NAMES[who]
                else {"id": note["id"]},
            }
            for by in NAMES.values()
            for note in NOTES.values()
        ]

    def mine(who: str, *at: str) -> Any:
        own = NOTES.get(NAMES.get(who, ""))
        return own if own and at in ((), (own["id"],)) else 404

    shapes = (
        schema("Note", id="string", owner_id="string", text="string")
        + "    Comment: {type: object, properties: {id: {type: string}, by: {type: string}, note:"
        " {type: object, properties: {id: {type: string}}}}}\n"
    )
    paths = (
        path("/note", "myNote", "Note")
        + path("/notes/{noteId}", "getNote", "Note")
        + path("/comments", "listComments", "Comment", many=True)
    )
    api = Api({"/note": mine, "/notes/([^/]+)": mine, "/comments": comments})
    return told(folder, shapes, paths, EXPANDING, api)


def test_an_expanded_object_of_the_viewers_own_is_no_leak_of_what_it_stands_in(
    tmp_path: Path,
) -> None:
    run = expanding(tmp_path, "own")
    assert run.report.findings == ()


@pytest.mark.parametrize(
    "packed", [{"__type": "Object", "className": "Note"}, {"@type": "Note"}, {"kind": "notes"}]
)
def test_what_says_the_kind_of_an_expanded_object_is_nobodys(
    packed: dict[str, str], tmp_path: Path
) -> None:
    run = expanding(tmp_path, "own", **packed)
    assert run.report.findings == ()


def test_what_an_expanded_object_holds_besides_is_suspected(tmp_path: Path) -> None:
    run = expanding(tmp_path, "own", plan="premium")
    assert {name for name, _ in run.named("suspected")} == {"Note.plan"}


def test_an_expanded_object_leaks_as_what_it_is(tmp_path: Path) -> None:
    run = expanding(tmp_path, "all")
    assert ("Note.text", "member") in run.proven
    assert all(name.startswith("Note.") for name, _ in run.proven)


# ------------------------------------------------------- one owner's objects, open and closed

SHEETS = [
    {"id": f"s-{id}-{state}", "owner_id": id, "state": state, "title": f"{name} {state} 77"}
    | ({"tags": [f"tag of {name}"]} if state == "closed" else {})
    for name, id in NAMES.items()
    for state in ("open", "closed")
]
SHEET = """\
  Sheet:
    key: id
    owner: owner_id
    main: getSheet
    states: {state: {field: state, levels: [open, closed], missing: closed}}
    fields:
      id, owner_id, state: [{see: [member]}]
      title, tags:
        - see: [owner]
        - {see: [member], when: {state: open}}
operations:
  getSheet: {params: {sheetId: Sheet.id}}
"""
SHEETS_OF = """\
  /sheets:
    get:
      operationId: listSheets
      parameters: [{name: title, in: query, schema: {type: string}}]
      responses:
        "200": {description: ok, content: {application/json: {schema:
          {type: array, items: {$ref: "#/components/schemas/Sheet"}}}}}
"""


def sheets(folder: Path, *, reads: str) -> Told:
    """`reads`: whether the filter reads the titles of `open` sheets, or of `all`."""

    def seen(who: str, sheet: dict[str, Any]) -> dict[str, Any]:
        if sheet["state"] == "open" or sheet["owner_id"] == NAMES[who]:
            return sheet
        return {name: sheet[name] for name in ("id", "owner_id", "state")}

    def listed(who: str, query: dict[str, str]) -> Any:
        if not who:
            return 401
        wanted = query.get("title")
        return [
            seen(who, each)
            for each in SHEETS
            if wanted is None
            or (each["title"] == wanted and (reads == "all" or "title" in seen(who, each)))
        ]

    def one(who: str, id: str) -> Any:
        found = [each for each in SHEETS if each["id"] == id]
        return seen(who, found[0]) if who and found else 404

    shapes = (
        "    Sheet: {type: object, properties: {id: {type: string}, owner_id: {type: string},"
        " state: {type: string}, title: {type: string}, tags: {type: array, items:"
        " {type: string}}}}\n"
    )
    api = Api({"/sheets/([^/]+)": one})

    def answer(call: Any) -> Any:
        if call.path != "/sheets":
            return api(call)
        return Api({"/sheets": lambda who: listed(who, call.query)})(call)

    paths = SHEETS_OF + path("/sheets/{sheetId}", "getSheet", "Sheet")
    return told(folder, shapes, paths, SHEET, answer)


def test_a_filter_that_finds_an_open_object_tells_nothing_of_a_closed_one(tmp_path: Path) -> None:
    run = sheets(tmp_path, reads="open")
    assert run.report.findings == ()


def test_a_filter_that_finds_a_closed_object_by_what_it_hides_is_told(tmp_path: Path) -> None:
    run = sheets(tmp_path, reads="all")
    assert run.proven == {("Sheet.title", "member")}
    assert run.finding("Sheet.title", "member").rule == "inference-leak"


def test_what_only_another_object_of_the_owners_has_is_no_over_block(tmp_path: Path) -> None:
    """The open sheets have no tags."""
    run = sheets(tmp_path, reads="open")
    assert run.named("over_blocked") == set()
    assert "open" in run.results("Sheet.title", "member")


# ------------------------------------------------------- who is what to it is left out

PADS = {
    f"p-{id}": {
        "id": f"p-{id}", "owner_id": id, "readers": ["u-4102"] if id == "u-4101" else [],
        "text": f"pad of {name} 5150",
    }
    for name, id in NAMES.items()
}  # fmt: skip
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}, reader: {field: readers}}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
PAD = """\
  Pad:
    key: id
    owner: owner_id
    main: getPad
    fields:
      id, owner_id: [{see: [member]}]
      text, readers: [{see: [owner, reader]}]
operations:
  getPad: {params: {padId: Pad.id}}
  getText: {params: {padId: Pad.id}}
"""


@pytest.mark.parametrize("leaks", [False, True])
def test_a_relation_that_an_answer_leaves_out_makes_no_proof(tmp_path: Path, leaks: bool) -> None:
    """Bob may read ann's pad, and one endpoint does not say so; what cat is shown is a leak."""

    def pad(who: str, id: str, *names: str) -> Any:
        found = PADS.get(id)
        allowed = found and who and NAMES[who] in (found["owner_id"], *found["readers"])
        return found if found and (allowed or (leaks and who)) else 404

    def text(who: str, id: str) -> Any:
        found = pad(who, id)
        if not isinstance(found, dict):
            return found
        return {name: found[name] for name in ("id", "owner_id", "text")}

    shapes = (
        "    Pad: {type: object, properties: {id: {type: string}, owner_id: {type: string},"
        " readers: {type: array, items: {type: string}}, text: {type: string}}}\n"
    )
    paths = path("/pads/{padId}", "getPad", "Pad") + path("/texts/{padId}", "getText", "Pad")

    def mine(who: str) -> Any:
        return [each for each in PADS.values() if each["owner_id"] == NAMES.get(who)]

    paths += path("/pads", "listPads", "Pad", many=True)
    api = Api({"/pads/([^/]+)": pad, "/texts/([^/]+)": text, "/pads": mine})
    run = told(tmp_path, shapes, paths, PAD, api, relations=RELATIONS)
    assert (("Pad.text", "member") in run.proven) is leaks
    if not leaks:
        assert run.proven == set()


# ------------------------------------------------------- closed by the value of another object

TAGGED = """\
  Memo:
    key: id
    owner: by
    fields: {"id, by, text, tag": [{see: [owner]}]}
operations:
  listMemos: {params: {userId: Me.id}}
  getMemo: {params: {memoId: Memo.id}}
"""


@pytest.mark.parametrize("stripped", [True, False])
def test_a_field_that_only_another_object_of_its_owner_has_is_not_closed(
    tmp_path: Path, stripped: bool
) -> None:
    """The one memo that can be asked for has no tag; shown to everybody, without saying whose or
    which it is, or refused to all, it tells nothing of tags."""
    memos = {
        f"m-{n}-{id}": {"id": f"m-{n}-{id}", "by": id, "text": f"text {n} of {id}"}
        | ({"tag": f"tag of {id}"} if n else {})
        for id in NAMES.values()
        for n in (0, 1)
    }

    def memo(who: str, key: str) -> Any:
        one = memos.get(key)
        if not who or one is None:
            return 404
        if NAMES[who] == one["by"]:
            return one
        return {"text": one["text"]} if stripped and "tag" not in one else 404

    def listed(who: str, id: str) -> Any:
        mine = [m for m in memos.values() if m["by"] == id and NAMES.get(who) == id]
        return [{k: v for k, v in m.items() if k != "id" or "tag" not in m} for m in mine]

    run = told(
        tmp_path, schema("Memo", id="string", by="string", text="string", tag="string"),
        path("/users/{userId}/memos", "listMemos", "Memo", many=True)
        + path("/memos/{memoId}", "getMemo", "Memo"), TAGGED,
        Api({"/users/([^/]+)/memos": listed, "/memos/([^/]+)": memo}),
    )  # fmt: skip
    item = "/memos/{memoId}"
    asked = [c for c in run.report.cells if c.endpoint.path == item and c.field == "tag"]
    closed = {c.result.value for c in asked if c.viewer == "member"}
    assert (("Memo.text", "member") in run.proven) is stripped
    assert closed == {"untested"}


# ------------------------------------------------------- an object below one of somebody else's

NESTED = """\
  Note: {key: id, owner: owner_id, main: getNote, fields: {"id, owner_id, text": [{see: [owner]}]}}
operations:
  listNotes: {params: {userId: Me.id}}
  getNote: {params: {userId: Me.id, noteId: Note.id}}
"""


def nested(folder: Path, *, checks: str) -> Told:
    """`checks`: what is compared with the caller, the user in the path alone or the note too."""

    def notes(who: str, user: str) -> Any:
        return [NOTES[user]] if who and NAMES[who] == user else 403

    def note(who: str, user: str, id: str) -> Any:
        if not who or NAMES[who] != user:
            return 403
        found = [each for each in NOTES.values() if each["id"] == id]
        return found[0] if found and (checks == "user" or found[0]["owner_id"] == user) else 404

    paths = path("/users/{userId}/notes", "listNotes", "Note", many=True)
    paths += path("/users/{userId}/notes/{noteId}", "getNote", "Note")
    shapes = schema("Note", id="string", owner_id="string", text="string")
    api = Api({"/users/([^/]+)/notes": notes, "/users/([^/]+)/notes/([^/]+)": note})
    return told(folder, shapes, paths, NESTED, api)


def test_a_note_that_is_shown_below_its_readers_own_id_is_found(tmp_path: Path) -> None:
    found = nested(tmp_path, checks="user")
    told = {(each.verdict, each.field, each.viewer) for each in found.report.findings}
    assert ("proven", "text", "member") in told
    assert all(
        "with {userId} of" in d.path for each in found.report.findings for d in each.endpoints
    )


def test_a_note_that_is_shown_below_its_owners_id_alone_is_none(tmp_path: Path) -> None:
    assert nested(tmp_path, checks="note").report.findings == ()


SHARED = """\
  Project: {key: id, owner: lead, fields: {"id, lead": [{see: [owner, mate]}]}}
  Letter: {key: id, owner: {parent: Project}, main: getLetter, fields: {"id, text": [{see: [owner, mate]}]}}
operations:
  listMates: {params: {userId: Me.id}}
  listLetters: {params: {projectId: Project.id}}
  getLetter: {params: {projectId: Project.id, letterId: Letter.id}}
"""  # noqa: E501


def shared(folder: Path, *, checks: str) -> Told:
    """Bob and cat lead projects, and ann is a member of cat's second one. `checks`: what has to be
    of a project that the caller is in, the project in the path alone or the letter too; `both`:
    the same, but bob's letter stands in cat's second project, too."""
    leads = {"p-bob-1": "bob", "p-cat-1": "cat", "p-cat-2": "cat"}
    letters = {f"l-{at}": {"id": f"l-{at}", "text": f"a letter in {at}, 4177"} for at in leads}
    there = {at: [f"l-{at}"] for at in leads}
    there["p-cat-2"] += ["l-p-bob-1"] if checks == "both" else []

    def within(who: str, at: str) -> bool:
        return leads.get(at) == who or (who, at) == ("ann", "p-cat-2")

    def projects(who: str) -> Any:
        found = [{"id": at, "lead": NAMES[n]} for at, n in leads.items() if within(who, at)]
        return found if who else 401

    def mates(who: str, user: str) -> Any:
        return [{"id": NAMES["ann"]}] if who and user == NAMES["cat"] else [] if who else 401

    def below(who: str, at: str) -> Any:
        return [letters[id] for id in there[at]] if who and within(who, at) else 403

    def letter(who: str, at: str, id: str) -> Any:
        if not who or not within(who, at):
            return 403
        return letters.get(id, 404) if checks == "project" or id in there[at] else 404

    paths = path("/users/{userId}/mates", "listMates", "Me", many=True)
    paths += path("/projects", "listProjects", "Project", many=True)
    paths += path("/projects/{projectId}/letters", "listLetters", "Letter", many=True)
    paths += path("/projects/{projectId}/letters/{letterId}", "getLetter", "Letter")
    shapes = schema("Project", id="string", lead="string")
    shapes += schema("Letter", id="string", text="string")
    relations = verdicts.RELATIONS.replace(
        "owner: {is: owner}", "owner: {is: owner}, mate: {in: listMates, id: /*/id}"
    )
    api = Api(
        {
            "/users/([^/]+)/mates": mates, "/projects": projects,
            "/projects/([^/]+)/letters": below, "/projects/([^/]+)/letters/([^/]+)": letter,
        }
    )  # fmt: skip
    return told(folder, shapes, paths, SHARED, api, relations=relations)


def test_a_letter_that_is_shown_below_a_project_shared_with_its_reader_is_found(
    tmp_path: Path,
) -> None:
    found = shared(tmp_path, checks="project")
    by_ann = [d.path for f in found.report.findings for d in f.endpoints if "of cat" in d.path]
    assert ("Letter.text", "member") in found.proven and by_ann
    asked = "/projects/{projectId}/letters/{letterId} with {projectId} of cat"
    assert "leak" in found.results("Letter.text", "member", asked)


@pytest.mark.parametrize("checks", ["letter", "both"])
def test_a_letter_that_is_shown_below_its_own_projects_alone_is_none(
    tmp_path: Path, checks: str
) -> None:
    found = shared(tmp_path, checks=checks)
    assert [each for each in found.report.findings if each.field == "text"] == []


def searched(folder: Path, *, term_opens: bool) -> Told:
    """A list that leaves out others' closed sheets; `term_opens`: but those whose title is asked
    for."""

    def answer(call: Any) -> Any:
        def listed(who: str) -> Any:
            term = call.query.get("title")
            return [
                each
                for each in SHEETS
                if (term is None or each["title"] == term)
                and (
                    each["state"] == "open"
                    or each["owner_id"] == NAMES.get(who)
                    or (term and term_opens)
                )
            ]

        return Api({"/sheets": lambda who: listed(who) if who else 401})(call)

    shapes = (
        "    Sheet: {type: object, properties: {id: {type: string}, owner_id: {type: string},"
        " state: {type: string}, title: {type: string}}}\n"
    )
    policy = SHEET.replace("main: getSheet", "main: listSheets").replace("title, tags:", "title:")
    policy = policy.replace("getSheet: {params: {sheetId: Sheet.id}}", FINDS)
    return told(folder, shapes, SHEETS_OF, policy, answer)


FINDS = "listSheets: {params: {title: Sheet.title}}"


@pytest.mark.parametrize("term_opens", [False, True])
def test_a_search_is_asked_for_an_object_in_each_state(tmp_path: Path, term_opens: bool) -> None:
    found = searched(tmp_path, term_opens=term_opens)
    assert (("Sheet.title", "member") in found.proven) is term_opens


@pytest.mark.parametrize("others", [False, True])
def test_what_an_answer_for_nobodys_id_holds_of_others_is_found(
    tmp_path: Path, others: bool
) -> None:
    """Whoever asks for a note that is not there is told of notes that are: own ones, or all."""

    def note(who: str, id: str) -> Any:
        if not who:
            return 401
        mine = long[NAMES[who]]
        if id in {each["id"] for each in NOTES.values()}:
            return mine if id == mine["id"] else 404
        return Reply(404, {"error": "none", "like": [*long.values()] if others else [mine]})

    def notes(who: str, user: str) -> Any:
        return [long[user]] if who and NAMES[who] == user else 403

    long = {
        id: {**each, "text": f"{each['text']}, and what {id} saw there"}
        for id, each in NOTES.items()
    }
    policy = NESTED.replace("{userId: Me.id, noteId: Note.id}", "{id: Note.id}")
    paths = path("/users/{userId}/notes", "listNotes", "Note", many=True)
    paths += path("/notes/{id}", "getNote", "Note")
    shapes = schema("Note", id="string", owner_id="string", text="string")
    api = Api({"/users/([^/]+)/notes": notes, "/notes/([^/]+)": note})
    found = told(tmp_path, shapes, paths, policy, api)
    assert (("Note.text", "member") in found.proven) is others


@pytest.mark.parametrize("leaks", [False, True])
def test_each_choice_of_what_has_to_be_chosen_is_asked_for(tmp_path: Path, leaks: bool) -> None:
    """A list in two forms, the second of which shows everybody's text, if it leaks."""

    def export(who: str, form: str) -> Any:
        if not who or form not in ("short", "full"):
            return 401 if not who else 404
        own = NAMES[who]
        return [
            each
            if id == own or (leaks and form == "full")
            else {"id": each["id"], "owner_id": id} | ({"kind": form} if form == "full" else {})
            for id, each in NOTES.items()
        ]

    policy = NESTED.partition("operations:")[0].replace(
        '"id, owner_id, text": [{see: [owner]}]',
        '"id, owner_id": [{see: [member]}], text: [{see: [owner]}]',
    )
    paths = path("/export/{form}", "getNote", "Note", many=True)
    paths = paths.replace("schema: {type: string}", "schema: {type: string, enum: [short, full]}")
    shapes = schema("Note", id="string", owner_id="string", text="string")
    found = told(tmp_path, shapes, paths, policy, Api({"/export/([^/]+)": export}))
    assert (("Note.text", "member") in found.proven) is leaks


def test_an_empty_text_that_is_left_out_for_others_is_no_over_block(tmp_path: Path) -> None:
    notes = {id: each | ({"text": ""} if id == NAMES["ann"] else {}) for id, each in NOTES.items()}

    def note(who: str, id: str) -> Any:
        found = next((each for each in notes.values() if each["id"] == id), None)
        if not who or found is None:
            return 401 if not who else 404
        own = found["owner_id"] == NAMES[who]
        return found if own else {n: v for n, v in found.items() if v != ""}

    policy = NESTED.partition("operations:")[0].replace("see: [owner]", "see: [member]")
    policy += "operations: {getNote: {params: {id: Note.id}}}\n"
    paths = path("/notes/{id}", "getNote", "Note") + path("/note", "myNote", "Note")
    shapes = schema("Note", id="string", owner_id="string", text="string")
    api = Api({"/notes/([^/]+)": note, "/note": lambda who: notes[NAMES[who]] if who else 401})
    assert told(tmp_path, shapes, paths, policy, api).report.findings == ()


# ------------------------------------------------------- two objects under one key

TRANSFER = """\
  Transfer:
    key: hash
    owner: {caller: true}
    fields: {"hash, wallet, memo, amount": [{see: [owner]}]}
operations:
  getTransfer: {params: {hash: Transfer.hash}}
"""


@pytest.mark.parametrize("leak", [False, True])
def test_what_two_are_shown_as_their_own_under_one_key_proves_nothing_between_them(
    tmp_path: Path, leak: bool
) -> None:
    """A transfer is a row of each of its two parties, with the same hash and memo. Cat is no party:
    what she is shown of it is proof."""
    parties = {"3f9c1b77d0": ("ann", "bob"), "a81e55c2f4": ("cat", "")}

    def row(who: str, hash: str) -> dict[str, Any]:
        amount = 4200 if who == parties[hash][0] else -4200
        memo = f"rent of {parties[hash][0]} for May"
        return {"hash": hash, "wallet": f"w-{who}-771", "memo": memo, "amount": amount}

    def mine(who: str) -> Any:
        return [row(who, hash) for hash, of in parties.items() if who in of] if who else 401

    def one(who: str, hash: str) -> Any:
        if not who or hash not in parties:
            return 404
        if who in parties[hash]:
            return row(who, hash)
        return row(parties[hash][0], hash) if leak else 404

    shape = schema("Transfer", hash="string", wallet="string", memo="string", amount="integer")
    paths = path("/transfers", "listTransfers", "Transfer", many=True)
    paths += path("/transfers/{hash}", "getTransfer", "Transfer")
    api = Api({"/transfers": mine, "/transfers/([^/]+)": one})
    run = told(tmp_path, shape, paths, TRANSFER, api)
    assert (("Transfer.memo", "member") in run.proven) == leak
    assert run.code is not ExitCode.CLEAN
    if not leak:
        assert run.proven == set()
        found = run.finding("Transfer.memo", "member")
        assert any("bob is shown one of this key as their own" in each for each in found.doubts)
        assert any("another `key:`" in each for each in run.report.distrust)


# ------------------------------------------------------- a member that only looks like the one

HOLDERS = """\
  Share: {key: id, owner: by, fields: {"id, by, holder.id, word": [{see: [owner, holder]}]}}
  Pass: {key: id, owner: holder, fields: {"id, holder, code": [{see: [owner]}]}}
operations:
  getShare: {params: {shareId: Share.id}}
  getPass: {params: {passId: Pass.id}}
"""
HOLDING = verdicts.RELATIONS.replace(
    "owner: {is: owner}", "owner: {is: owner}, holder: {field: holder.id}"
)


def test_nobody_is_closed_out_as_whom_no_object_of_that_kind_can_name(tmp_path: Path) -> None:
    """A share names its holder in `holder.id`, a pass its owner in `holder`, so nobody is `holder`
    to a pass."""
    shares = {"s-1": {"id": "s-1", "by": "u-4101", "holder": {"id": "u-4102"}, "word": "tree-91x"}}
    passes = {f"p-{id[-1]}": {"id": f"p-{id[-1]}", "holder": id, "code": f"k7{id}"}
              for id in NAMES.values()}  # fmt: skip

    def listed(who: str) -> Any:
        id = NAMES.get(who)
        return [e for e in shares.values() if id in (e["by"], e["holder"]["id"])] if id else 401

    def share(who: str, id: str) -> Any:
        return next((e for e in listed(who) if e["id"] == id), 404) if who else 401

    def mine(who: str) -> Any:
        return [e for e in passes.values() if e["holder"] == NAMES[who]] if who else 401

    def one(who: str, id: str) -> Any:
        return next((e for e in mine(who) if e["id"] == id), 404) if who else 401

    shapes = schema("Pass", id="string", holder="string", code="string")
    shapes += "    Share: {type: object, properties: {id: {type: string}, by: {type: string},"
    shapes += " word: {type: string}, holder: {type: object, properties: {id: {type: string}}}}}\n"
    paths = path("/shares", "listShares", "Share", many=True)
    paths += path("/shares/{shareId}", "getShare", "Share")
    paths += path("/passes", "listPasses", "Pass", many=True)
    paths += path("/passes/{passId}", "getPass", "Pass")
    api = Api({
        "/shares": listed, "/shares/([^/]+)": share, "/passes": mine, "/passes/([^/]+)": one,
    })  # fmt: skip
    run = told(tmp_path, shapes, paths, HOLDERS, api, relations=HOLDING)
    assert run.report.findings == ()
    assert "closed" not in run.results("Pass.code", "holder")
    assert run.results("Pass.code", "member", "/passes/{passId}") == {"closed"}
    assert "open" in run.results("Share.word", "holder")
