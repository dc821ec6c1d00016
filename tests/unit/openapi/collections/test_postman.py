"""Postman collections, v2.0 and v2.1, as documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError
from oakum.inference.draft import draft
from oakum.openapi.document import Document

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
NOTE = {"id": 7, "title": "t", "author_id": 3, "created_at": "2024-05-06T07:08:09Z"}


def collection(*items: Any, **more: Any) -> dict[str, Any]:
    return {"info": {"name": "Notes", "schema": SCHEMA}, "item": [*items], **more}


def request(method: str, url: Any, *answers: Any, **more: Any) -> dict[str, Any]:
    saved = [{"code": 200, "body": json.dumps(each)} for each in answers]
    return {"name": "n", "request": {"method": method, "url": url, **more}, "response": saved}


def read(found: Any, name: str = "notes.json") -> Document:
    return Document.parse(json.dumps(found, indent=1).encode(), name)


def paths(found: Document) -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in found.operations]


def test_requests_become_operations_with_the_shape_of_their_answers() -> None:
    made = read(
        collection(
            {"name": "all", "item": [request("GET", "{{url}}/notes?page=1", [NOTE])]},
            request("GET", "{{url}}/notes/:id", NOTE),
            request("DELETE", {"raw": "{{url}}/notes/{{noteId}}"}),
        )
    )
    assert paths(made) == [("GET", "/notes"), ("GET", "/notes/{id}"), ("DELETE", "/notes/{id}")]
    listed, one, _ = made.operations
    assert [each.name for each in listed.parameters] == ["page"]
    assert listed.tags == ("all",)
    shape = one.success().shape  # type: ignore[union-attr]
    assert shape is not None
    assert set(shape.properties) == set(NOTE)
    assert shape.properties["created_at"]().format == "date-time"
    assert not shape.required, "one example says nothing of what must be there"


def test_the_draft_names_owner_and_key() -> None:
    bearer = {"type": "bearer", "bearer": [{"key": "token", "value": "x"}]}
    told = draft(read(collection(request("GET", "{{u}}/notes/:id", NOTE), auth=bearer)))
    assert "owner: author_id" in told
    assert '"GET /notes/{id}": {shows: {Note: ""}, params: {id: Note.id}}' in told


@pytest.mark.parametrize(
    ("auth", "scheme"),
    [
        ({"type": "bearer", "bearer": {"token": "s"}}, {"type": "http", "scheme": "bearer"}),
        ({"type": "basic", "basic": []}, {"type": "http", "scheme": "basic"}),
        ({"type": "oauth2"}, {"type": "http", "scheme": "bearer"}),
        (
            {"type": "apikey", "apikey": [{"key": "key", "value": "X-Key"}]},
            {"type": "apiKey", "in": "header", "name": "X-Key"},
        ),
        (
            {"type": "apikey", "apikey": {"key": "k", "in": "query"}},
            {"type": "apiKey", "in": "query", "name": "k"},
        ),
    ],
)  # fmt: skip
def test_what_a_folder_says_of_credentials_its_requests_inherit(auth: Any, scheme: Any) -> None:
    open_one = request("GET", "{{u}}/b", auth={"type": "noauth"})
    made = read(
        collection({"name": "f", "item": [request("GET", "{{u}}/a"), open_one], "auth": auth})
    )
    assert [*made.security_schemes.values()] == [scheme]
    secured, anonymous = made.operations
    assert not secured.anonymous
    assert anonymous.security == ()


def test_a_header_is_a_credential_and_the_request_without_it_a_test_of_the_refusal() -> None:
    header = [{"key": "Authorization", "value": "Token {{token}}"}]
    made = read(collection(request("GET", "{{u}}/a", header=header), request("GET", "{{u}}/a")))
    assert [*made.security_schemes.values()] == [
        {"type": "apiKey", "in": "header", "name": "Authorization"}
    ]
    assert not made.operations[0].anonymous


def test_a_script_that_adds_the_header_counts() -> None:
    script = {"exec": ["pm.request.headers.add({key: 'Authorization', value: t})"]}
    event = [{"listen": "prerequest", "script": script}]
    assert not read(collection(request("GET", "{{u}}/a"), event=event)).operations[0].anonymous


def test_a_collection_without_credentials_says_nothing_of_them() -> None:
    made = read(collection(request("GET", "{{u}}/a", auth={"type": "noauth"})))
    assert made.operations[0].security is None


def test_version_2_0_and_the_answer_of_the_service() -> None:
    old = {"name": "n", "request": "http://a.example.com/users/12"}
    made = read({"collection": collection(old)})
    assert paths(made) == [("GET", "/users/{userId}")]
    assert made.raw["servers"][0]["url"] == "http://a.example.com"


def test_bodies_of_requests() -> None:
    raw = {"mode": "raw", "raw": '{"n": {{n}}, "s": "{{s}}", // told\n "l": [1,],}'}
    form = {
        "mode": "formdata",
        "formdata": [{"key": "f", "type": "file"}, {"key": "a", "value": "1"}],
    }
    made = read(
        collection(request("POST", "{{u}}/a", body=raw), request("POST", "{{u}}/b", body=form))
    )
    first, second = (each.body[0] for each in made.operations)
    assert (first.type, second.type) == ("application/json", "multipart/form-data")
    assert set(first.shape.properties) == {"n", "s", "l"}  # type: ignore[union-attr]
    assert set(second.shape.properties) == {"f", "a"}  # type: ignore[union-attr]


def test_no_value_of_a_collection_reaches_a_document_or_a_draft() -> None:
    secret = "Zq7hunter2Zq7"
    auth = {
        "type": "apikey",
        "apikey": [{"key": "key", "value": "X-Key"}, {"key": "value", "value": secret}],
    }
    swapped = {"type": "apikey", "apikey": [{"key": "key", "value": secret + "12345"}]}
    body = {"mode": "raw", "raw": json.dumps({"password": secret, "m": {"a": [secret]}})}
    item = request(
        "POST", f"https://u:{secret}@a.example.com/a/12345{secret}?token={secret}&q={secret}",
        {"id": secret, "api_key": secret}, auth=auth, body=body,
        header=[{"key": "X-Other", "value": secret}, {"key": "Cookie", "value": f"sid={secret}"}],
    )  # fmt: skip
    variables = [
        {"key": "url", "value": f"https://{secret}.example.com"},
        {"key": "t", "value": secret},
    ]
    made = read(collection(item, request("GET", "{{v}}/b", auth=swapped), variable=variables))
    for text in (json.dumps(made.raw), draft(made), *map(str, made.warnings)):
        assert secret not in text


def test_a_request_that_cannot_be_read_is_left_at_its_place() -> None:
    made = read(
        collection(
            request("GET", "{{u}}/a"),
            request("GET", ""),
            request("VIEW", "{{u}}/a"),
            request("GET", "wss://a.example.com/feed"),
            7,
            request("GET", "https://b.example.com/c"),
            request("GET", "https://a.example.com/c"),
            request("GET", "https://a.example.com/d"),
        )
    )
    assert paths(made) == [("GET", "/a"), ("GET", "/c"), ("GET", "/d")]
    told = [str(each) for each in made.warnings]
    for part in ("no `url`", "`VIEW` is not a method", "`wss` is not HTTP", "an item needs"):
        assert any(part in each for each in told), part
    assert any("`https://b.example.com` is not `https://a.example.com`" in each for each in told)
    assert all(each.startswith("notes.json:") and each.count(":") >= 3 for each in told)
    lines = [each.location.line for each in made.warnings]
    assert len(set(lines)) == len(lines)


def test_a_mistake_of_the_contract_is_told_at_the_request() -> None:
    made = read(collection(request("GET", "{{u}}/a"), request("GET", "{{u}}/b")))
    place = made.locate(made.operations[1].pointer)
    assert (place.file, place.line) == ("notes.json", 15)


@pytest.mark.parametrize(
    "found",
    [
        collection(),
        {"info": {"schema": SCHEMA}},
        {"info": {"schema": SCHEMA}, "item": {"a": 1}},
        {"info": {"schema": SCHEMA}, "item": [None, 3, [], {}, {"item": 7}, {"request": []}]},
        collection(request("GET", {"host": 5, "path": {"a": []}})),
    ],
)
def test_a_collection_without_a_request_is_refused_with_its_place(found: Any) -> None:
    with pytest.raises(InputError, match=r"^notes\.json:\d+:\d+: "):
        read(found)


def _broken(value: Any, at: list[int]) -> Any:
    """The value with one of its parts, counted by `at`, replaced by each of these in turn."""
    at[0] -= 1
    if at[0] < 0:
        return value
    if at[0] == 0:
        return [None, 7, "x", [], {}, [None], {"a": None}, True, -1.5, "{{", ":", "\x00"][at[1]]
    if isinstance(value, dict):
        return {name: _broken(each, at) for name, each in value.items()}
    return [_broken(each, at) for each in value] if isinstance(value, list) else value


def test_no_broken_part_of_a_collection_ends_in_another_error() -> None:
    whole = collection(
        {"name": "f", "auth": {"type": "apikey", "apikey": [{"key": "key", "value": "k"}]},
         "event": [{"listen": "prerequest", "script": {"exec": ["authorization"]}}],
         "item": [request(
             "POST", {"raw": "", "host": ["{{u}}"], "path": ["a", {"value": ":id"}],
                      "query": [{"key": "q", "value": "1"}], "variable": [{"key": "id"}]},
             NOTE, header=[{"key": "X-A", "value": "1"}], description={"content": "d"},
             body={"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "1"}]})]},
        variable=[{"key": "u", "value": "https://a.example.com"}],
    )  # fmt: skip
    tried = 0
    for part in range(1, 90):
        for kind in range(12):
            tried += 1
            try:
                draft(read(_broken(whole, [part, kind])))
            except InputError as error:
                assert str(error).startswith("notes.json:")
    assert tried == 1068


def test_a_file_that_ends_too_early_is_told_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(collection(request("GET", "{{u}}/a")), indent=1)[:150])
    with pytest.raises(InputError, match=r"c\.json:\d+:\d+: not valid JSON"):
        Document.load(path)
