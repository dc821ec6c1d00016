"""A value of an owner's leaks wherever it stands in an answer; what cannot be told closes nothing.

Each suite has an owner who is shown her own in one test, and a stranger who asks in another.
"""

from __future__ import annotations

import pytest

from oakum.openapi.model import Json
from tests.gate.club import written
from tests.pytest_plugin.test_plugin import run, told

pytest_plugins = ["pytester"]
APP = """\
import json
import flask

app = flask.Flask("club")
MAIL = {"ann": "ann.real@club.test", "bob": "bob.real@club.test"}
ANSWER = [None]

def who():
    return (flask.request.headers.get("authorization") or "").removeprefix("Bearer of-")

@app.get("/me")
def me():
    return {"id": who()} if who() else ({}, 401)

def whole(id):
    return {"id": id, "nick": id, "city": "Brest", "email": MAIL[id], "is_private": True}

@app.get("/members/<id>")
def member(id):
    if not who():
        return {}, 401
    if who() == id or ANSWER[0] is None:
        return whole(id)
    clean = {"id": id, "nick": id, "is_private": True}
    return ANSWER[0](id, whole(id), clean)
"""
HEAD = """\
import threading, flask, app as served, json, urllib.request
from app import ANSWER, MAIL, app
ask = app.test_client().get

def of(name):
    return {"authorization": f"Bearer of-{name}"}

"""
OWN = "\ndef test_own():\n    assert ask('/members/ann', headers=of('ann')).status_code == 200\n"
OTHER = (
    "\ndef test_other():\n    ANSWER[0] = LINE\n    ask('/members/ann?q=x', headers=of('bob'))\n"
)
LEAKS = {
    "in a header": "lambda id, o, clean: (clean, 200, {'x-email': o['email']})",
    "the whole object in a list that is not declared": "lambda id, o, clean: [o]",
    "with a server error": "lambda id, o, clean: (o, 500)",
    "with another error": "lambda id, o, clean: (o, 409)",
    "in a refusal's header": "lambda id, o, clean: ({}, 403, {'x-email': o['email']})",
    "as JSON called HTML": (
        "lambda id, o, clean: flask.Response(json.dumps(o), mimetype='text/html')"
    ),
    "in HTML": (
        "lambda id, o, clean: flask.Response(f'<p>{o[\"email\"]}</p>', mimetype='text/html')"
    ),
    "in text": ("lambda id, o, clean: flask.Response('mail ' + o['email'], mimetype='text/plain')"),
    "in text of no type": (
        "lambda id, o, clean: flask.Response('mail ' + o['email'], content_type='')"
    ),
}


def suite(pytester: pytest.Pytester, tests: str, *more: str) -> pytest.RunResult:
    written(pytester.path)
    (pytester.path / "app.py").write_text(APP, encoding="utf-8")
    (pytester.path / "test_club.py").write_text(HEAD + tests, encoding="utf-8")
    return run(pytester, *more)


def results(pytester: pytest.Pytester, field: str, viewer: str) -> set[str]:
    cells: Json = told(pytester)["coverage"]["cells"]
    here = [each for each in cells if each["operation"] == "getMember"]
    return {e["result"] for e in here if (e["field"], e["viewer"]) == (field, viewer)}


@pytest.mark.parametrize("how", LEAKS)
def test_a_value_leaks_wherever_it_stands(pytester: pytest.Pytester, how: str) -> None:
    done = suite(pytester, OWN + OTHER.replace("LINE", LEAKS[how]))
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*`Member.email` was sent to `member`, *", "*response: *"])
    assert results(pytester, "email", "member") == {"leak"}


@pytest.mark.parametrize("how", ["in a header", "in text"])
def test_it_leaks_whoever_asked_first(pytester: pytest.Pytester, how: str) -> None:
    done = suite(pytester, OTHER.replace("LINE", LEAKS[how]) + OWN)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert results(pytester, "email", "member") == {"leak"}


def test_in_one_test_it_fails_that_test(pytester: pytest.Pytester) -> None:
    other = OTHER.replace("LINE", LEAKS["in a header"])
    own = "    ask('/members/ann', headers=of('ann'))\n"
    suite(pytester, other + own).assert_outcomes(failed=1)


INNOCENT = {
    "an echo of the question": (
        "lambda id, o, clean: (clean, 200, {'x-asked': flask.request.args['q']})",
        "ask('/members/ann?q=' + MAIL['ann'], headers=of('bob'))",
    ),
    "the caller's own": (
        "lambda id, o, clean: (clean, 200, {'x-you': MAIL[served.who()]})",
        "ask('/members/bob', headers=of('bob')); ask('/members/ann', headers=of('bob'))",
    ),
    "what two people have": (
        "lambda id, o, clean: (clean, 200, {'x-city': 'Brest-Recouvrance'})",
        "ask('/members/ann', headers=of('bob'))",
    ),
}


@pytest.mark.parametrize("what", INNOCENT)
def test_what_is_nobody_elses_value_is_no_leak(pytester: pytest.Pytester, what: str) -> None:
    line, asks = INNOCENT[what]
    done = suite(pytester, OWN + f"\ndef test_other():\n    ANSWER[0] = {line}\n    {asks}\n")
    assert done.ret == pytest.ExitCode.OK
    assert results(pytester, "email", "member") == {"closed"}


