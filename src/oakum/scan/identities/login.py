"""A login as a state machine: requests out, responses in, credentials at the end. No I/O.

Errors say what was requested, what the response was, and what to try. They contain no values: at
most names of members of a response, never their contents.
"""

from __future__ import annotations

import html.parser
import re
from base64 import b64encode
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urlsplit

import orjson

from oakum.errors import InputError, Location, Problem, TargetError, did_you_mean
from oakum.exchange import Request, Response, json_bytes
from oakum.http.json_pointer import path_of, value_at
from oakum.openapi.model import Json, Operation
from oakum.scan.identities.credentials import Csrf, Identity, Login, Secret
from oakum.scan.requests.builder import path_on

if TYPE_CHECKING:
    from oakum.openapi.document import Document

ACCEPT = "application/json, */*;q=0.5"
_FORM = "application/x-www-form-urlencoded"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOGIN_PAGE = re.compile(r"(?:^|/)(?:log-?in|sign-?in|sessions?/new)(?:[/.]|$)", re.IGNORECASE)
_PLAIN = re.compile(r"(?:/[A-Za-z_.-]{0,24}){1,6}")
_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")


class LoginFailed(TargetError):
    """An identity has no session; the words say why, without a value."""


@dataclass(frozen=True)
class Granted:
    """What a login gave."""

    token: Secret | None = None
    cookies: Mapping[str, Secret] = field(default_factory=dict)
    csrf: Secret | None = None


class Places:
    """Where an operation id, a path or a URL is on the target."""

    def __init__(self, target: str, document: Document | None) -> None:
        self.target = target.rstrip("/")
        self._operations = {each.id: each for each in document.operations} if document else {}

    def find(self, where: str, method: str, place: Location) -> tuple[str, str]:
        """Method and URL; raises `InputError` for an unknown operation."""
        if "://" in where:
            return method, where
        if where.startswith("/"):
            return method, self.target + where
        operation = self._operations.get(where)
        if operation is None:
            hint = did_you_mean(where, self._operations)
            raise InputError([Problem(place, f"the document has no operation `{where}`", hint)])
        if "{" in operation.path:
            wrong = f"operation `{where}` needs parameters: `{operation.path}`"
            hint = (
                "write the path out; `whoami` may hold a value of each identity: `/users/$username`"
            )
            raise InputError([Problem(place, wrong, hint)])
        query = urlencode(operation.owed)
        return operation.method, self.target + self._path(operation) + (query and f"?{query}")

    def _path(self, operation: Operation) -> str:
        """The request path; a path in the target replaces the base path of the document's
        server."""
        return path_on(operation, self.target)


def dialogue(
    identity: Identity, login: Login, places: Places
) -> Generator[Request, Response, Granted]:
    """Performs an identity's login; raises `LoginFailed`."""
    method, url = places.find(login.where, login.method, login.location)
    jar: dict[str, str] = {}
    headers = {"accept": ACCEPT, **identity.fill(login.headers)}
    if login.basic:
        pair = b64encode(identity.fill(login.basic).encode()).decode()
        headers["authorization"] = f"Basic {pair}"
    body = identity.fill(login.body)
    echo = ""
    if login.csrf and login.csrf.get:
        _, page = places.find(login.csrf.get, "GET", login.location)
        answer = yield Request("GET", page, {"accept": "text/html, */*;q=0.5"})
        jar.update(answer.cookies)
        echo = _csrf_value(identity, login.csrf, answer)
        headers |= {"origin": "/".join(url.split("/")[:3]), "referer": page}
        if login.csrf.header:
            headers[login.csrf.header.lower()] = echo
        if login.csrf.field:
            body = {**(body or {}), login.csrf.field: echo}
    if held := {name: value for name, value in jar.items() if value}:
        headers["cookie"] = cookie_line(held)
    response = yield _request(login, method, url, headers, body)
    jar.update(response.cookies)
    _check_status(identity, login, method, response)
    token = _token(identity, login, method, response)
    cookies = {name: Secret(value) for name, value in jar.items() if value and is_kept(login, name)}
    wanted = login.cookie not in ("", "*") and login.cookie not in cookies
    if wanted or (login.cookie == "*" and not cookies):
        which = f"no cookie `{login.cookie}`" if wanted else "no cookie"
        others = _listed([name for name, value in response.cookies.items() if value])
        seen = f"; it set {others}" if others else ""
        raise _failed(identity, login, method, f"answered {response.status} and set {which}{seen}")
    if login.csrf and not login.csrf.get and not jar.get(login.csrf.cookie):
        which = (
            f"no cookie `{login.csrf.cookie}`, which `csrf` names; if a page sets it, give `get:`"
        )
        raise _failed(identity, login, method, f"answered {response.status} and set {which}")
    return Granted(token, cookies, Secret(echo) if echo else None)


def is_kept(login: Login, cookie: str) -> bool:
    """Whether a cookie belongs to the session."""
    csrf = login.csrf.cookie if login.csrf else ""
    return login.cookie in ("*", cookie) or cookie == csrf


