"""`oakum observe addon`: prints the addon for a mitmproxy of the user's own."""

from __future__ import annotations

from importlib.resources import files

import click

from oakum.errors import ExitCode


@click.command(epilog="Example: oakum observe addon > oakum_addon.py")
def command() -> int:
    """Print an addon for mitmproxy that writes exchanges as lines.

    The addon is one file and needs only mitmproxy: `mitmdump -q -s oakum_addon.py --set oakum_out=-
    | oakum observe traffic -`. It writes whole bodies and credentials.
    """
    text = files("oakum.traffic").joinpath("mitmproxy_addon.py").read_text(encoding="utf-8")
    click.echo(text, nl=False)
    return ExitCode.CLEAN
