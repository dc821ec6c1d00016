"""Callers that a gateway turns away for a while: the deny list, a file beside the contract.

The law of this module: a list names callers by the hash that the audit gives them, and nobody else;
each entry ends by itself. A file with a mistake is refused whole, so that the one before it stays.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from oakum.contract.source import Node, parse, read_text
from oakum.errors import InputError, Problem
from oakum.guard.compiled import AUDIT_KEY

SCHEMA = "oakum.deny/1"
MOST = 10_000
"""Entries of a list: engines hold it in memory, and take it anew with each change."""
_WHO = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Listed:
    """A caller that is turned away."""

    who: str
    """As the audit writes it: 16 hexadecimal digits."""
    reason: str
    since: str
    """ISO 8601, as `until`."""
    until: str

    @property
    def ends(self) -> float:
        """Unix seconds from which on it is let in again."""
        return datetime.fromisoformat(self.until).timestamp()


def check_of(key: bytes) -> str:
    """Tells whether a list was made under the same key as the hashes of an audit."""
    return hmac.digest(key, SCHEMA.encode(), "sha256").hex()[:16]


def render(callers: Iterable[Listed], key: bytes) -> str:
    """The file, by caller. `key`: of the hashes."""
    rows = [
        {"who": e.who, "reason": e.reason, "since": e.since, "until": e.until}
        for e in sorted(callers, key=lambda each: each.who)
    ]
    made = {"schema": SCHEMA, "key": check_of(key), "callers": rows}
    return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def read_list(path: Path, key: bytes) -> tuple[Listed, ...]:
    """The entries of a file. `key`: of the audit; empty: it is not known, and not compared.

    Raises `InputError` with every mistake, and for a list that was made under another key, since it
    would turn nobody away.
    """
    root = parse(read_text(path), str(path))
    problems = list(_wrong(root))
    if not problems and key:
        said, made = root.get("key"), check_of(key)
        if said is None or said.scalar != made:
            place = said.location if said is not None else root.location
            hint = f"make it with the key that is in `{AUDIT_KEY}`"
            problems.append(Problem(place, "this list was made under another key", hint))
    if problems:
        raise InputError(problems)
    callers = root.get("callers")
    assert callers is not None  # or there was a problem
    return tuple(Listed(**each.plain()) for each in callers.elements)


def denied(callers: Iterable[Listed]) -> Mapping[str, float]:
    """Hash of a caller → Unix seconds until when it is turned away: what an engine needs."""
    ends: dict[str, float] = {}
    for each in callers:
        ends[each.who] = max(each.ends, ends.get(each.who, 0.0))
    return dict(sorted(ends.items()))


def _wrong(root: Node) -> Iterator[Problem]:
    schema, callers = root.get("schema"), root.get("callers")
    if schema is None or schema.scalar != SCHEMA:
        place = schema.location if schema is not None else root.location
        yield Problem(place, f"is no deny list of schema `{SCHEMA}`")
        return
    if callers is None or callers.kind != "list":
        yield Problem(root.location, "a deny list has a list of `callers`")
        return
    if len(callers.elements) > MOST:
        yield Problem(callers.location, f"more than {MOST:,} callers", "let old ones end")
    for each in callers.elements:
        yield from _entry(each)


def _entry(each: Node) -> Iterator[Problem]:
    names = [str(name.scalar) for name, _ in each.items]
    if each.kind != "map" or sorted(names) != ["reason", "since", "until", "who"]:
        yield Problem(each.location, "an entry has `who`, `reason`, `since` and `until`")
        return
    values = {str(name.scalar): value for name, value in each.items}
    who = values["who"]
    if not isinstance(who.scalar, str) or not _WHO.fullmatch(who.scalar):
        hint = "as `who` of the audit; nobody is on it who is not logged in"
        yield Problem(who.location, "a caller is 16 small hexadecimal digits", hint)
    if not isinstance(values["reason"].scalar, str):
        yield Problem(values["reason"].location, "a reason is a text")
    for name in ("since", "until"):
        if not _is_instant(values[name].scalar):
            hint = "as `2026-11-25T14:00:00Z`"
            yield Problem(values[name].location, "an instant with its time zone is needed", hint)


def _is_instant(said: object) -> bool:
    try:
        return isinstance(said, str) and datetime.fromisoformat(said).tzinfo is not None
    except ValueError:
        return False
