"""Proves each identity before anything is asked in its name: a green run of a dead login is a lie.

An identity is proven when who-am-I answers it with JSON that it gives to nobody else: not to a
caller without credentials, and not to another identity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oakum.contract.model import Caller, Json, Operation
from oakum.errors import Location
from oakum.exchange import Request, Response
from oakum.finding import IdentityState
from oakum.scan.credentials import Identities
from oakum.scan.login import ACCEPT, LoginFailed, at, json_of
from oakum.scan.session import Proof, Sessions

if TYPE_CHECKING:
    from oakum.contract.openapi import Document

_NOWHERE = Location("who-am-I")
_NOBODY = Caller()
_WORDS = ("me", "whoami", "self", "myself", "userinfo", "profile", "account", "current")
_FILLERS = frozenset(("api", "v", "get", "read", "fetch", "show", "my", "user", "users", "auth"))
_SPLIT = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")
_IDS = ("id", "user_id", "userId", "uuid", "uid", "sub", "_id", "pk", "username", "login", "email")
_WRAPPERS = ("", "/data", "/user", "/me", "/account", "/profile", "/result", "/data/user")
_HINT = "is `whoami:` right?"
_UNKNOWN = "no who-am-I is known; write `whoami: /path` into the identities file"
_NO_SIGN = frozenset({404, 405, 429})
"""Statuses that mean too much else to be read as "you have no session"."""


@dataclass(frozen=True)
class Examination:
    """How the identities fared."""

    states: tuple[IdentityState, ...]
    facts: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """Identity to the body that who-am-I gave it. Values of persons: never to be written."""
    answers: Mapping[str, Response] = field(default_factory=dict, repr=False)
    """Identity to that whole answer."""
    ids: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Identity to its id, where who-am-I, a token's claim or the file told it."""
    whoami: str = ""
    """Operation id or path that was asked; empty: nothing could be."""

    @property
    def ok(self) -> bool:
        """True when no identity is known to be wrong."""
        return all(state.ok for state in self.states)


def examine(
    identities: Identities,
    sessions: Sessions,
    whoami: str = "",
    document: Document | None = None,
    caller: Caller = _NOBODY,
) -> Examination:
    """Log everybody in, ask who they are, and compare.

    `whoami` (operation id or path) goes before the identities file's, the contract's `caller`,
    and a guess from the document. From then on `sessions` tells a denial from a dead session.
    Raises `TargetError` when the target does not answer, `InputError` for an unknown operation.
    """
    stated = whoami or identities.whoami or caller.operation
    where = stated or (_guess(document.operations) if document else "")
    doctor = _Doctor(identities, sessions, caller, where, bool(stated))
    for name in identities.items:
        doctor.log_in(name)
    if where:
        method, url = sessions.places.find(where, "GET", _NOWHERE)
        doctor.ask(Request(method, url, {"accept": ACCEPT, "cache-control": "no-cache"}))
    doctor.compare()
    return doctor.findings()


