"""Collects the `x-exposure` keys of an OpenAPI document into a policy.

The root of the document has what belongs to the whole policy (`exposure`, `relations`, `caller` …),
a component schema its resource, a property its list of grants, an operation its rule. An overlay
may have put any of them there. Nothing is interpreted here: the result is a tree with source
places, as if the policy had been written in a file of its own, so that there is one grammar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from oakum.errors import Location, Problem
from oakum.http.json_pointer import escape, member_at, path_of, unescape
from oakum.openapi.document import Document
from oakum.openapi.model import Json
from oakum.openapi.source import Node

KEY = "x-exposure"

_SEGMENT = re.compile(r"[^.,*\s/][^.,*\s]*")
_VALUES = frozenset((KEY, "example", "examples", "default", "enum", "const"))
"""Keys with values instead of schemas, in which `x-exposure` has no meaning."""


def embedded_policy(
    document: Document, written: Node, patches: Sequence[Node], problems: list[Problem]
) -> Node | None:
    """The policy embedded in the document; None if there is none.

    `written`: the file of the document as a tree with locations; `patches`: the overlays applied to
    it. Together they have the location of every key. Adds to `problems` each key in the wrong
    place, and each duplicate.
    """
    gathered = _PolicyParts(document, _Texts(document, written, patches), problems)
    schemas = gathered.resources()
    operations = gathered.operations()
    if KEY not in document.raw:
        if gathered.used:
            where = min(map(gathered.place, gathered.used), key=lambda node: node.location)
            hint = f"put `{KEY}: {{exposure: 1, relations: …}}` at the root"
            gathered.wrong(where, f"`{KEY}` is here, but not at the root", hint)
        return None
    root = gathered.node(document.raw[KEY], f"/{KEY}")
    gathered.refuse_strays()
    if root.kind != "map":
        return root
    at = root.location
    added = _map(at, [("resources", _map(at, schemas)), ("operations", _map(at, operations))])
    return gathered.join([root, added], "the policy", into=("resources", "operations"))


def keys(document: Document) -> Iterator[str]:
    """JSON pointers of all `x-exposure` keys of a document, including those added by overlays."""
    return _pointers(document.raw, "")


class _Texts:
    """Where a value of the document was written: in its own file, or in an overlay."""

    def __init__(self, document: Document, written: Node, patches: Sequence[Node]) -> None:
        self._document = document
        self._nodes: dict[str, Node | None] = {"": written}
        self._patches = {_text(node.plain()): node for patch in patches for node in _parts(patch)}

    def node(self, value: Json, pointer: str) -> Node:
        """A value of the document as a marked tree."""
        written = self._at(pointer)
        if written is not None and (not self._patches or written.plain() == value):
            return written
        if written is None and (brought := self._patches.get(_text(value))):
            return brought
        place = self._document.locate(pointer)
        if isinstance(value, dict):
            return _map(place, [(k, self.node(v, _below(pointer, k))) for k, v in value.items()])
        if isinstance(value, list):
            parts = [self.node(each, _below(pointer, str(i))) for i, each in enumerate(value)]
            return Node("list", place, elements=tuple(parts))
        return Node("scalar", place, scalar=value)

    def place(self, pointer: str) -> Node:
        """A node without content, for its location."""
        written = self._at(pointer)
        return Node("scalar", written.location if written else self._document.locate(pointer))

    def _at(self, pointer: str) -> Node | None:
        if pointer not in self._nodes:
            parent = pointer.rpartition("/")[0]
            above = self._at(parent) if "/" in pointer else None
            for key, value in above.items if above else ():
                self._nodes[_below(parent, str(key.scalar))] = value
            for index, value in enumerate(above.elements if above else ()):
                self._nodes[_below(parent, str(index))] = value
        return self._nodes.setdefault(pointer, None)


class _PolicyParts:
    """What has been found so far: the pointers of the keys that were understood."""

    def __init__(self, document: Document, texts: _Texts, problems: list[Problem]) -> None:
        self._document = document
        self._problems = problems
        self.node = texts.node
        self.place = texts.place
        self.used: set[str] = set()
        self._home = document.schemas_pointer
        schemas = member_at(document.raw, path_of(self._home))
        self._schemas: dict[str, Json] = schemas if isinstance(schemas, dict) else {}

    def wrong(self, node: Node, message: str, hint: str = "") -> None:
        """Note a mistake at a node."""
        self._problems.append(Problem(node.location, message, hint))

    def operations(self) -> list[tuple[str, Node]]:
        """The rule of each operation that carries one."""
        found = []
        for operation in self._document.operations:
            if KEY in operation.extensions:
                pointer = f"{operation.pointer}/{KEY}"
                self.used.add(pointer)
                found.append((operation.id, self.node(operation.extensions[KEY], pointer)))
        return found

    def resources(self) -> list[tuple[str, Node]]:
        """The body of each resource, merged from all component schemas that carry its key."""
        bodies: dict[str, list[Node]] = {}
        for name, schema in self._schemas.items():
            if not self._is_resource(schema):
                continue
            pointer = f"{self._home}/{escape(name)}"
            self.used.add(f"{pointer}/{KEY}")
            body = self.node(schema[KEY], f"{pointer}/{KEY}")
            called = body.get("resource")
            resource = called.scalar if called and isinstance(called.scalar, str) else name
            lines = list(self._lines(schema, pointer, "", ()))
            bodies.setdefault(resource, []).append(self._body(name, body, lines))
        into = ("fields", "states", "schemas")
        return [
            (name, self.join(parts, f"`{name}`", into) if len(parts) > 1 else parts[0])
            for name, parts in bodies.items()
        ]

    @staticmethod
    def _is_resource(schema: Json) -> bool:
        return isinstance(schema, dict) and KEY in schema

    def _body(self, name: str, body: Node, lines: list[tuple[str, Node]]) -> Node:
        """A resource as a policy file has it, bound to its schema, with its properties' lines."""
        if body.kind != "map":
            return body
        at = body.location
        rest = tuple(pair for pair in body.items if pair[0].scalar != "resource")
        schema = Node("list", at, elements=(Node("scalar", at, scalar=name),))
        added = _map(at, [("schemas", schema), ("fields", _map(at, lines))])
        said = Node("map", at, items=rest)
        return self.join([said, added], f"`{name}`", into=("fields", "schemas"))

    def _lines(
        self, schema: Json, pointer: str, path: str, trail: tuple[str, ...]
    ) -> Iterator[tuple[str, Node]]:
        """(field path, grants) of each property below a schema that carries some."""
        if not isinstance(schema, dict) or pointer in trail:
            return
        trail = (*trail, pointer)
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref.startswith(f"#{self._home}/"):
            name = unescape(ref.removeprefix(f"#{self._home}/"))
            if not self._is_resource(self._schemas.get(name)):
                yield from self._lines(
                    self._schemas.get(name), f"{self._home}/{escape(name)}", path, trail
                )
        for word in ("allOf", "oneOf", "anyOf"):
            parts = schema.get(word)
            for index, part in enumerate(parts if isinstance(parts, list) else ()):
                yield from self._lines(part, f"{pointer}/{word}/{index}", path, trail)
        properties = schema.get("properties")
        for name, part in properties.items() if isinstance(properties, dict) else ():
            yield from self._line(part, f"{pointer}/properties/{escape(name)}", path, name, trail)
        for word in ("items", "additionalProperties"):
            yield from self._line(schema.get(word), f"{pointer}/{word}", path, "*", trail)

    def _line(
        self, part: Json, pointer: str, path: str, name: str, trail: tuple[str, ...]
    ) -> Iterator[tuple[str, Node]]:
        below = f"{path}.{name}" if path else name
        if self._is_resource(part):
            self.used.add(f"{pointer}/{KEY}")
            node = self.node(part[KEY], f"{pointer}/{KEY}")
            if name == "*" or _SEGMENT.fullmatch(name):
                yield below, node
            else:
                self.wrong(node, f"`{name}` cannot be written as a field path")
        yield from self._lines(part, pointer, below, trail)

    # ------------------------------------------------------------ joining parts

    def join(self, parts: Sequence[Node], whose: str, into: Iterable[str]) -> Node:
        """Several maps as one. Below the keys of `into` they add up; elsewhere each key once."""
        found: dict[str, tuple[Node, Node]] = {}
        for part in parts:
            for key, value in part.items:
                name = str(key.scalar)
                if name not in found:
                    found[name] = (key, value)
                elif name in into and value.kind == found[name][1].kind:
                    found[name] = (key, _concat_nodes(found[name][1], value))
                else:
                    at = f"first at {found[name][1].location}"
                    self.wrong(value, f"`{name}` of {whose} occurs twice", at)
        return Node("map", parts[0].location, items=tuple(found.values()))

    def refuse_strays(self) -> None:
        """Each key nobody has read is a rule its author believes in: say so."""
        for pointer in keys(self._document):
            if pointer != f"/{KEY}" and pointer not in self.used:
                hint = "put it on a component schema, on a property of one, or on an operation"
                self.wrong(self.place(pointer), f"`{KEY}` belongs to nothing here", hint)


def _concat_nodes(one: Node, other: Node) -> Node:
    # `extend`, and neither `+`, unpacking nor `chain`: mypy 2.4 crashes when it joins two tuple
    # types that are recursive.
    items, elements = list(one.items), list(one.elements)
    items.extend(other.items)
    elements.extend(other.elements)
    return Node(one.kind, one.location, items=tuple(items), elements=tuple(elements))


def _map(at: Location, items: Iterable[tuple[str, Node]]) -> Node:
    """A map at a place; each key stands where its value does."""
    pairs = ((Node("scalar", value.location, scalar=key), value) for key, value in items)
    return Node("map", at, items=tuple(pairs))


def _pointers(value: Json, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        if KEY in value:
            yield f"{at}/{KEY}"
        for key, child in value.items():
            if key not in _VALUES:
                yield from _pointers(child, f"{at}/{escape(str(key))}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _pointers(child, f"{at}/{index}")


def _parts(node: Node) -> Iterator[Node]:
    """Every map and list of a tree."""
    if node.kind != "scalar":
        yield node
        for _, value in node.items:
            yield from _parts(value)
        for part in node.elements:
            yield from _parts(part)


def _below(pointer: str, name: str) -> str:
    return f"{pointer}/{escape(name)}"


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, default=str)
