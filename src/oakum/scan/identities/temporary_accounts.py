"""Accounts that the run registers itself, for tests too risky for other accounts.

They are registered as the document says and log in as the identities do, with names and secrets
drawn for the run. Each is recorded in the journal, encrypted, before it is created, and is deleted
at the end by an operation that deletes accounts. An account that cannot be deleted is reported.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from oakum.authz import Model
from oakum.errors import OakumError
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.endpoints.request_bodies import body_shape, encode
from oakum.exposure.values.knowledge import Knowledge, canonical, objects_of
from oakum.inference.lexicon import words
from oakum.openapi.model import Json, Shape
from oakum.scan.discovery.account_lifecycle_operations import (
    account_resource,
    account_views,
    answer_features,
    registration,
    removals,
    tells_of_none,
)
from oakum.scan.discovery.response_differences import Features
from oakum.scan.identities.login import LoginFailed, json_of
from oakum.scan.identities.login_template import PERSON, SECRET, template
from oakum.scan.identities.model import Identity, Login, Secret
from oakum.scan.identities.session import Sessions
from oakum.scan.identities.unremovable_accounts import Stray, made_up_name
from oakum.scan.limits import Pace
from oakum.scan.requests.builder import FilledRequest, fill, path_on
from oakum.scan.requests.person_operations import Noun, is_secret, noun_of
from oakum.scan.requests.person_requests import ANY_TEXT, harmless

_BUSY = (423, 429, 503)
"""Statuses of a login that limits the rate: they say nothing about the secret."""
_UNKNOWN = (400, 401, 403, 404, 410, 422)  # a login answers so to an account that it does not know
_MOST_VIEWS = 4
"""Endpoints at which an account is looked for by its name."""


@dataclass(frozen=True)
class ProvisionedAccount:
    """An account of the run's own."""

    name: str
    """Such as `oakum-1`: what the sessions and curl lines call it."""
    called: Mapping[str, str] = field(repr=False)
    """`handle`, `mail` and `phone` of it; `text`: what is filled in where any text will do."""
    secret: str = field(repr=False)
    key: str = field(default="", repr=False)
    """Its key, where the answer to its registration has told it and it cannot log in."""


@dataclass(frozen=True)
class Removal:
    """An account of the run's own that another one took away."""

    by: str
    probe: Probe
    filled: FilledRequest = field(repr=False)
    answer: Response = field(repr=False)


