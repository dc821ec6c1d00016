"""What a run about one finding needs, and what it takes for having asked."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.errors import NOWHERE, InputError
from oakum.exposure.checks import CHECKS, OVER_BLOCK
from oakum.exposure.endpoints.probes import survey
from oakum.finding import Endpoint, Finding
from oakum.scan.replay_scope import PLAIN, Focus, Scope, narrow
from oakum.scan.techniques import TECHNIQUES
from tests.unit.scan.studio import model

GET_PERSON = Endpoint("GET", "/people/{personId}", "getPerson")


def finding(rule: str = "excessive-data-exposure", **more: Any) -> Finding:
    return Finding(
        **{
            "rule": rule, "verdict": "proven", "resource": "Person", "field": "phone",
            "viewer": "member", "state": (), "endpoints": (GET_PERSON,), "owasp": "", "cwe": (),
            "severity": "high", "title": "", "advice": "", "contract_location": NOWHERE, **more,
        }
    )  # fmt: skip


def narrowed(one: Finding, *, wide: bool = False, own_settings: bool = False) -> Scope:
    probes, _ = survey(model(), {})
    return narrow(
        Focus(one, (one.field,), wide=wide), model(), {}, probes, [], own_settings=own_settings
    )


def names(scope: Scope) -> set[str]:
    return {probe.id for probe in scope.probes}


def test_every_rule_and_every_technique_has_its_place() -> None:
    told = {rule for each in TECHNIQUES for rule in each.RULES}
    assert told <= {check.RULE.id for check in CHECKS}, "a technique finds no rule that is none"
    assert {
        "missing-authentication", "privacy-setting-not-enforced", "authenticated-not-authorized",
        "broken-object-level-authorization", "excessive-data-exposure", OVER_BLOCK.id,
    } == PLAIN  # fmt: skip
    assert all(each.RULES or each.OPENS_WAYS for each in TECHNIQUES), "else it could find nothing"


def test_a_documented_endpoint_needs_itself_and_what_teaches_its_ids() -> None:
    scope = narrowed(finding())
    assert "getPerson" in names(scope)
    assert len(names(scope)) < len(narrowed(finding(), wide=True).probes)
    assert scope.plain and scope.techniques == ()


def test_fields_that_no_document_declares_are_looked_for_as_well() -> None:
    (probe,) = (g for g in narrowed(finding(field="row.hash")).probes if g.id == "getPerson")
    assert "row.hash" in probe.shows["Person"]


def test_a_way_that_a_query_names_is_gone_again_without_a_search() -> None:
    way = Endpoint("GET", f"{GET_PERSON.path}?view=full", "getPerson")
    scope = narrowed(finding(endpoints=(way,)))
    assert not scope.plain
    assert [each.HOW for each in scope.techniques] == ["option"]


def test_a_way_that_no_document_names_is_looked_for_by_all_that_look_for_ways() -> None:
    scope = narrowed(finding(endpoints=(Endpoint("GET", "/v1/people/{personId}", "getPerson"),)))
    assert scope.techniques == tuple(each for each in TECHNIQUES if each.OPENS_WAYS)


@pytest.mark.parametrize("rule", sorted({rule for each in TECHNIQUES for rule in each.RULES}))
def test_what_a_technique_tells_is_looked_for_by_it_alone(rule: str) -> None:
    scope = narrowed(finding(rule))
    assert scope.techniques == tuple(each for each in TECHNIQUES if rule in each.RULES)
    assert scope.plain is (rule == "cross-user-cache")


@pytest.mark.parametrize(
    ("rule", "techniques"),
    [
        ("revocation-not-enforced", "revocation"), ("bola-write", "writes creations accounts"),
        ("enumerable-ids", "enumerable_ids"),
        (
            "inference-leak",
            "graphql_paths inference paired_worlds sort_orders list_totals"
            " object_counts_in_accounts",
        ),
        ("account-enumeration", "account_enumeration"),
        ("unsafe-get", "jwt_secrets_and_unsafe_gets"),
    ],
)  # fmt: skip
def test_a_rule_is_told_by_the_techniques_that_are_called_so(rule: str, techniques: str) -> None:
    found = [getattr(each, "__name__", "") for each in narrowed(finding(rule)).techniques]
    assert [each.rpartition(".")[2] for each in found] == techniques.split()


def test_a_rule_that_is_not_known_here_is_looked_for_by_all() -> None:
    assert narrowed(finding("of-a-later-release")).techniques == TECHNIQUES


def test_a_resource_that_the_contract_does_not_have_any_more_is_told() -> None:
    with pytest.raises(InputError, match="has no resource `Gone`"):
        narrowed(finding(resource="Gone"))
