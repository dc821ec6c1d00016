"""Revocation: read, end the grant, read again with the old links and cursors (P16).

For each relation that may be ended and each setting that may be closed: the endpoints are read as a
viewer who is still entitled, and links and cursors are kept; the grant is taken away; the same
endpoints, cursors and links are requested again, and judged by what is granted now. Then the grant
is restored. An API that ignores the change shows no difference, so the second reading is compared
with the contract and not with the first one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from oakum.exposure.cells.matrix import Matrix
from oakum.exposure.endpoints.probes import Probe
from oakum.finding import Endpoint
from oakum.inference.lexicon import word_set
from oakum.inference.side_effects import classify
from oakum.inference.unsafe_writes import asks_for_change
from oakum.openapi.model import Json, Operation, Parameter
from oakum.scan.engine import Engine
from oakum.scan.evaluation.finding_confirmation import confirm
from oakum.scan.evaluation.links_after_access_ends import LastingLink, cursor_parameter
from oakum.scan.identities.relationships import Relationships, steps_before_consent
from oakum.scan.requests.builder import variable
from oakum.scan.requests.called_operation import base_pattern, path_values
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.technique import Line, Prospect

HOW = "revocation"
RULES: frozenset[str] = frozenset({"revocation-not-enforced"})
OPENS_WAYS = False
REQUEST = "request"
"""Name of what an account is shown that has requested a relation and is not accepted yet."""
WAITING = " during a request to be "
"""Part of the name of an endpoint that such an account has requested."""

_COMMON = word_set(
    "api assets attachments avatar avatars content download downloads export exports file files "
    "image images link links media photo photos public share shared signed static uploads v1 v2 v3"
)
"""Path segments that are no personal names."""


def run(engine: Engine) -> None:
    """Tests relations, then account settings; only if own settings may be changed."""
    if not engine.context.may.own_settings:
        _name_unaccepted(engine, set())
        return
    requested: set[str] = set()
    if engine.context.relationships is not None:
        done: set[str] = set()
        why: dict[str, str] = {}
        for viewer, relation, owner in engine.context.relationships.chances():
            if relation in done or not _has_anything(engine, owner):
                continue
            pair = _Pair(viewer, relation, owner)
            if _end(engine, engine.context.relationships, pair, requested):
                done.add(relation)
            else:
                why[relation] = engine.context.relationships.why or (
                    f"as `{relation}` of {owner}, {viewer} was shown nothing of theirs"
                )
        for relation in why.keys() - done:
            if not engine.model.policy.relations[relation].untested:
                engine.results.note_gap(f"the end of `{relation}`", why[relation])
        for relation in engine.context.relationships.lacking_pairs():
            engine.results.remark(
                f"the end of `{relation}` was not tested: every identity is already related to"
                " every other, and the scan does not end existing relations; add an unrelated"
                " identity"
            )
    _name_unaccepted(engine, requested)
    if engine.context.account_settings is not None:
        for owner, changes in _closings(engine, engine.context.account_settings).items():
            _close(engine, engine.context.account_settings, owner, changes)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """The calls that revoke a grant, and the requests after them."""
    if not prospect.may.own_settings:
        return
    for name, relation in prospect.model.policy.relations.items():
        for step in (*relation.begin, *relation.end):
            each = prospect.model.operations.get(step.operation)
            if each is not None:
                yield {
                    "as": "an identity, to another identity",
                    "request": f"{each.method} {each.path}",
                    "why": f"`{name}` begins and ends between two unrelated identities",
                }
    yield {
        "as": "the former viewer and an anonymous caller",
        "request": "links and cursors from earlier responses",
        "why": "data that stays accessible after a grant has ended",
    }


def _has_anything(engine: Engine, owner: str) -> bool:
    """Whether an owner has data that could still be shown after a relation has ended."""
    return any(
        who == owner and endpoint in engine.matrix.probes for endpoint, who, _ in engine.matrix.own
    )


@contextmanager
def _for_a_while(matrix: Matrix) -> Iterator[None]:
    """What an operation shows of whom while the run's own relation holds is no reason to miss
    anything there afterwards: nobody is on that list then."""
    witnessed, own = set(matrix.witnessed), set(matrix.own)
    try:
        yield
    finally:
        matrix.witnessed -= {e for e in matrix.witnessed - witnessed if not matrix.how(e[0])}
        for place in matrix.own.keys() - own:
            if not matrix.how(place[0]):
                del matrix.own[place]


@dataclass(frozen=True)
class _Pair:
    viewer: str
    relation: str
    owner: str


def _name_unaccepted(engine: Engine, requested: set[str]) -> None:
    """Reports relations that an owner has to accept and for which no waiting viewer was tested."""
    for name, relation in engine.model.policy.relations.items():
        if steps_before_consent(relation) and name not in requested and not relation.untested:
            engine.results.remark(
                f"an account that has asked to become `{name}` and is not accepted yet was not"
                " tried as a viewer: that needs `--allow-own-settings` and two identities without a"
                " relation, one of them with an account that accepts nobody by itself"
            )


def _end(engine: Engine, relationships: Relationships, pair: _Pair, requested: set[str]) -> bool:
    """Whether a relation was begun and ended, and what outlives it was requested. `requested`:
    records relations for which a waiting viewer was tested."""
    viewer, relation, owner = pair.viewer, pair.relation, pair.owner
    engine.say(f"{viewer} becomes {relation} of {owner}, and then no longer is")

    def wait() -> None:
        # Until the owner accepts, the contract grants the viewer no more than before, whatever the
        # API calls the pending state.
        engine.state.enter(f"request of {relation}", owner)
        for probe in _owners_endpoints(engine, owner):
            place = f"{probe.endpoint.path}{WAITING}`{relation}`"
            way = probe.otherwise(REQUEST, endpoint=place)
            engine.matrix.open(way)
            engine.put(way, viewer, owner if probe.personal else None)
        confirm(engine)
        requested.add(relation)

    if not relationships.begin(viewer, relation, owner, wait):
        if relation in requested:  # which is gone: later answers are of another state
            engine.state.enter(f"after the request of {relation}", owner)
        return False
    with _for_a_while(engine.matrix):
        return _try_revocation(engine, relationships, viewer, relation, owner)


def _owners_endpoints(engine: Engine, owner: str) -> list[Probe]:
    """Endpoints that show an owner something of theirs."""
    endpoints = dict.fromkeys(endpoint for endpoint, who, _ in engine.matrix.own if who == owner)
    probes = (engine.matrix.probes[each] for each in endpoints if each in engine.matrix.probes)
    return [probe for probe in probes if not probe.how and not probe.batch]


def _try_revocation(
    engine: Engine, relationships: Relationships, viewer: str, relation: str, owner: str
) -> bool:
    """Ends a begun relation and requests what may outlive it; returns whether it was ended."""
    engine.state.enter(f"begin of {relation}", owner)
    for probe in _owners_endpoints(engine, owner):
        engine.put(probe, viewer, owner if probe.personal else None)
    carrying = _endpoints_with(engine, owner, viewer)
    asked = [(probe, viewer, who) for probe, who in carrying]
    kept = _keep(engine, asked, f"before the end of {relation}")
    ended = relationships.end(viewer, relation, owner)
    engine.state.enter(f"end of {relation}", owner)
    if ended:
        for probe, who in carrying:
            way = probe.otherwise(HOW, endpoint=probe.endpoint.path)
            engine.matrix.open(way)
            engine.put(way, viewer, who)
        _come_back(engine, kept)
        confirm(engine)
    relationships.take_back(viewer, relation, owner)
    engine.state.enter(f"after {relation}", owner)
    return ended and bool(carrying)


def _closings(
    engine: Engine, account_settings: AccountSettings
) -> dict[str, list[tuple[str, Json]]]:
    """Owner → (state, most closed value) pairs of settings that are open and can be closed: every
    state with one owner, all of an owner's together."""
    done: set[str] = set()
    found: dict[str, list[tuple[str, Json]]] = {}
    for owner in engine.identities.subjects():
        for name, resource in engine.model.policy.resources.items():
            for state in resource.states.values():
                path = f"{name}.{state.name}"
                if not state.member or account_settings.switch(path) is None or path in done:
                    continue
                now = engine.identities.states.get((owner, path))
                if now is not None and now != state.values[-1]:
                    done.add(path)
                    found.setdefault(owner, []).append((path, state.values[-1]))
    return found


