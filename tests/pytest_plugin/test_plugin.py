"""The pytest plugin, as a developer meets it: their tests, their clients, one line of settings."""

from __future__ import annotations

import subprocess
import sys

import django.test.client
import fastapi.testclient
import flask.testing
import httpcore
import httpcore2
import httpx
import httpx2
import orjson
import pytest
import requests

import oakum.pytest_plugin.session
from oakum.openapi.model import Json
from tests.gate.club import DOCUMENT, POLICY, clean, leak, leaking, saved
from tests.pytest_plugin.club import CLIENTS, SUITE, suite
from tests.unit.cli import shell

pytest_plugins = ["pytester"]
USED = (
    django.test.client, fastapi.testclient, flask.testing, httpcore, httpcore2, httpx, httpx2,
    requests,
    oakum.pytest_plugin.session,
)  # fmt: skip
"""Imported here, so that each inner run finds them loaded: what is first loaded in one is forgotten
after it, and loaded a second time, with other exceptions."""

LEAN = [f"-pno:{name}" for name in ("cacheprovider", "xdist", "unraisableexception", "anyio")]
"""What an inner run can do without, for it takes longer than the tests."""


def run(pytester: pytest.Pytester, *more: str) -> pytest.RunResult:
    options = ("--oakum-contract=exposure.yaml", "--oakum-report=tests.json")
    return pytester.runpytest_inprocess(*LEAN, *options, *more)


def told(pytester: pytest.Pytester) -> Json:
    return orjson.loads((pytester.path / "tests.json").read_bytes())


def gate(pytester: pytest.Pytester, *more: str) -> shell.Done:
    report = pytester.path / "tests.json"
    return shell.oakum("gate", pytester.path / "exposure.yaml", "--report", report, *more)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_leak_fails_the_test_that_received_it(pytester: pytest.Pytester, client: str) -> None:
    suite(pytester.path, client, leaky=True)
    done = run(pytester)
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines([
        "*_ test_other _*",
        "oakum: `Member.email` was sent to `member`, to whom the contract does not show it",
        "  endpoint: GET /members/{id} (getMember)",
        "  response: 200, /email is string(13)",
        "  contract: exposure.yaml:17:7: shown to owner",
    ])  # fmt: skip
    assert "ann@club.test" not in done.stdout.str() + (pytester.path / "tests.json").read_text()
    (finding,) = told(pytester)["findings"]
    assert (finding["field"], finding["viewer"], finding["severity"]) == ("email", "member", "high")
    assert finding["evidence"]["note"] == "in the test test_club.py::test_other"


@pytest.mark.parametrize("client", CLIENTS)
def test_the_fixed_twin_passes(pytester: pytest.Pytester, client: str) -> None:
    suite(pytester.path, client, leaky=False)
    done = run(pytester)
    done.assert_outcomes(passed=3)
    done.stdout.fnmatch_lines(["no leak found"])
    cells = told(pytester)["coverage"]["cells"]
    closed = {(c["viewer"], c["field"]) for c in cells if c["result"] == "closed"}
    # Their owner was seen to see them: a member got the object without, nobody was refused it.
    assert closed == {
        ("member", "city"), ("member", "email"), *(("anyone", name) for name in cells_of(cells)),
    }  # fmt: skip


def cells_of(cells: Json) -> set[str]:
    return {c["field"] for c in cells}


# --------------------------------------------------------------------------- the gate

ALL = """
def of(name):
    return {"authorization": f"Bearer of-{name}"}

def test_everybody_asks_for_everybody():
    for who in ("ann", "bob"):
        for whose in ("ann", "bob"):
            assert ask("/members/" + whose, headers=of(who)).status_code == 200
    for whose in ("ann", "bob"):
        assert ask("/members/" + whose, headers={}).status_code == 401
"""


def test_a_suite_that_shows_enough_is_green_alone(pytester: pytest.Pytester) -> None:
    suite(pytester.path, "Flask", leaky=False, tests=ALL)
    run(pytester).assert_outcomes(passed=1)
    done = gate(pytester)
    assert (done.code, done.err) == (0, ""), done.out


