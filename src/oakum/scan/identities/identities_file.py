"""Reads the identities file: logins and relationships of test accounts.

Reads Oakum's own form and the authentication file of Web Fuzzing Commons. All mistakes are reported
at once, each with its place; no message contains a value. The form: docs/reference/identities.md.
"""

from __future__ import annotations

import base64
import difflib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from oakum.errors import InputError, Location, Problem, did_you_mean
from oakum.exposure.values.knowledge import canonical
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Json
from oakum.openapi.source import Node, parse, read_text
from oakum.policy.model import Resource
from oakum.policy.node_reader import Entries, Reader, many, one_of, read_map, record, scalar, word
from oakum.scan.identities import system_keyring, web_fuzzing_commons
from oakum.scan.identities.login_methods import LoginMethod, LoginReader
from oakum.scan.identities.model import (
    Identities,
    Identity,
    OwnedObject,
    Secret,
    Send,
    Tie,
    names,
    shell_name,
)
from oakum.scan.identities.secret_store import Keys, Run, SecretStore
from oakum.scan.transport.certificates import Certificate
from oakum.scan.transport.login_command import run_command

__all__ = ["Identities", "Identity", "Secret", "Tie", "load_identities"]

ROOT = ("login", "whoami", "identities", "cleaner", "between")
WAYS = ("login", "oauth2", "command", "storage_state")
_LINES = ("header", "cookie", "send")
CERTIFICATE = ("file", "key", "password")
KEYS = (
    *WAYS,
    *_LINES,
    "basic",
    "certificate",
    "claims",
    "facts",
    "states",
    "owns",
    "account",
    "whoami",
)
OF_ACCOUNTS = ("facts", "states", "owns")
TIE = re.compile(r"(\S+)\s+is\s+(\S+)\s+of\s+(\S+)")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def load_identities(
    path: Path,
    relations: Collection[str] = (),
    *,
    resources: Mapping[str, Resource] | None = None,
    environ: Mapping[str, str] | None = None,
    run: Run = run_command,
    keys: Keys = system_keyring.read,
) -> Identities:
    """Reads an identities file; `relations` are the contract's, as opposed to labels, and
    `resources` are what its lines of `owns` may name. Raises `InputError` with all mistakes. Runs
    the commands that provide secrets."""
    r = Reader([])
    root = _parse(path, r.problems)
    secret_store = SecretStore(
        r, path.parent, os.environ if environ is None else environ, run, keys
    )
    if root.get("auth") is not None:
        found = web_fuzzing_commons.read(r, secret_store, root)
    else:
        found = _File(r, secret_store, resources).read(root, relations)
    if not r.problems and not found.items:
        hint = "without an account that owns data, no leak can be found; list one or two"
        r.wrong(root, "the identities file names nobody", hint)
    if r.problems:
        raise InputError(r.problems)
    return replace(
        found,
        warnings=(*found.warnings, *_readable_by_others(path, secret_store)),
        _secrets=frozenset(secret_store.found),
    )


_ANY = "AAAAAAAA"
"""A value that may stand in any place of a secret, that of a one-time code included (base32)."""


class _Unset(Mapping[str, str]):
    """An environment that has every variable, for a reader who wants no value."""

    def __getitem__(self, name: str) -> str:
        return _ANY

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def lines_sent(
    path: Path, relations: Collection[str], resources: Mapping[str, Resource]
) -> Iterator[tuple[str, str, str, Location]]:
    """What the accounts of a file send with each request: who, where, the name, and its place.
    Needs no secret, and runs nothing."""
    found = load_identities(
        path,
        relations,
        resources=resources,
        environ=_Unset(),
        run=lambda argv, kind: _ANY,
        keys=lambda service, user: _ANY,
    )
    everybody = (*found.items.values(), *filter(None, (found.anonymous, found.cleaner)))
    for each in everybody:
        yield from ((each.name, e.where, e.name, e.location) for e in each.sends)
        csrf = each.login.csrf if each.login is not None else None
        if csrf is not None and csrf.header:
            yield each.name, "header", csrf.header, each.location


def _parse(path: Path, problems: list[Problem]) -> Node:
    """The file's tree. What YAML says of a value it cannot read may quote a secret."""
    try:
        return parse(read_text(path), str(path), problems)
    except InputError as error:
        raise InputError(map(_suggest_quotes, error.problems)) from None


