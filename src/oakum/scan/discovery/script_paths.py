"""Finds API paths in scripts: `fetch("/api/users/" + id)`, with gaps for values.

Pure. Scripts are not parsed, only searched: a literal that looks like a path counts, with what is
appended to it by a template, by `+` or by `.concat(`. Calls that plainly write are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from oakum.inference.lexicon import FieldClass, classify_field

_MOST = 300
_MOST_LITERALS = 5_000
_MOST_REST = 600
"""How many characters of a call are searched for its method."""
_MOST_GIVEN = 4
_NAME = r"[A-Za-z_$][\w$]*"
_ROUND = r"\((?:[^()\"'`]|\([^()\"'`]*\)){0,80}\)"
_VALUE = re.compile(rf"{_ROUND}|{_NAME}(?:\??\.{_NAME}|\[[^\[\]]{{1,40}}\]|{_ROUND}){{0,8}}")
_LITERAL = re.compile(
    r"\"((?:https?://|/)[^\"'`\s\\<>]{0,300})\""
    r"|'((?:https?://|/)[^\"'`\s\\<>]{0,300})'"
    r"|`((?:https?://|/|\$\{)(?:\$\{[^{}`]{0,120}\}|[^`\s\\<>$]){0,300})`"
)
_TEXT = re.compile(r"\"([^\"\\\n]{0,300})\"|'([^'\\\n]{0,300})'|`([^`\\]{0,300})`")
_HOLE = re.compile(r"\$\{([^{}`]{0,120})\}")
_PLUS = re.compile(r"\s*\+\s*")
_CONCAT = re.compile(r"\s*\.\s*concat\(")
_PATH = re.compile(r"(?:/[\w.~%{}@:,;+-]*)+")
_ASSET = re.compile(
    r"(?i)\.(?:m?js|css|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|mp[34]|webm|wasm|html?"
    r"|txt|xml|webmanifest)$"
)
_COLON = re.compile(r"(?<=/):([A-Za-z_]\w*)\??")
_IDS = re.compile(
    r"(?i)(?<=/)(?:\d{2,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?=[a-f]*\d)[0-9a-f]{12,})(?=/|$)"
)
"""A literal id in a script's path: own ids are used in its place."""
_MARK = re.compile(r"\{([^{}]*)\}")
_SCRIPT = re.compile(r"[\"'`]([^\"'`\s\\]{1,200}\.m?js)[\"'`]")
_WRITES = re.compile(
    r"(?i)(?:\b(?!input|output)\w{0,20}?(?<!get)(?<!fetch)(?<!load)"
    r"(?:post|put|patch|delete|del|remove|mutate|mutation|submit|beacon)(?:json|data|form|request)?"
    r"\s*(?:<[^<>]{0,60}>)?\(\s*"
    r"|[\"'`](?:post|put|patch|delete)[\"'`]\s*,\s*(?:(?:url|path|uri)[\"']?\s*:\s*)?)$"
)
_METHOD = re.compile(
    r"(?i)(?:method|type|verb)[\"']?\s*:\s*[\"'`](?:post|put|patch|delete)[\"'`]"
    r"|\A\s*,\s*[\"'`](?:post|put|patch|delete)[\"'`]|[{,]\s*[\"']?body[\"']?\s*[:,}]"
)
"""The method or body in a call's options; a GET has no body (Fetch standard)."""
_OPTIONS = re.compile(rf"\s*,\s*({_NAME})\s*[,)]")
_CALLS = re.compile(
    r"(?i)(?:(?:fetch|axios|request|ajax|get|getjson|api|client|http|load|query|useswr|open|source)"
    r"\w{0,12}\s*(?:<[^<>]{0,60}>)?\(\s*|[\"'`]get[\"'`]\s*,\s*|(?:url|href|src|endpoint)\s*[:=]\s*)$"
)
_PAGES = re.compile(r"(?i)(?:\b(?:path|to)\s*[:=]\s*|(?:navigate|push|route|redirect)\(\s*)$")
_BASES = re.compile(r"(?i)(?:base|root|prefix|api)\w{0,12}[\"']?\s*[:=]\s*$")
_BASE = re.compile(rf"({_NAME}(?:\.{_NAME})*)\s*\+\s*$")
_ADDRESS = re.compile(r"(https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::\d{1,5})?)(?=[/?#]|$)")
_GIVEN_TO = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*)[\"']?\s*[:=]\s*$")
_CALLED_BASE = re.compile(r"(?i)base|url|uri|api|host|root|prefix|origin|endpoint|server|backend")


