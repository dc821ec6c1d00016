"""Which endpoints to request first when the budget cannot cover all of them.

The risk of an endpoint follows from the documents alone: how severe it is if a hidden field that it
shows leaks (CWE-359 before CWE-200), whether it requires no login, and whether it takes an id. Its
cost is at most one request for each kind of viewer and one or two of its owner. With an endpoint
that needs an id, the cheapest endpoint that returns one is requested. With a resource whose grants
depend on settings, the cheapest endpoint that shows them is requested, since nothing can be judged
while they are unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe
from oakum.inference.lexicon import FieldClass, classify_field

_WEIGHTS = {
    FieldClass.SECRET: 8,
    FieldClass.CONTACT: 5,
    FieldClass.IDENTITY_DOCUMENT: 5,
    FieldClass.LOCATION: 5,
    FieldClass.PERSONAL: 4,
    FieldClass.ACTIVITY: 2,
    FieldClass.AUTHORITY: 2,
}
"""Relative harm if a field of this class leaks; 1 for other classes."""
SHARE = 0.8
"""Share of the budget for documented endpoints; the rest is for confirmations and techniques."""


@dataclass(frozen=True)
class BudgetPlan:
    """The endpoints that fit into the budget, in order, and the cost of the others."""

    probes: list[Probe]
    left: list[Probe]
    needed: int
    """Upper bound of the requests that all endpoints would take."""

    @property
    def why(self) -> str:
        """The reason why an endpoint was left out, for the report."""
        return "the budget was spent on riskier endpoints"

    def note(self, left: int) -> str:
        """Remark about endpoints left out for the budget; empty if there are none."""
        if not left:
            return ""
        every = len(self.probes) + len(self.left)
        return (
            f"the budget covered {every - left:,} of {every:,} endpoints, the riskiest"
            f" first; `--budget {round(self.needed / SHARE)}` is enough for all"
        )


def afford(model: Model, probes: Sequence[Probe], viewers: int, budget: int) -> BudgetPlan:
    """Endpoints by descending risk, as far as the budget of requests allows. `viewers`: number of
    kinds of callers, including anonymous."""
    hidden = {name: _hidden_fields(model, name) for name in model.policy.resources}
    ranked = sorted(probes, key=lambda probe: -risk(probe, hidden))
    needed = sum(cost(probe, viewers) for probe in probes)
    if needed <= budget * SHARE:
        return BudgetPlan(ranked, [], needed)
    teachers = _teachers([probe for probe in probes if not probe.sources], viewers)
    settings = _teachers([probe for probe in probes if not probe.batch], viewers)
    chosen: dict[str, Probe] = {}
    spent = 0.0
    for probe in ranked:
        tells = [settings[each] for each in _settings(model, probe) if each in settings]
        ids = (source for each in (probe, *tells) for source in each.sources.values())
        wanted = [probe, *tells, *(teachers[each] for each in ids if each in teachers)]
        new = {each.id: each for each in wanted if each.id not in chosen}
        price = sum(cost(each, viewers) for each in new.values())
        if spent + price <= budget * SHARE:
            chosen |= new
            spent += price
    asked = [probe for probe in ranked if probe.id in chosen]
    return BudgetPlan(asked, [probe for probe in ranked if probe.id not in chosen], needed)


def risk(probe: Probe, hidden: Mapping[str, Mapping[str, int]]) -> float:
    """Relative harm if an endpoint leaks; a score without unit."""
    weights = [
        weight
        for resource, fields in probe.shows.items()
        for path, weight in hidden.get(resource, {}).items()
        if not fields or path in fields
    ]
    worst = max(weights, default=0)
    open_to_all = 1.5 if probe.operation.anonymous else 1.0
    by_id = 1.2 if probe.personal else 1.0
    return (worst + min(len(weights), 20) / 20) * open_to_all * by_id


def cost(probe: Probe, viewers: int) -> int:
    """Most requests that an endpoint needs in one state, without confirmation."""
    if not probe.shows and not probe.personal:
        return 3
    return viewers + (2 if probe.personal else 1)


def _hidden_fields(model: Model, resource: str) -> Mapping[str, int]:
    """Field that is hidden from somebody → relative harm if it leaks."""
    table = model.tables[resource]
    public = frozenset(
        name for name, each in model.policy.relations.items() if each.kind == "anyone"
    )
    return {
        leaf: _WEIGHTS.get(classify_field(leaf), 1)
        for leaf, rule in zip(table.leaves, table.rules, strict=True)
        if not any(public & set(grant.see) and not grant.when for grant in rule.grants)
    }


def _settings(model: Model, probe: Probe) -> Iterator[str]:
    """`Resource.field` of the settings that decide what an endpoint may show."""
    resources = model.policy.resources
    for name in probe.shows:
        for own, state in resources[name].states.items():
            kind, _, known = (state.of or f"{name}.{own}").partition(".")
            yield f"{kind}.{resources[kind].states[known].member}"


def _teachers(probes: Sequence[Probe], viewers: int) -> Mapping[str, Probe]:
    """`Resource.field` → the cheapest of these endpoints that shows it."""
    found: dict[str, Probe] = {}
    for probe in sorted(probes, key=lambda probe: (cost(probe, viewers), len(probe.shows))):
        if not probe.unfilled:
            for resource, fields in probe.shows.items():
                for path in fields:
                    found.setdefault(f"{resource}.{path}", probe)
    return found
