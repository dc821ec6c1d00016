"""Registers a name that is taken: does the refusal reveal that it is taken?

It is tried with names of accounts that the run itself created, and no others: an API may overwrite
the account, set its password anew (CWE-640), or create a second one. After the first request that
is not refused, no other is sent. A free name is sent without a secret, and only if the API refuses
requests without one; or it creates one more account of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz.table import allows
from oakum.exchange import Response
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.exposure.leak_signal import Signal
from oakum.exposure.values.knowledge import canonical, says_nothing
from oakum.finding import Endpoint, Evidence
from oakum.openapi.model import Json, Shape
from oakum.scan.coverage.untested import Section
from oakum.scan.discovery.account_comparison import ComparedAnswer, Comparison
from oakum.scan.discovery.response_differences import (
    describe_differences,
    differences,
    holds,
    is_echo,
    outline,
    take_apart,
    texts,
)
from oakum.scan.engine import Engine
from oakum.scan.identities.temporary_accounts import ProvisionedAccount, ProvisionedAccounts
from oakum.scan.requests.builder import FilledRequest, curl
from oakum.scan.requests.person_operations import Noun, is_secret, person_operations

_LIMITS = {401, 423, 429}
"""Statuses for callers who may not ask, or not so often."""
_NAMED, _ORACLE = "account-enumeration", "oracle"
"""Values of `Signal.how`: a disclosed field, and a difference between responses."""


def note_gap(engine: Engine, why: str, *, beside: str = "") -> None:
    """Records sign-up operations whose duplicate check was not tested, except `beside`."""
    found = person_operations(engine.model, engine.state.probes, _NAMED, writes=True)
    for operation in {
        t.probe.operation.id: t.probe.endpoint for t in found if t.kind == "register"
    }:
        if operation != beside:
            each = engine.model.operations[operation]
            endpoint = Endpoint(each.method, each.path, operation)
            stated = engine.model.rule(operation).untested
            reason = f"the contract leaves it out: {stated}" if stated else why
            engine.results.note_gap(
                endpoint,
                f"not requested with names that are taken, because {reason}",
                Section.WRITES,
            )


@dataclass
class TakenNames:
    """One test with two accounts of the run."""

    engine: Engine
    provisioned: ProvisionedAccounts
    pair: tuple[ProvisionedAccount, ProvisionedAccount]
    views: Mapping[str, Mapping[str, Json]]
    """Name of an account → its data in its own view."""
    label: str
    """The label of a stranger."""
    open: bool = True
    """Whether every request so far was refused; otherwise no further one is sent."""
    _silent: set[Noun] = field(default_factory=set)
    """Kinds of names for which the registration does not reveal that they are taken."""
    _asked: dict[tuple[str, int, str, bool], ProvisionedAccount] = field(default_factory=dict)

    def run(self) -> None:
        """Tests for each kind of name that the sign-up takes whether its response tells that the
        name is in use. All other sign-ups are noted as untested."""
        for noun, named_by in self.provisioned.names():
            if self.open:
                self._about(noun, named_by)
        note_gap(
            self.engine,
            "the run creates its accounts elsewhere",
            beside=self.provisioned.probe.operation.id,
        )

    def _about(self, noun: Noun, named_by: str) -> None:
        one, other = self.pair
        whole = self._ask(noun, one.name, 0)
        if noun in self._silent:
            return
        if self.open and any(True for _ in self._words(whole)):
            self._tell(whole, self._ask(noun, other.name, 0))
        if not self.open or not self._hides(named_by):
            return
        if self._takes_secret() and self._compare(noun, named_by, whole):
            return
        if self._hides_from_members(named_by):
            self._compare_free(noun, named_by, whole)

    def _compare_free(self, noun: Noun, named_by: str, whole: ComparedAnswer) -> None:
        """Compares complete requests: a free name creates one more account of the run's own. That
        request comes last, so that a limit on registrations is not mistaken for a taken name."""
        again = self._ask(noun, self.pair[1].name, 0) if self.open else None
        if again is None or not self.open:
            return
        if {whole.answer.status, again.answer.status} & _LIMITS:
            return
        free: list[ComparedAnswer] = []

        def ask(filled: FilledRequest) -> Response:
            answer = self.engine.send(self.provisioned.probe, None, filled)
            free.append(ComparedAnswer("", filled, answer))
            return answer

        if self.provisioned.register(ask) is None:
            return
        values = {value for heard in (whole, again, *free) for value in heard.filled.sent}
        taken = {each.who: [take_apart(each.answer, values)] for each in (whole, again)}
        unknown = [take_apart(each.answer, values) for each in free]
        if found := differences(taken, unknown) & {("status",)}:
            says = describe_differences(found)
            note = f"compared for two existing accounts and for one that did not exist yet: {says}"
            self._signal(_ORACLE, named_by, whole, note, says)

    def _compare(self, noun: Noun, named_by: str, whole: ComparedAnswer) -> bool:
        """Compares requests without the secret if the API refuses those for that reason, so that a
        free name creates no account either. Returns whether a difference was reported."""
        one, other = self.pair
        bare = self._ask(noun, one.name, 0, bare=True)
        if outline(bare.answer) == outline(whole.answer):
            return False
        made = Comparison(
            lambda who, nth: [self._ask(noun, who, nth, bare=True)],
            (one.name, other.name),
            halts=lambda heard: not self.open,
        )
        if found := made.run():
            heard = next(each for each in made.heard if each.who)
            says = describe_differences(found)
            note = f"compared for an existing and for made-up accounts of the same form: {says}"
            self._signal(_ORACLE, named_by, heard, note, says)
        return bool(found)

    def _takes_secret(self) -> bool:
        operation = self.provisioned.probe.operation
        found = person_operations(self.engine.model, (), _NAMED, writes=True)
        return any(each.secret for each in found if each.probe.operation.id == operation.id)

    def _hides(self, path: str) -> bool:
        """Whether the contract hides the names of accounts."""
        engine = self.engine
        return not engine.may_see(
            self.provisioned.resource, path, None, engine.identities.names()[0]
        )

    def _hides_from_members(self, path: str) -> bool:
        """Whether the contract hides the names from accounts without a further relation: whoever
        registers sees what they may see, such as a handle that must be unique."""
        engine, resource = self.engine, self.provisioned.resource
        basic = frozenset(
            name
            for name, each in engine.model.policy.relations.items()
            if each.kind in ("anyone", "authenticated")
        )
        state = engine.matrix.state(resource, engine.identities.names()[0])
        return not allows(engine.model.tables[resource], path, basic, state)

    # ---------------------------------------------------------- requests

    def _ask(self, noun: Noun, who: str, nth: int, *, bare: bool = False) -> ComparedAnswer:
        """Registers with one name of an account of the run, or with an unused name. All other
        values are random, so that none is an echo."""
        of = next((each for each in self.pair if each.name == who), None)
        known = self._asked.get((who, nth, noun, bare))
        if known is None:
            known = self.provisioned.nobody()
            if of is not None:
                called = {**known.called, noun: of.called[noun]}
                known = ProvisionedAccount("", called, known.secret)
            self._asked[who, nth, noun, bare] = known
        sent: list[FilledRequest] = []

        def ask(filled: FilledRequest) -> Response:
            sent.append(filled)
            return self.engine.send(self.provisioned.probe, None, filled)

        current = None if of is None else self.provisioned.current(of)
        claim = self.provisioned.contest(current, known, ask, bare=bare)
        heard = ComparedAnswer(who, sent[0], claim.answer)
        if not claim.refused:
            if claim.silent:
                self._says_the_same(noun)
            else:
                self._not_refused(heard, overwritten=claim.overwritten, taken=of is not None)
        return heard

    def _says_the_same(self, noun: Noun) -> None:
        self._silent.add(noun)
        endpoint = self.provisioned.probe.endpoint
        said = (
            f"{endpoint.method} {endpoint.path} does not reveal that a name is taken: it was"
            f" requested once with the name of an account of the run, which it left unchanged,"
            f" and no second account of that name can log in"
        )
        if said not in self.engine.results.notes:
            self.engine.results.remark(said)

    def _not_refused(self, heard: ComparedAnswer, *, overwritten: bool, taken: bool) -> None:
        self.open = False
        endpoint = self.provisioned.probe.endpoint
        what = "a name that is already taken" if taken else "to register without a secret"
        self.engine.results.remark(
            f"{endpoint.method} {endpoint.path} did not refuse {what}: it was not requested again"
        )
        if overwritten:
            secret = next(self._secrets(), "password")
            note = "an account of the run can log in with the secret of a second registration"
            self._signal("bola-write", secret, heard, note, "written")

    def _secrets(self) -> Iterator[str]:
        shape = body_shape(self.provisioned.probe.operation) or Shape()
        for name, thunk in shape.properties.items():
            if is_secret(name, thunk()):
                yield name

    # --------------------------------------------------------------- reading responses

    def _words(self, heard: ComparedAnswer) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """(place, field, value) of the account's own values that the contract hides from anonymous
        callers, without echoes."""
        engine, resource = self.engine, self.provisioned.resource
        leaves = engine.model.tables[resource].leaves if resource else ()
        hidden = {
            name: canonical(value)
            for name, value in self.views.get(heard.who, {}).items()
            if name in leaves
            and isinstance(value, str | int | float)
            and not isinstance(value, bool)
            and not says_nothing(value)
            and not is_echo(canonical(value), heard.filled.sent)
            and self._hides(name)
        }
        for at, text in texts(heard.answer, heard.filled.sent):
            for name, value in hidden.items():
                if holds(text, value):
                    yield at, name, value

    def _tell(self, one: ComparedAnswer, other: ComparedAnswer) -> None:
        """Reports values of two accounts, each in the same place of the response about it."""
        second = {(at, name): value for at, name, value in self._words(other)}
        for name in dict.fromkeys(
            name for at, name, value in self._words(one) if second.get((at, name), value) != value
        ):
            self._signal(_NAMED, name, one, "two people's own values in the same place", "")

    def _signal(self, how: str, path: str, heard: ComparedAnswer, note: str, says: str) -> None:
        engine, probe = self.engine, self.provisioned.probe
        side = engine.evaluator.side(None, self.label, heard.answer)
        evidence = Evidence(
            None, side, curl(heard.filled, engine.context.credentials(None)), note=note
        )
        endpoint = Endpoint(probe.endpoint.method, probe.endpoint.path, probe.operation.id)
        resource = self.provisioned.resource
        engine.results.report(
            Signal(how, resource, path, self.label, endpoint, evidence, says=says)
        )