def cookie_line(jar: Mapping[str, str]) -> str:
    """The value of a `Cookie` header."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def sent_to_login(response: Response, login: Login | None) -> bool:
    """Whether a response redirects to the login page, so that the session is over."""
    if response.status not in _REDIRECTS:
        return False
    path = _path_of(response.headers.get("location", "")).rstrip("/")
    own = (login.where, login.csrf.get if login.csrf else "") if login else ()
    return path in [urlsplit(each).path.rstrip("/") for each in own if "/" in each] or bool(
        _LOGIN_PAGE.search(path)
    )


def _path_of(address: str) -> str:
    """The path of an address; empty where it is none: a target may write anything."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def json_of(response: Response) -> Json:
    """The parsed body; None if it is not JSON."""
    try:
        return orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return None


def _request(login: Login, method: str, url: str, headers: dict[str, str], body: Json) -> Request:
    if login.encoding == "none" and not body:
        return Request(method, url, headers)
    if login.encoding == "json":
        kind = {"content-type": "application/json", **headers}
        return Request(method, url, kind, json_bytes(body))
    if login.encoding == "raw":
        return Request(method, url, {"content-type": login.content_type, **headers}, body.encode())
    form = urlencode(body, doseq=True)
    if method == "GET":
        return Request(method, f"{url}{'&' if '?' in url else '?'}{form}", headers)
    return Request(method, url, {"content-type": _FORM, **headers}, form.encode())


# --------------------------------------------------------------------- the login's response


def _check_status(identity: Identity, login: Login, method: str, response: Response) -> None:
    status = response.status
    if sent_to_login(response, login):
        words = f"answered {status} with a redirect to the login page; wrong user name or password?"
        raise _failed(identity, login, method, words)
    if status < 400 and (login.cookie or status not in _REDIRECTS):
        return
    raise _failed(identity, login, method, f"answered {status}; {_advice(login, response)}")


def _advice(login: Login, response: Response) -> str:
    status = response.status
    other = "form" if login.encoding == "json" else "json"
    if login.hint and status in (400, 401, 403):
        return f"wrong credentials? {login.hint}"
    csrf = "" if login.csrf else ", or does it need a `csrf:` value?"
    said = {
        400: f"is the body correct? it was sent as {login.encoding}",
        401: "wrong user name or password?",
        403: f"wrong user name or password?{csrf}",
        404: "is the path right?",
        405: "is it another method?",
        415: f"it expects another body; try `{other}:`",
        419: "does it need a `csrf:` value?",
        422: f"are the names in `{login.encoding}:` correct?",
        429: "it limits the rate of logins; wait, or use fewer identities",
    }
    if status in _REDIRECTS:
        path = _path_of(response.headers.get("location", ""))
        # the path may hold a session id
        where = f"`{path}`" if _PLAIN.fullmatch(path) else "another page"
        return f"it redirects to {where}; is the path correct?"
    return said.get(status, "the server failed" if status >= 500 else "a 2xx was expected")


def _token(identity: Identity, login: Login, method: str, response: Response) -> Secret | None:
    if login.token_header:
        if value := response.headers.get(login.token_header, ""):
            return Secret(value)
        words = f"answered {response.status} without a header `{login.token_header}`"
        raise _failed(identity, login, method, words)
    if not login.token:
        return None
    content = json_of(response)
    found = value_at(content, path_of(login.token))
    if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
        return Secret(str(found))
    words = f"answered {response.status} without a token at `{login.token}`"
    if content is None and "html" in response.media_type:
        words = f"answered {response.status} with HTML, as a front end does for every path"
    elif content is None:
        kind = response.media_type or "no media type"
        words = f"answered {response.status} with {kind}, but JSON was expected"
    elif isinstance(content, Mapping) and (members := _listed(list(content))):
        words += f"; it has {members}"
    raise _failed(identity, login, method, words)


def _listed(found: list[str]) -> str:
    """A few names, those that look like names only: keys of a map may be data."""
    good = [f"`{name}`" for name in found if _MEMBER.fullmatch(name)]
    return ", ".join(good[:6])


def _failed(identity: Identity, login: Login, method: str, words: str) -> LoginFailed:
    where = login.where if "/" not in login.where else f"{method} {login.where.split('?')[0]}"
    return LoginFailed(f"`{identity.name}` could not log in: `{where}` {words}")


# --------------------------------------------------------------------------- CSRF


def _csrf_value(identity: Identity, csrf: Csrf, answer: Response) -> str:
    if csrf.cookie:
        found, what = answer.cookies.get(csrf.cookie, ""), f"cookie `{csrf.cookie}`"
    elif csrf.pointer:
        found, what = value_at(json_of(answer), path_of(csrf.pointer)), f"value at `{csrf.pointer}`"
    else:
        inputs = _Inputs()
        inputs.feed(answer.body.decode("utf-8", "replace"))
        found, what = inputs.values.get(csrf.input, ""), f"input `{csrf.input}`"
    if found and isinstance(found, str):
        return unquote(found) if csrf.cookie else found
    words = f"`GET {csrf.get}` answered {answer.status} without the {what}"
    raise LoginFailed(f"`{identity.name}` could not log in: {words}")


class _Inputs(html.parser.HTMLParser):
    """Values of the inputs and `meta` elements of a page, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name"), said.get("content" if tag == "meta" else "value")
        if name and value:
            self.values.setdefault(name, value)
