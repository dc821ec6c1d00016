"""Keys beside a contract."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.guard.key_files import read_key_set
from oakum.openapi.model import Json
from oakum.policy.model import Tokens

LONG = b"a made-up secret of 36 bytes in all."


def secret(value: bytes, **more: Json) -> dict[str, Json]:
    return {"kty": "oct", "k": urlsafe_b64encode(value).rstrip(b"=").decode(), **more}


def read(folder: Path, keys: list[dict[str, Json]], *algorithms: str) -> dict[str, Json] | None:
    (folder / "keys.json").write_text(json.dumps({"keys": keys}))
    return read_key_set(Tokens("keys.json", algorithms=algorithms), folder)


def test_only_keys_that_may_verify_reach_an_engine(tmp_path: Path) -> None:
    good = secret(LONG, kid="new")
    keys = [secret(b"short", kid="old"), good, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}]
    assert read(tmp_path, keys, "HS256") == {"keys": [good]}


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (secret(b"short"), "HS256"),
        (secret(LONG), "HS512"),
        (secret(LONG, use="enc"), "HS256"),
        (secret(LONG), "RS256"),
    ],
)
def test_a_key_set_that_can_verify_nothing_is_refused(
    tmp_path: Path, key: dict[str, Json], algorithm: str
) -> None:
    with pytest.raises(InputError, match=f"no key in `keys.json` is usable for {algorithm}"):
        read(tmp_path, [key], algorithm)
