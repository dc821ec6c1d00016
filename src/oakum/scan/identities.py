"""The identities file: who can log in, how, and who is what to whom.

Reads Oakum's own form and the authentication file of Web Fuzzing Commons. All mistakes are said
at once, each with its place; none shows a value. The form: docs/reference/identities.md.
"""

from __future__ import annotations

import base64
import difflib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote_plus

from oakum.contract.model import Json
from oakum.contract.reader import Entries, Reader, flag, named, one_of, record, word
from oakum.contract.source import Node, parse, read_text
from oakum.errors import InputError, Problem, did_you_mean
from oakum.scan import wfc
from oakum.scan.credentials import (
    Command,
    Csrf,
    Identities,
    Identity,
    Login,
    Secret,
    Send,
    Tie,
    escaped,
    names,
    shell_name,
)
from oakum.scan.transport import run_command
from oakum.scan.vault import Run, Vault

__all__ = ["Identities", "Identity", "Secret", "Tie", "load_identities"]

_METHODS = ("post", "get", "put", "patch")
_ROOT = ("login", "whoami", "identities", "between")
_CSRF = ("get", "cookie", "json", "input", "header", "field")
_GRANTS = ("client_credentials", "password")
_PAIR = ("username", "password")
_LOGIN = (
    "operation", *_METHODS, "json", "form", "headers", "csrf", "token", "cookie", "cookies", "send",
)  # fmt: skip
_OAUTH2 = (
    "token_url", "grant", "client_id", "client_secret", "scope", "username", "password", "auth",
    "form", "send",
)  # fmt: skip
_WAYS = ("login", "oauth2", "command")
_LINES = ("header", "cookie", "send")
_KEYS = (*_WAYS, *_LINES, "claims", "facts", "states")
_BEARER = Send("header", "Authorization", "Bearer $token")
_TIE = re.compile(r"(\S+)\s+is\s+(\S+)\s+of\s+(\S+)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def load_identities(
    path: Path,
    relations: Collection[str] = (),
    *,
    environ: Mapping[str, str] | None = None,
    run: Run = run_command,
) -> Identities:
    """The identities of a file; `relations` are the contract's, to tell them from labels.

    Raises `InputError` with every mistake. Runs the commands that secrets are taken from.
    """
    root = _parse(path)
    r = Reader([])
    vault = Vault(r, path.parent, os.environ if environ is None else environ, run)
    if root.get("auth") is not None:
        found = wfc.read(r, vault, root)
    else:
        found = _File(r, vault).read(root, relations)
    if r.problems:
        raise InputError(r.problems)
    return replace(
        found,
        warnings=(*found.warnings, *_readable_by_others(path, vault)),
        _secrets=frozenset(vault.found),
    )


def _parse(path: Path) -> Node:
    """The file's tree. What YAML says of a value it cannot read may quote a secret."""
    try:
        return parse(read_text(path), str(path))
    except InputError as error:
        quotes = "a value that starts with `!`, `*`, `&`, `%` or `@` needs quotes"
        raise InputError(
            Problem(p.location, quotes)
            if re.search(r"tag|alias|anchor|character|directive", p.message)
            else p
            for p in error.problems
        ) from None


def _readable_by_others(path: Path, vault: Vault) -> list[Problem]:
    if not vault.literal or not path.stat().st_mode & 0o077:
        return []
    hint = f"run `chmod 600 {path.name}`, or write `{{env: NAME}}` in its place"
    message = "a secret stands in this file, which other users of this machine can read"
    return [Problem(min(vault.literal), message, hint)]


@dataclass(frozen=True)
class _Way:
    """A way to log in, with what it sends then and the variables it brings along."""

    login: Login | Command | None = None
    sends: tuple[Send, ...] = ()
    variables: Mapping[str, Secret] = field(default_factory=dict)
    sound: bool = True
    """False: a mistake in it was noted, so that nothing more is asked of it."""

    def uses(self) -> set[str]:
        """Variables that its templates name."""
        login = self.login
        body = [login.body, login.headers] if isinstance(login, Login) else []
        found = names([*body, *(send.value for send in self.sends)])
        return {name for kind, name in found if kind == "variable"}

    def gives_token(self) -> bool:
        """True when `$token` will have a value."""
        login = self.login
        return isinstance(login, Command) or bool(login and (login.token or login.token_header))


