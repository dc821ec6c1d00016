"""Reads authentication files of Web Fuzzing Commons (WFC) as identities.

https://github.com/WebFuzzing/Commons, `auth.yaml`: identities under `auth`, what they share under
`authTemplate`. Both spellings of `token` are read: `extractFrom`, `sendIn`, `sendTemplate`, and the
older `extractFromField`, `httpHeaderName`, `headerPrefix`. `configs` are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from oakum.errors import Problem
from oakum.http.media_type import essence
from oakum.openapi.model import Json
from oakum.openapi.source import Node
from oakum.policy.node_reader import Entries, Reader, flag, nearest, one_of, record, word
from oakum.scan.identities.model import Identities, Identity, Login, Secret, Send, escape
from oakum.scan.identities.secret_store import SecretStore, is_plain

_INFO = ("name", "fixedHeaders", "loginEndpointAuth", "requireMockHandling", "createUsers")
_LOGIN = (
    "endpoint", "externalEndpointURL", "payloadRaw", "payloadUserPwd", "headers", "verb",
    "contentType", "token", "expectCookies",
)  # fmt: skip
_TOKEN = (
    "extractFrom", "extractSelector", "sendIn", "sendName", "sendTemplate",
    "extractFromField", "extractFromHeader", "httpHeaderName", "headerPrefix", "headerPostfix",
)  # fmt: skip
_PAYLOAD = ("username", "password", "usernameField", "passwordField")
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


def read(r: Reader, secret_store: SecretStore, root: Node) -> Identities:
    """The identities of the file; mistakes are noted at the reader."""
    top = record(r, root, "a WFC file", ("schemaVersion", "auth", "authTemplate", "configs"))
    template = top.node.get("authTemplate")
    auth = top["auth"]
    if auth.kind != "list":
        r.unlike(auth, "`auth`", "a list")
    items: dict[str, Identity] = {}
    notes: list[Problem] = []
    for element in auth.elements:
        merged = _merge(element, template)
        entries = record(r, merged, "an entry of `auth`", _INFO)
        entries.require("name", "an entry of `auth`")
        name = re.sub(r"[^A-Za-z0-9_-]", "_", entries.read("name", word, ""))
        if name in items:
            r.wrong(element, f"`{name}` stands here twice")
        if "createUsers" in entries:
            message = (
                f"`createUsers` of `{name}` is not supported: Oakum does not create accounts there"
            )
            notes.append(Problem(entries["createUsers"].location, message))
        if name:
            items[name] = _Entry(r, secret_store, entries, name).identity()
    return Identities(items, notes=tuple(notes))


def _merge(node: Node, template: Node | None) -> Node:
    """An entry with what it lacks taken from the template, map by map."""
    if template is None or node.kind != "map" or template.kind != "map":
        return node
    own = tuple((key, _merge(value, template.get(str(key.scalar)))) for key, value in node.items)
    rest = tuple(pair for pair in template.items if node.get(str(pair[0].scalar)) is None)
    return Node("map", node.location, items=(*own, *rest))


class _Entry:
    """One entry of `auth`. Its texts are literal, so that a `$` in them is a `$`."""

    def __init__(self, r: Reader, secret_store: SecretStore, entries: Entries, name: str) -> None:
        self.r = r
        self.secret_store = secret_store
        self.entries = entries
        self.name = name
        self.variables: dict[str, Secret] = {}

    def identity(self) -> Identity:
        entries = self.entries
        fixed = self._headers(entries["fixedHeaders"]) if "fixedHeaders" in entries else []
        sends, hidden = self.secret_store.extract_literals(fixed, ())
        login = None
        if "loginEndpointAuth" in entries:
            login, more = self._login(entries["loginEndpointAuth"])
            sends = (*more, *sends)
        if entries.whole and not sends and login is None:
            hint = "add `fixedHeaders` or `loginEndpointAuth`"
            self.r.wrong(entries.node, f"`{self.name}` has no way to log in", hint)
        place = entries.node.location
        variables = {**self.variables, **hidden}
        return Identity(self.name, login, sends, variables, location=place)

    def _headers(self, node: Node) -> list[Send]:
        if node.kind != "list":
            self.r.unlike(node, "headers", "a list of {name: …, value: …}")
        found = []
        for element in node.elements:
            entries = record(self.r, element, "a header", ("name", "value"))
            entries.require("name", "a header")
            entries.require("value", "a header")
            name = entries.read("name", word, "")
            value = self._text(entries, "value")
            if name and value:
                found.append(Send("header", name, escape(value.strip()), element.location))
        return found

    def _text(self, entries: Entries, key: str) -> str:
        """A text that may be a secret, so that no message shows it."""
        node = entries.node.get(key)
        if node is not None and not isinstance(node.scalar, str):
            self.r.wrong(node, f"`{key}` must be text", "put it in quotes")
        return node.scalar if node is not None and isinstance(node.scalar, str) else ""

    def _login(self, node: Node) -> tuple[Login, tuple[Send, ...]]:
        entries = record(self.r, node, "`loginEndpointAuth`", _LOGIN)
        where = entries.read("endpoint", word, "") or entries.read("externalEndpointURL", word, "")
        if entries.whole and not entries.present(("endpoint", "externalEndpointURL")):
            self.r.wrong(
                node, "`loginEndpointAuth` has neither `endpoint` nor `externalEndpointURL`"
            )
        kind = essence(entries.read("contentType", word, _JSON))
        encoding, body = self._body(entries, kind)
        headers = self._headers(entries["headers"]) if "headers" in entries else []
        nothing: tuple[str, str, tuple[Send, ...]] = ("", "", ())
        found = self._token(entries["token"]) if "token" in entries else nothing
        token, header, sends = found
        cookies = entries.read("expectCookies", flag, False)
        if entries.whole and not cookies and "token" not in entries:
            self.r.wrong(node, "`loginEndpointAuth` has neither `token` nor `expectCookies: true`")
        for send in headers:
            self.secret_store.keep(send.value.replace("$$", "$"), send.location)
        login = Login(
            entries.read("verb", one_of("POST", "GET", "PATCH", "DELETE", "PUT"), "POST"),
            where,
            encoding,  # type: ignore[arg-type]  # from _body
            body,
            content_type=kind,
            headers={send.name.lower(): send.value for send in headers},
            token=token,
            token_header=header.lower(),
            cookie="*" if cookies else "",
            location=node.location,
        )
        return login, sends

    def _body(self, entries: Entries, kind: str) -> tuple[str, Json]:
        if "payloadRaw" in entries:
            raw = self._text(entries, "payloadRaw")
            self._keep_raw(raw, entries["payloadRaw"])
            return "raw", escape(raw)
        if "payloadUserPwd" not in entries:
            return "none", None
        node = entries["payloadUserPwd"]
        payload = record(self.r, node, "`payloadUserPwd`", _PAYLOAD)
        for key in _PAYLOAD:
            payload.require(key, "`payloadUserPwd`")
        for name in ("username", "password"):
            self.variables[name] = Secret(self._text(payload, name))
        if password := self.variables["password"].reveal():
            self.secret_store.keep(password, node.location)
        fields = {
            payload.read("usernameField", word, "username"): "$username",
            payload.read("passwordField", word, "password"): "$password",
        }
        if kind not in (_JSON, _FORM):
            hint = f"`{_JSON}` and `{_FORM}` are"
            self.r.wrong(node, f"`payloadUserPwd` is not supported for `{kind}`", hint)
        return ("form" if kind == _FORM else "json"), fields

    def _keep_raw(self, raw: str, node: Node) -> None:
        """Remember the secrets in a payload, whatever it is."""
        if not raw:
            return
        self.secret_store.keep(raw, node.location)
        try:
            found = json.loads(raw)
        except ValueError:
            found = dict(parse_qsl(raw))
        if isinstance(found, Mapping):
            for name, value in found.items():
                if isinstance(value, str) and value and not is_plain(name):
                    self.secret_store.keep(value, node.location)

    def _token(self, node: Node) -> tuple[str, str, tuple[Send, ...]]:
        entries = record(self.r, node, "`token`", _TOKEN)
        selector = entries.read("extractSelector", word, "")
        from_header = entries.read("extractFrom", one_of("body", "header"), "body") == "header"
        pointer = entries.read("extractFromField", word, "" if from_header else selector)
        header = entries.read("extractFromHeader", word, selector if from_header else "")
        if not pointer and not header:
            self.r.wrong(
                node, "`token` does not say where to read it from", "add `extractSelector`"
            )
        if pointer and not pointer.startswith("/"):
            self.r.wrong(node, f"`{pointer}` is not a JSON pointer", f"write `/{pointer}`")
        where = entries.read("sendIn", one_of("header", "query"), "header")
        name = entries.read("sendName", word, "") or entries.read("httpHeaderName", word, "")
        shape = self._text(entries, "sendTemplate") or "{token}"
        if "sendTemplate" not in entries:
            around = (self._text(entries, key) for key in ("headerPrefix", "headerPostfix"))
            shape = "{token}".join(around)
        if "{token}" not in shape:
            self.r.wrong(node, "`sendTemplate` has no `{token}` in it", nearest(shape, ["{token}"]))
        value = escape(shape).replace("{token}", "$token").strip()
        send = Send(where, name or "Authorization", value, node.location)  # type: ignore[arg-type]
        return pointer, header, (send,)
