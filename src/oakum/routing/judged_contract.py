"""A contract compiled for judging responses: of test suites and of recorded traffic.

A gateway needs more, and reads some things differently: `guard.compiled.compiled_contract`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.authz import Model, compile_contract
from oakum.errors import InputError, Location, Problem
from oakum.openapi.document import Document
from oakum.policy.contract import Contract
from oakum.policy.graphql_schema import Graph
from oakum.policy.model import Policy
from oakum.routing.caller_and_relation_lookups import CallerPlan, caller_plan


@dataclass(frozen=True, eq=False)
class JudgedContract:
    """Who may call and see what, and how callers are identified; holds no file, secret or
    request."""

    document: Document
    model: Model
    callers: CallerPlan
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name under which the policy has their files."""

    @property
    def policy(self) -> Policy:
        """The policy as read."""
        return self.model.policy


def compile_for_judging(contract: Contract) -> JudgedContract:
    """Compiles a contract. Raises `InputError` when it has no policy."""
    document, policy = contract.document, contract.policy
    if policy is None:
        hint = "draft one with `oakum init`, and correct it"
        told = "there is no policy, so no response can be judged"
        raise InputError([Problem(Location(document.file), told, hint)])
    model = compile_contract(document, policy)
    return JudgedContract(document, model, caller_plan(document, model), contract.graphs)