@dataclass
class ProvisionedAccounts:
    """Makes accounts, keeps them logged in, and takes them away."""

    model: Model
    params: Mapping[str, Mapping[str, str]]
    sessions: Sessions
    knowledge: Knowledge
    target: str
    log: Callable[[str, Json], None]
    """Called before an account is created (`undo`), and after it is deleted (`undone`)."""
    pace: Pace
    pending: list[ProvisionedAccount] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Operations that were asked to take an account away."""
    strays: list[Stray] = field(default_factory=list)
    """Accounts that were made, it seems, and cannot log in."""
    removals: list[Removal] = field(default_factory=list)
    """Accounts that were there, and that another plain one took away."""
    raised: set[str] = field(default_factory=set)
    """Accounts that may have more authority, since it was requested for them."""
    guessed: bool = False
    """Whether wrong secrets were sent for one, to test the rate limit."""

    def __post_init__(self) -> None:
        self.template = next(filter(None, map(template, self.sessions.identities.items.values())),
                             None)  # fmt: skip
        login = self.template[0].login if self.template else None
        where = login.where if isinstance(login, Login) else ""
        posts = (each for each in self.model.operations.values() if each.method == "POST")
        self.login = next((each for each in posts if where in (each.id, each.path)), None)
        """The operation with which identities log in; None: it is none of the document's."""
        self.operation = registration(self.model, self.login.path if self.login else where)
        self.resource = account_resource(self.model)
        # Continue after the numbers of a killed run: each name is a line of its journal.
        self._made = max((int(each.name.rpartition("-")[2]) for each in self.pending), default=0)
        self._identities = tuple(self.sessions.identities.items)
        self._unlikely: dict[str, str] = {}
        """Accounts that would be second ones of a name → the first of that name. An account that
        this registration makes can log in at once; one that cannot, neither beside the first nor
        when that is gone, was never made."""
        self._welcomed: dict[str, Features] = {}
        """Account → what its registration was answered, without what the request held."""
        self.shut: dict[str, bool] = {}
        """Accounts that the API said it has made, and that cannot log in → whether it shows one."""
        self._shut_strays: dict[str, Stray] = {}
        """What the report says of each of those that it does not show."""
        self._alive: set[str] = set()
        """Those that this process has seen to be logged in."""
        self._removers: list[str] = []
        """Who may take accounts of others away, as far as is known: whoever cleans, or has done."""
        if cleaner := self.sessions.identities.cleaner:
            self.sessions.admit(cleaner)
            self._removers.append(cleaner.name)
        for each in self.pending:
            self._admit(each)

    @property
    def possible(self) -> bool:
        """Whether the document declares a sign-up and an identity has a login to imitate."""
        return self.template is not None and self.operation is not None

    @property
    def removable(self) -> bool:
        """Whether the document declares an operation that deletes an account."""
        return any(True for _ in removals(self.model, self.params))

    @property
    def probe(self) -> Probe:
        """The endpoint of registration."""
        assert self.operation is not None
        return probe_of(self.model, self.operation, {})

    def register(
        self, ask: Ask, more: Mapping[str, Json] | None = None
    ) -> ProvisionedAccount | None:
        """Creates an account that can log in; None on failure. `more`: further members."""
        self._made += 1
        made = replace(self.nobody(), name=f"oakum-{self._made}")
        self.raised |= {made.name} if more else set()
        self.log("undo", as_json(made))
        self.pending.append(made)
        self._admit(made)  # recorded before sending, since the response may be lost
        filled = self.sign_up_request(made, more or {})
        answer = ask(filled)
        # Also after a refusal: some APIs create the account and then fail to show it.
        if not self._logs_in(made):
            if answer.status < 400 and self._removers:
                self._keep_shut(made, answer)
                return None
            if answer.status < 400:
                self.strays.append(self._stray(made, answer))
            self._record_removal(made)
            return None
        self._welcomed[made.name] = answer_features(answer, filled)
        # after a server error the account may exist: it stays recorded for removal
        return made if answer.status < 400 else None

    def nobody(self) -> ProvisionedAccount:
        """Random names and a random secret that belong to no account."""
        called = {
            "handle": f"oakum{_mark()}",
            "mail": f"oakum{_mark()}@example.org",
            "phone": f"+1555{secrets.randbelow(10**7):07}",
            "text": f"oakum {_mark()}",
        }
        return ProvisionedAccount("", called, f"Oak-{secrets.token_hex(6)}-7a")

    @property
    def named_by(self) -> tuple[str, str]:
        """(resource, field) of the login name, as far as the contract knows it."""
        wanted = self.template[1] if self.template else ""
        return self.resource, next((f for f, noun in self._nouns() if noun == wanted), "")

    def _keep_shut(self, made: ProvisionedAccount, answer: Response) -> None:
        """Keeps an account that cannot log in for whoever may remove others."""
        now = replace(made, key=self._told_key(made, answer))
        self.log("undo", as_json(now))
        self.pending = [now if each.name == made.name else each for each in self.pending]
        self.shut[made.name] = False
        self._shut_strays[made.name] = self._stray(made, answer)

    def _told_key(self, made: ProvisionedAccount, answer: Response) -> str:
        """The key of a new account, as the answer to its registration tells it; empty: it does
        not."""
        return canonical(self.own(made, answer).get(self._key, ""))

    def _stray(self, made: ProvisionedAccount, answer: Response) -> Stray:
        return Stray.of(made.called["handle"], self._told_key(made, answer), answer)

    @property
    def _key(self) -> str:
        return self.model.policy.resources[self.resource].key if self.resource else ""

    def _logs_in(self, made: ProvisionedAccount) -> bool:
        """A session for a new account; False: it gets none."""
        try:
            with self.pace.bare():
                self.sessions.login(made.name)
        except LoginFailed:
            return False
        self._alive.add(made.name)
        return True

    def sign_up_request(
        self, made: ProvisionedAccount, more: Mapping[str, Json], *, bare: bool = False
    ) -> FilledRequest:
        """The sign-up request for an account; `bare`: without its secret."""
        operation = self.operation
        assert operation is not None
        shape = body_shape(operation)
        real = {**self._body(shape, made, bare=bare), **more} if shape else dict(more)
        said = json_bytes({**dict.fromkeys(real, "…"), **more}).decode()
        kind, body = encode(operation, real)
        headers = {"accept": "application/json, */*;q=0.5", "content-type": kind}
        path = path_on(operation, self.target)
        request = Request(operation.method, f"{self.target.rstrip('/')}{path}", headers, body)
        hidden = frozenset({made.secret, *made.called.values()})
        return FilledRequest(request, {}, hidden, path, said)

    def _body(
        self, shape: Shape, made: ProvisionedAccount, *, bare: bool = False
    ) -> dict[str, Json]:
        """What has to be filled in, and every name and secret."""
        body: dict[str, Json] = {}
        for name, thunk in shape.properties.items():
            inner, required = thunk(), name in shape.required
            noun = self._noun(name, inner)
            if inner.read_only:
                continue
            if is_secret(name, inner):
                body |= {} if bare else {name: made.secret}
            elif noun in made.called and (required or noun != "phone"):
                body[name] = made.called[noun]
            elif noun == "any":
                body[name] = made.called["handle"]
            elif inner.properties and required:
                body[name] = self._body(inner, made, bare=bare)
            elif required:
                any_text = harmless(name, inner) == ANY_TEXT and "text" in made.called
                body[name] = made.called["text"] if any_text else harmless(name, inner)
        return body

    def names(self) -> Iterator[tuple[Noun, str]]:
        """Kinds of names that a sign-up takes, with the account field that holds each."""
        nouns: tuple[Noun, ...] = ("handle", "mail", "phone")
        sample = ProvisionedAccount("", {noun: noun for noun in nouns}, "")
        sent = _all_texts(self._body(body_shape(self.probe.operation) or Shape(), sample))
        fields = {noun: leaf for leaf, noun in reversed([*self._nouns()])}
        yield from ((noun, fields[noun]) for noun in nouns if noun in sent and noun in fields)

    def _noun(self, name: str, shape: Shape) -> Noun:
        """The kind of personal name in a member; the key of accounts counts as one."""
        noun = noun_of(name, shape)
        known = self.model.policy.resources.get(self.resource)
        by_key = known is not None and words(known.key) == words(name)
        return noun or ("handle" if by_key and "string" in shape.kinds else "")

    def contest(
        self,
        of: ProvisionedAccount | None,
        asked: ProvisionedAccount,
        ask: Ask,
        *,
        bare: bool = False,
    ) -> Claim:
        """Signs up again under a name of `of`, a provisioned account; None: under an unused name.
        `asked`: names and secret to send; `bare`: without the secret. Unless rejected, it may have
        created or overwritten an account, so it stays recorded for removal. Afterwards the
        account's own login is checked."""
        self._made += 1
        other = replace(asked, name=f"oakum-{self._made}")
        self.log("undo", as_json(other))
        self.pending.append(other)
        self._admit(other)
        filled = self.sign_up_request(other, {}, bare=bare)
        answer = ask(filled)
        refused = 400 <= answer.status < 500
        intact = of is None or self._still_in(of)
        if refused and intact:
            self._record_removal(other)
            return Claim(answer, refused=True)
        inside = not bare and self.lets_in(other, other.secret)
        if intact and inside:
            self._alive.add(other.name)
            return Claim(answer)
        alike = of is not None and self._welcomed.get(of.name) == answer_features(answer, filled)
        if of is not None and intact and alike and tells_of_none(answer):
            self._unlikely[other.name] = of.name
            return Claim(answer, silent=True)
        self._record_removal(other)
        if of is not None and not intact and inside:
            self.record_secret(of, other.secret)
            return Claim(answer, overwritten=True)
        if not intact or answer.status < 400:
            lost = of if of is not None and not intact else other
            self.strays.append(Stray(made_up_name(lost.name, lost.called)))
        return Claim(answer)

    def _still_in(self, who: ProvisionedAccount) -> bool:
        """Whether an account logs in with its own secret, as far as the login answers at all."""
        answer, let_in = self.attempt(who, who.secret)
        return let_in or answer.status in _BUSY or answer.status >= 500

    def current(self, who: ProvisionedAccount) -> ProvisionedAccount:
        """The account as the undo log has it, with its latest secret; itself if it is not there."""
        return next((each for each in self.pending if each.name == who.name), who)

    def lets_in(self, who: ProvisionedAccount, secret: str) -> bool:
        """Whether the account can log in with a secret."""
        return self.attempt(who, secret)[1]

    def identity_is_let_in(self, name: str) -> bool | None:
        """Whether an identity's login works; None if it has none, or the result is unclear."""
        identity = self.sessions.identities.items.get(name)
        if identity is None or not isinstance(identity.login, Login):
            return None
        with self.pace.bare():
            answer, let_in = self.sessions.attempt(identity)
        return None if not let_in and (answer.status in _BUSY or answer.status >= 500) else let_in

    def attempt(self, who: ProvisionedAccount, secret: str) -> tuple[Response, bool]:
        """Response to a login with this secret, and whether it succeeded."""
        with self.pace.bare():
            return self.sessions.attempt(self._identity(replace(who, secret=secret)))

    def record_secret(self, who: ProvisionedAccount, secret: str) -> None:
        """Records an account's new secret."""
        now = replace(who, secret=secret)
        self.log("undo", as_json(now))
        self.pending = [now if each.name == who.name else each for each in self.pending]
        self._admit(now)

    def learn(self, who: ProvisionedAccount, resource: str, own: Mapping[str, Json]) -> None:
        """Stores the account's own data to fill parameters."""
        flat = {k: canonical(v) for k, v in own.items() if isinstance(v, str | int)}
        self.knowledge.objects[(who.name, resource)] = [flat]

    def forget(self, who: ProvisionedAccount) -> None:
        """Drops the account's data, which turned out to be somebody else's."""
        self.knowledge.objects.pop((who.name, self.resource), None)

    def own(self, who: ProvisionedAccount, answer: Response) -> Mapping[str, Json]:
        """The object in a response with one of the account's names; empty if none."""
        names = set(who.called.values())
        return next(
            (each for each in objects_of(json_of(answer)) if names & _texts(each.values())), {}
        )

    # --------------------------------------------------------------------- removal

    def restore(self) -> tuple[str, ...]:
        """Deletes all provisioned accounts; returns in words which could not be. Never raises."""
        left = list(self.pending)
        # first by another account that is allowed to, then by the account itself
        for own in (False, True):
            queue, left = left, []
            while queue:
                each = min(queue, key=self._goes)
                queue.remove(each)
                if (each.name in self._unlikely and not own) or not self._remove(each, own=own):
                    left.append(each)
        firsts = {each.name for each in left}
        left = [each for each in left if self._unlikely.get(each.name) not in firsts]
        for each in [e for e in left if not self.shut.get(e.name, True)]:
            left.remove(each)
            self.strays.append(self._shut_strays.get(each.name, Stray(each.called["handle"])))
            self._record_removal(each)  # the journal keeps what is certainly there
        self.pending.clear()
        endpoints = [
            f"{e.endpoint.method} {e.endpoint.path}" for e in removals(self.model, self.params)
        ]
        by_hand = f" ({' or '.join(endpoints[:2])})" if endpoints else ""
        by = self.probe.operation.id if self.strays else ""
        return *(each.words(by, by_hand) for each in self.strays), *(
            f"the account `{made_up_name(each.name, each.called)}` that the run created could not"
            f" be removed: look for it by hand{by_hand}"
            for each in left
        )

    def _goes(self, who: ProvisionedAccount) -> tuple[bool, bool, bool]:
        """When an account is taken away, the smallest first. Whoever may remove others goes last,
        and what was hardly made after that; before all, what may be more than others: that a plain
        account takes it away says something, and that it takes away a plain one does not."""
        name = who.name
        return name in self._unlikely, name in self._removers, name not in self.raised

    def _remove(self, who: ProvisionedAccount, *, own: bool) -> bool:
        known = (each.name for each in self.pending if each.name not in self._unlikely)
        names = sorted(known, key=self.raised.__contains__)
        others = [*self._removers, *names]
        by = [who.name] if own else [name for name in dict.fromkeys(others) if name != who.name]
        try:
            if who.name not in self._alive:
                if not self._exists(who):
                    return self._is_removed_unseen(who, own=own)
                self._logs_in(who)
            if own and self._is_somebodys(who):
                return False
            if not self.knowledge.objects.get((who.name, self.resource)):
                self.learn(who, self.resource, self._own_object(who) or self._supposed_fields(who))
            for probe in removals(self.model, self.params):
                filled = fill(probe, self.target, self.knowledge, who.name)
                if filled is None or filled.sent & self._taken_keys:
                    continue
                there = own or self._exists(who)
                for name in by if own or probe.personal else ():
                    self.asked.add(probe.operation.id)
                    if self._taken_away(who, name, probe, filled, there=there):
                        return self._record_removal(who)
        except OakumError:
            return False
        return False

    def _taken_away(
        self, who: ProvisionedAccount, by: str, probe: Probe, filled: FilledRequest, *, there: bool
    ) -> bool:
        """Whether the account is gone after another account, or itself, has requested this."""
        try:
            answer = self.sessions.send(by, filled.request)
        except LoginFailed:
            return False
        if self._exists(who) if answer.status < 400 else not self._is_missing(who):
            return False
        if by != who.name:
            self._removers.append(by)
            plain = any(each.name == by for each in self.pending) and by not in self.raised
            if there and plain:
                self.removals.append(Removal(by, probe, filled, answer))
        return True

    def _exists(self, who: ProvisionedAccount) -> bool:
        """Whether it can still log in; during a rate limit, whether its session works."""
        answer, let_in = self.attempt(who, who.secret)
        if answer.status in _BUSY and self.sessions.proof is not None:
            return self.sessions.alive(who.name)
        return let_in

    def _is_missing(self, who: ProvisionedAccount) -> bool:
        """Whether it is gone after a refused removal: its login fails twice."""
        for _ in range(2):
            answer, let_in = self.attempt(who, who.secret)
            braked = answer.status in _BUSY and self.sessions.proof is not None
            if let_in or not (answer.status in _UNKNOWN or braked):
                return False
        return not (braked and self.sessions.alive(who.name))

    @property
    def _taken_keys(self) -> frozenset[str]:
        """Keys of the identities' own accounts, which a created account must not have."""
        rows = (
            row
            for (name, resource), found in self.knowledge.objects.items()
            if resource == self.resource and name in self._identities
            for row in found
        )
        return frozenset(row[self._key] for row in rows if self._key in row)

    def _is_somebodys(self, who: ProvisionedAccount) -> bool:
        """Whether the API takes its session for an identity's: that one's would be removed."""
        proof = self.sessions.proof
        if proof is None:
            return False
        answer = self.sessions.send(who.name, proof.request)
        return any(proof.holds(name, answer) for name in self._identities)

    def _read_whoami(self, who: ProvisionedAccount) -> Mapping[str, Json]:
        """What who-am-I shows it of itself; empty: nothing with one of its names in it."""
        proof = self.sessions.proof
        if proof is None or who.name not in self._alive:
            return {}
        return self.own(who, self.sessions.send(who.name, proof.request))

    def _own_object(self, who: ProvisionedAccount) -> Mapping[str, Json]:
        """Its own object: as who-am-I shows it, or the answer to its login, else as it is shown
        to itself or to whoever may remove accounts."""
        if self._key in (found := self._read_whoami(who)):
            return found
        answer = self.sessions.login_answers.get(who.name)
        if answer is not None and self._key in (told := self.own(who, answer.response)):
            return told
        views = (self._listed_object(by, who) for by in (who.name, *self._removers))
        return next((each for each in views if each), found)

    def _listed_object(self, by: str, who: ProvisionedAccount) -> Mapping[str, Json]:
        """An account's object with its key, as `by` is shown it beside one of its names."""
        known = (who.name, self.resource) in self.knowledge.objects
        for probe in account_views(self.model, self.params)[: _MOST_VIEWS if self._key else 0]:
            filled = fill(probe, self.target, self.knowledge, who.name)
            if filled is None or (probe.sources and not known):
                continue
            with suppress(LoginFailed):
                if self._key in (found := self.own(who, self.sessions.send(by, filled.request))):
                    return found
        return {}

    def _is_removed_unseen(self, who: ProvisionedAccount, *, own: bool) -> bool:
        """Whether an account that cannot log in is gone. It is removed where whoever may do that is
        shown it, with one of its names; else it is taken for one that was never made, unless the
        API has said otherwise."""
        if who.key:
            self.learn(who, self.resource, {self._key: who.key})
        for by in () if own else tuple(self._removers):
            row = self._listed_object(by, who)
            self.shut |= {who.name: True} if row else {}
            if not row or canonical(row[self._key]) in self._taken_keys:
                continue
            self.learn(who, self.resource, row)
            for probe in (each for each in removals(self.model, self.params) if each.personal):
                filled = fill(probe, self.target, self.knowledge, who.name)
                if filled is None or filled.sent & self._taken_keys:
                    continue
                self.asked.add(probe.operation.id)
                answer = self.sessions.send(by, filled.request)
                if answer.status < 400 and not self._listed_object(by, who):
                    return self._record_removal(who)
        return who.name not in self.shut and self._record_removal(who)

    def _supposed_fields(self, who: ProvisionedAccount) -> Mapping[str, Json]:
        """Fields of an account that hold its names, told by their own."""
        return {leaf: who.called[noun] for leaf, noun in self._nouns() if noun in who.called}

    def _nouns(self) -> Iterator[tuple[str, Noun]]:
        """Each field of an account with what it is called by its own, were it a text."""
        text = Shape(kinds=frozenset(("string",)))
        for leaf in self.model.tables[self.resource].leaves if self.resource else ():
            yield leaf, self._noun(leaf, text)

    def _record_removal(self, who: ProvisionedAccount) -> bool:
        self.pending = [each for each in self.pending if each.name != who.name]
        self._removers = [name for name in self._removers if name != who.name]
        self.log("undone", as_json(who))
        return True

    # ----------------------------------------------- using a provisioned account

    def _admit(self, who: ProvisionedAccount) -> None:
        self.sessions.admit(self._identity(who))

    def _identity(self, who: ProvisionedAccount) -> Identity:
        assert self.template is not None
        identity, noun = self.template
        person = who.called.get(noun) or who.called["handle"]
        known = {PERSON: Secret(person), SECRET: Secret(who.secret)}
        return replace(
            identity, name=who.name, variables={**identity.variables, **known}, facts={}, states={},
            owns=(),
        )  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """The result of a registration under a taken name."""

    answer: Response
    refused: bool = False
    overwritten: bool = False
    """The account that had the name now logs in with the secret of this request."""
    silent: bool = False
    """The response is a success, and no response shows another account."""


Ask = Callable[[FilledRequest], Response]


def _mark() -> str:
    return "".join(secrets.choice("bcdfghjkmnpqrstvwxz") for _ in range(9))


def as_json(made: ProvisionedAccount) -> Json:
    """An account as JSON, to be encrypted in the journal."""
    known = {"account": made.name, "called": dict(made.called), "secret": made.secret}
    return {**known, "key": made.key} if made.key else known


def from_json(value: Mapping[str, Json]) -> ProvisionedAccount:
    """Inverse of `as_json`. Raises `KeyError` or `TypeError`."""
    called, key = dict(value["called"]), str(value.get("key", ""))
    return ProvisionedAccount(value["account"], called, value["secret"], key)


def _texts(values: Iterable[Json]) -> set[str]:
    return {each for each in values if isinstance(each, str)}


def _all_texts(value: Json) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_all_texts, value.values()))
    return {value} if isinstance(value, str) else set()
