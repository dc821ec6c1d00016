"""A contract compiled: the one object that engines are rendered from and the reference decides by.

The law of this module: a contract is compiled once. The plan that the Lua runtime reads is a
rendering of this object (`guard.plan`), and `guard.enforcement` decides by the object itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from oakum.authz import Model, compile_contract
from oakum.errors import InputError, Location, Problem
from oakum.openapi.document import Document
from oakum.policy.contract import Contract
from oakum.policy.model import Policy
from oakum.routing.clients import open_to_clients
from oakum.routing.lookup_plan import LookupPlan, derive


@dataclass(frozen=True, eq=False)
class CompiledContract:
    """All that a contract means to a gateway; holds no file, no secret and nothing of a request.

    Its parts refer to each other by the ids of operations and by the names of resources:
    `model.tables["Member"]` says who may see what of a `Member`, `lookups.endpoints["getMember"]`
    how a request finds `getMember` and what must be asked before its answer is judged.
    """

    document: Document
    """The OpenAPI document, as it was read."""
    stated: Model
    """Who may call what and see what, as document and policy say: what a scan, tests and recorded
    traffic are judged by."""
    model: Model
    """The same for a gateway: an operation that is open to a key of the application's alone is open
    to nobody in particular. Where there is no such key it is `stated` itself."""
    lookups: LookupPlan
    """Endpoints, and what has to be asked of the API for them."""

    @property
    def policy(self) -> Policy:
        """What the contract says, as it was read."""
        return self.model.policy


def compile_for_gateway(contract: Contract) -> CompiledContract:
    """Compile a contract that was read, once for all that decide by it in this process.

    Raises `InputError` when there is no policy in it.
    """
    document, policy = contract.document, contract.policy
    if policy is None:
        hint = "write one, or draft it with `oakum init`"
        raise InputError([Problem(Location(document.file), "there is no policy to guard by", hint)])
    stated = compile_contract(document, policy)
    model = open_to_clients(document, stated)
    return CompiledContract(document, stated, model, derive(document, model))
