"""Which headers pass, towards the API and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.policy.model import Guarding, Service
from oakum.routing.allowed_headers import back, client, onward, refuse_lost
from oakum.routing.http_messages import Denial, HttpRequest, HttpResponse

GUARD = Guarding(service=Service("x-service", "KEY"), strip=("x-internal",), headers=("x-more",))


def sent(*headers: tuple[str, str], declared: tuple[str, ...] = (), raw: bool = False) -> list[str]:
    kept = onward(HttpRequest("GET", "/", headers, host="api.test"), GUARD, declared, raw=raw)
    return [name for name, value in kept if (name, value) in headers]


@pytest.mark.parametrize(
    "name",
    [
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect",
        "x-oakum-who", "x-service", "x-http-method-override", "x-method-override", "forwarded",
        "x-forwarded-for", "x-forwarded-user", "range", "if-range", "accept-encoding",
        "content-length", "proxy-authorization",
    ],
)  # fmt: skip
def test_what_would_speak_in_the_guards_name_goes_even_when_declared(name: str) -> None:
    assert sent((name, "v")) == []
    assert sent((name, "v"), declared=(name,)) == []


@pytest.mark.parametrize(
    "name",
    [
        "x-real-ip", "x-original-url", "x-user-id", "x-remote-user",
        "x-auth-request-email", "x-amzn-oidc-data", "x-ms-client-principal-id", "ssl-client-cert",
        "x-goog-authenticated-user-id", "x-internal", "x_user",
    ],
)  # fmt: skip
def test_what_names_a_caller_goes_unless_the_document_declares_it(name: str) -> None:
    assert sent((name, "v")) == []
    assert sent((name, "v"), declared=(name,)) == [name]


@pytest.mark.parametrize("name", ["if-match", "if-none-match", "if-unmodified-since"])
def test_a_condition_goes_even_if_the_document_declares_it(name: str) -> None:
    assert sent((name, "v"), declared=(name,)) == []
    named = Guarding(request_headers=(name,))
    assert (name, "v") in onward(
        HttpRequest("GET", "/", ((name, "v"),), host="api.test"), named, ()
    )


def test_other_headers_pass_in_order_and_as_often_as_they_came() -> None:
    headers = (("accept", "*/*"), ("cookie", "a=b"), ("b3", "1"), ("b3", "2"))
    assert sent(*headers, declared=("cookie",)) == ["accept", "cookie", "b3", "b3"]


def test_a_header_that_connection_names_goes() -> None:
    headers = (("connection", "close, B3"), ("b3", "1"), ("accept", "*/*"))
    assert sent(*headers) == ["accept"]


def test_an_unread_answer_may_be_asked_for_in_part() -> None:
    headers = (("range", "bytes=0-9"), ("if-none-match", '"1"'), ("accept-encoding", "br"))
    assert sent(*headers, raw=True) == ["range", "if-none-match", "accept-encoding"]


def test_the_api_learns_who_asks_from_the_guard() -> None:
    asked = HttpRequest(
        "GET", "/", (("x-forwarded-for", "6.6.6.6"), ("x-forwarded-proto", "https")),
        host="api.test:8080", scheme="http", address="192.0.2.1",
    )  # fmt: skip
    assert dict(onward(asked, Guarding(), ())) == {
        "accept-encoding": "identity",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "api.test:8080",
    }
    behind = dict(onward(asked, Guarding(hops=1), ()))
    assert (behind["x-forwarded-for"], behind["x-forwarded-proto"]) == ("6.6.6.6", "https")


def test_an_address_is_believed_as_many_proxies_away_as_the_contract_says() -> None:
    headers = (("x-forwarded-for", "1.1.1.1, 2.2.2.2"), ("x-forwarded-for", "3.3.3.3"))
    asked = HttpRequest("GET", "/", headers, address="192.0.2.1")
    assert [client(asked, hops) for hops in (0, 1, 2, 3, 4)] == [
        "192.0.2.1", "3.3.3.3", "2.2.2.2", "1.1.1.1", "192.0.2.1",
    ]  # fmt: skip


ANSWER = HttpResponse(
    200,
    (
        ("content-type", "application/json"), ("etag", '"1"'), ("content-length", "9"),
        ("last-modified", "x"), ("server", "s"), ("x-powered-by", "p"), ("link", "l"),
        ("set-cookie", "a"), ("set-cookie", "b"), ("cache-control", "public"), ("expires", "x"),
        ("digest", "d"), ("accept-ranges", "bytes"), ("x-more", "m"), ("ratelimit", "r"),
        ("access-control-allow-origin", "*"), ("x-debug", "d"),
    ),
)  # fmt: skip


def test_back_pass_only_headers_that_are_listed() -> None:
    assert [name for name, _ in back(ANSWER, GUARD, private=False)] == [
        "content-type", "set-cookie", "set-cookie", "cache-control", "expires", "x-more",
        "ratelimit", "access-control-allow-origin",
    ]  # fmt: skip


def test_an_answer_to_somebody_is_kept_by_no_cache() -> None:
    found = back(ANSWER, GUARD, private=True)
    assert [value for name, value in found if name == "cache-control"] == ["private, no-store"]
    assert "expires" not in dict(found)


WRITE = HttpRequest("PUT", "/", (), host="api.test")


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("if-match", '"v"', 412),
        ("if-none-match", '"v"', 412),
        ("if-unmodified-since", "*", 412),
        ("content-range", "bytes 0-1/2", 400),
    ],
)
def test_a_write_that_would_lose_its_condition_is_refused(
    name: str, value: str, status: int
) -> None:
    asked = replace(WRITE, headers=((name, value),))
    with pytest.raises(Denial) as denied:
        refuse_lost(asked, GUARD, ())
    assert denied.value.status == status
    refuse_lost(asked, Guarding(request_headers=(name,)), ())
    with pytest.raises(Denial):
        hop = replace(asked, headers=(*asked.headers, ("connection", name)))
        refuse_lost(hop, Guarding(request_headers=(name,)), ())


@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
def test_a_condition_that_compares_nothing_passes_with_a_write(name: str) -> None:
    asked = replace(WRITE, headers=((name, "*"),))
    refuse_lost(asked, GUARD, ())
    assert (name, "*") in onward(asked, GUARD, ())
    assert (name, "*") not in onward(replace(asked, method="GET"), GUARD, ())
    with pytest.raises(Denial):
        refuse_lost(replace(asked, headers=((name, "*"), (name, '"v"'))), GUARD, ())


def test_a_part_of_an_object_passes_where_the_operation_declares_it() -> None:
    asked = replace(WRITE, headers=(("content-range", "bytes 0-1/2"),))
    refuse_lost(asked, GUARD, ("content-range",))
