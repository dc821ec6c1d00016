"""A refusal closes what its owner was shown, and only that; what nobody asked is told."""

from __future__ import annotations

from collections import Counter

import pytest

from oakum.openapi.model import Json
from tests.gate.club import written
from tests.pytest_plugin.club import CLIENTS
from tests.pytest_plugin.test_plugin import LEAN, gate, run, told

pytest_plugins = ["pytester"]
APP = """\
import flask

app = flask.Flask("club")
PRIVATE = {"ann": True}
BODY = {}

@app.get("/me")
def me():
    who = (flask.request.headers.get("authorization") or "").removeprefix("Bearer of-")
    return {"id": who} if who and who != "gone" else ({}, 401)

@app.get("/members/<id>")
def member(id):
    who = (flask.request.headers.get("authorization") or "").removeprefix("Bearer of-")
    if not who or who == "gone":
        return {}, 401
    if who == id:
        return {"id": id, "nick": id, "city": "Brest", "email": id + "@club.test",
                "is_private": PRIVATE["ann"]}
    return BODY, int(flask.request.headers["x-status"])
"""
HEAD = (
    CLIENTS["Flask"][1]
    + """
def show():
    assert ask("/members/ann", headers={"authorization": "Bearer of-ann"}).status_code == 200

def refuse(status, who="bob"):
    headers = {"authorization": "Bearer of-" + who, "x-status": str(status)}
    return ask("/members/ann", headers=headers).status_code

def nobody():
    assert ask("/members/ann").status_code == 401
"""
)


def closed(pytester: pytest.Pytester, tests: str) -> dict[str, int]:
    """Viewer → cells that a suite of these tests closes."""
    written(pytester.path)
    (pytester.path / "app.py").write_text(APP, encoding="utf-8")
    (pytester.path / "test_club.py").write_text(HEAD + tests, encoding="utf-8")
    run(pytester).assert_outcomes(passed=tests.count("def test_"))
    cells: Json = told(pytester)["coverage"]["cells"]
    return dict(Counter(each["viewer"] for each in cells if each["result"] == "closed"))


@pytest.mark.parametrize("order", ["show(); refuse(403)", "refuse(403); show()"])
def test_a_stranger_who_is_forbidden_closes_what_the_owner_was_shown(
    pytester: pytest.Pytester, order: str
) -> None:
    # Of a private member: city and e-mail address are denied to members, the rest may be seen.
    assert closed(pytester, f"def test_both(): {order}\n") == {"member": 2}


def test_a_403_counts_across_tests_and_a_404_does_not(pytester: pytest.Pytester) -> None:
    tests = "def test_own(): show()\ndef test_other(): refuse({})\n"
    assert closed(pytester, tests.format(403)) == {"member": 2}
    assert closed(pytester, tests.format(404)) == {}
    assert closed(pytester, "def test_both(): show(); refuse(404)\n") == {"member": 2}


ANN = {"id": "ann", "nick": "ann", "city": "Brest", "email": "ann@club.test"}


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("body", [ANN, {"error": {"detail": ANN}}, {"why": "of", "who": [ANN]}])
@pytest.mark.parametrize("order", ["show(); refuse({})", "refuse({}); show()"])
def test_a_refusal_that_holds_the_object_leaks_it(
    pytester: pytest.Pytester, order: str, body: Json, status: int
) -> None:
    written(pytester.path)
    (pytester.path / "app.py").write_text(APP.replace("BODY = {}", f"BODY = {body}"))
    (pytester.path / "test_club.py").write_text(HEAD + f"def test_both(): {order.format(status)}\n")
    run(pytester).assert_outcomes(failed=1)
    cells: Json = told(pytester)["coverage"]["cells"]
    found = {(each["field"], each["result"]) for each in cells if each["viewer"] == "member"}
    assert {("city", "leak"), ("email", "leak")} <= found
    assert not [each for each in found if each[1] == "closed"]


@pytest.mark.parametrize(
    "body",
    [{"error": "no member ann"}, {"id": "ann", "code": 403}, {"city": "Brest"}, "ann is private"],
    ids=str,
)
def test_a_refusal_that_repeats_the_question_leaks_nothing(
    pytester: pytest.Pytester, body: Json
) -> None:
    written(pytester.path)
    (pytester.path / "app.py").write_text(APP.replace("BODY = {}", f"BODY = {body!r}"))
    (pytester.path / "test_club.py").write_text(HEAD + "def test_both(): show(); refuse(403)\n")
    run(pytester).assert_outcomes(passed=1)
    cells: Json = told(pytester)["coverage"]["cells"]
    shut = {each["field"] for each in cells if each["result"] == "closed"}
    # A city that may be anybody's is no leak; it is not closed either.
    assert shut == ({"email"} if "city" in body else {"city", "email"})


@pytest.mark.parametrize(
    "tests",
    [
        "def test_other(): refuse(403)\n",
        "def test_both(): show(); refuse(500)\n",
        "def test_both(): show(); refuse(429)\n",
        "def test_both(): show(); refuse(403, who='gone')\n",  # a 401: nobody's credentials
        "from app import PRIVATE\n"
        "def test_private(): show()\n"
        "def test_public(): PRIVATE['ann'] = False; show()\n"
        "def test_other(): refuse(403)\n",  # of which of the two is not known
    ],
    ids=["never shown", "failed", "braked", "not let in", "two states"],
)
def test_what_says_nothing_closes_nothing(pytester: pytest.Pytester, tests: str) -> None:
    assert closed(pytester, tests) == {}


def test_nobody_is_refused_everything(pytester: pytest.Pytester) -> None:
    assert closed(pytester, "def test_both(): show(); nobody()\n") == {"anyone": 5}


def test_what_no_test_asked_is_listed_with_how_to_ask_it(pytester: pytest.Pytester) -> None:
    written(pytester.path)
    (pytester.path / "app.py").write_text(APP, encoding="utf-8")
    (pytester.path / "test_club.py").write_text(HEAD + "def test_own(): show()\n")
    done = pytester.runpytest_inprocess(*LEAN, "--oakum-contract=exposure.yaml")
    done.stdout.fnmatch_lines([
        "untested: * cells",
        "*GET /members/{id} (getMember) as `anyone`: *without logging in*",
        "*GET /members/{id} (getMember) as `member`: *log in as a second user*",
    ])  # fmt: skip


def test_a_suite_in_which_no_stranger_asked_holds_the_release(pytester: pytest.Pytester) -> None:
    closed(pytester, "def test_own(): show()\n")
    assert gate(pytester).code == 3