class _Doctor:
    """What is known so far; an identity with words in `wrong` is not to be used."""

    def __init__(
        self,
        identities: Identities,
        sessions: Sessions,
        caller: Caller,
        where: str,
        stated: bool,
    ) -> None:
        self.identities = identities
        self.sessions = sessions
        self.caller = caller
        self.where = where
        self.stated = stated
        self.wrong: dict[str, str] = {}
        self.unproven: dict[str, str] = {}
        self.facts: dict[str, Json] = {}
        self.answers: dict[str, Response] = {}
        self.nobody = Response(0)

    def log_in(self, name: str) -> None:
        try:
            self.sessions.login(name)
        except LoginFailed as error:
            self.wrong[name] = str(error).removeprefix(f"`{name}` ")

    def ask(self, request: Request) -> None:
        """Ask who-am-I without credentials, then as everybody."""
        self.nobody = self.sessions.send(None, request)
        for name in self.identities.items:
            if name in self.wrong:
                continue
            try:
                response = self.sessions.send(name, request)
            except LoginFailed as error:
                self.wrong[name] = str(error).removeprefix(f"`{name}` ")
                continue
            if words := self._objection(name, response):
                self._object(name, words, denied=response.status in (401, 403))
            else:
                self.facts[name] = json_of(response)
                self.answers[name] = response
        if self.facts:
            refusal = {self.nobody.status} if 400 <= self.nobody.status < 500 else set()
            refusals = frozenset({401} | refusal) - _NO_SIGN
            self.sessions.proof = Proof(request, self._holds, refusals)

    def _objection(self, name: str, response: Response) -> str:
        """Why this answer of who-am-I proves nothing; empty when it does."""
        body = json_of(response)
        if response.status in (401, 403):
            how = "check `send:`, or get new credentials"
            if self.identities.items[name].login:
                how = "the API does not take what the login gave; check `send:` and `cookie:`"
            return f"`{self.where}` answers {response.status}; {how}"
        if not 200 <= response.status < 300:
            return f"`{self.where}` answers {response.status}; {_HINT}"
        if "html" in response.media_type and body is None:
            return f"`{self.where}` answers with HTML, as a front end does for every path; {_HINT}"
        if body is None or body in ({}, [], ""):
            return f"`{self.where}` answers {response.status} without saying who is asking"
        if 200 <= self.nobody.status < 300 and self._same(body, json_of(self.nobody)):
            return f"`{self.where}` answers the same without credentials; {_HINT}"
        return ""

    def _object(self, name: str, words: str, denied: bool) -> None:
        """A guess of ours that leads nowhere is not the identity's fault."""
        if self.stated or denied:
            self.wrong[name] = words
        else:
            self.unproven[name] = words

    def _holds(self, name: str, response: Response) -> bool:
        body = json_of(response)
        if not 200 <= response.status < 300 or body is None:
            return False
        return name not in self.facts or self._same(body, self.facts[name])

    def _same(self, one: Json, other: Json) -> bool:
        """The same caller: by id, or, when there is none, by the whole body."""
        ids = self._id_in(one), self._id_in(other)
        return ids[0] == ids[1] if all(ids) else one == other

    def _id_in(self, body: Json) -> str:
        pointers = [f"{wrapper}/{name}" for wrapper in _WRAPPERS for name in _IDS]
        stated = [self.caller.pointer] if self.caller.pointer else []
        found = (at(body, pointer) for pointer in stated + pointers)
        good = (
            each
            for each in found
            if isinstance(each, str | int) and not isinstance(each, bool) and each != ""
        )
        return str(next(good, ""))

    def compare(self) -> None:
        """Nobody is somebody else, and everybody is who the file says."""
        ids = self.ids()
        for name, identity in self.identities.items.items():
            said = identity.facts.get("id")
            if (
                said is not None
                and name in self.facts
                and str(said) != self._id_in(self.facts[name])
            ):
                words = f"`{self.where}` tells another id than `facts` of `{name}`"
                hint = "is it the account that you mean? another value is a fact by another name"
                self.wrong.setdefault(name, f"{words}; {hint}, such as `user_id`")
            twins = [other for other in ids if other != name and ids[other] == ids.get(name)]
            if twins and name not in self.wrong:
                pair = " and ".join(f"`{each}`" for each in sorted((name, *twins)))
                self.wrong[name] = (
                    f"{pair} are the same account; an owner and a stranger are needed"
                )

    def ids(self) -> dict[str, str]:
        """Who-am-I's word first, then the token's, then the file's."""
        found = {}
        for name, identity in self.identities.items.items():
            claim = self.sessions.claims(name).get(self.caller.claim) if self.caller.claim else None
            told = (self._id_in(self.facts.get(name)), claim, identity.facts.get("id"))
            if known := next((str(each) for each in told if each not in (None, "")), ""):
                found[name] = known
        return found

    def findings(self) -> Examination:
        relations = {
            name: tuple(str(tie) for tie in self.identities.between if tie.viewer == name)
            for name in self.identities.items
        }
        return Examination(
            tuple(self._state(name, held) for name, held in relations.items()),
            self.facts,
            self.answers,
            self.ids(),
            self.where,
        )

    def _state(self, name: str, relations: tuple[str, ...]) -> IdentityState:
        if name in self.wrong:
            return IdentityState(name, False, self.wrong[name], relations)
        why = self.unproven.get(name, "" if self.where else _UNKNOWN)
        return IdentityState(
            name, True, f"logged in, but not proven: {why}" if why else "", relations
        )


def _guess(operations: Iterable[Operation]) -> str:
    """The operation that most looks like who-am-I; empty when none does."""
    ranked = []
    for operation in operations:
        needs = any(parameter.required for parameter in operation.parameters)
        if operation.method != "GET" or "{" in operation.path or needs:
            continue
        for text in (operation.path.rstrip("/").rsplit("/", 1)[-1], operation.id):
            words = [word.lower() for word in _SPLIT.split(text) if word]
            left = (
                ["whoami"]
                if words == ["who", "am", "i"]
                else [word for word in words if word not in _FILLERS]
            )
            if len(left) == 1 and left[0] in _WORDS:
                ranked.append((_WORDS.index(left[0]), len(operation.path), operation.id))
    return min(ranked)[2] if ranked else ""
