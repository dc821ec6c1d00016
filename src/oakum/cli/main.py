"""`oakum`: the lazily loaded command group, and the one place that turns errors into exit codes."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from types import ModuleType

import click

from oakum import __version__
from oakum.errors import ExitCode, InputError, OakumError, visible

COMMANDS: tuple[tuple[str, str], ...] = (
    ("scan", "test a running API against the contract and prove leaks"),
    ("doctor", "log in every identity and report problems"),
    ("gate", "decide by the contract's criteria whether a release may ship"),
    ("guard", "run a gateway that passes only what the contract grants"),
    ("observe", "analyse what an API sends and what its front end uses"),
    ("init", "draft a contract from an OpenAPI document"),
    ("check", "list every mistake in a contract, with its line"),
    ("schema", "print the JSON Schema of a file, for editors"),
    ("diff", "say who may see more under a changed contract or document"),
    ("report", "convert a JSON report to text, HTML, SARIF, JUnit and others"),
    ("explain", "say what a finding means, how to fix it, what the guard does"),
    ("findings", "track each finding; draft advisories, track deadlines"),
    ("language-server", "answer an editor's questions about a contract"),
    ("demo", "scan and guard an example API; serve APIs that leak"),
)
ALIASES: dict[str, str] = {
    "replay": "scan --only",
    "restore": "scan --restore",
    "advisory": "findings advisory",
    "disclose": "findings disclose",
    "cadence": "demo cadence",
    "catalogue": "demo catalogue",
}
"""Former commands, hidden from the help → the command that replaces each."""


class _Lazy(click.Group):
    """Imports a command's module only when it runs, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in ALIASES:
            aliases = importlib.import_module("oakum.cli.aliases")
            old: click.Command = aliases.command(cmd_name)
            return old
        if cmd_name not in dict(COMMANDS):
            return None
        command: click.Command = _load_module(f"oakum.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        # otherwise the shell is asking for completions
        if name in ALIASES and not ctx.resilient_parsing:
            click.echo(f"note: `oakum {name}` is now `oakum {ALIASES[name]}`", err=True)
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS))


def _load_module(name: str) -> ModuleType:
    """A module, without collections of garbage on the way, which take a sixth of that time: what
    modules make as they are imported stays, and no later collection looks at it either."""
    if name in sys.modules:
        return sys.modules[name]
    collects = gc.isenabled()
    gc.disable()
    try:
        module = importlib.import_module(name)
        gc.freeze()
        return module
    finally:
        if collects:
            gc.enable()


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `oakum demo`. Exit codes: 0 clean, 1 findings, 2 usage"
    " or bad contract, 3 not trustworthy, 70 a bug in Oakum.",
)
@click.version_option(__version__, prog_name="oakum")
def main() -> None:
    """Prove data leaks in APIs and block them, with one exposure contract.

    The contract says which viewer may see which field of whose object under which setting.
    """


def run() -> None:
    """Entry point: runs the command, prints errors as messages, and exits with a code of
    `ExitCode`."""
    sys.exit(_outcome())


def _outcome() -> int:
    try:
        result = main.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("oakum: interrupted", err=True)
        # CPython ends with SIGINT instead of the exit code after `python -m`, if the interrupt came
        # inside an `exec` of source text (dataclasses use it); another `exec` clears that.
        exec("")
        return 130
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE)
    except InputError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
        return int(error.exit_code)
    except OakumError as error:
        # Output of another program is indented, so that no line begins with `::`, which a CI log
        # would execute as a command.
        said = "\n  | ".join(visible(line) for line in str(error).splitlines())
        click.echo(f"error: {said}", err=True)
        return int(error.exit_code)
    except BrokenPipeError:
        # The reader has closed the pipe (`oakum … | head`), so there is nobody to report to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.CLEAN)
    except Exception as error:  # noqa: BLE001 - the edge: whatever is left is our fault
        return _ours(error)
    return int(result) if isinstance(result, int) else int(ExitCode.CLEAN)


def _ours(error: Exception) -> int:
    """Say that it is our fault. The message may quote somebody's data, so only places are shown."""
    import traceback  # a slow import that only an error needs
    from pathlib import Path

    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    click.echo(f"error: a bug in oakum: {type(error).__name__} at {where}", err=True)
    if os.environ.get("OAKUM_DEBUG"):
        traceback.print_exception(error)
    else:
        click.echo("set OAKUM_DEBUG=1 to see the full traceback", err=True)
    return int(ExitCode.INTERNAL)
