"""A group that is a command itself: `oakum guard CONTRACT` beside `oakum guard check`."""

from __future__ import annotations

from typing import Any

import click


class CommandGroup(click.Group):
    """A command group that runs its command `default` if the first argument names no subcommand.

    Its usage and options are those of that command. Without arguments it runs as well if
    `no_args_is_help` is false.
    """

    def __init__(self, *more: Any, default: str, **named: Any) -> None:
        super().__init__(*more, **named)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        others = (*self.commands, *ctx.help_option_names)
        if args[0] not in others if args else not self.no_args_is_help:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return self.commands[self.default].collect_usage_pieces(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.commands[self.default].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)
