"""Traffic that others recorded, held against a document or a contract as a test's answers are.

The law of this module is that of `look`: a leak is what no possible reading grants. Here nothing
can be asked. What is known of a caller is what the recorded answers themselves told: *who am I*,
the lists that relations are looked up in, the settings of an account. It may have changed unseen,
so what rests on it is told as *not certain*; what rests on the answer alone is certain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from oakum.contract import Contract
from oakum.contract.model import Json, Operation, Policy
from oakum.contract.openapi import Document
from oakum.contract.params import infer_params
from oakum.guard.route import Router, placed
from oakum.guard.wiring import READS, Ask, derive
from oakum.observe.drafted import Line
from oakum.observe.grants import Sample, narrowest
from oakum.observe.inventory import read
from oakum.observe.observation import Drift, Sent
from oakum.observe.passed import Passed
from oakum.observe.shapes import KEY
from oakum.scan.cast import Cast
from oakum.scan.doors import survey
from oakum.scan.evidence import Redactor
from oakum.scan.facts import declared_names, policy_names
from oakum.scan.legible import is_success, read_as_declared
from oakum.scan.matrix import Key
from oakum.semantics import Sighting, Subject, compile_contract
from oakum.semantics.model import pattern
from oakum.semantics.principal import at_path, digit, held, state_of, text, texts
from oakum.semantics.span import MAX_DEPTH
from oakum.semantics.table import leaf_index
from oakum.testing.callers import NOBODY, UNKNOWN, Caller, Callers
from oakum.testing.kept import Answered, Bare
from oakum.testing.look import Asked, Frame, Look, granted, is_told
from oakum.testing.told import Facts, is_whole

_REFUSED = (401, 403, 404)


class Declared:
    """Traffic against a document alone: which door it is, and whether it is declared."""

    def __init__(self, document: Document) -> None:
        self.operations = document.operations
        self.names = frozenset(declared_names(document.raw))
        self._router = Router(document.operations)
        self._by_id = {each.id: each for each in document.operations}
        self._seen = False

    def hear(self, passed: Passed, body: object) -> Operation | None:
        """The operation; None: the document does not have it."""
        found = self.found(passed)
        self._seen |= found is not None
        return found[0] if found is not None else None

    def found(self, passed: Passed) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation and its path parameters."""
        if passed.operation:
            known = self._by_id.get(passed.operation)
            return (known, {}) if known is not None else None
        request = passed.exchange.request
        place = placed(urlsplit(request.url).path or "/")
        method = "GET" if request.method == "HEAD" else request.method
        return self._router.find(place, method) if place is not None else None

    def named(self, passed: Passed) -> str:
        """The id by which a guard counts who asked; empty: a document does not tell."""
        return ""

    def sent(self) -> tuple[Sent, ...]:
        """Nothing is known of viewers without a contract."""
        return ()

    def drift(self) -> tuple[Drift, ...]:
        """A document alone says nothing of who may see what."""
        return ()

    def unjudged(self) -> Mapping[str, int]:
        """Nothing is judged."""
        return {}

    def distrust(self) -> tuple[str, ...]:
        """Not one declared operation seen: it is another API's traffic, or under another path."""
        if self._seen:
            return ()
        return ("no exchange is of an operation that the document declares",)


@dataclass(frozen=True)
class Shown:
    """One kind of viewer at one door: what an object of this state was sent with, or without."""

    door: str
    place: str
    """Query parameters that were given, and where in the answer it stood: they choose fields."""
    resource: str
    held: frozenset[str]
    viewer: str
    possible: frozenset[str]
    """Relations held, and those that nothing rules out; none: it is not known who it was."""
    state: tuple[tuple[str, Json], ...]
    """Of all states of the resource; None: unknown."""


