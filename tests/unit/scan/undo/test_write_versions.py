"""A request is sent on with what the object holds by now, and with nothing of another's."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from oakum.exchange import Request, Response
from oakum.openapi.model import Json
from oakum.scan.undo.entries import Undo
from oakum.scan.undo.write_versions import send_back, send_on, send_trial

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


UNDO = Undo(
    "`Note` of ann", (), ("ann", Request("GET", NOTE)), "[]", ("title",), this=("id", 7)
)  # fmt: skip


class Locked:
    """A note whose writes name its version, or are answered with a status."""

    def __init__(self, status: int = 409) -> None:
        self.status = status
        self.note: dict[str, Json] = {"id": 7, "title": "old", "version": 3}
        self.taken: list[Json] = []
        self.refused = 0

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if request.method == "GET":
            return Response(200, {}, json.dumps(self.note).encode())
        body = json.loads(request.body)
        if body.get("version") != self.note["version"]:
            self.refused += 1
            return Response(self.status)
        self.note |= {**body, "version": body["version"] + 1}
        self.taken.append(body["title"])
        return Response(200, {}, json.dumps(self.note).encode())


def write(title: str, **more: Json) -> Request:
    return Request("PATCH", NOTE, {}, json.dumps({"title": title, **more}).encode())


@pytest.mark.parametrize("status", [409, 423, 500])
def test_a_write_is_taken_back_on_the_version_that_it_has_left(status: int) -> None:
    """Whatever an API answers to an old one."""
    api = Locked(status)
    api("bob", write("oakum-1", version=3))
    send_back(api, UNDO, "ann", write("old", version=3))
    assert (api.note["title"], api.refused) == ("old", 0)


def test_a_trial_is_repeated_on_the_version_that_it_has_left() -> None:
    api = Locked()
    told = iter([True])
    answer = send_trial(
        partial(api, "bob"), write("oakum-1", version=3), lambda: api("ann", Request("GET", NOTE)),
        UNDO, lambda: next(told),
    )  # fmt: skip
    assert (answer.status, api.taken, api.refused) == (200, ["oakum-1", "oakum-1"], 0)


def test_a_repetition_that_is_refused_leaves_the_first_answer() -> None:
    """What was written is to be taken back, also where a reading shows it late."""
    answers = iter([Response(200), Response(429)])
    answer = send_trial(lambda r: next(answers), write("x"), lambda: None, UNDO, lambda: True)
    assert answer.status == 200


def test_what_somebody_else_has_written_since_refuses_no_trial() -> None:
    api = Locked()
    api("ann", write("theirs", version=3))
    look = lambda: api("ann", Request("GET", NOTE))  # noqa: E731
    answer = send_trial(partial(api, "bob"), write("oakum-1", version=3), look, UNDO, lambda: False)
    assert (answer.status, api.taken[-1]) == (200, "oakum-1")


def test_a_version_that_a_write_is_about_goes_as_it_was() -> None:
    sent: list[Json] = []

    def ask(viewer: str | None, request: Request, /) -> Response:
        if request.method == "GET":
            return Response(200, {}, b'{"id": 7, "title": "a", "version": 9, "etag": "n"}')
        sent.append(json.loads(request.body))
        return Response(200)

    about = replace(UNDO, members=("version",))
    send_back(ask, about, "ann", write("a", version=3, etag="m"))
    assert sent == [{"title": "a", "version": 3, "etag": "n"}]
