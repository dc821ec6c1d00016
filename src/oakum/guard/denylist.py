"""The deny list: callers that the gateway rejects for a while, in a file beside the contract.

The list identifies callers only by the hash that the audit log has for them, and each entry has an
end. A file with a mistake is rejected as a whole, and the previous list stays in force.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from oakum.errors import InputError, Problem
from oakum.guard.audit_reader import AUDIT_KEY
from oakum.openapi.model import Json
from oakum.openapi.source import JsonPlaces, parse_json, read_text

SCHEMA = "oakum.deny/1"
MOST = 10_000
"""Most entries of a list: engines hold it in memory and reload it on each change."""
_WHO = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class DeniedCaller:
    """An entry of the deny list: a caller by their hash, why, and until when."""

    who: str
    """Hash of the caller as in the audit: 16 hexadecimal digits."""
    reason: str
    since: str
    """ISO 8601 with a time zone, as is `until`."""
    until: str

    @property
    def ends(self) -> float:
        """Unix seconds at which the denial ends."""
        return datetime.fromisoformat(self.until).timestamp()


def check_of(key: bytes) -> str:
    """Fingerprint of a key: shows whether a list and an audit use the same one."""
    return hmac.digest(key, SCHEMA.encode(), "sha256").hex()[:16]


def render(callers: Iterable[DeniedCaller], key: bytes) -> str:
    """The file's text, sorted by caller. `key`: the one used for the hashes."""
    rows = [
        {"who": e.who, "reason": e.reason, "since": e.since, "until": e.until}
        for e in sorted(callers, key=lambda each: each.who)
    ]
    made = {"schema": SCHEMA, "key": check_of(key), "callers": rows}
    return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def read_list(path: Path, key: bytes) -> tuple[DeniedCaller, ...]:
    """The entries of a deny list. `key`: the key of the audit; empty if unknown, and then not
    compared.

    Raises `InputError` with all mistakes, and for a list made under another key, since it would
    deny nobody.
    """
    text = read_text(path)
    places = JsonPlaces(text, str(path))
    value = parse_json(text.encode(), str(path))
    found = list(_wrong(value))
    if not found and key and isinstance(value, dict) and value.get("key") != check_of(key):
        hint = f"list and guard need the same key, from `{AUDIT_KEY}` or `--key`: a list for this"
        hint += f" one has the `key` {check_of(key)}"
        found.append(("/key", "this list was made with another key", hint))
    if found:
        raise InputError([Problem(places.locate(at), said, hint) for at, said, hint in found])
    return tuple(DeniedCaller(**each) for each in value["callers"])


def key_of(path: Path) -> str:
    """The `check_of` fingerprint in a list that `read_list` has accepted; empty when it has
    none."""
    said = parse_json(read_text(path).encode(), str(path))
    key = said.get("key") if isinstance(said, dict) else None
    return key if isinstance(key, str) else ""


def denial_ends(callers: Iterable[DeniedCaller]) -> Mapping[str, float]:
    """Hash of a caller → Unix seconds at which its denial ends; the form that engines take."""
    ends: dict[str, float] = {}
    for each in callers:
        ends[each.who] = max(each.ends, ends.get(each.who, 0.0))
    return dict(sorted(ends.items()))


def _wrong(value: Json) -> Iterator[tuple[str, str, str]]:
    """Problems of a parsed list: JSON pointer, message and hint."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        yield "/schema", f"is not a deny list of schema `{SCHEMA}`", ""
        return
    callers = value.get("callers")
    if not isinstance(callers, list):
        yield "/callers", "a deny list needs a list of `callers`", ""
        return
    if len(callers) > MOST:
        yield "/callers", f"more than {MOST:,} callers", "let old ones end"
        return
    for number, each in enumerate(callers):
        yield from _entry(f"/callers/{number}", each)


def _entry(at: str, each: Json) -> Iterator[tuple[str, str, str]]:
    if not isinstance(each, dict) or each.keys() != {"who", "reason", "since", "until"}:
        yield at, "an entry needs `who`, `reason`, `since` and `until`", ""
        return
    if not isinstance(each["who"], str) or not _WHO.fullmatch(each["who"]):
        hint = "use `who` from the audit log; anonymous callers cannot be listed"
        yield f"{at}/who", "a caller is 16 lower-case hexadecimal digits", hint
    if not isinstance(each["reason"], str):
        yield f"{at}/reason", "a reason is a text", ""
    for name in ("since", "until"):
        if not _is_instant(each[name]):
            said = "a time with its time zone is required"
            yield f"{at}/{name}", said, "as `2026-11-25T14:00:00Z`"


def _is_instant(said: Json) -> bool:
    try:
        return isinstance(said, str) and datetime.fromisoformat(said).tzinfo is not None
    except ValueError:
        return False
