"""A body is heard however it is coded and however a test reads it, or it is named as not read.

Each suite has an owner who is shown her own in one test, and a stranger who asks in another.
"""

from __future__ import annotations

from typing import Any

import flask
import pytest

from oakum.pytest_plugin.client_hooks import ClientHooks
from oakum.pytest_plugin.response_capture import PART, UNREAD, Capture, Evaluation
from oakum.pytest_plugin.suite_observer import CUT, DEEP
from tests.pytest_plugin.test_plugin import told
from tests.pytest_plugin.test_strays import OTHER, OWN, results, suite

pytest_plugins = ["pytester"]
CODED = {
    "gzip": (
        "lambda id, o, clean: flask.Response(__import__('gzip').compress(json.dumps(o).encode()),"
        " mimetype='application/json', headers={'content-encoding': 'gzip'})"
    ),
    "UTF-16": (
        "lambda id, o, clean: flask.Response(json.dumps(o).encode('utf-16'),"
        " mimetype='application/json')"
    ),
    "UTF-32 without a mark": (
        "lambda id, o, clean: flask.Response(json.dumps(o).encode('utf-32-be'),"
        " mimetype='application/json')"
    ),
    "nested 400 levels deep": (
        "lambda id, o, clean: flask.Response('{\"a\":' * 400 + json.dumps(o) + '}' * 400,"
        " mimetype='application/json')"
    ),
}


@pytest.mark.parametrize("how", CODED)
def test_a_body_is_read_however_it_is_coded(pytester: pytest.Pytester, how: str) -> None:
    done = suite(pytester, OWN + OTHER.replace("LINE", CODED[how]))
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*`Member.email` was sent to `member`, *"])
    assert results(pytester, "email", "member") == {"leak"}


UNTOLD = {
    "a coding that nobody knows": (
        "lambda id, o, clean: flask.Response(b'..', mimetype='application/json',"
        " headers={'content-encoding': 'x-own'})",
        "no decoder for `x-own` is installed: only its headers were evaluated",
    ),
    "what it does not say it is": (
        "lambda id, o, clean: flask.Response(b'\\x1f\\x8b\\xff\\xff', mimetype='application/json',"
        " headers={'content-encoding': 'gzip'})",
        "its headers say `gzip`, but it is not: only its headers were evaluated",
    ),
    "a text of more than is searched": (
        "lambda id, o, clean: flask.Response('x' * (1 << 20) + o['email'], mimetype='text/plain')",
        CUT,
    ),
    "deeper than anybody judges it": (
        "lambda id, o, clean: flask.Response('[' * 101 + ']' * 101, mimetype='application/json')",
        DEEP,
    ),
}


@pytest.mark.parametrize("what", UNTOLD)
def test_a_body_that_is_not_read_is_named_with_its_true_reason(
    pytester: pytest.Pytester, what: str
) -> None:
    line, why = UNTOLD[what]
    done = suite(pytester, OWN + OTHER.replace("LINE", line))
    named = [line for line in done.stdout.lines if "not judged" in line]
    assert named == [f"  not judged, 1 times: {why} (getMember 1)"]
    assert results(pytester, "email", "member") == {"untested"}


# --------------------------------------------------------------------------- in pieces

STREAM = (
    "lambda id, o, clean: flask.Response("
    "iter(json.dumps(o).encode()[at : at + 9] for at in range(0, 200, 9)),"
    " mimetype='application/json')"
)
LIVE = """
import http.client, pytest, requests, httpx, urllib3
from werkzeug.serving import make_server

@pytest.fixture(scope="module")
def port():
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()

def asked(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/members/ann", headers=of("bob"))
    return connection.getresponse()

def test_other(port):
    ANSWER[0] = STREAM
    url, headers = f"http://127.0.0.1:{port}/members/ann", of("bob")
    assert b"ann.real" in (ASK)
""".replace("STREAM", STREAM)
REQUEST = "urllib.request.urlopen(urllib.request.Request(url, headers=headers))"
ASKS = {
    "requests": "b''.join(requests.get(url, headers=headers, stream=True).iter_content(7))",
    "requests, by lines": (
        "b''.join(requests.get(url, headers=headers, stream=True).iter_lines())"
    ),
    "requests, as text": (
        "''.join(requests.get(url, headers=headers, stream=True)"
        ".iter_content(7, decode_unicode=True)).encode()"
    ),
    "httpx": (
        "b''.join(httpx.Client().send(httpx.Request('GET', url, headers=headers), stream=True)"
        ".iter_bytes())"
    ),
    "httpx, as it comes": (
        "b''.join(httpx.Client().send(httpx.Request('GET', url, headers=headers), stream=True)"
        ".iter_raw())"
    ),
    "urllib": f"{REQUEST}.read()",
    "urllib, by lines": f"b''.join({REQUEST})",
    "urllib3": (
        "b''.join(urllib3.PoolManager().request('GET', url, headers=headers,"
        " preload_content=False).stream(7))"
    ),
    "http.client": "b''.join(iter(lambda each=asked(port): each.read(7), b''))",
}


