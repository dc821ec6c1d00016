"""Inspects a GraphQL query before it is forwarded.

Aliases are refused, since the guard has to know from the response which field each value is. A
query that is not certainly without them is refused, too; `lua/graphql.lua` refuses the same queries
for the same reasons. Tokens are those of the specification (October 2021, chapter 2), without those
that some servers are known to read differently.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import unquote_plus

from oakum.openapi.model import Json

MAX_TOKENS = 10_000
MAX_LEVELS = 15
"""Most nested selections, and most nested values."""

# Line ends that only some parsers recognise would end a comment for some and not for others.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x85\u2028\u2029\ud800-\udfff]|\r(?!\n)")
_IGNORED = re.compile("(?>[\t\n\r ,\ufeff]|#[^\n\r]*)*+")
_TOKEN = re.compile(
    r"""[A-Za-z_][0-9A-Za-z_]*
    |\.\.\.|[!$&():=@\[\]{|}]
    |-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_.])
    |"{3}(?>[^"\\]|\\"{3}|\\(?!"{3})|"(?!""))*+"{3}
        |"(?!"")(?>[^"\\\n\r]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+["]
    """,
    re.VERBOSE,
)
_STARTS = frozenset(("query", "mutation", "subscription", "fragment"))
_DIRECTIVES = frozenset(("include", "skip"))
_CLOSES = {")": "(", "]": "[", "}": ":"}
"""Closing token → opening token within values; `:` stands for an object."""


def refusal_reason(said: Json, *, writes: bool = False) -> str:
    """Why a request body (or its equivalent) must not be forwarded; empty: it may.

    `batch`: several requests in one. `missing`: no query, though perhaps a persisted one. Otherwise
    a result of `refusal`.
    """
    if isinstance(said, list):
        return "batch"
    query = said.get("query") if isinstance(said, dict) else None
    return refusal(query, writes=writes) if isinstance(query, str) else "missing"


def arguments(said: Json) -> set[str]:
    """Names of all arguments in a query, and of members inside their values."""
    query = said.get("query") if isinstance(said, dict) else None
    tokens = _tokens(query) if isinstance(query, str) else ""
    if isinstance(tokens, str):
        return set()
    return {each for each, after in pairwise(tokens) if after == ":" and is_name(each)}


def mutates(said: Json) -> bool:
    """Whether one of the operations in a request is a mutation."""
    query = said.get("query") if isinstance(said, dict) else None
    tokens = _tokens(query) if isinstance(query, str) else ""
    levels, fresh = 0, True
    for token in () if isinstance(tokens, str) else tokens:
        if fresh and token == "mutation":
            return True
        levels += {"{": 1, "}": -1}.get(token, 0)
        fresh = token == "}" and levels == 0
    return False


def parameter(query: str) -> str | None:
    """The decoded `query` parameter of a URL; None unless it occurs exactly once, or when it also
    occurs in a form that some servers read as a list."""
    found: list[str] = []
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        called = unquote_plus(name)
        if called.partition("[")[0] == "query":
            found.append(unquote_plus(value) if called == "query" else "")
    return found[0] if len(found) == 1 and found[0] else None


def refusal(query: str, *, writes: bool = False) -> str:
    """Why a query must not be forwarded; empty: it may.

    `syntax`: not an executable document. `alias`: a field under another name. `mutation` (unless
    the endpoint `writes`), `subscription`. `introspection`: of the schema. `directive`: any but
    `@include` and `@skip`. `depth`, `size`: over the limit, with each fragment in its place.
    """
    tokens = _tokens(query)
    if isinstance(tokens, str):
        return tokens
    stack: list[str] = []
    """Open brackets: `{` for each of the `levels` of selections, then those of values."""
    levels, fresh = 0, True
    for index, token in enumerate(tokens):
        before, after = tokens[index - 1], "".join(tokens[index + 1 : index + 2])
        if token == "@" and after not in _DIRECTIVES:
            return "directive"
        if len(stack) > levels:
            wrong = _value(token, stack, levels)
        elif token == "}" and stack:
            stack.pop()
            levels, fresh, wrong = levels - 1, len(stack) == 0, ""
        elif fresh and (wrong := _start(token, writes)):
            return wrong
        elif token in ("{", "("):
            stack.append(token)
            levels, fresh = levels + (token == "{"), False
            wrong = "depth" if levels > MAX_LEVELS else ""
        else:
            fresh = False
            wrong = _selection(before, token, after) if levels else _head(token)
        if wrong:
            return wrong
    return _check_fragments(tokens) if fresh and tokens else "syntax"


@dataclass
class _Definition:
    """An operation or a fragment, with the fragments in it in their places."""

    deepest: int = 0
    size: int = 0
    """Tokens."""
    waits: int = 0
    """Spreads of fragments that are not counted yet."""
    spread: list[tuple[_Definition, int]] = field(default_factory=list)
    """Where it stands, if it is a fragment: a definition, and the level of the selection."""


def _check_fragments(tokens: list[str]) -> str:
    """Reason code for a query whose fragments make it deeper or longer than one without fragments
    may be; a fragment that contains itself has no end. The API pays for what they stand for."""
    definitions = _definitions(tokens)
    if definitions is None:
        return "syntax"
    ready = [each for each in definitions if not each.waits]
    for each in ready:  # grows meanwhile
        if each.deepest > MAX_LEVELS:
            return "depth"
        if each.size > MAX_TOKENS:
            return "size"
        for around, level in each.spread:
            around.deepest = max(around.deepest, level - 1 + each.deepest)
            around.size += each.size
            around.waits -= 1
            if not around.waits:
                ready.append(around)
    return "" if len(ready) == len(definitions) else "depth"


def _definitions(tokens: list[str]) -> list[_Definition] | None:
    """All of a query without syntax errors; None if two fragments have one name."""
    found: list[_Definition] = []
    named: dict[str, _Definition] = {}
    spreads: list[tuple[str, _Definition, int]] = []
    levels, values = 0, False
    for index, token in enumerate(tokens):
        after = "".join(tokens[index + 1 : index + 2])
        if levels == 0 and not values and (not found or tokens[index - 1] == "}"):
            found.append(_Definition())
            if token == "fragment":
                if after in named:
                    return None
                named[after] = found[-1]
        now = found[-1]
        now.size += 1
        if token in "()":
            values = token == "("
        elif not values and token in "{}":
            levels += 1 if token == "{" else -1
            now.deepest = max(now.deepest, levels)
        elif not values and token == "..." and is_name(after) and after != "on":
            spreads.append((after, now, levels))
    for name, around, level in spreads:
        if name in named:
            named[name].spread.append((around, level))
            around.waits += 1
    return found


def _tokens(query: str) -> list[str] | str:
    """Names and punctuators verbatim, `0` for a number, `"` for a text; or a reason code."""
    found = lex(query)
    return found if isinstance(found, str) else [_kind(each) for each in found]


def _kind(token: str) -> str:
    first = token[:1]
    return first if first == '"' else "0" if first == "-" or first.isdigit() else token


def lex(query: str) -> list[str] | str:
    """All tokens verbatim; or a reason code."""
    if _UNSAFE.search(query):
        return "syntax"
    found: list[str] = []
    at = _end(_IGNORED.match(query))
    while at < len(query):
        token = _TOKEN.match(query, at)
        if token is None or not _is_finite(token.group()):
            return "syntax"
        if len(found) == MAX_TOKENS:
            return "size"
        found.append(token.group())
        at = _end(_IGNORED.match(query, token.end()))
    return found


def _is_finite(token: str) -> bool:
    """False for a number beyond a double (`1e400`), which some servers keep as infinity."""
    return _kind(token) != "0" or math.isfinite(float(token))


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _start(token: str, writes: bool) -> str:
    """Reason code for the first token of a definition; empty if allowed."""
    if token == "subscription" or (token == "mutation" and not writes):
        return token
    return "" if token in _STARTS or token == "{" else "syntax"


def _value(token: str, stack: list[str], levels: int) -> str:
    """Checks one token of arguments or variable definitions."""
    if token in _CLOSES:
        return "" if stack.pop() == _CLOSES[token] else "syntax"
    if token in ("(", "..."):
        return "syntax"
    if token in ("{", "["):
        stack.append(":" if token == "{" else token)
    return "depth" if len(stack) - levels > MAX_LEVELS else ""


def _head(token: str) -> str:
    """Checks one token before the first selection."""
    return "" if token == "@" or is_name(token) else "syntax"


def _selection(before: str, token: str, after: str) -> str:
    """Checks one token of a selection against its neighbours."""
    if token == ":":
        if not (is_name(before) and is_name(after)):
            return "syntax"
        return "" if before == after else "alias"
    if token in ("@", "..."):
        return ""
    if not is_name(token):
        return "syntax"
    return "introspection" if token[:2] == "__" and token != "__typename" else ""


def is_name(token: str) -> bool:
    return token[:1].isalpha() or token[:1] == "_"