def test_a_leak_holds_the_release(pytester: pytest.Pytester) -> None:
    suite(pytester.path, "Flask", leaky=True, tests=ALL)
    run(pytester).assert_outcomes(failed=1)
    done = gate(pytester)
    assert done.code == 1
    assert "Any member gets hidden fields of other users' accounts (`Member.email`)" in done.out


def test_a_report_of_tests_and_one_of_a_scan_count_together(pytester: pytest.Pytester) -> None:
    contract = suite(pytester.path, "Flask", leaky=False)
    run(pytester).assert_outcomes(passed=3)
    assert gate(pytester).code == 3  # no test met a member who is not private
    scanned = clean(contract)
    more = ("--report", str(saved(scanned, pytester.path / "scan.json")))
    assert gate(pytester, *more).code == 0
    more = ("--report", str(saved(leaking(scanned, leak("city")), pytester.path / "leak.json")))
    assert gate(pytester, *more).code == 1


NOTHING = {
    "no endpoint": (
        "def test_health():\n    ask('/health', headers={})", "no test reached an operation",
    ),
    "no test": ("", "no test reached an operation"),
    "nobody let in": (
        "def test_nobody():\n    ask('/members/ann', headers={})", "no test received a field",
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", NOTHING)
def test_a_run_that_tested_nothing_is_never_green(pytester: pytest.Pytester, why: str) -> None:
    tests, said = NOTHING[why]
    suite(pytester.path, "TestClient", leaky=False, tests=tests)
    done = run(pytester)
    done.stdout.fnmatch_lines([f"not trustworthy: {said}*"])
    assert told(pytester)["trustworthy"] is False
    assert gate(pytester).code == 3


# --------------------------------------------------------------------------- who is calling

BY_CLAIM = POLICY.replace("{operation: getMe, id: /id}", "{claim: sub}")


def test_who_is_calling_may_stand_in_the_token(pytester: pytest.Pytester) -> None:
    tests = """
import base64, json

def test_other():
    part = lambda said: base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    token = f"{part({})}.{part({'sub': 'ann'})}.x"
    PEOPLE[token] = PEOPLE["ann"]
    assert ask("/members/ann", headers={"authorization": f"Bearer of-{token}"}).status_code == 200
    assert ask("/members/bob", headers={"authorization": f"Bearer of-{token}"}).status_code == 200
"""
    tests = "from club import *\n" + tests.replace("of-{token}", "{token}")
    suite(pytester.path, "TestClient", leaky=True, tests=tests, policy=BY_CLAIM)
    app = pytester.path / "club.py"
    app.write_text(app.read_text().replace("Bearer of-", "Bearer "))
    done = run(pytester)
    done.assert_outcomes(failed=1)
    cells = told(pytester)["coverage"]["cells"]
    leaks = [(c["field"], c["viewer"]) for c in cells if c["result"] == "leak"]
    assert ("email", "member") in leaks


OVERRIDDEN = """
from app import app, current_user
import pytest

@pytest.fixture
def logged_in(LINE):
    app.dependency_overrides[current_user] = lambda: "bob"
    SAY
    yield
    app.dependency_overrides.clear()

def test_other(logged_in):
    assert ask("/members/ann", headers={}).status_code == 200
"""


def test_a_login_that_is_replaced_is_asked_for_like_any_other(pytester: pytest.Pytester) -> None:
    tests = OVERRIDDEN.replace("LINE", "").replace("SAY", "")
    suite(pytester.path, "TestClient", leaky=True, tests=tests)
    done = run(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["  caller:   `member`, as the API says of these credentials"])


def test_a_login_that_is_turned_off_is_asked_for_too(pytester: pytest.Pytester) -> None:
    tests = """
def test_own_and_other():
    assert ask("/members/bob", headers={}).json["email"]
    assert ask("/members/ann", headers={}).json["nick"]
"""
    suite(pytester.path, "Flask", leaky=True, tests=tests)
    app = pytester.path / "app.py"
    app.write_text(app.read_text().replace('get("authorization")', 'get("x", "Bearer of-bob")'))
    done = run(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["  caller:   `member`, as the API says of these credentials"])
    leaks = [c for c in told(pytester)["coverage"]["cells"] if c["result"] == "leak"]
    assert [(c["field"], c["viewer"]) for c in leaks] == [("email", "member")]


def test_a_cookie_that_no_document_names_may_be_a_login(pytester: pytest.Pytester) -> None:
    tests = """
def test_other():
    assert ask("/members/ann", headers={"cookie": "Bearer of-bob"}).status_code == 200
"""
    suite(pytester.path, "TestClient", leaky=True, tests=tests)
    app = pytester.path / "app.py"
    app.write_text(app.read_text().replace("Header(None)", "Header(None, alias='cookie')"))
    done = run(pytester)
    done.stdout.fnmatch_lines(["  caller:   `member`, as the API says of these credentials"])


@pytest.mark.parametrize(
    ("place", "taken"),
    [
        ("query", "Query(None, alias='key')"),
        ("header", "Header(None, alias='key')"),
        ("cookie", "Cookie(None, alias='key')"),
    ],
)
@pytest.mark.parametrize("leaky", [False, True], ids=["right", "leaky"])
def test_who_am_i_is_asked_with_the_key_where_the_document_says(
    pytester: pytest.Pytester, place: str, taken: str, leaky: bool
) -> None:
    """`/me` is requested by no test: only the plugin asks it, as the API takes its key."""
    way = {
        "query": 'f"?key=of-{name}", {}', "header": '"", {"key": f"of-{name}"}',
        "cookie": '"", {"cookie": f"key=of-{name}"}',
    }[place]  # fmt: skip
    tests = f"""
def sent(id, name):
    query, headers = {way}
    return ask(f"/members/{{id}}{{query}}", headers=headers).status_code

def test_own():
    assert sent("ann", "ann") == 200

def test_other():
    assert sent("ann", "bob") == 200
"""
    suite(pytester.path, "TestClient", leaky=leaky, tests=tests)
    for name, old, new in (
        ("openapi.yaml", "type: http, scheme: bearer", f"type: apiKey, in: {place}, name: key"),
        ("app.py", "authorization: str | None = Header(None)", f"key: str | None = {taken}"),
        ("app.py", "bearer(authorization)", "bearer(key and 'Bearer ' + key)"),
        ("app.py", "Header, HTTP", "Cookie, Header, Query, HTTP"),
    ):
        file = pytester.path / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
    done = run(pytester)
    done.assert_outcomes(passed=2 - leaky, failed=int(leaky))
    leaks = [c for c in told(pytester)["coverage"]["cells"] if c["result"] == "leak"]
    assert [(c["field"], c["viewer"]) for c in leaks] == [("email", "member")] * leaky


def test_what_the_api_said_of_a_caller_is_asked_again_before_a_test_fails(
    pytester: pytest.Pytester,
) -> None:
    """The same token becomes another's by a change that no request makes."""
    tests = """
def test_both(monkeypatch):
    assert ask("/members/bob", headers=of("bob")).status_code == 200
    monkeypatch.setitem(PEOPLE, "bob", PEOPLE["ann"])
    assert ask("/members/bob", headers=of("bob")).status_code == 200
"""
    head = SUITE.partition("def test_")[0]
    suite(pytester.path, "Flask", leaky=True, tests=f"from club import *\n{head}{tests}")
    run(pytester).assert_outcomes(passed=1)


SAME_TOKEN = {
    "in the next test": """
def test_right():
    assert ask("/members/bob", headers=of("bob")).status_code == 200

def test_leak(monkeypatch):
    monkeypatch.setitem(PEOPLE, "bob", PEOPLE["ann"])
    assert ask("/members/bob2", headers=of("bob")).status_code == 200
""",
    "at another application": """
def test_leak(monkeypatch):
    assert ask("/members/bob", headers=of("bob")).status_code == 200
    monkeypatch.setitem(PEOPLE, "bob", PEOPLE["ann"])
    other = flask.Flask("other")
    for path, view in (("/me", "me"), ("/members/<id>", "member")):
        other.add_url_rule(path, view, app.view_functions[view])
    assert other.test_client().get("/members/bob2", headers=of("bob")).status_code == 200
""",
    "after a login that the document does not have": """
def test_leak():
    assert ask("/members/bob", headers=of("bob")).status_code == 200
    assert app.test_client().post("/login", headers=of("bob")).status_code == 204
    assert ask("/members/bob2", headers=of("bob")).status_code == 200
""",
}
"""Why the token of bob is ann's: what is sent to it of bob is a leak."""


@pytest.mark.parametrize("tests", SAME_TOKEN.values(), ids=SAME_TOKEN)
def test_a_caller_known_before_never_hides_a_leak(pytester: pytest.Pytester, tests: str) -> None:
    head = SUITE.partition("def test_")[0]
    suite(
        pytester.path, "Flask", leaky=True, tests=f"import flask\nfrom club import *\n{head}{tests}"
    )
    with (pytester.path / "club.py").open("a") as file:
        file.write("PEOPLE['bob2'] = PEOPLE['bob']\n")
    with (pytester.path / "app.py").open("a") as file:
        file.write(
            "\n@app.post('/login')\ndef login():\n    PEOPLE['bob'] = PEOPLE['ann']\n"
            "    return '', 204\n"
        )
    done = run(pytester)
    done.assert_outcomes(failed=1, passed=tests.count("def test_right"))
    leaks = [c for c in told(pytester)["coverage"]["cells"] if c["result"] == "leak"]
    assert [(c["field"], c["viewer"]) for c in leaks] == [("email", "member")]


def test_who_ends_their_login_is_not_taken_for_a_stranger(pytester: pytest.Pytester) -> None:
    """The API answers with the account that it ends; who-am-I refuses the token afterwards."""
    tests = """
def test_end():
    assert app.test_client().delete("/members/bob", headers=of("bob")).json["email"]
"""
    head = SUITE.partition("def test_")[0]
    suite(pytester.path, "Flask", leaky=False, tests=head + tests)
    with (pytester.path / "app.py").open("a") as file:
        file.write(
            "\n@app.delete('/members/<id>')\ndef end(id):\n"
            "    return PEOPLE.pop(bearer(flask.request.headers.get('authorization')))\n"
        )
    app = (pytester.path / "app.py").read_text()
    (pytester.path / "app.py").write_text(
        app.replace("if who else ({}, 401)", "if who in PEOPLE else ({}, 401)")
    )
    document = pytester.path / "openapi.yaml"
    get, _, rest = document.read_text().partition("components:")
    end = get[get.index("    get:\n      operationId: getMember") :]
    end = end.replace("get:", "delete:").replace("getMember", "endMember")
    document.write_text(f"{get}{end}components:{rest}")
    run(pytester).assert_outcomes(passed=1)


def test_a_setting_that_the_answer_does_not_tell_is_not_judged(pytester: pytest.Pytester) -> None:
    suite(pytester.path, "Flask", leaky=False)
    for name in ("app.py", "club.py"):
        file = pytester.path / name
        text = file.read_text().replace(
            "    return found", "    found.pop('is_private')\n    return found"
        )
        file.write_text(text.replace('found["is_private"] and found.pop("city")', ""))
    done = run(pytester)
    done.assert_outcomes(passed=3)
    done.stdout.fnmatch_lines(["  not judged, 1 times: it depends on a setting of the owner *"])


def test_a_token_that_django_does_not_look_at_is_no_absence_of_a_login(
    pytester: pytest.Pytester,
) -> None:
    suite(pytester.path, "Django", leaky=True)
    app = pytester.path / "app.py"
    app.write_text(
        app.read_text().replace("SimpleNamespace(id=who)", "SimpleNamespace(is_anonymous=True)")
    )
    done = run(pytester)
    done.assert_outcomes(passed=3)
    done.stdout.fnmatch_lines(["  not judged, 2 times: *could not be identified (getMember 2)"])


def test_who_is_not_known_is_not_judged_and_never_green(pytester: pytest.Pytester) -> None:
    tests = OVERRIDDEN.replace("LINE", "").replace("SAY", "")
    suite(pytester.path, "TestClient", leaky=True, tests=tests, policy=BY_CLAIM)
    done = run(pytester)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["  not judged, 1 times: *could not be identified (getMember 1)"])
    assert gate(pytester).code == 3


@pytest.mark.parametrize("said", ["{'id': 'bob'}", "type('User', (), {'id': 'bob'})()"])
def test_a_fixture_says_who_is_calling(pytester: pytest.Pytester, said: str) -> None:
    tests = OVERRIDDEN.replace("LINE", "oakum_caller").replace("SAY", f"oakum_caller({said})")
    suite(pytester.path, "TestClient", leaky=True, tests=tests, policy=BY_CLAIM)
    done = run(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["  caller:   `member`, as the tests say"])


def test_a_hook_says_who_is_calling(pytester: pytest.Pytester) -> None:
    suite(pytester.path, "requests", leaky=True, policy=BY_CLAIM)
    pytester.makeconftest(
        """
        def pytest_oakum_caller(request):
            who = request.headers.get("authorization", "").partition("of-")[2]
            return {"id": who} if who else {}
        """
    )
    run(pytester).assert_outcomes(passed=2, failed=1)


def test_what_nobody_may_see_leaks_whoever_asks(pytester: pytest.Pytester) -> None:
    policy = BY_CLAIM.replace("      email: [{see: owner}]", "      email: []")
    suite(pytester.path, "TestClient", leaky=True, policy=policy)
    done = run(pytester)
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(["  caller:   `member`, whoever that may be", "*: shown to nobody"])


WRITES = """\
  /accounts:
    post:
      operationId: createAccount
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
  /accounts/{id}:
    post:
      operationId: changeAccount
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
"""  # noqa: E501


@pytest.mark.parametrize(("path", "judged"), [("/accounts", False), ("/accounts/ann", True)])
def test_who_signs_up_may_be_shown_who_they_are(
    pytester: pytest.Pytester, path: str, judged: bool
) -> None:
    tests = f"""
@app.post("{path}")
def write():
    return PEOPLE["ann"]

def test_write():
    assert TestClient(app).post("{path}").status_code == 200
"""
    suite(pytester.path, "TestClient", leaky=False, tests=f"from club import *\n{tests}")
    document = DOCUMENT.replace("components:\n", f"{WRITES}components:\n", 1)
    (pytester.path / "openapi.yaml").write_text(document, encoding="utf-8")
    done = run(pytester)
    done.assert_outcomes(failed=int(judged), passed=int(not judged))
    if not judged:
        done.stdout.fnmatch_lines(["*not judged, 5 times: *registering or logging in*"])


# --------------------------------------------------------------------------- beside the tests


def test_a_conftest_that_not_every_test_is_below_changes_nothing(
    pytester: pytest.Pytester,
) -> None:
    """With another configuration file pytest takes such plugins out of a set of all."""
    suite(pytester.path, "Flask", leaky=False)
    pytester.makeconftest("")
    done = run(pytester, "-c", "/dev/null", str(pytester.path))
    done.assert_outcomes(passed=3)


def test_without_a_contract_nothing_is_touched(pytester: pytest.Pytester) -> None:
    suite(pytester.path, "TestClient", leaky=True)
    pytester.makeconftest(
        """
        import pytest

        def pytest_oakum_caller(request):
            raise AssertionError

        @pytest.fixture(autouse=True)
        def one(oakum_caller):
            oakum_caller({"id": "ann"})
        """
    )
    send = httpx.Client.send
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    done.assert_outcomes(passed=3)
    assert "oakum:" not in done.stdout.str()
    assert httpx.Client.send is send


def test_every_client_is_put_back(pytester: pytest.Pytester) -> None:
    before = [httpx.Client.send, requests.Session.send, django.test.client.Client.request]
    suite(pytester.path, "requests", leaky=False)
    run(pytester)
    after = [httpx.Client.send, requests.Session.send, django.test.client.Client.request]
    assert before == after


def test_the_plugin_alone_imports_next_to_nothing() -> None:
    code = "import sys, pytest; b = set(sys.modules); import oakum.pytest_plugin.plugin;"
    code += "print(sorted(set(sys.modules) - b))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['oakum', 'oakum.pytest_plugin', 'oakum.pytest_plugin.plugin']\n"


def test_a_contract_with_a_mistake_stops_the_run_at_its_line(pytester: pytest.Pytester) -> None:
    suite(pytester.path, "Flask", leaky=False, policy=POLICY.replace("{is: owner}", "{is: onwer}"))
    done = run(pytester)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: oakum: exposure.yaml:7:15: *"])


def test_a_test_that_fails_by_itself_tells_its_own_reason_first(pytester: pytest.Pytester) -> None:
    tests = SUITE.replace("status_code == 200", "status_code == 201")
    suite(pytester.path, "Flask", leaky=True, tests=tests)
    done = run(pytester)
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(["E  *assert 200 == 201*", "oakum: `Member.email` was sent to *"])


def test_other_hosts_are_none_of_our_business(pytester: pytest.Pytester) -> None:
    tests = """
import httpx

def test_elsewhere():
    answer = {"id": "1", "email": "x@club.test"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    httpx.Client(transport=transport).get("https://billing.example/members/1")
"""
    suite(pytester.path, "Flask", leaky=True, tests=tests)
    run(pytester).assert_outcomes(passed=1)
    assert told(pytester)["requests"] == 0


def test_what_workers_have_seen_counts(pytester: pytest.Pytester) -> None:
    suite(pytester.path, "Flask", leaky=True)
    options = ("--oakum-contract=exposure.yaml", "--oakum-report=tests.json")
    done = pytester.runpytest_subprocess("-n1", "-p", "no:cacheprovider", *options)
    done.assert_outcomes(passed=2, failed=1)
    found = told(pytester)
    assert found["requests"] == 3
    assert [each["field"] for each in found["findings"]] == ["email"]


# --------------------------------------------------------------------------- red though no test is

QUIET = {
    "skipped inside": "def test_other():\n    OTHER\n    pytest.skip('not today')",
    "expected to fail": "@pytest.mark.xfail\ndef test_other():\n    OTHER\n    assert 0",
    "expected to fail, and does by the leak": "@pytest.mark.xfail\ndef test_other():\n    OTHER",
    "expected to fail when it is torn down": (
        "@pytest.fixture\ndef after():\n    yield\n    OTHER\n"
        "@pytest.mark.xfail\ndef test_other(after):\n    assert 0"
    ),
}
OTHER = """ask("/members/ann", headers={"authorization": "Bearer of-bob"})"""


@pytest.mark.parametrize("how", QUIET)
@pytest.mark.parametrize("leaky", [True, False])
def test_a_leak_by_which_no_test_fails_fails_the_run(
    pytester: pytest.Pytester, how: str, leaky: bool
) -> None:
    tests = "import pytest\n" + QUIET[how].replace("OTHER", OTHER)
    suite(pytester.path, "Flask", leaky=leaky, tests=tests)
    done = run(pytester)
    assert done.parseoutcomes().get("failed", 0) == 0
    assert done.ret == (pytest.ExitCode.TESTS_FAILED if leaky else pytest.ExitCode.OK)
    if leaky:
        done.stdout.fnmatch_lines([
            "leaked in test_club.py::test_other, which did not fail for it: `Member.email` was*",
            "  endpoint: GET /members/{id} (getMember)",
            "  caller:   `member`*",
            "so the run fails*",
        ])  # fmt: skip
        assert "ann@club.test" not in done.stdout.str()


NO_ENDPOINT = "def test_health():\n    ask('/health', headers={})"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ((), pytest.ExitCode.TESTS_FAILED),
        (("--oakum-allow-empty",), pytest.ExitCode.OK),
        (("-o", "oakum_allow_empty=true"), pytest.ExitCode.OK),
        (("-k", "nothing_of_the_kind"), pytest.ExitCode.NO_TESTS_COLLECTED),
    ],
)
def test_a_suite_that_reaches_no_operation_does_not_end_with_0(
    pytester: pytest.Pytester, more: tuple[str, ...], code: pytest.ExitCode
) -> None:
    suite(pytester.path, "Flask", leaky=False, tests=NO_ENDPOINT)
    done = run(pytester, *more)
    assert done.ret == code
    assert ("--oakum-allow-empty" in done.stdout.str()) is (code == pytest.ExitCode.TESTS_FAILED)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ((), pytest.ExitCode.TESTS_FAILED),
        (("-k", "health"), pytest.ExitCode.OK),
        (("test_club.py",), pytest.ExitCode.OK),
    ],
)
def test_a_part_of_a_suite_need_not_reach_one(
    pytester: pytest.Pytester, more: tuple[str, ...], code: pytest.ExitCode
) -> None:
    """Who runs a few tests while writing them has asked for no proof."""
    suite(pytester.path, "Flask", leaky=False, tests=NO_ENDPOINT)
    pytester.makeini("[pytest]\noakum_contract = exposure.yaml\n")
    assert pytester.runpytest_inprocess(*LEAN, *more).ret == code
