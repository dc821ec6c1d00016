"""What an API says in the wrong place is neither written down, nor followed, nor tripped over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from oakum.errors import InputError
from oakum.finding import Report, Result
from oakum.report import json_document
from oakum.scan.context import Event
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum_catalogue.kit import Entry
from tests.catalogue.play import hasty, options_of, serving
from tests.scan import club, gym, notebook
from tests.scan.test_odd_writes import Odd

pytestmark = pytest.mark.server


def test_one_object_for_a_declared_list_is_judged_and_told(tmp_path: Path) -> None:
    made, place = gym.entry(())
    one, many = (
        'responses: {"200": {$ref: "#/components/responses/Person"}}',
        """\
responses:
        "200":
          description: people
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Person"}}""",
    )
    head, sep, rest = made.document.partition("operationId: person")
    made = replace(made, document=head + sep + rest.replace(one, many, 1), options=())
    with serving(place.app()) as target:
        policy = made.write(tmp_path, 1)
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    assert any("GET /people/{name} sent one object where" in note for note in report.notes)
    endpoints = {cell.endpoint.path for cell in report.cells if cell.result is Result.OPEN}
    assert "/people/{name}" in endpoints


MAIL = "mum-of-ann@secret.example"


def scan(made: Entry, app: Any, folder: Path, **more: Any) -> tuple[Report, str]:
    """The report, and all that is written: report, journal, events."""
    policy = made.write(folder, 1)
    events: list[Event] = []
    with serving(app) as target:
        options: Options = replace(
            options_of(made, policy, target), journal=folder / "journal", **more
        )
        report = Scan(options, events.append, sleep=hasty).report()
    told = [str(each.data) for each in events if "outcome" not in each.data]
    return report, "\n".join(
        [json_document.render(report).decode(), (folder / "journal").read_text(), *told]
    )


def club_entry(api: club.Club, document: str = club.DOCUMENT) -> Entry:
    return Entry(
        "club", "P11", "", "", document, club.EXPOSURE, lambda _: club.IDENTITIES,
        lambda mode, seed: api.app, (), (), ("--allow-own-settings",),
    )  # fmt: skip


# --------------------------------------------------------------------------- not written down


def test_a_key_that_is_somebodys_address_is_no_name_of_a_field(tmp_path: Path) -> None:
    made, place = gym.entry(())
    edit = """    patch:
      operationId: edit
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}
      responses: {"204": {description: set}}
    delete:
      operationId: goodbye
"""
    document = made.document.replace("    delete:\n      operationId: goodbye\n", edit)
    for person in place.people.values():
        person[MAIL] = True
    shown = place.view

    def view(row: dict[str, Any], me: str) -> dict[str, Any]:
        extra = {MAIL: row[MAIL]} if row["name"] == me and MAIL in row else {}
        return {**shown(row, me), **extra}

    async def edited(request: Request) -> Response:
        if not (me := place.whose(request)):
            return Response(status_code=401)
        place.people[me].update(await request.json())
        return Response(status_code=204)

    place.view = view  # type: ignore[method-assign]
    app = place.app()
    app.router.routes.insert(0, Route("/people/{name}", edited, methods=["PATCH"]))
    report, written = scan(replace(made, document=document), app, tmp_path)
    assert any(each.rule == "mass-assignment" for each in report.findings)
    assert MAIL not in written


def test_settings_that_change_by_themselves_are_told_by_declared_names(tmp_path: Path) -> None:
    api = club.Club(())
    shown = api.view
    for row in api.rows.values():
        row[MAIL] = 1

    last: dict[str, Any] = {}

    def view(id: str, me: str, **more: Any) -> Any:
        found = shown(id, me, **more)
        if id == me:
            now = {name: value for name, value in api.rows[id].items() if name != MAIL}
            api.rows[id][MAIL] += last.get(id, now) != now  # counts its writes
            last[id] = now
            found[MAIL] = api.rows[id][MAIL]
        return found

    api.view = view  # type: ignore[method-assign]
    report, written = scan(club_entry(api), api.app, tmp_path)
    assert any("`‹key›`" in words for words in report.distrust)
    assert MAIL not in written