@pytest.mark.parametrize("client", ASKS)
def test_a_body_that_comes_in_pieces_is_heard_once(pytester: pytest.Pytester, client: str) -> None:
    done = suite(pytester, OWN + LIVE.replace("ASK", ASKS[client]))
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["oakum: `Member.email` was sent to `member`*"])
    assert told(pytester)["requests"] == 2


FLASK = {
    "by its pieces": "assert b'ann' in b''.join(ask('/members/ann', headers=of('bob')).response)",
    "by its encoded pieces": (
        "assert b'ann' in b''.join(ask('/members/ann', headers=of('bob')).iter_encoded())"
    ),
    "as JSON": "assert ask('/members/ann', headers=of('bob')).json['id'] == 'ann'",
}


@pytest.mark.parametrize("how", FLASK)
def test_a_stream_of_flask_is_heard_as_it_is_read(pytester: pytest.Pytester, how: str) -> None:
    tests = f"{OWN}\ndef test_other():\n    ANSWER[0] = {STREAM}\n    {FLASK[how]}\n"
    suite(pytester, tests).assert_outcomes(passed=1, failed=1)


LEFT = {
    "none of it": ("made", UNREAD),
    "its first piece": ("next(iter(made.response))", PART),
    "its first piece, and closed": ("next(iter(made.response)); made.close()", PART),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_a_test_leaves_of_a_body_is_named_and_never_asked_for(
    pytester: pytest.Pytester, what: str
) -> None:
    reads, why = LEFT[what]
    endless = "flask.Response((b'x' for _ in iter(int, 1)), mimetype='text/plain')"
    tests = f"""{OWN}
def test_other():
    ANSWER[0] = lambda id, o, clean: {endless}
    made = ask("/members/ann", headers=of("bob"))
    {reads}
"""
    done = suite(pytester, tests)
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines([f"  not judged, 1 times: {why} (getMember 1)"])
    assert results(pytester, "email", "member") == {"untested"}


def test_a_refusal_whose_body_no_test_reads_closes_nothing(pytester: pytest.Pytester) -> None:
    tests = f"""{OWN}
def test_other():
    ANSWER[0] = lambda id, o, clean: flask.Response(
        iter([json.dumps(o).encode()]), status=403, mimetype="application/json")
    assert ask("/members/ann", headers=of("bob")).status_code == 403
"""
    assert suite(pytester, tests).ret == pytest.ExitCode.OK
    assert results(pytester, "email", "member") == {"untested"}


def test_a_part_that_holds_a_value_leaks(pytester: pytest.Pytester) -> None:
    tests = f"""{OWN}
def test_other():
    ANSWER[0] = lambda id, o, clean: flask.Response(
        (o["email"] + chr(10) for _ in iter(int, 1)), mimetype="text/event-stream")
    next(iter(ask("/members/ann", headers=of("bob")).response))
"""
    done = suite(pytester, tests)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert results(pytester, "email", "member") == {"leak"}


class Notes:
    """Notes the requests that were heard."""

    def __init__(self) -> None:
        self.captured: list[Capture] = []

    def observe(self, captured: Capture, /) -> Evaluation:
        self.captured.append(captured)
        yield from ()

    def count_missed(self, why: str, /) -> None:
        raise AssertionError(why)

    def wants(self, method: str, url: str, /) -> bool:
        return True


@pytest.mark.parametrize(
    ("more", "sent"),
    [({"json": {"a": 7}}, b'{"a": 7}'), ({"data": {"a": "7"}}, b"a=7"), ({"data": b"x"}, b"x")],
)
def test_flasks_client_tells_what_it_sent(more: dict[str, Any], sent: bytes) -> None:
    app = flask.Flask("notes")
    app.post("/notes")(lambda: flask.request.get_data())
    notes = Notes()
    hooks = ClientHooks(notes)
    hooks.open()
    try:
        app.test_client().post("/notes", **more)
    finally:
        hooks.close()
    assert [(each.request.body, each.blind) for each in notes.captured] == [(sent, False)]
