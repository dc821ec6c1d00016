"""Finds the operation of a request.

A path that two servers could read in two ways matches no endpoint. Nothing is normalised, so the
path that is judged is the path that is forwarded (CWE-436, CWE-444).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from oakum.authz.parameter_maximums import is_within
from oakum.http.methods import routed_method
from oakum.openapi.model import ClosedOperation, Operation
from oakum.openapi.path_segments import nameless, parameter_names
from oakum.routing.custom_method_paths import verb_paths
from oakum.routing.http_messages import Denial
from oakum.routing.nested_parameters import NestedParameter
from oakum.routing.operation_by_path_values import PathChoices, Rival, params_of, path_choices

_PATH = re.compile(r"/(?:[!\"$&-:<-\[\]-~]|%[0-9A-Fa-f]{2})*")
"""No raw space, control, `#`, `;` or backslash, and no invalid escape."""
_QUERY = re.compile(r"(?:[!\"$&-:<-~]|%(?!00)[0-9A-Fa-f]{2})*")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]|%[0-9A-Fa-f]{2}")
"""In a decoded segment: a control, a separator, or an escape that a second decoding would
change."""
_NAME = re.compile(r"\{([^{}]+)\}")
_RAW = "!\"$&'()*+,-.:<=>@[]^_`{|}~"
"""Characters allowed unescaped in a segment, besides letters and digits, as in `_PATH`."""
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class RequestTarget:
    """Segments and query of a request target, undecoded."""

    raw: tuple[str, ...]
    folded: tuple[str, ...]
    """Segments decoded and in lower case, as a lenient server matches them."""
    query: str = ""


def split_target(target: str) -> RequestTarget | None:
    """Splits a request target; None when its path is ambiguous."""
    path, _, query = target.partition("?")
    if not _PATH.fullmatch(path):
        return None
    raw = tuple(path[1:].split("/"))
    decoded = tuple(text for part in raw if (text := _decode(part)) is not None)
    if len(decoded) < len(raw) or "" in raw[:-1]:
        return None
    if any(text in (".", "..") or _UNSAFE.search(text) for text in decoded):
        return None
    return RequestTarget(raw, tuple(text.encode().lower().decode() for text in decoded), query)


def _decode(text: str) -> str | None:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return None


def escape_template(template: str) -> str:
    """A document's path in the form of a request target: in its literals, exactly what needs an
    escape has one. A document may have `é` or `%c3%A9`; requests have `%C3%A9`."""
    return "/".join(
        "".join(
            part if index % 2 else quote(unquote(part), safe=_RAW)
            for index, part in enumerate(re.split(r"(\{[^{}]+\})", segment))
        )
        for segment in template.split("/")
    )


def _upper(text: str) -> str:
    """A segment with its escapes in upper case, which are the same ones (RFC 3986, 6.2.2.1)."""
    return _ESCAPE.sub(lambda at: at[0].upper(), text)


def path_of(operation: Operation, params: Mapping[str, str]) -> str | None:
    """The path of a request to this operation; None as with `fill_path`."""
    segments = dict(params)
    for each in operation.parameters:
        if each.where == "path" and each.name in params:
            segment = each.segment_of(params[each.name])
            if segment is None:
                return None
            segments[each.name] = segment
    return fill_path(operation.path, segments)


def fill_path(template: str, params: Mapping[str, str]) -> str | None:
    """The path with its parameters filled in; None when they are missing or make it ambiguous."""
    if not all(params.get(name) for name in parameter_names(template)):
        return None
    # A lone surrogate is not valid text; `placed` rejects its escape.
    path = _NAME.sub(
        lambda at: quote(params[at[1]], safe="", errors="surrogatepass"), escape_template(template)
    )
    return path if split_target(path) is not None else None


@dataclass(frozen=True)
class _Segment:
    names: tuple[str, ...]
    shortest: re.Pattern[str]
    """Groups are the parameters; `longest` matches the same texts greedily."""
    longest: re.Pattern[str]
    literal: int
    """Number of literal characters."""
    text: str = ""
    """The whole segment, if it has no parameter."""

    @property
    def rank(self) -> tuple[int, int]:
        """Sort key: a literal, then a literal with a parameter, then a plain parameter."""
        return (0, 0) if not self.names else (1, -self.literal) if self.literal else (2, 0)

    def match(self, text: str) -> tuple[str, ...] | None:
        """Parameter values, () without any; None when it does not match or is ambiguous."""
        if not self.names:
            return () if text == self.text else None
        if not self.literal and len(self.names) == 1:
            return (text,) if text else None
        first, again = self.shortest.fullmatch(text), self.longest.fullmatch(text)
        same = first is not None and again is not None and first.groups() == again.groups()
        return first.groups() if first is not None and same else None


@lru_cache(maxsize=4096)  # paths of a document share most of theirs
def _segment(template: str) -> _Segment:
    literals = _NAME.split(template)[::2]
    escaped = [re.escape(each) for each in literals]
    return _Segment(
        tuple(parameter_names(template)),
        re.compile("(.+?)".join(escaped), re.DOTALL),
        re.compile("(.+)".join(escaped), re.DOTALL),
        sum(map(len, literals)),
        "".join(literals),
    )


def _fold(text: str) -> str:
    """Decoded and in lower case, as a lenient server matches it; parameter names are kept."""
    parts = re.split(r"(\{[^{}]+\})", text)
    parts[::2] = [unquote(each).encode().lower().decode() for each in parts[::2]]
    return "".join(parts)


@dataclass(frozen=True)
class _Template:
    path: str
    segments: tuple[_Segment, ...]
    folded: tuple[_Segment, ...]
    methods: dict[str, Operation]


def shut_paths(operations: Sequence[Operation], choices: PathChoices) -> Iterator[str]:
    """Path templates that match no operation: it is unclear, or another one's."""
    yield from verb_paths(operations)
    yield from dict.fromkeys(each.path for each in choices.crossed)


