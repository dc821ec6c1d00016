"""Renders one HTML file from a template, its styles, scripts and data.

The page may run only its own script and load nothing (Content-Security-Policy by hash). Text from
an API reaches it in two ways only: through autoescaping, or as JSON in a data block whose text the
script sets as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources
from typing import Any

import orjson
from markupsafe import Markup, escape

from oakum.errors import count_of
from oakum.output.terminal_text import visible

_OBEYED = re.compile(r"[<>&\x7f-\U0010ffff]")
"""Matches markup characters and those that may be invisible; printable ones are kept."""


def render(package: str, parts: tuple[str, ...], data: Any, **values: Any) -> str:
    """Renders the HTML page of a package.

    `parts`: names of its files; each may have a style (`NAME.css`) and a script (`NAME.js`), which
    come in this order after those that all pages share, and the last has the template
    (`NAME.html.j2`), which extends `base.html.j2`. `data`: JSON, at hand for scripts as
    `oakum.data`; `values`: for the template.
    """
    # A slow import: most commands render no page.
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    style = "".join([_asset("oakum.output", "base.css"), *_existing_assets(package, parts, "css")])
    script = "".join([_asset("oakum.output", "base.js"), *_existing_assets(package, parts, "js")])
    environment = Environment(
        loader=FunctionLoader(lambda name: _template(package, name)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({"ticks": ticks, "many": "{:,}".format})
    environment.globals["counted"] = count_of
    return environment.get_template(f"{parts[-1]}.html.j2").render(
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=_data(data),
        **values,
    )


def _template(package: str, name: str) -> str:
    return _asset("oakum.output" if name == "base.html.j2" else package, name)


def ticks(text: str) -> Markup:
    """HTML of a text whose words in backticks become code."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape(visible(text))
    pieces = (
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )
    return Markup("").join(pieces)


def _asset(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _existing_assets(package: str, parts: tuple[str, ...], kind: str) -> list[str]:
    """Those of a page's parts that have a file of a kind."""
    folder = resources.files(package)
    names = (f"{part}.{kind}" for part in parts)
    return [_asset(package, name) for name in names if folder.joinpath(name).is_file()]


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy that allows only this style and this script."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _data(data: Any) -> Markup:
    """JSON that no HTML parser can take for markup, and no reader of the source for other text:
    marks of writing direction and what else a screen obeys are escapes (CWE-451)."""
    return Markup(_OBEYED.sub(_escape_char, orjson.dumps(data).decode()))


def _escape_char(found: re.Match[str]) -> str:
    char = found[0]
    if char not in "<>&" and char.isprintable():
        return char
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _visible(value: object) -> str:
    return value if isinstance(value, Markup) else visible(str(value))
