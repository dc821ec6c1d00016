"""The method: in which order to ask what, and when to stop asking.

Every question is asked for the cells it can decide, and is not asked once they are decided. The
engine knows no socket: it asks through a port and tells what happened as events, which progress
bar, journal and reports consume.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from oakum.contract.model import Json
from oakum.exchange import Exchange, Response
from oakum.finding import Result
from oakum.scan.asking import Filled, curl, fill
from oakum.scan.cast import Cast
from oakum.scan.doors import Gate
from oakum.scan.knowledge import Knowledge, canonical
from oakum.scan.lookout import Lookout, Question
from oakum.scan.matrix import NOBODY, Key, Matrix, Observation, Outcome, granted_to_nobody
from oakum.scan.switches import Ask, Switches
from oakum.semantics import Model

_MOST_WORLDS = 24
Settings = tuple[tuple[str, Json], ...]
"""(`Resource.state`, value) pairs."""
World = tuple[str, Settings]
"""An identity, and how its account is set."""


@dataclass(frozen=True)
class Event:
    """Something that happened: `kind`, and plain values that hold nobody's data."""

    kind: str
    data: Mapping[str, Json]


@dataclass
class Engine:
    """One run over one target. `explore` does it all; `matrix` then holds what was learnt."""

    model: Model
    cast: Cast
    knowledge: Knowledge
    matrix: Matrix
    lookout: Lookout
    gates: list[Gate]
    target: str
    ask: Ask
    emit: Callable[[Event], None]
    credentials: Callable[[str | None], tuple[str, ...]]
    """Header lines of an identity for a curl line, secrets as variables."""
    switches: Switches | None = None
    """None: nothing may be written, not even to an own account."""
    replay: Mapping[str, Outcome] = field(default_factory=dict)
    """Outcomes of an interrupted run by probe, used instead of asking again."""
    why: dict[str, str] = field(default_factory=dict)
    """Door → why it could not be asked."""
    notes: list[str] = field(default_factory=list)
    distrust: list[str] = field(default_factory=list)
    """Why what was learnt is not to be trusted."""

    def __post_init__(self) -> None:
        self._world = ""
        self._asked: set[str] = set()
        self._probes: dict[str, tuple[Gate, str | None, str | None]] = {}
        self._answered: dict[str, set[str | None]] = {}
        self._seen: dict[tuple[str, str], dict[str | None, set[tuple[str, str]]]] = {}
        """(door, whose parameters) → viewer → (owner, resource) pairs in the answer; this world."""
        self._pages: dict[tuple[str, str], set[tuple[str, str]]] = {}
        """(door, whose parameters) → (owner, resource) pairs that its owner was shown, ever."""
        self._ignoring: set[str] = set()
        self._numbers = count(1)

    # ------------------------------------------------------------ the run

    def explore(self, exchanges: Iterable[tuple[str, str, Exchange]]) -> None:
        """Everything: what is known already, one sweep, item by item, confirmed, in each world.

        `exchanges`: (operation, identity, exchange) of logins and who-am-I calls already made.
        """
        self.introduce(exchanges)
        self._round()
        if self.switches is not None:
            self._switch_worlds(self.switches)
        self._still_served()
        self._explain()

    def _still_served(self) -> None:
        """Ask once more what an owner was shown before: a target that has begun to refuse us made
        everything after that look closed."""
        for who in self.cast.subjects()[:2]:
            good = next(
                (
                    (gate, target)
                    for gate, viewer, target in self._probes.values()
                    if viewer == who and target in (who, None) and not gate.batch
                    and any((gate.operation.id, who, r) in self.matrix.own for r in gate.shows)
                ),
                None,
            )  # fmt: skip
            if good is None:
                continue
            gate, target = good
            outcome = self._put(gate, who, target, "last")
            if outcome is not None and not any(owner == who for owner, _ in outcome.sighted):
                self.distrust.append(
                    f"{gate.door.method} {gate.door.path} no longer shows {who} what it showed"
                    " before: the target has begun to refuse, so what looks closed may not be"
                )

    def introduce(self, exchanges: Iterable[tuple[str, str, Exchange]]) -> None:
        """Take in who everybody is, and ask for their settings: all else depends on both."""
        for operation, identity, exchange in exchanges:
            if identity in self.cast.ids:
                self._take_in(operation, identity, exchange)
        self.learn_states()

    def _round(self) -> None:
        """All questions that still decide something in the world as it is."""
        self._sweep()
        if self._learn_ids():
            self._sweep()
        for _ in range(3):  # ids found in one answer open the next door
            asked = len(self._asked)
            for who in self.cast.subjects():
                self._items(who)
            if len(self._asked) == asked:
                break
        self._batches()
        self._sweep()  # doors whose ids were first seen on the way
        self.matrix.settle()
        self._close_lists()
        self._confirm()

    def _take_in(self, operation: str, identity: str, exchange: Exchange) -> None:
        gate = self.matrix.gates.get(operation)
        each = self.model.operations.get(operation)
        if each is None:
            return
        gate = gate or Gate(each, self.matrix.door(operation), {}, {}, {})
        headers = self.credentials(identity)
        plain = Filled(exchange.request, {}, frozenset(), each.path)
        question = Question(
            f"{operation}|{identity}|given", operation, identity, frozenset({identity}),
            {}, frozenset(), curl(plain, headers),
        )  # fmt: skip
        self._answered.setdefault(operation, set()).add(identity)
        outcome = self.lookout.look(gate, question, exchange.response)
        if operation in self.matrix.gates:
            self._asked.add(self._key(gate, identity, None))
            self._seen.setdefault((operation, ""), {})[identity] = set(outcome.sighted)
        self._note(gate, outcome)

    # ------------------------------------------------------------ which questions

    def learn_states(self) -> None:
        """Ask each identity for the settings of its own account: every cell depends on them."""
        self.emit(Event("phase", {"name": "reading the identities' own settings"}))
        for name, resource in self.model.policy.resources.items():
            members = {s.member for s in resource.states.values() if s.member}
            doors = [g for g in self.gates if members & set(g.shows.get(name, ())) and not g.batch]
            doors.sort(key=lambda g: (g.operation.id != resource.main, len(g.sources)))
            for who in self.cast.names() if members else ():
                for gate in doors:
                    wanted = {(who, f"{name}.{state}") for state in resource.states}
                    if wanted <= self.cast.states.keys():
                        break
                    if gate.sources or not gate.operation.anonymous:
                        self._put(gate, who, who if gate.sources else None)

    def _sweep(self) -> None:
        """Doors without a person in their parameters: one question per kind of viewer."""
        self.emit(Event("phase", {"name": "sweeping the doors that need no id"}))
        names, first = self.cast.subjects(), self.cast.subjects()[:2]
        for gate in self.gates:
            if gate.personal or gate.batch:
                continue
            if not gate.shows:
                for viewer in (*first, None):
                    if self._decides(gate, viewer, ()):
                        self._put(gate, viewer, None)
                continue
            for viewer in (*names, None):  # owners first: they are what others are compared to
                concerned = viewer is not None and any(
                    self._decides(gate, v, (viewer,)) for v in (*names, None)
                )
                if concerned or self._decides(gate, viewer, (*names, NOBODY)):
                    self._put(gate, viewer, None)
                    if gate.sources and self.matrix.doubts(gate.operation.id, viewer):
                        self._put(gate, viewer, None, turn=1)  # another object may tell
            if gate.operation.id in self._answered:
                self._give_up(gate, names)

    def _learn_ids(self) -> bool:
        """Take the owner id of each identity's own list for theirs.

        Asked for a list without naming anybody, two identities each get objects of one single
        owner, and not of the same one: then each was given their own. Nothing else is read so: a
        list with several owners says nothing of who asks.
        """
        learnt = False
        for (door, _), answers in self.matrix.outsiders.items():
            own = {
                viewer: next(iter(ids))
                for viewer, ids in answers.items()
                if viewer is not None and len(ids) == 1
            }
            alone = len(own) == len(answers) and len(set(own.values())) == len(own)
            if self.matrix.gates[door].personal or len(own) < 2 or not alone:
                continue
            for name, id in own.items():
                self.cast.learn(name, id)
                learnt = True
        if learnt:  # what came before is to be looked at again with these eyes
            self._asked = {key for key in self._asked if key.split("|")[0] not in self._outside()}
            self.matrix.hopeless.clear()
            self.matrix.outsiders.clear()
        return learnt

    def _outside(self) -> set[str]:
        return {door for door, _ in self.matrix.outsiders}

    def _items(self, who: str) -> None:
        """Doors to one owner's objects: the owner first, then everybody else who matters."""
        viewers = [v for v in (None, *self.cast.names()) if v != who]
        for gate in self.gates:
            if not gate.personal or gate.batch or gate.operation.id in self._ignoring:
                continue
            if not any(self._page_decides(gate, viewer, who) for viewer in (who, *viewers)):
                continue
            self.emit(Event("phase", {"name": f"{gate.door.method} {gate.door.path} of {who}"}))
            if self._put(gate, who, who) is None:
                continue
            self._absent_control(gate, who)
            if gate.operation.id in self._ignoring:
                continue  # it answers about its caller: nothing that `who` shows could come
            for viewer in viewers:
                if self._page_decides(gate, viewer, who):
                    self._put(gate, viewer, who)

    def _page_decides(self, gate: Gate, viewer: str | None, who: str) -> bool:
        """Whether an answer about `who` can decide anything, of theirs or of others on it."""
        door = gate.operation.id
        page = self._pages.get((door, who))
        if page is None:
            return self._decides(gate, viewer, (who,))
        return any(
            next(self.matrix.undecided(door, viewer, owner, resource), None) is not None
            for owner, resource in page
        )

    def _batches(self) -> None:
        """Doors that take many ids at once: one question per viewer decides for all owners."""
        names = self.cast.names()
        for gate in self.gates:
            if not gate.batch:
                continue
            viewers = (*self.cast.subjects(), None)
            for owner in self.cast.subjects():  # their own view first: it is what others compare to
                if any(self._decides(gate, viewer, (owner,)) for viewer in viewers):
                    self._put(gate, owner, None)
            self._give_up(gate, names)
            for viewer in viewers:
                if self._decides(gate, viewer, names):
                    self._put(gate, viewer, None)

    def _give_up(self, gate: Gate, owners: Iterable[str]) -> None:
        """What a door does not show to an owner who asked for it, it cannot tell about them."""
        door = gate.operation.id
        for resource in gate.shows:
            nobodys = self.model.policy.resources[resource].owner.kind == "none"
            for owner in (NOBODY,) if nobodys else owners:
                asked = nobodys or owner in self._answered.get(door, ())
                shown = self.matrix.own.get((door, owner, resource))
                if asked and not shown and (door, owner, resource, "") not in self.matrix.witnessed:
                    self.matrix.hopeless.add((door, owner, resource))

    def _decides(self, gate: Gate, viewer: str | None, owners: Iterable[str]) -> bool:
        door = gate.operation.id
        if not gate.shows:  # nothing declared: worth one look for values out of place
            return not self._answered.get(door) or (
                len(self._answered[door]) < 3 and viewer not in self._answered[door]
            )
        return any(
            next(self.matrix.undecided(door, viewer, owner), None) is not None for owner in owners
        )

    def _absent_control(self, gate: Gate, who: str) -> None:
        """The same question for an id that is nobody's: a door that answers alike ignores ids."""
        key = f"{gate.operation.id}|absent"
        named = set(gate.sources) & {p.name for p in gate.operation.parameters if p.where == "path"}
        if key in self._asked or not named:
            return
        self._asked.add(key)
        real = fill(gate, self.target, self.knowledge, who)
        other = fill(gate, self.target, self.knowledge, who, absent=True)
        if real is None or other is None or real.params == other.params:
            return
        answer = self._send(gate, who, other)
        question = self._question(gate, who, frozenset(), other, key)
        outcome = self.lookout.look(gate, question, answer)
        if any(owner == who for owner, _ in outcome.sighted):
            self._ignoring.add(gate.operation.id)
            self.notes.append(
                f"{gate.door.method} {gate.door.path} answers the same for an id that does not"
                " exist: it ignores its parameter, so only the caller's own view was judged"
            )

    # ------------------------------------------------------------ asking

    def _key(self, gate: Gate, viewer: str | None, who: str | None, round: str = "") -> str:
        return f"{gate.operation.id}|{viewer or ''}|{who or ''}|{self._world}|{round}"

    def _put(
        self, gate: Gate, viewer: str | None, who: str | None, round: str = "", turn: int = 0
    ) -> Outcome | None:
        """Ask once; None when a parameter has no value yet. Asked before: nothing is sent."""
        key = self._key(gate, viewer, who, round or (f"value {turn}" if turn else ""))
        filled = fill(gate, self.target, self.knowledge, who, turn=turn)
        if filled is None:
            return None
        if key in self._asked:
            return Outcome(key, 0)
        self._asked.add(key)
        self._probes[key] = (gate, viewer, who)
        targets = frozenset({who}) if who else frozenset()
        if gate.batch:
            targets = frozenset(self.cast.names())
        known = self.replay.get(key) if who and viewer != who else None
        if known is None:
            answer = self._send(gate, viewer, filled)
            question = self._question(gate, viewer, targets, filled, key)
            known = self.lookout.look(gate, question, answer)
        self._answered.setdefault(gate.operation.id, set()).add(viewer)
        place = (gate.operation.id, who or "")
        if known.whole:
            self._seen.setdefault(place, {})[viewer] = set(known.sighted)
        if viewer == who:
            self._pages.setdefault((gate.operation.id, who or ""), set()).update(known.sighted)
        self._note(gate, known)
        return known

    def _send(self, gate: Gate, viewer: str | None, filled: Filled) -> Response:
        self.emit(
            Event(
                "ask",
                {
                    "number": next(self._numbers),
                    "as": viewer or "",
                    "method": gate.door.method,
                    "path": gate.door.path,
                    "request": f"{gate.door.method} {filled.symbolic}",
                },
            )
        )
        return self.ask(viewer, filled.request)

    def _question(
        self, gate: Gate, viewer: str | None, targets: frozenset[str], filled: Filled, key: str
    ) -> Question:
        line = curl(filled, self.credentials(viewer))
        return Question(key, gate.operation.id, viewer, targets, filled.params, filled.sent, line)

    def _note(self, gate: Gate, outcome: Outcome) -> None:
        self.matrix.apply(gate.operation.id, outcome)
        self.emit(Event("outcome", {"door": gate.operation.id, "outcome": outcome}))

    # ------------------------------------------------------------ conclusions

    def _close_lists(self) -> None:
        """What an answer showed to one viewer, and to another came without, or without a field.

        Done when all is asked: only then is it known what owners are shown of themselves.
        """
        for (door, _), answers in self._seen.items():
            shown = set().union(*answers.values())
            picks = not self.matrix.gates[door].personal
            for viewer, sighted in answers.items():
                if picks:
                    present = {owner for owner, _ in sighted}
                    left_out = {NOBODY, *self.cast.names()} - present
                    self.matrix.passed_over |= {(door, viewer, owner) for owner in left_out}
                for owner, resource in sorted(shown):
                    if owner != viewer:
                        self._close(self.matrix.gates[door], viewer, owner, resource)

    def _close(self, gate: Gate, viewer: str | None, owner: str, resource: str) -> None:
        door = gate.operation.id
        closed = tuple(
            Observation(key, False, Result.CLOSED, viewer, owner)
            for key in self.matrix.undecided(door, viewer, owner, resource)
            if self._is_shut(key, owner)
        )
        if closed:
            self._note(gate, Outcome(f"{door}|{viewer or ''}|{owner}|list", 0, closed))

    def _is_shut(self, key: Key, owner: str) -> bool:
        """Whether the absence of a denied field says something.

        It does when its owner was shown it somewhere, or when nobody is to see it at all.
        """
        if self.matrix.entries[key].granted or self.matrix.is_doubtful(key):
            return False
        known = (owner, key.resource, key.field) in self.knowledge.present
        return known or granted_to_nobody(self.model.tables[key.resource], key.field)

    def _confirm(self) -> None:
        """Ask again, owner first, with the fewest questions that repeat every finding."""
        open_findings: dict[object, set[str]] = {}
        for key, entry in self.matrix.leaks():
            if key.finding not in self.matrix.confirmed:
                here = {p for p in entry.probes if p in self._probes and f"|{self._world}|" in p}
                open_findings.setdefault(key.finding, set()).update(here)
        open_findings = {name: probes for name, probes in open_findings.items() if probes}
        if open_findings:
            self.emit(Event("phase", {"name": f"confirming {len(open_findings)} findings"}))
        while open_findings:
            weight = Counter(probe for probes in open_findings.values() for probe in probes)
            best = max(sorted(weight), key=lambda probe: weight[probe])
            gate, viewer, who = self._probes[best]
            if who is not None and viewer != who:
                self._put(gate, who, who, "again")
            self._put(gate, viewer, who, "again")
            open_findings = {name: p for name, p in open_findings.items() if best not in p}

    # ------------------------------------------------------------ worlds

    def _switch_worlds(self, switches: Switches) -> None:
        """Put own accounts into the states that undecided cells speak of, one after another."""
        seen: dict[str, list[dict[str, Json]]] = {
            who: [self._account(who)] for who in self.cast.names()
        }
        for number in range(1, _MOST_WORLDS + 1):
            best = self._best_world(switches, seen)
            if best is None:
                break
            who, wanted = best
            seen[who].append({**self._account(who), **dict(wanted)})
            said = ", ".join(f"{path}={value}" for path, value in wanted)
            self.emit(Event("phase", {"name": f"{who} sets {said}"}))
            changes = [(p, v) for p, v in wanted if self.cast.states.get((who, p)) != v]
            if all(switches.flip(who, path, value) for path, value in changes):
                self._world = f"world {number}"
                self._answered.clear()
                self._seen.clear()
                self.lookout.forget(who)
                self._round()
            else:
                self.notes.append(f"{switches.why}: {said} of {who}")

    def _account(self, who: str) -> dict[str, Json]:
        return {path: value for (name, path), value in self.cast.states.items() if name == who}

    def _best_world(
        self, switches: Switches, seen: Mapping[str, list[dict[str, Json]]]
    ) -> World | None:
        """The (identity, settings) whose world decides the most undecided cells.

        Settings that no cell mentions together are set together: a world costs as much whatever
        it decides.
        """
        wanted: dict[str, dict[Settings, int]] = {}
        reach = self._reach()
        for key, entry in self.matrix.entries.items():
            if entry.result is not Result.NOT_SHOWN or not key.state:
                continue
            settings = self._settings(switches, key)
            for who in reach.get((key.resource, key.viewer), ()) if settings else ():
                if self.matrix.shows(key, who) and self.matrix.is_decidable(key, entry, who):
                    counts = wanted.setdefault(who, {})
                    counts[settings] = counts.get(settings, 0) + 1
        best: tuple[int, World] | None = None
        for who, counts in wanted.items():
            new = {
                s: n for s, n in counts.items() if not any(_holds(each, s) for each in seen[who])
            }
            gain, settings = _combined(new)
            if settings and (best is None or gain > best[0]):
                best = (gain, (who, settings))
        return best[1] if best else None

    def _settings(self, switches: Switches, key: Key) -> Settings:
        """Settings that make a cell's state; empty when one of them has no switch."""
        found: list[tuple[str, Json]] = []
        for name, text in key.state:
            path = switches.base(key.resource, name)
            resource, _, base = path.partition(".")
            values = self.model.policy.resources[resource].states[base].values
            value = next((v for v in values if canonical(v) == text), None)
            if value is None or switches.switch(path) is None:
                return ()
            found.append((path, value))
        return tuple(sorted(found, key=repr))

    def _reach(self) -> dict[tuple[str, str], list[str]]:
        """(resource, viewer label) → owners to whom somebody stands so."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, resource in self.model.policy.resources.items():
            for owner in self.cast.subjects() if resource.owner.kind != "none" else [NOBODY]:
                for viewer in (None, *self.cast.names()):
                    held = self.cast.relations(viewer, owner)
                    label = self.cast.label(held, viewer, owner)
                    owners = found.setdefault((name, label), [])
                    if owner not in owners:
                        owners.append(owner)
        return found

    def reach(self) -> dict[tuple[str, str], bool]:
        """(resource, viewer label) → whether any pair of identities stands so."""
        return {key: bool(owners) for key, owners in self._reach().items()}

    def _explain(self) -> None:
        """Say of each door that was never asked what it lacked."""
        for gate in self.gates:
            if gate.operation.id in self._answered or gate.operation.id in self.why:
                continue
            if any(key.startswith(f"{gate.operation.id}|") for key in self._asked):
                continue
            lacking = [*gate.unfilled, *gate.sources]
            named = f"`{lacking[0]}`" if lacking else "its parameters"
            self.why[gate.operation.id] = (
                f"no value for {named} was seen;"
                f" name its source under `operations: {gate.operation.id}: params:`"
            )


def _holds(account: Mapping[str, Json], settings: Settings) -> bool:
    return all(account.get(path) == value for path, value in settings)


def _combined(counts: Mapping[Settings, int]) -> tuple[int, Settings]:
    """The most wanted settings, joined by the next most wanted that do not contradict them."""
    chosen: dict[str, Json] = {}
    gain = 0
    for settings, number in sorted(counts.items(), key=lambda pair: (-pair[1], repr(pair[0]))):
        if all(chosen.get(path, value) == value for path, value in settings):
            chosen.update(settings)
            gain += number
    return gain, tuple(sorted(chosen.items()))
