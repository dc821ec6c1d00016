"""Links and cursors of an answer: those that lead back to the target, and no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz.judgement import Judgement
from oakum.exchange import Response
from oakum.exposure.finding_evidence import Question
from oakum.exposure.json_depth import DEEPEST
from oakum.exposure.response_reader import ResponseReader, json_in
from oakum.http.origin import origin_of
from oakum.openapi.model import Parameter
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.evaluation.links_after_access_ends import LastingLink, cursor_parameter, gather
from oakum.scan.evaluation.ownership import KnownInstances
from tests.unit.scan.studio import TARGET, probe, reply

LAW = settings(max_examples=60, deadline=None)
NAMES = ("next", "nextCursor", "page_token", "self", "avatar", "bio", "continuation", "total")
TEXTS = (
    st.text(max_size=30)
    | st.builds("{}{}".format, st.sampled_from(["/", "//", TARGET, f"{TARGET}/", "http://"]),
                st.text("/a.:@[]? \\", max_size=12))
    | st.builds(f"{TARGET}/{{}}".format, st.text("abc/", max_size=8))
)  # fmt: skip
ANSWERS = st.recursive(
    TEXTS | st.integers(0, 99) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=20,
)


def found(body: Any, status: int = 200) -> list[LastingLink]:
    """What bob is given of ann's page."""
    return list(gather(seen(reply(body, status), "bob"), "ann", TARGET))


def seen(response: Response, viewer: str | None = None) -> JudgedResponse:
    """Somebody's page, as a viewer was given it."""
    question = Question("q", "getPerson", viewer, frozenset(), {}, frozenset(), "")
    parsed, read = json_in(response), ResponseReader(None, None)
    judged = Judgement(True, [], [])
    return JudgedResponse(
        probe("getPerson"), question, response, parsed, read, judged, KnownInstances()
    )


@LAW
@given(ANSWERS)
def test_whatever_is_found_leads_to_the_target_or_is_handed_back_to_it(body: Any) -> None:
    for each in found(body):
        assert each.name in NAMES or each.name.isdigit()
        if each.kind == "link":
            path = each.value.startswith("/") and not each.value.startswith("//")
            assert path or origin_of(each.value) == TARGET
            assert path or "@" not in urlsplit(each.value).netloc
        else:
            assert len(each.value) >= 6 and " " not in each.value


@LAW
@given(ANSWERS)
def test_every_value_is_one_of_the_answer_and_names_its_question(body: Any) -> None:
    text = orjson.dumps(body).decode()
    for each in found(body):
        assert orjson.dumps(each.value).decode() in text
        assert each.source == ("getPerson", "bob", "ann")
        assert each.sort == ("getPerson", "bob", each.name)


@pytest.mark.parametrize(
    "text",
    [
        "http://studio.test.evil.test/a",
        "http://studio.test@evil.test/a",
        "http://evil.test/studio.test",
        "//evil.test/a",
        "https://studio.test/a",
        "http://studio.test:81/a",
        "javascript:alert(1)",
        "/",
        "/two words",
        "http://[half",
        "http://[::1",
    ],
)
def test_what_leads_elsewhere_or_nowhere_is_no_link(text: str) -> None:
    assert found({"avatar": text}) == []


@pytest.mark.parametrize("text", ["/files/1?sig=ab", f"{TARGET}/files/1", "/x"])
def test_what_leads_to_the_target_is_a_link(text: str) -> None:
    assert [(each.kind, each.value, each.name) for each in found({"a": [{"avatar": text}]})] == [
        ("link", text, "avatar")
    ]


def test_a_number_of_a_page_is_no_cursor() -> None:
    assert found({"next": "12", "nextPage": 12, "cursor": None, "since": "not a cursor"}) == []
    assert [each.value for each in found({"data": [], "nextCursor": "eyJpZCI6NX0"})] == [
        "eyJpZCI6NX0"
    ]


@LAW
@given(st.integers(0, 90))
def test_of_one_answer_no_more_than_forty_are_kept(many: int) -> None:
    assert len(found([{"avatar": f"/files/{n}"} for n in range(many)])) == min(many, 40)


@pytest.mark.parametrize("status", [199, 302, 404, 500])
def test_an_answer_that_is_no_success_gives_none(status: int) -> None:
    assert found({"next": "/people?page=2"}, status) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b'{"next": "/people"}'),
        ("application/json", b'{"next": "/people"'),
        ("application/json", b""),
        ("application/json", b"[" * 2000 + b'"/a"' + b"]" * 2000),
    ],
)
def test_an_answer_that_cannot_be_read_gives_none(kind: str, body: bytes) -> None:
    answer = Response(200, {"content-type": kind}, body)
    assert list(gather(seen(answer), None, TARGET)) == []


def test_a_link_is_found_however_deep_it_stands() -> None:
    answer = Response(200, reply().headers, b"[" * DEEPEST + b'"/a"' + b"]" * DEEPEST)
    (each,) = gather(seen(answer), None, TARGET)
    assert (each.kind, each.value) == ("link", "/a")


def test_a_member_that_repeats_is_the_one_that_is_judged() -> None:
    answer = Response(200, reply().headers, b'{"next": "/people?page=2", "next": null}')
    (each,) = gather(seen(answer), None, TARGET)
    assert each.value == "/people?page=2"


def test_a_cursor_goes_where_the_document_takes_one() -> None:
    def taking(*names: str, where: str = "query") -> str:
        endpoint = probe("listPeople")
        parameters = tuple(Parameter(name, where) for name in names)
        return cursor_parameter(
            replace(endpoint, operation=replace(endpoint.operation, parameters=parameters))
        )

    assert taking("limit", "pageToken", "after") == "pageToken"
    assert taking("limit", "starting_after") == "starting_after"
    assert taking("limit", "page") == taking() == ""
    assert taking("cursor", where="header") == ""
