"""`oakum schema`: prints the JSON Schema of a file that Oakum reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click
import orjson

from oakum.openapi.model import Json


def contract() -> Json:
    """The schema of a policy file."""
    from oakum.policy import json_schema

    return json_schema.contract()


def identities() -> Json:
    """The schema of an identities file."""
    from oakum.scan.identities import json_schema

    return json_schema.identities()


def waivers() -> Json:
    """The schema of a file of waivers."""
    from oakum.policy import json_schema

    return json_schema.waivers()


SCHEMAS: Mapping[str, Callable[[], Json]] = {
    "contract": contract,
    "identities": identities,
    "waivers": waivers,
}


def text(name: str) -> str:
    """A schema as JSON."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(SCHEMAS[name](), option=options).decode()


@click.command(epilog="Example: oakum schema contract > contract.schema.json")
@click.argument("name", type=click.Choice(list(SCHEMAS)))
def command(name: str) -> None:
    """Print the JSON Schema (2020-12) of a contract, an identities file or a file of waivers.

    Editors complete keys with it, and mark mistakes. It says less than `oakum check`, which also
    reads the OpenAPI document.
    """
    click.echo(text(name), nl=False)
