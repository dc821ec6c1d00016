"""Encrypts personal values that the journal needs for an undo.

The journal may contain a setting's value in clear text (`true`, `only_me`), but not a birthday.
Such a value is encrypted and authenticated (Fernet: AES-128-CBC and HMAC-SHA256) under a key that
scrypt (RFC 7914) derives from the identities' own secrets and the run's name. Whoever has those
could request the value from the API anyway; the journal alone reveals nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from oakum.exchange import json_bytes
from oakum.openapi.model import Json

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_MARK = "sealed:"


class Encryption:
    """Encrypts and decrypts values under one key."""

    def __init__(self, secrets: Iterable[str], run: str) -> None:
        self._secrets = sorted(set(secrets))
        self._run = run
        self._key = b""

    @property
    def holds(self) -> bool:
        """Whether any identity has a secret to derive a key from."""
        return bool(self._secrets)

    def close(self, value: Json) -> str:
        """Encrypts a JSON value for the same identities and run."""
        return _MARK + self._fernet().encrypt(json_bytes(value)).decode()

    def open(self, text: Json) -> Json:
        """Decrypts a text; other values are returned unchanged. Raises `ValueError` for another
        key."""
        from cryptography.fernet import InvalidToken

        if not is_sealed(text):
            return text
        try:
            return orjson.loads(self._fernet().decrypt(text[len(_MARK) :].encode()))
        except InvalidToken:
            raise ValueError("encrypted with the secrets of other identities") from None

    def opens(self, text: Json) -> bool:
        """Whether it can be decrypted, or is not encrypted."""
        try:
            self.open(text)
        except ValueError:
            return False
        return True

    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet  # a slow import that is rarely needed

        if not self._key:
            drawn = hashlib.scrypt(
                "\0".join(self._secrets).encode(), salt=self._run.encode(), n=2**14, r=8, p=1
            )
            self._key = base64.urlsafe_b64encode(drawn[:32])
        return Fernet(self._key)


def is_sealed(value: Json) -> bool:
    """Whether a value was encrypted by `close`."""
    return isinstance(value, str) and value.startswith(_MARK)
