"""Verifies each identity before a scan uses it, so that a failed login never looks like a pass.

An identity is verified if who-am-I answers it with JSON that no other caller gets: neither a caller
without credentials nor another identity. If its path names the caller (`/users/$username`), each is
verified by data about itself that neither an anonymous caller nor another identity is shown there.
If two get the same JSON, a shared cache may have answered instead of the API, so each is requested
once more at a URL of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from oakum.authz.claim_paths import claim_value
from oakum.errors import Location
from oakum.exchange import Request, Response
from oakum.exposure.values.knowledge import canonical, leaves_of, says_nothing
from oakum.finding import IdentityState
from oakum.http.json_pointer import path_of, value_at
from oakum.openapi.model import Json, Operation
from oakum.policy.model import Caller
from oakum.scan.identities.login import ACCEPT, LoginFailed, json_of
from oakum.scan.identities.model import Identities, Identity, names
from oakum.scan.identities.session import Proof, Sessions
from oakum.scan.identities.why_token_refused import reason
from oakum.scan.requests.cache_bypass import came_from_cache, past_cache
from oakum.scan.transport.certificates import page_refusal

if TYPE_CHECKING:
    from oakum.openapi.document import Document

_NOWHERE = Location("who-am-I")
_NOBODY = Caller()
_NONE = Response(0)
_WORDS = ("me", "whoami", "self", "myself", "userinfo", "profile", "account", "current")
_FILLERS = frozenset(("api", "v", "get", "read", "fetch", "show", "my", "user", "users", "auth"))
_SPLIT = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")
_IDS = ("id", "user_id", "userId", "uuid", "uid", "sub", "_id", "pk", "username", "login", "email")
_WRAPPERS = ("", "/data", "/user", "/me", "/account", "/profile", "/result", "/data/user")
_HINT = "is `whoami:` right?"
_UNKNOWN = "no who-am-I endpoint is known; write `whoami: /path` into the identities file"
_NO_ACCOUNT = (
    "its account is unknown, so its findings are at most suspected: add `facts: {id: …}` to it,"
    " or `whoami: /path` to the file"
)
_Mark = tuple[tuple[str, ...], str]
_MOST_BESIDE = 3
"""Other identities that are sent to a caller's own who-am-I."""
_NO_SIGN = frozenset({404, 405, 429})
_NOT_THERE = frozenset({404, 405})
"""Statuses that may also mean that there is no such operation."""


@dataclass(frozen=True)
class Examination:
    """The result of verifying the identities."""

    states: tuple[IdentityState, ...]
    facts: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """Identity to the body that who-am-I gave it. Values of persons: never to be written."""
    answers: Mapping[str, Response] = field(default_factory=dict, repr=False)
    """Identity → the whole who-am-I response."""
    ids: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Identity to its id, where who-am-I, a token's claim or the file told it."""
    whoami: str = ""
    """Operation id or path that was asked; empty: nothing could be."""
    mixed: tuple[tuple[str, str], ...] = ()
    """(identity, identity whose answer a shared cache gave it when who-am-I was asked)."""
    unheard: tuple[str, ...] = ()
    """Relations whose claim no response contains, in words."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks beyond the identities' own states."""
        mixed = (
            f"a shared cache returned to `{name}` the account of"
            f" {f'`{owner}`' if owner else 'another'}"
            f" when it requested `{self.whoami}`; without the cache, `{name}` is verified"
            for name, owner in self.mixed
        )
        return (*mixed, *self.unheard)

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
    """Logs in all identities, calls who-am-I and compares. `whoami` (operation id or path) takes
    precedence over the identities file, the contract's `caller`, and a guess from the document.

    Afterwards `sessions` can tell a denial from an expired session. Raises `TargetError` when the
    target does not respond, `InputError` for an unknown operation.
    """
    stated = whoami or identities.whoami or caller.operation
    where = stated or (_guess(document.operations) if document else "")
    doctor = _Doctor(identities, sessions, caller, where, bool(stated))
    for name in identities.items:
        doctor.log_in(name)
    if is_own_path(where):
        doctor.ask_each()
    elif where:
        method, url = sessions.places.find(where, "GET", _NOWHERE)
        doctor.ask(Request(method, url, {"accept": ACCEPT, "cache-control": "no-cache"}))
    doctor.ask_others()
    doctor.compare()
    return doctor.findings()


