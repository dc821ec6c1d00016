"""`oakum diff`: who may see more under the new contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import shared
from oakum.errors import ExitCode, InputError, Location, Problem, count_of

if TYPE_CHECKING:
    from oakum.cli.revision import ContractRevision
    from oakum.contract_diff import DifferenceLine
    from oakum.guard.compiled.compiled_contract import CompiledContract
    from oakum.policy.contract import Contract

_HEADS = (
    ("widened", "Widened"),
    ("changed", "Changed in a way that cannot be ordered, so counted as widened"),
    ("own", "New for the owner of an object only"),
    ("narrowed", "Narrowed"),
    ("note", "New in the document, and granted to nobody"),
)
_SHOWN = 8
"""Most endpoints listed below a sentence."""


@click.command(
    epilog="Example: oakum diff old.yaml exposure.yaml  |  oakum diff main..HEAD exposure.yaml"
    "  |  oakum diff main:exposure.yaml exposure.yaml"
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--overlay", "overlays", type=shared.PATH, multiple=True, metavar="FILE",
    help="OpenAPI Overlay to apply to both documents; repeatable",
)  # fmt: skip
@shared.format_option("text", "json", "markdown")
def command(old: str, new: str, overlays: tuple[Path, ...], form: str) -> int:
    """Say who may see, set or call more under the contract NEW than under OLD.

    Each is a file or REV:PATH; a git range OLD..NEW needs a PATH. A contract's document is read at
    the same revision. Needs no running API. Exit code 1: widened.
    """
    from oakum.cli.revision import sides

    before, after = sides(old, new)
    changes = between(before, after, overlays)
    if form == "json":
        _json(changes, before, after)
    else:
        write = _markdown if form == "markdown" else _text
        click.echo("\n".join(write(changes)))
    widened = any(each.widens for each in changes)
    return int(ExitCode.FINDINGS if widened else ExitCode.CLEAN)


def between(
    before: ContractRevision, after: ContractRevision, overlays: Sequence[Path]
) -> tuple[DifferenceLine, ...]:
    """Every difference between two contracts, as sentences; raises `InputError` with the mistakes
    of both."""
    from oakum.cli.revision import laid_out, place, problem
    from oakum.contract_diff import changes, compare, renamings
    from oakum.contract_diff.dropped_checks import find_dropped_checks
    from oakum.guard.compiled.compiled_contract import compile_for_gateway
    from oakum.policy.contract import load

    with ExitStack() as files:
        contracts: list[Contract] = []
        paths: list[tuple[Path, ContractRevision]] = []
        compiled: list[CompiledContract] = []
        problems: list[Problem] = []
        for side in (before, after):
            try:
                path, patches = files.enter_context(laid_out(side, overlays))
                paths.append((path, side))
                contracts.append(contract := load(path, patches))
                if contract.policy is None:
                    hint = "draft one with `oakum init`"
                    raise InputError([Problem(Location(str(path)), "has no exposure policy", hint)])
                compiled.append(compile_for_gateway(contract))
            except InputError as error:
                problems += [problem(e, *paths[-1]) if paths else e for e in error.problems]
        if problems:
            raise InputError(problems)
        try:
            old, new = compiled
            found = compare(old.stated, new.stated)
            checks = find_dropped_checks(old, new, renamings(old.policy, new.policy))
        except InputError as error:
            raise InputError(problem(each, *paths[1]) for each in error.problems) from None
        first, second = (contract.document.locate for contract in contracts)
        # A place in either contract is named as git names it, whatever folder it was read from.
        return tuple(
            replace(each, location=place(place(each.location, *paths[0]), *paths[1]))
            for each in changes(found, first, second, checks)
        )


def _groups(
    changes: Sequence[DifferenceLine],
) -> Iterator[tuple[str, list[tuple[str, list[DifferenceLine]]]]]:
    """By direction and resource, in the order in which they come: the widest first."""
    for direction, head in _HEADS:
        groups: dict[str, list[DifferenceLine]] = {}
        for each in changes:
            if each.direction == direction:
                groups.setdefault(each.resource, []).append(each)
        if groups:
            yield head, list(groups.items())


def _summary(changes: Sequence[DifferenceLine]) -> str:

    if not changes:
        return "no change of exposure"
    wide = [each for each in changes if each.widens]
    cells = sum(each.cells for each in wide)
    said = f"widened: {count_of(len(wide), 'change')}" if wide else "no widening"
    said += f" over {count_of(cells, 'cell')}" if cells else ""
    rest = [
        f"{sum(each.direction == name for each in changes)} {words}"
        for name, words in (("own", "to the owner only"), ("narrowed", "narrowed"),
                            ("note", "granted to nobody"))
        if any(each.direction == name for each in changes)
    ]  # fmt: skip
    return "; ".join([said, *rest])


def _text(changes: Sequence[DifferenceLine]) -> Iterator[str]:
    from oakum.output.terminal_text import visible

    for head, groups in _groups(changes):
        yield f"{head}:"
        for resource, those in groups:
            if resource:
                yield f"  {visible(resource)}"
            for each in those:
                yield f"    {visible(each.sentence)}"
                if len(each.endpoints) > 1:
                    yield f"      {visible(_endpoints(each))}"
                if each.location.file:
                    yield f"      {visible(str(each.location))}"
        yield ""
    yield _summary(changes)


def _endpoints(change: DifferenceLine) -> str:
    more = len(change.endpoints) - _SHOWN
    return ", ".join(change.endpoints[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _markdown(changes: Sequence[DifferenceLine]) -> Iterator[str]:
    from oakum.output.markdown import code_of, escape_title

    yield f"### Exposure: {escape_title(_summary(changes))}"
    for head, groups in _groups(changes):
        yield f"\n**{head}**\n"
        for _, those in groups:
            for each in those:
                place = f" ({code_of(str(each.location))})" if each.location.file else ""
                yield f"- {escape_title(each.sentence)}{place}"
                if len(each.endpoints) > 1:
                    named = [code_of(endpoint) for endpoint in each.endpoints[:_SHOWN]]
                    more = len(each.endpoints) - _SHOWN
                    tail = f" and {more:,} more" if more > 0 else ""
                    yield f"  <br>{', '.join(named)}{tail}"


def _json(
    changes: Sequence[DifferenceLine], before: ContractRevision, after: ContractRevision
) -> None:
    import orjson

    content = {
        "schema": "oakum.diff/2",
        "old": before.name,
        "new": after.name,
        "widened": any(each.widens for each in changes),
        "summary": _summary(changes),
        "changes": [_plain(each) for each in changes],
    }
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


def _plain(change: DifferenceLine) -> dict[str, object]:
    return {
        "direction": change.direction,
        "kind": change.kind,
        "sentence": change.sentence,
        "resource": change.resource,
        "fields": change.fields,
        "viewers": change.viewers,
        "when": change.when,
        "endpoints": change.endpoints,
        "why": change.why,
        "cells": change.cells,
        **change.location.members(),
    }
