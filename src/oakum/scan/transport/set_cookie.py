"""Reads `Set-Cookie` lines (RFC 6265)."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping, Sequence


def cookies_of(lines: Sequence[str]) -> dict[str, str]:
    """Cookies of `Set-Cookie` lines (RFC 6265); a deleted cookie has the value ""."""
    return {
        name: "" if _is_over(said, time.time()) else value
        for name, value, said in _set_cookies(lines)
    }


def cookie_paths_of(lines: Sequence[str]) -> dict[str, str]:
    """Those of the cookies that are set for a part of the host, with the path of it."""
    found = {name: _path(said) for name, _, said in _set_cookies(lines)}
    return {name: path for name, path in found.items() if path.strip("/")}


def _set_cookies(lines: Sequence[str]) -> list[tuple[str, str, dict[str, str]]]:
    """Names, values and attributes; of one name, the one for the most comes last."""
    found = []
    for line in lines:
        pair, *attributes = line.split(";")
        name, sign, value = pair.partition("=")
        if sign and name.strip():
            pairs = [attribute.partition("=") for attribute in attributes]
            said = {each.strip().lower(): text.strip() for each, _, text in pairs}
            found.append((name.strip(), value.strip(), said))
    return sorted(found, key=lambda each: -len(_path(each[2])))


def _path(said: Mapping[str, str]) -> str:
    path = said.get("path", "")
    return path if path.startswith("/") else ""


def _is_over(said: Mapping[str, str], now: float) -> bool:
    if "max-age" in said:  # takes precedence over Expires (RFC 6265, 5.3)
        age = said["max-age"]
        return age.startswith("-") or not age.strip("0")  # RFC 6265, 5.2.2
    try:
        return email.utils.parsedate_to_datetime(said["expires"]).timestamp() < now
    except (KeyError, ValueError, TypeError, OverflowError):
        return False
