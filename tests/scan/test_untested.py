"""What is said of cells of which nothing is known."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.finding import Result
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import IDENTITIES, NAMES, RELATIONS, Api, logged_in, path, schema, told

NOTE = """\
  Note:
    key: id
    owner: by
    fields: {"id, by, shared_with": [{see: [owner, shared]}], text: [{see: [owner]}]}
operations:
  listNotes: {params: {userId: Me.id}}
"""


def test_a_relation_that_objects_tell_is_missed_in_objects_and_not_in_identities(
    tmp_path: Path,
) -> None:
    notes = {id: {"id": f"n-{id}", "by": id, "shared_with": "", "text": f"text of {id}"}
             for id in NAMES.values()}  # fmt: skip

    def listed(who: str, id: str) -> Any:
        return [notes[id]] if NAMES.get(who) == id else []

    run = told(
        tmp_path, schema("Note", id="string", by="string", shared_with="string", text="string"),
        path("/users/{userId}/notes", "listNotes", "Note", many=True), NOTE,
        Api({"/users/([^/]+)/notes": listed}),
        relations=RELATIONS.replace("owner: {is", "shared: {field: shared_with}, owner: {is"),
    )  # fmt: skip
    reasons = {each.reason for each in run.report.cells if each.viewer == "shared"}
    assert any("no `Note` in any response names another identity in `shared_with`" in each
               for each in reasons), reasons  # fmt: skip
    assert not any("no identity is `shared`" in each for each in reasons)


def test_a_note_that_is_shared_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """`shared` was met at the private note; at the public one nobody was, and that is said."""
    notes = {
        f"n-{id}-{state}": {"id": f"n-{id}-{state}", "by": id, "open": state == "open",
                            "shared_with": "" if state == "open" else NAMES["bob"],
                            "text": f"text of {id} {state}"}
        for id in NAMES.values() for state in ("open", "shut")
    }  # fmt: skip

    def sees(who: str, note: Any) -> bool:
        named = (note["by"], note["shared_with"]) if note else ()
        return bool(who and note) and (note["open"] or NAMES[who] in named)

    run = told(
        tmp_path, schema("Note", id="string", by="string", shared_with="string", text="string",
                         open="boolean"),
        path("/notes", "listNotes", "Note", many=True)
        + path("/notes/{id}", "getNote", "Note"),
        NOTE.replace("    fields:", "    main: getNote\n    states: {open: {field: open,"
                     " open: true, missing: false}}\n    fields:")
        .replace("{see: [owner, shared]}],", "{see: [owner, shared]},"
                 " {see: [member], when: {open: true}}], open: [{see: [member]}],")
        .replace("text: [{see", "text: [{see: [shared], when: {open: false}}, {see")
        .replace("listNotes: {params: {userId: Me.id}}", "getNote: {params: {id: Note.id}}"),
        Api({
            "/notes": lambda who: [n for n in notes.values() if sees(who, n)] if who else 401,
            "/notes/(.+)": lambda who, id: notes[id] if sees(who, notes.get(id)) else 404,
        }),
        relations=RELATIONS.replace("owner: {is", "shared: {field: shared_with}, owner: {is"),
    )  # fmt: skip
    shared = [each for each in run.report.cells if each.viewer == "shared"]
    assert any(each.result is Result.OPEN for each in shared)
    untested = {each.reason for each in shared if each.result is Result.UNTESTED}
    assert untested, [(e.resource, e.field, e.state, e.result, e.granted) for e in shared]
    assert not any("names another identity" in each for each in untested), untested


def test_who_is_two_things_at_once_is_each_of_them(tmp_path: Path) -> None:
    """Nobody is `red` alone; but bob is, beside `blue`."""
    note = {"id": "n-1", "by": NAMES["ann"], "text": "text of ann's"}
    claims = {"bob": "colour: [red, blue]", "cat": "colour: [blue]"}
    lines = [
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778, claims: {{{claims.get(name, "")}}}}}'
        for name in NAMES
    ]
    run = told(
        tmp_path, schema("Note", id="string", by="string", text="string"),
        path("/notes", "listNotes", "Note", many=True),
        "  Note: {key: id, owner: by, fields: {'id, by': [{see: [owner, red, blue]}],"
        " text: [{see: [owner]}]}}\n",
        Api({"/notes": lambda who: [note] if who else 401}),
        "identities:\n" + "\n".join(lines) + "\n",
        relations=RELATIONS.replace(
            "owner: {is", "red: {claim: colour, has: red}, blue: {claim: colour, has: blue},"
            " green: {claim: colour, has: green}, owner: {is"
        ),
    )  # fmt: skip
    assert {each.viewer for each in run.report.cells} >= {"red+blue", "red"}
    unmet = [each for each in run.report.distrust if each.startswith("no identity is")]
    assert not any("`red`" in each for each in unmet), unmet
    reasons = {each.reason for each in run.report.cells if each.viewer == "red"}
    assert reasons == {"callers who are `red` were tested as `red+blue`"}


def test_who_is_something_for_want_of_another_relation_was_there(tmp_path: Path) -> None:
    """Everybody is `passer` whom nobody has blocked, and is asked as a member."""
    note = {"id": "n-1", "by": NAMES["ann"], "text": "text of ann's"}
    run = told(
        tmp_path, schema("Note", id="string", by="string", text="string", blocked_ids="string"),
        path("/notes", "listNotes", "Note", many=True),
        "  Note: {key: id, owner: by, fields: {'id, by, blocked_ids': [{see: [owner, passer]}],"
        " text: [{see: [owner]}]}}\n",
        Api({"/notes": lambda who: [note] if who else 401}),
        IDENTITIES + "between: [bob is blocked of ann]\n",
        relations=RELATIONS.replace(
            "owner: {is", "blocked: {field: blocked_ids}, passer: {unless: [blocked]}, owner: {is"
        ),
    )  # fmt: skip
    assert not [e for e in run.report.distrust if e.startswith("no identity is `passer`")]


@pytest.mark.parametrize("below", ["/me/card", "/cards"])
def test_nobody_is_staff_to_anothers_object_at_a_callers_own_endpoint(
    below: str, tmp_path: Path
) -> None:
    """Who-am-I and what stands below it speak of their caller alone; a list may speak of others."""
    cards = {
        id: {"id": id, "town": f"Port of {who}", "roles": ["wardens"] if who == "cat" else []}
        for who, id in NAMES.items()
    }

    def card(who: str, id: str) -> Any:
        if not who or id not in cards:
            return 404 if who else 401
        staff, own = who == "cat", NAMES[who] == id
        shown = {"id", *(("town",) if staff or own else ()), *(("roles",) if own else ())}
        return {name: value for name, value in cards[id].items() if name in shown}

    def own(who: str) -> Any:
        return card(who, NAMES[who]) if who else 401

    run = told(
        tmp_path, schema("Card", id="string", town="string", roles="array").replace(
            "array}", "array, items: {type: string}}"
        ),
        path(below, "getOwn", "Card", many=False) + path("/cards/{cardId}", "getCard", "Card"),
        "  Card: {key: id, owner: id, main: getCard, fields: {id: [{see: [member]}],"
        " town: [{see: [owner, staff]}], roles: [{see: [owner]}]}}\n"
        "operations:\n  getCard: {params: {cardId: Me.id}}\n",
        Api({below: own, "/cards/([^/]+)": card}),
        IDENTITIES.replace("key-of-cat-778}", "key-of-cat-778, claims: {groups: [wardens]}}"),
        relations=RELATIONS.replace(
            "owner: {is", "staff: {claim: groups, has: wardens}, owner: {is"
        ),
    )  # fmt: skip
    silent = [e for e in run.report.distrust if f"GET {below} is" in e and "`staff`" in e]
    assert bool(silent) is (below == "/cards"), run.report.distrust
    assert run.report.findings == ()


def test_what_shows_nothing_and_could_not_be_asked_is_named(tmp_path: Path) -> None:
    """A check that answers with a status, below something of which no id was seen."""
    check = (
        "  /teams/{team}/members/{name}:\n    get:\n      operationId: isMember\n"
        "      parameters: [{name: team, in: path, required: true, schema: {type: string}},"
        " {name: name, in: path, required: true, schema: {type: string}}]\n"
        '      responses: {"204": {description: they are}}\n'
    )
    run = told(
        tmp_path, schema("Note", id="string", by="string", text="string"),
        path("/notes", "listNotes", "Note", many=True) + check,
        NOTE.replace("listNotes: {params: {userId: Me.id}}", "listNotes: {}")
        .replace(", shared_with", "").replace(", shared]", "]"),
        Api({"/notes": lambda who: []}),
    )  # fmt: skip
    left = {each.endpoint.operation: each.reason for each in run.report.skipped}
    assert left["isMember"].startswith("no value for `team` is known"), left


def test_what_nobody_logged_in_is_shown_of_a_callers_own_is_not_closed(tmp_path: Path) -> None:
    """An endpoint of the caller's own answers nobody as it answers ann; nothing names an owner."""
    badges = {who: [{"id": f"b-{who}", "rank": f"rank-of-{who}-7781"}] for who in NAMES}
    policy = (
        '  Badge:\n    key: id\n    owner: {caller: true}\n'
        '    fields: {"id, rank": [{see: [owner]}]}\noperations:\n  listBadges: {}\n'
    )  # fmt: skip
    run = told(
        tmp_path, schema("Badge", id="string", rank="string"),
        path("/badges", "listBadges", "Badge", many=True), policy,
        Api({"/badges": lambda who: badges[who or "ann"]}),
    )  # fmt: skip
    found = {each.field: each for each in run.report.cells if each.viewer == "anyone"}
    assert found.keys() == {"id", "rank"}
    assert not [each for each in found.values() if each.result is Result.CLOSED], found