@dataclass(frozen=True)
class ScriptPath:
    """A path that a script of the front end requests, with gaps where it inserts values."""

    path: str
    """Template: `/api/users/{id}/export`."""
    query: tuple[tuple[str, str], ...] = ()
    """(name, value) pairs, with gaps where the script inserts values."""
    holes: tuple[str, ...] = ()
    """Names of all gaps; `_1`, `_2` if the script has no names for them."""
    origin: str = ""
    """Origin of an absolute URL; empty for the origin of the page."""
    based: bool = False
    """Whether an unknown prefix precedes the path."""
    is_base: bool = False
    """Whether the script uses it as the prefix of other paths."""
    called: int = 0
    """2: in a call that sends a request; 1: elsewhere; 0: among page routes that scripts render."""


def named_paths(script: str) -> list[ScriptPath]:
    """Every path in a script that is not clearly written to, without duplicates."""
    found: dict[tuple[str, tuple[tuple[str, str], ...], str], ScriptPath] = {}
    at, constants = 0, _Constants(script)
    for _ in range(_MOST_LITERALS):
        literal = _LITERAL.search(script, at) if len(found) < _MOST else None
        if literal is None:
            break
        pieces, at = _together(script, literal)
        before = script[max(0, literal.start() - 80) : literal.start()]
        if _WRITES.search(before) or _METHOD.search(_options_of_call(script, at)):
            continue
        each = _script_path(pieces, before, partial(constants.value_at, literal.start()))
        if each is not None:
            key = (_MARK.sub("{}", each.path), each.query, each.origin)
            if key not in found or found[key].called < each.called:
                found[key] = each
    return list(found.values())


def further_scripts(script: str) -> list[str]:
    """URLs of further scripts, as written."""
    return list(dict.fromkeys(match[1] for match in _SCRIPT.finditer(script)))


Piece = tuple[bool, str]
"""(whether it is a gap, its text or the expression that fills it)."""


def _together(script: str, literal: re.Match[str]) -> tuple[list[Piece], int]:
    """All pieces that the script concatenates with a literal, and the offset after them."""
    pieces, at = list(_pieces(literal)), literal.end()
    while True:
        plus, concat = _PLUS.match(script, at), _CONCAT.match(script, at)
        if plus and (piece := _operand(script, plus.end())):
            more, at = piece
            pieces += more
        elif concat:
            at = concat.end()
            while piece := _operand(script, at):
                more, at = piece
                pieces += more
                if comma := re.compile(r"\s*,\s*").match(script, at):
                    at = comma.end()
            if closed := re.compile(r"\s*\)").match(script, at):
                at = closed.end()
        else:
            return pieces, at


def _operand(script: str, at: int) -> tuple[list[Piece], int] | None:
    text = _TEXT.match(script, at)
    if text:
        return list(_pieces(text)), text.end()
    value = _VALUE.match(script, at)
    return ([(True, value[0])], value.end()) if value else None


def _pieces(literal: re.Match[str]) -> Iterator[Piece]:
    """A literal as text and gaps; only a template literal has gaps."""
    if literal[3] is None:
        yield False, literal[1] if literal[1] is not None else literal[2]
        return
    for nth, part in enumerate(_HOLE.split(literal[3])):
        if part or nth % 2:
            yield bool(nth % 2), part


def _options_of_call(script: str, at: int) -> str:
    """The code after the path in the same call, where its options are, or the value of the name
    that is passed for them."""
    rest = _rest_of_call(script, at)
    named = _OPTIONS.match(rest + ")")
    if named is None:
        return rest
    given = rf"(?<![\w$.]){re.escape(named[1])}\s*=\s*{{"
    found = islice(re.finditer(given, script), _MOST_GIVEN)
    return rest + "".join(_rest_of_call(script, each.end()) for each in found)


