"""A login as a state machine: requests out, responses in, credentials at the end. No I/O.

Errors say what was requested, what the response was, and what to try. They contain no values: at
most names of members of a response, never their contents.
"""

from __future__ import annotations

import html.parser
import re
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urlsplit

import orjson

from oakum.errors import InputError, Location, Problem, TargetError, did_you_mean
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.response_reader import REDIRECTS, leads_to_login, path_of_location
from oakum.http.json_pointer import path_of, value_at
from oakum.http.origin import origin_of
from oakum.openapi.model import Json, Operation
from oakum.scan.identities.clock_skew import CLOCK_SECONDS, clock_off, clock_words
from oakum.scan.identities.model import Csrf, Identity, Login, Secret, names
from oakum.scan.identities.oauth_server import (
    OAuthFailed,
    endpoint,
    error_of,
    error_words,
    members_of,
    metadata,
)
from oakum.scan.identities.one_time_code import OneTimeCode
from oakum.scan.requests.builder import path_on

if TYPE_CHECKING:
    from oakum.openapi.document import Document

ACCEPT = "application/json, */*;q=0.5"
_FORM = "application/x-www-form-urlencoded"
_PLAIN = re.compile(r"(?:/[A-Za-z_.-]{0,24}){1,6}")
_METHODS = re.compile(r"[A-Z]{3,8}(?:, ?[A-Z]{3,8}){0,7}")
_NOT_THERE = frozenset((404, 405))
"""What servers answer to a path that they do not have; 405, where another method has a page for
every path."""
_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")


class LoginFailed(TargetError):
    """An identity could not log in; the message says why, without a value."""


@dataclass(frozen=True)
class LoginResult:
    """The secrets of a login, and the paths to which its cookies are restricted."""

    token: Secret | None = None
    cookies: Mapping[str, Secret] = field(default_factory=dict)
    csrf: Secret | None = None
    refresh: Secret | None = None
    """A refresh token (RFC 6749, 1.5)."""
    cookie_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a cookie → the paths to which alone it is sent."""


class LoginPlaces:
    """Finds the URL of an operation id, a path or a URL on the target."""

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
        query = urlencode(operation.required_query)
        return operation.method, self.target + self._path(operation) + (query and f"?{query}")

    def misplacement(self, where: str) -> str:
        """Why a path of the target may not be there: it repeats the end of the target, or the
        document has it below another; empty: nothing says so."""
        if not where.startswith("/"):
            return ""
        path = where.split("?")[0]
        base, asked = urlsplit(self.target).path, path.strip("/").split("/")
        before = [each for each in base.split("/") if each]
        for count in range(min(len(before), len(asked) - 1), 0, -1):
            if before[-count:] == asked[:count]:
                twice, rest = "/".join(asked[:count]), "/".join(asked[count:])
                said = (
                    f"`{base}{path}` was requested, since the target ends with `/{twice}` already"
                )
                return f"{said}; write `/{rest}`"
        near = [each for each in self.paths() if each.endswith(path) and each != base + path]
        if len(set(near)) == 1 and base + path not in self.paths():
            return f"`{base}{path}` was requested, and the document has `{near[0]}`"
        return ""

    def paths(self) -> list[str]:
        """Paths of the operations on the target's host, with their parameters in braces."""
        base = urlsplit(self.target).path
        return [base + self._path(each) for each in self._operations.values()]

    def _path(self, operation: Operation) -> str:
        """The request path; a path in the target replaces the base path of the document's
        server."""
        return path_on(operation, self.target)


def dialogue(
    identity: Identity, login: Login, places: LoginPlaces, clock: Callable[[], float] = time.time
) -> Generator[Request, Response, LoginResult]:
    """Performs an identity's login, step by step; raises `LoginFailed`."""
    jar: dict[str, str] = {}
    held = LoginResult()
    steps = (*login.before, replace(login, before=()))
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        extra = {"token": held.token} if held.token else {}
        if step.issuer and not step.where:
            step = replace(step, where=(yield from _token_endpoint(identity, step, places)))
        method, url = places.find(step.where, step.method, step.location)
        headers, body, echo = yield from _prepare_step(identity, step, places, jar, extra)
        response = yield _request(step, method, url, _with_cookies(headers, jar), body)
        jar.update(response.cookies)
        if following is None or not _leads_to(response, following):
            _check_status(identity, step, method, response, clock, places, last=following is None)
        token = _token(identity, step, method, response, places) or held.token
        kept = {name: Secret(text) for name, text in jar.items() if text and step.keeps(name)}
        held = LoginResult(token, {**held.cookies, **kept}, Secret(echo) if echo else held.csrf)
        _check_cookies(identity, step, method, response, held)
        if step.csrf and not step.csrf.get and not jar.get(step.csrf.cookie):
            which = f"no cookie `{step.csrf.cookie}`, which `csrf` names"
            words = f"answered {response.status} and set {which}; if a page sets it, give `get:`"
            raise _login_failure(identity, step, method, words)
    return held


