"""A contract compiled: the one object that engines are rendered from and the reference decides by.

A contract is compiled once. `guard.plan` renders this object as the plan that the Lua runtime
reads, and `guard.enforcement` uses the object itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from oakum.authz import Model, compile_contract
from oakum.errors import InputError, Location, Problem
from oakum.guard.compiled.enforcement_plan import LookupPlan, derive
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.resources_in_unread_keywords import with_hidden
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.policy.contract import Contract
from oakum.policy.graphql_schema import Graph
from oakum.policy.model import Policy
from oakum.routing.application_keys import application_keys
from oakum.routing.route import Router


@dataclass(frozen=True, eq=False)
class CompiledContract:
    """A contract compiled for enforcement; holds no file, secret or request.

    Its parts refer to each other by operation id and resource name: `model.tables["Member"]` says
    who may see what of a `Member`, `lookups.endpoints["getMember"]` how a request is routed to
    `getMember` and what must be looked up before its response is judged.
    """

    document: Document
    """The OpenAPI document as read."""
    stated: Model
    """The model as document and policy state it; scan, tests and recorded traffic are judged by
    it."""
    model: Model
    """The model for a gateway: an operation that requires only an application's key is open to
    everybody, and a string that holds a resource as JSON is withheld. Identical to `stated` if the
    contract has neither."""
    lookups: LookupPlan
    """The endpoints, with the look-ups that they need."""
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name under which the policy has their files."""

    @property
    def policy(self) -> Policy:
        """The policy as read."""
        return self.model.policy

    @property
    def endpoints(self) -> Collection[GrantedEndpoint]:
        """Endpoints granted to at least one caller, in the order of the document."""
        return self.lookups.endpoints.values()

    @cached_property
    def router(self) -> Router:
        """Finds the operation of a request."""
        return Router(self.document.operations, self.document.closed)

    def location(self, operation: Operation) -> Location:
        """The operation's line in the contract, else its place in the document."""
        if operation.id in self.model.rules:
            return self.model.rule(operation.id).location
        return self.document.locate(operation.pointer)


def compile_for_gateway(contract: Contract) -> CompiledContract:
    """Compiles a contract once for everything in this process that decides by it.

    Raises `InputError` when it has no policy.
    """
    document, policy = contract.document, contract.policy
    if policy is None:
        hint = "write one, or draft it with `oakum init`"
        raise InputError([Problem(Location(document.file), "there is no policy to enforce", hint)])
    stated = compile_contract(document, policy)
    closed, texts = with_hidden(document, stated.bound) or (document, ())
    judged = stated if closed is document else compile_contract(closed, policy)
    model = _open_to_applications(closed, judged)
    lookups = derive(closed, model)
    lookups = replace(lookups, warnings=(*lookups.warnings, *texts))
    return CompiledContract(document, stated, model, lookups, contract.graphs)


def _open_to_applications(document: Document, model: Model) -> Model:
    """A model in which an operation that needs only an application's key is open to everybody."""
    keys = application_keys(document, model.policy)
    operations = {
        id: replace(each, security=tuple(alternative - keys for alternative in each.security))
        for id, each in model.operations.items()
        if keys and each.security
    }
    return replace(model, operations={**model.operations, **operations}) if operations else model
