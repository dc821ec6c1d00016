"""The club of `tests.gate.club`, served by each framework, and a suite of tests for it.

A line `LEAKY = True` sends everybody's e-mail address to every member.
"""

from __future__ import annotations

from pathlib import Path

from tests.gate.club import written

PEOPLE = """\
LEAKY = {leaky}
PEOPLE = {{
    name: {{"id": name, "nick": name.title(), "city": "Brest", "email": name + "@club.test",
           "is_private": private}}
    for name, private in (("ann", True), ("bob", False))
}}

def shown(id, who):
    found = dict(PEOPLE[id])
    if who != id:
        LEAKY or found.pop("email")
        found["is_private"] and found.pop("city")
    return found

def bearer(header):
    return (header or "").removeprefix("Bearer of-")
"""
FASTAPI = """\
from fastapi import Depends, FastAPI, Header, HTTPException
from club import *

app = FastAPI()

def current_user(authorization: str | None = Header(None)):
    if not bearer(authorization):
        raise HTTPException(401)
    return bearer(authorization)

@app.get("/me")
def me(user=Depends(current_user)):
    return PEOPLE[user]

@app.get("/members/{id}")
def member(id: str, user=Depends(current_user)):
    return shown(id, user)

@app.get("/health")
def health():
    return {}
"""
FLASK = """\
import flask
from club import *

app = flask.Flask("club")

@app.get("/me")
def me():
    who = bearer(flask.request.headers.get("authorization"))
    return PEOPLE[who] if who else ({}, 401)

@app.get("/members/<id>")
def member(id):
    who = bearer(flask.request.headers.get("authorization"))
    return shown(id, who) if who else ({}, 401)
"""
DJANGO = """\
from types import SimpleNamespace
from django.http import JsonResponse
from django.urls import path
from club import *

def member(request, id):
    who = bearer(request.headers.get("authorization"))
    request.user = SimpleNamespace(id=who)
    return JsonResponse(shown(id, who)) if who else JsonResponse({}, status=401)

urlpatterns = [path("members/<id>", member)]
"""
SERVER = """\
import json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from club import *

class Endpoint(BaseHTTPRequestHandler):
    def do_GET(self):
        who = bearer(self.headers["authorization"])
        mine = self.path == "/me"
        found = (PEOPLE[who] if mine else shown(self.path.rpartition("/")[2], who)) if who else {}
        body = json.dumps(found).encode()
        self.send_response(200 if who else 401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *said):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}"
"""
CLIENTS = {
    "TestClient": (
        FASTAPI,
        "from starlette.testclient import TestClient\nfrom app import app\n"
        "ask = TestClient(app).get",
    ),
    "httpx over ASGI": (
        FASTAPI,
        """\
import asyncio, httpx
from app import app

def ask(path, headers):
    async def asked():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://club.test") as client:
            return await client.get(path, headers=headers)
    return asyncio.run(asked())
""",
    ),
    "httpx2": (SERVER, "import httpx2\nfrom app import URL\ndef ask(path, headers):\n"
               "    return httpx2.get(URL + path, headers=headers)"),
    "requests": (SERVER, "import requests\nfrom app import URL\ndef ask(path, headers):\n"
                 "    return requests.get(URL + path, headers=headers)"),
    "Flask": (FLASK, "from app import app\nask = app.test_client().get"),
    "Django": (
        DJANGO,
        """\
from django.conf import settings
from django.test import Client, override_settings
import django
if not settings.configured:
    settings.configure(SECRET_KEY="made-up", ALLOWED_HOSTS=["*"], MIDDLEWARE=[],
                       LOGGING_CONFIG=None)
    django.setup()

def ask(path, headers):
    with override_settings(ROOT_URLCONF="app", ALLOWED_HOSTS=["*"], MIDDLEWARE=[]):
        return Client().get(path, headers=headers)
""",
    ),
}  # fmt: skip
"""Client → application, and how a test asks it."""
_ME = """\
def me(request):
    who = bearer(request.headers.get("authorization"))
    return JsonResponse(PEOPLE[who]) if who else JsonResponse({}, status=401)

urlpatterns = [path("me", me), """
CLIENTS["Django REST framework over requests"] = (
    DJANGO.replace("urlpatterns = [", _ME),
    CLIENTS["Django"][1].partition("def ask")[0]
    + """\
def ask(path, headers):
    from rest_framework.test import RequestsClient
    with override_settings(ROOT_URLCONF="app", ALLOWED_HOSTS=["*"], MIDDLEWARE=[]):
        return RequestsClient().get("http://testserver" + path, headers=headers)
""",
)
SUITE = """
def of(name):
    return {"authorization": f"Bearer of-{name}"}

def test_own():
    assert ask("/members/ann", headers=of("ann")).status_code == 200

def test_other():
    assert ask("/members/ann", headers=of("bob")).status_code == 200

def test_nobody():
    assert ask("/members/ann", headers={}).status_code == 401
"""


def suite(folder: Path, client: str, *, leaky: bool, tests: str = SUITE, policy: str = "") -> Path:
    """An application, its tests and its contract in a folder; the contract."""
    app, ask = CLIENTS[client]
    (folder / "club.py").write_text(PEOPLE.format(leaky=leaky), encoding="utf-8")
    (folder / "app.py").write_text(app, encoding="utf-8")
    (folder / "test_club.py").write_text(f"{ask}\n{tests}", encoding="utf-8")
    return written(folder, policy=policy)