class _Branch:
    """A prefix tree of path templates."""

    def __init__(self) -> None:
        self._literal: dict[str, _Branch] = {}
        self._others: list[tuple[_Segment, _Branch]] = []
        self._ends: list[_Template] = []

    def plant(self, segments: tuple[_Segment, ...], template: _Template) -> None:
        """Inserts a template."""
        if not segments:
            self._ends.append(template)
            return
        first, *rest = segments
        if not first.names:
            below = self._literal.setdefault(first.text, _Branch())
        else:
            below = next((e for same, e in self._others if same == first), _Branch())
            if all(below is not each for _, each in self._others):
                self._others.append((first, below))
        below.plant(tuple(rest), template)

    def matches(
        self, texts: tuple[str, ...], at: int, params: dict[str, str]
    ) -> Iterator[tuple[_Template, dict[str, str]]]:
        """Templates that match from a segment on, with their parameters."""
        if at == len(texts):
            yield from ((each, params) for each in self._ends)
            return
        below = self._literal.get(texts[at])
        if below is not None:
            yield from below.matches(texts, at + 1, params)
        for segment, branch in self._others:
            values = segment.match(texts[at])
            if values is not None:
                more = {**params, **dict(zip(segment.names, values, strict=True))}
                yield from branch.matches(texts, at + 1, more)


