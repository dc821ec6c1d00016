"""Tests on accounts that the run registers: mass assignment, passwords, login rate (P12, P6, P13).

Two accounts are registered, the first as the document says. The second is sent further members
(CWE-915): what its own view shows, and the first one's does not, was accepted from the request.
Then the first account writes to the second, credentials included (CWE-639, CWE-620): only a login
with the new secret, or the second's own view, proves that it worked. Last, a few wrong secrets are
sent for the second, at the rate that the run is allowed (CWE-307). Both accounts are removed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from oakum.authz import Model
from oakum.authz.table import allows_member
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.exposure.leak_signal import Signal
from oakum.finding import Endpoint, Evidence
from oakum.http.methods import WRITES
from oakum.inference.lexicon import LETS_IN, FieldClass, classify_field, word_set, words
from oakum.inference.side_effects import classify, opens_session
from oakum.inference.unsafe_writes import ends, more_than_sets
from oakum.openapi.model import Json, Operation, Shape
from oakum.scan.coverage.uncalled_operations import barring_reason
from oakum.scan.coverage.untested_members import left_out
from oakum.scan.discovery.account_lifecycle_operations import account_resource, removals
from oakum.scan.discovery.duplicate_registration import TakenNames, note_gap
from oakum.scan.discovery.response_times import ENOUGH, far_apart, hint
from oakum.scan.engine import Engine
from oakum.scan.identities.temporary_accounts import ProvisionedAccount, ProvisionedAccounts
from oakum.scan.requests.builder import FilledRequest, curl, fill, with_body
from oakum.scan.requests.person_operations import is_secret, noun_of, person_operations
from oakum.scan.requests.person_requests import harmless
from oakum.scan.requests.replacement_values import other_value, shape_of
from oakum.scan.requests.written_resources import written_resources
from oakum.scan.technique import Line, Prospect

HOW = "account"
RULES: frozenset[str] = frozenset({"bola-write", "mass-assignment", "no-login-rate-limit"})
OPENS_WAYS = False
GUESS = "guess"

_GUESSES = 10
"""Wrong secrets sent for an account of the run: more than a careful API allows."""
_MOST = 8
"""Members asked for beyond the document's."""
_AGAIN = (True, False, False, True)
"""Which further accounts request more: a member that every second account has is recognised as
chance."""
_SECRETS = word_set("credential credentials passcode passphrase password passwd pin pwd secret")
_SETS = word_set("change edit modify patch save set update")
_OLD = word_set("current existing old present previous")


def run(engine: Engine) -> None:
    """Creates accounts with members that nobody may set, and removes them. Does nothing unless
    writes are allowed and the API has operations that create and remove an account."""
    provisioned = engine.context.provisioned
    if not engine.context.may.writes:
        return
    if provisioned is None or not provisioned.possible or not engine.identities.names():
        note_gap(engine, "the run cannot create an account of its own")
        return
    if not provisioned.removable:
        note_gap(engine, "no operation removes the account that the run would have to create")
        engine.results.remark(
            "no account was created: the document has no operation that removes one, so mass"
            " assignment at registration was not tested"
        )
        return
    engine.say("creating two accounts, and running risky tests only on them")
    _Trial(engine, provisioned).run()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """Sign-ups, and every operation tried on the provisioned accounts."""
    if not prospect.may.writes:
        return
    yield {
        "as": "nobody logged in",
        "request": "up to nine accounts are registered, if the document describes how",
        "why": "which members a registration accepts; how many wrong secrets a login accepts",
    }
    for each in person_operations(
        prospect.model, prospect.probes, "account-enumeration", writes=True
    ):
        if each.kind == "register":
            endpoint = each.probe.endpoint
            yield {
                "as": "nobody logged in",
                "request": f"{endpoint.method} {endpoint.path}  with `{each.slot.at[-1]}` of an"
                " account of the run, with an unknown one, and without a secret",
                "why": "what it reveals about the account that has a name or an address",
            }
    for probe in removals(prospect.model, {}):
        yield {
            "as": "the cleaner, another account of the run, or the account itself",
            "request": f"{probe.endpoint.method} {probe.endpoint.path}",
            "why": "removes those accounts at the end",
        }
    for operation in _setters(prospect.model, account_resource(prospect.model)):
        yield {
            "as": "an account of the run, on itself",
            "request": f"{operation.method} {operation.path}",
            "why": "members that it may not set, such as its role",
        }
    for operation in _writers(prospect.model):
        yield {
            "as": "an account of the run, on another one",
            "request": f"{operation.method} {operation.path}",
            "why": "who may change whose credentials",
        }


