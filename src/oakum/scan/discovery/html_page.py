"""Reads an HTML page: the addresses of its scripts, their inline text, and its initial data.

Pure. A page is parsed as leniently as a browser does it: what cannot be parsed is skipped. It is
parsed in one pass, so the time is proportional to its length.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from oakum.openapi.model import Json

_MOST_VALUES = 40
_MOST_TRIES = 400
_TAG = re.compile(r"(?i)<(script|link)\b([^<>]{0,4000})>")
_SCRIPT_END = re.compile(r"(?i)</script\b")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_DATA = re.compile(r"=\"\s*((?:[{\[]|&#123;|&#91;)[^\"]*)\"|='\s*((?:[{\[]|&#123;|&#91;)[^']*)'")
"""Data in an attribute: `data-page="{&quot;…`."""
_JSON_TYPE = re.compile(r"(?i)[\w.+-]+/(?:[\w.+-]+\+)?json\b")
_BEGINS = re.compile(r"[=(]\s*(?=[{\[])")
"""Where a script may assign or pass an object: `window.__STATE__ = {`, `start([`."""
_PARSED = re.compile(r"""JSON\.parse\(\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')""", re.S)
_UNDEFINED = re.compile(r"(?<=[:,\[])\s*undefined\s*(?=[,}\]])")
"""`serialize-javascript` and similar tools write it in place of JSON's `null`."""


@dataclass
class Page:
    """The scripts and data of an HTML page."""

    sources: list[str] = field(default_factory=list)
    """Addresses of its scripts, as written."""
    scripts: list[str] = field(default_factory=list)
    """Texts of its inline scripts."""
    data: list[Json] = field(default_factory=list)
    """Objects and lists embedded for its scripts."""


def read_page(text: str) -> Page:
    """Extracts texts, links and embedded data of an HTML page."""
    page = Page()
    at = 0
    while tag := _TAG.search(text, at):
        at = tag.end()
        said = dict(_attributes(tag[2]))
        if tag[1].lower() == "link":
            if said.get("href", "").split("?")[0].endswith((".js", ".mjs")):
                page.sources.append(said["href"])
            continue
        end = _SCRIPT_END.search(text, at)
        inside = text[at : end.start() if end else len(text)]
        at += len(inside)
        if said.get("src"):
            page.sources.append(said["src"])
        elif _JSON_TYPE.match(said.get("type", "")):
            page.data += _parse_json(inside)
        elif inside.strip():
            page.scripts.append(inside)
            page.data += values_of(inside)
    for each in islice(_DATA.finditer(text), _MOST_TRIES):
        page.data += _parse_json(html.unescape(each[1] if each[1] is not None else each[2]))
    page.data = page.data[:_MOST_VALUES]
    return page


def _attributes(tag: str) -> Iterator[tuple[str, str]]:
    for name, double, single, bare in _ATTRIBUTE.findall(tag):
        yield name.lower(), html.unescape(double or single or bare)


def _parse_json(text: str) -> Iterator[Json]:
    """Parses a text as a non-empty JSON object or list."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, dict | list) and value:
            yield value


def values_of(script: str) -> Iterator[Json]:
    """Objects and lists in a script, as literals or as JSON texts."""
    script = _UNDEFINED.sub("null", script)
    decoder, past = json.JSONDecoder(), 0
    for nth, found in enumerate(_BEGINS.finditer(script)):
        if nth >= _MOST_TRIES:
            break
        if found.end() < past:
            continue
        with suppress(ValueError, RecursionError):
            value, past = decoder.raw_decode(script, found.end())
            if value:
                yield value
    for each in islice(_PARSED.finditer(script), _MOST_TRIES):
        with suppress(ValueError, RecursionError):
            yield from _parse_json(_literal_value(each))


def _literal_value(found: re.Match[str]) -> str:
    """The value of a JavaScript literal (ECMA-262, 12.9.4), if JSON can express it."""
    body = found[1] if found[1] is not None else found[2].replace("\\'", "'")
    if found[1] is None:
        body = re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', body)
    body = re.sub(r"\\x([0-9a-fA-F]{2})", r"\\u00\1", body)
    spoken: str = json.loads(f'"{body}"', strict=False)
    return spoken
