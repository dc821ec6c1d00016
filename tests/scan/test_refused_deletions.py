"""Deletions that an API refuses in words: only what the owner is shown afterwards tells what was
done."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.scan import notebook
from tests.scan.test_odd_writes import Odd, scan

pytestmark = pytest.mark.server

_SAYS = (b'{"error": "no"}', {"content-type": "application/json"})


class Refusing(notebook.Notebook):
    """A notebook whose answers to deletions of another's note have a status of their own."""

    def __init__(self, status: int, leaks: tuple[str, ...] = (), *, own: int = 0) -> None:
        """`own`: with which the writer's own deletion is refused; 0: it is not."""
        super().__init__(leaks)
        self.own = own
        self.status = status
        self.tried: set[str] = set()
        """Notes that somebody else wanted to delete."""

    def app(self) -> Any:
        inner = super().app()

        async def answered(scope: Any, receive: Any, send: Any) -> None:
            ref = scope["path"].removeprefix("/notes/")
            held = {k.decode(): v.decode() for k, v in scope["headers"]}
            token = held.get("authorization", "").removeprefix("Bearer ")
            note = self.notes.get(ref)
            theirs = note is not None and notebook.TOKENS.get(note["writer"]) != token
            refused = scope["method"] == "DELETE" and theirs
            self.tried |= {ref} if refused else set()
            if scope["method"] == "DELETE" and self.own and note is not None and not theirs:
                await send({"type": "http.response.start", "status": self.own, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return

            async def said(message: Any) -> None:
                if refused and message["type"] == "http.response.start":
                    message = {**message, "status": self.status}
                await send(message)

            await inner(scope, receive, said)

        return answered


@pytest.mark.parametrize("status", [401, 403, 404, 409, 500])
def test_a_deletion_that_is_refused_in_words_and_done_is_proven(
    status: int, tmp_path: Path
) -> None:
    made, _ = notebook.entry(())
    book = Refusing(status, ("thrown",))
    before = copy.deepcopy(book.notes)
    report = scan(made, book.app(), tmp_path)
    found = {(f.rule, f.viewer, f.verdict) for f in report.findings}
    assert ("bola-write", "person", "proven") in found
    assert (book.notes, report.distrust) == (before, ())


@pytest.mark.parametrize("status", [401, 403, 404, 409, 500])
def test_a_deletion_that_is_refused_and_not_done_is_no_finding(status: int, tmp_path: Path) -> None:
    made, _ = notebook.entry(())
    book = Refusing(status)
    report = scan(made, book.app(), tmp_path)
    assert book.tried
    assert (report.findings, report.distrust) == ((), ())


@pytest.mark.parametrize("reads", range(2, 8))
def test_a_note_that_ends_by_itself_was_deleted_by_nobody(reads: int, tmp_path: Path) -> None:
    made, _ = notebook.entry(())
    book = Refusing(403)
    seen: dict[str, int] = {}

    def change(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        ref = path.removeprefix("/notes/")
        if method == "GET" and "oakum" in book.notes.get(ref, {}).get("title", ""):
            seen[ref] = seen.get(ref, 0) + 1
            if seen[ref] >= reads:
                del book.notes[ref]
        return status, head, body

    assert not scan(made, Odd(book.app(), change), tmp_path).findings


@pytest.mark.parametrize("status", [401, 429, 503])
def test_an_owner_who_is_refused_after_a_refusal_misses_nothing(
    status: int, tmp_path: Path
) -> None:
    made, _ = notebook.entry(())
    book = Refusing(403)

    def change(method: str, path: str, said: int, head: Any, body: bytes) -> Any:
        held = path.removeprefix("/notes/") in book.tried
        return (status, *_SAYS[::-1]) if method == "GET" and held else (said, head, body)

    assert not scan(made, Odd(book.app(), change), tmp_path).findings


@pytest.mark.parametrize(
    ("status", "own", "named"),
    [(409, 409, True), (403, 403, True), (403, 409, False), (404, 0, False), (409, 0, False)],
)
def test_who_is_refused_like_the_owner_is_named_as_untried(
    status: int, own: int, named: bool, tmp_path: Path
) -> None:
    made, _ = notebook.entry(())
    book = Refusing(status, own=own)
    report = scan(made, book.app(), tmp_path)
    assert book.tried and not report.findings and report.writes is not None
    said = [
        each.reason
        for each in report.writes.untried
        if each.endpoint.method == "DELETE" and "not tested as `person`" in each.reason
    ]
    assert bool(said) is named
    assert all("deletion was answered with" in each and "the owner's own" in each for each in said)