class _File:
    """Oakum's own form."""

    def __init__(self, r: Reader, vault: Vault) -> None:
        self.r = r
        self.vault = vault
        self.notes: list[Problem] = []

    def read(self, root: Node, relations: Collection[str]) -> Identities:
        top = record(self.r, root, "the identities file", _ROOT)
        top.require("identities", "the identities file", "list there who can log in")
        shared = self._login(top["login"]) if "login" in top else None
        each = named(lambda _, key, node: self._identity(key, node, shared))
        found: dict[str, Identity | None] = top.read("identities", each, {})
        items = {name: identity for name, identity in found.items() if identity}
        ties = self._ties(top["between"], found, relations) if "between" in top else ()
        return Identities(items, ties, top.read("whoami", word, ""), notes=tuple(self.notes))

    # ----------------------------------------------------------------------- one identity

    def _identity(self, key: Node, node: Node, shared: _Way | None) -> Identity | None:
        name = str(key.scalar)
        if not _NAME.fullmatch(name) or name == "anonymous":
            taken = "`anonymous` is the caller without credentials"
            hint = taken if name == "anonymous" else "a letter, then letters, digits, `_` and `-`"
            self.r.wrong(key, f"`{name}` cannot name an identity", hint)
        if node.kind != "map" or not node.items:
            self.r.wrong(node, f"`{name}` must be a map", "such as {username: …, password: …}")
            return None
        entries = Entries(self.r, node, whole=True)
        given = {str(k.scalar): k for k, _ in node.items if k.scalar not in _KEYS}
        values = {name: self.vault.value(name, entries[name]) for name in given}
        way = self._way(entries, key, shared)
        way = self._with_lines(entries, way, set(given))
        self._check(key, way, given, values)
        return Identity(
            name,
            way.login,
            way.sends,
            {**way.variables, **{name: value for name, value in values.items() if value}},
            self.vault.environment,
            entries.read("claims", self._facts, {}),
            entries.read("facts", self._facts, {}),
            entries.read("states", self._facts, {}),
            key.location,
        )

    def _way(self, entries: Entries, key: Node, shared: _Way | None) -> _Way:
        own = entries.present(_WAYS)
        if len(own) > 1:
            both = " and ".join(f"`{way}`" for way in own)
            self.r.wrong(key, f"`{key.scalar}` has {both}", "one way to log in is enough")
        if "login" in own:
            return self._login(entries["login"])
        if "oauth2" in own:
            return self._oauth2(entries["oauth2"], entries)
        if "command" in own:
            argv = self.vault.argv(entries["command"])
            place = entries["command"].location
            command = Command(argv, self.vault.directory, place)
            return _Way(command, () if "send" in entries else (_BEARER,), sound=bool(argv))
        return (shared or _Way()) if not entries.present(_LINES) else _Way()

    def _with_lines(self, entries: Entries, way: _Way, taken: set[str]) -> _Way:
        """The way with the identity's own `header`, `cookie` and `send` lines after it."""
        before = len(self.r.problems)
        lines: list[Send] = []
        for which in entries.present(_LINES):
            node = entries[which]
            for line in node.elements if node.kind == "list" else (node,):
                if which == "cookie" and isinstance(line.scalar, str):
                    self.vault.template(line)
                    lines += self.vault.cookies(line, line.scalar)
                else:
                    lines += self.vault.line(line)
        sends, hidden = self.vault.fixed(lines, taken)
        sound = way.sound and len(self.r.problems) == before
        return _Way(way.login, (*way.sends, *sends), {**way.variables, **hidden}, sound)

    def _check(
        self, key: Node, way: _Way, given: Mapping[str, Node], values: Mapping[str, Secret | None]
    ) -> None:
        """Every name that is used has a value, and no key is a misspelt one."""
        name = str(key.scalar)
        used = way.uses()
        for other, place in given.items():
            close = difflib.get_close_matches(other, _KEYS, n=1, cutoff=0.8)
            if other not in used and close:
                self.r.wrong(place, f"nothing uses `{other}`", f"did you mean `{close[0]}`?")
        if not way.sound:
            return
        if way.login is None and not way.sends:
            hint = "write a shared `login:` at the top, or `header:`, `send:` or `login:` here"
            if "token" in given:
                hint = 'add `send: "Authorization: Bearer $token"`'
            self.r.wrong(key, f"`{name}` has no way to log in", hint)
        known = {*values, *way.variables, *(["token"] if way.gives_token() else [])}
        for missing in sorted(used - known):
            env = shell_name(name, missing)[1:]
            hint = did_you_mean(missing, given) or f"write `{missing}: {{env: {env}}}`"
            if missing == "token":
                hint = "say where the login's answer holds it: `token: /access_token`"
            self.r.wrong(key, f"`{name}` has no `{missing}`, but `${missing}` is used", hint)

    def _facts(self, r: Reader, node: Node, what: str) -> Mapping[str, Json] | None:
        """A map of any values; `${NAME}` is read from the environment."""
        if node.kind != "map":
            r.unlike(node, what, "a map")
            return None
        return {str(key.scalar): self._fact(value) for key, value in node.items}

    def _fact(self, node: Node) -> Json:
        if node.kind == "list":
            return [self._fact(element) for element in node.elements]
        if node.kind == "map":
            return {key.scalar: self._fact(value) for key, value in node.items}
        if isinstance(node.scalar, str) and "${" in node.scalar:
            found = self.vault.resolved(node, node.scalar)
            return found.reveal() if found else None
        return node.scalar

    # ----------------------------------------------------------------------- ways to log in

    def _login(self, node: Node) -> _Way:
        before = len(self.r.problems)
        entries = record(self.r, node, "`login`", _LOGIN)
        method, where = self._where(entries)
        encodings = entries.present(("json", "form"))
        if len(encodings) > 1:
            self.r.wrong(node, "a login has `json` or `form`, not both")
        encoding = encodings[0] if encodings else "none"
        body = entries[encoding] if encodings else None
        if body is not None and body.kind != "map":
            self.r.wrong(body, f"`{encoding}` must be a map", "{username: $username, …}")
        token, header = self._token(entries["token"]) if "token" in entries else ("", "")
        cookie = "*" if entries.read("cookies", flag, False) else entries.read("cookie", word, "")
        if entries.whole and not (token or header or cookie) and "token" not in entries:
            ways = "`token: /pointer`, `cookie: name` or `cookies: true`"
            self.r.wrong(node, "`login` does not say what it gives", f"add {ways}")
        login = Login(
            method,
            where,
            encoding,  # type: ignore[arg-type]  # one of the two keys
            self.vault.template(body) if body else None,
            headers=self._headers(entries["headers"]) if "headers" in entries else {},
            csrf=self._csrf(entries["csrf"]) if "csrf" in entries else None,
            token=token,
            token_header=header,
            cookie=cookie,
            location=node.location,
        )
        sends, hidden = self._sends(entries, bool(token or header))
        return _Way(login, sends, hidden, len(self.r.problems) == before)

    def _sends(self, entries: Entries, token: bool) -> tuple[tuple[Send, ...], dict[str, Secret]]:
        if "send" not in entries:
            return ((_BEARER,) if token else ()), {}
        node = entries["send"]
        lines = [
            send
            for line in (node.elements if node.kind == "list" else (node,))
            for send in self.vault.line(line)
        ]
        return self.vault.fixed(lines, set())

    def _where(self, entries: Entries) -> tuple[str, str]:
        given = entries.present(("operation", *_METHODS))
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
            self.r.wrong(node, f"`{where}` is no path", hint)

    def _token(self, node: Node) -> tuple[str, str]:
        """Pointer and header of the token; what stands here by mistake may be a token."""
        header = node.get("header")
        if header is not None and len(node.items) == 1:
            return "", (word(self.r, header, "`header`") or "").lower()
        if isinstance(node.scalar, str) and re.fullmatch(r"(?:/[^/]+)+", node.scalar):
            return node.scalar, ""
        self.r.wrong(
            node,
            "`token` says where the answer holds the token",
            "a JSON pointer such as `/access_token`, or {header: X-Auth-Token}",
        )
        return "", ""

    def _headers(self, node: Node) -> dict[str, str]:
        found = self.vault.template(node)
        if node.kind != "map" or not all(isinstance(value, str) for value in found.values()):
            self.r.wrong(node, "`headers` must be a map of names and text")
            return {}
        return {str(name).lower(): value for name, value in found.items()}

    def _csrf(self, node: Node) -> Csrf:
        entries = record(self.r, node, "`csrf`", _CSRF)
        entries.require("get", "`csrf`", "the page that gives the value, such as `/login`")
        if len(entries.present(("cookie", "json", "input"))) != 1:
            hint = "one of `cookie: name`, `json: /pointer`, `input: name`"
            self.r.wrong(node, "`csrf` must say where the value stands", hint)
        if not entries.present(("header", "field")):
            hint = "add `header: X-CSRF-Token` or `field: name`"
            self.r.wrong(node, "`csrf` does not say how to send the value", hint)
        where = entries.read("get", word, "")
        return Csrf(where, *(entries.read(key, word, "") for key in _CSRF[1:]))

    def _oauth2(self, node: Node, identity: Entries) -> _Way:
        """A token request (RFC 6749, 4.3 and 4.4)."""
        before = len(self.r.problems)
        entries = record(self.r, node, "`oauth2`", _OAUTH2)
        entries.require("token_url", "`oauth2`", "a path such as `/oauth/token`, or a URL")
        where = entries.read("token_url", word, "")
        if "token_url" in entries:
            self._is_place(entries["token_url"], where)
        grant = entries.read("grant", one_of(*_GRANTS), _GRANTS[0])
        needed = ("client_id", "client_secret") if grant == _GRANTS[0] else _PAIR
        for key in needed:
            if entries.whole and key not in entries and key not in identity:
                self.r.wrong(node, f"`grant: {grant}` needs `{key}`")
        secrets = {
            key: value
            for key in ("client_id", "client_secret", *_PAIR)
            if key in entries and (value := self.vault.value(key, entries[key]))
        }
        form = self.vault.template(entries["form"]) if "form" in entries else {}
        form = {"grant_type": grant, **form}
        if scope := entries.read("scope", word, ""):
            form["scope"] = escaped(scope)
        if grant == "password":
            form |= {key: f"${key}" for key in _PAIR}
        headers = {"accept": "application/json"}
        body = entries.read("auth", one_of("basic", "body"), "basic") == "body"
        if "client_secret" in secrets and not body:
            headers["authorization"] = "Basic $basic"
            secrets["basic"] = self._basic(secrets)
        else:
            form |= {key: f"${key}" for key in ("client_id", "client_secret") if key in secrets}
        hint = "" if body else "does it want the client in the form? write `auth: body`"
        login = Login(
            "POST",
            where,
            "form",
            form,
            headers=headers,
            token="/access_token",
            hint=hint,
            location=node.location,
        )
        sends, hidden = self._sends(entries, True)
        return _Way(login, sends, {**secrets, **hidden}, len(self.r.problems) == before)

    def _basic(self, secrets: Mapping[str, Secret]) -> Secret:
        """Client id and secret as RFC 6749, 2.3.1 says: form-encoded, then Basic."""
        pair = (secrets.get("client_id", Secret("")), secrets["client_secret"])
        text = ":".join(quote_plus(part.reveal()) for part in pair)
        basic = Secret(base64.b64encode(text.encode()).decode())
        self.vault.found.add(basic)
        return basic

    # ----------------------------------------------------------------------- who is what to whom

    def _ties(
        self, node: Node, items: Collection[str], relations: Collection[str]
    ) -> tuple[Tie, ...]:
        if node.kind != "list":
            self.r.wrong(
                node, "`between` must be a list", "of lines such as `flo is follower of pia`"
            )
        found = (self._tie(line, items, relations) for line in node.elements)
        return tuple(tie for tie in found if tie)

    def _tie(self, node: Node, items: Collection[str], relations: Collection[str]) -> Tie | None:
        match = _TIE.fullmatch(node.scalar.strip()) if isinstance(node.scalar, str) else None
        if not match:
            self.r.wrong(node, "a line of `between` reads `flo is follower of pia`")
            return None
        viewer, relation, owner = match.groups()
        for name in (viewer, owner):
            self.r.known(node, name, items, "identity")
        if viewer == owner:
            self.r.wrong(node, f"`{viewer}` is named on both sides", "an identity is its own owner")
        label = bool(relations) and relation not in relations
        if label:
            message = f"`{relation}` is no relation of the contract: kept as a label"
            hint = did_you_mean(relation, relations)
            self.notes.append(Problem(node.location, message, hint))
        return Tie(viewer, relation, owner, label, node.location)
