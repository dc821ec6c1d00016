"""A request is sent on with what the object holds by now, and with nothing of another's."""

from __future__ import annotations

import json

import pytest

from oakum.exchange import Request, Response
from oakum.openapi.model import Json
from oakum.scan.undo.preconditions import send_on

NOTE = "http://notes.test/notes/7"
SENT: Json = {"title": "old", "version": 3}


def sent(
    statuses: list[int],
    shown: Json,
    body: Json = SENT,
    *,
    tag: str = "",
    this: tuple[str, Json] = ("", None),
) -> list[tuple[Json, str]]:
    """Bodies and conditions of what is sent, where the API answers with these statuses."""
    asked: list[tuple[Json, str]] = []
    left = iter(statuses)

    def send(request: Request) -> Response:
        asked.append((json.loads(request.body or b"null"), request.headers.get("if-match", "")))
        return Response(next(left))

    seen = Response(200, {"etag": tag} if tag else {}, json.dumps(shown).encode())
    raw = json.dumps(body).encode() if body is not None else b""
    answer = send_on(send, Request("PATCH", NOTE, {}, raw), lambda: seen, ("title",), this)
    assert answer.status == statuses[len(asked) - 1]
    return asked


def test_what_is_not_refused_for_its_state_is_sent_once() -> None:
    for status in (200, 204, 401, 403, 404, 423, 500):
        assert sent([status], {"title": "new", "version": 4}) == [(SENT, "")]


@pytest.mark.parametrize("status", [400, 409, 412, 422, 428])
def test_the_version_is_the_latest_and_the_change_stays(status: int) -> None:
    asked = sent([status, 200], {"note": {"title": "new", "version": 4}})
    assert asked[1][0] == {"title": "old", "version": 4}


def test_a_tag_goes_only_to_whom_asks_for_one() -> None:
    shown = {"title": "new", "version": 3}
    assert [each[1] for each in sent([428, 200], shown, tag='"a"')] == ["", '"a"']
    assert [each[1] for each in sent([428, 200], shown)] == ["", "*"]
    assert len(sent([409], shown, tag='"a"')) == 1


def stated(shown: Json, url: str = f"{NOTE}?version=3&loud=1") -> list[tuple[str, str]]:
    """Query and header of what is sent, where the API refuses the first request."""
    asked: list[tuple[str, str]] = []

    def send(request: Request) -> Response:
        asked.append((request.url.partition("?")[2], request.headers["x-rev"]))
        return Response(409)

    seen = Response(200, {}, json.dumps(shown).encode())
    states = (("version", "version"), ("X-Rev", "meta.rev"))
    request = Request("DELETE", url, {"x-rev": "a"}, b"")
    send_on(send, request, lambda: seen, (), ("id", "7"), states)
    return asked


def test_a_state_beside_the_body_is_the_present_one_before_anything_is_sent() -> None:
    mine = {"id": 7, "version": 4, "meta": {"rev": "b"}}
    assert stated(mine) == [("version=4&loud=1", "b")]
    assert stated([{**mine, "id": 6, "version": 9}, mine]) == [("version=4&loud=1", "b")]


def test_what_shows_no_state_or_anothers_changes_no_request() -> None:
    other = {"id": 6, "version": 9, "meta": {"rev": "b"}}
    for shown in (other, {"id": 7, "version": 4}, {"id": 7}, []):
        assert stated(shown) == [("version=3&loud=1", "a")]


def test_of_several_objects_the_one_that_is_named_tells() -> None:
    rows = [{"id": 6, "title": "a", "version": 9}, {"id": 7, "title": "b", "version": 4}]
    assert len(sent([409], rows)) == 1
    assert sent([409, 200], rows, this=("id", 7))[1][0]["version"] == 4


def test_what_the_object_does_not_show_stays_as_it_was_sent() -> None:
    body = {"title": "old", "version": 3, "reason": "oakum oakum"}
    assert sent([409, 200], {"title": "new", "version": 4}, body)[1][0] == {**body, "version": 4}


def test_a_removal_without_a_body_is_sent_on_for_a_tag_alone() -> None:
    assert sent([409], {"title": "b"}, None, tag='"a"') == [(None, "")]
    assert sent([412, 204], {"title": "b"}, None, tag='"a"')[1] == (None, '"a"')
