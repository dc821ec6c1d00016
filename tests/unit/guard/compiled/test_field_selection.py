"""With what callers choose the members of a response."""

from __future__ import annotations

import pytest

from oakum.guard.compiled.field_selection import Choices, chooses, is_choice
from oakum.routing.http_messages import HttpRequest


@pytest.mark.parametrize("name", ["fields", "$select", "fields[hits]", "_fields", "X-Fields"])
def test_a_name_says_that_its_parameter_chooses(name: str) -> None:
    assert is_choice(name)


@pytest.mark.parametrize(
    "name",
    [
        *("excludedAttributes", "attributesToGet", "_elements", "fieldMask", "read_mask"),
        *("X-Goog-FieldMask", "opt_fields", "tweet.fields", "filter_path", "_source_includes"),
        *("stored_fields", "returnFields", "cols", "pick", "expansions"),
    ],
)
def test_so_do_the_names_of_standards_and_of_large_apis(name: str) -> None:
    """SCIM (RFC 7644, 3.9), FHIR, AIP-157, Elasticsearch, Asana, X."""
    assert is_choice(name)


@pytest.mark.parametrize("name", ["q", "limit", "fieldsOfStudy", "id", "source"])
def test_other_names_do_not(name: str) -> None:
    assert not is_choice(name)


def asked(target: str = "/a", body: bytes = b"", **headers: str) -> HttpRequest:
    said = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest("POST" if body else "GET", target, said, body)


def chosen(found: Choices, request: HttpRequest) -> bool:
    return chooses(found, request, request.target)


def test_a_request_chooses_if_its_query_does_in_any_spelling() -> None:
    places = Choices(query=("fields",))
    assert chosen(places, asked("/a?b=1&f%69elds=x"))
    assert chosen(places, asked("/a?fields[x]=y"))
    assert not chosen(places, asked("/a?q=fields"))
    assert not chosen(places, asked("/fields"))


def test_a_declared_header_a_declared_cookie_or_the_path_chooses() -> None:
    assert chosen(Choices(headers=("x-fields",)), asked(x_fields="id"))
    assert not chosen(Choices(), asked(x_fields="id"))
    assert chosen(Choices(cookies=("view",)), asked(cookie="sid=1; view=2"))
    assert not chosen(Choices(cookies=("view",)), asked(cookie="sid=view"))
    assert chosen(Choices(always=True), asked())


@pytest.mark.parametrize("text", ["include=a", "return=minimal", "wait=1, x", 'wait;include="a,b"'])
def test_a_preference_chooses_unless_it_is_known_to_take_nothing_away(text: str) -> None:
    assert chosen(Choices(), asked(prefer=text))


@pytest.mark.parametrize(
    "text", ["wait=10", "Respond-Async, handling=lax", "return = Representation"]
)
def test_other_preferences_do_not(text: str) -> None:
    assert not chosen(Choices(), asked(prefer=text))


def test_a_parameter_of_accept_chooses() -> None:
    assert chosen(Choices(), asked(accept="application/json;fields=id"))
    assert not chosen(Choices(), asked(accept="application/json;q=0.1, text/csv"))


def test_a_member_of_a_body_chooses_at_any_depth_in_any_spelling() -> None:
    kind = {"content_type": "application/json"}
    places = Choices(body=True)
    assert chosen(places, asked(body=b'{"q": [{"_fi\\u0065lds": 1}]}', **kind))
    assert not chosen(places, asked(body=b'{"q": "fields"}', **kind))
    assert not chosen(Choices(), asked(body=b'{"fields": 1}', **kind))


def test_a_name_in_a_form_chooses() -> None:
    places = Choices(body=True)
    form, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
    assert chosen(places, asked(body=b"q=x&fields[]=y", content_type=form))
    assert not chosen(places, asked(body=b"q=fields", content_type=form))
    assert chosen(places, asked(body=b'form-data; name="fields"', content_type=parts))
