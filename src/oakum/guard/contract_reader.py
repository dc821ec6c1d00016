"""Reads and compiles a contract's files for an engine, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from oakum.errors import InputError, Location, Problem
from oakum.guard.compiled.compiled_contract import CompiledContract, compile_for_gateway
from oakum.guard.engine_protocol import EngineTarget, RenderedPlan
from oakum.guard.plan.render import render_plan
from oakum.guard.unsupported_constructs import refuse
from oakum.guard.warnings import warnings
from oakum.policy.contract import load
from oakum.policy.model import Policy
from oakum.routing.allowed_headers import is_standard
from oakum.routing.paging_parameters import page_size


@dataclass(frozen=True, eq=False)
class ContractFiles:
    """A contract read from its files and compiled, ready to be rendered for an engine."""

    compiled: CompiledContract
    plan: RenderedPlan
    files: tuple[Path, ...]
    """Every file that was read, for the file watcher."""
    noticed: tuple[Problem, ...]
    """Warnings from loading."""

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change whenever the contract or its keys change."""
        return self.plan.digest

    @property
    def endpoints(self) -> int:
        """Number of operations that the contract grants to at least one caller."""
        return len(self.compiled.lookups.endpoints)

    @property
    def service_env(self) -> str:
        """Environment variable with the credential of look-ups; empty: the caller's own is used."""
        service = self.compiled.policy.guard.service
        return service.env if service is not None else ""

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """Loading warnings, and warnings about what a gateway cannot look up and therefore
        denies. Those of the contract come first, each file's in the order of its lines."""
        made = self.compiled
        found = (*self.noticed, *made.model.notes, *made.lookups.warnings, *warnings(made))
        return tuple(sorted(found, key=self._order))

    def _order(self, problem: Problem) -> tuple[bool, str, int, int]:
        place = problem.location
        return place.file != self.compiled.policy.file, place.file, place.line, place.column

    def warnings_for(self, engines: Iterable[EngineTarget]) -> tuple[Problem, ...]:
        """`warnings`, and one for each operation that one of the engines cannot serve."""
        document = self.compiled.document
        return (
            *self.warnings,
            *(each for one in engines for each in one.unserved_operations(document)),
        )

    def secrets(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Secrets that the engine needs in its environment, by variable name.

        Raises `InputError` when the contract names a variable that is not set.
        """
        name = self.service_env
        if not name:
            return {}
        if not environ.get(name):
            policy = self.compiled.policy
            place = policy.places.get(("guard", "service"), Location(policy.file))
            hint = f"the contract needs it for look-ups: `export {name}=…`"
            raise InputError([Problem(place, f"`{name}` is not set in the environment", hint)])
        return {name: environ[name]}


def read_contract(path: Path, overlays: Sequence[Path] = ()) -> ContractFiles:
    """Reads and compiles a contract. Raises `InputError` with all mistakes at once, and for one
    under which nobody can be identified."""
    contract = load(path, overlays)
    if contract.policy is not None:
        refuse(contract.policy)
    compiled = compile_for_gateway(contract)
    if unfilled := [*_check_whoami(compiled)]:
        raise InputError(unfilled)
    keys = key_files(compiled.policy, path.parent)
    read = (path, *overlays, *contract.document.files, *keys)
    return ContractFiles(compiled, render_plan(compiled, path.parent), read, contract.warnings)


def _check_whoami(compiled: CompiledContract) -> Iterator[Problem]:
    """Required parameters of who-am-I that neither the document nor any request fills: the API
    refuses it, so that everybody is nobody."""
    policy, plan = compiled.policy, compiled.lookups
    caller = compiled.document.operation(policy.caller.operation)
    if caller is None or plan.whoami is None:
        return
    places = {(each.where, each.name) for each in plan.credentials}
    filled = {name for name, _ in caller.required_query} | {page_size(caller)}
    others = [plan.selections[id] for id in plan.endpoints if id != caller.id]
    for each in caller.parameters:
        name = each.name.lower() if each.where == "header" else each.name
        place, own = (each.where, name), plan.selections[caller.id]
        standard = each.where == "header" and is_standard(name)
        if not each.required or each.where == "path" or place in places or standard:
            continue
        supplied = name in filled if each.where == "query" else place not in own.needed
        if not supplied and not any(one.has(place) for one in others):
            key = "operation" if ("caller", "operation") in policy.places else "session"
            yield Problem(
                policy.places.get(("caller", key), Location(policy.file)),
                f"`{caller.id}` requires the {each.where} parameter `{each.name}`, which no request"
                " can fill, so nobody can be identified",
                f"give it a `default`, or an `enum` of one value, in `{compiled.document.file}` or"
                " an overlay of it; or declare it for the operations that callers request",
            )


def key_files(policy: Policy, folder: Path) -> tuple[Path, ...]:
    """Local key files that the policy names; URLs are left out."""
    tokens = policy.guard.tokens
    named = (tokens.keys if tokens is not None else "", policy.guard.api_keys)
    return tuple(folder / name for name in named if name and "://" not in name)