def _close(
    engine: Engine, account_settings: AccountSettings, owner: str, changes: list[tuple[str, Json]]
) -> None:
    said = ", ".join(path for path, _ in changes)
    engine.say(f"{owner} closes {said}")
    carrying = {
        (probe.id, viewer, who): (probe, viewer, who)
        for viewer in engine.watchers(owner)
        for probe, who in _endpoints_with(engine, owner, viewer)
    }
    giving = [carrying[each] for each in engine.responses.giving if each in carrying]
    kept = _keep(engine, giving, f"before {said}")
    if not kept:
        return
    flipped = [path for path, value in changes if account_settings.flip(owner, path, value)]
    engine.state.enter(f"{said} closed", owner)
    if flipped:
        _come_back(engine, kept)
        confirm(engine)
    for path in flipped:
        account_settings.undo(owner, path)
    engine.state.enter(f"{said} open again", owner)


def _endpoints_with(
    engine: Engine, owner: str, viewer: str | None
) -> list[tuple[Probe, str | None]]:
    """Endpoints at which this viewer has been shown objects of this owner."""
    return [
        (engine.matrix.probes[endpoint], who if who in engine.identities.ids else None)
        for (endpoint, who), answers in engine.responses.seen.items()
        if any(name == owner for name, _ in answers.get(viewer, ()))
        and endpoint in engine.matrix.probes
        and not engine.matrix.probes[endpoint].how
    ]


