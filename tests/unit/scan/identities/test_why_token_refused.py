"""What `oakum doctor` says when an API refuses a token."""

from __future__ import annotations

import base64
import email.utils
import json
from typing import Any

import pytest

from oakum.exchange import Response
from oakum.scan.identities.why_token_refused import reason

NOW = 1_770_000_000


def jwt(**claims: Any) -> str:
    parts = ({"alg": "RS256", "kid": "key-1"}, claims)
    coded = (base64.urlsafe_b64encode(json.dumps(each).encode()) for each in parts)
    return ".".join(each.rstrip(b"=").decode() for each in coded) + ".c2ln"


def refused(status: int = 401, challenge: str = "", server: float = NOW) -> Response:
    headers = {"date": email.utils.formatdate(server, usegmt=True)}
    return Response(status, headers | ({"www-authenticate": challenge} if challenge else {}))


LIVE = {"iss": "https://id.example", "iat": NOW - 5, "exp": NOW + 300}


@pytest.mark.parametrize(
    ("response", "claims", "expected"),
    [
        (refused(), {"exp": NOW - 60}, "the token expired 60 s ago; get a new one"),
        (
            refused(server=NOW + 400),
            LIVE,
            "the token expired 100 s ago; get a new one; this machine's clock is 400 s behind the"
            " server's",
        ),
        (refused(), {"iat": NOW + 90}, "is not valid for another 90 s by the API's clock"),
        (refused(), {"nbf": NOW + 90, "iat": NOW}, "do the clocks of its issuer and of the API"),
        (refused(), LIVE, "and were the keys rotated since it was signed?"),
        (refused(403, 'Bearer error="insufficient_scope"'), LIVE, "add it to `scope:`"),
        (refused(401, 'Bearer realm="r", error="invalid_token"'), LIVE, "were the keys rotated"),
    ],
)
def test_a_refused_token_is_explained_by_what_it_says(
    response: Response, claims: dict[str, Any], expected: str
) -> None:
    token = jwt(**claims)
    said = reason(response, [token], NOW)
    assert expected in said
    assert not [part for part in token.split(".") if part in said]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (refused(401, 'Bearer error="invalid_token"'), "the API calls the token invalid"),
        (refused(401, 'Basic realm="r"'), "the API asks for HTTP Basic; write `basic:`"),
        (refused(401, "Bearer"), ""),
        (refused(403), ""),
        (refused(401, 'Bearer error="made-up"'), ""),
    ],
)
def test_an_opaque_token_is_explained_by_the_challenge_alone(
    response: Response, expected: str
) -> None:
    said = reason(response, ["opaque-token"], NOW)
    assert said.startswith(expected)
    assert bool(said) == bool(expected)


def test_a_403_of_a_valid_token_is_not_called_a_rotated_key() -> None:
    assert reason(refused(403), [jwt(**LIVE)], NOW) == ""
