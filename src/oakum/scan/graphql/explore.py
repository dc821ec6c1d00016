"""Explores one GraphQL endpoint: its schema, whom to ask about, and failing queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from graphql import (
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    is_object_type,
)
from graphql.utilities import strip_ignored_characters

from oakum.errors import few
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe, Query, probe_of
from oakum.exposure.values.knowledge import says_nothing
from oakum.finding import Endpoint
from oakum.http.jwt import base64url_bytes
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Operation
from oakum.scan.engine import Engine
from oakum.scan.graphql.example_queries import known_queries
from oakum.scan.graphql.oracles import look
from oakum.scan.graphql.query_packing import pack
from oakum.scan.graphql.query_plan import SHALLOW, Planner, Style
from oakum.scan.graphql.responses import QueryAnswer, fields_at, parse_answer, reader, shows
from oakum.scan.graphql.selection_sets import FieldPick, PickedQuery, Root, compose, locate, without
from oakum.scan.graphql.type_mapping import Vocabulary
from oakum.scan.graphql.unrequested_fields import say_what_is_left
from oakum.scan.requests.builder import FilledRequest, fill

_REQUEST = ("query", "variables", "operationName", "extensions")
"""Names of a request's parts (GraphQL over HTTP, 2024)."""
_MOST_GROUPS = 6
_MOST_FIELDS = 600
"""How many fields all queries may select together; one query half as many."""
_FEW_OWNERS, _MOST_OWNERS = 3, 5
_MOST_VALUES = 3
"""How many keys of ownerless objects one query uses."""
_MOST_SPLITS = 3
_MOST_WITHOUT_LOGIN = 20
"""How many root fields are requested without a login after a query was refused."""
_IN_ADDRESSES = Style(fields=40)
"""Smaller queries for GET, since URLs of some thousand characters are cut."""
_ROUNDS = 3
_SELF = word_set("authenticated current me my myself self viewer whoami")
_INNER = re.compile(r"(?:gid://)?[A-Za-z][\w/.-]*[:/|](?P<id>[^:/|\s]{1,64})")
"""Type and id within a global id (Relay, and variants with other separators)."""


@dataclass(frozen=True)
class _QuestionResult:
    """The result of one query."""

    heard: QueryAnswer
    sighted: frozenset[tuple[str, str]]
    """(owner, resource) of the objects in a response; an empty owner means none."""

    @property
    def owners(self) -> frozenset[str]:
        return frozenset(owner for owner, _ in self.sighted)


