"""One-time codes that a secret and the clock make: TOTP (RFC 6238) on HOTP (RFC 4226)."""

from __future__ import annotations

import hmac
import time
from base64 import b32decode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from oakum.scan.identities.model import Secret

_HASHES = ("sha1", "sha256", "sha512")


@dataclass(frozen=True)
class Totp:
    """What an authenticator app is given once."""

    key: bytes
    digits: int = 6
    period: int = 30
    hash: str = "sha1"

    def code(self, at: float) -> str:
        """The code at a time, in seconds since 1970 (RFC 6238, 4.2)."""
        steps = (int(at) // self.period).to_bytes(8, "big")
        digest = hmac.digest(self.key, steps, self.hash)
        start = digest[-1] & 0xF
        number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
        return str(number % 10**self.digits).zfill(self.digits)


def totp_of(text: str) -> Totp | None:
    """A secret in base32 as a person copies it, or an address `otpauth://totp/…`; None for other
    text."""
    said: dict[str, str] = {}
    if text.startswith("otpauth:"):
        parts = urlsplit(text)
        if parts.netloc != "totp":
            return None
        said = dict(parse_qsl(parts.query))
        text = said.get("secret", "")
    bare = text.replace(" ", "").replace("-", "").rstrip("=").upper()
    digits, period = said.get("digits", "6"), said.get("period", "30")
    hash = said.get("algorithm", "SHA1").lower()
    if digits not in ("6", "7", "8") or not period.isdecimal() or not 0 < int(period) <= 3600:
        return None
    try:
        key = b32decode(bare + "=" * (-len(bare) % 8))
    except ValueError:
        return None
    return Totp(key, int(digits), int(period), hash) if key and hash in _HASHES else None


class OneTimeCode(Secret):
    """A variable whose value is the code of the moment at which it is sent."""

    __slots__ = ("clock", "totp")

    def __init__(self, secret: str, totp: Totp, clock: Callable[[], float] = time.time) -> None:
        super().__init__(secret)
        self.totp = totp
        self.clock = clock

    def reveal(self) -> str:
        return self.totp.code(self.clock())
