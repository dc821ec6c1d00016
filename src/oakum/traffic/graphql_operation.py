"""The GraphQL operation of a request: its kind, name and root fields.

It is read without a parser, from outside to inside: strings, comments and arguments are skipped, so
that no value remains. A request that cannot be read this way is no GraphQL operation.
"""

from __future__ import annotations

import re

from oakum.openapi.model import Json

_TOKEN = re.compile(
    r'"""(?>[^"\\]|\\.|"(?!""))*+(?:""")?|"(?>[^"\\\n]|\\.)*+"?|\#[^\n]*|[_A-Za-z][_0-9A-Za-z]*'
    r"|[^\s\w]|\w+",
    re.DOTALL,
)
"""A token; an unterminated string takes the rest at once, since trying each quote would take
quadratic time."""
_NAME = re.compile(r"(?!(?:.*[0-9]){4})[_A-Za-z][_0-9A-Za-z]{0,47}")
_KINDS = ("query", "mutation", "subscription")
_LONGEST = 20_000
_MOST = 5


def graphql(body: Json) -> tuple[str, str]:
    """(kind, name and root fields, such as `mutation Wear addTag`; the same without the client's
    own name); empty: it is no GraphQL."""
    query = body.get("query") if isinstance(body, dict) else None
    if not isinstance(query, str) or len(query) > _LONGEST or "{" not in query:
        return "", ""
    assert isinstance(body, dict)
    wanted = body.get("operationName")
    tokens = [t for t in _TOKEN.findall(query) if t[0] not in '"#,']
    found = [*_operations(tokens)]
    picked = next((each for each in found if each[1] == wanted), found[0] if found else None)
    if picked is None:
        return "", ""
    kind, name, roots = picked
    fields = ", ".join(sorted(each for each in roots if _NAME.fullmatch(each))[:_MOST])
    said = name if _NAME.fullmatch(name) and name not in roots else ""
    return " ".join(filter(None, (kind, said, fields))), " ".join(filter(None, (kind, fields)))


def _operations(tokens: list[str]) -> list[tuple[str, str, list[str]]]:
    """Kind, name and root fields of each operation of a document."""
    found: list[tuple[str, str, list[str]]] = []
    kind, name, depth, inside = "query", "", 0, 0
    roots: list[str] = []
    for at, token in enumerate(tokens):
        if token in "([" or (token == "{" and inside):
            inside += 1
        elif token in ")]" or (token == "}" and inside):
            inside -= 1
        elif inside:
            continue
        elif token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
            if depth == 0:
                found += [(kind, name, roots)] if kind in _KINDS else []
                kind, name, roots = "query", "", []
        elif depth == 0 and token in (*_KINDS, "fragment"):
            following = tokens[at + 1] if at + 1 < len(tokens) else ""
            kind, name = token, following if _NAME.fullmatch(following) else ""
        elif depth == 1 and _is_field(tokens, at):
            roots.append(token)
    return found


def _is_field(tokens: list[str], at: int) -> bool:
    """Whether a name at the root is a field's: no alias, no directive, no fragment."""
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    aside = tokens[at - 1] in ("@", ".", "$") or tokens[at - 2 : at] == [".", "on"]
    return _NAME.fullmatch(tokens[at]) is not None and following != ":" and not aside
