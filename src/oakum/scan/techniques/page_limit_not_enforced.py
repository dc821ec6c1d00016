"""Asks lists for one object more than document or contract allow: `page-limit-not-enforced`."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.parameter_maximums import page_caps
from oakum.exchange import Response
from oakum.exposure.checks.page_limit_not_enforced import RULE
from oakum.exposure.endpoints.probes import Probe
from oakum.policy.model import Policy
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.requests.next_page import longest_list, value_of
from oakum.scan.technique import Line, Prospect

HOW = "page-limit"
RULES: frozenset[str] = frozenset({RULE.id})
OPENS_WAYS = False

_LARGEST = 1000
"""Objects: a larger page would be a burden in itself."""


def run(engine: Engine) -> None:
    """Asks each list of owned objects for one object more than its document allows."""
    engine.say("asking for larger pages than the document allows")
    asked = False
    for probe in list(engine.state.probes):
        size = _size(engine.model, probe)
        resource = _owned_resource(engine.model.policy, probe)
        if size is not None and resource and not probe.personal and not probe.query:
            asked |= _Page(engine, probe, resource, *size).test()
    if not asked:
        engine.results.note_gap(
            RULE.id, "no list with a maximum showed anything to anybody", Section.RULES
        )


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each list with a maximum."""
    for probe in prospect.probes:
        size = _size(prospect.model, probe)
        if (
            size is not None
            and _owned_resource(prospect.model.policy, probe)
            and not probe.personal
        ):
            name, most = size
            yield {
                "as": "the first kind of viewer that is shown anything",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}?{name}={most + 1}",
                "why": "whether the page size has the limit that the document declares",
            }


def _size(model: Model, probe: Probe) -> tuple[str, int] | None:
    """The query parameter with the page size, and its maximum."""
    caps = page_caps(probe.operation, model.rule(probe.operation.id))
    return next(((name, most) for name, most in caps.items() if most < _LARGEST), None)


def _owned_resource(policy: Policy, probe: Probe) -> str:
    """The first resource with owners that an endpoint shows; empty: none."""
    return next((name for name in probe.shows if policy.resources[name].owner.kind != "none"), "")


class _Page:
    """One list, and the page size that it may have."""

    def __init__(self, engine: Engine, probe: Probe, resource: str, name: str, most: int) -> None:
        self.engine, self.probe, self.resource, self.most = engine, probe, resource, most
        self.way = probe.otherwise(HOW, query=((name, str(most + 1)),))

    def test(self) -> bool:
        """Asks as one viewer after the other until one is shown objects; whether it asked."""
        engine, asked = self.engine, False
        filled = fill(self.way, engine.target, engine.knowledge, None)
        for viewer in engine.watchers(None) if filled is not None else ():
            form = engine.responses.forms.get((self.probe.id, viewer, None))
            if filled is None or form is None or not 200 <= form[0] < 300:
                continue
            answer = self._ask(viewer, filled)
            asked |= answer is not None
            rows = _rows(answer)
            if rows > self.most and answer is not None:
                again = self._ask(viewer, filled)
                self._tell(viewer, filled, answer, rows, sure=_rows(again) > self.most)
            if rows or answer is None:
                break
        return asked

    def _ask(self, viewer: str | None, filled: FilledRequest) -> Response | None:
        """None: the operation must not be called any more."""
        pace = self.engine.context.pace
        if pace and pace.spares(filled.request):
            return None
        return self.engine.send(self.way, viewer, filled)

    def _tell(
        self, viewer: str | None, filled: FilledRequest, answer: Response, rows: int, *, sure: bool
    ) -> None:
        engine = self.engine
        owners = self._others(viewer, filled, answer)
        if not owners:
            return
        owner = sorted(owners)[0]
        label = engine.identities.label(engine.identities.relations(viewer, owner), viewer, owner)
        says = f"{rows} objects at once, where contract and document allow {self.most}"
        engine.tell(
            HOW, self.way, viewer, label, answer, says, filled=filled, about=(self.resource, "*"),
            doubt="" if sure else "the larger page was sent once, and not again",
        )  # fmt: skip

    def _others(self, viewer: str | None, filled: FilledRequest, answer: Response) -> set[str]:
        """Identities other than the viewer whose objects the page has."""
        engine = self.engine
        judged = engine.judge_response(self.way, viewer, (), filled, answer)
        return {engine.identities.who(each.owners) for each in judged.instances} - {viewer, ""}


def _rows(answer: Response | None) -> int:
    return len(longest_list(value_of(answer))[1]) if answer is not None else 0