class Judged(Declared):
    """Traffic against a contract."""

    def __init__(self, contract: Contract, key: bytes) -> None:
        """`key`: of hashes; none is written. The contract has a policy."""
        super().__init__(contract.document)
        assert contract.policy is not None
        document, self.policy = contract.document, contract.policy
        self.model = compile_contract(document, self.policy)
        self._wiring = derive(document, self.model)
        gates, _ = survey(self.model, infer_params(document, self.policy))
        self.names |= policy_names(self.policy)
        self._callers = Callers(self.policy, self._wiring.credentials, lambda _: None)
        asks = self._wiring.asks
        whoami = self._wiring.whoami
        self._whoami = asks[whoami].operation if whoami is not None else ""
        self._lists: dict[str, list[tuple[str, Ask]]] = {}
        for name, index in self._wiring.relations.items():
            self._lists.setdefault(asks[index].operation, []).append((name, asks[index]))
        self._writes = dict(_writes(contract.document, self.policy))
        self._label = Cast(self.policy, {}, {}, {}).label
        self._frame = Frame(
            self.model, Redactor(key, self.names), self._label, {g.id: g.shows for g in gates}
        )
        self.facts = Facts()
        self._credentials = False
        self.objects: Counter[Shown] = Counter()
        self.present: Counter[tuple[Shown, str]] = Counter()
        self.silent: Counter[tuple[Shown, str]] = Counter()
        """Fields, and all below them, of which an object said nothing: `null`, an empty list."""
        self.refused: Counter[Shown] = Counter()
        """Objects that were sent to somebody, and that this viewer was refused."""
        self.kept: Counter[Shown] = Counter()
        """Objects that a list held for others who asked the same, and not for this viewer."""
        self._answered = Answered()
        self._leaks: dict[Key, list[int]] = {}
        self._unjudged: Counter[str] = Counter()

    # ------------------------------------------------------------ one exchange

    def learn(self, passed: Passed) -> None:
        """Take in whose credentials are whose, and judge nothing: of that alone an answer says
        something about earlier ones too."""
        found = self.found(passed)
        if found is not None:
            self._credential(passed, found[0])

    def named(self, passed: Passed) -> str:
        """The smallest of the caller's ids; empty: nothing in the traffic until now says who it
        is."""
        self.learn(passed)
        return min(self._caller(passed).ids, key=str.encode, default="")

    def hear(self, passed: Passed, body: object) -> Operation | None:
        """Learn from an answer, judge it for its caller, and count what its objects were sent
        with."""
        found = self.found(passed)
        if found is None:
            return None
        self._seen = True
        self._learn(passed, *found)
        if found[0].id in self.model.showing:
            if passed.exchange.response.status in _REFUSED:
                self._refused(passed, *found)
            elif _is_readable(passed):
                self._judge(passed, *found)
        return found[0]

    def _credential(self, passed: Passed, operation: Operation) -> None:
        held = self._callers.key(passed.exchange.request, None)
        self._credentials |= bool(held)
        if held and operation.id == self._whoami and _is_good(passed):
            self._callers.learn(held, None, passed.exchange.response)

    def _learn(self, passed: Passed, operation: Operation, params: Mapping[str, str]) -> None:
        self._credential(passed, operation)
        request, rule = passed.exchange.request, self.model.rule(operation.id)
        if request.method not in READS and not rule.reads and _is_success(passed):
            told = read(request.body, "")
            ids = {*params.values(), *self._caller(passed).ids, *_scalars(told)}
            self.facts.forget(ids, self._writes.get(operation.id, ("states", "lists")))
        if operation.id in self._lists and _is_good(passed):
            self._listed(operation, params, passed)

    def _judge(self, passed: Passed, operation: Operation, params: Mapping[str, str]) -> None:
        plain = self._plain(passed, operation, params)
        for each in plain.sightings:
            self._settings(each)
        owners = frozenset(owner for each in plain.sightings for owner in each.owners)
        caller = self.facts.inform(self.policy, plain.asked.caller, owners)
        look = plain
        if caller is not plain.asked.caller:
            look = Look(self._frame, replace(plain.asked, caller=caller), {}).judge()
        self._unjudged.update(look.tally.unjudged)
        if _is_success(passed):
            self._count(passed, look, UNKNOWN if self._logs_in(plain) else caller)
        certain = {(leak.key.resource, leak.key.field) for leak in plain.leaks}
        for key in {leak.key for leak in look.leaks}:
            counts = self._leaks.setdefault(key, [0, 0])
            counts[0] += 1
            counts[1] += (key.resource, key.field) in certain

    def _logs_in(self, look: Look) -> bool:
        """Whether an answer told nobody of an account: from then on they are somebody, and what it
        holds is no evidence of what strangers are sent."""
        told = (self.model.tables[each.resource].resource.is_account for each in look.sightings)
        return look.asked.begins and any(told)

    def _plain(self, passed: Passed, operation: Operation, params: Mapping[str, str]) -> Look:
        """The answer, judged by what it says itself and who asked."""
        request, response = passed.exchange.request, passed.exchange.response
        begins = request.method not in ("GET", "HEAD") and not params
        asked = Asked(
            operation, params, self._caller(passed), response,
            read_as_declared(operation, response),
            begins and not self._callers.held(request), "", "",
        )  # fmt: skip
        return Look(self._frame, asked, {}).judge()

    def _caller(self, passed: Passed) -> Caller:
        """Who asked. Nobody is believed to have asked only where the traffic holds credentials at
        all: browsers and proxies cut them out of what they save."""
        if not passed.headers:
            return UNKNOWN
        caller = self._callers.of(passed.exchange.request, None, None)
        return UNKNOWN if caller is NOBODY and not self._credentials else caller

    # ------------------------------------------------------------ facts

    def _listed(self, operation: Operation, params: Mapping[str, str], passed: Passed) -> None:
        value = read_as_declared(operation, passed.exchange.response).value
        caller = self._caller(passed)
        abouts = list(params.values())[:1] or sorted(caller.ids)
        for name, ask in self._lists[operation.id]:
            found = frozenset(texts(value, ".".join(pattern(self.policy.relations[name].pointer))))
            whole = is_whole(ask, value, len(found), passed.exchange.request)
            for about in abouts:
                self.facts.list(name, about, found, whole and about in caller.ids)

    def _settings(self, sighting: Sighting) -> None:
        table = self.model.tables[sighting.resource]
        for name, state in table.resource.states.items():
            if not state.member or len(sighting.owners) != 1:
                continue
            inside = at_path(sighting.value, state.member)
            if inside and digit(state, inside[0]) < len(state.values):
                self.facts.state(sighting.owners[0], f"{sighting.resource}.{name}", inside[0])

    # ------------------------------------------------------------ counting

    def _count(self, passed: Passed, look: Look, caller: Caller) -> None:
        """What each object came with: its fields, and those of which it says nothing."""
        operation = look.asked.operation
        asked = self._asked(passed, operation)
        places = {each.pointer for each in look.sightings}
        for each in look.sightings:
            shown = self._shown(operation.id, asked, each, caller)
            self.objects[shown] += 1
            present, silent = _paths(each, places)
            self.present.update((shown, path) for path in present)
            self.silent.update((shown, path) for path in silent - present)
        if operation.method == "GET":
            outer = [each for each in look.sightings if not _within(each.pointer, places)]
            bare = [self._bare(each) for each in outer]
            question = (operation.id, *look.asked.params.items())
            url = urlsplit(passed.exchange.request.url)
            named = frozenset(look.asked.params.values())
            for gone in self._answered.missing(question, url.query, bare, named):
                self._withheld(self.kept, operation, asked, gone, caller)

    def _bare(self, sighting: Sighting) -> Bare:
        """What of an object is remembered."""
        key = self.model.tables[sighting.resource].resource.key
        keys = texts(sighting.value, key) if key else []
        return Bare(sighting.resource, _place(sighting.pointer), sighting.owners, (keys or [""])[0])

    def _refused(self, passed: Passed, operation: Operation, params: Mapping[str, str]) -> None:
        """A refusal says what of objects that others were sent: that this caller was not."""
        caller = self._caller(passed)
        for each in self._answered.of((operation.id, *params.items())):
            self._withheld(self.refused, operation, self._asked(passed, operation), each, caller)

    def _withheld(
        self, into: Counter[Shown], operation: Operation, asked: str, item: Bare, caller: Caller
    ) -> None:
        if not caller.known:
            return
        caller = self.facts.inform(self.policy, caller, item.owners)
        resource = self.model.tables[item.resource].resource
        subject = Subject(item.resource, item.owners, None, resource.owner.kind != "none")
        gone = Sighting(
            item.resource, item.place, item.owners,
            held(self.policy, caller.principal, subject),
            state_of(self.policy, resource, caller.principal, subject), (), None,
        )  # fmt: skip
        into[self._shown(operation.id, asked, gone, caller)] += 1

    def _asked(self, passed: Passed, operation: Operation) -> str:
        """Query parameters that were given, by the names that the document has for them."""
        names = {each.name for each in operation.parameters if each.where == "query"}
        given = parse_qs(urlsplit(passed.exchange.request.url).query).keys()
        return ",".join(sorted(given & names))

    def _shown(self, door: str, asked: str, sighting: Sighting, caller: Caller) -> Shown:
        resource = self.model.tables[sighting.resource].resource
        owned = resource.owner.kind != "none"
        subject = Subject(sighting.resource, sighting.owners, sighting.value, owned)
        states = caller.principal.states
        told = {
            name: sighting.state.get(name) if is_told(state, sighting, states) else None
            for name, state in resource.states.items()
        }
        possible = caller.possible(self.policy, subject) if caller.known else frozenset()
        place = "/".join(_place(sighting.pointer))
        return Shown(
            door, f"{asked} {place}", sighting.resource, sighting.held,
            self._viewer(sighting.held, possible), possible,
            tuple(sorted(told.items())),
        )  # fmt: skip

    def _viewer(self, held: frozenset[str], possible: frozenset[str]) -> str:
        """What a viewer is called; a relation that may be held besides is not passed over."""
        if not possible:
            return "unknown"
        sure = self._label(held, None, "")
        taking = {name for each in self.policy.relations.values() for name in each.unless}
        most = self._label(possible - taking if taking - held else possible, None, "")
        return sure if most == sure else f"{sure} or more"

    # ------------------------------------------------------------ the end

    def sent(self) -> tuple[Sent, ...]:
        """Each field by door, viewer and state, with its share of presence."""
        sums: Counter[tuple[str, str, str, str, tuple[tuple[str, str], ...]]] = Counter()
        around: Counter[tuple[str, str, str, tuple[tuple[str, str], ...]]] = Counter()
        for shown, many in self.objects.items():
            around[shown.door, shown.resource, shown.viewer, _text(shown.state)] += many
        for (shown, path), many in self.present.items():
            sums[shown.door, shown.resource, path, shown.viewer, _text(shown.state)] += many
        return tuple(
            Sent(*key, many, around[key[0], key[1], key[3], key[4]])
            for key, many in sorted(sums.items())
        )

    def lines(self, resource: str) -> Iterator[Line]:
        """What the traffic supports of each field of a resource, in the order of their names."""
        states = self.model.tables[resource].resource.states
        values = {name: state.values for name, state in states.items()}
        fields: dict[str, dict[tuple[str, str], None]] = {}
        for shown, path in self.present:
            if shown.resource == resource:
                fields.setdefault(path, {})[shown.door, shown.place] = None
        rows = [*{**self.objects, **self.refused, **self.kept}]
        rows = [each for each in rows if each.resource == resource]
        for path in sorted(fields):
            if KEY in path:
                continue  # a name that may be somebody's
            here = [each for each in rows if (each.door, each.place) in fields[path]]
            samples = [*self._samples(path, [each for each in here if each.possible])]
            unknown = sum(self.present[each, path] for each in here if not each.possible)
            yield Line(
                path, narrowest(self.policy, values, samples), tuple(samples),
                {each.held: each.viewer for each in here}, len(fields[path]), unknown,
            )  # fmt: skip

    def _samples(self, path: str, rows: Sequence[Shown]) -> Iterator[Sample]:
        """Beside an object that may be had alone, lists say nothing by what they leave out: they
        may choose for other reasons."""
        alone = any(self._is_alone(each) and self.present[each, path] for each in rows)
        above = [path[:at] for at, char in enumerate(path) if char == "."]
        for each in rows:
            present = self.present[each, path]
            silent = sum(self.silent[each, name] for name in (path, *above))
            of = max(self.objects[each] - silent, present)
            if self.model.rule(each.door).graphql:
                of = present  # who asks chooses the fields there
            refused = self.refused[each] + (0 if alone else self.kept[each])
            if of or refused:
                yield Sample(each.held, each.possible, each.state, present, of, refused)

    def _is_alone(self, shown: Shown) -> bool:
        """Whether somebody else than its owner was sent it where it does not stand in a list."""
        relations = self.policy.relations
        own = any(relations[name].kind == "owner" for name in shown.held)
        return "*" not in shown.place and not own

    def drift(self) -> tuple[Drift, ...]:
        """What was sent and no line grants: a field without a line, or one sent too widely."""
        return tuple(self._drift(key, *counts) for key, counts in sorted(self._leaks.items()))

    def _drift(self, key: Key, seen: int, certain: int) -> Drift:
        table, door = self.model.tables[key.resource], self.model.operations[key.door]
        index = leaf_index(table, key.field)
        says = granted(table, index) if index >= 0 else "no line shows it to anybody"
        return Drift(
            "sent-wider" if index >= 0 else "new-field",
            key.door, door.method, door.path, key.resource, key.field, key.viewer, key.state,
            seen, certain > 0, says, self.model.field_location(key.resource, key.field),
        )  # fmt: skip

    def unjudged(self) -> Mapping[str, int]:
        """Why objects were not judged."""
        return self._unjudged