class _Doctor:
    """The facts known so far; identities with a message in `wrong` are not used."""

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
        self.mixed: list[tuple[str, str]] = []
        self.marks: dict[str, frozenset[_Mark]] = {}
        """What only the caller itself is shown at its own who-am-I."""

    def log_in(self, name: str) -> None:
        try:
            self.sessions.login(name)
        except LoginFailed as error:
            self.wrong[name] = str(error).removeprefix(f"`{name}` ")

    def ask(self, request: Request) -> None:
        """Calls who-am-I anonymously and as every identity, and bypasses a cache that mixes them
        up."""
        self.nobody = self.sessions.send(None, request)
        items = self.identities.items.items()
        given = self._call_whoami(request, [name for name, each in items if not each.whoami])
        if doubtful := self._alike(given):
            given |= self._past_cache(request, given, doubtful)
        for name, response in given.items():
            if words := self._objection(name, response):
                self._object(name, words, denied=response.status in (401, 403))
            else:
                self.facts[name] = json_of(response)
                self.answers[name] = response
        if self.facts:
            refusal = {self.nobody.status} if 400 <= self.nobody.status < 500 else set()
            refusals = frozenset({401} | refusal) - _NO_SIGN
            self.sessions.proof = Proof(request, self._holds, refusals, bool(self.mixed))

    def ask_each(self) -> None:
        """Calls the who-am-I of each identity, and compares it with what others are shown there."""
        items = self.identities.items
        requests: dict[str, Request] = {}
        for name, identity in items.items():
            if not identity.whoami and name not in self.wrong:
                own = _fill_path(self.where, identity)
                method, url = self.sessions.places.find(own, "GET", _NOWHERE)
                headers = {"accept": ACCEPT, "cache-control": "no-cache"}
                requests[name] = Request(method, url, headers)
        # All are asked before one is given up: each is compared with what the others are shown.
        faults = {name: self._ask_own(name, requests) for name in requests}
        for name, (words, status) in faults.items():
            if words and name not in self.wrong:
                self._object(name, words, denied=status in (401, 403))
        proven = {name: requests[name] for name in self.marks}
        if proven:
            refusal = {self.nobody.status} if 400 <= self.nobody.status < 500 else set()
            refusals = frozenset({401} | refusal) - _NO_SIGN
            first = next(iter(proven.values()))
            self.sessions.proof = Proof(first, self._holds, refusals, others=proven)

    def _ask_own(self, name: str, requests: Mapping[str, Request]) -> tuple[str, int]:
        """Why an identity's own who-am-I proves nothing, empty when it does, and its status."""
        request = requests[name]
        self.nobody = self.sessions.send(None, request)
        answer = self._call_whoami(request, [name]).get(name)
        if answer is None:
            return "", 0
        if words := self._objection(name, answer, own=True):
            return words, answer.status
        others = [each for each in requests if each != name][:_MOST_BESIDE]
        shown = {each: _marks(said) for each, said in self._call_whoami(request, others).items()}
        marks = _marks(answer) & _marks(self._call_whoami(request, [name]).get(name, _NONE))
        marks -= _marks(self.nobody)
        alone = marks.difference(*shown.values()) or self._overseen(name, marks, shown, requests)
        if not alone:
            said = f"`{self.where}` shows `{name}` only what others are shown there, too"
            return f"{said}; {_HINT}", answer.status
        self.marks[name], self.facts[name] = alone, json_of(answer)
        self.answers[name] = answer
        return "", answer.status

    def _overseen(
        self,
        name: str,
        marks: frozenset[_Mark],
        shown: Mapping[str, frozenset[_Mark]],
        requests: Mapping[str, Request],
    ) -> frozenset[_Mark]:
        """What who-am-I shows only the caller itself, and those, such as staff, who are shown the
        same about others. The caller itself must be shown it about nobody else."""
        staff = {who: marks & theirs for who, theirs in shown.items() if marks & theirs}
        pages = [*staff, *(each for each in requests if each not in (name, *staff))]
        told: dict[str, dict[str, frozenset[tuple[str, ...]] | None]] = {}
        for whose in pages[:_MOST_BESIDE]:
            asked = self._call_whoami(requests[whose], list(dict.fromkeys([whose, name, *staff])))
            told[whose] = {who: _places(said) for who, said in asked.items()}

        def oversees(who: str, at: tuple[str, ...]) -> bool:
            pages = [said.get(who) for whose, said in told.items() if whose != who]
            return bool(pages) and all(at in (page or ()) for page in pages)

        def only_here(at: tuple[str, ...]) -> bool:
            pages = [said.get(name) for said in told.values()]
            return all(page is not None and at not in page for page in pages)

        return frozenset(
            (at, value)
            for at, value in marks
            if only_here(at)
            and all(oversees(who, at) for who, theirs in staff.items() if (at, value) in theirs)
        )

    def ask_others(self) -> None:
        """Verifies each caller without an account by a request that only its credentials
        can send."""
        requests: dict[str, Request] = {}
        for name, identity in self.identities.items.items():
            if not identity.whoami or name in self.wrong:
                continue
            method, url = self.sessions.places.find(identity.whoami, "GET", identity.location)
            request = requests[name] = Request(method, url, {"accept": ACCEPT})
            nobody = self.sessions.send(None, request)
            for response in self._call_whoami(request, [name]).values():
                if not response.ok:
                    place = self.sessions.places.misplacement(identity.whoami)
                    why = place if place and response.status in _NOT_THERE else _HINT
                    self.wrong[name] = f"`{identity.whoami}` answers {response.status}; {why}"
                elif nobody.ok:
                    said = f"`{identity.whoami}` also answers without credentials; {_HINT}"
                    self.wrong[name] = said
        if requests and self.sessions.proof is not None:
            self.sessions.proof = replace(self.sessions.proof, others=requests)

    def _call_whoami(
        self, request: Request, names: list[str], *, apart: bool = False
    ) -> dict[str, Response]:
        """Calls who-am-I for each identity. `apart`: with a unique URL for each."""
        given: dict[str, Response] = {}
        for name in names:
            if name not in self.wrong:
                try:
                    given[name] = self.sessions.send(
                        name, past_cache(request) if apart else request
                    )
                except LoginFailed as error:
                    self.wrong[name] = str(error).removeprefix(f"`{name}` ")
        return given

    def _alike(self, given: Mapping[str, Response]) -> list[str]:
        """Identities with the same response as another or as an anonymous caller."""
        good = {n: json_of(r) for n, r in given.items() if r.ok and json_of(r)}
        shared = json_of(self.nobody) if self.nobody.ok else None
        return [
            name
            for name, body in good.items()
            if any(other != name and self._same(body, said) for other, said in good.items())
            or (shared is not None and self._same(body, shared))
        ]

    def _past_cache(
        self, request: Request, given: Mapping[str, Response], doubtful: list[str]
    ) -> dict[str, Response]:
        """What the doubtful are answered where no cache has answered before: their own, if that
        tells them apart; else nothing."""
        fresh = self._call_whoami(request, doubtful, apart=True)
        told = {n: json_of(r) for n, r in fresh.items() if r.ok and json_of(r)}
        others = {n: json_of(r) for n, r in given.items() if n not in told}
        apart = all(
            not self._same(body, said)
            for name, body in told.items()
            for other, said in (told | others).items()
            if other != name and said
        )
        moved = [n for n, body in told.items() if not self._same(body, json_of(given[n]))]
        if not apart or not moved:
            return {}
        for name in moved:
            before = json_of(given[name])
            owner = next((o for o, said in told.items() if self._same(before, said)), "")
            self.mixed.append((name, owner))
        if self.nobody.ok:
            self.nobody = self.sessions.send(None, past_cache(request))
        return fresh

    def _objection(self, name: str, response: Response, *, own: bool = False) -> str:
        """Why this answer of who-am-I proves nothing; empty when it does. `own`: its path names the
        caller, so others may be shown a part of the same."""
        body = json_of(response)
        if response.status in (401, 403):
            return (
                f"`{self.where}` answers {response.status}; {self._refusal_reason(name, response)}"
            )
        if response.status == 400 and (words := page_refusal(response.body)):
            return f"`{self.where}` answers 400; the server {words}"
        hint = self.sessions.places.misplacement(self.where) or _HINT
        if not response.ok:
            why = hint if response.status in _NOT_THERE else _HINT
            return f"`{self.where}` answers {response.status}; {why}"
        if "html" in response.media_type and body is None:
            return f"`{self.where}` returns HTML, as a front end does for every path; {hint}"
        if body is None or body in ({}, [], ""):
            return f"`{self.where}` returns {response.status} without identifying the caller"
        if not own and self.nobody.ok and self._same(body, json_of(self.nobody)):
            return f"`{self.where}` returns the same without credentials; {_HINT}"
        return ""

    def _refusal_reason(self, name: str, response: Response) -> str:
        """Why the API may refuse what an identity sends."""
        tokens = [token for whose, token in self.sessions.tokens() if whose == name]
        if words := reason(response, tokens, self.sessions.clock()):
            return words
        login = self.identities.items[name].login
        return (
            login.refusal_advice if login is not None else "check `send:`, or get new credentials"
        )

    def _object(self, name: str, words: str, denied: bool) -> None:
        """Records why an identity is not usable. A guessed who-am-I operation that fails is not the
        identity's fault."""
        if self.stated or denied:
            self.wrong[name] = words
        else:
            self.unproven[name] = words

    def _holds(self, name: str, response: Response) -> bool:
        body = json_of(response)
        if (known := self.identities.items.get(name)) is not None and known.whoami:
            return response.ok
        if not response.ok or body is None:
            return False
        if is_own_path(self.where):
            return bool(self.marks.get(name, frozenset()) & _marks(response))
        return name not in self.facts or self._same(body, self.facts[name])

    def _same(self, one: Json, other: Json) -> bool:
        """The same caller: by id, or, when there is none, by the whole body."""
        ids = self._id_in(one), self._id_in(other)
        return ids[0] == ids[1] if all(ids) else one == other

    def _id_in(self, body: Json) -> str:
        pointers = [f"{wrapper}/{name}" for wrapper in _WRAPPERS for name in _IDS]
        stated = [self.caller.pointer] if self.caller.pointer else []
        found = (value_at(body, path_of(pointer)) for pointer in stated + pointers)
        good = (
            each
            for each in found
            if isinstance(each, str | int) and not isinstance(each, bool) and each != ""
        )
        return str(next(good, ""))

    def compare(self) -> None:
        """Checks that no two identities share an account and that each matches the file."""
        ids = self.ids()
        for name, identity in self.identities.items.items():
            said = identity.facts.get("id")
            if (
                said is not None
                and name in self.facts
                and str(said) != self._id_in(self.facts[name])
            ):
                words = f"`{self.where}` returns a different id than `facts` of `{name}`"
                hint = (
                    "is it the account that you mean? if this is another kind of id, give it"
                    " another name under `facts`"
                )
                self.wrong.setdefault(name, f"{words}; {hint}, such as `user_id`")
            twins = [other for other in ids if other != name and ids[other] == ids.get(name)]
            if twins and name not in self.wrong:
                self.wrong[name] = self._twins(sorted((name, *twins)))

    def _twins(self, names: list[str]) -> str:
        """Why who-am-I shows several identities as one account: they are one, or a cache
        answered."""
        pair = " and ".join(f"`{each}`" for each in names)
        kept = next((k for n in names if (k := came_from_cache(self.answers.get(n, _NONE)))), "")
        if kept:
            return (
                f"`{self.where}` returns the same account for {pair}, from a shared cache"
                f" (`{kept}`): callers get each other's responses, which is itself a leak; fix"
                f" the cache, or give the run a way around it"
            )
        return f"{pair} are the same account; the scan needs an owner and a stranger"

    def ids(self) -> dict[str, str]:
        """Id by identity: from who-am-I, otherwise from the token, otherwise from the file."""
        found = {}
        for name, identity in self.identities.items.items():
            if identity.whoami:
                continue
            told = (
                self._id_in(self.facts.get(name)), self._claim(name), identity.facts.get("id")
            )  # fmt: skip
            if known := next((str(each) for each in told if each not in (None, "")), ""):
                found[name] = known
        return found

    def _claim(self, name: str) -> Json:
        claim, said = self.caller.claim, self.sessions.claims(name)
        return said.get(claim, claim_value(said, claim)) if claim else None

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
            tuple(self.mixed),
        )

    def _state(self, name: str, relations: tuple[str, ...]) -> IdentityState:
        if name in self.wrong:
            return IdentityState(name, False, self.wrong[name], relations)
        if self.identities.items[name].whoami:
            return IdentityState(name, True, "", relations)
        why = self.unproven.get(name, "" if self.where else _UNKNOWN)
        message = f"logged in, but not verified: {why}" if why else ""
        if name not in self.ids() and not self.identities.items[name].facts:
            message = f"{message or 'logged in'}; {_NO_ACCOUNT}"
        return IdentityState(name, True, message, relations)


def is_own_path(where: str) -> bool:
    """Whether who-am-I has a path for each caller, with a value of theirs: `/users/$username`."""
    return where.startswith("/") and any(True for _ in names([where]))


def _fill_path(where: str, identity: Identity) -> str:
    """The path of an identity's who-am-I; each value is one segment (RFC 3986, 3.3)."""
    parts = (str(identity.fill(part)) for part in where.split("/"))
    return "/".join(quote(part, safe="") for part in parts)


def _marks(response: Response) -> frozenset[_Mark]:
    """What a good response says, by its place."""
    body = json_of(response) if response.ok else None
    return frozenset(
        (at, canonical(value)) for at, value in leaves_of(body) if not says_nothing(value)
    )


def _places(response: Response) -> frozenset[tuple[str, ...]] | None:
    """Where a response says something; None if it tells neither what is shown nor a refusal."""
    if response.status in (401, 403, 404, 410):
        return frozenset()
    return frozenset(at for at, _ in _marks(response)) if response.ok else None


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
