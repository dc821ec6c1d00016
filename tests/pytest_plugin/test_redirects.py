"""Responses whose redirects a client follows: each is judged for the caller of its own request."""

from __future__ import annotations

import pytest

from tests.gate.club import DOCUMENT, written
from tests.pytest_plugin.test_plugin import run, told

pytest_plugins = ["pytester"]

GO = """\
  /go/{id}:
    get:
      operationId: goTo
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"302": {description: there, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
components:
"""  # noqa: E501
APP = """\
import flask

LEAK = WHAT
PEOPLE = {
    name: {"id": name, "nick": name.title(), "city": "Brest", "email": name + ".long@club.test",
           "is_private": False}
    for name in ("ann", "bob")
}
app = flask.Flask("club")

def who():
    found = flask.request.headers.get("authorization", "").removeprefix("Bearer of-")
    return found if found in PEOPLE else flask.abort(401)

@app.get("/me")
def me():
    return PEOPLE[who()]

@app.get("/members/<id>")
def member(id):
    return {k: v for k, v in PEOPLE[id].items() if k != "email" or who() == id}

@app.get("/go/<id>")
def go(id):
    all, me = PEOPLE[id], who()
    body = all if LEAK == "body" or me == id else {"id": id}
    made = flask.make_response(body, 302)
    where = "/hop/" + id
    made.headers["location"] = where + "?hint=" + all["email"] if LEAK == "location" else where
    if LEAK == "header":
        made.headers["x-owner"] = all["email"]
    return made

@app.get("/hop/<id>")
def hop(id):
    return flask.redirect("/members/" + id)
"""
CLIENTS = {
    "flask": """\
from app import app
def get(path, name):
    headers = {"authorization": f"Bearer of-{name}"}
    return app.test_client().get(path, headers=headers, follow_redirects=True)
""",
    "httpx": """\
import httpx
from app import app
def get(path, name):
    headers = {"authorization": f"Bearer of-{name}"}
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://testserver") as c:
        return c.get(path, headers=headers, follow_redirects=True)
""",
    "requests": """\
import threading, requests
from werkzeug.serving import make_server
from app import app
server = make_server("127.0.0.1", 0, app)
threading.Thread(target=server.serve_forever, daemon=True).start()
def get(path, name):
    url = f"http://127.0.0.1:{server.server_port}{path}"
    return requests.get(url, headers={"authorization": f"Bearer of-{name}"})
""",
}
TESTS = """
def test_own():
    for name in ("ann", "bob"):
        assert get("/me", name).status_code == 200
        assert get("/members/" + name, name).status_code == 200

def test_other():
    assert get("/go/ann", "bob").status_code == 200
"""


def suite(pytester: pytest.Pytester, client: str, leak: str) -> None:
    written(pytester.path, document=DOCUMENT.replace("components:\n", GO, 1))
    pytester.makepyfile(app=APP.replace("WHAT", repr(leak)), test_go=CLIENTS[client] + TESTS)


@pytest.mark.parametrize("leak", ["location", "header", "body"])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_followed_redirect_shows_fails_the_run(
    pytester: pytest.Pytester, client: str, leak: str
) -> None:
    suite(pytester, client, leak)
    done = run(pytester)
    assert done.ret == 1
    assert {each["rule"] for each in told(pytester)["findings"]}
    done.stdout.fnmatch_lines(["*GET /go/{id} (goTo)*"])


@pytest.mark.parametrize("client", CLIENTS)
def test_a_redirect_that_shows_nothing_passes_and_each_response_counts_once(
    pytester: pytest.Pytester, client: str
) -> None:
    """Four of the first test, and the two of the redirects that the contract knows."""
    suite(pytester, client, "")
    done = run(pytester)
    assert done.ret == 0
    assert not told(pytester)["findings"]
    done.stdout.fnmatch_lines(["exposure.yaml: 6 answers of 3 operations"])
