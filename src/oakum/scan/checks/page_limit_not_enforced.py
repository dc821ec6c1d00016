"""`page-limit-not-enforced`: a list returns more objects at once than document or contract allow.

It cannot know of lists with no more objects than one page, nor of a limit that neither document nor
contract declares.
Remedy: check the page size on the server, and refuse or cut what is larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oakum.authz import Model
from oakum.authz.page_caps import page_caps
from oakum.exchange import Response
from oakum.exposure.endpoints import Probe
from oakum.policy.model import Policy
from oakum.rules import Rule
from oakum.scan.checks.leak import Leak, things, who
from oakum.scan.requests.builder import Filled, fill
from oakum.scan.requests.next_page import longest_list, value_of
from oakum.scan.rule_stories import Incident, Story

if TYPE_CHECKING:  # whoever names findings loads no engine
    from oakum.scan.engine import Engine
    from oakum.scan.technique import Line, Prospect

RULE = Rule("page-limit-not-enforced", "API4:2023", ("CWE-770", "CWE-1284"), "low")

STORY = Story(
    "The document gives a maximum page size, and the API returns more.",
    "A caller who collects everybody's data needs a handful of requests, which no rate limit notices.",
    Incident(
        "Venmo", "2018",
        "everybody could read the public feed without a login, as often as one request in half a minute; 208 million transactions of one year were collected",
    ),
    (
        "check the page size on the server: answer 400, or cut the page to the maximum",
        "apply the same maximum where the caller leaves the size out",
    ),
    "partly",
    "The guard answers 400 to a page size beyond `at_most`, not beyond the document's maximum; `limits:` on different owners counts each object of a page.",
    ("RFC 9110, 15.5.1",),
)  # fmt: skip

REFERENCE = """
*API4:2023 · CWE-770, CWE-1284*

**Finds** lists of other people's objects whose page size has a `maximum` in the document, or `at_most` in the contract, and which return more.
The scan asks for one more than the maximum, as the first kind of viewer that the list shows anything to, and again if that many came.

**Cannot know** of lists that have no more objects than the maximum, of a maximum of 1,000 or more, which the scan does not ask for, and of a
limit that is declared nowhere: [`at_most`](policy-language.md#at_most) in the contract adds it.

**Remedy**: check the page size on the server; answer `400`, or cut the page to the maximum.

**Example**: `limit` has `maximum: 100`, and `GET /members?limit=101` returns 101 members.
"""

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
        resource = _owned(engine.model.policy, probe)
        if size is not None and resource and not probe.personal and not probe.query:
            asked |= _Page(engine, probe, resource, *size).test()
    if not asked:
        engine.state.untested(RULE.id, "no list with a maximum showed anything to anybody")


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each list with a maximum."""
    for probe in prospect.probes:
        size = _size(prospect.model, probe)
        if size is not None and _owned(prospect.model.policy, probe) and not probe.personal:
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


def _owned(policy: Policy, probe: Probe) -> str:
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
            form = engine.state.forms.get((self.probe.id, viewer, None))
            if filled is None or form is None or not 200 <= form[0] < 300:
                continue
            answer = self._asked(viewer, filled)
            asked |= answer is not None
            rows = _rows(answer)
            if rows > self.most and answer is not None:
                again = self._asked(viewer, filled)
                self._tell(viewer, filled, answer, rows, sure=_rows(again) > self.most)
            if rows or answer is None:
                break
        return asked

    def _asked(self, viewer: str | None, filled: Filled) -> Response | None:
        """None: the operation must not be called any more."""
        pace = self.engine.context.pace
        if pace and pace.spares(filled.request):
            return None
        return self.engine.send(self.way, viewer, filled)

    def _tell(
        self, viewer: str | None, filled: Filled, answer: Response, rows: int, *, sure: bool
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
            doubt="" if sure else "the larger page came once, and not again",
        )  # fmt: skip

    def _others(self, viewer: str | None, filled: Filled, answer: Response) -> set[str]:
        """Identities other than the viewer whose objects the page has."""
        engine = self.engine
        judged = engine.judged(self.way, viewer, (), filled, answer)
        return {engine.identities.who(each.owners) for each in judged.instances} - {viewer, ""}


def _rows(answer: Response | None) -> int:
    return len(longest_list(value_of(answer))[1]) if answer is not None else 0


def matches(leak: Leak) -> bool:
    """Found by pages that are larger than allowed, and by nothing else."""
    return leak.only(HOW)


def title(leak: Leak) -> str:
    """One sentence: who gets how much at once."""
    return f"{who(leak)} can list {things(leak)} without the documented limit: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "check the page size on the server: answer 400, or cut the page to the maximum"