def test_an_id_that_was_another_persons_accuses_nobody(pytester: pytest.Pytester) -> None:
    tests = """
def test_one():
    ask("/members/ann", headers=of("ann"))

def test_two():  # the ids have changed hands, as where each test has a database of its own
    MAIL.update(ann=MAIL["bob"], bob=MAIL["ann"])
    ANSWER[0] = lambda id, o, clean: (clean, 200, {"x-you": MAIL[served.who()]})
    ask("/members/ann", headers=of("bob"))

def test_three():
    ask("/members/bob", headers=of("bob"))
"""
    assert suite(pytester, tests).ret == pytest.ExitCode.OK


def test_what_is_not_as_declared_is_counted_and_closes_nothing(pytester: pytest.Pytester) -> None:
    line = "lambda id, o, clean: flask.Response('<p>busy</p>', mimetype='text/html')"
    done = suite(pytester, OWN + OTHER.replace("LINE", line))
    done.stdout.fnmatch_lines(
        ["  not judged, 1 times: it does not match the document*(getMember 1)"]
    )
    assert results(pytester, "email", "member") == {"untested"}


def test_a_body_that_is_not_read_is_counted(pytester: pytest.Pytester) -> None:
    line = "lambda id, o, clean: flask.Response(b'PNG', mimetype='image/png')"
    done = suite(pytester, OWN + OTHER.replace("LINE", line))
    done.stdout.fnmatch_lines(["  not judged, 1 times: `image/png` is not supported*(getMember 1)"])


# --------------------------------------------------------------------------- whenever it is asked

WHENEVER = {
    "while the module is read": "ask('/members/ann', headers=of('bob'))\n",
    "in a thread": (
        "def test_other():\n    each = threading.Thread(\n"
        "        target=lambda: ask('/members/ann', headers=of('bob')))\n"
        "    each.start()\n    each.join()\n"
    ),
    "in a fixture of the session": (
        "import pytest\n@pytest.fixture(scope='session', autouse=True)\ndef all():\n"
        "    ask('/members/ann', headers=of('bob'))\n    yield\n"
    ),
    "when a module is left": "def teardown_module():\n    ask('/members/ann', headers=of('bob'))\n",
}


@pytest.mark.parametrize("when", WHENEVER)
def test_a_request_is_heard_whenever_it_is_sent(pytester: pytest.Pytester, when: str) -> None:
    done = suite(pytester, WHENEVER[when] + OWN)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert told(pytester)["requests"] == 2


LIVE = """
import pytest, requests, httpx, urllib3
from werkzeug.serving import make_server

@pytest.fixture(scope="module")
def port():
    server = make_server("0.0.0.0", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()

def test_other(port):
    url, headers = f"http://HOST:{port}/members/ann", of("bob")
    assert b"ann.real" in (ASK)
"""
ASKS = {
    "requests": "requests.get(url, headers=headers).content",
    "requests, streamed and read": "requests.get(url, headers=headers, stream=True).content",
    "httpx": "httpx.get(url, headers=headers).content",
    "httpx, streamed and read": (
        "httpx.Client().send(httpx.Request('GET', url, headers=headers), stream=True).read()"
    ),
    "urllib": "urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read()",
    "urllib3": "urllib3.PoolManager().request('GET', url, headers=headers).data",
    "urllib3, read by and by": (
        "b''.join(urllib3.PoolManager().request('GET', url, headers=headers,"
        " preload_content=False).stream(7))"
    ),
}


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.2", "localhost"])
def test_a_server_of_this_machine_is_heard_by_any_of_its_names(
    pytester: pytest.Pytester, host: str
) -> None:
    done = suite(pytester, LIVE.replace("HOST", host).replace("ASK", ASKS["requests"]))
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["oakum: `Member.email` was sent to `member`*"])


@pytest.mark.parametrize("client", ASKS)
def test_clients_of_a_network_are_heard_once(pytester: pytest.Pytester, client: str) -> None:
    done = suite(pytester, LIVE.replace("HOST", "127.0.0.1").replace("ASK", ASKS[client]))
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["oakum: `Member.email` was sent to `member`*"])
    assert told(pytester)["requests"] == 1


def test_a_host_that_is_not_named_is_counted_where_its_paths_are_the_documents(
    pytester: pytest.Pytester,
) -> None:
    tests = """
import httpx

def test_elsewhere():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    httpx.Client(transport=transport).get("https://staging.example/members/ann")
"""
    done = suite(pytester, tests)
    done.stdout.fnmatch_lines(["  not observed, 1 times at getMember: *: staging.example"])


def test_a_part_of_a_suite_says_that_it_is_one(pytester: pytest.Pytester) -> None:
    line = "lambda id, o, clean: clean"
    done = suite(pytester, OWN + OTHER.replace("LINE", line), "-k", "own")
    done.stdout.fnmatch_lines([
        "  a part of the suite: 1 tests were not run, and their requests are untested",
        "no leak found; this run is only part of the suite*",
    ])  # fmt: skip
    assert results(pytester, "email", "member") == {"untested"}
