"""Writes the pages that are drawn from the code: `python docs/generate.py`.

`tests/test_docs.py` fails when one of them is not current.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import click

from oakum.cli import schema
from oakum.cli.main import ALIASES, COMMANDS, main
from oakum.cli.schema import SCHEMAS
from oakum.exposure.checks import CHECKS, OVER_BLOCK

HERE = Path(__file__).parent
_WIDTH = 90
_OPENING = """\
# The command line

`docs/generate.py` makes this page from `--help`: change the program, not this page.
[Exit codes](exit-codes.md) lists the exit codes of each command.
"""
_BEFORE = """\
## Former names

These commands still work, and print their new name on standard error:
"""


def cli() -> str:
    """docs/reference/cli.md: the help of `oakum` and of each of its commands."""
    parts = [_OPENING, *_section(main, "oakum")]
    group = click.Context(main, info_name="oakum")
    for name, _ in COMMANDS:
        command = main.get_command(group, name)
        assert command is not None
        parts += _sections(command, f"oakum {name}")
    parts += [_BEFORE, *(f"- `oakum {old}`: `oakum {now}`" for old, now in ALIASES.items()), ""]
    return "\n".join(parts)


def _sections(command: click.Command, name: str) -> Iterator[str]:
    yield from _section(command, name)
    for more, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _sections(below, f"{name} {more}")


def _section(command: click.Command, name: str) -> Iterator[str]:
    shown = click.Context(
        command, info_name=name, terminal_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    yield f"## `{name}`\n\n```text\n{command.get_help(shown)}\n```\n"


def checks() -> str:
    """docs/reference/checks.md: a section for each rule, from its file. What stands above the first
    heading, and below that of what is no leak, is written by hand in the page itself."""
    page = (HERE / "reference" / "checks.md").read_text(encoding="utf-8")
    above = page.partition("\n## ")[0]
    below = page[page.index(f"## {OVER_BLOCK.id}\n") :]
    sections = (f"## {each.RULE.id}\n\n{each.REFERENCE.strip()}\n" for each in CHECKS)
    return "\n".join([above, *sections, below])


PAGES: Mapping[Path, Callable[[], str]] = {
    HERE / "reference" / "cli.md": cli,
    HERE / "reference" / "checks.md": checks,
    **{HERE / "reference" / f"{name}.schema.json": partial(schema.text, name) for name in SCHEMAS},
}
"""Each generated page, and the function that draws it."""


if __name__ == "__main__":
    for page, draw in PAGES.items():
        page.write_text(draw(), encoding="utf-8")
