"""The guard in a WSGI application before requests and answers that PEP 3333 does not allow."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from oakum.wsgi import App, Environ, OakumMiddleware
from tests.unit.guard.club import PEOPLE, gate
from tests.unit.test_wsgi import call

BOB = json.dumps(PEOPLE["bob"]).encode()
SHOWN = b'{"id": "bob", "name": "Bob"}'
JSON = [("Content-Type", "application/json")]
Said = Callable[[Environ, Any], Iterable[bytes]]


def saying(said: Said, seen: list[Environ] | None = None) -> App:
    """An application that says who is calling as it should, and all else as it is told."""

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/me":
            start_response("200 OK", [*JSON, ("Cache-Control", "private")])
            return [json.dumps(PEOPLE[environ["HTTP_X_SESSION"]]).encode()]
        if environ["PATH_INFO"].endswith("/friends"):
            start_response("200 OK", JSON)
            return [b"[]"]
        if seen is not None:
            seen.append(environ)
        return said(environ, start_response)

    return app


def as_it_should(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", JSON)
    return [BOB]


def ask(folder: Path, said: Said, target: str = "/members/bob", **how: Any) -> tuple[int, bytes]:
    status, _, body = call(OakumMiddleware(saying(said), gate(folder), **how), "GET", target, "ann")
    return status, body


# --------------------------------------------------------------------------- what comes in


@pytest.mark.parametrize("path", ["/members/\u0100", "/members/bob\u2028", "/\ud800", "\U0001f600"])
def test_a_path_that_no_server_makes_reaches_nothing(tmp_path: Path, path: str) -> None:
    seen: list[Environ] = []
    audit: list[Any] = []
    app = OakumMiddleware(saying(as_it_should, seen), gate(tmp_path), audit=audit.append)
    assert call(app, "GET", path, "ann")[0] == 404
    assert (seen, audit[0]["denied"]) == ([], "path")


LENGTHS = ["x", "-1", "+2", "1 2", "0x2", "2,2", "\u0662", "\u00b2", "2\n", " 2", "1e1"]


@pytest.mark.parametrize("length", [*LENGTHS, "9" * 4301, "99"])
def test_a_body_of_no_length_or_a_shorter_one_goes_nowhere(tmp_path: Path, length: str) -> None:
    seen: list[Environ] = []
    audit: list[Any] = []
    app = OakumMiddleware(saying(as_it_should, seen), gate(tmp_path), audit=audit.append)
    answer = call(app, "PUT", "/members/ann", "ann", b'{"name":"A"}', CONTENT_LENGTH=length)
    assert answer[2] == b'{"type":"about:blank","title":"Bad Request","status":400}'
    assert seen == []
    [line] = audit
    why = "body" if length in LENGTHS else "truncated"
    assert (line["status"], line["denied"], line["contract"]) == (400, why, None)


class Drops(io.RawIOBase):
    """A body of which each read gives a little; it may break off."""

    def __init__(self, body: bytes, breaks: bool) -> None:
        self._rest, self._breaks = io.BytesIO(body), breaks

    def read(self, size: int = -1, /) -> bytes:
        part = self._rest.read(min(size, 3))
        if self._breaks and not part:
            raise OSError("who asked has gone")
        return part


@pytest.mark.parametrize("breaks", [False, True])
def test_a_body_in_drops_is_read_to_its_end(tmp_path: Path, breaks: bool) -> None:
    def change(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", JSON)
        said = environ["wsgi.input"].read() or b"{}"  # the guard asks whose it is
        return [json.dumps({"id": "ann", **json.loads(said)}).encode()]

    body = b'{"name":"Anna"}'
    app = OakumMiddleware(saying(change), gate(tmp_path))
    whole = {"wsgi.input": Drops(body, breaks), "CONTENT_LENGTH": str(len(body))}
    assert (
        call(app, "PUT", "/members/ann", "ann", b"", **whole)[2] == b'{"id": "ann", "name": "Anna"}'
    )
    short = {"wsgi.input": Drops(body, breaks), "CONTENT_LENGTH": str(len(body) + 1)}
    assert call(app, "PUT", "/members/ann", "ann", b"", **short)[0] == 400


@pytest.mark.parametrize("length", [*LENGTHS, "9" * 4301, "20000", ""])
@pytest.mark.parametrize("terminated", [False, True])
def test_observe_hands_on_whatever_came(tmp_path: Path, length: str, terminated: bool) -> None:
    got: list[tuple[str, bytes]] = []
    body = b"x" * 20_000  # more than the contract's `max_body`

    def note(environ: Environ, start_response: Any) -> Iterable[bytes]:
        got.append((environ["CONTENT_LENGTH"], environ["wsgi.input"].read()))
        return as_it_should(environ, start_response)

    audit: list[Any] = []
    keeper = gate(tmp_path, observe=True)
    app = OakumMiddleware(saying(note), keeper, audit=audit.append)
    how = {"CONTENT_LENGTH": length, "wsgi.input_terminated": terminated}
    assert call(app, "PUT", "/members/\u0100", "ann", body, **how)[2] == BOB
    assert (got, len(audit)) == ([(length, body)], 1)


# --------------------------------------------------------------------------- what goes out


@pytest.mark.parametrize("length", ["0", "11", "999", "-1", "9" * 5000, "x", "", "\u00b2"])
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_body_of_another_length_than_it_says_is_cut_short(
    tmp_path: Path, length: str, kind: str
) -> None:
    body = BOB if kind == "json" else b"id,name\nbob,Bob\nann,Ann\n"
    media = "application/json" if kind == "json" else "text/csv"
    for said in (length, str(len(body))):
        headers = [("Content-Type", media), ("Content-Length", said)]

        def table(environ: Environ, start: Any, headers: Any = headers) -> Iterable[bytes]:
            start("200 OK", headers)
            return [body[:7], body[7:]]

        audit: list[Any] = []
        path = "/members/bob" if kind == "json" else "/roster"
        status, shown = ask(tmp_path, table, path, audit=audit.append)
        told = (status, audit[-1]["denied"], b"bob" in shown)
        assert told == ((502, "truncated", False) if said == length else (200, None, True))


def failing(before: Iterable[bytes], after: Iterable[bytes], *, problem: bool) -> Said:
    """Begins, says something, and begins once more, as where something went wrong."""

    def said(environ: Environ, start_response: Any) -> Iterator[bytes]:
        start_response("500 Oops", JSON)
        yield from before
        try:
            raise LookupError("bob@x.test")
        except LookupError:
            if problem:
                start_response("200 OK", JSON, sys.exc_info())
            else:
                start_response("200 OK", JSON)
        yield from after

    return said


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (failing([], [BOB], problem=True), (200, SHOWN)),
        (failing([b""], [BOB], problem=True), (200, SHOWN)),
        (failing([BOB[:9]], [BOB[9:]], problem=True), None),
        (failing([BOB], [], problem=True), None),
        (failing([], [BOB], problem=False), None),
        (failing([BOB], [], problem=False), None),
    ],
)
def test_an_answer_has_one_beginning(tmp_path: Path, said: Said, shown: Any) -> None:
    status, body = ask(tmp_path, said)
    assert (status, body) == shown if shown else (status == 502 and b"bob" not in body.lower())


def never_begun(environ: Environ, start_response: Any) -> Iterable[bytes]:
    return [BOB]


def in_text(environ: Environ, start_response: Any) -> Iterable[Any]:
    start_response("200 OK", JSON)
    return [BOB.decode()]


def no_status(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("OK", JSON)
    return [BOB]


def no_list(environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", JSON)
    return None


def breaking_off(environ: Environ, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", JSON)
    yield BOB
    raise LookupError("bob@x.test")


def writing_on(environ: Environ, start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", JSON)
    while True:
        write(BOB)


@pytest.mark.parametrize(
    "said", [never_begun, in_text, no_status, no_list, breaking_off, writing_on]
)
def test_what_no_server_takes_for_an_answer_is_none(tmp_path: Path, said: Said) -> None:
    status, body = ask(tmp_path, said)
    assert status == 502
    assert b"bob" not in body.lower()


class Closing:
    """A body whose end goes wrong, or is only told of."""

    def __init__(self, fails: bool) -> None:
        self.fails, self.closed = fails, 0

    def __iter__(self) -> Iterator[bytes]:
        yield BOB

    def close(self) -> None:
        self.closed += 1
        if self.fails:
            raise LookupError("bob@x.test")


@pytest.mark.parametrize("fails", [False, True])
def test_what_fails_after_an_answer_takes_nothing_away(tmp_path: Path, fails: bool) -> None:
    body = Closing(fails)

    def said(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", JSON)
        return body

    assert ask(tmp_path, said) == (200, SHOWN)
    assert body.closed == 1


def test_a_file_wrapper_of_the_server_is_read_and_judged(tmp_path: Path) -> None:
    def said(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", JSON)
        return environ["wsgi.file_wrapper"](io.BytesIO(BOB))

    app = OakumMiddleware(saying(said), gate(tmp_path))
    wrapper = {"wsgi.file_wrapper": lambda file, size=8192: iter(lambda: file.read(size), b"")}
    assert call(app, "GET", "/members/bob", "ann", **wrapper)[2] == SHOWN


@pytest.mark.parametrize("path", ["/static/a.js", "/members/bob"])
def test_who_goes_away_early_is_written_down(tmp_path: Path, path: str) -> None:
    audit: list[Any] = []
    body = Closing(fails=False)

    def said(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", JSON)
        return body

    keeper = gate(tmp_path, observe=path != "/static/a.js")
    app = OakumMiddleware(saying(said), keeper, audit=audit.append)
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(), "HTTP_X_SESSION": "ann",
    }  # fmt: skip
    parts = iter(app(environ, lambda *_: None))
    assert next(parts) == BOB
    parts.close()  # type: ignore[attr-defined]
    assert (body.closed, len(audit)) == (1, 1)


@pytest.mark.parametrize("at", ["/members/bob", "/me"])
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, BaseException])
def test_what_ends_more_than_a_request_does_so_after_the_answer(
    tmp_path: Path, at: str, error: type[BaseException]
) -> None:
    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == at:
            raise error("bob@x.test")
        return saying(as_it_should)(environ, start_response)

    guarded, started = OakumMiddleware(app, gate(tmp_path)), list[str]()
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/members/bob", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(), "HTTP_X_SESSION": "ann",
    }  # fmt: skip
    parts = guarded(environ, lambda status, headers: started.append(status))
    assert b"bob" not in b"".join(parts)
    assert started[0][:3] == ("502" if at == "/members/bob" else "503")
    with pytest.raises(error):
        parts.close()  # type: ignore[attr-defined]


# --------------------------------------------------------------------------- the audit


def broken(_: Any) -> None:
    raise OSError("the disk is full of bob@x.test")


@pytest.mark.parametrize("path", ["/members/bob", "/nowhere", "/static/a.js", "/\u0100"])
def test_an_audit_that_fails_takes_no_answer_away_and_opens_none(
    tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = ask(tmp_path, as_it_should, path)
    assert ask(tmp_path, as_it_should, path, audit=broken) == expected
    assert "the audit failed" in caplog.text
    assert "x.test" not in caplog.text


@pytest.mark.parametrize("value", ["a\r\nx-more: 1", "a\nb", "a\rb", "a\x00"])
def test_a_line_end_in_a_header_is_no_answer(tmp_path: Path, value: str) -> None:
    def said(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [*JSON, ("X-Request-Id", value)])
        return [BOB]

    status, body = ask(tmp_path, said)
    assert (status, b"Bob" in body) == (502, False)


@pytest.mark.parametrize(("ends", "status"), [(True, 200), (False, 411)])
def test_a_body_in_chunks_of_which_nobody_knows_the_end_is_refused(
    tmp_path: Path, ends: bool, status: int
) -> None:
    seen: list[Environ] = []
    app = OakumMiddleware(saying(as_it_should, seen), gate(tmp_path))
    how = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": ends}
    assert call(app, "GET", "/members/bob", "ann", **how)[0] == status
    assert bool(seen) is ends
