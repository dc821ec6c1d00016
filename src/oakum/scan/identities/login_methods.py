"""Reads login methods of the identities file: `login`, `oauth2`, `command`, `storage_state`."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from urllib.parse import quote_plus

from oakum.errors import install_hint
from oakum.openapi.model import Json
from oakum.openapi.source import Node
from oakum.policy.node_reader import Entries, Reader, flag, one_of, record, word
from oakum.scan.identities.model import (
    LOOPBACK,
    Command,
    Csrf,
    Login,
    OAuth,
    Secret,
    Send,
    StorageState,
    Way,
    escape,
    names,
)
from oakum.scan.identities.secret_store import SecretStore

METHODS = ("post", "get", "put", "patch")
LOGIN = (
    "operation", *METHODS, "json", "form", "basic", "headers", "csrf", "token", "cookie",
    "cookies", "send",
)  # fmt: skip
OAUTH2 = (
    "issuer", "token_url", "grant", "client_id", "client_secret", "scope", "username", "password",
    "auth", "form", "send", "authorization_url", "device_url", "jwks_url", "redirect_uri", "prompt",
    "refresh_token", "keep",
)  # fmt: skip
CSRF = ("get", "cookie", "json", "input", "header", "field")
STORAGE_STATE = ("file", "token", "csrf", "send")
_PAIR = ("username", "password")
GRANTS = (
    "client_credentials", "password", "authorization_code", "device_code", "refresh_token",
)  # fmt: skip
_URLS = ("token_url", "authorization_url", "device_url", "jwks_url")
ONLY = {
    "authorization_url": ("authorization_code",),
    "device_url": ("device_code",),
    "redirect_uri": ("authorization_code",),
    "prompt": ("authorization_code",),
    "refresh_token": ("refresh_token",),
    "keep": ("authorization_code", "device_code", "refresh_token"),
    "jwks_url": ("authorization_code",),
}
"""Key of `oauth2` → grants that it belongs to, of those that do not belong to all."""
NEEDS = {
    "client_credentials": ("client_id", "client_secret"),
    "password": ("username", "password"),
    "authorization_code": ("client_id",),
    "device_code": ("client_id",),
    "refresh_token": ("client_id", "refresh_token"),
}
LOOPBACK_URL = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/[^?#]*)?")
_BEARER = Send("header", "Authorization", "Bearer $token")


@dataclass(frozen=True)
class LoginMethod:
    """A way to log in, with what it sends then and the variables it brings along."""

    login: Way | None = None
    sends: tuple[Send, ...] = ()
    variables: Mapping[str, Secret] = field(default_factory=dict)
    sound: bool = True
    """False: a mistake in it is reported already, so it is not checked further."""

    def uses(self) -> set[str]:
        """Variables used in its templates."""
        steps = self.steps()
        texts = [[step.body, step.headers, step.basic] for step in steps]
        found = names([*texts, *(send.value for send in self.sends)])
        return {name for kind, name in found if kind == "variable"}

    def steps(self) -> tuple[Login, ...]:
        """The requests of a login, in order."""
        return self.login.steps if self.login is not None else ()

    def gives_token(self) -> bool:
        """Whether `$token` will have a value."""
        return self.login is not None and self.login.gives_token


class LoginReader:
    """Reads ways to log in; mistakes are noted at the reader."""

    def __init__(self, r: Reader, secret_store: SecretStore) -> None:
        self.r = r
        self.secret_store = secret_store

    def command(self, node: Node, bearer: bool) -> LoginMethod:
        """A login by a program that prints a token."""
        argv = self.secret_store.argv(node)
        command = Command(argv, self.secret_store.directory, node.location)
        return LoginMethod(command, (_BEARER,) if bearer else (), sound=bool(argv))

    def storage_state(self, node: Node) -> LoginMethod:
        """A session that a browser had: `ann.json`, or a map with the place of a token."""
        before = len(self.r.problems)
        if node.kind == "scalar":
            entries = None
            name = word(self.r, node, "`storage_state`") or ""
        else:
            entries = record(self.r, node, "`storage_state`", STORAGE_STATE)
            entries.require("file", "`storage_state`")
            name = entries.read("file", word, "")
        path = self.secret_store.directory / name
        if entries is None:
            return LoginMethod(StorageState(path, location=node.location), sound=bool(name))
        token = self._token(entries["token"])[0] if "token" in entries else ""
        csrf = self._csrf(entries["csrf"]) if "csrf" in entries else None
        sends, hidden = self._sends(entries, bool(token))
        login = StorageState(path, token, csrf, node.location)
        return LoginMethod(login, sends, hidden, len(self.r.problems) == before)

    def login(self, node: Node) -> LoginMethod:
        """A login by one request, or by a list of them."""
        if node.kind != "list" or not node.elements:
            return self._step(node)
        *first, last = node.elements
        before: list[LoginMethod] = []
        for each in first:
            before.append(self._step(each, last=False))
            self._has_token(each, before)
        way = self._step(last, before_gave=any(each.gives_token() for each in before))
        self._has_token(last, [*before, way])
        steps = tuple(each.login for each in before if isinstance(each.login, Login))
        login = replace(way.login, before=steps) if isinstance(way.login, Login) else way.login
        hidden = {name: value for each in (*before, way) for name, value in each.variables.items()}
        return LoginMethod(login, way.sends, hidden, all(each.sound for each in (*before, way)))

    def _has_token(self, node: Node, ways: Sequence[LoginMethod]) -> None:
        """Reports a step that sends `$token` before one has returned it."""
        *before, own = ways
        texts = [[step.body, step.headers, step.basic] for step in own.steps()]
        used = ("variable", "token") in names(texts)
        if used and not any(each.gives_token() for each in before):
            hint = "write `token:` into a step before it"
            self.r.wrong(node, "this step sends `$token`, but none before it returned one", hint)

    def _step(self, node: Node, *, last: bool = True, before_gave: bool = False) -> LoginMethod:
        """One request; the `last` of a login says what it returns and how that is sent, unless a
        step before gave a token."""
        before = len(self.r.problems)
        entries = record(self.r, node, "`login`", LOGIN)
        if "send" in entries and not last:
            hint = "write it into the last step; the steps before it use `$token`"
            self.r.wrong(entries["send"], "`send` is of the whole login", hint)
        method, where = self._where(entries)
        encodings = entries.present(("json", "form"))
        if len(encodings) > 1:
            self.r.wrong(node, "a login uses `json` or `form`, not both")
        encoding = encodings[0] if encodings else "none"
        body = entries[encoding] if encodings else None
        if body is not None and body.kind != "map":
            self.r.wrong(body, f"`{encoding}` must be a map", "{username: $username, …}")
        token, header = self._token(entries["token"]) if "token" in entries else ("", "")
        cookie = "*" if entries.read("cookies", flag, False) else entries.read("cookie", word, "")
        silent = not (token or header or cookie) and "token" not in entries
        if last and entries.whole and silent and not before_gave:
            ways = "`token: /pointer`, `cookie: name` or `cookies: true`"
            self.r.wrong(node, "`login` does not say what it returns", f"add {ways}")
        login = Login(
            method,
            where,
            encoding,  # type: ignore[arg-type]  # one of the two keys
            self.secret_store.template(body) if body else None,
            headers=self._headers(entries["headers"]) if "headers" in entries else {},
            basic=self._basic_pair(entries["basic"]) if "basic" in entries else "",
            csrf=self._csrf(entries["csrf"]) if "csrf" in entries else None,
            token=token,
            token_header=header,
            cookie=cookie,
            location=node.location,
        )
        bearer = bool(token or header) or (before_gave and not cookie)
        sends, hidden = self._sends(entries, bearer)
        return LoginMethod(login, sends, hidden, len(self.r.problems) == before)

    def _sends(self, entries: Entries, token: bool) -> tuple[tuple[Send, ...], dict[str, Secret]]:
        if "send" not in entries:
            return ((_BEARER,) if token else ()), {}
        node = entries["send"]
        lines = [
            send
            for line in (node.elements if node.kind == "list" else (node,))
            for send in self.secret_store.line(line)
        ]
        return self.secret_store.extract_literals(lines, set())

    def _where(self, entries: Entries) -> tuple[str, str]:
        given = entries.present(("operation", *METHODS))
        if len(given) != 1 and entries.whole:
            many = " and ".join(f"`{key}`" for key in given)
            wrong = f"`login` has {many}" if given else "`login` does not say what to call"
            self.r.wrong(entries.node, wrong, "write `operation: id` or `post: /path`, one of them")
        if not given or given[0] == "operation":
            return "POST", entries.read("operation", word, "")
        where = entries.read(given[0], word, "")
        self._is_place(entries[given[0]], where)
        return given[0].upper(), where

    def _is_place(self, node: Node, where: str) -> None:
        if where and not re.match(r"/|https?://", where):
            hint = f"write `/{where}`, or `operation: {where}` if it is an operation id"
            self.r.wrong(node, f"`{where}` is not a path", hint)

    def _token(self, node: Node) -> tuple[str, str]:
        """Pointer and header of the token; what stands here by mistake may be a token."""
        header = node.get("header")
        if header is not None and len(node.items) == 1:
            return "", (word(self.r, header, "`header`") or "").lower()
        if isinstance(node.scalar, str) and re.fullmatch(r"(?:/[^/]+)+", node.scalar):
            return node.scalar, ""
        self.r.wrong(
            node,
            "`token` says where the response contains the token",
            "a JSON pointer such as `/access_token`, or {header: X-Auth-Token}",
        )
        return "", ""

    def _headers(self, node: Node) -> dict[str, str]:
        found = self.secret_store.template(node)
        # `{env: NAME}` is the text of a template, and no map of headers.
        if not isinstance(found, dict) or not all(isinstance(e, str) for e in found.values()):
            self.r.wrong(node, "`headers` must be a map of names and text")
            return {}
        return {str(name).lower(): value for name, value in found.items()}

    def _form(self, node: Node) -> dict[str, Json]:
        found = self.secret_store.template(node)
        if not isinstance(found, dict):
            self.r.wrong(node, "`form` must be a map", "{audience: api, …}")
            return {}
        return found

    def _basic_pair(self, node: Node) -> str:
        found = self.secret_store.template(node)
        if isinstance(found, str) and ":" in found:
            return found
        self.r.wrong(
            node, "`basic` is a name and a password", 'write `basic: "$username:$password"`'
        )
        return ""

    def _csrf(self, node: Node) -> Csrf:
        entries = record(self.r, node, "`csrf`", CSRF)
        if "cookie" not in entries or "field" in entries:
            entries.require("get", "`csrf`", "the page that provides the value, such as `/login`")
        if len(entries.present(("cookie", "json", "input"))) != 1:
            hint = "one of `cookie: name`, `json: /pointer`, `input: name`"
            self.r.wrong(node, "`csrf` must say where the value is", hint)
        if not entries.present(("header", "field")):
            hint = "add `header: X-CSRF-Token` or `field: name`"
            self.r.wrong(node, "`csrf` does not say how to send the value", hint)
        where = entries.read("get", word, "")
        return Csrf(where, *(entries.read(key, word, "") for key in CSRF[1:]))

    def oauth2(self, node: Node, identity: Entries) -> LoginMethod:
        """Tokens of an authorization server (RFC 6749)."""
        before = len(self.r.problems)
        entries = record(self.r, node, "`oauth2`", OAUTH2)
        grant = entries.read("grant", one_of(*GRANTS), GRANTS[0])
        self._check_oauth2(entries, grant, identity)
        secrets = {
            key: value
            for key in ("client_id", "client_secret", "refresh_token", *_PAIR)
            if key in entries and (value := self.secret_store.value(key, entries[key]))
        }
        form = self._form(entries["form"]) if "form" in entries else {}
        headers = {"accept": "application/json"}
        body = entries.read("auth", one_of("basic", "body"), "basic") == "body"
        if "client_secret" in secrets and not body:
            headers["authorization"] = "Basic $basic"
            secrets["basic"] = self._basic(secrets)
        else:
            known = {*secrets, *(key for key in ("client_id", "client_secret") if key in identity)}
            form |= {key: f"${key}" for key in ("client_id", "client_secret") if key in known}
        login = self._grant(entries, grant, form, headers, hint=not body)
        sends, hidden = self._sends(entries, True)
        return LoginMethod(login, sends, {**secrets, **hidden}, len(self.r.problems) == before)

    def _grant(
        self,
        entries: Entries,
        grant: str,
        form: dict[str, Json],
        headers: Mapping[str, str],
        hint: bool,
    ) -> Login | OAuth:
        """What gets the tokens: one request, or a grant with a person or a refresh token."""
        issuer, scope = entries.read("issuer", word, ""), entries.read("scope", word, "")
        place = entries.node.location
        if grant not in ("client_credentials", "password"):
            return OAuth(
                grant,  # type: ignore[arg-type]  # one of the others
                issuer,
                scope=scope or ("openid" if issuer and grant != "refresh_token" else ""),
                prompt=entries.read("prompt", word, "login"),
                redirect=entries.read("redirect_uri", word, LOOPBACK),
                form=form,
                headers=headers,
                keep=bool(entries.read("keep", one_of("keyring"), "")),
                location=place,
                **{key: entries.read(key, word, "") for key in _URLS},
            )
        form = {"grant_type": grant, **form}
        if scope:
            form["scope"] = escape(scope)
        if grant == "password":
            form |= {key: f"${key}" for key in _PAIR}
        return Login(
            "POST",
            entries.read("token_url", word, ""),
            "form",
            form,
            headers=headers,
            token="/access_token",
            hint="if it expects the client in the form, write `auth: body`" if hint else "",
            location=place,
            grant=grant,
            issuer=issuer,
        )

    def _check_oauth2(self, entries: Entries, grant: str, identity: Entries) -> None:
        """Reports what a grant lacks, and what belongs to another."""
        node = entries.node
        if "issuer" in entries:
            issuer = entries.read("issuer", word, "")
            if issuer and not issuer.startswith(("https://", "http://")):
                self.r.wrong(
                    entries["issuer"], f"`{issuer}` is not a URL", "such as `https://id.…`"
                )
        else:
            hint = "a path such as `/oauth/token`, or a URL; `issuer:` tells all of them"
            entries.require("token_url", "`oauth2`", hint)
            for key, grants in (("authorization_url", GRANTS[2]), ("device_url", GRANTS[3])):
                if grant == grants:
                    entries.require(key, f"`grant: {grant}` without `issuer`")
        for key in entries.present(_URLS):
            self._is_place(entries[key], entries.read(key, word, ""))
        for key in NEEDS[grant]:
            if entries.whole and key not in entries and key not in identity:
                self.r.wrong(node, f"`grant: {grant}` needs `{key}`")
        for key in entries.present(ONLY):
            if grant not in ONLY[key]:
                self.r.wrong(entries[key], f"`{key}` is not used by `grant: {grant}`", "omit it")
        redirect = entries.read("redirect_uri", word, LOOPBACK)
        if not LOOPBACK_URL.fullmatch(redirect):
            hint = f"such as `{LOOPBACK}`, or with a port that is registered with the client"
            self.r.wrong(entries["redirect_uri"], "`redirect_uri` must be a loopback address", hint)
        if grant in GRANTS[2:4] and find_spec("authlib") is None:
            hint = install_hint("login")
            self.r.wrong(node, f"`grant: {grant}` needs Authlib, which is not installed", hint)

    def _basic(self, secrets: Mapping[str, Secret]) -> Secret:
        """Client id and secret as RFC 6749, 2.3.1 says: form-encoded, then Basic."""
        pair = (secrets.get("client_id", Secret("")), secrets["client_secret"])
        text = ":".join(quote_plus(part.reveal()) for part in pair)
        basic = Secret(base64.b64encode(text.encode()).decode())
        self.secret_store.found.add(basic)
        return basic