def _rest_of_call(script: str, at: int) -> str:
    """The code up to the end of the open call."""
    depth = 0
    for end in range(at, min(at + _MOST_REST, len(script))):
        depth += (script[end] in "([{") - (script[end] in ")]}")
        if depth < 0 or (script[end] == ";" and not depth):
            return script[at:end]
    return script[at : at + _MOST_REST]


def _script_path(
    pieces: list[Piece], before: str, given: Callable[[str], str]
) -> ScriptPath | None:
    start = ""
    if pieces[0][0]:  # `${API}/users`
        start, pieces = pieces[0][1], pieces[1:]
    elif before.rstrip().endswith("+"):
        base = _BASE.search(before)
        if base is None:
            return None  # the start of the path is unknown
        start, before = base[1], before[: base.start()]
    known = given(start) if start else ""
    if start and not known and not _is_base(start):
        return None
    based = bool(start) and not known
    pieces = [(False, known), *pieces] if known else pieces
    text, holes = _name_holes(pieces)
    address = _ADDRESS.match(text)
    origin = address[1].lower() if address else ""
    text = text[len(origin) :] or "/"
    if text.startswith("http"):
        return None
    path, _, query = text.partition("#")[0].partition("?")
    path = _COLON.sub(lambda match: "{" + match[1] + "}", path)
    if not _PATH.fullmatch(path) or not re.search(r"[A-Za-z]", _MARK.sub("", path)):
        return None
    if path.startswith("//") or (_ASSET.search(path) and not path.endswith("}")):
        return None
    path = _IDS.sub(lambda match: f"{{_{match.start()}}}", path)
    pairs = tuple(_pairs(query))
    if any(classify_field(name) is FieldClass.SECRET for name, _ in pairs):
        return None  # never copy a secret from a script into a report
    holes = tuple(dict.fromkeys(_MARK.findall(path + "".join(value for _, value in pairs))))
    called = 2 if _CALLS.search(before) else 0 if _PAGES.search(before) else 1
    return ScriptPath(path, pairs, holes, origin, based, bool(_BASES.search(before)), called)


class _Constants:
    """String prefixes of URLs that a script assigns to names."""

    def __init__(self, script: str) -> None:
        self._known: dict[str, list[tuple[int, str]]] = {}
        for literal in islice(_LITERAL.finditer(script), _MOST_LITERALS):
            start = literal.start()
            name = _GIVEN_TO.search(script[max(0, start - 60) : start])
            if name and literal[3] is None:
                text = literal[1] if literal[1] is not None else literal[2]
                self._known.setdefault(name[1], []).append((start, text.rstrip("/")))

    def value_at(self, at: int, said: str) -> str:
        """The constant that an expression refers to at a position: the last assignment before it,
        otherwise the first; empty if unknown."""
        texts = self._known.get(re.split(r"\W+", said.strip())[-1], [])
        before = [text for start, text in texts if start < at]
        return before[-1] if before else texts[0][1] if texts else ""


def _is_base(said: str) -> bool:
    """Whether an expression may be a base URL, such as a minified name."""
    last = re.split(r"\W+", said.strip())[-1]
    return bool(_CALLED_BASE.search(last)) or (len(last) <= 2 and last != "id")


def _name_holes(pieces: list[Piece]) -> tuple[str, tuple[str, ...]]:
    holes: list[str] = []
    text = ""
    for is_hole, said in pieces:
        if not is_hole:
            text += said
            continue
        name = hole_name(said) or f"_{len(holes) + 1}"
        while name in holes:
            name += "_"
        holes.append(name)
        text += "{" + name + "}"
    return text, tuple(holes)


def hole_name(value: str) -> str:
    """The name in an expression: `encodeURIComponent(e.userId)` gives `userId`; empty for minified
    names."""
    value = value.strip()
    for _ in range(4):
        if value.endswith(".toString()"):
            value = value.removesuffix(".toString()")
        elif inner := re.search(r"\(([^()]*)\)$", value):
            value = inner[1].split(",")[0].strip() or value[: inner.start()]
        else:
            break
    value = re.sub(r"\[[\"']?([\w$]*)[\"']?\]$", r".\1", value)
    last = value.split(".")[-1].rstrip("?").strip()
    return last if re.fullmatch(r"[A-Za-z_]\w{1,30}", last) else ""


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in query.split("&"):
        name, sign, value = pair.partition("=")
        if sign and name and "{" not in name:
            yield name, value
