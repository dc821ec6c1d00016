"""Decides which request to send next, and when a run has sent enough.

A request is sent for the cells that it can decide, and not sent once they are decided. The
scheduler holds no state of its own: it reads the run's, and sends through the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

from oakum.exchange import Exchange, Response
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.finding_evidence import Question
from oakum.exposure.relation_fields import relations_through_members, shows_setting
from oakum.finding import Result
from oakum.scan.endpoints_within_budget import SHARE
from oakum.scan.engine import Engine, Kind
from oakum.scan.evaluation.absence_evidence import (
    close_lists,
    judge_by_entitled,
    say_why,
    unread,
)
from oakum.scan.evaluation.absent_ids import ask_for_nobodys, look_again
from oakum.scan.evaluation.finding_confirmation import confirm, still_served
from oakum.scan.evaluation.ids_of_own_lists import own_ids
from oakum.scan.limits import LEAST, BudgetSpent, is_spent
from oakum.scan.questions.objects_of_identities_file import ask_for_stated, tell_unasked
from oakum.scan.questions.other_users_objects import ask_for_each
from oakum.scan.questions.owners_of_listed_objects import ask_for_listed
from oakum.scan.questions.tenants_of_identities import (
    ask_in_own_tenants,
    is_below,
    tell_unasked_owners,
)
from oakum.scan.questions.undocumented_request_repetition import ask_other_ways
from oakum.scan.requests.builder import FilledRequest, curl, fill
from oakum.scan.requests.missing_values import endpoints_without_values, has_values
from oakum.scan.settings.next_settings import LAST_LOOK, reach_states
from oakum.scan.technique import Technique, is_silent, learns_ids, ordered
from oakum.scan.undo.setting_change import SettingChange

_FURTHER = (1, 2)
"""Indices of further objects that are requested, for objects of tenants."""
_REFUSALS = (401, 403, 404)
_BELOW = 4
"""Below how many further objects a list is requested while it is empty for everybody."""
_OWN_BELOW = 2
"""Below how many further objects identities look for own ones while they own nothing."""
_PART = 10
"""With a small budget, one of so many requests is kept for confirmations."""
EarlierExchanges = Iterable[tuple[str, str, Exchange]]
"""(operation, identity, exchange) of logins and who-am-I calls already made."""


@dataclass(frozen=True)
class Scheduler:
    """The order of requests in one run. After `explore`, the state contains the results."""

    engine: Engine
    techniques: tuple[Technique, ...] = ()
    """Tests beyond the documented requests, in order."""
    at_start: Callable[[], Iterable[str]] = tuple
    """Called once the identities are known, before the first request; returns notes."""
    at_first: Callable[[], None] = lambda: None
    """Called once after the documented requests, before the first write."""

    def explore(self, exchanges: EarlierExchanges) -> None:
        """The whole run: known facts, lists, single objects, confirmation, changed settings."""
        engine, pace = self.engine, self.engine.context.pace
        try:
            with (
                pace.hold(min(LEAST, pace.requests_left // _PART))
                if pace is not None
                else nullcontext()
            ):
                self._ask_documented(exchanges)
        except BudgetSpent:
            confirm(engine)
            raise
        self.at_first()
        waiting = endpoints_without_values(engine)
        for technique in ordered(self.techniques, learning=bool(waiting)):
            technique.run(engine)
            if learns_ids(technique) and any(has_values(engine, each) for each in waiting):
                self.round()
            if is_silent(technique) or not is_spent(engine.context.pace):
                engine.state.finished.append(technique)
        ask_for_each(engine, 1.0)
        look_again(engine)
        close_lists(engine)
        confirm(engine)
        if engine.context.account_settings is not None:
            reach_states(engine, engine.context.account_settings, self.round)
        still_served(engine)
        engine.evaluator.take_back()
        judge_by_entitled(engine)
        say_why(engine)

    def _ask_documented(self, exchanges: EarlierExchanges) -> None:
        """Known facts, and all requests that the document and the contract suggest."""
        engine = self.engine
        self.introduce(exchanges)
        engine.results.remark(*self.at_start())
        waiting = ask_for_stated(engine, engine.context.owns)
        self.round()
        if waiting:  # other ids in their paths may be known by now
            tell_unasked(engine, left := ask_for_stated(engine, waiting))
            if len(left) < len(waiting):
                self.round()
        self.go_on()
        tell_unasked_owners(engine)
        ask_for_each(engine, 0.5)

    def go_on(self) -> None:
        """Continues with endpoints that were left out, while the budget lasts."""
        state, context = self.engine.state, self.engine.context
        for _ in range(3):
            room = context.pace.requests_left * SHARE if context.pace is not None else 0
            more: list[Probe] = []
            for probe in state.later:
                room -= context.price(probe)
                if room < 0:
                    break
                more.append(probe)
            if not more:
                return
            state.later = state.later[len(more) :]
            for probe in more:
                state.results.gaps.forget(probe.id)
            state.probes += more
            self.round()

    def introduce(self, exchanges: EarlierExchanges, left: Iterable[SettingChange] = ()) -> None:
        """Records who the identities are and reads their settings, on which all else depends.
        `left`: settings that a killed run left changed."""
        engine = self.engine
        for operation, identity, exchange in exchanges:
            if identity in engine.identities.ids:
                self._take_in(operation, identity, exchange)
        known = engine.context.accounts.items()
        accounts = [each for each in known if each[0] in engine.identities.ids]
        for resource in engine.model.policy.resources.values():
            for who, id in accounts:
                if resource.is_account:  # an account resource has one object for each account
                    engine.knowledge.suppose(who, resource.name, resource.key, id)
                elif resource.owner.kind == "field":
                    for member in resource.owner.members:
                        engine.knowledge.accounts_as_owner[who, f"{resource.name}.{member}"] = id
        if engine.context.memberships is not None:
            engine.context.memberships.learn_own()
        self.learn_states()
        for who, name in dict.fromkeys((each.identity, each.state) for each in left):
            for probe in engine.state.probes if who in engine.identities.ids else ():
                if name.partition(".")[0] in probe.shows and probe.operation.method == "GET":
                    engine.put(probe, who, who if probe.personal else None)

    def round(self) -> None:
        """All requests that can still decide a cell in the current state."""
        engine = self.engine
        self.sweep()
        ask_for_listed(engine)
        if self.learn_ids() | self.learn_owners():
            self.sweep()
        for _ in range(3):  # ids from one response make the next endpoint callable
            asked = len(engine.requests.asked)
            for who in engine.identities.subjects():
                self._items(who)
            if len(engine.requests.asked) == asked:
                break
        self._batches()
        for _ in range(3):  # ids found in one round allow further requests in the next
            asked = len(engine.requests.asked)
            self.sweep()
            if len(engine.requests.asked) == asked:
                break
            for who in engine.identities.subjects():
                self._items(who)
            self._batches()
        ask_other_ways(engine)
        engine.matrix.settle()
        close_lists(engine)
        judge_by_entitled(engine)
        confirm(engine)

    def _take_in(self, operation: str, identity: str, exchange: Exchange) -> None:
        engine, state, matrix = self.engine, self.engine.state, self.engine.matrix
        each = engine.model.operations.get(operation)
        if each is None:
            return
        bare = Probe(each, matrix.endpoint(operation), {}, {}, {})
        probe = matrix.probes.get(operation, bare)
        plain = FilledRequest(exchange.request, {}, frozenset(), each.path)
        question = Question(
            engine.key(probe, identity, None, "given"), operation, identity, frozenset({identity}),
            {}, frozenset(), curl(plain, engine.context.credentials(identity)),
        )  # fmt: skip
        state.responses.answered.setdefault(operation, set()).add(identity)
        state.requests.called.setdefault(operation, set())
        seen = engine.ask_members(engine.evaluator.judge(probe, question, exchange.response))
        outcome = engine.evaluator.look(seen)
        if operation in matrix.probes:
            state.requests.asked.add(engine.key(probe, identity, None))
            if each.method == "GET":  # `confirm` repeats who-am-I, but logs nobody in again
                state.requests.begin(question.request_key, probe, identity, None, 0)
            state.responses.heads[operation, identity, None] = engine.head(seen)
            state.responses.seen.setdefault((operation, ""), {})[identity] = set(outcome.sighted)
        engine.record(probe, outcome)

    # ------------------------------------------------------------ which questions

    def learn_states(self) -> None:
        """Reads each identity's settings, on which the cells depend."""
        engine, state = self.engine, self.engine.state
        engine.say("reading the identities' own settings")
        # Before the first list: it shows objects of others, whose settings are not read yet.
        self._note_unread()
        every = engine.model.policy.resources
        followed = {s.of.partition(".")[0] for each in every.values() for s in each.states.values()}
        # Settings that other objects depend on come first.
        for name, resource in sorted(every.items(), key=lambda each: each[0] not in followed):
            members = {s.member for s in resource.states.values() if s.member}
            ways = [
                g for g in state.probes
                if not g.batch and any(shows_setting(g.shows, name, at) for at in members)
            ]  # fmt: skip
            for who in engine.identities.names() if members else ():
                for probe in sorted(ways, key=partial(_setting_order, resource.main)):
                    wanted = {(who, f"{name}.{each}") for each in resource.states}
                    if wanted <= engine.identities.states.keys():
                        break
                    engine.put(probe, who, who if probe.sources else None)
        self._note_unread()

    def _note_unread(self) -> None:
        engine, seen = self.engine, self.engine.state.responses.seen
        probes = engine.matrix.probes.values()
        engine.identities.unread = unread(engine.model, probes, engine.identities, seen)

    def sweep(self) -> None:
        """Requests endpoints without personal parameters once for each kind of viewer."""
        engine, state = self.engine, self.engine.state
        engine.say("requesting the endpoints that need no id")
        names, first = engine.identities.subjects(), engine.identities.subjects()[:2]
        for probe in state.probes:
            if probe.personal or probe.batch:
                continue
            if not probe.shows:
                # It shows no objects, so a changed setting makes no difference.
                for viewer in (*first, None) if not state.world else ():
                    if self.decides(probe, viewer, ()):
                        engine.put(probe, viewer, None)
                continue
            # Owners first: other callers are compared with them.
            for viewer in self._readers(probe, names):
                concerned = viewer is not None and any(
                    self.decides(probe, v, (viewer,)) for v in (*names, None)
                )
                if (
                    concerned
                    or self.decides(probe, viewer, (*names, NOBODY))
                    or (not state.world and self._may_be_more(probe, viewer))
                    or (not state.world and viewer is not None and self._lists_tenants(probe))
                ):
                    engine.put(probe, viewer, None)
                    if probe.sources and engine.matrix.doubts(probe.id, viewer):
                        engine.put(probe, viewer, None, turn=1)  # another object may decide it
            self._look_below(probe, names)
            further = probe.sources and self._naming_relations(probe) and not state.world
            for turn in _FURTHER if further else ():
                for (
                    viewer
                ) in names:  # another tenant's object gives the same identity other relations
                    if self._may_be_more(probe, viewer):
                        engine.put(probe, viewer, None, turn=turn)
            if not state.world:
                ask_in_own_tenants(engine, probe)
            if probe.id in state.responses.answered:
                self._give_up(probe, names)

    def _look_below(self, probe: Probe, names: Sequence[str]) -> None:
        """Below ownerless objects, requests further ones while nobody is shown anything, since the
        first may have nothing below it."""
        engine = self.engine
        for turn in range(1, _BELOW + 1) if probe.sources and not engine.state.world else ():
            if any((probe.id, name) in engine.matrix.carried for name in probe.shows):
                return self._look_for_own(probe, names)
            for viewer in self._readers(probe, names):
                engine.put(probe, viewer, None, turn=turn)
        return None

    def _look_for_own(self, probe: Probe, names: Sequence[str]) -> None:
        """Below further ownerless objects, such as other forums, looks for objects of identities
        that own none of the resource so far; if there are any, everybody requests them."""
        engine, resources = self.engine, self.engine.model.policy.resources
        kinds = {n for n in probe.shows if resources[n].owner.kind == "field" and resources[n].key}
        kinds = {n for n in kinds if not resources[n].is_account}
        for turn in range(1, _OWN_BELOW + 1) if kinds else ():
            own = {(who, name) for _, who, name in engine.matrix.own}
            lacking = [who for who in names if not any((who, name) in own for name in kinds)]
            for who in lacking:
                engine.put(probe, who, None, turn=turn)
            found = {(who, name) for _, who, name in engine.matrix.own} - own
            for viewer in (*names, None) if found else ():
                engine.put(probe, viewer, None, turn=turn)

    def learn_owners(self) -> bool:
        """Whether objects that were shown without an owner, or before their parent was, turn out to
        have one; those who received them request them again."""
        engine, state = self.engine, self.engine.state
        resources = engine.model.policy.resources
        known = {
            (name, key)
            for name, resource in resources.items()
            for who in engine.identities.names()
            for key in engine.knowledge.own.get((who, name, resource.key), ())
        }
        again = set[tuple[str, str | None]]()
        nameless, orphans = engine.evaluator.nameless, engine.evaluator.orphans
        for (endpoint, viewer), found in (*nameless.items(), *orphans.items()):
            for name, keys in found.items():
                owner = resources[name].owner
                whose = owner.members[0] if owner.kind == "resource" else name
                if any((whose, key) in known for key in keys):
                    engine.matrix.unclear.discard((endpoint, viewer or "", "", name))
                    again.add((endpoint, viewer))
        asked_again = {endpoint for endpoint, _ in again}
        engine.matrix.hopeless -= {e for e in engine.matrix.hopeless if e[0] in asked_again}
        for place in again:
            nameless.pop(place, None)
            orphans.pop(place, None)
        state.requests.asked = {
            key
            for key in state.requests.asked
            if (key.split("|")[0], key.split("|")[1] or None) not in again
        }
        return bool(again)

    def _readers(self, probe: Probe, names: Sequence[str]) -> list[str | None]:
        """Who requests the endpoint: for ownerless objects one viewer of each kind, unless only the
        object shows which relation a viewer has to it."""
        engine = self.engine
        owners = [engine.model.policy.resources[name].owner.kind for name in probe.shows]
        if any(kind != "none" for kind in owners) or self._naming_relations(probe):
            return [*names, None]
        if self._lists_tenants(probe):
            return [*names, None]
        kinds: dict[Kind, str | None] = {}
        for viewer in (*names, None):
            kinds.setdefault(engine.kind(viewer, NOBODY), viewer)
        return [*kinds.values()]

    def _naming_relations(self, probe: Probe) -> list[tuple[str, str]]:
        """(resource, relation) of objects without an owner that name the callers who have it, or
        their tenant."""
        model = self.engine.model
        named = relations_through_members(model)
        return [
            (name, each)
            for name in probe.shows
            if model.policy.resources[name].owner.kind == "none"
            for each in model.tables[name].relations
            if each in named
        ]

    def _lists_tenants(self, probe: Probe) -> bool:
        """Whether a list shows each caller the tenants that the path to others' objects names."""
        return not probe.sources and any(
            source.partition(".")[0] in probe.shows
            and (self._naming_relations(other) or is_below(self.engine.model, other, source))
            for other in self.engine.state.probes
            for source in other.sources.values()
        )

    def _may_be_more(self, probe: Probe, viewer: str | None) -> bool:
        """Whether an ownerless object may give the viewer a relation whose cells no response has
        decided."""
        for name, relation in self._naming_relations(probe) if viewer is not None else ():
            found = self.engine.matrix.candidates(probe, name, relation, NOBODY)
            results = [entry.result for _, entry in found]
            if not results or Result.UNTESTED in results:
                return True
        return False

    def learn_ids(self) -> bool:
        """Learns each identity's owner id from its own list."""
        engine, state = self.engine, self.engine.state
        learnt = list(own_ids(engine.matrix))
        for name, id in learnt:
            engine.identities.learn(name, id)
        if learnt:  # earlier responses must be judged again with the new ids
            outside = {endpoint for endpoint, _ in engine.matrix.outsiders}
            state.requests.asked = {
                key for key in state.requests.asked if key.split("|")[0] not in outside
            }
            engine.matrix.hopeless.clear()
            engine.matrix.outsiders.clear()
        return bool(learnt)

    def _items(self, who: str) -> None:
        """Endpoints to one owner's objects: the owner first, then everybody else who matters."""
        engine, state = self.engine, self.engine.state
        viewers = [v for v in (None, *engine.identities.names()) if v != who]
        main = {each.main for each in engine.model.policy.resources.values()}
        # What an owner is shown of the object itself tells what others' texts add to it.
        for probe in sorted(state.probes, key=lambda each: each.id not in main):
            if not probe.personal or probe.batch or probe.id in state.responses.ignoring:
                continue
            if not any(self._page_decides(probe, viewer, who) for viewer in (who, *viewers)):
                continue
            engine.say(f"{probe.endpoint.method} {probe.endpoint.path} of {who}")
            for turn in engine.evaluator.turns(probe, who):
                own = engine.put(probe, who, who, turn=turn)
                if own is None:
                    break
                refused = own.status in _REFUSALS
                self._as_entitled(probe, who, turn, refused=refused)
                if refused and not turn and not state.responses.has_page(probe, who):
                    self._as_each_kind(probe, who)
                ask_for_nobodys(engine, probe, who)
                if probe.id in state.responses.ignoring:
                    break  # it ignores the id and shows the caller's own data
                deciding = [v for v in viewers if self._page_decides(probe, v, who)]
                concerned = self._changed_owner(probe, who) if deciding else ""
                if concerned in viewers:  # others on the page are compared with them
                    engine.put(probe, concerned, who, turn=turn)
                if not turn:
                    self._fetch(probe, deciding, who)
                for viewer in deciding:
                    if self._page_decides(probe, viewer, who):
                        engine.put(probe, viewer, who, turn=turn)

    def _changed_owner(self, probe: Probe, who: str) -> str:
        """The owner whose settings were changed, if their data is on a page of `who`; empty if
        none."""
        state = self.engine.state
        page = state.responses.pages.get((probe.id, who), ())
        shown = state.world and any(owner == state.changed for owner, _ in page)
        return state.changed if shown else ""

    def _as_entitled(self, probe: Probe, who: str, turn: int, *, refused: bool) -> None:
        """Requests an owner's object as one of each kind of viewer to whom the contract shows it,
        if the contract shows the owner nothing or the API refused them (`refused`): others can be
        compared with these viewers."""
        engine, state = self.engine, self.engine.state
        owned = [
            (name, fields)
            for name, fields in probe.shows.items()
            if engine.model.policy.resources[name].owner.kind != "none"
        ]

        def sees(viewer: str) -> bool:
            kin = engine.knowledge.kin.items()
            return any(
                engine.matrix.is_granted(probe.id, name, path, held, True, state_of)
                for name, fields in owned
                for state_of in [engine.matrix.state(name, who)]
                for held in [
                    engine.identities.relations(viewer, who).union(
                        *(each.get(viewer, ()) for at, each in kin if at[:2] == (who, name))
                    )
                ]
                for path in fields
            )

        if state.responses.has_page(probe, who) or (sees(who) and not refused):
            return
        for viewer in engine.watchers(who):
            if viewer is not None and sees(viewer):
                outcome = engine.put(probe, viewer, who, turn=turn)
                shown = outcome.sighted if outcome else ()
                state.responses.pages.setdefault((probe.id, who), set()).update(shown)

    def _as_each_kind(self, probe: Probe, who: str) -> None:
        """Requests objects that their owner is refused, as at an endpoint for administrators, as
        one of each kind of viewer: objects that name their owner need no comparison. Stops after
        two owners."""
        engine, state = self.engine, self.engine.state
        owners = [engine.model.policy.resources[name].owner.kind for name in probe.shows]
        if who not in engine.identities.subjects()[:2] or "field" not in owners:
            return
        for viewer in engine.watchers(who):
            outcome = engine.put(probe, viewer, who)
            shown = outcome.sighted if outcome else ()
            state.responses.pages.setdefault((probe.id, who), set()).update(shown)

    def _fetch(self, probe: Probe, viewers: list[str | None], who: str) -> None:
        """Sends a request as one of each kind of viewer concurrently; `put` then evaluates the
        responses."""
        engine, state, context = self.engine, self.engine.state, self.engine.context
        kinds: dict[Kind, str | None] = {}
        for viewer in viewers if context.together is not None else ():
            kinds.setdefault(engine.kind(viewer, who), viewer)
        jobs: dict[str, Callable[[], Response]] = {}
        filled = fill(probe, engine.target, engine.knowledge, who) if kinds else None
        if filled is None or filled.bare or (context.pace and context.pace.spares(filled.request)):
            return
        for viewer in kinds.values():
            key = engine.key(probe, viewer, who)
            if key not in state.requests.asked and key not in context.replay:
                engine.announce(probe, viewer, filled)
                jobs[key] = partial(context.ask, viewer, filled.request)
        if context.together is not None and jobs:
            answers = context.together([*jobs.values()])
            state.requests.early |= {
                k: a for k, a in zip(jobs, answers, strict=True) if a is not None
            }

    def _page_decides(self, probe: Probe, viewer: str | None, who: str) -> bool:
        """Whether a response about `who` can decide a cell, of this owner or of others on
        the page."""
        engine, state = self.engine, self.engine.state
        page = state.responses.pages.get((probe.id, who))
        if not probe.shows:  # without a declared shape, others are compared with the owner by value
            asked = who in engine.identities.subjects()[:2] and state.changed in ("", who)
            return asked and viewer in (who, *engine.watchers(who))
        if page is None:
            return self.decides(probe, viewer, (who,))
        return any(self._is_open(probe.id, viewer, *each) for each in page)

    def _batches(self) -> None:
        """Endpoints that take many ids at once: one question per viewer decides for all owners."""
        engine, state = self.engine, self.engine.state
        names = engine.identities.names()
        for probe in [each for each in state.probes if each.batch]:
            viewers = (*engine.identities.subjects(), None)
            # The owner's own view first: others are compared with it.
            for owner in engine.identities.subjects():
                if any(self.decides(probe, viewer, (owner,)) for viewer in viewers):
                    engine.put(probe, owner, None)
            if probe.id in state.responses.answered and not self._has_own(probe):
                self._part(probe)
                continue
            self._give_up(probe, names)
            for viewer in viewers:
                if self.decides(probe, viewer, names):
                    engine.put(probe, viewer, None)

    def _has_own(self, probe: Probe) -> bool:
        return any(endpoint == probe.id for endpoint, _, _ in self.engine.matrix.own)

    def _part(self, probe: Probe) -> None:
        """Requests a batch endpoint with one owner's ids at a time, for an API that shows nothing
        to callers who add another's."""
        state, matrix = self.engine.state, self.engine.matrix
        parted = replace(probe, batch=False, personal=frozenset(probe.sources))
        state.probes[state.probes.index(probe)] = matrix.probes[probe.id] = parted
        for who in self.engine.identities.subjects():
            self._items(who)

    def _give_up(self, probe: Probe, owners: Iterable[str]) -> None:
        """Records that an endpoint decides nothing about owners to whom it shows nothing."""
        engine, state = self.engine, self.engine.state
        endpoint = probe.id
        for resource in probe.shows:
            nobodys = engine.model.policy.resources[resource].owner.kind == "none"
            for owner in (NOBODY,) if nobodys else owners:
                asked = nobodys or owner in state.responses.answered.get(endpoint, ())
                place = (endpoint, owner, resource)
                shown = engine.matrix.own.get(place)
                if asked and not shown and (*place, "") not in engine.matrix.witnessed:
                    engine.matrix.hopeless.add(place)

    def decides(self, probe: Probe, viewer: str | None, owners: Iterable[str]) -> bool:
        """Whether a viewer's response can decide a cell about these owners."""
        state, endpoint = self.engine.state, probe.id
        # nothing is declared: one request is enough to search for misplaced values
        if not probe.shows:
            return not state.responses.answered.get(endpoint) or (
                len(state.responses.answered[endpoint]) < 3
                and viewer not in state.responses.answered[endpoint]
            )
        return any(self._is_open(endpoint, viewer, owner) for owner in owners)

    def _is_open(self, endpoint: str, viewer: str | None, owner: str, resource: str = "") -> bool:
        """Whether a response can decide a cell about an owner. After a change of settings only
        owners whose account was changed count."""
        state, undecided = self.engine.state, self.engine.matrix.undecided_cells
        if state.world not in ("", LAST_LOOK) and owner != state.changed:
            return False
        return next(undecided(endpoint, viewer, owner, resource), None) is not None


def _setting_order(main: str, probe: Probe) -> tuple[bool, bool, int]:
    """Order in which endpoints are asked for a setting: a list that needs no login may leave out
    what its caller hides, and shows it last."""
    public = probe.operation.anonymous and not probe.sources
    return probe.id != main, public, len(probe.sources)
