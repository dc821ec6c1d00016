"""APIs that answer writes oddly: nothing that is not the run's own is touched, what stays behind is
told, and what comes by chance is no finding."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from oakum.finding import Report
from oakum.scan.replay_result import ReplayVerdict, replay
from oakum.scan.run import Scan
from oakum_catalogue import entries
from oakum_catalogue.kit import Entry
from tests.catalogue.play import hasty, options_of, serving
from tests.scan import gym, notebook

pytestmark = pytest.mark.server

Change = Callable[[str, str, int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]
"""Method, path, status, headers and body of an answer → what is answered in its place."""


class Odd:
    """An app whose answers are changed on their way; what was asked stands in `asked`."""

    def __init__(self, inner: Any, change: Change) -> None:
        self.inner, self.change = inner, change
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        self.asked.append((scope["method"], scope["raw_path"].decode()))
        await self.inner(scope, receive, keep)
        head = {k.decode(): v.decode() for k, v in sent[0]["headers"] if k != b"content-length"}
        body = b"".join(each.get("body", b"") for each in sent[1:])
        asked = scope["method"], scope["path"]
        status, head, body = self.change(*asked, sent[0]["status"], head, body)
        await Response(body, status, head)(scope, receive, send)


def scan(made: Entry, app: Any, folder: Path) -> Report:
    policy = made.write(folder, 1)
    with serving(app) as target:
        return Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()


def deleted(app: Odd) -> set[str]:
    return {path for method, path in app.asked if method == "DELETE"}


# --------------------------------------------------------------------------- objects


def theirs(book: notebook.Notebook) -> str:
    """A note that was there before."""
    return next(ref for ref, note in book.notes.items() if note["title"] == "what uta knows")


@pytest.mark.parametrize("form", ["location", "another", "parent"])
def test_a_key_that_is_another_objects_is_not_taken_away(form: str, tmp_path: Path) -> None:
    made, book = notebook.entry(())
    before = copy.deepcopy(book.notes)
    other = theirs(book)

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if method == "POST" and form == "location":
            head = {"location": f"https://elsewhere.example/notes/{other}"}
        elif method == "POST":
            titles = [{"title": note["title"]} for note in book.notes.values()]
            said = (
                {"previous": {"ref": other}} if form == "another" else {"ref": other, "of": titles}
            )
            head, body = {"content-type": "application/json"}, json.dumps(said).encode()
        return status, head, body

    app = Odd(book.app(), change)
    report = scan(made, app, tmp_path)
    assert f"/notes/{other}" not in deleted(app)
    assert (book.notes, report.distrust) == (before, ())


@pytest.mark.parametrize("key", ["", ".", "..", "../people/7?x#y", None, {"a": 1}], ids=str)
def test_a_key_that_names_no_one_object_is_not_taken_away(key: Any, tmp_path: Path) -> None:
    made, book = notebook.entry(())

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if method == "POST":
            head = {}
        if (method, path, status) == ("GET", "/notes", 200):
            said = json.loads(body)
            for each in said["data"]:
                each["ref"] = key if "oakum" in each["title"] else each["ref"]
            body = json.dumps(said).encode()
        return status, head, body

    app = Odd(book.app(), change)
    report = scan(made, app, tmp_path)
    assert not deleted(app)
    assert all("could not be undone" in words for words in report.distrust)
    assert report.distrust


def test_what_was_taken_and_never_shown_is_told(tmp_path: Path) -> None:
    made, book = notebook.entry(())
    before = len(book.notes)

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if method == "POST":
            head = {}
        if (method, path, status) == ("GET", "/notes", 200):
            said = json.loads(body)
            body = json.dumps({"data": said["data"][:1]}).encode()
        return status, head, body

    report = scan(made, Odd(book.app(), change), tmp_path)
    assert len(book.notes) == before + 1  # what cannot be found again is made once
    assert sum("could not be undone" in words for words in report.distrust) == 1
    assert any("no response shows it, and it was accepted" in w for w in report.distrust)


def test_what_a_server_error_may_have_made_is_told_where_no_list_shows_it(tmp_path: Path) -> None:
    made, book = notebook.entry(())
    before = len(book.notes)

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if (method, path) == ("POST", "/notes"):
            return 500, {}, b""
        if (method, path, status) == ("GET", "/notes", 200):
            rows = [each for each in json.loads(body)["data"] if "oakum" not in each["title"]]
            body = json.dumps({"data": rows}).encode()
        return status, head, body

    report = scan(made, Odd(book.app(), change), tmp_path)
    assert len(book.notes) > before
    assert any("if it exists anyway" in note for note in report.notes)


def test_what_is_gone_when_it_was_read_was_taken_away_by_nobody(tmp_path: Path) -> None:
    made, book = notebook.entry(())

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        ref = path.removeprefix("/notes/")
        if method == "GET" and "oakum" in book.notes.get(ref, {}).get("title", ""):
            del book.notes[ref]
        return status, head, body

    assert not scan(made, Odd(book.app(), change), tmp_path).findings


def test_what_cannot_be_seen_for_a_while_was_taken_away_by_nobody(tmp_path: Path) -> None:
    made, book = notebook.entry(())
    last = [""]

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        last[0] = method if method in ("POST", "DELETE") else last[0]
        broken = method == "GET" and last[0] == "DELETE"
        return (500, {}, b"") if broken else (status, head, body)

    assert not scan(made, Odd(book.app(), change), tmp_path).findings


def test_what_the_first_of_a_kind_has_was_not_asked_for(tmp_path: Path) -> None:
    made, book = notebook.entry(())
    document = made.document.replace(
        "        made:", "        first: {type: boolean}\n        made:"
    )
    exposure = made.exposure.replace("writer, made,", "writer, made, first,")
    kept, many = book.keep, [0]

    def keep(who: str, said: dict[str, Any]) -> str:
        ref = kept(who, said)
        many[0] += 1
        book.notes[ref]["first"] = many[0] == 1
        return ref

    book.keep = keep  # type: ignore[method-assign]
    for note in book.notes.values():
        note["first"] = True
    made = replace(made, document=document, exposure=exposure)
    report = scan(made, book.app(), tmp_path)
    assert many[0] > 2
    assert not report.findings


# --------------------------------------------------------------------------- accounts


def test_a_new_account_that_is_told_anothers_key_changes_nothing_of_that_one(
    tmp_path: Path,
) -> None:
    made, place = gym.entry(("password",))
    before = copy.deepcopy(place.people)

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        said = json.loads(body) if path == "/me" and status == 200 else {}
        if said.get("name", "").startswith("oakum"):
            body = json.dumps({"name": "ole-2", "nick": said["name"], "staff": False}).encode()
        return status, head, body

    app = Odd(place.app(), change)
    scan(made, app, tmp_path)
    assert {name: place.people[name] for name in before} == before
    assert "/people/ole-2" not in deleted(app)


def test_an_account_that_a_server_error_hides_is_removed(tmp_path: Path) -> None:
    made, place = gym.entry(())
    before = set(place.people)

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        return 500 if path == "/people/register" and status == 201 else status, head, body

    app = Odd(place.app(), change)
    scan(made, app, tmp_path)
    assert deleted(app)
    assert set(place.people) == before


def test_accounts_that_cannot_log_in_yet_are_told(tmp_path: Path) -> None:
    made, place = gym.entry(())
    known = place.login

    async def login(request: Request) -> Response:
        if str((await request.json()).get("name")).startswith("oakum"):
            return JSONResponse({"error": "confirm your address first"}, 403)
        return await known(request)

    place.login = login  # type: ignore[method-assign]
    report = scan(made, place.app(), tmp_path)
    left = {name for name in place.people if name.startswith("oakum")}
    assert left
    assert all(any(name in words for words in report.distrust) for name in left)


def test_a_flag_that_comes_and_goes_was_not_asked_for(tmp_path: Path) -> None:
    made, place = gym.entry(())
    known, many = place.register, [0]

    async def register(request: Request) -> Response:
        answer = await known(request)
        name = (await request.json())["name"]
        if name in place.people:
            many[0] += 1
            place.people[name]["staff"] = many[0] % 3 == 2
        return answer

    place.register = register  # type: ignore[method-assign]
    report = scan(made, place.app(), tmp_path)
    assert many[0] > 3
    assert not {each.rule for each in report.findings} & {"mass-assignment"}


def test_a_brake_that_could_not_be_tried_is_not_said_to_be_there(tmp_path: Path) -> None:
    made, place = gym.entry(("guess",))
    shut: list[bool] = []

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        refused = shut and path == "/people/register"
        return (403 if refused else status), head, body

    app: Any = Odd(place.app(), change)
    policy = made.write(tmp_path, 1)
    with serving(app) as target:
        options = options_of(made, policy, target)
        report = Scan(options, lambda event: None, sleep=hasty).report()
        (found,) = (each for each in report.findings if each.rule == "no-login-rate-limit")
        open_still = replay(report, found, options, lambda event: None)
        shut.append(True)
        unknown = replay(report, found, options, lambda event: None)
    assert open_still.verdict is ReplayVerdict.STILL_OPEN
    assert unknown.verdict is ReplayVerdict.UNTESTED


def test_what_was_made_and_said_to_be_refused_is_taken_away(tmp_path: Path) -> None:
    """Answered 404, kept all the same, and not on the first page."""
    made, book = notebook.entry(())
    before = copy.deepcopy(book.notes)
    hidden = {"left": 3}

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if method == "POST":
            return 404, {}, b""
        if (method, path, status) == ("GET", "/notes", 200) and hidden["left"]:
            rows = [each for each in json.loads(body)["data"] if "oakum" not in each["title"]]
            hidden["left"] -= len(rows) != len(json.loads(body)["data"])
            body = json.dumps({"data": rows}).encode()
        return status, head, body

    report = scan(made, Odd(book.app(), change), tmp_path)
    assert book.notes == before or report.writes.left


def test_a_key_that_the_answer_of_a_creation_makes_up_is_not_taken_away(tmp_path: Path) -> None:
    """The mark stands right beside another's key: only the endpoint to it knows better."""
    made, book = notebook.entry(())
    before = copy.deepcopy(book.notes)
    other = theirs(book)

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if method == "POST":
            titles = [n["title"] for n in book.notes.values() if "oakum" in n["title"]]
            said = {"ref": other, "title": titles[-1]}
            head, body = {"content-type": "application/json"}, json.dumps(said).encode()
        return status, head, body

    app = Odd(book.app(), change)
    report = scan(made, app, tmp_path)
    assert f"/notes/{other}" not in deleted(app)
    assert (book.notes, report.distrust) == (before, ())


