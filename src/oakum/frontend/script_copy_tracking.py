"""Instruments scripts so that copies of response objects can be tracked. Pure.

JavaScript has no hook for `{...user}`, `{secret, ...rest} = user` or `copy[key] = user[key]`. So
the result of each of these is passed to a function of the instrument, which records where the
members of the copy come from; the script's behaviour does not change. A script that cannot be
parsed is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

HELPER = "__oakum_copies"
"""Global name of the instrument's helper in a page."""
_PLAIN = (
    f"globalThis.{HELPER}||={{a:o=>o,p:(o,k,v)=>o[k]=v,"
    "q:(o,k,v)=>(o==null?o[k]:Reflect.set(Object(o),k,v,o),v),g:Object.assign};"
)
"""A helper that does only what the original code did, for pages without the instrument."""
_QUERY = """
(object (spread_element)) @spread
(call_expression
  function: (member_expression object: (identifier) @_o property: (property_identifier) @_p) @callee
  arguments: (arguments . (object))
  (#eq? @_o "Object") (#eq? @_p "assign"))
(object_pattern (rest_pattern (identifier))) @rest
(assignment_expression left: (subscript_expression)) @store
"""
_SCRIPT = re.compile(rb"(<script\b([^>]*)>)(.*?)(</script\s*>)", re.S | re.I)
_TYPE = re.compile(rb"""\btype\s*=\s*["']?([^"'\s>]+)""", re.I)
_SOURCE = re.compile(rb"\bsrc\s*=", re.I)
_JAVASCRIPT = (b"module", b"text/javascript", b"application/javascript")
_FUNCTIONS = (
    "arrow_function", "function_expression", "function_declaration", "method_definition",
    "generator_function", "generator_function_declaration",
)  # fmt: skip


_MOST = 50_000
"""How many bytes of a function are searched for other uses of a name."""


@dataclass(frozen=True)
class Edit:
    """Replaces the bytes from `start` to `end` by `text`."""

    start: int
    end: int
    text: bytes
    order: tuple[int, int]
    """Order of insertions at one offset: closing text before opening text, and outer calls open
    first and close last."""


@lru_cache(maxsize=64)
def rewritten(source: bytes, head: str = "") -> bytes | None:
    """The script with trackable copies, preceded by the code `head`; None if it cannot be
    parsed."""
    import tree_sitter_javascript
    from tree_sitter import Language, Parser, Query, QueryCursor

    language = Language(tree_sitter_javascript.language())
    tree = Parser(language).parse(source)
    if tree.root_node.has_error:
        return None
    found = QueryCursor(Query(language, _QUERY)).captures(tree.root_node)
    strict = _is_strict(tree.root_node, source)
    edits: list[Edit] = []
    for node in found.get("spread", ()):
        edits += [_opens(node, f" {HELPER}.a("), _closes(node, ")")]
    for node in found.get("callee", ()):
        edits.append(Edit(node.start_byte, node.end_byte, f" {HELPER}.g".encode(), (1, 0)))
    for node in found.get("store", ()):
        edits += _store(node, source, strict)
    for node in found.get("rest", ()):
        edits += _rest(node, source)
    begin = _after_directives(tree.root_node)
    edits.append(Edit(begin, begin, f"\n{_PLAIN}{head}\n".encode(), (1, -len(source) - 1)))
    return _apply_edits(source, edits)


def _after_directives(program: Node) -> int:
    """The position after directives such as `"use strict"`, where a first statement may be
    inserted."""
    begin = 0
    for each in program.children:
        if each.type == "expression_statement" and each.children[0].type == "string":
            begin = each.end_byte
        elif each.type not in ("comment", "hash_bang_line", "html_comment"):
            break
    return begin


def _apply_edits(source: bytes, edits: list[Edit]) -> bytes:
    parts, at = list[bytes](), 0
    for edit in sorted(edits, key=lambda each: (each.start, each.order)):
        parts += [source[at : edit.start], edit.text]
        at = edit.end
    return b"".join([*parts, source[at:]])


def _opens(node: Node, text: str) -> Edit:
    at = node.start_byte
    return Edit(at, at, text.encode(), (1, at - node.end_byte))


def _closes(node: Node, text: str) -> Edit:
    at = node.end_byte
    return Edit(at, at, text.encode(), (0, at - node.start_byte))


