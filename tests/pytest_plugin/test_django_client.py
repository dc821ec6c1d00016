"""Django's test clients: who is calling is known as Django knows it, or asked for; no test notices.

A middleware stands in for Django's own: it needs no database, and loads its user as late as they.
"""

from __future__ import annotations

from types import SimpleNamespace

import django.db
import pytest

from oakum.pytest_plugin.django_client import _hide_queries
from oakum.pytest_plugin.response_capture import UNREAD
from tests.pytest_plugin.club import suite
from tests.pytest_plugin.test_plugin import run, told

pytest_plugins = ["pytester"]
APP = """
import asyncio, json
from django.http import JsonResponse, StreamingHttpResponse
from django.urls import path
from django.utils.functional import SimpleLazyObject
from club import *

class User:
    is_anonymous = False
    def __init__(self, id):
        self.id = id

class Anonymous:
    id, is_anonymous = None, True

def user_of(request):
    name = request.COOKIES.get("sessionid", "")
    return User(name) if name in PEOPLE else Anonymous()

def load(request):  # as Django does: a query where no event loop runs
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return user_of(request)
    raise AssertionError("from an event loop")

class Login:
    sync_capable = async_capable = True
    def __init__(self, get_response):
        self.get_response = get_response
        if asyncio.iscoroutinefunction(get_response):
            from asgiref.sync import markcoroutinefunction
            markcoroutinefunction(self)
    def __call__(self, request):
        request.user = SimpleLazyObject(lambda: load(request))
        async def auser():
            return user_of(request)
        request.auser = auser
        return self.get_response(request)

def who(request):
    name = user_of(request).id or bearer(request.headers.get("authorization"))
    return name if name in PEOPLE else None

def me(request):
    found = who(request)
    made = JsonResponse(PEOPLE[found]) if found else JsonResponse({}, status=403)
    made.set_cookie("seen", "1")
    return made

def member(request, id):
    if not who(request):
        return JsonResponse({}, status=401)
    return JsonResponse(shown(id, who(request)))

def stream(request, id):
    text = json.dumps(shown(id, who(request))).encode()
    return StreamingHttpResponse(iter([text[:9], text[9:]]), content_type="application/json")

async def amember(request, id):
    return member(request, id)

async def astream(request, id):
    text = json.dumps(shown(id, who(request))).encode()
    async def parts():
        yield text[:9]
        yield text[9:]
    return StreamingHttpResponse(parts(), content_type="application/json")

urlpatterns = [path("me", me), path("members/<id>", VIEW_HERE)]
"""
HEAD = """
import asyncio, pytest
from django.conf import settings
from django.test import AsyncClient, Client, override_settings
import django
if not settings.configured:
    settings.configure(SECRET_KEY="made-up", ALLOWED_HOSTS=["*"], MIDDLEWARE=[],
                       LOGGING_CONFIG=None)
    django.setup()

def of(name):
    return {"HTTP_AUTHORIZATION": f"Bearer of-{name}"}

def logged_in(name, kind=Client, **cookies):
    client = kind()
    client.cookies.load({"sessionid": name, **cookies})
    return client

@pytest.fixture(autouse=True)
def served():
    with override_settings(ROOT_URLCONF="app", ALLOWED_HOSTS=["*"], MIDDLEWARE=["app.Login"]):
        yield
"""


def club(pytester: pytest.Pytester, view: str, tests: str) -> pytest.RunResult:
    suite(pytester.path, "Django", leaky=True)
    app = APP.replace("VIEW_HERE", view)
    (pytester.path / "app.py").write_text(app, encoding="utf-8")
    (pytester.path / "test_club.py").write_text(HEAD + tests, encoding="utf-8")
    return run(pytester)


