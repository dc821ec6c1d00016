"""`oakum observe`: what an API really sends, to whom, and what its front end really uses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from oakum.cli import shared
from oakum.cli.observe_front_end import command as front_end
from oakum.errors import ExitCode, InputError, Location, Problem


@click.group()
def command() -> None:
    """Say what an API really sends, to whom, and what its front end really uses.

    No value is kept of anybody: bodies are reduced to field paths and types as they are read.
    """


command.add_command(front_end, "front-end")

_SOURCES = click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
_HOST = click.option(
    "--host", "hosts", multiple=True, metavar="NAME",
    help="look at calls of this host alone; may be repeated",
)  # fmt: skip


@command.command(epilog="Example: oakum observe traffic session.har --contract exposure.yaml")
@_SOURCES
@click.option("--contract", type=shared.PATH, metavar="FILE", help="hold it against this contract")
@click.option(
    "--openapi", type=shared.PATH, metavar="FILE", help="hold it against this OpenAPI document"
)
@_HOST
@click.option("--json", "json_file", type=shared.PATH, metavar="FILE", help="also write JSON")
@click.option(
    "--write-openapi", type=shared.PATH, metavar="FILE",
    help="write an OpenAPI 3.1 document of what is not declared",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True,
    help="of what goes to standard output",
)  # fmt: skip
def traffic(
    sources: tuple[str, ...],
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    json_file: Path | None,
    write_openapi: Path | None,
    form: str,
) -> int:
    """Take stock of an API from recorded traffic, and tell what drifted from the contract.

    A SOURCE is a HAR, a file of exchanges in lines (NDJSON), or an access log in JSON, of Envoy, of
    nginx or of `oakum guard`; also packed (.gz, .zst), a pattern such as 'logs/*.gz', or `-`.
    """
    from oakum.observe import json_v1, words
    from oakum.observe.intake import records
    from oakum.observe.intake import sources as opened
    from oakum.observe.observation import Read
    from oakum.observe.survey import Surveyor, observation

    if contract is not None and openapi is not None:
        raise click.UsageError("give `--contract` or `--openapi`, not both")
    found = opened(sources)
    key = os.urandom(32)
    against = _against(contract, openapi, key)
    surveyor = Surveyor(key, against, hosts)
    _learn(against, found)
    for source in found:
        for passed in records(source):
            surveyor.take(passed)
    survey = surveyor.done()
    reads = [Read(s.name, s.kind, s.read, dict(s.skipped), s.broken) for s in found]
    made = observation(survey, reads, against, str(contract or openapi or ""))
    if write_openapi is not None:
        _write_openapi(survey.templates, write_openapi)
    if json_file is not None:
        shared.write_text(json_file, json_v1.render(made).decode())
    if form == "json":
        shared.say(json_v1.render(made).decode().rstrip("\n"))
    else:
        for line in words.lines(made):
            shared.line(line)
    if made.distrust:
        return ExitCode.NOT_TRUSTWORTHY
    return ExitCode.FINDINGS if made.drift else ExitCode.CLEAN


def _against(contract: Path | None, openapi: Path | None, key: bytes):  # type: ignore[no-untyped-def]
    from oakum.contract import load
    from oakum.contract.openapi import Document
    from oakum.testing.traffic import Declared, Judged

    if openapi is not None:
        return Declared(Document.load(openapi))
    if contract is None:
        return None
    found = load(contract)
    if found.policy is None:
        hint = "draft one with `oakum observe draft`, or give it as `--openapi`"
        raise InputError([Problem(Location(str(contract)), "has no policy", hint)])
    return Judged(found, key)


def _learn(against: object, found: Sequence[object]) -> None:
    """A first pass, so that what a late answer tells of a caller is known for the early ones."""
    from oakum.observe.intake import STDIN, Source, records
    from oakum.testing.traffic import Judged

    if isinstance(against, Judged):
        for source in found:
            if isinstance(source, Source) and source.name != STDIN:
                for passed in records(source):
                    against.learn(passed)


def _write_openapi(templates: tuple, path: Path) -> None:  # type: ignore[type-arg]
    import json

    import yaml

    from oakum.observe.openapi import document

    made = document(templates)
    if path.suffix in (".yaml", ".yml"):
        text = yaml.safe_dump(made, sort_keys=False, allow_unicode=True)
    else:
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    shared.write_text(path, text)