def _writes(document: Document, policy: Policy) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Operations of which the contract says what they change; any other may change anything."""
    said: list[tuple[str, str]] = [
        (state.switch.operation, "states")
        for resource in policy.resources.values()
        for state in resource.states.values()
        if state.switch is not None
    ]
    for relation in policy.relations.values():
        said += [(step.operation, "lists") for step in (*relation.begin, *relation.end)]
    for name, what in said:
        operation = document.operation(name)
        if operation is not None:
            yield operation.id, (what,)


def _is_readable(passed: Passed) -> bool:
    return passed.body != "absent" and bool(passed.exchange.response.body)


def _is_success(passed: Passed) -> bool:
    return is_success(passed.exchange.response.status)


def _is_good(passed: Passed) -> bool:
    return _is_readable(passed) and _is_success(passed)


def _scalars(value: Json, depth: int = 0) -> Iterator[str]:
    """Every text and number of a request body: what it speaks of is among them."""
    if isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _scalars(child, depth + 1) if depth < MAX_DEPTH else ()
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield text(value)


def _place(pointer: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("*" if part.isdigit() else part for part in pointer)


def _within(pointer: tuple[str, ...], places: Set[tuple[str, ...]]) -> bool:
    """Whether an object stands inside another."""
    return any(pointer[:n] in places for n in range(len(pointer)))


def _paths(sighting: Sighting, places: Set[tuple[str, ...]]) -> tuple[set[str], set[str]]:
    """Field paths that an object held, one embedded as one; and those at which it held nothing."""
    present, silent = set[str](), set[str]()
    for leaf in sighting.leaves:
        if leaf.value is None or leaf.value in ([], {}):
            silent.add(leaf.path)
        else:
            present.add(leaf.path)
    depth = len(sighting.pointer)
    for place in places:
        inside = len(place) > depth and place[:depth] == sighting.pointer
        if inside and not any(place[:n] in places for n in range(depth + 1, len(place))):
            present.add(".".join("*" if part.isdigit() else part for part in place[depth:]))
    return present, silent


def _text(state: tuple[tuple[str, Json], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((n, "unknown" if v is None else str(v).lower()) for n, v in state)