def _keep(
    engine: Engine, questions: Sequence[tuple[Probe, str | None, str | None]], round: str
) -> list[LastingLink]:
    """Requests anew, and keeps one link or cursor of each sort from the responses."""
    engine.responses.lasting_links.clear()
    for probe, viewer, who in questions:
        engine.put(probe, viewer, who, round)
    return list({each.sort: each for each in engine.responses.lasting_links}.values())


def _come_back(engine: Engine, kept: list[LastingLink]) -> None:
    for number, each in enumerate(kept):
        if each.kind == "cursor":
            name = cursor_parameter(each.probe)
            if not name:
                continue
            way = each.probe.otherwise(
                HOW, endpoint=each.probe.endpoint.path, query=((name, each.value),),
                veiled={name: variable(each.viewer or "", "cursor")},
            )  # fmt: skip
            engine.matrix.open(way)
            engine.put(way, each.viewer, each.who, f"cursor {number}")
            continue
        link = _link(engine, each)
        if link is not None:
            engine.matrix.open(link)
            for viewer in dict.fromkeys((each.viewer, None)):
                engine.put(link, viewer, None, f"link {number}")


def _link(engine: Engine, link: LastingLink) -> Probe | None:
    """An endpoint for a URL in a response, with the operation whose path it matches, or without
    one.

    None for the plain URL of a documented endpoint, which is requested in every state anyway, and
    for a URL that may do more than read, judging by document and words: `/logout` is a link, too.
    """
    parts = urlsplit(link.value)
    base = urlsplit(engine.target).path.rstrip("/")
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    known = next(
        (probe for probe in engine.state.probes if _matches(probe.operation.path, parts.path)), None
    )
    if known is None and _is_left_alone(engine, parts.path.removeprefix(base), query):
        return None
    if known is not None and not query:
        return None
    if any(asks_for_change(name) for name, _ in query):
        return None  # links in a response may act: `?markAsRead=1`
    template = known.operation.path if known else _template(engine, parts.path)
    values = path_values(template, parts.path)
    template = template.removeprefix(base)
    plain = Operation(f"GET {template}", "GET", template)
    operation = replace(
        known.operation if known else plain,
        path=template,
        pointer="",
        parameters=tuple(Parameter(name, "path", required=True) for name in values),
    )
    veiled = {name: variable("", f"link {name}") for name, _ in query}
    return Probe(
        operation, Endpoint("GET", known.endpoint.path if known else template, operation.id),
        known.shows if known else {}, {}, values, unfilled=tuple(values),
        how=HOW, query=query, veiled=veiled,
    )  # fmt: skip


def _is_left_alone(engine: Engine, path: str, query: tuple[tuple[str, str], ...]) -> bool:
    """Whether an undocumented URL suggests that it does more than read."""
    for each in engine.model.operations.values():
        if each.method == "GET" and _matches(each.path, path):
            return True  # a read-only path that the run skips already
    asked = tuple(Parameter(name, "query") for name, _ in query)
    return classify(Operation(f"GET {path}", "GET", path, asked)).kind != "read"


def _template(engine: Engine, path: str) -> str:
    """A path in which only segments that occur in documented paths, or are common, are kept: the
    rest may be a name or a token."""
    documented = {
        part
        for each in engine.model.operations.values()
        for part in each.path.split("/")
        if "{" not in part
    }
    parts = [
        part if part in documented or part in _COMMON else f"{{part{number}}}"
        for number, part in enumerate(path.split("/"))
    ]
    return "/".join(parts)


def _matches(template: str, path: str) -> bool:
    return bool(re.fullmatch(base_pattern(template), path))
