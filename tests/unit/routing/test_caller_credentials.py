"""Which credentials a request has."""

from __future__ import annotations

from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.caller_credentials import find_credentials
from oakum.routing.http_messages import HttpRequest


def test_a_credential_without_a_value_goes_along_nowhere() -> None:
    places = [Credential("header", "x-key"), Credential("cookie", "sid")]
    places += [Credential("query", "api_key"), Credential("query", "token")]
    asked = HttpRequest("GET", "/", (("x-key", ""), ("cookie", "sid=; a=b")))
    held = find_credentials(asked, "api_key=ann&token=", places)
    assert held.values == ((places[2], "ann"),)
    assert held.query == ("api_key=ann",)
    assert held.headers == ()
    assert held.empty == {places[0], places[1], places[3]}
    assert [held.names_dropped(where) for where in ("header", "cookie", "query")] == [
        {"x-key"}, {"sid"}, {"token"},
    ]  # fmt: skip
    assert not find_credentials(asked, "", places[:2]).has_credential
    whole = Credential("header", "cookie")
    assert find_credentials(HttpRequest("GET", "/", ()), "", [whole]).empty == frozenset()
