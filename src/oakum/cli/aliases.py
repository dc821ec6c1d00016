"""Former names of commands: each is hidden, says the new name and runs it."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from oakum.cli import demo_cadence, demo_catalogue, findings_advisory, findings_disclose

_MOVED: dict[str, click.Command] = {
    "advisory": findings_advisory.command,
    "disclose": findings_disclose.command,
    "cadence": demo_cadence.command,
    "catalogue": demo_catalogue.command,
}
_SCANS = {"replay": ("only", "FINDING", {}), "restore": ("journal", "JOURNAL", {"restore": True})}
"""Former command → (its parameter of `oakum scan`, the name of its argument, preset options)."""


def command(name: str) -> click.Command:
    """The hidden command of a former name, one of `oakum.cli.main.ALIASES`."""
    return _MOVED[name] if name in _MOVED else _scan(name)


def _scan(name: str) -> click.Command:
    from oakum.cli.scan import command as scan

    option, shown, fixed = _SCANS[name]
    first = click.Argument([option], metavar=shown, type=_type(scan, option))
    taken = (option, *fixed)
    assert scan.callback is not None
    return click.Command(
        name,
        params=[first, *(each for each in scan.params if each.name not in taken)],
        callback=partial(scan.callback, **fixed),
        help=scan.help,
        hidden=True,
    )


def _type(command: click.Command, option: str) -> click.ParamType[Any]:
    return next(each.type for each in command.params if each.name == option)