def test_what_an_api_stamps_at_a_write_is_named_and_no_reason_for_distrust(tmp_path: Path) -> None:
    made = replace(entries()["p12-wardens"], options=("--allow-writes",))
    app = made.app("fixed", 1)
    guests = app.state.db["guests"]
    for each in guests.values():
        each["updated_at"] = "2024-01-01T00:00:00Z"

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if (method, path) == ("PATCH", "/me"):
            for each in guests.values():
                each["updated_at"] = "2026-02-02T00:00:00Z"
        return status, head, body

    report = scan(made, Odd(app, change), tmp_path)
    assert report.distrust == ()
    assert any("itself on each write" in each for each in report.writes.left)
    (said,) = (each for each in report.notes if each.startswith("wrote to "))
    assert "`Guest`)" in said and "is not restored" in said


def test_stamps_and_counters_that_a_trial_could_send_are_no_reason_for_distrust(
    tmp_path: Path,
) -> None:
    """Epochs, versions and dates that the document declares, so that they might be tried."""
    plain = entries()["p12-wardens"]
    moving = {"changed": 1_700_000_000, "lock_version": 4, "logged_in_on": "2024/01/01 10:00"}
    kinds = {"changed": "integer", "lock_version": "integer", "logged_in_on": "string"}
    more = "".join(f"        {name}: {{type: {kinds[name]}}}\n" for name in moving)
    made = replace(
        plain,
        document=plain.document.replace("        locker: {type: integer}\n", more),
        exposure=plain.exposure.replace("suspended, locker:", f"suspended, {', '.join(moving)}:"),
        options=("--allow-writes",),
    )
    app = made.app("fixed", 1)
    guests = app.state.db["guests"]
    for each in guests.values():
        each |= moving

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        for each in guests.values() if (method, path) == ("PATCH", "/me") else ():
            each["changed"] += 1000
            each["lock_version"] += 1
            each["logged_in_on"] = "2026/02/02 10:00"
        return status, head, body

    report = scan(made, Odd(app, change), tmp_path)
    assert report.distrust == ()
    assert {each.field for each in report.findings}.isdisjoint(moving)
    told = "\n".join(report.writes.left)
    assert all(name in told for name in moving)


def test_a_put_that_replaces_what_nobody_is_shown_is_not_sent(tmp_path: Path) -> None:
    made = entries()["p12-wardens"]
    hidden = made.document.replace(
        "        motto: {type: string}\n",
        "        motto: {type: string}\n        bio: {type: string}\n",
    )
    put = hidden.replace(
        "    patch:\n      operationId: changeMe\n", "    put:\n      operationId: changeMe\n"
    )
    put = put.replace(
        '{application/x-www-form-urlencoded: {schema: {$ref: "#/components/schemas/GuestForm"}}}',
        '{application/json: {schema: {$ref: "#/components/schemas/Guest"}}}',
    )
    app = Odd(made.app("fixed", 1), lambda method, path, *answer: answer)
    report = scan(replace(made, document=put), app, tmp_path)
    assert ("PUT", "/me") not in app.asked
    assert any("`bio` is shown nowhere" in note for note in report.notes)
