"""Requests and answers that nobody wrote down: the reference and the Lua runtime do the same.

What `exchanges` tells case by case, drawn at random: each draw is a policy over the club's, a
script of the API, and some requests one after the other, so that what is remembered and counted
takes part.
A longer run: `AGREEMENT=2000 pytest tests/conformance/test_agreement.py`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Outcome, request

DRAWS = int(os.environ.get("AGREEMENT", "24"))
STEPS = 12
Said = dict[str, Any]

POLICIES: tuple[Said, ...] = (
    {},
    {
        "guard": {
            "service": {"header": "x-svc", "env": "CLUB_KEY"}, "strip": ["x-strip"], "hops": 1,
            "pass": ["/static/**", "/", "/*/logo.png", "/members/**"], "websockets": ["/live/*"],
            "hosts": ["club.test"], "headers": ["x-extra"],
        }
    },
    {
        "guard": {"unknown": "remove", "lookups": 2, "max_body": 200},
        "limits": {
            "Member": {"distinct": 2, "per": "1h"},
            "callers": {"rate": 6, "per": "1m"},
            "anonymous": {"rate": 3, "per": "1m"},
        },
    },
    {
        "caller": {"claim": "sub", "operation": None, "id": None},
        "guard": {"jwt": {"keys": "keys.json", "audience": "club", "algorithms": ["HS256"]}},
    },
)  # fmt: skip
KEYS = {"keys": [{"kty": "oct", "k": "c2VjcmV0" * 8}]}
TOKENS = {"t-ann": {"sub": "ann", "role": "member"}, "t-bob": {"sub": "bob", "role": ["staff"]},
          "t-none": {"scope": "x"}, "t-seven": {"sub": 7}}  # fmt: skip


def words(text: str) -> list[str]:
    return text.split()


PATHS = words(
    "/me /me/inbox /login /members /members/featured /members/purge /members/ann /members/bob"
    " /members/cy /members/bob/followers /members/ann/followers /members/bob/blocked"
    " /members/ann/settings /members/bob/workouts /workouts /workouts/w1 /workouts/w2 /workouts/w3"
    " /workouts/w1.json /rides/r1 /stats /photos /stories/ /stories /nope /static/a/b.js /static"
    " /static/ / /x/logo.png /live/1 /live/1/2 /members/"
)
QUERIES = words(
    "q=a q=a&q=b tag=a&tag=b tag[]=1&tag=2 filter[a]=1&filter[b]=2 filter[a]=1&filter=2 q[x]=1"
    ' limit=3 limit=3&x=1 q=%zz q=%00 q=%ff q=a;b q=a+b&%71=2 &&q=1& =1&q=2 q="x" q=# sid=1 Q=1 q'
)
ODD = words("%2e %2F %5c .. . // ;x \\ %00 %25 %2541 A %61 %C3%A9 %ff # é % %zz ~ %7E + : @ %09")
METHODS = words("GET GET GET GET GET GET HEAD OPTIONS PUT PUT POST PATCH PATCH DELETE TRACE get")
COOKIES = ("sid=ann", "sid=bob", "sid=old", "sid=zzz", "sid=", "a=b; sid=ann", "sid=ann; sid=bob",
           "sid=ann;sid=", "theme=dark", "sid=err", " sid = ann ", "SID=ann")  # fmt: skip
LOGINS = ("Bearer t-ann", "bearer t-bob", "Bearer bad", "Basic abc", "Bearer t-none",
          "Bearer t-seven", "Bearer", "Bearer  t-ann", "t-ann")  # fmt: skip
HEADERS = words(
    "accept:*/* x-oakum-who:ann x-svc:leak x-strip:1 connection:close,x-hop x-hop:1 te:trailers"
    " range:bytes=0-1 if-range:x if-none-match:1 if-match:* if-modified-since:x x-user:ann"
    " x-user-locale:da x_user_id:ann x-forwarded-for:1.1.1.1,2.2.2.2 x-forwarded-for:3.3.3.3"
    " x-forwarded-proto:https x-forwarded-proto:ftp x-real-ip:9 x-http-method-override:DELETE"
    " accept-encoding:gzip expect:100-continue origin:https://a access-control-request-method:PUT"
    " access-control-request-method:HEAD upgrade:websocket upgrade:h2c forwarded:for=1"
    " x-original-url:/x ssl-client-verify:1 content-encoding:gzip content-encoding:identity"
    " transfer-encoding:chunked user-agent:u x-custom:1 proxy-authorization:x http2-settings:x"
)
TYPES = ("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-16",
         "text/plain", "image/png", "application/vnd.x+json", "APPLICATION/JSON", "text/html", "",
         'application/json; charset="us-ascii"')  # fmt: skip
BODIES = (
    "", '{"name":"N"}', '{"name":"N","role":"x"}', '{"id":"ann","name":"N","city":"c"}', "{}", "[]",
    '{"name":1,"name":2}', "{", '{"watts":1}', '{"watts":1,"note":"n","user_id":"bob"}', '"x"',
    '{"user_id":"ann","id":"w9"}', '{"text":"hi"}', '{"name":"a","password":"b"}', "x" * 250,
    '{"name":"\\ud800"}', '  {"name":"é"}  ', '{"extra":{"a":[1,2]},"name":"N"}', "null", "12",
)  # fmt: skip
ANSWERS = (
    '{"id":"ann","name":"Ann","email":"a@x.test","city":"Oslo","role":"member","hash":"h"}',
    '{"id":"bob","name":"Bob","email":"b@x.test","city":"Bonn"}', '{"data":[],"total":0}',
    '{"data":[{"id":"ann","city":"x"},{"id":"bob"},{"id":"cy","name":"C"}],"total":3}',
    '{"data":[{"id":"ann"}]}', '{"data":[{"id":"cy"}],"total":9}', "", "[]", "{}", "no", "null",
    '{"id":"w1","user_id":"ann","watts":200,"note":"knee"}', '{"id":"bob","private":false}',
    '[{"id":"w2","user_id":"bob","watts":3},{"id":"w3","user_id":"cy","watts":1.5}]',
    '{"message":"m","secret":1}', '{"a":1,"a":2}', '{"members":3}', '{"ok":true,"token":"x"}',
    '{"id":"r","title":"t","draft":"d"}', '{"id":7,"name":null}', '{"id":["ann"],"name":"x"}',
    '{"id":"ann","name":{"a":1}}', '{"id":"x","user_id":7,"watts":1}', '{"data":{"x":{"id":"a"}}}',
)  # fmt: skip
STATUSES = (
    200,
    201,
    204,
    205,
    302,
    304,
    400,
    401,
    403,
    404,
    409,
    422,
    429,
    500,
    503,
    599,
    101,
    206,
)
SENT_BACK = words(
    "etag:1 set-cookie:a=b set-cookie:c=d location:/x server:s cache-control:public expires:x"
    " x-extra:1 content-encoding:gzip content-encoding:identity retry-after:9 vary:x"
    " content-length:9 last-modified:x www-authenticate:Basic link:x x-request-id:q"
)
LOOKED_UP = [f"/members/{id}/{what}" for id in ("ann", "bob", "cy", "7")
             for what in ("followers?limit=3", "blocked", "settings")]  # fmt: skip


class Draw(random.Random):
    """Everything of one draw."""

    def some(self, chance: float) -> bool:
        return self.random() < chance

    def pairs(self, words: Sequence[str], most: int) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for word in self.choices(words, k=self.randrange(most + 1)):
            name, _, value = word.partition(":")
            found.setdefault(name, []).append(value)
        return found

    def target(self) -> str:
        path = self.choice(PATHS)
        at = self.randrange(len(path))
        if self.some(0.2):
            path = path[:at] + self.choice(ODD) + path[at:]
        elif self.some(0.1):
            other = path[at].upper() if self.some(0.5) else f"%{ord(path[at]):02x}"
            path = path[:at] + other + path[at + 1 :]
        return path + (f"?{self.choice(QUERIES)}" if self.some(0.4) else "")

    def request(self, tokens: bool) -> Said:
        method = self.choice(METHODS)
        headers = self.pairs(HEADERS, 3) if self.some(0.5) else {}
        if "upgrade" in headers and self.some(0.7):
            del headers["upgrade"]
        if self.some(0.75):
            logins = {"authorization": LOGINS} if tokens else {"cookie": COOKIES}
            for name, values in logins.items():
                headers[name] = self.choices(values, k=2 if self.some(0.05) else 1)
        said: Said = {"method": method, "target": self.target(), "headers": headers}
        if (method in ("PUT", "POST", "PATCH") and self.some(0.9)) or self.some(0.05):
            said["body"] = self.choice(BODIES)
            headers["content-type"] = [self.choice(TYPES) if self.some(0.3) else TYPES[0]]
        if self.some(0.1):
            said["host"] = self.choice(("CLUB.test:80", "evil.test", "", "club.test:"))
        return said

    def answer(self) -> Said:
        headers: Said = {"content-type": self.choice(TYPES) if self.some(0.2) else TYPES[0]}
        headers |= self.pairs(SENT_BACK, 3) if self.some(0.4) else {}
        status = self.choice(STATUSES) if self.some(0.4) else 200
        said = {"status": status, "body": self.choice(ANSWERS), "headers": headers}
        return said | ({"truncated": True} if self.some(0.02) else {})

    def looked_up(self, target: str) -> Said | str:
        if self.some(0.15):
            return "nothing" if self.some(0.3) else self.answer()
        if target.endswith("settings"):
            return {"body": self.choice(('{"private":false}', '{"private":true}', "{}"))}
        ids = [f'{{"id":"{id}"}}' for id in ("ann", "bob", "x") if self.some(0.4)]
        return {"body": f'{{"data":[{",".join(ids)}]}}'}

    def case(self) -> Case:
        answers = {target: self.looked_up(target) for target in LOOKED_UP if self.some(0.6)}
        script = [{"request": {"target": each}, "answer": said} for each, said in answers.items()]
        if self.some(0.1):
            headers = {"cookie": "sid=err"}
            asks = {"target": "/me", "headers": headers}
            script.append({"request": asks, "answer": self.answer()})
        policy = self.choice(POLICIES)
        service = "S" if "service" in policy.get("guard", {}) else ""
        files = {"files": {"keys.json": KEYS}, "tokens": TOKENS, "service": service}
        shared = {"contract": "club.yaml", **files}
        return Case("drawn", "drawn", {"policy": policy, "upstream": script}, shared)


def told(guard: Guard, said: Said) -> dict[str, Any]:
    """What became of a request, as far as both must do it alike; field names in the audit aside,
    since only one of the two looks into what it withholds."""
    outcome: Outcome = guard.exchange(request(said))
    seen = outcome.forwarded
    audit = {name: outcome.audit[name] for name in ("who", "op", "method", "status", "denied")}
    return {
        "response": outcome.response,
        "sees": seen and (seen.method, seen.target, seen.body, sorted(seen.headers)),
        "audit": audit,
        "removed": bool(outcome.audit["removed"]),
    }


@pytest.mark.parametrize("seed", range(DRAWS))
def test_both_do_the_same(seed: int, tmp_path: Path) -> None:
    draw = Draw(seed)
    case = draw.case()
    folders = tmp_path / "lua", tmp_path / "python"
    for folder in folders:
        folder.mkdir()
    setups = [case.setup(folder) for folder in folders]
    with lua_guard(setups[0]) as lua, python_guard(setups[1]) as python:
        for _ in range(STEPS):
            said = draw.request("claim" in str(case.said["policy"]))
            method = "GET" if said["method"] == "HEAD" else said["method"]
            asks = {"target": said["target"], "method": method}
            script = [{"request": asks, "answer": draw.answer()}] if draw.some(0.7) else []
            later = max(each.clock.now for each in setups) + draw.choice((0, 0, 0, 0.5, 5, 70, 4e3))
            for setup in setups:
                setup.clock.now = later
                setup.upstream.script[:0] = script
            assert told(lua, said) == told(python, said), said
            for setup in setups:
                del setup.upstream.script[: len(script)]
