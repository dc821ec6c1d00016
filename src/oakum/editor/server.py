"""The language server: binds `analysis` to the Language Server Protocol 3.17, over stdio.

Reads the contract that is open and its document, and writes nothing: a rename is a list of edits
that the editor makes. A fault of ours in one answer is an empty answer, and the server goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

import oakum
from oakum.editor import analysis
from oakum.editor.analysis import Analysis
from oakum.editor.contract_names import Word
from oakum.errors import Location, Problem, visible


@dataclass
class _State:
    """The open contracts, by URI."""

    known: dict[str, Analysis] = field(default_factory=dict)
    last: dict[str, Analysis] = field(default_factory=dict)
    """The last analysis that had names."""


def server() -> LanguageServer:
    """A language server without any open documents."""
    made = LanguageServer("oakum", oakum.__version__)
    state = _State()

    def look(params: Any) -> None:
        uri = params.text_document.uri
        text = made.workspace.get_text_document(uri).source
        path = path_of(uri)
        known = analysis.analyse(text, path)
        state.known[uri] = known
        if known.words:
            state.last[uri] = known
        found = [
            _diagnostic(each, known, path, error=error) for each, error in analysis.problems(known)
        ]
        made.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found))

    def close(params: lsp.DidCloseTextDocumentParams) -> None:
        state.known.pop(params.text_document.uri, None)
        state.last.pop(params.text_document.uri, None)

    def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        known = _of(state, params)
        last = state.last.get(params.text_document.uri, known)
        names = analysis.completions(known, last, *_at(params))
        return [lsp.CompletionItem(each) for each in names]

    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        said = analysis.hover(_of(state, params), *_at(params))
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.PlainText, said)) if said else None

    def define(params: lsp.DefinitionParams) -> lsp.Location | None:
        place = analysis.definition(_of(state, params), *_at(params))
        return _place(place, params.text_document.uri) if place is not None else None

    def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        known = _of(state, params)
        if analysis.refusal(known, params.new_name):
            return None
        edits = [
            lsp.TextEdit(_range(each), params.new_name)
            for each in analysis.occurrences(known, *_at(params))
        ]
        return lsp.WorkspaceEdit({params.text_document.uri: edits}) if edits else None

    answers: dict[str, Callable[[Any], Any]] = {
        lsp.TEXT_DOCUMENT_DID_OPEN: look,
        lsp.TEXT_DOCUMENT_DID_CHANGE: look,
        lsp.TEXT_DOCUMENT_DID_SAVE: look,
        lsp.TEXT_DOCUMENT_DID_CLOSE: close,
        lsp.TEXT_DOCUMENT_COMPLETION: complete,
        lsp.TEXT_DOCUMENT_HOVER: hover,
        lsp.TEXT_DOCUMENT_DEFINITION: define,
        lsp.TEXT_DOCUMENT_RENAME: rename,
    }
    for name, answer in answers.items():
        made.feature(name)(answer)
    return made


def path_of(uri: str) -> Path:
    """The path of a `file:` URI, percent-decoded."""
    return Path(unquote(urlsplit(uri).path))


def _of(state: _State, params: Any) -> Analysis:
    return state.known.get(params.text_document.uri, Analysis(""))


def _at(params: Any) -> tuple[int, int]:
    return params.position.line, params.position.character


def _diagnostic(problem: Problem, known: Analysis, path: Path, *, error: bool) -> lsp.Diagnostic:
    """A mistake at its word; one of another file at the first line, with its place."""
    line, column = max(problem.location.line - 1, 0), max(problem.location.column - 1, 0)
    hint = f"; {problem.hint}" if problem.hint else ""
    said = visible(f"{problem.message}{hint}")
    if Path(problem.location.file) != path:
        said, line, column = str(problem), 0, 0
    word = next(
        (e for e in known.words if e.line == line and e.start in (column, column + 1)), None
    )
    place = lsp.Range(lsp.Position(line, column), lsp.Position(line, column + 1))
    kind = lsp.DiagnosticSeverity.Error if error else lsp.DiagnosticSeverity.Warning
    return lsp.Diagnostic(_range(word) if word else place, said, severity=kind, source="oakum")


def _range(word: Word) -> lsp.Range:
    return lsp.Range(lsp.Position(word.line, word.start), lsp.Position(word.line, word.end))


def _place(place: Location, uri: str) -> lsp.Location:
    at = lsp.Position(max(place.line - 1, 0), max(place.column - 1, 0))
    where = Path(place.file).resolve().as_uri() if place.file else uri
    return lsp.Location(where, lsp.Range(at, at))