def _higher_value(member: str, value: Json, shape: Shape) -> Json:
    """Another value of a member, if possible one that means more authority."""
    rest = tuple(each for each in shape.enum if _RAISES.isdisjoint(words(str(each))))
    more = tuple(each for each in shape.enum if each not in rest)
    return other_value(member, value, replace(shape, enum=(*more, *rest)), far=True)


_RAISES = word_set("admin administrator manager moderator owner root staff superuser")


@dataclass(frozen=True)
class _Trial:
    engine: Engine
    provisioned: ProvisionedAccounts
    shown: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    """Name of an account → its own latest view of itself."""

    def run(self) -> None:
        control = self._register({})
        if control is None:
            self.engine.results.remark(
                "no account could be created: tests that need one did not run"
            )
            note_gap(self.engine, "the run could not create an account of its own")
            if self.provisioned.shut:
                self.engine.results.doubt(
                    "accounts that the run creates cannot log in: what needs one was not tested; if"
                    " they must be confirmed first, keep scans from creating any with `operations:"
                    f' {{{self.provisioned.probe.operation.id}: {{untested: "the reason"}}}}` in'
                    " the contract"
                )
            return
        before = self._view(control)
        second = self._ask_for_more(before) or self._register({})
        if second is None:
            note_gap(self.engine, "the run could not create a second account")
            return
        if second.name not in self.shown:
            self._view(second)
        pair = control, second
        TakenNames(self.engine, self.provisioned, pair, self.shown, self._label(None)).run()
        control, second = map(self.provisioned.current, pair)
        for operation in _setters(self.engine.model, self.provisioned.resource):
            self._raise(operation, control)
        for operation in _writers(self.engine.model):
            for viewer in (None, control):
                second = self._write(operation, viewer, control, second)
        self._guess(second)

    def _register(self, more: Mapping[str, Json]) -> ProvisionedAccount | None:
        probe = self.provisioned.probe
        return self.provisioned.register(lambda filled: self.engine.send(probe, None, filled), more)

    def _view(self, who: ProvisionedAccount, wanted: Collection[str] = ()) -> Mapping[str, Json]:
        """What the account is shown of itself, at who-am-I and at the main endpoint of its
        resource.

        The second is not asked once the wanted members are there and the account is known by a
        name that the run made up: elsewise it has to confirm the key before one is removed by it.
        """
        engine, found = self.engine, dict[str, Json]()
        resource = engine.model.policy.resources.get(self.provisioned.resource)
        endpoints = [resource.main if resource else "", engine.model.policy.caller.operation]
        for name in filter(None, reversed(endpoints)):
            sure = resource is not None and found.get(resource.key) in who.called.values()
            if wanted and sure and found.keys() >= set(wanted):
                break
            probe = self._probe(name)
            filled = probe and fill(probe, engine.target, engine.knowledge, who.name)
            if probe is not None and filled:
                own = self.provisioned.own(who, engine.send(probe, who.name, filled))
                found = {**own, **found}
                if resource is not None and name == resource.main and not own:
                    self.provisioned.forget(who)  # the response gave it the key of another account
                elif self.provisioned.resource and found:
                    self.provisioned.learn(who, self.provisioned.resource, found)
        self.shown[who.name] = found
        return found

    def _probe(self, name: str) -> Probe | None:
        engine = self.engine
        operation = engine.model.operations.get(name) or next(
            (o for o in engine.model.operations.values() if o.path == name and o.method == "GET"),
            None,
        )
        if operation is None:
            return None
        return probe_of(engine.model, operation, engine.context.params.get(operation.id, {}))

    def _ask_for_more(self, before: Mapping[str, Json]) -> ProvisionedAccount | None:
        """Registers with undeclared members, and with declared ones for authority, and reports
        those that were accepted."""
        shape = body_shape(self.provisioned.probe.operation) or Shape()
        more = dict(self._beyond(before, {n: thunk() for n, thunk in shape.properties.items()}))
        self._name_unasked(shape, more)
        for asked in [more, *({n: v} for n, v in more.items() if len(more) > 1)][:_MOST]:
            made = self._register(asked) if asked else None
            if made is None:
                continue
            self.engine.results.sent.add("mass-assignment")
            after = self._view(made)
            taken = {n: v for n, v in asked.items() if after.get(n) == v != before.get(n)}
            for name, value in self._steady(taken).items():
                self._taken_over(made, name, value)
            return made
        return None

    def _steady(self, taken: Mapping[str, Json]) -> Mapping[str, Json]:
        """What sticks whenever it is asked for, and is not so when it is not.

        No API gives authority to many by chance, so one pair of accounts is enough where it was
        asked for; what else comes to half of all accounts passes for taken over in one of 64 runs.
        """
        raised = all(v and classify_field(n) is FieldClass.AUTHORITY for n, v in taken.items())
        for more in (_AGAIN[:2] if raised else _AGAIN) if taken else ():
            asked = taken if more else {}
            made = self._register(asked)
            if made is None:
                return {}
            after = self._view(made, taken)
            taken = {n: v for n, v in taken.items() if (after.get(n) == v) is bool(asked)}
        return taken

    def _name_unasked(self, shape: Shape, more: Collection[str]) -> None:
        """Names authority that a registration takes by the document, that the contract lets nobody
        set, and that was not asked for."""
        model, resource = self.engine.model, self.provisioned.resource
        owner, table = model.policy.only("owner", "authenticated", "anyone"), model.settable
        why = "no response shows it with a value to which another is known"
        unasked = {
            name: why
            for name, thunk in shape.properties.items()
            if classify_field(name, thunk()) is FieldClass.AUTHORITY and name not in more
            if not thunk().read_only
            and not (resource in table and allows_member(table[resource], name, owner, {}))
        }
        if unasked:
            self.engine.results.gaps.add(left_out(self.provisioned.probe.endpoint, unasked))

    def _beyond(
        self, before: Mapping[str, Json], declared: Mapping[str, Shape]
    ) -> Iterator[tuple[str, Json]]:
        """Members of an account that it may not set, each with another value: one that raises it,
        and never one that may end it. Of those that are `declared` to be taken, authority alone."""
        engine, name = self.engine, self.provisioned.resource
        owner = engine.model.policy.only("owner", "authenticated", "anyone")
        table = engine.model.settable.get(name)
        for member, value in list(before.items())[:30]:
            inner = shape_of(engine.model, name, member) if name else None
            kind = classify_field(member, inner)
            known = {words(member), (*words(member), "id")}
            asked = member in declared and kind is FieldClass.AUTHORITY
            if (member in declared or isinstance(value, list)) and not asked:
                continue
            if kind in LETS_IN or ("id",) in known:
                continue
            if not engine.evaluator.may_write(member):
                continue
            if table is not None and allows_member(table, member, owner, {}):
                continue
            inner = declared[member] if asked else inner
            other = _higher_value(member, value, inner) if inner else None
            if other is None and not asked and kind is FieldClass.AUTHORITY:
                other = "admin"
            if ends(member, other):
                continue
            if isinstance(other, bool) or kind is FieldClass.AUTHORITY:
                yield member, other

    def _taken_over(self, made: ProvisionedAccount, name: str, value: Json) -> None:
        probe = self.provisioned.probe
        filled = self.provisioned.sign_up_request(made, {name: value})
        self._signal(
            "mass-assignment", name, "owner", probe, None, filled, Response(201, {}, b""),
            "the account's own view contains what its registration sent, and that of an account"
            " registered without it does not",
        )  # fmt: skip

    def _raise(self, operation: Operation, who: ProvisionedAccount) -> None:
        """Requests more authority where an account changes itself: this one is of the run, so its
        role may be changed."""
        engine, resource = self.engine, self.provisioned.resource
        probe = probe_of(engine.model, operation, engine.context.params.get(operation.id, {}))
        filled = fill(probe, engine.target, engine.knowledge, who.name)
        before = self._view(who)
        if (
            filled is None
            or not before
            or ("{" in operation.path and not self._names(probe, filled, who))
        ):
            return
        more = dict(self._beyond(before, {}))
        at = dict(written_resources(engine.model, operation)).get(resource, ())
        shape = body_shape(operation) or Shape()
        kept = {n: before[n] for n in shape.required if n in before}
        trials = [more, *({n: v} for n, v in more.items() if len(more) > 1)] if more else []
        last = trials[-1] if trials else {}
        for asked in trials:
            content: Json = {**kept, **filled.content, **asked}
            for step in reversed(at):
                content = {step: content}
            said = json_bytes({**dict.fromkeys(kept, "…"), **asked}).decode()
            sent = with_body(filled, operation, content, said)
            answer = engine.send(probe, who.name, sent)
            engine.results.sent.add("mass-assignment")
            if answer.status >= 400 and asked != last:
                continue  # the view after the last request tells whether a refusal took effect
            after = self._view(who)
            for name, value in (asked if answer.status < 400 else more).items():
                if after.get(name) == value != before.get(name):
                    self.provisioned.raised.add(who.name)
                    note = (
                        "the account's own view contained what it had sent; the run created the"
                        " account for this test"
                    )
                    self._signal(
                        "mass-assignment", name, "owner", probe, who.name, sent, answer, note
                    )
            return

    def _write(
        self,
        operation: Operation,
        viewer: ProvisionedAccount | None,
        control: ProvisionedAccount,
        other: ProvisionedAccount,
    ) -> ProvisionedAccount:
        """Change the other's account; the other, with the secret that it has now."""
        engine = self.engine
        probe = probe_of(engine.model, operation, engine.context.params.get(operation.id, {}))
        shape = body_shape(operation)
        filled = fill(probe, engine.target, engine.knowledge, other.name)
        if shape is None or filled is None or not self._names(probe, filled, other):
            return other
        fresh = f"Oak-{secrets.token_hex(6)}-8b"
        body: dict[str, Json] = {}
        for name, thunk in shape.properties.items():
            inner, noun = thunk(), noun_of(name, thunk())
            if is_secret(name, inner):
                body[name] = control.secret if _is_old(name) else fresh
            elif noun == "mail" and name not in probe.sources:
                body[name] = f"oakum{secrets.token_hex(5)}@example.org"
            elif name in shape.required and name not in probe.sources:
                body[name] = harmless(name, inner)
        if not body:
            return other
        sent = {**filled.content, **body}
        said = json_bytes(dict.fromkeys(sent, "…")).decode()
        asked = with_body(filled, operation, sent, said)
        before = self.shown.get(other.name, {})
        who = viewer.name if viewer else None
        answer = engine.send(probe, who, asked)
        engine.results.sent.add("bola-write")
        return self._read_back(probe, viewer, other, asked, answer, before, body, fresh)

    def _read_back(
        self,
        probe: Probe,
        viewer: ProvisionedAccount | None,
        other: ProvisionedAccount,
        asked: FilledRequest,
        answer: Response,
        before: Mapping[str, Json],
        body: Mapping[str, Json],
        fresh: str,
    ) -> ProvisionedAccount:
        """What the other's own view and its next login say of a write, even of a refused one."""
        note = (
            "the other account's own view contained the new value afterwards; the run created both"
        )
        mine = {name for name, value in body.items() if value == fresh}
        after = self._view(other) if mine != body.keys() else {}
        for name, value in body.items():
            if name not in mine and name in after and after[name] == value != before.get(name):
                self._signal_write(probe, name, viewer, asked, answer, note)
        if mine and answer.status >= 400 and self.provisioned.lets_in(other, other.secret):
            return other  # the refusal is true, and nothing was guessed
        if mine and self.provisioned.lets_in(other, fresh):
            note = "the other account can log in with the new secret; the run created both accounts"
            for name in sorted(mine)[:1]:
                self._signal_write(probe, name, viewer, asked, answer, note)
            other = replace(other, secret=fresh)
            self.provisioned.record_secret(other, fresh)
        elif mine and viewer is not None and self.provisioned.lets_in(viewer, fresh):
            # the write changed the caller's own account instead
            self.provisioned.record_secret(viewer, fresh)
        return other

    def _names(self, probe: Probe, filled: FilledRequest, other: ProvisionedAccount) -> bool:
        """Whether the request names the other account, and not its caller alone."""
        own = self.engine.knowledge.objects.get((other.name, self.provisioned.resource), [{}])
        known = {*other.called.values(), *(v for each in own for v in each.values())}
        return bool(probe.personal) and bool(filled.sent & known)

    def _signal_write(
        self,
        probe: Probe,
        name: str,
        viewer: ProvisionedAccount | None,
        asked: FilledRequest,
        answer: Response,
        note: str,
    ) -> None:
        who = viewer.name if viewer else None
        self._signal("bola-write", name, self._label(who), probe, who, asked, answer, note)

    # -------------------------------------------------- guessing passwords

    def _guess(self, who: ProvisionedAccount) -> None:
        """Sends a few wrong secrets, then the right one."""
        engine, answers = self.engine, []
        login = self.provisioned.login
        times: list[float] = []
        if engine.context.pace is None or login is None:
            return
        self.provisioned.guessed = True
        engine.results.sent.add("no-login-rate-limit")
        with engine.context.pace.bare():
            for _ in range(_GUESSES):
                answer, _ = self.provisioned.attempt(who, f"Oak-{secrets.token_hex(6)}-9c")
                answers.append(answer.status)
                times.append(engine.context.pace.took)
                if answer.status in (429, 423, 503) or answer.status != answers[0]:
                    return
            answer, let_in = self.provisioned.attempt(who, who.secret)
            if let_in:
                self._time(login, times)
        if let_in:
            secret = next(iter(_secrets(login)), "password")
            filled = FilledRequest(Request(login.method, ""), {}, frozenset(), login.path)
            self._signal(
                GUESS, secret, "anyone", probe_of(engine.model, login, {}), None, filled, answer,
                f"{_GUESSES} wrong secrets in a row, and the right one was still accepted at once",
            )  # fmt: skip

    def _time(self, login: Operation, known: Sequence[float]) -> None:
        """Compare the times of wrong secrets with those for names that nobody has."""
        pace, named = self.engine.context.pace, self.provisioned.named_by
        told = any(each.endpoint.operation == login.id for each in self.engine.results.signals)
        names = self.engine.identities.names()
        if pace is None or told or not all(named):
            return
        if self.engine.may_see(*named, None, names[0]):
            return  # the contract lets everybody know which accounts exist
        unknown: list[float] = []
        for _ in range(ENOUGH):
            answer, _ = self.provisioned.attempt(self.provisioned.nobody(), "Oak-wrong-0d")
            unknown.append(pace.took)
            if answer.status in (429, 423, 503) or not far_apart(known, unknown):
                return
        if said := hint(known, unknown):
            self.engine.results.remark(f"{login.method} {login.path}: {said}")

    # ---------------------------------------------------------- reporting

    def _label(self, who: str | None) -> str:
        """The label of a viewer who is a stranger to the owner."""
        identities = self.engine.identities
        names = identities.names()
        viewer = None if who is None else names[0]
        owner = next((each for each in names if each != viewer), names[0])
        held = identities.relations(viewer, owner) & identities.policy.only(
            "authenticated", "anyone"
        )
        return identities.label(held, None, owner)

    def _signal(
        self,
        how: str,
        field: str,
        label: str,
        probe: Probe,
        who: str | None,
        asked: FilledRequest,
        answer: Response,
        note: str,
    ) -> None:
        engine = self.engine
        resource = self.provisioned.resource or next(iter(engine.model.policy.resources), "")
        owners = [n for n, e in engine.model.policy.relations.items() if e.kind == "owner"]
        label = owners[0] if label == "owner" and owners else label
        evidence = Evidence(
            None,
            engine.evaluator.side(who, label, answer),
            curl(asked, engine.context.credentials(who)),
            note=note,
        )
        endpoint = Endpoint(probe.endpoint.method, probe.endpoint.path, probe.operation.id)
        engine.results.report(
            Signal(how, resource, field, label, endpoint, evidence, (), who, says="written")
        )


