"""The address of a saved request: its origin, and its path as a template.

A variable (`{{id}}`, `:id`, `{id}`) is a parameter, and so is a literal that can only be an id. A
variable that stands for the beginning of an address is replaced by its value, if the collection has
it: a base path is not part of a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from oakum.openapi.collections.auth import NAME
from oakum.openapi.collections.saved_request import Pair
from oakum.openapi.name_words import singular, words
from oakum.openapi.path_segments import VERSION, id_form

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}|\{%.*?%\}")
_TEMPLATE = re.compile(r"\{\}(?:[.:]\w+|\.\{\})|\w+\('?\{\}'?\)")
"""A segment that is only partly a parameter: `{id}.json`, `{id}:cancel`, `users('{id}')`. In any
other, such as `test-{name}`, the surrounding text is part of the value."""
_MIXED = re.compile(_VARIABLE.pattern + r"|\{([\w.-]+)\}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST = re.compile(r"(?:[^/@]*@)?((?:localhost|[\w-]+(?:\.[\w-]+)+|\[[0-9A-Fa-f:.]+\])(?::\d+)?"
                   r"|[\w-]+:\d+)(?=/|$)")  # fmt: skip
_BASE = re.compile(
    r"url|uri|host|base|server|domain|endpoint|prefix|root|version|gateway|(?:^|_)api(?:_|$)", re.I
)
_PLAIN_BASE = re.compile(r"/?(?:[A-Za-z][A-Za-z._-]*|v\d[\d.]*)(?:/(?:[A-Za-z][\w.-]*))*/?")
_MOST_STEPS = 8
"""Most levels of variables whose value contains another variable."""


class Address(NamedTuple):
    """The address of a request: origin and path template."""

    origin: str
    """Origin such as `https://api.example.com`; empty: a variable without a value."""
    segments: tuple[str, ...]
    """Path segments; a parameter has its name in braces."""
    kinds: Mapping[str, str]
    """Path parameter → `integer`, `uuid` or `string`."""
    query: tuple[Pair, ...]

    @property
    def path(self) -> str:
        """The path template: `/users/{id}`."""
        return "/" + "/".join(self.segments)

    @property
    def skeleton(self) -> str:
        """The template without parameter names; equal templates are the same endpoint."""
        return re.sub(r"\{[^{}]*\}", "{}", self.path)


def read(url: str, variables: Mapping[str, str], path: tuple[Pair, ...] = ()) -> Address | str:
    """The address, or the reason why it is no HTTP address. `path`: values of the path's
    variables."""
    text, _, query = _whole(url.strip(), variables).partition("?")
    text = text.partition("#")[0] if "{" not in text.partition("#")[2] else text
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return f"`{scheme[1]}` is not HTTP"
    origin, rest = _origin(text, scheme)
    kinds: dict[str, str] = {}
    segments: list[str] = []
    values = {each.name: each.value for each in path}
    for segment in (each for each in rest.split("/") if each.strip()):
        only = _VARIABLE.fullmatch(segment.strip())
        name = variable_name(only[1] or "") if only else ""
        if not segments and _BASE.search(name) and not variables.get(name):
            continue  # a base path of unknown value
        segments.append(_segment(segment.strip(), variables, segments, kinds, values))
    slash = [""] if segments and rest.endswith("/") else []
    return Address(origin, (*segments, *slash), kinds, _query(query))


def _whole(url: str, variables: Mapping[str, str]) -> str:
    """The address with the variables at its beginning replaced, as far as they have values."""
    for _ in range(_MOST_STEPS):
        begins = _SCHEME.match(url)
        start = begins.end() if begins else 0
        found = _VARIABLE.match(url, start)
        value = variables.get(variable_name(found[1] or ""), "") if found else ""
        if not found or not value:
            break
        value = value.strip()
        if begins and (again := _SCHEME.match(value)):
            value = value[again.end() :]
        after = url[found.end() :]
        url = url[:start] + value.rstrip("/") * bool(after.startswith("/")) + after
        url = url if after.startswith("/") else url[:start] + value + after
    return url


def _origin(text: str, scheme: re.Match[str] | None) -> tuple[str, str]:
    """The origin of an address, and its path."""
    if scheme:
        host, slash, rest = text[scheme.end() :].partition("/")
        host = host.rpartition("@")[2]
        known = host and "{" not in host and re.fullmatch(r"[\w.\[\]:-]+", host)
        return (f"{scheme[1].lower()}://{host.lower()}" if known else ""), slash + rest
    if text.startswith(("{{", "{%")):
        bare = text.partition("://")[2] or text
        return "", "/" + bare.partition("/")[2] if "/" in bare else ""
    found = _HOST.match(text)
    if found and not text.startswith(":"):
        return f"http://{found[1].lower()}", text[found.end() :]
    return "", text


def variable_name(text: str) -> str:
    """The name in a variable, also as Insomnia writes it: `_.name`, `_['name']`."""
    bare = re.sub(r"^_?(?:\.|\[['\"])|['\"]\]$", "", text.strip())
    return bare.partition("|")[0].strip()


def _segment(
    text: str,
    variables: Mapping[str, str],
    before: list[str],
    kinds: dict[str, str],
    values: Mapping[str, str],
) -> str:
    """A segment of the template."""
    if only := _VARIABLE.fullmatch(text):
        name = variable_name(only[1] or "")
        value = variables.get(name, "")
        if value and _is_base(name, value):
            return value.strip("/")
        return "{" + _parameter(name, value, before, kinds) + "}"
    named = re.fullmatch(r":([A-Za-z_][\w-]*)|\{([\w.-]+)\}|<([\w.-]+)>", text)
    if named:
        name = next(each for each in named.groups() if each)
        return "{" + _parameter(name, values.get(name, ""), before, kinds) + "}"
    if "{{" in text or "{%" in text or _MIXED.search(text):

        def named_part(found: re.Match[str]) -> str:
            name = variable_name(found[1] or found[2] or "")
            return "{" + _parameter(name, "", before, kinds) + "}"

        if not _TEMPLATE.fullmatch(_MIXED.sub("{}", text)):
            first = _MIXED.search(text)
            name = variable_name(first[1] or first[2] or "") if first else ""
            return "{" + _parameter(name, "", before, kinds) + "}"
        return _MIXED.sub(named_part, text)
    plain = unquote(text)
    if _is_id(plain):
        return "{" + _parameter("", plain, before, kinds) + "}"
    return plain.replace("{", "").replace("}", "")


def _is_base(name: str, value: str) -> bool:
    """Whether a variable within a path stands for a part of it that does not change."""
    fits = _PLAIN_BASE.fullmatch(value) is not None
    return bool(VERSION.fullmatch(value)) or (fits and bool(_BASE.search(name)))


def _is_id(text: str) -> bool:
    """Whether a literal segment can only be an id or somebody's name. Words with a digit or two
    are literals here: a person wrote them down, `oauth2`, `2fa`, `s3-files`."""
    if text == "@me":
        return False
    if id_form(text) in (None, "integer", "uuid"):
        return id_form(text) is not None
    digits = sum(each.isdigit() for each in text)
    odd = not re.fullmatch(r"[\w.~:$()-]+", text, re.ASCII)
    return odd or digits >= 4 or (digits > 0 and len(text) >= 20)


def _parameter(name: str, value: str, before: list[str], kinds: dict[str, str]) -> str:
    """A name for a parameter that no other of the path has."""
    bare = re.sub(r"[^A-Za-z0-9_.-]", "_", name.lstrip("$"))
    if not NAME.fullmatch(bare) or name.startswith("$"):
        bare = _after(before)
    base, number = bare, 2
    while bare in kinds:
        bare, number = f"{base}{number}", number + 1
    form = id_form(value) if value else None
    kinds[bare] = "uuid" if name in ("$guid", "$randomUUID") else form or "string"
    return bare


def _after(before: list[str]) -> str:
    """A parameter's name, after the segment before it: `userId` in `/users/{userId}`."""
    literal = (e for e in reversed(before) if "{" not in e and not VERSION.fullmatch(e))
    parts = [*words(next(literal, ""))]
    if not parts:
        return "id"
    parts[-1] = singular(parts[-1])
    return "".join((parts[0], *(each.title() for each in parts[1:]), "Id"))


def _query(text: str) -> tuple[Pair, ...]:
    found = (each.partition("=") for each in text.partition("#")[0].split("&") if each)
    return tuple(Pair(unquote(name), unquote(value)) for name, _, value in found)
