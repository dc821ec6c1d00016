"""A search for one that gives everybody: by which questions, and what stays a search for one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import patch

import pytest

from oakum.exchange import Response
from oakum.exposure.endpoints.probes import survey
from oakum.scan.limits import Permissions
from oakum.scan.technique import Prospect
from oakum.scan.techniques import bulk_exposure
from tests.unit.scan.techniques import members
from tests.unit.scan.techniques.members import Members, Played, model, reply

LEAKS = {(field, "member", "proven") for field in ("id", "name", "mail")}


def query(name: str, schema: str = "{type: string}", *, required: bool = True) -> str:
    word = "true" if required else "false"
    return f"parameters: [{{name: {name}, in: query, required: {word}, schema: {schema}}}]"


def body(properties: str, required: str = "[]") -> str:
    schema = f"{{type: object, required: {required}, properties: {properties}}}"
    return f"requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}"


NAME = (query("name"), "{name: Member.name}")
MAIL = (query("mail"), "{mail: Member.mail}")
TERM = (query("q"), "{}")
FILTER = (query("name", required=False), "{}")
POSTED = (body("{name: {type: string}, max: {type: integer}}"), "{name: Member.name}")
PHRASE = (body("{phrase: {type: string}, kind: {enum: [all]}}", "[phrase, kind]"), "{}")
NESTED = (body("{criteria: {type: object, properties: {name: {type: string}}}}"), "{}")
BRACKETS = (query("'filter[mail]'", required=False), "{}")
SEARCHES = (NAME, MAIL, TERM, FILTER, POSTED, PHRASE, NESTED, BRACKETS)


def term(sent: Any) -> str:
    """What is searched for, beside the `kind` of search."""
    found = next((value for name, value in sent.items() if name != "kind"), "")
    return term(found) if isinstance(found, dict) else str(found)


class Wild(Members):
    """Whatever is a pattern is another query, which leaves out nobody."""

    signs = "*"

    def findMembers(self, viewer: str, sent: Any) -> Response:
        asked = term(sent)
        if not any(sign in asked for sign in self.signs):
            return super().findMembers(viewer, sent)
        pattern = asked.replace("%", "*")
        fits = [e for e in self.rows if any(fnmatchcase(str(v), pattern) for v in e.values())]
        return self.told(viewer, fits, sent)


class Percent(Wild):
    signs = "%"


class Empty(Members):
    """Nothing asked for is everything."""

    def findMembers(self, viewer: str, sent: Any) -> Response:
        if sent and not term(sent):
            return self.told(viewer, self.rows, sent)
        return super().findMembers(viewer, sent)


class Beginning(Members):
    """A beginning of at least three characters is enough."""

    def fits(self, row: Any, sent: Any) -> bool:
        return len(term(sent)) > 2 and any(str(v).startswith(term(sent)) for v in row.values())

    def findMembers(self, viewer: str, sent: Any) -> Response:
        return self.told(viewer, [each for each in self.rows if self.fits(each, sent)], sent)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("way", [Wild, Percent])
def test_a_search_for_a_sign_finds_everybody(way: type[Members], search: tuple[str, str]) -> None:
    played = Played(way(), *search)
    assert played.told == LEAKS
    assert all(each.split()[1].startswith("/members") for each in played.endpoints)


@pytest.mark.parametrize("search", [NAME, MAIL, TERM, POSTED])
def test_a_search_for_nothing_finds_everybody(search: tuple[str, str]) -> None:
    assert Played(Empty(), *search).told == LEAKS


@pytest.mark.parametrize("search", [NAME, MAIL, TERM, PHRASE, NESTED])
def test_a_search_for_a_beginning_finds_who_is_not_listed(search: tuple[str, str]) -> None:
    played = Played(Beginning(), *search)
    assert played.told == LEAKS
    text = repr(played.findings)
    assert not any(word in text for word in ("harbour.example", "=eve", "=ann", "=bob"))
    assert any("$EVE_MEMBER_" in endpoint for endpoint in played.endpoints)


def test_a_search_for_all_of_a_host_finds_everybody() -> None:
    class Hosts(Wild):
        def findMembers(self, viewer: str, sent: Any) -> Response:
            if term(sent) in ("*", "%", ""):
                return reply({"error": "whom do you look for?"}, 422)
            return super().findMembers(viewer, sent)

    played = Played(Hosts(), *MAIL)
    assert played.told == LEAKS
    assert played.endpoints == {"GET /members?mail=*@$EVE_MEMBER_MAIL_HOST"}
    assert "harbour" not in repr(played.findings)


class Exact(Members):
    """Who is not listed is left out of nothing."""

    def findMembers(self, viewer: str, sent: Any) -> Response:
        return self.told(viewer, [each for each in self.rows if self.fits(each, sent)], sent)


def test_the_documented_question_is_asked_about_each_identity() -> None:
    played = Played(Exact(), *NAME)
    assert played.told == LEAKS
    assert played.endpoints == {"GET /members"}


class Bare(Members):
    """Hits that the document does not describe hold an address, of who is not listed too."""

    everybody = True

    def findMembers(self, viewer: str, sent: Any) -> Response:
        rows = [e for e in self.rows if self.fits(e, sent) and (self.everybody or e["listed"])]
        return reply({"hits": [{"to": each["mail"]} for each in rows]})


class BareAndRight(Bare):
    everybody = False


@pytest.mark.parametrize(
    ("kind", "told"), [(Bare, {("mail", "member", "proven")}), (BareAndRight, set())]
)
def test_a_search_whose_answer_declares_nobody_is_asked_about_each_identity_as_well(
    kind: type[Members], told: set[tuple[str, str, str]]
) -> None:
    bare = members.DOCUMENT.replace(
        'items: {$ref: "#/components/schemas/Member"}}', "items: {type: object}}"
    )
    model.cache_clear()
    try:
        with patch.object(members, "DOCUMENT", bare):
            found = Played(kind(), *NAME)
    finally:
        model.cache_clear()
    assert found.told == told


@pytest.mark.parametrize("search", [FILTER, TERM, PHRASE, NESTED, BRACKETS])
def test_what_has_no_source_is_asked_for_somebodys_own_text(search: tuple[str, str]) -> None:
    assert Played(Exact(), *search).told == LEAKS


@pytest.mark.parametrize("form", ["each", "commas"])
@pytest.mark.parametrize("schema", ["{type: array, items: {type: string}}", "{type: string}"])
@pytest.mark.parametrize("params", ["{ids: Member.id}", "{}"])
def test_ids_of_many_in_the_query(form: str, schema: str, params: str) -> None:
    class Batch(Members):
        def findMembers(self, viewer: str, sent: Any) -> Response:
            asked = sent.get("ids")
            many = asked if isinstance(asked, list) else str(asked).split(",")
            if (form == "each") is not isinstance(asked, list) or len(many) < 2:
                return super().findMembers(viewer, sent)
            return self.told(viewer, [each for each in self.rows if each["id"] in many], sent)

    assert Played(Batch(), query("ids", schema), params).told == LEAKS


@pytest.mark.parametrize("params", ["{memberIds: Member.id}", "{}"])
def test_ids_of_many_in_the_body(params: str) -> None:
    class Batch(Members):
        def findMembers(self, viewer: str, sent: Any) -> Response:
            many = sent.get("memberIds") or []
            rows = [each for each in self.rows if each["id"] in many]
            return self.told(viewer, rows, sent)

    listed = "{memberIds: {type: array, items: {type: string}}}"
    assert Played(Batch(), body(listed, "[memberIds]"), params).told == LEAKS


@pytest.mark.parametrize("search", [*SEARCHES, (query("ids"), "{ids: Member.id}")])
def test_a_search_for_one_is_clean_and_cheap(search: tuple[str, str]) -> None:
    members = Members()
    played = Played(members, *search)
    assert played.told == set()
    assert len(members.asked) <= 30


TOGETHER = (
    (body("{q: {type: string}, member: {type: string}}"), "{member: Member.id}"),
    (
        "parameters: [{name: q, in: query, schema: {type: string}}, {name: member, in: query,"
        " required: true, schema: {type: string}}]",
        "{member: Member.id}",
    ),
)


@pytest.mark.parametrize("search", TOGETHER)
@pytest.mark.parametrize("leaks", [True, False])
def test_a_term_that_puts_out_the_owner_beside_it_finds_everybody(
    leaks: bool, search: tuple[str, str]
) -> None:
    """Alone each of the two is right: only together they are another query."""

    class Either(Members):
        def findMembers(self, viewer: str, sent: Any) -> Response:
            both = leaks and sent.get("q") and sent.get("member")
            rows = self.rows if both else [e for e in self.rows if e["id"] == sent.get("member")]
            mine = self.row(viewer)
            return self.told(viewer, [e for e in rows if both or e is mine], sent)

    members = Either()
    played = Played(members, *search)
    assert played.told == (LEAKS if leaks else set())
    assert len(members.asked) <= 40


def test_a_sign_that_finds_who_is_listed_is_no_leak() -> None:
    class Fair(Wild):
        def told(self, viewer: str, rows: list[Any], sent: Any) -> Response:
            mine = self.row(viewer)
            return super().told(viewer, [e for e in rows if e["listed"] or e is mine], sent)

    for search in SEARCHES:
        assert Played(Fair(), *search).told == set()


def test_what_may_be_asked_is_foreseen() -> None:
    for request, params in (NAME, POSTED, (query("ids"), "{ids: Member.id}")):
        known = model(request, params)
        probes, _ = survey(known, {})
        (line,) = [*bulk_exposure.foresee(Prospect(known, tuple(probes), Permissions()))][:1]
        assert "/members" in line["request"]
