"""`oakum observe`: what an API sends, to whom, and what its front end uses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oakum.cli import shared
from oakum.cli.observe_abuse import command as abuse
from oakum.cli.observe_addon import command as addon
from oakum.cli.observe_compare import command as compare
from oakum.cli.observe_front_end import command as front_end
from oakum.cli.observe_keep import command as keep
from oakum.cli.observe_options import HOST, HTML, SOURCES, not_both
from oakum.cli.observe_watch import command as watch
from oakum.errors import ExitCode, InputError, Location, Problem

if TYPE_CHECKING:
    from oakum.traffic.evaluation.traffic_judge import ContractJudge
    from oakum.traffic.inventory import SeenEndpoint
    from oakum.traffic.observation_run import EngineName
    from oakum.traffic.path_templates import Template
    from oakum.traffic.traffic_files import TrafficSource


@click.group(epilog="Example: oakum observe traffic session.har --contract exposure.yaml")
def command() -> None:
    """Analyse what an API really sends, to whom, and what its front end uses.

    Stores no personal data: bodies are reduced to field paths and types while they are read.
    """


command.add_command(addon, "addon")
command.add_command(front_end, "front-end")
command.add_command(abuse, "abuse")
command.add_command(compare, "compare")
command.add_command(keep, "keep")
command.add_command(watch, "watch")


@command.command(epilog="Example: oakum observe traffic session.har --contract exposure.yaml")
@SOURCES
@click.option("--contract", type=shared.PATH, metavar="FILE", help="compare with this contract")
@click.option(
    "--openapi", type=shared.PATH, metavar="FILE", help="compare with this OpenAPI document"
)
@HOST
@click.option("--json", "json_file", type=shared.PATH, metavar="FILE", help="also write JSON")
@HTML
@click.option(
    "--write-openapi", type=shared.PATH, metavar="FILE",
    help="write an OpenAPI 3.1 document of the undeclared endpoints",
)  # fmt: skip
@shared.format_option()
@click.option(
    "--engine", type=click.Choice(("python", "duckdb", "spark")),
    help="counting engine; default: DuckDB, if it is installed and can read the"
         " sources",
)  # fmt: skip
@click.option(
    "--memory", type=click.IntRange(min=128), default=1000, show_default=True, metavar="MB",
    help="maximum memory of an engine; callers that do not fit are counted in"
         " parts",
)  # fmt: skip
def traffic(
    sources: tuple[str, ...],
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    json_file: Path | None,
    html_file: Path | None,
    write_openapi: Path | None,
    form: str,
    engine: EngineName | None,
    memory: int,
) -> int:
    """Make an inventory of an API from recorded traffic, and report drift from the contract.

    A SOURCE is a HAR, a file of exchanges as lines (NDJSON), or a JSON access log of Envoy, nginx
    or `oakum guard`; also compressed (.gz, .zst), a pattern such as 'logs/*.gz', or `-`; or a
    folder of `oakum observe keep`.
    """
    from oakum.traffic import json_document, render_text
    from oakum.traffic.observation_run import ObserveOptions, UnfitOptionsError, run_observation

    not_both(contract, openapi)
    forms = write_openapi is not None
    options = ObserveOptions(sources, contract, openapi, hosts, engine, memory, forms)
    try:
        made, survey = run_observation(options)
    except UnfitOptionsError as error:
        raise click.UsageError(str(error)) from None
    if write_openapi is not None:
        _write_openapi(survey.templates, write_openapi)
    if json_file is not None:
        shared.write_text(json_file, json_document.render(made).decode())
    if html_file is not None:
        from oakum.observe_pages.page_writer import write_inventory

        write_inventory(html_file, json_document.document(made))
    if form == "json":
        shared.say(json_document.render(made).decode().rstrip("\n"))
    else:
        for line in render_text.lines(made):
            shared.line(line)
    if made.distrust:
        return ExitCode.NOT_TRUSTWORTHY
    return ExitCode.FINDINGS if made.drift else ExitCode.CLEAN


@command.command(epilog="Example: oakum observe draft session.har --openapi api.yaml -o draft.yaml")
@SOURCES
@click.option(
    "--contract", type=shared.PATH, metavar="FILE",
    help="take relations, owners and settings from this contract, but no grants",
)  # fmt: skip
@click.option(
    "--openapi", type=shared.PATH, metavar="FILE",
    help="guess them from this OpenAPI document, like `oakum init`",
)  # fmt: skip
@HOST
@click.option(
    "--output",
    "-o",
    type=shared.PATH,
    required=True,
    metavar="FILE",
    help="output file of the draft",
)
@click.option("--force", is_flag=True, help="overwrite an existing file")
def draft(
    sources: tuple[str, ...],
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    output: Path,
    force: bool,
) -> int:
    """Draft the narrowest contract that explains what was sent and what was not.

    Without a contract and a document it first infers a document, and writes it beside the draft.
    Each line has its evidence as a comment, and a mark until a person confirms it, because what an
    API sends may be the leak. A relation is only granted what was really sent to it.
    """
    from oakum.traffic.draft_lines import needs, text
    from oakum.traffic.relations_to_confirm import without_unneeded
    from oakum.traffic.survey import Surveyor
    from oakum.traffic.traffic_files import sources as opened

    not_both(contract, openapi)
    found = opened(sources)
    _absent(output, force=force)
    if contract is None and openapi is None:
        openapi = output.with_suffix(".openapi.json")
        _absent(openapi, force=force)
        if not _infer(found, hosts, openapi):
            return ExitCode.NOT_TRUSTWORTHY
    judged, base, before = _draft_basis(contract, openapi, output.parent)
    judged.learn_all(found)
    surveyor = Surveyor(os.urandom(32), judged, hosts)
    read = surveyor.take_all(found)
    base = _relocate_contract(base, contract, output.parent)
    lines = {name: list(judged.lines(name)) for name in judged.policy.resources}
    if before is not None:
        judged.path_values.correct_params(judged.operations, base)
        base = without_unneeded(base, before, *needs(lines))
    distrust = [*filter(None, (each.distrust for each in found)), *judged.distrust()]
    if distrust:
        for why in distrust:
            click.echo(f"not trustworthy: {why}", err=True)
        return ExitCode.NOT_TRUSTWORTHY
    shared.write_text(output, text(base, lines, f"{read:,} exchanges"))
    many = sum(map(len, lines.values()))
    asked = sum(line.asks for each in lines.values() for line in each)
    click.echo(
        f"wrote {output}: {many} fields, {asked} of them for you to decide; review it, then run"
        f" `oakum check {output}`",
        err=True,
    )
    return ExitCode.CLEAN


def _absent(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        place = Location(str(path))
        raise InputError([Problem(place, "is there already", "give another name, or --force")])


def _infer(found: Sequence[TrafficSource], hosts: Sequence[str], path: Path) -> bool:
    """Writes a document inferred from the traffic, in a separate pass. Reports if there is no API
    call in it."""
    from oakum.traffic.survey import Surveyor
    from oakum.traffic.traffic_files import STDIN

    if any(each.name == STDIN for each in found):
        hint = "give a file, or a document as `--openapi`"
        raise InputError([Problem(Location(STDIN), "can be read only once", hint)])
    surveyor = Surveyor(os.urandom(32), None, hosts)
    surveyor.take_all(found)
    templates = surveyor.finish().templates
    distrust = [*filter(None, (each.distrust for each in found))]
    distrust += [] if templates or distrust else ["no exchange is an API call"]
    for why in distrust:
        click.echo(f"not trustworthy: {why}", err=True)
    if not distrust:
        _write_openapi(templates, path)
        click.echo(f"wrote {path}: {len(templates)} operations, inferred", err=True)
    return not distrust


def _draft_basis(
    contract: Path | None, openapi: Path | None, folder: Path
) -> tuple[ContractJudge, dict[str, Any], dict[str, Any] | None]:
    """What traffic is held against, the policy whose relations, owners and settings are kept, and
    what it was before relations and settings were suggested; None: it is the user's own."""
    import yaml

    from oakum.inference.draft import draft as guessed
    from oakum.inference.draft import drafted_policy
    from oakum.openapi.document import Document
    from oakum.openapi.source import parse, read_text
    from oakum.policy.comma_separated_keys import apart
    from oakum.policy.contract import Contract, load
    from oakum.routing.judged_contract import compile_for_judging
    from oakum.traffic.evaluation.traffic_judge import ContractJudge
    from oakum.traffic.relations_to_confirm import with_suggestions

    if contract is None:
        assert openapi is not None
        document = Document.load(openapi)
        drafted = parse(guessed(document, api=os.path.relpath(openapi, folder)), "")
        before = apart(drafted, document.names_operation).plain()
        base = with_suggestions(document, before)
        policy = drafted_policy(document, yaml.safe_dump(base, sort_keys=False))
        return ContractJudge(compile_for_judging(Contract(document, policy))), base, before
    found, said = load(contract), read_text(contract)
    if found.policy is None or "x-exposure" in said:
        hint = "give the file with `relations` and `resources`, or the document as `--openapi`"
        raise InputError([Problem(Location(str(contract)), "contains no policy", hint)])
    stated = apart(parse(said, str(contract)), found.document.names_operation).plain()
    return ContractJudge(compile_for_judging(found)), stated, None


def _relocate_contract(base: dict[str, Any], contract: Path | None, folder: Path) -> dict[str, Any]:
    """A contract with file names relative to another folder; gateway settings stay."""
    if contract is not None:

        def new_path(name: str) -> str:
            return os.path.relpath(contract.parent / name, folder)

        base["api"] = new_path(base["api"])
        if "refs" in base:
            base["refs"] = {address: new_path(name) for address, name in base["refs"].items()}
        for rule in base.get("operations", {}).values():
            if rule and "graphql" in rule:
                rule["graphql"] = new_path(rule["graphql"])
    return {key: each for key, each in base.items() if key not in ("exit_criteria", "guard")}


def _write_openapi(templates: tuple[Template[SeenEndpoint], ...], path: Path) -> None:
    import json

    import yaml

    from oakum.traffic.openapi_from_traffic import document

    made = document(templates)
    if path.suffix in (".yaml", ".yml"):
        text = yaml.safe_dump(made, sort_keys=False, allow_unicode=True)
    else:
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    shared.write_text(path, text)
