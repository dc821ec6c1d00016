"""Reads what Playwright has saved of a browser: cookies, and a token in `localStorage`.

`context.storage_state(path=…)` writes such a file after a person has logged in. No message contains
a value.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from oakum.http.json_pointer import path_of, value_at
from oakum.http.origin import origin_of
from oakum.openapi.model import Json
from oakum.scan.identities.credentials import Secret, StorageState
from oakum.scan.identities.login import Granted, LoginFailed

_HERE = ("127.0.0.1", "localhost", "::1")


def granted(name: str, login: StorageState, target: str, now: float) -> Granted:
    """The session of an identity. Raises `LoginFailed`."""
    try:
        return _read(login, target, now)
    except _Fault as fault:
        raise LoginFailed(f"`{name}` could not log in: `{login.path.name}` {fault}") from None


class _Fault(Exception):
    """Why a file is no session."""


def _read(login: StorageState, target: str, now: float) -> Granted:
    try:
        said: Json = orjson.loads(login.path.read_bytes())
    except OSError as error:
        raise _Fault(f"cannot be read: {(error.strerror or 'unknown').lower()}") from None
    except orjson.JSONDecodeError:
        raise _Fault("is not JSON") from None
    if not isinstance(said, dict) or not {"cookies", "origins"} & said.keys():
        raise _Fault("is not a storage state; save one with `context.storage_state(path=…)`")
    if login.token:
        return Granted(_token(said, login.token, target))
    return Granted(cookies=_cookies(said, target, now))


def _cookies(said: Mapping[str, Json], target: str, now: float) -> dict[str, Secret]:
    host = urlsplit(target).hostname or ""
    secure = target.startswith("https:") or host in _HERE
    every = [each for each in _maps(said.get("cookies")) if _text(each, "name")]
    ours = [
        each
        for each in every
        if _matches(host, _text(each, "domain")) and (secure or not each.get("secure"))
    ]
    if not ours:
        domains = sorted({_text(each, "domain") for each in every})
        others = f"; it has some for {', '.join(f'`{each}`' for each in domains[:4])}"
        raise _Fault(f"has no cookie for `{host}`{others if domains else ''}")
    live = [each for each in ours if not _is_over(each, now)]
    if not live:
        ended = max(float(each["expires"]) for each in ours)
        day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(ended))
        raise _Fault(f"has only cookies that expired, the last on {day}; record the login again")
    return {_text(each, "name"): Secret(_text(each, "value")) for each in live}


def _token(said: Mapping[str, Json], where: str, target: str) -> Secret:
    name, *path = path_of(where)
    texts = [
        _text(entry, "value")
        for page in _maps(said.get("origins"))
        if _is_at(_text(page, "origin"), target)
        for entry in _maps(page.get("localStorage"))
        if entry.get("name") == name
    ]
    if not texts:
        raise _Fault(f"has no `{name}` in the `localStorage` of `{origin_of(target)}`")
    found: Any = texts[0]
    if path:
        try:
            found = value_at(orjson.loads(found), tuple(path))
        except orjson.JSONDecodeError:
            found = None
    if not isinstance(found, str) or not found:
        raise _Fault(f"has no text at `{where}` in `localStorage`")
    return Secret(found)


def _is_at(origin: str, target: str) -> bool:
    """Whether a page may hold the token of a target: they are often at neighbouring hosts."""
    try:
        page, api = urlsplit(origin).hostname or "", urlsplit(target).hostname or ""
    except ValueError:
        return False
    return page == api or page.split(".")[-2:] == api.split(".")[-2:]


def _matches(host: str, domain: str) -> bool:
    """Whether a cookie of a domain is sent to a host (RFC 6265, 5.1.3); without a leading dot it
    is of that host alone."""
    bare = domain.removeprefix(".")
    return host == bare or (domain.startswith(".") and host.endswith(f".{bare}"))


def _is_over(cookie: Mapping[str, Json], now: float) -> bool:
    expires = cookie.get("expires")
    return isinstance(expires, int | float) and 0 < expires < now


def _maps(found: Json) -> list[dict[str, Json]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(found: Mapping[str, Json], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
