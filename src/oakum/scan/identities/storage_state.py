"""Reads the browser session that Playwright has saved: cookies, and a token in `localStorage`.

`context.storage_state(path=…)` writes such a file after a person has logged in. No message contains
a value.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from oakum.http.json_pointer import path_of, value_at
from oakum.http.origin import origin_of
from oakum.openapi.model import Json
from oakum.scan.identities.login import LoginFailed, LoginResult
from oakum.scan.identities.model import Secret, StorageState

_HERE = ("127.0.0.1", "localhost", "::1")


def session_of(
    name: str, login: StorageState, target: str, now: float, paths: Collection[str] = ()
) -> LoginResult:
    """The session of an identity. `paths`: what is requested of the target, with templates as
    documents write them. Raises `LoginFailed`."""
    try:
        return _read(login, target, now, paths)
    except _Fault as fault:
        raise LoginFailed(f"`{name}` could not log in: `{login.path.name}` {fault}") from None


class _Fault(Exception):
    """Why a file contains no usable session."""


def _read(login: StorageState, target: str, now: float, paths: Collection[str]) -> LoginResult:
    try:
        said: Json = orjson.loads(login.path.read_bytes())
    except OSError as error:
        raise _Fault(f"cannot be read: {(error.strerror or 'unknown').lower()}") from None
    except orjson.JSONDecodeError:
        raise _Fault("is not JSON") from None
    if not isinstance(said, dict) or not {"cookies", "origins"} & said.keys():
        raise _Fault("is not a storage state; save one with `context.storage_state(path=…)`")
    if login.token:
        return LoginResult(_token(said, login.token, target))
    values: dict[str, Secret] = {}
    limited: dict[str, tuple[str, ...]] = {}
    live = _live(said, target, now, paths)
    for name in dict.fromkeys(_text(each, "name") for each in live):
        value, limits = _one_of([each for each in live if _text(each, "name") == name], target)
        values[name] = Secret(value)
        if limits:
            limited[name] = limits
    return LoginResult(cookies=values, cookie_paths=limited)


def _one_of(alike: Sequence[Mapping[str, Json]], target: str) -> tuple[str, tuple[str, ...]]:
    """The value of a cookie, and the paths to which alone it is sent; none: it is sent to all.

    Of those that are sent to all of the target, the one that a browser sends first counts (RFC
    6265, 5.4). Another value for a part of the target is another session there, maybe of another
    account, and nothing proves whose.
    """
    base = _base(target)
    for_all = [each for each in alike if is_sent_to(base, _limit(each))]
    for_all = for_all and [max(reversed(for_all), key=lambda each: len(_limit(each)))]
    parts = [each for each in alike if not is_sent_to(base, _limit(each))]
    values = {_text(each, "value"): _limit(each) for each in (*for_all, *parts)}
    if len(values) > 1:
        where = " and ".join(f"`{each}`" for each in values.values())
        raise _Fault(
            f"has two values of the cookie `{_text(alike[0], 'name')}`, for {where}: they may be of"
            " two accounts; delete the one that is not this identity's"
        )
    return next(iter(values)), () if for_all else tuple(_limit(each) for each in parts)


def _base(target: str) -> str:
    return urlsplit(target).path.rstrip("/") or "/"


def _limit(cookie: Mapping[str, Json]) -> str:
    return _text(cookie, "path") or "/"


def is_sent_to(path: str, limit: str) -> bool:
    """Whether a cookie for a path is sent to another (RFC 6265, 5.1.4)."""
    return path == limit or path.startswith(limit if limit.endswith("/") else f"{limit}/")


def _live(
    said: Mapping[str, Json], target: str, now: float, paths: Collection[str]
) -> list[dict[str, Json]]:
    """The cookies that requests to the target carry. Without `paths` nobody knows which."""
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
    base = _base(target)
    used = [
        each
        for each in live
        if _is_used(_limit(each), (base, *paths)) or (not paths and is_sent_to(_limit(each), base))
    ]
    if not used:
        where = ", ".join(f"`{each}`" for each in sorted({_limit(each) for each in live})[:4])
        raise _Fault(f"has only cookies for {where}, where nothing of `{target}` is")
    return used


def _is_used(limit: str, paths: Iterable[str]) -> bool:
    """Whether a cookie for a path is sent with any request; `{id}` stands for any text."""
    parts = limit.strip("/").split("/") if limit.strip("/") else []
    return any(
        len(path) >= len(parts)
        and all(a == b or ("{" in b and "}" in b) for a, b in zip(parts, path, strict=False))
        for path in (each.strip("/").split("/") for each in paths)
    )


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
