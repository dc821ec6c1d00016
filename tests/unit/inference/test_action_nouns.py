from __future__ import annotations

import re

import pytest

from oakum.inference.action_nouns import deed_of_link, deed_of_write
from oakum.inference.side_effects import acts, classify
from oakum.openapi.model import Operation, Parameter


def endpoint(line: str, summary: str = "") -> Operation:
    """`GET /path/{parameter}?parameter`."""
    method, _, rest = line.partition(" ")
    path, _, query = rest.partition("?")
    parameters = [Parameter(name, "path", True) for name in re.findall(r"\{(\w+)\}", path)]
    parameters += [Parameter(name, "query") for name in query.split("&") if name]
    return Operation(line, method, path, tuple(parameters), summary=summary)


@pytest.mark.parametrize(
    "line",
    [
        "GET /users/confirmation?confirmation_token",
        "GET /auth/email-confirmation?confirmation",
        "GET /activation/{code}",
        "GET /account-activation/{uid}/{token}",
        "GET /approval/{token}",
        "GET /unsubscription?token",
        "GET /opt-in?code",
        "GET /magic-link/{token}",
        "GET /verification?otp",
        "GET /account-deletion?token",
        "GET /rsvp/{token}",
        "GET /verify/{uuid}",
        "GET /orders/{id}/resend-confirmation",
        "GET /orders/{id}/send-confirmations",
        "GET /requests/{id}/deny",
        "GET /requests/{id}/authorise",
        "HEAD /cancellation/{token}",
    ],
)
def test_a_link_that_acts_is_never_called(line: str) -> None:
    assert classify(endpoint(line)).kind == "destructive"


@pytest.mark.parametrize(
    "line",
    [
        "GET /orders/{id}/confirmation",
        "GET /orders/{code}/confirmation",
        "GET /orders/{id}/confirmation?language_code",
        "GET /orders/{id}/confirmation?api_key",
        "GET /orders/{id}/confirmation/pdf",
        "GET /bookings/{id}/approval",
        "GET /users/{id}/verification",
        "GET /verifications/{id}",
        "GET /activations/{key}",
        "GET /approvals?token",
        "GET /cancellation-policy?code",
        "GET /cancellation/{id}",
        "GET /order-confirmations",
        "GET /delete-confirmation",
    ],
)
def test_a_document_that_is_called_like_a_deed_is_shown(line: str) -> None:
    assert classify(endpoint(line)).kind == "read"


def test_a_sentence_that_says_that_it_reads_decides() -> None:
    line = "GET /email-verification?code"
    assert classify(endpoint(line, "Verifies an address")).kind == "destructive"
    assert classify(endpoint(line, "Returns the state of a verification")).kind == "read"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("POST /users/confirmation", "`confirmation` in the path says that it confirms"),
        ("POST /orders/{id}/confirmation", "`confirmation` in the path says that it confirms"),
        ("PUT /documents/{id}/approval", "`approval` in the path says that it approves"),
        ("POST /users/{id}/verify", "`verify` in the path says that it verifies"),
        ("POST /requests/{id}/deny", "`deny` in the path says that it denies"),
        ("POST /approvals", ""),
        ("PUT /verifications/{id}", ""),
        ("PUT /users/{id}/settings", ""),
    ],
)
def test_a_write_that_does_more_than_to_set_says_so(line: str, reason: str) -> None:
    assert acts(endpoint(line)) == reason
    assert classify(endpoint(line)).kind == "write"


@pytest.mark.parametrize(
    "line",
    [
        "POST /orders/{id}/cancellation",
        "PUT /orders/{id}/cancellation",
        "POST /users/{id}/deactivation",
        "POST /tokens/{id}/revocation",
        "POST /account/deletion",
    ],
)
def test_a_write_that_ends_something_is_never_sent(line: str) -> None:
    assert classify(endpoint(line)).kind == "destructive"


def test_the_deed_and_its_place_are_told() -> None:
    link = endpoint("GET /account-activation/{token}")
    assert deed_of_link(link) == ("account-activation", "activate")
    assert deed_of_link(endpoint("GET /account-activation/{id}")) == ("", "")
    assert deed_of_write(endpoint("POST /invites/{id}/acceptance")) == ("acceptance", "accept")
    assert deed_of_write(endpoint("POST /")) == ("", "")
