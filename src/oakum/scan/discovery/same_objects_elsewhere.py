"""Whether another endpoint serves the same objects, and to whom.

An undocumented endpoint is first requested as an owner, for their own objects. Only if its response
is that of an API, and not the page or error of any unknown path, is it requested as other viewers,
about two owners of each kind and state. Its responses are judged like any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urlsplit

from oakum.exchange import Response
from oakum.exposure.cells.matrix import Outcome
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.response_reader import Parsed, Reader, ResponseReader, json_in, read_as_declared
from oakum.finding import Result
from oakum.scan.engine import Engine
from oakum.scan.evaluation.response_summary import Form, form_of
from oakum.scan.evaluation.undocumented_objects import Likeness
from oakum.scan.requests.builder import FilledRequest, fill

_NOWHERE = "oakum-none"
_ALIKE = 2
"""How many owners of one kind and state are requested."""
_STRANGERS = 2
"""For how many viewers two responses are compared."""


@dataclass
class OtherEndpoints:
    """Tries undocumented variants of endpoints, each once in a run."""

    engine: Engine
    absent: dict[tuple[object, ...], Response] = field(default_factory=dict)
    """(start of a URL, viewer, headers) → the response to a path there that does not exist. In
    memory only."""
    alive: dict[str, Outcome | None] = field(default_factory=dict)
    """Variant → the outcome for its owner; None if the response is not that of an API."""

    def __post_init__(self) -> None:
        self._likeness = Likeness(self.engine.model, self.engine.knowledge)

    def read(self, way: Probe) -> Probe:
        """The variant with a reader for any response format; the documented one if that endpoint
        worked for anybody."""
        return replace(way, reader=partial(self._legible, way, self._likeness.reader(way)))

    def _legible(
        self, way: Probe, reader: Reader, response: Response, parsed: Parsed
    ) -> ResponseReader:
        form = form_of(response, parsed)
        usual = (
            each
            for (endpoint, _, _), each in self.engine.responses.forms.items()
            if endpoint == way.operation.id
        )
        if response.is_json and form in usual:
            return read_as_declared(way.operation, response, parsed)
        return reader(response, parsed)

    def by_evidence(self, probes: Sequence[Probe]) -> list[Probe]:
        """Endpoints in order of evidence: single objects, then main endpoints, then those with the
        most hidden fields."""
        mains = {each.main for each in self.engine.model.policy.resources.values()}
        return sorted(
            probes,
            key=lambda each: (
                not self._hidden_count(each), not _is_about(each), each.operation.id not in mains,
                -self._hidden_count(each),
            ),
        )  # fmt: skip

    def _hidden_count(self, probe: Probe) -> int:
        """How many of its fields not everybody may see."""
        return sum(
            not self.engine.may_see(resource, path, None, who)
            for who in self.engine.identities.subjects()[:1]
            for resource, paths in probe.shows.items()
            for path in paths
        )

    # ------------------------------------------------------------ does anything exist there

    def answers(self, way: Probe) -> bool:
        """Whether an owner's request for their own object gets an API response."""
        if way.id not in self.alive:
            self.alive[way.id] = self._try(way)
        return self.alive[way.id] is not None

    def is_another(self, probe: Probe, way: Probe) -> bool:
        """Whether an owner gets a response in another format than at the documented endpoint."""
        first = self._first(way)
        if first is None or not self.answers(way):
            return False
        who, about, _ = first
        another = self.engine.responses.forms.get((way.id, who, about)) != self._usual(
            probe, who, about
        )
        return another or self._forget(way)

    def differs(self, probe: Probe, way: Probe) -> bool:
        """Whether a caller other than the owner gets another format than at the documented
        endpoint: to its owner an old version may look the same."""
        first = self._first(way)
        if first is None:
            return False
        engine, about = self.engine, first[1]
        engine.matrix.open(way)
        for viewer in engine.watchers(about)[:_STRANGERS]:
            usual = self._usual(probe, viewer, about)
            engine.put(way, viewer, about)
            form = engine.responses.forms.get((way.id, viewer, about))
            if form is not None and 200 <= form[0] < 300 and form != usual:
                return True
        more = self._leaks(way) - self._leaks(probe)  # same format as before, but unmasked
        return bool(more) or self._forget(way)

    def _forget(self, way: Probe) -> bool:
        """Drops a variant that only repeats the documented endpoint. Always returns False."""
        entries = self.engine.matrix.entries
        for key in [each for each in entries if each.endpoint == way.id]:
            del entries[key]
        return False

    def _leaks(self, probe: Probe) -> set[tuple[str, str, str]]:
        """(resource, field, viewer) of the known leaks through an endpoint."""
        leaks = self.engine.matrix.leaks()
        return {
            (key.resource, key.field, key.viewer)
            for key, entry in leaks
            if key.endpoint == probe.id and entry.result is Result.LEAK
        }

    def _first(self, way: Probe) -> tuple[str, str | None, FilledRequest] | None:
        """(owner's name, caller, request) for the first request to a variant; None if no value is
        known."""
        engine = self.engine
        for who in engine.identities.subjects():
            about = who if _is_about(way) else None
            filled = fill(way, engine.target, engine.knowledge, about)
            if filled is not None:
                return who, about, filled
        return None

    def _try(self, way: Probe) -> Outcome | None:
        engine, first = self.engine, self._first(way)
        if first is None:
            return None
        who, about, filled = first
        engine.matrix.open(way)
        answer = engine.send(way, who, filled)
        outcome = engine.take_in(way, who, about, filled, answer)
        if not answer.ok:
            return None
        held, nothing = self._canaries_in(who, answer, filled), self._nothing(way, who, filled)
        same = nothing.media_type == answer.media_type and (
            not answer.is_json
            or form_of(nothing, json_in(nothing)) == engine.responses.forms[way.id, who, about]
        )
        if held and not (same and held <= self._canaries_in(who, nothing, filled)):
            return outcome
        self._forget(way)
        return None

    def _canaries_in(self, who: str, answer: Response, filled: FilledRequest) -> frozenset[str]:
        """Values that only this owner has, in a response to a request without them."""
        text = answer.body.decode("utf-8", "replace")
        own = (value for value, key in self.engine.knowledge.canaries() if key[0] == who)
        return frozenset(each for each in own if each in text and each not in filled.sent)

    def _nothing(self, way: Probe, who: str, filled: FilledRequest) -> Response:
        """The response to a non-existing path beside this one. Some APIs answer 200, and a front
        end's page for every path may contain the name of the caller."""
        parts = urlsplit(filled.request.url)
        path = "/".join(["", *parts.path.split("/")[1:2], _NOWHERE])
        url = f"{parts.scheme}://{parts.netloc}{path}"
        place = (url, who, *sorted(filled.request.headers.items()))
        if place not in self.absent:
            nowhere = FilledRequest(replace(filled.request, url=url), {}, frozenset(), path)
            self.absent[place] = self.engine.send(way, who, nowhere)
        return self.absent[place]

    def _usual(self, probe: Probe, viewer: str | None, about: str | None) -> Form | None:
        """The documented endpoint's response to the same request."""
        if (probe.id, viewer, about) not in self.engine.responses.forms:
            self.engine.put(probe, viewer, about)
        return self.engine.form(probe, viewer, about)

    # --------------------------------------------------- requests by other callers

    def ask(self, way: Probe) -> None:
        """Requests objects of all owners as every kind of viewer; repeated for every changed
        setting."""
        engine = self.engine
        if any(each.id == way.id for each in engine.state.ways) or self._is_dull(way):
            return
        engine.matrix.open(way)
        engine.state.keep_way(way)
        asked: Counter[object] = Counter()
        for who in engine.identities.subjects() if _is_about(way) else [None]:
            viewers: list[str | None] = []
            for viewer in engine.watchers(who):
                kind = self._kind(viewer, who)
                if who is None or asked[kind] < _ALIKE:
                    asked[kind] += 1
                    viewers.append(viewer)
            for viewer in (who, *viewers) if viewers and who else viewers:
                engine.put(way, viewer, who)

    def _is_dull(self, way: Probe) -> bool:
        """Whether the variant shows even its owner only public data."""
        if not way.shows or self._hidden_count(way):
            return False
        outcome = self.alive.get(way.id)
        if outcome is None:
            return True
        other = {resource for _, resource in outcome.sighted} - way.shows.keys()
        return not other and all(each.result is not Result.LEAK for each in outcome.observations)

    def _kind(self, viewer: str | None, who: str | None) -> object:
        """A key that is equal for pairs of viewer and owner with the same relation and settings."""
        states = sorted(
            (path, str(value))
            for (name, path), value in self.engine.identities.states.items()
            if name == who
        )
        return self.engine.kind(viewer, who or ""), tuple(states)


def _is_about(way: Probe) -> bool:
    """Whether the request of a variant names a person."""
    return bool(way.personal) and not way.batch