def _suggest_quotes(problem: Problem) -> Problem:
    if not re.search(r"tag|alias|anchor|character|directive|cannot be read", problem.message):
        return problem
    quotes = "a value that starts with `!`, `*`, `&`, `%` or `@` needs quotes"
    return Problem(problem.location, quotes)


def _readable_by_others(path: Path, secret_store: SecretStore) -> list[Problem]:
    if not secret_store.literal or not path.stat().st_mode & 0o077:
        return []
    hint = f"run `chmod 600 {path.name}`, or write `{{env: NAME}}` in its place"
    message = "this file contains a secret, and other users of this machine can read it"
    return [Problem(min(secret_store.literal), message, hint)]


class _File:
    """Oakum's own form."""

    def __init__(
        self, r: Reader, secret_store: SecretStore, resources: Mapping[str, Resource] | None
    ) -> None:
        self.r = r
        self.resources = resources
        self.secret_store = secret_store
        self.ways = LoginReader(r, secret_store)
        self.notes: list[Problem] = []

    def read(self, root: Node, relations: Collection[str]) -> Identities:
        top = record(self.r, root, "the identities file", ROOT)
        top.require("identities", "the identities file", "list the accounts that can log in")
        shared = self.ways.login(top["login"]) if "login" in top else None
        whoami = top.read("whoami", word, "")
        self.secret_store.in_address = {name for _, name in names([whoami])}
        each = read_map(lambda _, key, node: self._identity(key, node, shared))
        found: dict[str, Identity | None] = top.read("identities", each, {})
        items = {name: identity for name, identity in found.items() if identity}
        anonymous = items.pop("anonymous", None)
        silent = anonymous and not anonymous.sends and not anonymous.certificate
        if anonymous is not None and (anonymous.login or silent):
            hint = 'a header that every caller sends, such as `anonymous: {header: "apikey: …"}`'
            self.r.wrong(top["identities"], "`anonymous` is the caller without a login", hint)
        cleaner = self._cleaner(top["cleaner"], items, shared) if "cleaner" in top else None
        relationships = (
            self._relationships(top["between"], found, relations) if "between" in top else ()
        )
        self._check_own_path(top, whoami, items)
        return Identities(
            items,
            relationships,
            whoami,
            notes=tuple(self.notes),
            cleaner=cleaner,
            anonymous=anonymous,
        )

    def _check_own_path(self, top: Entries, whoami: str, items: Mapping[str, Identity]) -> None:
        """Reports mistakes in a who-am-I whose path holds values of the identities."""
        for kind, name in names([whoami]):
            lacking = [n for n, each in items.items() if name not in each.variables]
            if kind == "environment" or classify_field(name) is FieldClass.SECRET:
                hint = "a path takes what names the account, such as `$username`"
                self.r.wrong(top["whoami"], f"`{name}` would be part of a URL", hint)
            elif not whoami.startswith("/"):
                hint = "write the path out, such as `/users/$username`"
                self.r.wrong(top["whoami"], f"`{whoami}` is not a path", hint)
            elif lacking := [n for n in lacking if not items[n].whoami]:
                hint = f"add it to {', '.join(f'`{each}`' for each in lacking)}"
                self.r.wrong(top["whoami"], f"not every identity defines `${name}`", hint)

    # ------------------------------------------------------------------ a single identity

    def _identity(self, key: Node, node: Node, shared: LoginMethod | None) -> Identity | None:
        name = str(key.scalar)
        if not NAME.fullmatch(name):
            hint = "a letter, then letters, digits, `_` and `-`"
            self.r.wrong(key, f"`{name}` cannot name an identity", hint)
        if node.kind != "map" or not node.items:
            self.r.wrong(node, f"`{name}` must be a map", "such as {username: …, password: …}")
            return None
        given = {str(k.scalar): k for k, _ in node.items if k.scalar not in KEYS}
        entries = record(self.r, node, f"`{name}`", [*KEYS, *given])
        values = {name: self.secret_store.value(name, entries[name]) for name in given}
        way = self._way(entries, key, None if name == "anonymous" else shared)
        way = self._with_lines(entries, way, set(given))
        way = self._with_basic(entries, way, values)
        certificate = (
            self._certificate(entries["certificate"]) if "certificate" in entries else None
        )
        self._check(key, way, given, values, certificate)
        self._account(entries)
        return Identity(
            name,
            way.login,
            way.sends,
            {**way.variables, **{name: value for name, value in values.items() if value}},
            self.secret_store.environment,
            entries.read("claims", self._facts, {}),
            entries.read("facts", self._facts, {}),
            entries.read("states", self._facts, {}),
            key.location,
            entries.read("owns", self._owned_objects, ()),
            entries.read("whoami", word, ""),
            certificate,
        )

    def _with_basic(
        self, entries: Entries, way: LoginMethod, values: Mapping[str, Secret | None]
    ) -> LoginMethod:
        """The way with HTTP Basic (RFC 7617) in every request."""
        if "basic" not in entries:
            return way
        node = entries["basic"]
        pair = self.secret_store.template(node)
        known = {name: value for name, value in values.items() if value}
        lacking = [name for kind, name in names([pair]) if kind == "variable" and name not in known]
        if not isinstance(pair, str) or ":" not in pair or lacking:
            hint = f"add `{lacking[0]}`" if lacking else 'write `basic: "$username:$password"`'
            self.r.wrong(node, "`basic` is a name and a password", hint)
            return replace(way, sound=False)
        filled = Identity("", variables=known, environment=self.secret_store.environment).fill(pair)
        secret = Secret(base64.b64encode(str(filled).encode()).decode())
        self.secret_store.found.add(secret)
        send = Send("header", "Authorization", "Basic $basic", node.location)
        return replace(way, sends=(*way.sends, send), variables={**way.variables, "basic": secret})

    def _certificate(self, node: Node) -> Certificate:
        """A client certificate; its key may be in the same file."""
        entries = record(self.r, node, "`certificate`", CERTIFICATE)
        entries.require("file", "`certificate`", "a file in PEM")
        folder = self.secret_store.directory
        key = entries.read("key", word, "")
        password = entries.node.get("password")
        secret = self.secret_store.value("password", password) if password is not None else None
        return Certificate(
            folder / entries.read("file", word, ""),
            folder / key if key else None,
            secret.reveal if secret is not None else None,
            node.location,
        )

    def _account(self, entries: Entries) -> None:
        """Reports mistakes about a caller that is no account."""
        if "account" not in entries:
            if "whoami" in entries:
                hint = "an account is known by the `whoami` of the file"
                self.r.wrong(entries["whoami"], "`whoami` belongs to `account: none`", hint)
            return
        entries.read("account", one_of("none"), "")
        entries.require(
            "whoami",
            "a caller without an account",
            "name what answers its credentials and nobody else",
        )
        for key in entries.present(OF_ACCOUNTS):
            self.r.wrong(entries[key], f"`{key}` is of an account, and there is none")

    def _cleaner(
        self, node: Node, items: Collection[str], shared: LoginMethod | None
    ) -> Identity | None:
        if "cleaner" in items:
            self.r.wrong(node, "there is already an identity called `cleaner`", "rename that one")
        return self._identity(Node("scalar", node.location, "cleaner"), node, shared)

    def _way(self, entries: Entries, key: Node, shared: LoginMethod | None) -> LoginMethod:
        own = entries.present(WAYS)
        if len(own) > 1:
            both = " and ".join(f"`{way}`" for way in own)
            self.r.wrong(key, f"`{key.scalar}` has {both}", "give only one way to log in")
        if "login" in own:
            return self.ways.login(entries["login"])
        if "oauth2" in own:
            return self.ways.oauth2(entries["oauth2"], entries)
        if "command" in own:
            return self.ways.command(entries["command"], bearer="send" not in entries)
        if "storage_state" in own:
            return self.ways.storage_state(entries["storage_state"])
        return (
            (shared or LoginMethod()) if not entries.present((*_LINES, "basic")) else LoginMethod()
        )

    def _with_lines(self, entries: Entries, way: LoginMethod, taken: set[str]) -> LoginMethod:
        """The way with the identity's own `header`, `cookie` and `send` lines after it."""
        before = len(self.r.problems)
        lines: list[Send] = []
        for which in entries.present(_LINES):
            node = entries[which]
            for line in node.elements if node.kind == "list" else (node,):
                if which == "cookie" and isinstance(line.scalar, str):
                    self.secret_store.template(line)
                    lines += self.secret_store.cookies(line, line.scalar)
                else:
                    lines += self.secret_store.line(line)
        sends, hidden = self.secret_store.extract_literals(lines, taken)
        sound = way.sound and len(self.r.problems) == before
        return LoginMethod(way.login, (*way.sends, *sends), {**way.variables, **hidden}, sound)

    def _check(
        self,
        key: Node,
        way: LoginMethod,
        given: Mapping[str, Node],
        values: Mapping[str, Secret | None],
        certificate: Certificate | None,
    ) -> None:
        """Every name that is used has a value, and no key is a misspelt one."""
        name = str(key.scalar)
        used = way.uses()
        for other, place in given.items():
            close = difflib.get_close_matches(other, KEYS, n=1, cutoff=0.8)
            if other not in used and close:
                self.r.wrong(place, f"nothing uses `{other}`", f"did you mean `{close[0]}`?")
        if not way.sound:
            return
        if way.login is None and not way.sends and certificate is None:
            hint = "write a shared `login:` at the top, or `header:`, `send:` or `login:` here"
            if "token" in given:
                hint = 'add `send: "Authorization: Bearer $token"`'
            self.r.wrong(key, f"`{name}` has no way to log in", hint)
        known = {*values, *way.variables, *(["token"] if way.gives_token() else [])}
        for missing in sorted(used - known):
            env = shell_name(name, missing)[1:]
            hint = did_you_mean(missing, given) or f"write `{missing}: {{env: {env}}}`"
            if missing == "token":
                hint = "say where the login's response contains it: `token: /access_token`"
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
            found = self.secret_store.resolve(node, node.scalar)
            return found.reveal() if found else None
        return node.scalar

    def _owned_objects(self, r: Reader, node: Node, what: str) -> tuple[OwnedObject, ...] | None:
        """A map from resources to keys of the identity's own objects."""
        if node.kind != "map" or not node.items:
            r.unlike(node, what, "a map from resources to keys", "such as `{Doc: [d1, d2]}`")
            return None
        found: dict[tuple[str, str], OwnedObject] = {}
        for key, value in node.items:
            name = str(key.scalar)
            self._may_be_owned(key, name)
            many(scalar, "the key of an object")(r, value, f"`{name}`")
            if value.kind == "list" and not value.elements:
                r.wrong(value, f"`{name}` lists no key", "omit it")
            for each in value.elements if value.kind == "list" else (value,):
                told = canonical(self._fact(each)) if each.kind == "scalar" else ""
                if (name, told) in found:
                    r.wrong(each, f"an object of `{name}` is listed twice")
                found[name, told] = OwnedObject(name, told, each.location)
        return tuple(found.values())

    def _may_be_owned(self, key: Node, name: str) -> None:
        """An object can be named if its resource has a key, and is somebody's."""
        if self.resources is None or not self.r.is_known(key, name, self.resources, "resource"):
            return
        resource = self.resources[name]
        if not resource.key:
            hint = "write `key:` into the contract"
            self.r.wrong(key, f"`{name}` has no key, so no object of it can be named", hint)
        elif resource.owner.kind == "none":
            self.r.wrong(key, f"the contract says that `{name}` is nobody's", "omit it")
        elif resource.is_account:
            hint = "write its id as `facts: {id: …}`"
            self.r.wrong(key, f"an object of `{name}` is an account, and owns itself", hint)

    def _relationships(
        self, node: Node, items: Collection[str], relations: Collection[str]
    ) -> tuple[Tie, ...]:
        if node.kind != "list":
            self.r.wrong(
                node, "`between` must be a list", "a list of lines such as `flo is follower of pia`"
            )
        found = (self._tie(line, items, relations) for line in node.elements)
        return tuple(tie for tie in found if tie)

    def _tie(self, node: Node, items: Collection[str], relations: Collection[str]) -> Tie | None:
        match = TIE.fullmatch(node.scalar.strip()) if isinstance(node.scalar, str) else None
        if not match:
            self.r.wrong(node, "write lines of `between` like `flo is follower of pia`")
            return None
        viewer, relation, owner = match.groups()
        for name in (viewer, owner):
            self.r.is_known(node, name, items, "identity")
        if viewer == owner:
            self.r.wrong(
                node, f"`{viewer}` is named on both sides", "an identity is always its own owner"
            )
        label = bool(relations) and relation not in relations
        if label:
            message = f"`{relation}` is not a relation of the contract: kept as a label"
            hint = did_you_mean(relation, relations)
            self.notes.append(Problem(node.location, message, hint))
        return Tie(viewer, relation, owner, label, node.location)
