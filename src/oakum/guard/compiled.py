"""A contract's files, read and compiled for an engine: the step before anything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oakum.authz import compile_contract
from oakum.errors import InputError, Location, Problem
from oakum.guard.clients import open_to_clients
from oakum.guard.foreseen import foreseen
from oakum.guard.lookup_plan import derive, feeds
from oakum.guard.plan import compile_plan
from oakum.policy.contract import load
from oakum.policy.model import Policy

AUDIT_KEY = "OAKUM_AUDIT_KEY"
"""Environment variable with the key of the hashes in the audit log."""


@dataclass(frozen=True)
class Compiled:
    """What a contract's files say, for an engine."""

    plan: str
    """JSON text of `guard.plan`."""
    contract: str
    """16 hexadecimal digits that change when anything does."""
    endpoints: int
    """Operations that the contract grants to somebody."""
    files: tuple[Path, ...]
    """Everything that was read for it."""
    service_env: str
    """Environment variable with the credential of look-ups; empty: the caller's own is used."""
    warnings: tuple[Problem, ...]
    """Also of what a gateway cannot look up, and so keeps closed."""
    feeds: tuple[Problem, ...]
    """Warnings for an engine that lets no feed pass."""
    service_place: Location
    """Where the contract says so."""

    def warned(self, feeds: bool) -> tuple[Problem, ...]:
        """Warnings for an engine; `feeds`: it lets feeds pass."""
        return self.warnings if feeds else (*self.warnings, *self.feeds)

    def secrets(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The secrets that an engine needs in its environment, by name.

        Raises `InputError` for one that the contract names and nobody has set.
        """
        if not self.service_env:
            return {}
        if not environ.get(self.service_env):
            hint = f"the contract asks look-ups with it: `export {self.service_env}=…`"
            said = f"`{self.service_env}` is not set in the environment"
            raise InputError([Problem(self.service_place, said, hint)])
        return {self.service_env: environ[self.service_env]}


def compiled(path: Path, overlays: Sequence[Path] = ()) -> Compiled:
    """Reads and compiles a contract. Raises `InputError` with every mistake in it."""
    contract = load(path, overlays)
    plan = compile_plan(contract, path.parent)
    policy = contract.policy
    assert policy is not None  # or it could not be compiled
    head = json.loads(plan)
    model = open_to_clients(contract.document, compile_contract(contract.document, policy))
    wiring = derive(contract.document, model)
    service = policy.guard.service
    return Compiled(
        plan,
        head["contract"],
        len(head["endpoints"]),
        (path, *overlays, *contract.document.files, *key_files(policy, path.parent)),
        service.env if service is not None else "",
        (
            *contract.warnings,
            *model.notes,
            *wiring.warnings,
            *foreseen(contract.document, model, wiring),
        ),
        tuple(feeds(contract.document)),
        policy.places.get(("guard", "service"), Location(policy.file)),
    )


def key_files(policy: Policy, folder: Path) -> tuple[Path, ...]:
    """Files beside the policy that hold keys."""
    tokens = policy.guard.tokens
    named = (tokens.keys if tokens is not None else "", policy.guard.api_keys)
    return tuple(folder / name for name in named if name and "://" not in name)