def _writers(model: Model) -> Iterator[Operation]:
    """Operations that change credentials or contacts of an account that the request names."""
    for operation in model.operations.values():
        shape = body_shape(operation)
        kind = classify(operation, model.rule(operation.id)).kind
        said = {*words(re.sub(r"\W+", " ", operation.path)), *words(operation.id)}
        resets = kind == "destructive" and "reset" in said and bool(said & _SECRETS)
        if operation.method not in WRITES or shape is None or not (kind == "write" or resets):
            continue
        if barring_reason(model, operation):
            continue
        members = {name: thunk() for name, thunk in shape.properties.items()}
        about = "{" in operation.path or any(noun_of(n, each) for n, each in members.items())
        credential = (is_secret(n, e) or noun_of(n, e) == "mail" for n, e in members.items())
        if about and any(credential) and not opens_session(operation):
            yield operation


def _setters(model: Model, resource: str) -> Iterator[Operation]:
    """Operations that set members of an account, and do nothing else."""
    for operation in model.operations.values():
        if operation.method not in WRITES or not resource:
            continue
        kind = classify(operation, model.rule(operation.id)).kind
        if kind != "write" or barring_reason(model, operation) or more_than_sets(operation):
            continue
        makes = operation.method == "POST" and not _SETS & {
            *words(re.sub(r"\W+", " ", operation.path)),
            *words(operation.id),
        }
        if resource in dict(written_resources(model, operation)) and not makes:
            yield operation


def _is_old(name: str) -> bool:
    return not _OLD.isdisjoint(words(name))


def _secrets(operation: Operation) -> Iterator[str]:
    shape = body_shape(operation)
    for name, thunk in shape.properties.items() if shape else ():
        if is_secret(name, thunk()):
            yield name