class Router:
    """Finds operations among all documented ones, including those granted to nobody: a path of one
    endpoint never matches a parameter of another."""

    def __init__(
        self, operations: Sequence[Operation], closed: Sequence[ClosedOperation] = ()
    ) -> None:
        """`closed`: operations whose paths no other endpoint may take."""
        self._templates: dict[str, _Template] = {}
        choices = path_choices(operations, closed)
        self._rivals = choices.rivals
        self._closed = frozenset(each.operation.id for each in closed)
        for each in (*operations, *(one.operation for one in closed)):
            methods = self._methods(each.path)
            if each.id not in self._closed or each.method not in methods:
                methods[each.method] = each
        for path in shut_paths(operations, choices):
            self._methods(path)
        self._exact, self._folded = _Branch(), _Branch()
        for template in self._templates.values():
            self._exact.plant(template.segments, template)
            self._folded.plant(template.folded, template)

    def _methods(self, path: str) -> dict[str, Operation]:
        """The operations of a path, by method."""
        known = self._templates.get(path)
        if known is not None:
            return known.methods
        parts = escape_template(path)[1:].split("/")
        segments = tuple(_segment(part) for part in parts)
        folded = tuple(_segment(_fold(part)) for part in parts)
        made = self._templates[path] = _Template(path, segments, folded, {})
        return made.methods

    def has_path(self, place: RequestTarget) -> bool:
        """Whether the document has this path, with or without a trailing slash."""
        other = place.folded[:-1] if place.folded[-1] == "" else (*place.folded, "")
        return bool(self._best(place.folded, folded=True) or self._best(other, folded=True))

    def find(self, place: RequestTarget, method: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation and its decoded path parameters; None when nothing matches, or when a
        lenient server would choose another operation. A HEAD is found as the GET that it is."""
        method = routed_method(method)
        found = self._best(tuple(map(_upper, place.raw)), folded=False)
        if [each.path for each, _ in found] != [
            each.path for each, _ in self._best(place.folded, folded=True)
        ]:
            return None
        for template, raw in found:
            if method in template.methods:
                params = {name: unquote(value) for name, value in raw.items()}
                alike = self._rivals.get((method, nameless(template.path)))
                if alike is None:
                    only = template.methods[method]
                    return (only, params_of(only, params)) if only.id not in self._closed else None
                values = tuple(params.values())
                chosen = _select_rival(alike, values)
                # Some routers match the raw path, some the decoded one; both must agree.
                if chosen.shut or chosen is not _select_rival(alike, tuple(raw.values())):
                    return None
                return chosen.operation, chosen.parameters_by_name(values)
        return None

    def of_url(self, url: str, method: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The same for an absolute URL; None also when its path is ambiguous."""
        place = split_target(urlsplit(url).path or "/")
        return self.find(place, method) if place is not None else None

    def _best(self, texts: tuple[str, ...], folded: bool) -> list[tuple[_Template, dict[str, str]]]:
        """The most specific matching templates with their undecoded parameters."""
        found: dict[tuple[tuple[int, int], ...], list[tuple[_Template, dict[str, str]]]] = {}
        for template, params in (self._folded if folded else self._exact).matches(texts, 0, {}):
            segments = template.folded if folded else template.segments
            rank = tuple(each.rank for each in segments)
            found.setdefault(rank, []).append((template, params))
        return found[min(found)] if found else []


def _select_rival(alike: Sequence[Rival], values: Sequence[str]) -> Rival:
    return next((each for each in alike if each.admits(values)), alike[0])


def passes(patterns: Iterable[str], place: RequestTarget) -> bool:
    """Whether a path matches one of these: `*` is one segment, a final `**` one or more."""
    return any(_is_covered(pattern[1:].split("/"), place) for pattern in patterns)


def _is_covered(wanted: list[str], place: RequestTarget) -> bool:
    given = place.raw
    if wanted[-1] == "**":
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
        if len(place.raw) <= len(wanted):
            return False
    return len(wanted) == len(given) and all(
        want == got or (want == "*" and got) for want, got in zip(wanted, given, strict=True)
    )


_UNCAPPED: Mapping[str, int] = {}


def filter_query(
    query: str,
    names: Collection[str],
    lists: Collection[str],
    nested: Mapping[str, NestedParameter],
    kept: Collection[str] = (),
    caps: Mapping[str, int] = _UNCAPPED,
) -> str:
    """The query with declared parameters only, otherwise unchanged; `kept` are credentials,
    `nested` the parameters that may have brackets, which servers parse differently; only their
    declared members stay.

    Raises `Denial` for ambiguity: an invalid escape, or a repeated parameter that is not a list;
    and for a value beyond its parameter's highest (`caps`).
    """
    if not _QUERY.fullmatch(query):
        raise Denial(400, "query")
    stay: list[str] = []
    seen: dict[str, set[str]] = {}
    for piece in query.split("&"):
        name, value = (_decode(part.replace("+", " ")) for part in _halves(piece))
        if name is None or value is None:
            raise Denial(400, "query")
        called = name if name in names or name in kept else name.partition("[")[0]
        declared = called in names or called in kept
        if not name or not declared:
            continue
        within = nested.get(called)
        if called != name and within is None:
            raise Denial(400, "query")
        stays, many = within.admits(name[len(called) :], value) if within else (True, False)
        if not stays:
            continue
        before = seen.setdefault(called, set())
        mixed = before and (name == called or called in before)
        if called not in lists and ((name in before and not many) or mixed):
            raise Denial(400, "query")
        if name in caps and not is_within(value, caps[name]):
            raise Denial(400, "query")
        before.add(name)
        stay.append(piece)
    return "&".join(stay)


def without(query: str, names: Collection[str]) -> str:
    """The query without some parameters, otherwise unchanged."""
    kept = (piece for piece in query.split("&") if decoded_name(piece) not in names)
    return "&".join(kept)


def with_query(target: str, query: str) -> str:
    """A target with another query."""
    path = target.partition("?")[0]
    return f"{path}?{query}" if query else path


def decoded_name(piece: str) -> str:
    """The decoded name of a `name=value` piece."""
    return unquote(_halves(piece)[0].replace("+", " "))


def decoded_value(piece: str) -> str:
    """The decoded value of a `name=value` piece."""
    return unquote(_halves(piece)[1].replace("+", " "))


def _halves(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return name, value
