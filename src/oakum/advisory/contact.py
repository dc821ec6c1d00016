"""The security contact that a `security.txt` names (RFC 9116), and why not to rely on it.

The file is untrusted: only `mailto:`, `tel:` and `https:` addresses, the languages and the date of
expiry are taken from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from oakum.http import security_txt

_SCHEMES = ("mailto:", "https://", "tel:")
"""Schemes of addresses that are accepted. RFC 9116, 2.5.3: web addresses must use `https`."""
_MOST = 5


@dataclass(frozen=True)
class Contact:
    """The security contact that the owner of an API has published."""

    ways: tuple[str, ...] = ()
    """Addresses as URIs, the preferred one first; empty if none is known."""
    policy: str = ""
    encryption: str = ""
    languages: str = ""
    expires: datetime | None = None
    source: str = ""
    """Where it was read, in words."""
    doubts: tuple[str, ...] = ()
    """Reasons not to rely on it, in words."""


def read_contact(text: str, now: datetime, source: str) -> Contact:
    """The contact in a `security.txt`. `now`: the current time, with a time zone."""
    return _contact(security_txt.fields(text), now, source)


def told_contact(notes: Iterable[str], now: datetime) -> Contact:
    """The contact in the notes of a report, into which a scan copies the target's
    `security.txt`."""
    fields = security_txt.fields_from_notes(notes)
    if not fields:
        doubt = "no security.txt was requested, or the target has none"
        return Contact(doubts=(doubt,))
    return _contact(fields, now, "the target's security.txt, read by the scan")


def _contact(fields: Mapping[str, list[str]], now: datetime, source: str) -> Contact:
    said = fields.get("contact", [])
    ways = [each for each in said if each.lower().startswith(_SCHEMES)]
    ends = fields.get("expires", [])
    expires = _moment(ends[0]) if len(ends) == 1 else None

    def first(name: str) -> str:
        return next((e for e in fields.get(name, []) if e.lower().startswith(_SCHEMES)), "")

    return Contact(
        tuple(ways[:_MOST]), first("policy"), first("encryption"),
        next(iter(fields.get("preferred-languages", [])), ""), expires, source,
        tuple(_doubts(said, ways, ends, expires, now)),
    )  # fmt: skip


def _doubts(
    said: list[str], ways: list[str], ends: list[str], expires: datetime | None, now: datetime
) -> Iterator[str]:
    if not said:
        yield "it names no contact, although RFC 9116 requires one"
    elif len(ways) < len(said):
        yield "one of its contacts is not a `mailto:`, `tel:` or `https:` address"
    if len(ends) != 1:
        yield f"it says {'nowhere' if not ends else 'twice'} when it expires"
    elif expires is None:
        yield "its expiry date cannot be read"
    elif expires < now:
        yield f"it expired on {expires.date()}: look for a newer one before you rely on it"


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
