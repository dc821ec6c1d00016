"""The schema of the identities file, beside its reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from oakum.errors import InputError
from oakum.openapi.source import parse
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.json_schema import identities
from tests.contracts.changes import around, changed, without
from tests.contracts.test_any_policy import spots

SCHEMA = jsonschema_rs.validator_for(identities())
FORMS = [
    """
login:
  post: /login
  json: {username: $username, password: $password}
  token: /access_token
  headers: {X-App: web}
  csrf: {get: /login, input: csrf, header: X-CSRF}
  send: ["Authorization: Bearer $token", "?v=1"]
whoami: /me
cleaner: {header: "X-Admin: $key", key: {env: KEY}}
identities:
  ann:
    username: ann
    password: {env: KEY}
    claims: {role: admin}
    facts: {id: 7, tags: [a, b]}
    states: {Member.private: true}
    owns: {Doc: [d1, d2], Note: n1}
  bob: {username: bob, password: {file: secret.txt}}
  cy: {oauth2: {token_url: /token, grant: password, client_id: a, username: cy, password: pw,
       auth: body, scope: read, form: {x: y}}, client_secret: {command: [./secret]}}
  dee: {command: [./token, dee]}
  eve: {header: ["X-Key: abc", "X-B: c"]}
  gus: {login: [{post: /in, json: {u: $u}, token: /t},
       {post: /code, form: {c: $c}, send: "X: $token"}], u: gus, c: {totp: JBSWY3DPEHPK3PXP}}
  hal: {oauth2: {issuer: "https://id.example.com", grant: authorization_code, client_id: a,
       redirect_uri: "http://127.0.0.1:8400/", prompt: login, keep: keyring, jwks_url: /keys,
       authorization_url: /authorize}}
  ida: {oauth2: {token_url: /token, grant: device_code, device_url: /device, client_id: a}}
  jo: {oauth2: {token_url: /token, grant: refresh_token, client_id: a, refresh_token: {env: KEY}}}
  kim: {basic: "$username:$password", username: kim, password: pw,
       certificate: {file: cert.pem, key: key.pem, password: {env: KEY}}}
  lou: {storage_state: lou.json}
  max: {storage_state: {file: max.json, token: /origins/0/token, send: "X: $token"}}
  fay: {cookie: "sid=1; b=2", account: none, whoami: /me}
  anonymous: {header: "X-App: web"}
between: [ann is friend of bob]
""",
    """
login: {operation: login, form: {u: $username}, cookies: true, basic: "$username:$username"}
identities: {ann: {username: ann}, bob: {login: {get: /in, cookie: sid}}}
""",
    """
login: {put: https://id.example.com/in, token: {header: X-Token}}
identities: {ann: {send: "Cookie: a=b"}}
""",
]
JUNK: list[Any] = [
    None, True, 0, 2.5, "", "x", "/a", "a: b", "a=b", "$x", [], {}, [[]], [None], {"a": 1},
    ["a", 1], {"env": 1}, {"env": "a b"}, {"x": {"y": []}},
]  # fmt: skip


OF_THE_REST = re.compile(
    r"has no (`|way to log in)|but `\$|nothing uses|is not an identity|named on both sides"
    r"|name of an environment variable|stands? (here )?twice|is listed twice|is not set"
    r"|of the whole login|sends `\$token`|what it returns|not in base32"
    r"|is a name and a password|`\$x` is not a path|in an address|no value of each"
    r"|no such file|is not installed|needs `|without `issuer`|is the caller without a login"
)
"""Mistakes that the rest of the file or the machine makes; no schema sees them."""


class _Every(dict[str, str]):
    """An environment that has every variable."""

    def get(self, key: str, default: Any = None) -> Any:
        return "value"


def _plain(text: str) -> Any:
    return parse(text, "i").plain()


def mistakes(folder: Path, content: Any) -> list[str]:
    file = folder / "identities.yaml"
    file.write_text(json.dumps(content))
    file.chmod(0o600)
    (folder / "secret.txt").write_text("s3cret")
    try:
        load_identities(file, environ=_Every(), run=lambda argv, where: "printed")
    except InputError as error:
        return [each.message for each in error.problems]
    return []


def changes(content: Any, folder: Path) -> Iterator[Any]:
    for stem, places in groupby(spots(content), lambda at: at[:2]):
        less = around(content, stem, partial(mistakes, folder))
        for at in places:
            yield without(less, at)
            for value in JUNK:
                yield changed(less, at, value)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_valid(tmp_path: Path, form: str) -> None:
    assert mistakes(tmp_path, _plain(form)) == []
    SCHEMA.validate(_plain(form))


@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_reader_takes_the_schema_takes(tmp_path: Path, form: str) -> None:
    refused, lax = 0, set[str]()
    for content in changes(_plain(form), tmp_path):
        found = mistakes(tmp_path, content)
        if SCHEMA.is_valid(content):
            lax |= {each for each in found if not OF_THE_REST.search(each)}
        else:
            assert found, content
            refused += 1
    assert not lax
    assert refused > 50


def test_the_form_of_web_fuzzing_commons_has_a_schema_of_its_own(tmp_path: Path) -> None:
    content = _plain("auth: [{name: ann, fixedHeaders: [{name: X-Key, value: abc}]}]")
    assert mistakes(tmp_path, content) == []
    SCHEMA.validate(content)


@pytest.mark.parametrize(
    "way", ["login: {post: /in, cookie: c, headers: X}", "oauth2: {token_url: /t, form: X}"]
)
def test_a_secret_in_place_of_a_map_is_a_mistake_and_no_crash(tmp_path: Path, way: str) -> None:
    told = way.replace("X", "{env: KEY}")
    content = _plain("identities: {ann: {client_id: a, client_secret: b, " + told + "}}")
    assert any("must be a map" in each for each in mistakes(tmp_path, content))