def _token_endpoint(
    identity: Identity, login: Login, places: LoginPlaces
) -> Generator[Request, Response, str]:
    """The token endpoint of a login's issuer."""
    try:
        said = yield from metadata(login.issuer)
        allowed = {origin_of(login.issuer), origin_of(places.target)}
        return endpoint(said, "token_endpoint", allowed, "token_url")
    except OAuthFailed as error:
        raise LoginFailed(f"`{identity.name}` could not log in: {error}") from None


def _prepare_step(
    identity: Identity,
    login: Login,
    places: LoginPlaces,
    jar: dict[str, str],
    extra: Mapping[str, Secret],
) -> Generator[Request, Response, tuple[dict[str, str], Json, str]]:
    """Headers and body of one step, and the CSRF value in them, which is fetched first."""
    headers = {"accept": ACCEPT, **identity.fill(login.headers, extra)}
    if login.basic:
        pair = b64encode(identity.fill(login.basic, extra).encode()).decode()
        headers["authorization"] = f"Basic {pair}"
    body = identity.fill(login.body, extra)
    if login.csrf is None or not login.csrf.get:
        return headers, body, ""
    _, url = places.find(login.where, login.method, login.location)
    _, page = places.find(login.csrf.get, "GET", login.location)
    answer = yield Request("GET", page, _with_cookies({"accept": "text/html, */*;q=0.5"}, jar))
    jar.update(answer.cookies)
    echo = _csrf_value(identity, login.csrf, answer)
    headers |= {"origin": "/".join(url.split("/")[:3]), "referer": page}
    if login.csrf.header:
        headers[login.csrf.header.lower()] = echo
    if login.csrf.field:
        body = {**(body or {}), login.csrf.field: echo}
    return headers, body, echo


def _check_cookies(
    identity: Identity, login: Login, method: str, response: Response, held: LoginResult
) -> None:
    """The cookie that a step is to return is among those that are held."""
    wanted = login.cookie not in ("", "*") and login.cookie not in held.cookies
    if wanted or (login.cookie == "*" and not held.cookies):
        which = f"no cookie `{login.cookie}`" if wanted else "no cookie"
        others = _format_names([name for name, value in response.cookies.items() if value])
        seen = f"; it set {others}" if others else ""
        raise _login_failure(
            identity, login, method, f"answered {response.status} and set {which}{seen}"
        )


def _leads_to(response: Response, step: Login) -> bool:
    """Whether a response redirects to the page or the path of the next step."""
    path = path_of_location(response)
    return response.status in REDIRECTS and path in _own_paths(step)


def _own_paths(login: Login) -> list[str]:
    """Paths that a login, with the steps before it, requests."""
    return [urlsplit(each).path.rstrip("/") for each in login.places if "/" in each]


def _with_cookies(headers: dict[str, str], jar: Mapping[str, str]) -> dict[str, str]:
    """The headers with the cookies that a login holds by now."""
    held = {name: value for name, value in jar.items() if value}
    return {**headers, "cookie": cookie_line(held)} if held else headers


