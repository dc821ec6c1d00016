"""Tests that send nothing: weak JWT secrets, and GET operations whose text says that they delete.

Whoever holds a token that is signed with a shared secret (RFC 7515, HMAC) can test guesses of the
secret offline. If it is a common word, an account holder can sign a token for any other account
(CWE-521; RFC 8725, 3.5). The words are tried on the identities' own tokens, in memory; no forged
token is sent. A GET operation without a login whose text says that it creates, deletes or resets
data is reported from the document alone, and never called (CWE-650).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator

import orjson

from oakum.exposure.leak_signal import Signal
from oakum.finding import Answer, Endpoint, Evidence
from oakum.http.jwt import base64url_bytes
from oakum.inference.lexicon import word_set, words
from oakum.inference.side_effects import classify, wipes
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.technique import Line, Prospect

HOW = "offline"
RULES: frozenset[str] = frozenset({"weak-jwt-secret", "unsafe-get"})
OPENS_WAYS = False
SILENT = True
KEY = "token-key"
WIPE = "wipe"

_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_WORDS = word_set(
    "123 1234 12345 123456 12345678 123456789 1234567890 abc123 access access_secret "
    "accesstoken admin api api_key apikey app app_secret auth authentication authorization "
    "backend bearer change-me change_me changeit changeme default dev development django "
    "example express flask foo foobar gateway hello hs256 insecure jsonwebtoken jwt jwt-secret "
    "jwt_secret jwtkey jwtsecret jwttoken key keyboard_cat letmein local localhost login master "
    "my-secret my_secret my_secret_key mykey mypassword mysecret mysecretkey mysupersecret node "
    "nodejs none null pass passw0rd password private private_key privatekey prod production "
    "public qwerty random root s3cr3t s3cret sample secret secret! secret-key secret1 secret123 "
    "secret_key secretkey secretpassword secrets server session shared shh shhh shhhh shhhhh "
    "sign signature signing signing_key signingkey some-secret somesecret string super-secret "
    "super_secret super_secret_key supersecret supersecretkey supersecretpassword symmetric "
    "test test123 testing this_is_a_secret thisisasecret token token_secret tokensecret "
    "top_secret topsecret undefined user very-secret very_secret verysecret your-256-bit-secret "
    "your-384-bit-secret your-512-bit-secret your-secret your-secret-key your_jwt_secret "
    "your_secret your_secret_key yoursecret "
)
"""What frameworks' examples and tutorials put where a key has to stand."""


def run(engine: Engine) -> None:
    """Sends nothing: checks tokens and the document."""
    engine.say("checking tokens and the document, without requests")
    names = [*words(engine.context.title), *words(re.sub(r"\W+", " ", engine.target))]
    tokens = list(engine.context.tokens())
    if not tokens:
        engine.results.note_gap("weak-jwt-secret", "no identity sends a JWT", Section.RULES)
    for who, token in tokens:
        algorithm = algorithm_with(token, guesses(names))
        if algorithm:
            _tell_key(engine, who, algorithm)
            break
    operations = engine.model.operations.values()
    # without any login the document says nothing about logins
    told = any(not each.anonymous for each in operations)
    if not told:
        engine.results.note_gap(
            "unsafe-get", "the document requires no login anywhere", Section.RULES
        )
    for operation in operations if told else ():
        verdict = classify(operation, engine.model.rule(operation.id))
        if verdict.kind == "destructive" and wipes(operation) and operation.anonymous:
            _tell_wipe(
                engine, Endpoint(operation.method, operation.path, operation.id), verdict.reason
            )


def foresee(prospect: Prospect) -> Iterator[Line]:
    """Yields nothing, since nothing is sent."""
    yield from ()


def guesses(names: Iterable[str]) -> Iterator[str]:
    """Secrets to try: common words, and words made from the API's name."""
    yield ""
    yield from sorted(_WORDS)
    for name in dict.fromkeys(names):
        for each in (name, f"{name}secret", f"{name}_secret", f"{name}-secret", f"{name}key"):
            yield from (each, each.upper(), each.capitalize())


def algorithm_with(token: str, keys: Iterable[str]) -> str:
    """The algorithm of a token that one of the keys has signed; empty if none has."""
    head, _, rest = token.partition(".")
    payload, _, mark = rest.partition(".")
    try:
        header = orjson.loads(base64url_bytes(head))
        signature = base64url_bytes(mark)
    except ValueError:
        return ""
    name = header.get("alg") if isinstance(header, dict) else None
    made = _HASHES.get(str(name))
    text = f"{head}.{payload}".encode()
    if made is None or not signature:
        return ""
    for key in keys:
        if hmac.compare_digest(hmac.new(key.encode(), text, made).digest(), signature):
            return str(name)
    return ""


def _tell_key(engine: Engine, who: str, algorithm: str) -> None:
    accounts = [
        (name, each.key) for name, each in engine.model.policy.resources.items() if each.is_account
    ]
    owned = [(name, each.key) for name, each in engine.model.policy.resources.items() if each.key]
    resource, key = next(iter(accounts or owned), ("", "token"))
    endpoint = next(
        (
            Endpoint(each.method, each.path, each.id)
            for each in engine.model.operations.values()
            if classify(each, engine.model.rule(each.id)).kind == "login"
        ),
        Endpoint("POST", "/", ""),
    )
    note = (
        f"the {algorithm} signature of {who}'s own token was signed with a word from a short list;"
    )
    evidence = Evidence(
        None, Answer(who, "", 0, ""), "", note=f"{note} tried in memory, nothing was sent"
    )
    engine.results.report(
        Signal(KEY, resource, key, "anyone", endpoint, evidence, (), None, says=algorithm)
    )


def _tell_wipe(engine: Engine, endpoint: Endpoint, reason: str) -> None:
    evidence = Evidence(
        None, Answer("nobody logged in", "anyone", 0, ""), "", note=f"{reason}; it was not called"
    )
    engine.results.report(
        Signal(
            WIPE, "*", "*", "anyone", endpoint, evidence, (), None, False, reason,
            "only its text says so: it was not called",
        )
    )  # fmt: skip
