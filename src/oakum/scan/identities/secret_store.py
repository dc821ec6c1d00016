"""Reads secrets from the environment, files, commands, or the file itself.

No message of this module contains a value, since any value in the place of a secret may be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from oakum.errors import Location, Problem, TargetError, did_you_mean
from oakum.openapi.model import Json
from oakum.openapi.source import Node
from oakum.policy.node_reader import Reader, word
from oakum.scan.identities import system_keyring
from oakum.scan.identities.model import Secret, Send, names
from oakum.scan.identities.one_time_code import OneTimeCode, totp_of

Run = Callable[[Sequence[str], Path], str]
"""Runs a command in a directory and gives what it prints, stripped."""

Keys = Callable[[str, str], str | None]
"""Reads the keyring of the system: service and user; None if there is no such entry."""

_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(\S.*)")
QUERY = re.compile(r"\?([^=&\s]+)=(\S+)")
_PLAIN = re.compile(r"user|mail|login|phone|account|handle|client_id|scope|tenant|(^|_)(name|id)$")
_CREDENTIAL = re.compile(r"auth|cookie|key|token|secret|sess|sid|jwt|pass|pwd|pin$|otp|csrf|xsrf")
SOURCES = ("env", "file", "command", "keyring", "totp")


def is_credential(name: str) -> bool:
    """Whether what is sent under a name tells who is calling, or lets them in."""
    return _CREDENTIAL.search(name.lower()) is not None


class SecretStore:
    """Reads the secrets of one file and remembers each, so that it can be kept out of sight."""

    def __init__(
        self,
        r: Reader,
        directory: Path,
        environ: Mapping[str, str],
        run: Run,
        keys: Keys = system_keyring.read,
    ) -> None:
        self.environment: dict[str, Secret] = {}
        """Environment variables that templates name."""
        self.found: set[Secret] = set()
        self.literal: list[Location] = []
        """Places of secrets that stand in the file itself."""
        self.in_address: Collection[str] = ()
        """Variables that stand in the path of who-am-I, and so are no secrets."""
        self._r = r
        self.directory = directory
        self._environ = environ
        self._run = run
        self._keys = keys

    def value(self, name: str, node: Node) -> Secret | None:
        """A variable's value: a text, a text with `${NAME}`, or a source to read."""
        if node.kind == "scalar" and isinstance(node.scalar, str) and node.scalar:
            if _ENVIRONMENT.search(node.scalar):
                return self.resolve(node, node.scalar)
            if not (is_plain(name) or name in self.in_address):
                self.keep(node.scalar, node.location)
            return Secret(node.scalar)
        source = node.items[0][0].scalar if node.kind == "map" and len(node.items) == 1 else None
        if source not in SOURCES:
            known = (
                "`{env: NAME}`, `{file: path}`, `{command: [program, …]}`,"
                " `{keyring: [service, user]}` or text"
            )
            number = node.kind == "scalar" and node.scalar is not None
            hint = "put it in quotes" if number else ""
            self._r.wrong(node, f"`{name}` must be {known}", hint)
            return None
        where = node.items[0][1]
        if source == "totp":
            return self._one_time_code(where)
        read = {
            "env": self._env,
            "file": self._file,
            "command": self._command,
            "keyring": self._keyring,
        }
        return self._wrap_secret(read[source](where))

    def resolve(self, node: Node, text: str) -> Secret | None:
        """Text with every `${NAME}` replaced by the environment's value."""
        values = {name: self._read_variable(node, name) for name in _ENVIRONMENT.findall(text)}
        if None in values.values():
            return None
        return self._wrap_secret(_ENVIRONMENT.sub(lambda match: values[match[1]] or "", text))

    def template(self, node: Node) -> Json:
        """A JSON value whose texts are templates; `{env: NAME}` in it is read as `${NAME}`."""
        if node.kind == "list":
            return [self.template(element) for element in node.elements]
        if node.kind == "map":
            env = node.get("env")
            if env is not None and len(node.items) == 1 and isinstance(env.scalar, str):
                self._read_variable(env, env.scalar)
                return "${" + env.scalar + "}"
            for key, child in node.items:
                self._literal(str(key.scalar), child)
            return {key.scalar: self.template(child) for key, child in node.items}
        for kind, name in names(node.scalar):
            if kind == "environment":
                self._read_variable(node, name)
        return node.scalar

    def line(self, node: Node) -> list[Send]:
        """What a line sends: `Authorization: Bearer $token`, `Cookie: a=$x` or `?key=$key`."""
        text = node.scalar if isinstance(node.scalar, str) else ""
        header, query = HEADER.fullmatch(text), QUERY.fullmatch(text)
        self.template(node)
        if header and header[1].lower() == "cookie":
            return self.cookies(node, header[2])
        if header:
            return [Send("header", header[1], header[2], node.location)]
        if query:
            return [Send("query", query[1], query[2], node.location)]
        forms = "`Header: value`, `Cookie: name=value` or `?name=value`"
        self._r.wrong(node, f"write what to send as {forms}", "`$token` stands for the token")
        return []

    def cookies(self, node: Node, text: str) -> list[Send]:
        """`a=1; b=$x` as cookies."""
        pairs = [part.strip().partition("=") for part in text.split(";") if part.strip()]
        if not pairs or not all(name and sign for name, sign, _ in pairs):
            self._r.wrong(node, "cookies read `name=value`, with `;` between them")
            return []
        return [Send("cookie", name, value, node.location) for name, _, value in pairs]

    def extract_literals(
        self, sends: Sequence[Send], taken: Collection[str]
    ) -> tuple[tuple[Send, ...], dict[str, Secret]]:
        """The same with literal secrets replaced by variables, and these variables."""
        hidden: dict[str, Secret] = {}
        return tuple(self._hide(send, hidden, taken) for send in sends), hidden

    def keep(self, value: str, place: Location) -> None:
        """Records a secret from the file, so that no output contains it."""
        self.found.add(Secret(value))
        self.literal.append(place)

    def _hide(self, send: Send, hidden: dict[str, Secret], taken: Collection[str]) -> Send:
        secret = send.where == "cookie" or is_credential(send.name)
        if any(names(send.value)) or not secret:
            return send
        scheme, space, rest = send.value.partition(" ")
        prefix = scheme + space if space and send.name.lower() == "authorization" else ""
        value = (rest if prefix else send.value).replace("$$", "$")
        name = re.sub(r"\W", "_", send.name.lower())
        while name in taken or name in hidden:
            name += "_"
        self.keep(value, send.location)
        hidden[name] = Secret(value)
        return Send(send.where, send.name, f"{prefix}${name}", send.location)

    def _literal(self, name: str, node: Node) -> None:
        text = node.scalar
        if isinstance(text, str) and text and not any(names(text)) and not is_plain(name):
            self.found.add(Secret(text))
            if is_credential(name):
                self.literal.append(node.location)

    def _read_variable(self, node: Node, name: str) -> str | None:
        value = self._environ.get(name)
        if not value:
            state = "is empty" if name in self._environ else "is not set"
            hint = did_you_mean(name, self._environ) if value is None else ""
            self._r.wrong(
                node, f"environment variable `{name}` {state}", hint or f"export {name}=…"
            )
            return None
        self.environment[name] = Secret(value)
        self.found.add(Secret(value))
        return value

    def _wrap_secret(self, value: str | None) -> Secret | None:
        if value is None:
            return None
        self.found.add(Secret(value))
        return Secret(value)

    def _one_time_code(self, node: Node) -> Secret | None:
        """A variable that makes a code from the secret at `node`, whenever it is sent."""
        secret = self.value("totp", node)
        if secret is None:
            return None
        totp = totp_of(secret.reveal())
        if totp is None:
            hint = "it has the letters A to Z and the digits 2 to 7, or is `otpauth://totp/…`"
            self._r.wrong(node, "the secret of `totp` is not in base32", hint)
            return None
        self.found.add(Secret(secret.reveal()))
        return OneTimeCode(secret.reveal(), totp)

    def _env(self, node: Node) -> str | None:
        if node.kind == "scalar" and isinstance(node.scalar, str) and node.scalar.isidentifier():
            return self._read_variable(node, node.scalar)
        self._r.wrong(node, "`env` takes the name of an environment variable")
        return None

    def _file(self, node: Node) -> str | None:
        name = word(self._r, node, "`file`")
        if name is None:
            return None
        try:
            value = (self.directory / name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = (getattr(error, "strerror", None) or "is not UTF-8 text").lower()
            self._r.wrong(node, f"`{name}`: {why}", "paths are relative to the folder of this file")
            return None
        if not value:
            self._r.wrong(node, f"`{name}` is empty")
        return value or None

    def _command(self, node: Node) -> str | None:
        argv = self.argv(node)
        try:
            return self._run(argv, self.directory) if argv else None
        except TargetError as error:
            self._r.problems.append(Problem(node.location, str(error)))
            return None

    def _keyring(self, node: Node) -> str | None:
        words = [each.scalar for each in node.elements]
        if len(words) != 2 or not all(isinstance(each, str) and each for each in words):
            self._r.wrong(node, "`keyring` takes a service and a user", "[my-api, ann]")
            return None
        try:
            found = self._keys(words[0], words[1])
        except TargetError as error:
            self._r.problems.append(Problem(node.location, str(error)))
            return None
        if not found:
            hint = f"run `keyring set {words[0]} {words[1]}`"
            self._r.wrong(node, "the keyring has no such entry", hint)
        return found or None

    def argv(self, node: Node) -> tuple[str, ...]:
        """The words of a command; empty after reporting an error."""
        words = tuple(element.scalar for element in node.elements)
        if words and all(isinstance(part, str) and part for part in words):
            return words
        self._r.wrong(node, "`command` takes a list of words", "such as [./get-token.sh, ann]")
        return ()


def is_plain(name: str) -> bool:
    """Whether a variable's value may be shown: `username`, `email`, `client_id`."""
    lower = name.lower()
    return bool(_PLAIN.search(lower)) and not re.search(r"pass|pwd|secret|token|key", lower)
