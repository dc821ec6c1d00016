"""Reads and compiles a contract's files for an engine, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from oakum.errors import InputError, Location, Problem
from oakum.guard.plan.render import render_plan
from oakum.guard.target import RenderedPlan
from oakum.guard.unsupported import refuse
from oakum.guard.warnings import warnings
from oakum.http.media_type import essence
from oakum.openapi.document import Document
from oakum.policy.contract import load
from oakum.policy.model import Policy
from oakum.routing.compiled_contract import CompiledContract, compile_for_gateway
from oakum.routing.headers import is_standard
from oakum.routing.media import FEEDS
from oakum.routing.paging_parameters import page

_METHODS = """ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR
MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE
SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE"""
"""Methods that Envoy accepts; it answers others with 400, and QUERY without a body."""


def feeds(document: Document) -> Iterator[Problem]:
    """Warns about operations that Envoy cannot serve: streams of events or lines, and unknown
    methods."""
    for operation in document.operations:
        answers = [each for several in operation.responses.values() for each in several]
        if any(essence(each.type) in FEEDS for each in answers):
            yield Problem(
                document.locate(operation.pointer),
                f"`{operation.id}` is a feed, and only nginx supports feeds",
                "`--engine nginx` filters it event by event",
            )
        if operation.method not in _METHODS.split():
            yield Problem(
                document.locate(operation.pointer),
                f"Envoy does not know the method `{operation.method}` of `{operation.id}`",
                "`--engine nginx` and the middleware accept it",
            )


@dataclass(frozen=True, eq=False)
class ContractFiles:
    """A contract's files, read and compiled, with what an engine is rendered from."""

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

    @property
    def feeds(self) -> tuple[Problem, ...]:
        """Warnings for an engine that cannot filter feeds."""
        return tuple(feeds(self.compiled.document))

    def warned(self, feeds: bool) -> tuple[Problem, ...]:
        """Warnings for an engine; `feeds`: whether it can filter feeds."""
        return self.warnings if feeds else (*self.warnings, *self.feeds)

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
    if unfilled := [*_unfilled(compiled)]:
        raise InputError(unfilled)
    keys = key_files(compiled.policy, path.parent)
    read = (path, *overlays, *contract.document.files, *keys)
    return ContractFiles(compiled, render_plan(compiled, path.parent), read, contract.warnings)


def _unfilled(compiled: CompiledContract) -> Iterator[Problem]:
    """Required parameters of who-am-I that neither the document nor any request fills: the API
    refuses it, so that everybody is nobody."""
    policy, wiring = compiled.policy, compiled.lookups
    caller = compiled.document.operation(policy.caller.operation)
    if caller is None or wiring.whoami is None:
        return
    places = {(each.where, each.name) for each in wiring.credentials}
    filled = {name for name, _ in caller.owed} | {page(caller)[0].partition("=")[0]}
    others = [wiring.selections[id] for id in wiring.endpoints if id != caller.id]
    for each in caller.parameters:
        name = each.name.lower() if each.where == "header" else each.name
        place, own = (each.where, name), wiring.selections[caller.id]
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
