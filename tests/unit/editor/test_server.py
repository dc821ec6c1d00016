"""The language server, asked by a client over stdio."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient
from tests.patience import patient
from tests.scan import clinic


class Editor:
    """A client with one contract open."""

    def __init__(self, folder: Path) -> None:
        clinic.write(folder)
        self.path = folder / "exposure.yaml"
        self.text = self.path.read_text()
        self.client = LanguageClient("test", "1")
        self.told: asyncio.Queue[list[lsp.Diagnostic]] = asyncio.Queue()
        self.version = 1

    async def __aenter__(self) -> Editor:
        def heard(params: lsp.PublishDiagnosticsParams) -> None:
            self.told.put_nowait(list(params.diagnostics))

        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(heard)
        await self.client.start_io(sys.executable, "-m", "oakum", "language-server")
        await self.client.initialize_async(
            lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=self.path.parent.as_uri())
        )
        self.client.initialized(lsp.InitializedParams())
        item = lsp.TextDocumentItem(self.path.as_uri(), "yaml", 1, self.text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        self.first = await self.told.get()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    async def write(self, text: str) -> list[lsp.Diagnostic]:
        self.version += 1
        self.text = text
        which = lsp.VersionedTextDocumentIdentifier(self.version, self.path.as_uri())
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(which, [change]))
        return await self.told.get()

    def place(self, near: str, inside: str) -> tuple[Any, Any]:
        line = next(n for n, each in enumerate(self.text.split("\n")) if near in each)
        column = self.text.split("\n")[line].index(inside)
        return lsp.TextDocumentIdentifier(self.path.as_uri()), lsp.Position(line, column + 1)


def test_an_editor_is_told_what_check_tells(tmp_path: Path) -> None:
    async def story() -> None:
        async with Editor(tmp_path) as editor:
            assert not [d for d in editor.first if d.severity == lsp.DiagnosticSeverity.Error]
            found = await editor.write(
                editor.text.replace("owner: {is: owner}", "owner: {is: ower}")
            )
            assert any("must be `owner`" in each.message for each in found), found
            found = await editor.write(editor.text + "\nx\u202e<b>: {")
            assert found

    asyncio.run(asyncio.wait_for(story(), patient(60)))


def test_names_are_completed_renamed_shown_and_found(tmp_path: Path) -> None:
    async def story() -> None:
        async with Editor(tmp_path) as editor:
            ask = editor.client
            ident, at = editor.place("see: [", "see: [")
            inside = lsp.Position(at.line, at.character + 5)
            items = await ask.text_document_completion_async(lsp.CompletionParams(ident, inside))
            assert "owner" in [each.label for each in items]
            ident, at = editor.place("  owner:", "owner")
            edit = await ask.text_document_rename_async(lsp.RenameParams(ident, at, "possessor"))
            changed = editor.text.split("\n")
            edits = edit.changes[editor.path.as_uri()]
            for each in sorted(edits, key=lambda e: e.range.start.character, reverse=True):
                line, start, end = each.range.start.line, each.range.start, each.range.end
                before = changed[line]
                changed[line] = before[: start.character] + each.new_text + before[end.character :]
            found = await editor.write("\n".join(changed))
            assert not [d for d in found if d.severity == lsp.DiagnosticSeverity.Error], found
            ident, at = editor.place("  possessor:", "possessor")
            bad = await ask.text_document_rename_async(lsp.RenameParams(ident, at, "a b"))
            assert bad is None
            shown = await ask.text_document_hover_async(lsp.HoverParams(ident, at))
            assert "is: owner" in shown.contents.value
            assert shown.contents.kind == lsp.MarkupKind.PlainText
            ident, at = editor.place("phone:", "phone")
            shown = await ask.text_document_hover_async(lsp.HoverParams(ident, at))
            assert "Patient.phone" in shown.contents.value and "seen by" in shown.contents.value
            place = await ask.text_document_definition_async(lsp.DefinitionParams(ident, at))
            line = (tmp_path / "openapi.yaml").read_text().split("\n")[place.range.start.line]
            assert place.uri.endswith("openapi.yaml") and "phone" in line

    asyncio.run(asyncio.wait_for(story(), patient(60)))


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with Editor(tmp_path) as editor:
            found = await editor.write(editor.text.replace("owner: {is: owner}", "\u202e<img>: {}"))
            said = "".join(each.message for each in found)
            assert found and "\u202e" not in said
            huge = await editor.write(editor.text + "#" * (1 << 21))
            assert [each.severity for each in huge] == [lsp.DiagnosticSeverity.Warning]
            assert "oakum check" in huge[0].message
            deep = await editor.write("exposure: 1\nx: " + "[" * 5000)
            assert deep

    asyncio.run(asyncio.wait_for(story(), patient(60)))