def cookie_line(jar: Mapping[str, str]) -> str:
    """The value of a `Cookie` header."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def sent_to_login(response: Response, login: Login | None) -> bool:
    """Whether a response redirects to the login page, so that the session is over."""
    if response.status not in REDIRECTS:
        return False
    path = path_of_location(response)
    return path in (_own_paths(login) if login else ()) or leads_to_login(response)


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


def _check_status(
    identity: Identity,
    login: Login,
    method: str,
    response: Response,
    clock: Callable[[], float],
    places: LoginPlaces,
    *,
    last: bool,
) -> None:
    status = response.status
    if sent_to_login(response, login):
        words = f"answered {status} with a redirect to the login page; wrong user name or password?"
        raise _login_failure(identity, login, method, words)
    if status < 400 and (login.cookie or not last or status not in REDIRECTS):
        return
    code = one_time_code(identity, login)
    if code is not None and status in (400, 401, 403, 422):
        raise _login_failure(
            identity, login, method, f"answered {status}; {_of_code(response, clock())}"
        )
    place = places.misplacement(login.where) if status in (*_NOT_THERE, *REDIRECTS) else ""
    raise _login_failure(
        identity, login, method, f"answered {status}; {place or _advice(login, response)}"
    )


def one_time_code(identity: Identity, login: Login) -> OneTimeCode | None:
    """The one-time code that a step of a login sends; None if it sends none."""
    used = names([login.body, login.headers, login.basic])
    found = (identity.variables.get(name) for kind, name in used if kind == "variable")
    return next((each for each in found if isinstance(each, OneTimeCode)), None)


def _of_code(response: Response, now: float) -> str:
    """What to try when a login with a one-time code is refused: a code needs both clocks alike."""
    off = clock_off(response, now)
    if abs(off) > CLOCK_SECONDS:
        return f"{clock_words(off)}, and a one-time code needs the right time; set the clock"
    right = "" if "date" not in response.headers else " the clocks agree"
    return f"wrong password, or wrong secret of the one-time code?{right}"


def _advice(login: Login, response: Response) -> str:
    status = response.status
    other = "form" if login.encoding == "json" else "json"
    if login.grant and (code := error_of(members_of(response))):
        if code == "invalid_grant" and login.grant == "password":
            return "wrong user name or password, or the account is not set up?"
        return error_words(code, status) + (f"; {login.hint}" if status == 401 else "")
    if login.hint and status in (400, 401, 403):
        return f"wrong credentials? {login.hint}"
    csrf = "" if login.csrf else ", or does it need a `csrf:` value?"
    said = {
        400: f"is the body correct? it was sent as {login.encoding}",
        401: "wrong user name or password?",
        403: f"wrong user name or password?{csrf}",
        404: "is the path right?",
        405: f"is it another method?{_allowed_methods(response)}",
        415: f"it expects another body; try `{other}:`",
        419: "does it need a `csrf:` value?",
        422: f"are the names in `{login.encoding}:` correct?",
        429: "it limits the rate of logins; wait, or use fewer identities",
    }
    if status in REDIRECTS:
        path = path_of_location(response)
        # the path may hold a session id
        where = f"`{path}`" if _PLAIN.fullmatch(path) else "another page"
        return f"it redirects to {where}; is the path correct?"
    return said.get(status, "the server failed" if status >= 500 else "a 2xx was expected")


def _allowed_methods(response: Response) -> str:
    """The methods that the path takes (RFC 9110, 10.2.1)."""
    said = response.headers.get("allow", "").upper()
    return f" it takes {said}" if _METHODS.fullmatch(said) else ""


def _token(
    identity: Identity, login: Login, method: str, response: Response, places: LoginPlaces
) -> Secret | None:
    if login.token_header:
        if value := response.headers.get(login.token_header, ""):
            return Secret(value)
        words = f"answered {response.status} without a header `{login.token_header}`"
        raise _login_failure(identity, login, method, words)
    if not login.token:
        return None
    content = json_of(response)
    found = value_at(content, path_of(login.token))
    if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
        return Secret(str(found))
    words = f"answered {response.status} without a token at `{login.token}`"
    if content is None and "html" in response.media_type:
        place = places.misplacement(login.where)
        words = f"answered {response.status} with HTML, as a front end does for every path"
        words += f"; {place}" if place else ""
    elif content is None:
        kind = response.media_type or "no media type"
        words = f"answered {response.status} with {kind}, but JSON was expected"
    elif isinstance(content, Mapping) and (members := _format_names(list(content))):
        words += f"; it has {members}"
    raise _login_failure(identity, login, method, words)


def _format_names(found: list[str]) -> str:
    """A few names, those that look like names only: keys of a map may be data."""
    good = [f"`{name}`" for name in found if _MEMBER.fullmatch(name)]
    return ", ".join(good[:6])


def _login_failure(identity: Identity, login: Login, method: str, words: str) -> LoginFailed:
    where = login.where if "/" not in login.where else f"{method} {login.where.split('?')[0]}"
    return LoginFailed(f"`{identity.name}` could not log in: `{where}` {words}")


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
