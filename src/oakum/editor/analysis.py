"""Answers an editor's requests about one contract: diagnostics, completion, hover, definition.

Reads the contract as `oakum check` does, from the text in the editor, and its document from the
disk. All answers are plain text, so an editor never executes names from a document or a contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from oakum.authz import Model, compile_contract
from oakum.editor.contract_names import Cursor, Kind, Word, cursor, kind_at, words
from oakum.errors import InputError, Location, Problem, visible
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation
from oakum.openapi.source import Node, parse
from oakum.policy import json_schema
from oakum.policy.contract import load, saved_references
from oakum.policy.node_reader import NAME

MOST = 1 << 20
"""Most characters of a contract that is analysed."""
_MOST_NAMES = 500
_SHOWN = 120


@dataclass(frozen=True)
class Analysis:
    """What an editor shows of a contract's text: its mistakes, and its words with their places."""

    text: str
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    words: tuple[Word, ...] = ()
    """Words of the text with their places; empty while the text is not valid YAML."""
    document: Document | None = None
    model: Model | None = None
    """The compiled contract; None while it has mistakes."""

    def at(self, line: int, column: int) -> Word | None:
        """The word under a cursor."""
        return next(
            (e for e in self.words if e.line == line and e.start <= column <= e.end and e.kind),
            None,
        )


def analyse(text: str, path: Path) -> Analysis:
    """Reads a contract's text as if it were the file."""
    if len(text) > MOST:
        said = f"longer than {MOST:,} characters: an editor is not told about it"
        told = Problem(Location(str(path), 1, 1), said, "run `oakum check`")
        return Analysis(text, warnings=(told,))
    node = _tree(text, path)
    try:
        found = load(path, text=text)
        model = compile_contract(found.document, found.policy) if found.policy else None
    except InputError as error:
        document = _document(node, path)
        return Analysis(text, error.problems, (), _words(node, text, document), document)
    warnings = (*found.warnings, *(model.notes if model else ()))
    known = _words(node, text, found.document)
    return Analysis(text, (), warnings, known, found.document, model)


def _words(node: Node | None, text: str, document: Document | None) -> tuple[Word, ...]:
    if node is None:
        return ()
    return tuple(words(node, text, document.names_operation) if document else words(node, text))


def _tree(text: str, path: Path) -> Node | None:
    try:
        return parse(text, str(path), [])
    except InputError:
        return None


def _document(node: Node | None, path: Path) -> Document | None:
    api = node.get("api") if node is not None else None
    if api is None or not isinstance(api.scalar, str):
        return None
    try:
        refs = saved_references(node.get("refs") if node is not None else None, path.parent)
        return Document.load(path.parent / api.scalar, refs=refs)
    except InputError:
        return None


def completions(known: Analysis, last: Analysis, line: int, column: int) -> list[str]:
    """Names that fit at the cursor. `last`: the analysis of the last valid text, for names that the
    current text does not define."""
    at = cursor(known.text, line, column)
    found = dict.fromkeys(each for each in _names(at, known, last) if each.startswith(at.prefix))
    return [each for each in found if each == visible(each)][:_MOST_NAMES]


def _names(at: Cursor, known: Analysis, last: Analysis) -> Iterator[str]:
    kind = kind_at((*at.path, "") if at.is_key else at.path, is_key=at.is_key)
    basis = known if known.words else last
    if kind in ("relation", "resource") and not (at.is_key and at.path in (("relations",),)):
        yield from defined_names(basis, kind)
    elif kind == "operation":
        yield from _operations(known.document or last.document)
    elif kind == "field" and len(at.path) >= 2:
        yield from _fields(last.model or known.model, at.path[1])
    elif at.is_key:
        yield from _keys(at.path)


def defined_names(known: Analysis, kind: Kind) -> list[str]:
    """Names of relations or resources that the contract defines."""
    top = f"{kind}s"
    return [e.text for e in known.words if e.is_key and len(e.path) == 2 and e.path[0] == top]


def _operations(document: Document | None) -> Iterator[str]:
    for each in document.operations if document is not None else ():
        yield each.id
        yield f"{each.method} {each.path}"


def _fields(model: Model | None, resource: str) -> Iterator[str]:
    if model is not None and resource in model.tables:
        yield from model.tables[resource].leaves


