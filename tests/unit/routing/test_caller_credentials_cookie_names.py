"""A cookie that some server takes for the credential's, under another name, is refused."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.caller_credentials import find_credentials as gathered
from oakum.routing.http_messages import Denial, HttpRequest
from tests.unit.guard.lua_state import lua_state

NAME = "crew_Session"
ALIKE = (
    "crew.Session", "crew Session", "crew[Session", "crew+Session", "CREW_SESSION", "crew_session",
    "crew%5FSession", "crew%20session", "Crew%2eSession", "%63rew_Session",
)  # fmt: skip
OTHERS = ("crewSession", "xcrew_Session", "crew-Session", "crew__Session", "Session", "crew")
Reading = str | None
"""The credential's value, empty for none; None: the request is refused."""


class Readers:
    def __init__(self) -> None:
        state = lua_state("credentials", "route", "nested", "json", "headers", "cache", "media")
        self._gather = state.execute(
            """
            local reader = require("oakum.credentials").new({{ where = "cookie", name = ... }})
            return function(cookie)
              local x = { cookie = cookie }
              if not reader:gather(x) then return false end
              return x.credentials and x.credentials[1] or ""
            end
            """,
            NAME.encode(),
        )

    def lua(self, cookie: str) -> Reading:
        found: Any = self._gather(cookie.encode("latin-1"))
        return None if found is False else found.decode("latin-1")

    def python(self, cookie: str) -> Reading:
        asked = HttpRequest("GET", "/", (("cookie", cookie),), b"", "", "", "")
        try:
            values = gathered(asked, "", (Credential("cookie", NAME),)).values
        except Denial as denied:
            assert denied.status == 400
            return None
        return values[0][1] if values else ""

    def both(self, cookie: str) -> Reading:
        python, lua = self.python(cookie), self.lua(cookie)
        assert python == lua
        return python


@pytest.fixture(scope="module")
def readers() -> Readers:
    return Readers()


@pytest.mark.parametrize("alike", ALIKE)
@pytest.mark.parametrize(
    "cookie", ["{}=pia; {}=ann", "{1}=ann; {0}=pia", "a=b;{}=pia", "a=b, {}=p"]
)
def test_a_name_that_some_server_reads_as_the_credentials_is_refused(
    readers: Readers, alike: str, cookie: str
) -> None:
    assert readers.both(cookie.format(alike, NAME)) is None


@pytest.mark.parametrize("other", OTHERS)
def test_a_name_that_nobody_reads_so_is_anothers(readers: Readers, other: str) -> None:
    assert readers.both(f"{other}=pia; {NAME}=ann; b=%41; {other}=1") == "ann"
    assert readers.both(f"{other}=pia") == ""


def test_a_space_before_a_name_is_no_part_of_it(readers: Readers) -> None:
    state = lua_state("credentials", "route", "nested", "json", "headers", "cache", "media")
    gather = state.execute(
        """
        local reader = require("oakum.credentials").new({{ where = "cookie", name = "_sid" }})
        return function(cookie) return reader:gather({ cookie = cookie }) end
        """
    )
    for cookie, read in ((b"a=b; sid=x; _sid=y", True), (b"a=b; .sid=x; _sid=y", False)):
        assert gather(cookie) is read
        asked = HttpRequest("GET", "/", (("cookie", cookie.decode()),), b"", "", "", "")
        try:
            values = gathered(asked, "", (Credential("cookie", "_sid"),)).values
            assert read
            assert [value for _, value in values] == ["y"]
        except Denial:
            assert not read


PIECES = st.sampled_from(
    (*ALIKE, *OTHERS, NAME, "=", ";", "; ", ",", " ", '"', "\t", "%", "%3d", "\xa0", "x", ".")
)


@given(st.lists(PIECES, max_size=9).map("".join))
def test_both_readers_of_cookies_agree(readers: Readers, cookie: str) -> None:
    readers.both(cookie)


@pytest.mark.parametrize(
    "cookie",
    [
        "%" * 30_000 + "=",
        "a " * 15_000 + "%=",
        "crew_Session" * 4_000,
        f'{NAME}=a; b="' + " " * 60_000 + "x",
    ],
)
def test_no_cookie_costs_more_than_its_length(readers: Readers, cookie: str) -> None:
    began = process_time()
    readers.both(cookie)
    assert process_time() - began < 0.5