def test_without_a_secret_to_seal_it_nothing_is_entrusted_to_a_journal(tmp_path: Path) -> None:
    made, book = notebook.entry(("thrown",))
    lines = "".join(
        f"  {who}: {{command: [echo, {token}], send: 'Authorization: Bearer $token'}}\n"
        for who, token in notebook.TOKENS.items()
    )
    made = replace(made, identities=lambda _: f"identities:\n{lines}")
    report, written = scan(made, book.app(), tmp_path)
    assert book.removed == 0
    assert "sealed:" not in written
    assert any("no journal was written" in words for words in report.notes)


def test_a_journal_takes_no_other_files_place(tmp_path: Path) -> None:
    made, book = notebook.entry(())
    policy = made.write(tmp_path, 1)
    before = (tmp_path / "identities.yaml").read_bytes()
    with serving(book.app()) as target:
        options = replace(options_of(made, policy, target), journal=tmp_path / "identities.yaml")
        with pytest.raises(InputError, match="is not a journal of Oakum"):
            Scan(options, lambda event: None, sleep=hasty).report()
    assert (tmp_path / "identities.yaml").read_bytes() == before


# --------------------------------------------------------------------------- not followed


def test_of_links_only_those_that_read_are_followed_and_what_they_name_is_not_written(
    tmp_path: Path,
) -> None:
    api = club.Club(())
    links = {
        "out": "/logout?t=1", "gone": "/members/a-4711/delete",
        "photo": "/photos/ann.smith@secret.example/of/annsmith",
        "file": "/files/abcdef0123456789secret/x.pdf?sig=zzz",
    }  # fmt: skip

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if (method, status) == ("GET", 200) and path.startswith("/members/"):
            body = json.dumps({**json.loads(body), "links": links}).encode()
        return status, head, body

    app = Odd(api.app, change)
    document = club.DOCUMENT.replace("  /news:\n", "  /none:\n").replace("  /log:\n", "  /no:\n")
    _, written = scan(club_entry(api, document), app, tmp_path)
    asked = {path for _, path in app.asked}
    assert {"/files/abcdef0123456789secret/x.pdf"} <= asked
    assert not {"/logout", "/members/a-4711/delete"} & asked
    assert not any(word in written for word in ("annsmith", "ann.smith", "abcdef0123", "sig=zzz"))


# --------------------------------------------------------------------------- not tripped over


@pytest.mark.parametrize("said", ["http://[bad", "http://127.0.0.1:99999999/x", "http://[::1"])
def test_an_address_that_is_none_ends_no_run(said: str, tmp_path: Path) -> None:
    made, book = notebook.entry(("thrown",))

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if (method, status) == ("GET", 200) and path.startswith("/notes"):
            whole = json.loads(body)
            for each in whole.get("data", [whole]):
                each["next"] = said
            body = json.dumps(whole).encode()
        return status, head, body

    page = f'<script>fetch("{said}")</script><script src="{said}/a.js"></script>'
    inner = book.app()
    inner.router.routes.append(Route("/front", lambda _: Response(page, media_type="text/html")))
    made = replace(made, options=("--allow-writes", "--front-end", "{target}/front"))
    report, _ = scan(made, Odd(inner, change), tmp_path)
    assert any(each.rule == "bola-write" for each in report.findings)
    assert not report.distrust


@pytest.mark.parametrize("score", ["41111111111111111111", "nan", "1e999", 2**62], ids=str)
def test_a_number_that_is_none_is_changed_and_put_back(score: Any, tmp_path: Path) -> None:
    api = club.Club(())
    kind = "integer" if isinstance(score, int) else "string"
    document = club.DOCUMENT.replace("score: {type: integer}", f"score: {{type: {kind}}}")
    for row in api.rows.values():
        row["score"] = score
    report, _ = scan(club_entry(api, document), api.app, tmp_path)
    assert not report.distrust
    assert {row["score"] for row in api.rows.values()} == {score}
