"""Which credentials and cookies go on, by the names of the document and the contract alone."""

from __future__ import annotations

from oakum.guard.forwarded_headers import ForwardedHeaders
from oakum.policy.model import Guarding
from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.caller_credentials import RequestCredentials
from oakum.routing.http_messages import HttpRequest

SID, TOKEN = Credential("cookie", "sid"), Credential("header", "authorization")
KEY = Credential("query", "key")
ALL = ForwardedHeaders((SID, TOKEN, KEY), Guarding(cookies=("theme",)))
COOKIES = "sid=1; theme=dark; other=2"


def test_places_are_told_apart() -> None:
    assert (ALL.places("cookie"), ALL.places("header")) == ({"sid"}, {"authorization"})
    assert (ALL.places("query"), ALL.names) == ({"key"}, {"authorization", "cookie"})


def test_cookies_that_nobody_names_do_not_go_on() -> None:
    assert ALL.jar((("cookie", COOKIES),)) == (("cookie", "sid=1; theme=dark"),)
    assert ALL.jar((("cookie", COOKIES),), {"other"}) == (("cookie", COOKIES),)


def test_what_nobody_has_verified_does_not_go_on() -> None:
    held = RequestCredentials(dropped=frozenset((SID, TOKEN)))
    sent = (("cookie", COOKIES), ("authorization", "Bearer x"), ("accept", "*/*"))
    assert {*ALL.jar(sent, held=held)} == {("cookie", "theme=dark"), ("accept", "*/*")}


def test_a_request_is_stripped_of_each_credential() -> None:
    headers = (("cookie", COOKIES), ("authorization", "Bearer x"), ("accept", "*/*"))
    asked = HttpRequest("GET", "/page?key=k&a=1", headers, b"", "api.test", "https", "192.0.2.7")
    for raw in (True, False):
        sent = ALL.without_credentials(asked, "key=k&a=1", raw=raw)
        assert sent.target == "/page?a=1"
        assert {name for name, _ in sent.headers}.isdisjoint({"cookie", "authorization"})