ASKS = {
    "a session": ("member", "logged_in('bob').get('/members/ann')"),
    "a token that Django does not read": ("member", "Client().get('/members/ann', **of('bob'))"),
    "a stream": (
        "stream",
        "assert b'ann' in b''.join(logged_in('bob').get('/members/ann').streaming_content)",
    ),
    "a stream as a whole": (
        "stream", "assert b'ann' in logged_in('bob').get('/members/ann').getvalue()",
    ),
    "an async client": (
        "amember", "asyncio.run(logged_in('bob', AsyncClient).get('/members/ann'))",
    ),
    "an async client with a token": (
        "amember",
        "asyncio.run(AsyncClient().get('/members/ann', headers={'Authorization':"
        " 'Bearer of-bob'}))",
    ),
    "an async stream": (
        "astream", """
    async def ask():
        made = await logged_in('bob', AsyncClient).get('/members/ann')
        return b''.join([each async for each in made])
    assert b'ann' in asyncio.run(ask())""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", ASKS)
def test_who_is_calling_is_known_however_they_log_in(pytester: pytest.Pytester, how: str) -> None:
    view, ask = ASKS[how]
    done = club(pytester, view, f"def test_other():\n    {ask}\n")
    done.assert_outcomes(failed=1)
    source = "the API says of these credentials" if "token" in how else "the framework says"
    done.stdout.fnmatch_lines(
        ["oakum: `Member.email` was sent to `member`*", f"  caller:   `member`, as {source}"]
    )
    assert not [line for line in done.stdout.lines if "not judged" in line]
    assert told(pytester)["requests"] == 1


def test_who_has_a_session_and_no_login_is_nobody(pytester: pytest.Pytester) -> None:
    tests = """
def test_own():
    assert logged_in("ann").get("/members/ann").status_code == 200

def test_nobody():
    assert logged_in("old", csrftoken="x").get("/members/ann").status_code == 401
"""
    done = club(pytester, "member", tests)
    done.assert_outcomes(passed=2)
    cells = told(pytester)["coverage"]["cells"]
    email = {c["result"] for c in cells if (c["viewer"], c["field"]) == ("anyone", "email")}
    assert email == {"closed"}


def test_no_cookie_of_a_question_stays_in_the_client(pytester: pytest.Pytester) -> None:
    tests = """
def test_own():
    client = Client()
    assert client.get("/members/bob", **of("bob")).status_code == 200
    assert not client.cookies
    client.get("/me", **of("bob"))
    assert client.cookies
"""
    done = club(pytester, "member", tests)
    done.assert_outcomes(passed=1)
    email = [c for c in told(pytester)["coverage"]["cells"] if c["field"] == "email"]
    assert "open" in {c["result"] for c in email if c["viewer"] == "owner"}


def test_a_stream_that_no_test_reads_is_named(pytester: pytest.Pytester) -> None:
    tests = "def test_other():\n    logged_in('bob').get('/members/ann')\n"
    done = club(pytester, "stream", tests)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines([f"  not judged, 1 times: {UNREAD} (getMember 1)"])


def test_an_application_of_a_class_derived_from_its_frameworks_is_one_of_it(
    pytester: pytest.Pytester,
) -> None:
    """As the handler of Django REST framework's client is."""
    tests = """
from django.test.client import ClientHandler

class Mine(Client):
    def __init__(self):
        super().__init__()
        self.handler = type("Handler", (ClientHandler,), {"__module__": "mine"})()

def test_own():
    Mine().get("/members/bob", **of("bob"))
"""
    done = club(pytester, "member", tests)
    done.assert_outcomes(passed=1)
    assert not [line for line in done.stdout.lines if "`django` was imported" in line]


def test_queries_of_a_question_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = object()
    counted = SimpleNamespace(force_debug_cursor=True, execute_wrappers=[wrapper])
    monkeypatch.setattr(
        django.db, "connections", SimpleNamespace(all=lambda initialized_only: [counted])
    )
    with pytest.raises(ValueError, match="within"), _hide_queries():
        assert (counted.force_debug_cursor, counted.execute_wrappers) == (False, [])
        raise ValueError("within")
    assert (counted.force_debug_cursor, counted.execute_wrappers) == (True, [wrapper])
