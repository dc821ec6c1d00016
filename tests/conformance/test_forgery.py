"""Whether a whole `cookie` header is against forgery alone, for the reference and the runtime."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.routing.allowed_headers import is_only_against_forgery
from tests.conformance.lua import runtime

PIECES = st.sampled_from(
    (
        *(
            "csrftoken",
            "XSRF-TOKEN",
            "__Host-csrf",
            "__Secure-_xsrf",
            "sid",
            "csrf",
            "t",
            "a.b/c==",
        ),
        *(
            "=",
            "=",
            ";",
            "; ",
            ", ",
            " ",
            "\t",
            '"',
            "\\",
            "%20",
            "!",
            "[",
            "]",
            "\x7f",
            "\x80",
            "",
        ),
    )
)
TEXTS = st.lists(PIECES).map("".join)


@given(TEXTS)
def test_what_is_nobodys_is_read_alike(cookie: str) -> None:
    headers = runtime().eval(b'require("oakum.headers")')
    said = headers[b"is_only_against_forgery"](cookie.encode("latin-1"))
    assert said == is_only_against_forgery(cookie)