@pytest.mark.parametrize("blocked", [False, True])
def test_who_is_two_things_to_an_object_is_asked_as_each(blocked: bool, tmp_path: Path) -> None:
    """Bob is crew of ann, and ann's club names him: what he is shown he is shown as its mate."""
    club = {"id": "c-1", "by": NAMES["ann"], "mates": NAMES["bob"], "text": "text of the club"}
    sees = ("ann",) if blocked else ("ann", "bob")
    crew = path("/users/{userId}/crew", "listCrew", "Me", many=True)
    run = told(
        tmp_path, schema("Club", id="string", by="string", mates="string", text="string"),
        path("/clubs", "listClubs", "Club", many=True) + path("/clubs/{id}", "getClub", "Club")
        + crew,
        "  Club: {key: id, owner: by, fields: {'id, by, mates, text': [{see: [owner, mate]}]}}\n"
        "operations: {getClub: {params: {id: Club.id}}, listCrew: {params: {userId: Me.id}}}\n",
        Api({
            "/clubs": lambda who: [club] if who == "ann" else [] if who else 401,
            "/clubs/c-1": lambda who: club if who in sees else 404 if who else 401,
            "/users/([^/]+)/crew": lambda who, id: [{"id": NAMES["bob"]}] if who else 401,
        }),
        IDENTITIES + "between: [bob is crew of ann]\n",
        relations=RELATIONS.replace(
            "owner: {is", "mate: {field: mates}, crew: {in: listCrew, id: /*/id}, owner: {is"
        ),
    )  # fmt: skip
    item = [each for each in run.report.cells if each.endpoint.operation == "getClub"]
    results = {(each.viewer, each.result, each.granted) for each in item}
    assert ("crew", Result.OPEN, True) not in results
    if not blocked:
        assert ("mate", Result.OPEN, True) in results
        assert ("crew", Result.CLOSED, False) not in results  # what came to bob, came
        reasons = {each.reason for each in item if each.viewer == "crew"}
        assert reasons == {"callers who are `crew` were tested as `mate`"}
        assert run.code is ExitCode.CLEAN, run.report.distrust


@pytest.mark.parametrize("age", [5, 5000])
def test_times_of_the_last_minutes_are_said_to_be_looked_for_in_their_own_fields_alone(
    age: int, tmp_path: Path
) -> None:
    """An ETag of all lists is the time of a change of somebody's; any answer may hold the time."""
    changed = {id: int((time.time() - age) * 1000) + n for n, id in enumerate(NAMES.values())}

    @logged_in
    def api(who: str, call: Call) -> Reply:
        rows = [{"id": f"n-{NAMES[who]}", "by": NAMES[who], "changed": changed[NAMES[who]]}]
        return Reply(200, rows)

    policy = """\
  Note: {key: id, owner: by, fields: {"id, by, changed": [{see: [owner]}]}}
"""
    shape = schema("Note", id="string", by="string", changed="integer")
    run = told(tmp_path, shape, path("/notes", "listNotes", "Note", many=True), policy, api)
    said = [each for each in run.report.notes if "times of the last minutes" in each]
    assert bool(said) == (age < 300)
    assert not said or "`Note.changed`" in said[0]
