"""Bodies are written in the media type that a document declares, as others read it."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exposure.endpoints.request_bodies import FORM, MULTIPART, decode, encode, unwritable
from oakum.openapi.model import Json, Media, Operation, Shape

LAW = settings(max_examples=60, deadline=None)
NAMES = st.text('abc_[]."=&+', min_size=1, max_size=8)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=20)


def operation(*types: str, shape: Shape | None = None) -> Operation:
    return Operation("save", "PATCH", "/me", body=tuple(Media(each, shape) for each in types))


def parsed(kind: str, body: bytes) -> dict[str, str]:
    """The members of a form as the standard library reads them."""
    if kind == FORM:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    head = f"content-type: {kind}\r\n\r\n".encode()
    parts = message_from_bytes(head + body, policy=HTTP).iter_parts()
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(
            decode=True
        ).decode()  # type: ignore[union-attr]
        for part in parts
    }


@LAW
@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=5), st.sampled_from([FORM, MULTIPART]))
def test_a_form_is_read_by_others_as_it_was_meant(content: dict[str, str], media: str) -> None:
    kind, body = encode(operation(media), content)
    assert kind.startswith(media)
    quoted = media == MULTIPART  # as browsers write a quote in a name (WHATWG HTML, 4.10.21.8)
    wanted = {n.replace('"', "%22") if quoted else n: v for n, v in content.items()}
    assert parsed(kind, body) == wanted
    assert decode(kind, body) == wanted


@pytest.mark.parametrize(
    ("types", "sent"),
    [
        ((MULTIPART, "application/json"), "application/json"),
        ((MULTIPART, FORM), FORM),
        ((MULTIPART,), MULTIPART),
        (("application/merge-patch+json", MULTIPART), "application/merge-patch+json"),
    ],
)
def test_json_is_sent_where_it_is_taken_and_a_form_only_where_it_is_not(
    types: tuple[str, ...], sent: str
) -> None:
    content: Json = {"bio": "wool"}
    assert encode(operation(*types), content)[0].split(";")[0] == sent


def test_what_needs_a_file_or_is_neither_is_not_written() -> None:
    file = Shape(
        properties={"photo": lambda: Shape(kinds=frozenset({"string"}), format="binary")},
        required=frozenset({"photo"}),
    )
    assert "`photo`" in unwritable(operation(MULTIPART, shape=file))
    assert "`text/xml`" in unwritable(operation("text/xml"))
    assert not unwritable(operation(MULTIPART))
