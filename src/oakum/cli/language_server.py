"""`oakum language-server`: messages, completion and names for an editor, over standard streams."""

from __future__ import annotations

import click

from oakum.cli import shared


@click.command(epilog="Example: oakum language-server  (an editor starts it for contract files)")
def command() -> None:
    """Answer an editor's questions about contracts, over standard input and output.

    Speaks the Language Server Protocol: mistakes as you type, completion of names, what a name
    means, where it stands, and the rename of a relation. Sends nothing to any API.
    """
    shared.require_editor()
    from oakum.editor.server import server

    server().start_io()
