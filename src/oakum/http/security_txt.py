"""What a `security.txt` says (RFC 9116): the file in which a target names its security contact.

The file is untrusted: a value that is long or does not print is nobody's address. A scan keeps what
it says as notes of its report, from which the same is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oakum.errors import visible

WELL_KNOWN = "/.well-known/security.txt"
_LONGEST = 300
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_NOTE = "security.txt says "
_NOTED = {"contact": 5, "expires": 2, "policy": 1, "encryption": 1, "preferred-languages": 1}
"""Field → most values that become notes. A second expiry date shows that none is valid."""


def fields(text: str) -> Mapping[str, list[str]]:
    """Field in lower case → its values."""
    return _fields(_unsigned_lines(text))


def notes(text: str) -> list[str]:
    """The notes of a report on what a `security.txt` says."""
    return [
        f"{_NOTE}{name.title()}: {value}"
        for name, values in fields(text).items()
        for value in values[: _NOTED.get(name, 0)]
    ]


def fields_from_notes(every: Iterable[str]) -> Mapping[str, list[str]]:
    """Field in lower case → its values, from the notes of a report."""
    return _fields(each.removeprefix(_NOTE) for each in every if each.startswith(_NOTE))


def _unsigned_lines(text: str) -> list[str]:
    """Lines without the frame of a clear signature (RFC 9580, 7), which is not verified here."""
    lines = text.lstrip("\ufeff").splitlines()
    if _SIGNED in lines:
        lines = lines[lines.index(_SIGNED) + 1 :]
        lines = lines[lines.index("") + 1 :] if "" in lines else []
        if _SIGNATURE in lines:
            lines = lines[: lines.index(_SIGNATURE)]
        lines = [line.removeprefix("- ") for line in lines]
    return lines


def _fields(lines: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        name, sign, value = line.partition(":")
        value = visible(value.strip())
        if sign and value and len(value) <= _LONGEST and not line.startswith("#"):
            found.setdefault(name.strip().lower(), []).append(value)
    return found
