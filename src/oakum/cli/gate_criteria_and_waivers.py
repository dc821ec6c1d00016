"""Reads the inputs of `oakum gate` and its self-test: contract, waivers, ages of reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from oakum.authz import Model, compile_contract
from oakum.errors import InputError, Location, Problem
from oakum.openapi.source import Node, parse, read_text
from oakum.policy.amounts import duration
from oakum.policy.contract import Contract, load
from oakum.policy.exit_criteria import parse_waivers
from oakum.policy.model import Policy, Waiver
from oakum.policy.node_reader import Reader


@dataclass(frozen=True)
class GateInputs:
    """The inputs of a verdict other than reports: contract, criteria, waivers, dates."""

    found: Contract
    policy: Policy
    model: Model
    waivers: tuple[Waiver, ...]
    age: float
    """Maximum age of a report in seconds."""
    changed: datetime
    """When the contract was last written."""


def bench(
    contract: Path, overlays: tuple[Path, ...], max_age: str | None, waiver_file: Path | None
) -> GateInputs:
    """Reads and compiles the contract and reads the waivers; raises `InputError` with every
    mistake."""
    found = load(contract, overlays)
    policy = _policy(found, contract)
    return GateInputs(
        found, policy, compile_contract(found.document, policy),
        _waivers(policy, contract, waiver_file),
        policy.criteria.max_age if max_age is None else _duration(max_age),
        _last_change(found, contract, overlays),
    )  # fmt: skip


def _policy(found: Contract, path: Path) -> Policy:
    if found.policy is None:
        hint = "draft one with `oakum init`, and correct it"
        said = "there is no policy, so no release can be judged"
        raise InputError([Problem(Location(str(path)), said, hint)])
    if not found.document.operations:
        said = "the document has no operations, so no release can be judged"
        raise InputError([Problem(Location(found.document.file), said)])
    return found.policy


def _duration(said: str) -> float:
    problems: list[Problem] = []
    node = Node("scalar", Location("--max-age"), said)
    seconds = duration(Reader(problems), node, "it")
    if seconds is None:
        raise click.BadParameter(problems[0].message, param_hint="--max-age")
    return seconds


def _last_change(found: Contract, contract: Path, overlays: tuple[Path, ...]) -> datetime:
    """When the contract was last written, for reports that do not say which one they are of."""
    files = {contract, *found.document.files, *overlays}
    return datetime.fromtimestamp(
        max(each.stat().st_mtime for each in files if each.is_file()), UTC
    )


def _waivers(policy: Policy, contract: Path, more: Path | None) -> tuple[Waiver, ...]:
    """Those of the policy, of the file that it names, and of the file that was given."""
    named = policy.criteria.waiver_file
    files = ([contract.parent / named] if named else []) + ([more] if more is not None else [])
    problems: list[Problem] = []
    found = list(policy.criteria.waivers)
    for file in files:
        found += parse_waivers(parse(read_text(file), str(file), problems), policy, problems)
    if problems:
        raise InputError(problems)
    return tuple(found)