def _store(node: Node, source: bytes, strict: bool) -> Iterator[Edit]:
    """Edits that turn `target[name] = value` into a call of the helper."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    assert left is not None and right is not None
    target, name = left.child_by_field_name("object"), left.child_by_field_name("index")
    if target is None or name is None or target.type == "super" or name.type == "number":
        return
    tokens = {each.type: each for each in left.children}
    sign = next(each for each in node.children if each.type == "=")
    opening, closing = tokens["["], tokens["]"]
    yield _opens(node, f" {HELPER}.{'p' if strict or _in_strict(node, source) else 'q'}(")
    yield Edit(opening.start_byte, opening.end_byte, b",(", (1, 0))
    yield Edit(closing.start_byte, closing.end_byte, b")", (1, 0))
    yield Edit(sign.start_byte, sign.end_byte, b",", (1, 0))
    yield _closes(node, ")")


def _rest(node: Node, source: bytes) -> Iterator[Edit]:
    """Edits that report the rest object of a destructuring pattern as a copy."""
    rest = next(each for each in node.children if each.type == "rest_pattern")
    name = source[rest.named_children[0].start_byte : rest.named_children[0].end_byte].decode()
    inner, outer = node, node.parent
    while outer is not None and outer.type in (
        "pair_pattern", "object_pattern", "array_pattern", "assignment_pattern",
        "object_assignment_pattern",
    ):  # fmt: skip
        if outer.type == "assignment_pattern" and outer.child_by_field_name("left") != inner:
            return
        inner, outer = outer, outer.parent
    if outer is None:
        return
    if outer.type == "formal_parameters":
        yield from _in_function(outer.parent, node, name, source)
    elif outer.type == "variable_declarator" and outer.child_by_field_name("name") == inner:
        yield _rename_rest(rest)
        yield _closes(outer, f",{name}={_helper_call(_OWN + name, node, outer, source)}")
    elif outer.type == "assignment_expression" and _is_statement(outer):
        yield _closes(outer, f",{name}={_helper_call(name, node, outer, source)}")
    elif outer.type == "for_in_statement" and outer.child_by_field_name("left") == inner:
        body, keyword = outer.child_by_field_name("body"), outer.child_by_field_name("kind")
        if body is None or keyword is None:
            return
        word = source[keyword.start_byte : keyword.end_byte].decode()
        call = f"{word} {name}={_helper_call(_OWN + name, node, outer, source)};"
        yield _rename_rest(rest)
        if body.type == "statement_block":
            yield _first(body, call)
        else:
            yield _opens(body, f"{{{call}")
            yield _closes(body, "}")


_OWN = "__oakum_"


def _rename_rest(rest: Node) -> Edit:
    at = rest.named_children[0].start_byte
    return Edit(at, at, _OWN.encode(), (0, 0))


def _first(block: Node, text: str) -> Edit:
    at = block.start_byte + 1
    return Edit(at, at, text.encode(), (0, 0))


def _is_statement(node: Node) -> bool:
    """Whether the value of a parenthesised expression is unused."""
    outer = node.parent
    return (
        outer is not None
        and outer.type == "parenthesized_expression"
        and outer.parent is not None
        and outer.parent.type == "expression_statement"
    )


def _helper_call(name: str, pattern: Node, scope: Node, source: bytes) -> str:
    return f"{HELPER}.a({name},{_destructured_members(pattern, scope, source)})"


def _in_function(function: Node | None, node: Node, name: str, source: bytes) -> Iterator[Edit]:
    if function is None or function.type not in _FUNCTIONS:
        return
    body = function.child_by_field_name("body")
    if body is None:
        return
    call = f"{name}={_helper_call(name, node, function, source)}"
    if body.type == "statement_block":
        yield _first(body, f"{call};")
    else:
        yield _opens(body, f"({call},")
        yield _closes(body, ")")


def _destructured_members(pattern: Node, scope: Node, source: bytes) -> str:
    """Names of the members destructured beside a rest element, if nothing else uses them."""
    around = scope
    while around.type not in (*_FUNCTIONS, "program") and around.parent is not None:
        around = around.parent
    text = source[around.start_byte : around.end_byte]
    taken = list[str]()
    if len(text) > _MOST:
        return str(taken)
    for each in pattern.named_children:
        key: Node | None = each
        local: Node | None = each
        if each.type == "pair_pattern":
            key, local = each.child_by_field_name("key"), each.child_by_field_name("value")
        elif each.type != "shorthand_property_identifier_pattern":
            continue
        if local is None or key is None or key.type not in (
            "property_identifier", "shorthand_property_identifier_pattern",
        ):  # fmt: skip
            continue
        word = source[local.start_byte : local.end_byte]
        if local.type not in ("identifier", "shorthand_property_identifier_pattern"):
            continue
        if len(re.findall(rb"(?<![\w$.])" + re.escape(word) + rb"(?![\w$])", text)) == 1:
            taken.append(source[key.start_byte : key.end_byte].decode())
    return str(taken)


def _is_strict(program: Node, source: bytes) -> bool:
    """Whether all of a script is strict code (ECMAScript, 11.2.2)."""
    if any(each.type in ("import_statement", "export_statement") for each in program.children):
        return True
    return bool(re.match(rb"""\s*["']use strict["']""", source))


def _in_strict(node: Node, source: bytes) -> bool:
    at = node.parent
    while at is not None:
        if at.type == "class_body":
            return True
        if at.type == "statement_block" and re.match(
            rb"""\{\s*["']use strict["']""", source[at.start_byte : at.start_byte + 40]
        ):
            return True
        at = at.parent
    return False


def rewritten_page(page: bytes) -> tuple[bytes, int, int]:
    """(HTML with rewritten inline scripts, number rewritten, number that could not be parsed)."""
    followed = left = 0

    def each(found: re.Match[bytes]) -> bytes:
        nonlocal followed, left
        opening, attributes, source, closing = found.groups()
        kind = _TYPE.search(attributes)
        if _SOURCE.search(attributes) or (kind and kind[1].lower() not in _JAVASCRIPT):
            return found[0]
        made = rewritten(source)
        followed += made is not None
        left += made is None
        return found[0] if made is None else opening + made + closing

    return _SCRIPT.sub(each, page), followed, left