@dataclass
class Explorer:
    """Explores one GraphQL endpoint."""

    engine: Engine
    operation: Operation
    how: str
    _aliases: bool = True
    """Whether one query may request a field several times under aliases."""
    _anonymous: bool = True
    """Whether the endpoint answers callers without a login."""
    _without_login: set[str] = field(default_factory=set)
    """Queries that were sent without a login."""
    _shallow: bool = False
    _unknown: set[tuple[str, str]] = field(default_factory=set)
    """(type, field) that the schema has but the server rejects."""
    _small: dict[str, Root] = field(default_factory=dict)
    """Root fields in a form for servers that limit the size of queries."""
    _answered: bool = False
    _closed: bool = False
    """Whether no response could be read, so that nothing more is sent."""
    _probes: dict[object, Probe] = field(default_factory=dict)
    """(text of a query, its sources) → its probe."""
    _alive: list[tuple[PickedQuery, tuple[FieldPick, ...]]] = field(default_factory=list)
    """Queries that showed somebody an object."""
    _seen: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Root field → (owner, resource) of objects that it showed to others: a field that shows each
    caller their own objects may show another's if an argument names the owner."""
    _taken: list[tuple[Probe, PickedQuery, str | None, FilledRequest, Response]] = field(
        default_factory=list
    )
    """Responses to queries without ids, judged again once ids are learnt. In memory only."""

    def __post_init__(self) -> None:
        engine, operation = self.engine, self.operation
        plain = replace(
            operation,
            parameters=tuple(
                each
                for each in operation.parameters
                if not (each.where == "query" and each.name in _REQUEST)
            ),
        )
        probe = probe_of(engine.model, plain, engine.context.params.get(operation.id, {}))
        declared = {each.name for each in plain.parameters}
        sources = {name: each for name, each in probe.sources.items() if name in declared}
        self._base = replace(
            probe, sources=sources, personal=probe.personal & sources.keys(), batch=True, shows={},
            how=self.how, endpoint=Endpoint(operation.method, operation.path, operation.id),
        )  # fmt: skip
        self._rule = engine.model.rule(operation.id)
        self._owned = frozenset(
            name
            for name, each in engine.model.policy.resources.items()
            if each.owner.kind != "none"
        )
        self._names = engine.identities.subjects()
        self._words = Vocabulary(engine.model, None, stated=False)

    @property
    def _endpoint_name(self) -> str:
        return f"{self.operation.method} {self.operation.path}"

    # ---------------------------------------------------------- overall run

    def explore(self) -> None:
        """Runs all queries that can be built."""
        if not self._names:
            return
        graph = self.engine.context.graphs.get(self.engine.model.rule(self.operation.id).graphql)
        schema = graph.schema if graph is not None else self._introspect()
        self._words = Vocabulary(self.engine.model, schema, stated=graph is not None)
        if schema is None:
            if not self._closed:
                self._ask_known()
            return
        self._schema = schema
        self._root = schema.query_type.name if schema.query_type else ""
        self._suppose()
        names = {"data", "errors", "message"} | {
            name
            for type in schema.type_map.values()
            if is_object_type(type)
            for name in type.fields
        }
        self.engine.evaluator.declare(frozenset(names))
        planner = self._build_planner(_IN_ADDRESSES if self.operation.method == "GET" else Style())
        roots = planner.made
        waiting = [root for root in roots if not (root.instead_of or root.varies)]
        for _ in range(_ROUNDS):  # ids from one response fill the next query
            ready = [root for root in waiting if self._asks(root)]
            if not ready or self._closed:
                break
            waiting = [root for root in waiting if root not in ready]
            self._ask_all([root for root in ready if not root.holes()])
            self._learn_ids()
            self._ask_all([root for root in ready if root.holes()])
        self._ask_all([root for root in roots if self._is_needed(root)])
        if not self._closed:
            self._ask_without_login(roots)
            blind = [*waiting, *(root for root in roots if root.varies and not self._asks(root))]
            say_what_is_left(self.engine, self.operation, planner, blind)
            look(self.engine, roots, self._single, anonymous=self._anonymous)
        self._keep_ways()

    def _suppose(self) -> None:
        """For identities known only by facts of the file, assumes that one fact is the id,
        preferably one with digits."""
        engine = self.engine
        for who, ids in engine.identities.ids.items():
            likely = sorted(ids, key=lambda id: (not any(map(str.isdigit, id)), id))
            for name in self._words.accounts if likely else ():
                key = engine.model.policy.resources[name].key
                engine.knowledge.suppose(who, name, key, likely[0])

    def _build_planner(self, style: Style) -> Planner:
        planner = Planner(self._schema, self._words, self._rule.params, style, self._rule.reading)
        share = _MOST_FIELDS // max(sum(not root.varies for root in planner.roots()), 1)
        if share < style.fields:
            style = replace(style, fields=max(share, 30))
            planner = Planner(
                self._schema, self._words, self._rule.params, style, self._rule.reading
            )
            planner.roots()
        return planner

    def _ask_all(self, roots: Sequence[Root]) -> None:
        for group in pack(roots, _MOST_GROUPS, _MOST_FIELDS // 2):
            asks = tuple(ask for root in group for ask in self._asks(root))
            if not asks or self._closed:
                continue
            if self._aliases or len(asks) == 1:
                self._ask_group(asks)
            else:
                for ask in asks:
                    self._ask_group((ask,))

    def _ask_without_login(self, roots: Sequence[Root]) -> None:
        """After a refused query, requests each root field alone without a login, since an endpoint
        may allow those that it considers public."""
        plain = [root for root in roots if not (root.varies or root.instead_of)]
        for root in plain[:_MOST_WITHOUT_LOGIN] if not self._anonymous else ():
            asks = tuple(self._asks(root))
            asks = self._smaller(asks) if self._shallow else asks
            asked = self._compose(asks if self._aliases else asks[:1], root.name) if asks else None
            if asked is not None and asked.text not in self._without_login:
                self._ask(asked, None)
        if not self._anonymous and (left := [root.name for root in plain[_MOST_WITHOUT_LOGIN:]]):
            self.engine.results.remark(
                f"{self._endpoint_name}: asked without a login for the first {_MOST_WITHOUT_LOGIN}"
                f" fields of the root, and not for {few(left, 8)}"
            )

    def _is_needed(self, root: Root) -> bool:
        """Whether a root field with an optional argument is requested: one that only names the
        owner is needed only if the plain list is incomplete."""
        if not root.instead_of:
            return root.varies
        seen = self._seen.get(root.instead_of)
        return seen is not None and any(
            (owner, name) not in seen for owner in self._owners() for name in root.finds
        )

    # ------------------------------------------------------------ the schema

    def _introspect(self) -> GraphQLSchema | None:
        """Sends the introspection query."""
        text = strip_ignored_characters(get_introspection_query())
        said = self._send(PickedQuery("schema", text, ()), self._names[0])
        if said is None:
            return None
        _, answer = said
        told = parse_answer(answer)
        if not told.spoken:
            self._close("does not respond like GraphQL")
            return None
        try:
            return build_client_schema(told.data, assume_valid=True)
        except (TypeError, KeyError, AttributeError, ValueError):
            self.engine.results.remark(
                f"{self._endpoint_name} does not reveal its schema: name its file with `graphql:`"
                f" under `operations: {self._endpoint_name}:`"
            )
            return None

    def _close(self, why: str) -> None:
        self._closed = True
        self.engine.results.note_gap(self._endpoint_name, f"it {why}")

    def _ask_known(self) -> None:
        """The document's own examples, for each owner."""
        for known in known_queries(self.operation, self._words):
            unfilled = tuple(name for name in known.fixed)
            base = replace(self._base, fixed=known.fixed, unfilled=unfilled)
            names = {"data", "errors", "message", *known.asked.fields()}
            self.engine.evaluator.declare(frozenset(names))
            owned = any(s.partition(".")[0] in self._owned for s in known.asked.sources.values())
            for owner in self._owners() if owned else [""]:
                whose = {
                    name: (owner, -1) if source.partition(".")[0] in self._owned else ("", 0)
                    for name, source in known.asked.sources.items()
                }
                name = f"{known.asked.name} of {owner}" if owner else known.asked.name
                asked = replace(known.asked, name=name, whose=whose)
                for viewer in self._viewers([owner] if owner else self._owners()):
                    self._ask(asked, viewer, base)

    # -------------------------------------------------------- callers

    def _owners(self) -> list[str]:
        """Identities whose objects are requested: all if they are few, otherwise those that add
        another relation or state."""
        chosen: list[str] = []
        known: set[object] = set()
        for owner in self._names:
            kinds = {self._kind(viewer, owner) for viewer in (None, *self._names)}
            if len(chosen) < _FEW_OWNERS or (len(chosen) < _MOST_OWNERS and kinds - known):
                chosen.append(owner)
                known |= kinds
        return chosen

    def _kind(self, viewer: str | None, owner: str) -> object:
        known = self.engine.identities.states.items()
        states = sorted((p, repr(v)) for (who, p), v in known if who == owner)
        return self.engine.kind(viewer, owner), tuple(states)

    def _viewers(self, owners: Sequence[str]) -> list[str | None]:
        """Owners first, then one viewer of each kind that none of them is."""
        found: list[str | None] = list(owners)
        known = {self._kind(viewer, owner) for viewer in owners for owner in owners}
        for viewer in (None, *self._names):
            kinds = {self._kind(viewer, owner) for owner in owners}
            if viewer not in found and kinds - known:
                found.append(viewer)
                known |= kinds
        return found

    def _asks(self, root: Root) -> list[FieldPick]:
        """A root with all the values that are known; empty: one is missing."""
        knowledge = self.engine.knowledge
        sources = dict.fromkeys(hole.source for hole in root.holes())
        own = [source for source in sources if source.partition(".")[0] in self._owned]
        others = [len(knowledge.values(source, None)) for source in sources if source not in own]
        if 0 in others:
            return []
        if not own:
            return [FieldPick(root, "", nth) for nth in range(min([_MOST_VALUES, *others]))][
                : None if others else 1
            ]
        return [
            FieldPick(root, owner)
            for owner in self._owners()
            if all(knowledge.values(source, owner) for source in own)
        ]

    # --------------------------------------------------- sending queries

    def _ask_group(self, asks: tuple[FieldPick, ...]) -> None:
        """Sends one query as all relevant callers, as long as it shows any objects."""
        if self._closed:
            return
        owners = list(dict.fromkeys(ask.whose for ask in asks if ask.whose))
        viewers = self._viewers(owners or self._owners())
        first = self._first(asks, viewers[0])
        if first is None:
            return
        asked, said, asks = first
        shown = set(said.owners)
        to_others = {each for each in said.sighted if each[0] != viewers[0]}
        roots = {ask.root.name for ask in asks}
        for root in roots:
            self._seen.setdefault(root, set())
        tells = self._tells(asked, said)
        for nth, viewer in enumerate(viewers[1:], start=1):
            if nth > 1 and not shown and not tells:
                return  # the query showed no object to two owners
            if viewer is None and not self._anonymous:
                continue
            again = self._ask(asked, viewer)
            if again is not None:
                shown |= again.owners
                to_others |= {each for each in again.sighted if each[0] != viewer}
                tells = tells or self._tells(asked, again)
                self._rest(asked, again, viewer)
        # with several queries in one response, it is unclear which one showed an object
        if len(roots) == 1:
            self._seen[next(iter(roots))] |= to_others
        if shown:
            self._alive.append((asked, asks))

    def _tells(self, asked: PickedQuery, said: _QuestionResult) -> bool:
        """Whether a root field that leads to no resource returned anything: it may be personal."""
        data = said.heard.data
        return isinstance(data, dict) and any(
            not says_nothing(data.get(pick.key)) and pick.ends not in self._words.leading_types
            for pick in asked.picks
            if not pick.below or pick.ends
        )

    def _first(
        self, asks: tuple[FieldPick, ...], viewer: str | None
    ) -> tuple[PickedQuery, _QuestionResult, tuple[FieldPick, ...]] | None:
        """Sends the first query; if it is refused, a less deep one, and then one field at a time.
        Later queries have the accepted form."""
        many = len(asks) > len({ask.root.pick.field for ask in asks})
        for shallow, aliases in ((False, True), (True, True), (False, False), (True, False)):
            if (self._shallow and not shallow) or (aliases and not self._aliases):
                continue
            if many and not aliases:
                self._aliases = False
                for ask in asks:
                    self._ask_group((ask,))
                return None
            less = self._smaller(asks) if shallow else asks
            found = self._taken_as(less, viewer, ", less deep" if shallow else "") if less else None
            if found is not None or self._closed:
                self._shallow = self._shallow or (shallow and found is not None)
                return found and (*found, less)
            if shallow and not many:
                break
        if not self._answered:
            self._close("answers no query")
        return None

    def _taken_as(
        self, asks: Sequence[FieldPick], viewer: str | None, how: str
    ) -> tuple[PickedQuery, _QuestionResult] | None:
        """Sends a query without the fields that the server does not know or that fail; None if
        refused."""
        name = "+".join(dict.fromkeys(ask.root.name for ask in asks)) + how
        if not self._aliases:
            name += f" of {asks[0].whose or asks[0].nth}"
        asked: PickedQuery | None = self._compose(asks, name)
        for _ in range(_MOST_SPLITS):
            said = self._ask(asked, viewer) if asked else None
            if asked is None or said is None or self._closed:
                return None
            if said.heard.lost:
                return self._rest(asked, said, viewer)
            if not said.heard.is_refused:
                return asked, said
            unknown = set(fields_at(asked.text, said.heard.places))
            places = {place for path, place in locate(asked.picks, self._root) if path in unknown}
            if not places - self._unknown:
                return None
            self._unknown |= places
            asked = self._compose(asks, f"{name} as it is")
        return None

    def _compose(self, asks: Sequence[FieldPick], name: str) -> PickedQuery | None:
        """One query, without what the server has said it does not know."""
        asked = compose(asks, self._owned, name)
        gone = [path for path, place in locate(asked.picks, self._root) if place in self._unknown]
        return without(asked, gone, name) if gone else asked

    def _smaller(self, asks: Sequence[FieldPick]) -> tuple[FieldPick, ...]:
        if not self._small:
            self._small = {root.name: root for root in self._build_planner(SHALLOW).made}
        return tuple(
            replace(ask, root=self._small[ask.root.name])
            for ask in asks
            if ask.root.name in self._small
        )

    def _rest(
        self, asked: PickedQuery, said: _QuestionResult, viewer: str | None
    ) -> tuple[PickedQuery, _QuestionResult] | None:
        """Repeats a query without the fields that made others fail."""
        for nth in range(_MOST_SPLITS):
            if not said.heard.lost:
                break
            less = without(asked, said.heard.lost, f"{asked.name} without {nth + 1}")
            again = self._ask(less, viewer) if less else None
            if less is None or again is None:
                return None
            asked, said = less, again
        return asked, said

    def _ask(
        self, asked: PickedQuery, viewer: str | None, base: Probe | None = None
    ) -> _QuestionResult | None:
        probe = self._probe(asked, base)
        sent = self._send(asked, viewer, base)
        if sent is None:
            return None
        filled, answer = sent
        outcome = self.engine.take_in(probe, viewer, None, filled, answer)
        if not asked.variables:
            self._taken.append((probe, asked, viewer, filled, answer))
        told = parse_answer(answer)
        if viewer is None:
            self._without_login.add(asked.text)
        self._answered = self._answered or not told.is_refused
        if viewer is None and (answer.status in (401, 403) or (told.is_refused and not told.lost)):
            self._anonymous = False
        if viewer is not None and answer.status in (404, 405) and not self._answered:
            self._close("is not there")
        return _QuestionResult(told, frozenset(outcome.sighted))

    def _send(
        self, asked: PickedQuery, viewer: str | None, base: Probe | None = None
    ) -> tuple[FilledRequest, Response] | None:
        probe = self._probe(asked, base)
        filled = fill(probe, self.engine.target, self.engine.knowledge, None)
        if filled is None:
            return None
        return filled, self.engine.send(probe, viewer, filled)

    def _probe(self, asked: PickedQuery, base: Probe | None = None) -> Probe:
        """The endpoint with this query as its request."""
        key = (asked.text, tuple(asked.sources.items()), tuple(asked.whose.items()))
        if key in self._probes:
            return self._probes[key]
        base = base or self._base
        named = {each.asks.name for each in self._probes.values() if each.asks is not None}
        name = asked.name if asked.name not in named else f"{asked.name} ({len(named)})"
        read = reader(asked, self._words, lambda: self.engine.identities.ids)
        probe = replace(
            base,
            shows=shows(asked, self._words) if asked.picks else {},
            sources={**base.sources, **asked.sources},
            whose=asked.whose,
            asks=Query(asked.text, asked.variables, name),
            reader=read if asked.picks else None,
        )
        self._probes[key] = probe
        self.engine.matrix.open(probe)
        return probe

    def _learn_ids(self) -> None:
        """Learns the ids of identities in the graph, if they differ from those in the REST API.

        A global id holds the id that is known. And a field that is called after the caller, and
        shows each of two another account, shows each their own.
        """
        endpoints = {probe.id for probe in self._probes.values()}
        found = {
            id: who
            for (endpoint, _), answers in self.engine.matrix.outsiders.items()
            for id in sorted(set().union(*answers.values()))
            if endpoint in endpoints and (who := self._identity_in(id))
        }
        for accounts in self._of_callers().values():
            if len(accounts) > 1 and len(set(accounts.values())) == len(accounts):
                found |= {id: who for who, id in accounts.items()}
        ids = self.engine.identities.ids
        new = {id: who for id, who in found.items() if id not in ids.get(who, ())}
        for id, who in new.items():
            self.engine.identities.learn(who, id)
        for probe, asked, viewer, filled, answer in self._taken if new else ():
            outcome = self.engine.take_in(probe, viewer, None, filled, answer)
            if len(asked.picks) == 1:
                self._seen.setdefault(asked.name, set()).update(outcome.sighted)
        self._taken.clear()

    def _of_callers(self) -> dict[str, dict[str, str]]:
        """Root that is called after the caller → identity → the key of the account that came."""
        found: dict[str, dict[str, str]] = {}
        for _, asked, viewer, _, answer in self._taken:
            data = parse_answer(answer).data
            for pick in asked.picks:
                if not self._words.is_account(pick.ends) or not set(words(pick.field)) & _SELF:
                    continue
                id = self._words.key_in(data, pick) if isinstance(data, dict) else ""
                if viewer is not None and id:
                    found.setdefault(pick.field, {})[viewer] = id
        return found

    def _identity_in(self, id: str) -> str:
        """The identity whose id a global id contains; empty if none."""
        texts = [id]
        with suppress(ValueError):
            texts.append(base64url_bytes(id).decode())
        for text in texts:
            if match := _INNER.fullmatch(text):
                return self.engine.identities.who((match["id"],))
        return ""

    def _single(self, root: Root, owner: str) -> Probe | None:
        """The probe of a root field about one owner alone."""
        asked = self._compose([FieldPick(root, owner)], f"{root.name} alone")
        return self._probe(asked) if asked is not None else None

    # ---------------------------------------------- other states of an account

    def _keep_ways(self) -> None:
        """Keeps queries to repeat when an owner's settings change: about that owner alone, all in
        one query if the server answers it."""
        engine = self.engine
        stateful = {name for name, table in engine.model.tables.items() if table.states}
        kept = [
            asks
            for asked, asks in self._alive
            if asks and stateful & shows(asked, self._words).keys()
        ]
        if engine.context.account_settings is None or not kept:
            return
        everything = self._way([ask for asks in kept for ask in asks], "all")
        if len(kept) > 1 and self._aliases and self._is_answered(everything):
            engine.state.keep_way(everything)
        else:
            names = ["+".join(dict.fromkeys(ask.root.name for ask in asks)) for asks in kept]
            each = [
                self._way(asks, f"{name} of one") for asks, name in zip(kept, names, strict=True)
            ]
            engine.state.keep_way(*{probe.id: probe for probe in each}.values())

    def _way(self, asks: Sequence[FieldPick], name: str) -> Probe:
        """A query that can be filled for any person."""
        once = dict.fromkeys(replace(ask, whose="") for ask in asks)
        asked = self._compose([*once], name) or compose([*once], self._owned, name)
        own = {n for n, source in asked.sources.items() if source.partition(".")[0] in self._owned}
        probe = self._probe(asked)
        return replace(
            probe,
            personal=probe.personal | own,
            whose={name: which for name, which in probe.whose.items() if name not in own},
            batch=not own,
        )

    def _is_answered(self, probe: Probe) -> bool:
        """Whether an owner gets every requested field."""
        engine, who = self.engine, self._names[0]
        filled = fill(probe, engine.target, engine.knowledge, who)
        if filled is None:
            return False
        answer = engine.send(probe, who, filled)
        engine.take_in(probe, who, who, filled, answer)
        told = parse_answer(answer)
        return not told.is_refused and not told.lost
