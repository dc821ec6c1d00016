"""One exchange reduced to what may be kept: path template, time, outcome, keyed hashes of ids.

It contains no personal value: ids, names and credentials are hashes under a key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from oakum.exchange import Request
from oakum.traffic.inventory import (
    UNREAD,
    credentials,
    host_of,
    names_and_ids,
    read,
    telling_credential,
)
from oakum.traffic.recorded_exchange import RecordedExchange

MOST: Final = 1000
"""Most hashes of ids kept of one response."""
FAR: Final = 64
"""Largest difference between successive ids that is kept; larger ones are cut to it."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A reduced exchange. Hashes are those of `Hasher`; 0: unknown."""

    at: int
    """Milliseconds since 1970 in UTC; 0: the record does not say."""
    host: str
    method: str
    path: str
    """The template of the endpoint: `/members/{memberId}`."""
    operation: str
    """Operation id in the document; empty: undeclared, or no document."""
    status: int
    credentials: str
    """Kinds of credentials, joined by `+`: `bearer (JWT)`; `none`; `unknown`: none are kept."""
    caller: int
    """Hash of the caller's credentials, or of the name in the record."""
    address: int
    """Hash of the network address."""
    asked: tuple[int, ...]
    """Hashes of what the caller named: ids in the path, then values in the query, then ids and
    names in the body."""
    handed: tuple[int, ...]
    """Hashes of ids and names in the response, without duplicates, in order; at most `MOST`."""
    count: int
    """Number of objects in the response; -1: the body is not recorded."""
    size: int
    """Size of the response in bytes; -1: unknown."""
    step: int = 0
    """Difference of the last integer id in the path from the one that this caller requested before
    at this endpoint, within ±`FAR`; 0: the same, or unknown. It shows order and gaps, and no id."""


class Hasher:
    """Keyed hashes: the first 64 bits of HMAC-SHA-256 (RFC 2104), as a signed integer.

    With the same key (`OAKUM_AUDIT_KEY`) they equal those in the guard's audit, so that the guard
    recognises a caller found in a log. Any SQL engine can compute them.
    """

    def __init__(self, key: bytes) -> None:
        """The same key makes hashes of two runs comparable, and of the guard's audit."""
        self._key = key

    def __call__(self, text: str) -> int:
        data = text.encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._key, data, "sha256")[:8], signed=True)

    def pads(self) -> tuple[bytes, bytes]:
        """(inner, outer): the padded keys, for an engine that only has SHA-256: the hash of a text
        is `sha256(outer + sha256(inner + text))` (RFC 2104, section 2)."""
        key = self._key if len(self._key) <= 64 else hashlib.sha256(self._key).digest()
        whole = key.ljust(64, b"\0")
        return bytes(each ^ 0x36 for each in whole), bytes(each ^ 0x5C for each in whole)

    @property
    def mark(self) -> str:
        """Identifier of the key: equal for equal keys, without revealing them."""
        return self.hash_text(self("oakum"))

    @staticmethod
    def hash_text(mark: int) -> str:
        """A hash as the guard's audit writes it: 16 hexadecimal digits."""
        return f"{mark & (1 << 64) - 1:016x}"

    @staticmethod
    def parse_hash(text: str) -> int | None:
        """The hash that the guard's audit log wrote; None for other text."""
        if not re.fullmatch(r"[0-9a-f]{16}", text):
            return None
        return int.from_bytes(bytes.fromhex(text), signed=True)


def reduce_exchange(
    passed: RecordedExchange,
    body: object,
    path: str,
    operation: str,
    values: Iterable[str],
    hashed: Hasher,
) -> RecordedCall:
    """The exchange reduced to a call. `body`: the parsed response, or `UNREAD`; `path`: the
    template; `values`: what stood in its parameters."""
    request, response = passed.exchange.request, passed.exchange.response
    kinds = credentials(request) if passed.headers else {"unknown": ""}
    who = passed.who or telling_credential(kinds)
    good = response.ok
    return RecordedCall(
        passed.at,
        host_of(request.url),
        request.method,
        path,
        operation,
        response.status,
        "+".join(sorted(kinds)) or "none",
        _caller(passed, who, hashed),
        hashed(passed.peer) if passed.peer else 0,
        tuple(
            hashed(each)
            for each in (
                *map(unquote, values),
                *_query_values(request, kinds),
                *_names_in_body(request),
            )
        ),
        tuple(_name_hashes(body, hashed)) if good and body is not UNREAD else (),
        -1 if passed.body == "absent" else count_objects(body),
        len(response.body) if passed.body == "whole" else -1,
    )


def _caller(passed: RecordedExchange, who: str, hashed: Hasher) -> int:
    """A record that names the operation is of our guard, and has hashed the caller already. A 401
    says that nobody has proved who asked (RFC 9110, 15.5.2): a name or a token that anybody may
    have made up is then none, where there is an address to go by."""
    if passed.operation and who in ("", "anonymous"):
        return 0
    unproved = passed.exchange.response.status == 401 and not passed.operation
    if unproved and (passed.who or passed.peer):
        return 0
    made = Hasher.parse_hash(who) if passed.operation else None
    return made if made is not None else hashed(who) if who else 0


def _query_values(request: Request, kinds: Mapping[str, str]) -> Iterator[str]:
    for name, value in parse_qsl(urlsplit(request.url).query)[:64]:
        if f"query {name}" not in kinds and 0 < len(value) < 200:
            yield value


def _names_in_body(request: Request) -> Iterator[str]:
    """Whom the body names: the address of a login, the ids of a batch."""
    if not request.body:
        return
    body = read(request.body, request.headers.get("content-type", ""))
    if body is UNREAD:
        try:
            body = dict(parse_qsl(request.body.decode(), max_num_fields=64))
        except ValueError:
            return
    yield from islice(names_and_ids(body, numbers=True), MOST)


def _name_hashes(body: object, hashed: Hasher) -> Iterator[int]:
    seen = set[int]()
    for text in names_and_ids(body, numbers=True):
        mark = hashed(text)
        if mark not in seen:
            seen.add(mark)
            yield mark
            if len(seen) == MOST:
                return


def count_objects(body: object) -> int:
    """Number of objects in a response: the length of its longest list at the top or one level
    below; otherwise 1, or 0 for an empty body."""
    if body is UNREAD or body is None:
        return 0
    if isinstance(body, list):
        return len(body)
    if isinstance(body, dict):
        return max((len(each) for each in body.values() if isinstance(each, list)), default=1)
    return 1
