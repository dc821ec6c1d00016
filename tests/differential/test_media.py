"""What a content type says: one reading in Python, in Lua, and in the frameworks that come next."""

from __future__ import annotations

import os
from email.message import Message
from typing import Any

from django.utils.http import parse_header_parameters
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from oakum.routing.content_type import read_media_type
from tests.conformance.lua import runtime

EXAMPLES = int(os.environ.get("EXAMPLES", "1500"))
LUA: Any = runtime().execute(
    b"""local media = require "oakum.media"
    return function(text)
      local said = media.read(text)
      if not said then return nil end
      return said.type .. "\\0" .. said.text .. "\\0" .. tostring(said.utf8)
    end"""
)

PIECES = st.one_of(
    st.sampled_from(
        ["application/json", "APPLICATION/Json", "multipart/form-data", "text/csv", ";", "; ", " ;",
         "charset", "CHARSET", "boundary", "version", "xcharset", "charset*", "charset*0", "=",
         " = ", "utf-8", "UTF-8", "utf8", "utf-7", "utf-16", '"utf-8"', '"utf-7"', '"', "\\", "'",
         ",", "\t", " ", "a", "2", "/", "--x", '"a;b"', '"a; charset=utf-7"', "utf-8''utf-7", "é"]
    ),
    st.text(alphabet="abz019;=\"'\\ \t,/*-_:é\x00", max_size=3),
)  # fmt: skip
SAID = st.lists(PIECES, max_size=9).map("".join)
LIKELY = st.tuples(
    st.sampled_from(["application/json", "text/csv", "Multipart/Form-Data; boundary=x"]), SAID
).map("; ".join)
VALUES = st.one_of(SAID, LIKELY, LIKELY)


@settings(max_examples=EXAMPLES, deadline=None)
@given(VALUES)
def test_one_meaning_of_a_content_type(text: str) -> None:
    said, got = read_media_type([text]), LUA(text.encode("latin-1"))
    if said is None:
        assert got is None
    else:
        assert got is not None
        kind, onward, utf8 = got.decode("latin-1").split("\0")
        assert (kind, onward, utf8) == (said.type, str(said), str(said.is_utf_8).lower())


@settings(max_examples=EXAMPLES, deadline=None)
@given(VALUES)
def test_what_is_said_onward_has_the_reading_that_was_judged(text: str) -> None:
    """Of the guard itself, of Django's and Werkzeug's readers, and of Python's own, which Starlette
    and FastAPI ask."""
    said = read_media_type([text])
    if said is None:
        return
    onward, wanted = str(said), dict(said.params)
    assert read_media_type([onward]) == said
    assert parse_header_parameters(onward) == (said.type, wanted)
    assert parse_options_header(onward) == (said.type, wanted)
    message = Message()
    message["content-type"] = onward
    assert message.get_content_type() == said.type
    assert dict(message.get_params(failobj=[])[1:]) == wanted
    # One that looks for no more than the word finds nothing else.
    assert onward.partition(";")[2].lower().count("charset=") == ("charset" in wanted)


def test_what_clients_send_is_read() -> None:
    for text in (
        "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
        'application/json; charset="utf-8"', "application/x-www-form-urlencoded; charset=UTF-8",
        "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "text/csv",
        'multipart/form-data; boundary="----=_Part_5_1804.1762"', "application/json; version=1.2",
        'application/vnd.api+json; profile="http://example.com/a"', "application/problem+json",
        "application/json;odata.metadata=minimal;IEEE754Compatible=false",
    ):  # fmt: skip
        assert read_media_type([text]) is not None, text
