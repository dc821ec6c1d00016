"""The JSON Schema of the identities file; keys and patterns are those of its reader."""

from __future__ import annotations

from itertools import combinations

from oakum.openapi.model import Json
from oakum.policy.json_schema_builders import (
    FLAG,
    SCALAR,
    WORD,
    any_of,
    document,
    exactly_one,
    has,
    if_has,
    items,
    many,
    map_schema,
    not_both,
    one_of,
    pattern_schema,
    record,
)
from oakum.scan.identities import identities_file, login_methods, secret_store

_MAP: Json = {"type": "object"}
_VARIABLE: Json = {**map_schema({"type": "string"}), **has("env"), "maxProperties": 1}
"""`{env: NAME}`, which is text."""
_FORM: Json = {**_MAP, "not": _VARIABLE}
_COMMAND = items(WORD, least=1)
_SECRET: Json = any_of(
    WORD,
    {
        **record(
            secret_store.SOURCES,
            {
                "env": {"type": "string"},
                "file": WORD,
                "command": _COMMAND,
                "keyring": {**items(WORD, least=2), "maxItems": 2},
                "totp": any_of(WORD, map_schema({}, one_of(secret_store.SOURCES), least=1)),
            },
        ),
        "minProperties": 1,
        "maxProperties": 1,
    },
)
"""A value of an identity: text, or where a secret is read from."""
_LINE = any_of(pattern_schema(secret_store.HEADER), pattern_schema(secret_store.QUERY))
_LINES = many(_LINE)
_PLACE = pattern_schema(r"(?:/|https?://)[\s\S]*")
_CSRF = record(
    login_methods.CSRF,
    dict.fromkeys(login_methods.CSRF, WORD),
    also=[
        exactly_one("cookie", "json", "input"),
        any_of(has("header"), has("field")),
        any_of(has("get"), has("cookie")),
    ],
)
_TOKEN = any_of(
    pattern_schema(r"(?:/[^/]+)+"),
    {
        "type": "object",
        "properties": {"header": WORD},
        "additionalProperties": False,
        "required": ["header"],
    },
)
_STEP = record(
    login_methods.LOGIN,
    {
        "operation": WORD,
        **dict.fromkeys(login_methods.METHODS, _PLACE),
        "json": _MAP,
        "form": _MAP,
        "basic": {"type": "string", "pattern": ":"},
        "headers": {**map_schema(any_of({"type": "string"}, _VARIABLE)), "not": _VARIABLE},
        "csrf": _CSRF,
        "token": _TOKEN,
        "cookie": WORD,
        "cookies": FLAG,
        "send": _LINES,
    },
    also=[
        exactly_one("operation", *login_methods.METHODS),
        not_both("json", "form"),
    ],
)
_RETURNS = any_of(
    has("token"), has("cookie"), {**has("cookies"), "properties": {"cookies": {"const": True}}}
)
_LOGIN = any_of({**_STEP, "allOf": [*_STEP["allOf"], _RETURNS]}, items(_STEP, least=1))
"""One request that says what it returns, or several, of which a later one does."""
_OAUTH2 = record(
    login_methods.OAUTH2,
    {
        "issuer": pattern_schema(r"https?://[\s\S]*"),
        "token_url": _PLACE,
        "grant": one_of(login_methods.GRANTS),
        "client_id": _SECRET,
        "client_secret": _SECRET,
        "scope": WORD,
        "username": _SECRET,
        "password": _SECRET,
        "auth": one_of(("basic", "body")),
        "form": _FORM,
        "send": _LINES,
        "authorization_url": _PLACE,
        "device_url": _PLACE,
        "jwks_url": _PLACE,
        "redirect_uri": pattern_schema(login_methods.LOOPBACK_URL),
        "prompt": WORD,
        "refresh_token": _SECRET,
        "keep": one_of(("keyring",)),
    },
    also=[
        any_of(has("issuer"), has("token_url")),
        *(
            if_has(key, {**has("grant"), "properties": {"grant": one_of(grants)}})
            for key, grants in login_methods.ONLY.items()
        ),
    ],
)
_IDENTITY = {
    **record(
        identities_file.KEYS,
        {
            "login": _LOGIN,
            "oauth2": _OAUTH2,
            "command": _COMMAND,
            "header": _LINES,
            "cookie": many({"type": "string", "pattern": "="}),
            "send": _LINES,
            "storage_state": any_of(
                WORD,
                record(
                    login_methods.STORAGE_STATE,
                    {"file": WORD, "token": _TOKEN, "csrf": _CSRF, "send": _LINES},
                    ["file"],
                ),
            ),
            "basic": {"type": "string", "pattern": ":"},
            "certificate": record(
                identities_file.CERTIFICATE,
                {"file": WORD, "key": WORD, "password": _SECRET},
                ["file"],
            ),
            "claims": _MAP,
            "facts": _MAP,
            "states": _MAP,
            "owns": map_schema(many(SCALAR, least=1), least=1),
            "account": one_of(("none",)),
            "whoami": WORD,
        },
        also=[
            *(not_both(*pair) for pair in combinations(identities_file.WAYS, 2)),
            if_has("account", has("whoami")),
            if_has("whoami", has("account")),
            *(not_both("account", key) for key in identities_file.OF_ACCOUNTS),
        ],
        others=_SECRET,
    ),
    "minProperties": 1,
}


def identities() -> Json:
    """The schema of an identities file, in Oakum's form or that of Web Fuzzing Commons."""
    own = record(
        identities_file.ROOT,
        {
            "login": _LOGIN,
            "whoami": WORD,
            "identities": map_schema(_IDENTITY, pattern_schema(identities_file.NAME), least=1),
            "cleaner": _IDENTITY,
            "between": items({"type": "string", "pattern": identities_file.TIE.pattern}),
        },
        ["identities"],
    )
    foreign: Json = {
        "type": "object",
        "properties": {"auth": {"type": "array"}},
        "required": ["auth"],
    }
    whole = {"if": has("auth"), "then": foreign, "else": own}
    return document("identities", "Identities file of Oakum", {"type": "object", **whole})