def _keys(path: tuple[str, ...]) -> Iterator[str]:
    """Keys that the schema has at a place."""
    found: list[Mapping[str, Json]] = [json_schema.contract()]
    for key in path:
        found = [below for each in found for below in _below(each, key)]
    for each in found:
        for option in (each, *each.get("anyOf", ())):
            yield from option.get("properties", ())


def _below(each: Mapping[str, Json], key: str) -> Iterator[Mapping[str, Json]]:
    for option in (each, *each.get("anyOf", ())):
        if key in option.get("properties", {}):
            yield option["properties"][key]
        elif isinstance(option.get("additionalProperties"), dict):
            yield option["additionalProperties"]
        if "items" in option:
            yield from _below(option["items"], key)


# --------------------------------------------------------------------------- meaning and place


def hover(known: Analysis, line: int, column: int) -> str:
    """Plain-text description of the word under the cursor; empty: nothing is known."""
    word = known.at(line, column)
    if word is None:
        return ""
    said = {"operation": _of_operation, "field": _of_field, "relation": _of_definition,
            "resource": _of_definition}[word.kind or "relation"](known, word)  # fmt: skip
    return "\n".join(visible(each)[:_SHOWN] for each in said)


def _of_operation(known: Analysis, word: Word) -> list[str]:
    each = _operation(known.document, word.text)
    return [f"{each.method} {each.path}", *filter(None, (each.summary,))] if each else []


def _of_field(known: Analysis, word: Word) -> list[str]:
    table = known.model.tables.get(word.path[1]) if known.model is not None else None
    said = [f"{word.path[1]}.{word.text}"]
    for leaf, rule in zip(table.leaves, table.rules, strict=True) if table else ():
        if rule.path == word.text:
            seen = [f"{' or '.join(e.see)}{_when(e.when)}" for e in rule.grants if e.see]
            said.append(f"{leaf}: seen by {'; '.join(seen) or 'nobody'}")
    return said


def _when(when: Mapping[str, tuple[Json, ...]]) -> str:
    parts = [f"{name} is {' or '.join(map(str, values))}" for name, values in when.items()]
    return f" when {' and '.join(parts)}" if parts else ""


def _of_definition(known: Analysis, word: Word) -> list[str]:
    place = _definition(known, word)
    return known.text.split("\n")[place.line : place.line + 1] if place is not None else []


def definition(known: Analysis, line: int, column: int) -> Location | None:
    """Where the word under the cursor is defined: an operation or a field in the document, or a
    relation or resource in the contract (then with an empty file name). None: nowhere."""
    word = known.at(line, column)
    if word is None:
        return None
    if word.kind == "operation" and known.document is not None:
        each = _operation(known.document, word.text)
        return known.document.locate(each.pointer) if each is not None else None
    if word.kind == "field":
        return _member(known, word)
    place = _definition(known, word)
    return Location("", place.line + 1, place.start + 1) if place is not None else None


def _member(known: Analysis, word: Word) -> Location | None:
    if known.model is None or known.document is None:
        return None
    resource = known.model.policy.resources.get(word.path[1])
    name = word.text.split(".")[0]
    schemas = known.document.raw.get("components", {}).get("schemas", {})
    for each in sorted(resource.schemas) if resource is not None else ():
        if name in (schemas.get(each) or {}).get("properties", {}):
            return known.document.locate(f"/components/schemas/{each}/properties/{name}")
    return None


def _definition(known: Analysis, word: Word) -> Word | None:
    top = f"{word.kind}s"
    return next((e for e in known.words if e.is_key and e.path == (top, word.text)), None)


def _operation(document: Document | None, name: str) -> Operation | None:
    return document.operation(name) if document is not None else None


def occurrences(known: Analysis, line: int, column: int) -> list[Word]:
    """All occurrences of the relation under the cursor, for a rename."""
    word = known.at(line, column)
    if word is None or word.kind != "relation":
        return []
    return [each for each in known.words if each.kind == "relation" and each.text == word.text]


def refusal(known: Analysis, name: str) -> str:
    """Why a name is not allowed for a relation; empty if it is."""
    if not NAME.fullmatch(name):
        return "letters, digits, `_` and `-` can name a relation"
    return f"`{name}` is a relation already" if name in defined_names(known, "relation") else ""


def problems(known: Analysis) -> Iterable[tuple[Problem, bool]]:
    """(problem, whether it is a mistake and not a warning)."""
    yield from ((each, True) for each in known.errors)
    yield from ((each, False) for each in known.warnings)
