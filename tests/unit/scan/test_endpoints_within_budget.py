"""Which endpoints a budget is spent on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.endpoints.probes import Probe, survey
from oakum.scan.endpoints_within_budget import SHARE, afford, cost, risk
from tests.unit.scan.studio import model

VIEWERS = 4


def probes() -> list[Probe]:
    return survey(model(), {})[0]


def named(found: list[Probe]) -> list[str]:
    return [probe.id for probe in found]


@given(st.integers(min_value=0, max_value=400), st.integers(min_value=1, max_value=9))
def test_no_plan_costs_more_than_the_budget_and_every_endpoint_is_in_it_or_left(
    budget: int, viewers: int
) -> None:
    plan = afford(model(), probes(), viewers, budget)
    spent = sum(cost(probe, viewers) for probe in plan.probes)
    assert spent <= budget * SHARE
    assert sorted(named(plan.probes + plan.left)) == sorted(named(probes()))
    assert bool(plan.note(len(plan.left))) == bool(plan.left)


@given(st.integers(min_value=0, max_value=400))
def test_a_larger_budget_leaves_no_riskier_endpoint(budget: int) -> None:
    less = set(named(afford(model(), probes(), VIEWERS, budget).probes))
    everything = afford(model(), probes(), VIEWERS, 10_000)
    assert not everything.left
    assert less <= set(named(everything.probes))


def test_the_riskiest_come_first() -> None:
    plan = afford(model(), probes(), VIEWERS, 10_000)
    hidden = {"Person": {"city": 5, "age": 4}, "Settings": {}}
    risks = [risk(probe, hidden) for probe in plan.probes]
    assert risks[0] == max(risks)
    assert risks[-1] == min(risks)


@given(st.integers(min_value=0, max_value=120))
def test_no_endpoint_is_asked_without_the_one_that_tells_the_settings_it_hangs_on(
    budget: int,
) -> None:
    plan = afford(model(), probes(), VIEWERS, budget)
    shown = {name for probe in plan.probes for name in probe.shows}
    assert "Person" not in shown or "Settings" in shown


def test_what_fills_an_id_comes_along() -> None:
    budget = 16
    plan = afford(model(), probes(), VIEWERS, budget)
    shown = {
        f"{name}.{path}" for g in plan.probes for name, paths in g.shows.items() for path in paths
    }
    for probe in plan.probes:
        assert all(source in shown for source in probe.sources.values())
