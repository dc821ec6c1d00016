"""A request in and its answer out, on cadence's contract: what passes, what is asked on the way."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError
from oakum.routing.http_messages import HttpRequest
from oakum.routing.problem_details import problem
from tests.unit.guard.club import DOCUMENT, POLICY
from tests.unit.guard.talk import (
    CADENCE,
    Clock,
    Talk,
    answer,
    asked,
    body,
    cadence,
    contract,
    keeper,
)

ANN = {"id": "ann", "roles": []}
PIA = {
    "id": "pia", "username": "pia", "image_url": "/p.png", "is_profile_private": True,
    "location": "Aarhus", "total_workouts": 3, "age_decade": "30s", "birthday": "1990-01-01",
    "email": "p@x.test", "weight": 60, "shoe_size": 41,
}  # fmt: skip
CARD = ["id", "image_url", "is_profile_private", "username"]
FOLLOWERS = "/api/user/pia/followers?limit=100"
BLOCKED = "/api/user/pia/blocked"
SETTINGS = "/api/user/pia/settings"
PROBLEM_404 = b'{"type":"about:blank","title":"Not Found","status":404}'


def listed(*ids: str, total: int | None = None) -> dict[str, Any]:
    return {"data": [{"id": id} for id in ids], "total": len(ids) if total is None else total}


@pytest.fixture
def talk() -> Talk:
    made = cadence()
    made.answers |= {
        "GET /api/me": answer(200, ANN),
        "GET /api/user/pia": answer(200, PIA, etag='"1"', server="x", set_cookie="a=b"),
        f"GET {FOLLOWERS}": answer(200, listed()),
        f"GET {BLOCKED}": answer(200, listed()),
        f"GET {SETTINGS}": answer(
            200, {"user_id": "pia", "is_profile_private": True, "hide_age": False}
        ),
    }
    return made


def test_a_member_sees_of_a_private_profile_what_the_contract_says(talk: Talk) -> None:
    sent = talk.get("/api/user/pia", "s-ann")
    assert (sent.status, sorted(body(sent))) == (200, CARD)
    assert talk.questions[0] == "GET /api/me"
    assert set(talk.questions[1:]) == {f"GET {each}" for each in (FOLLOWERS, BLOCKED, SETTINGS)}
    assert sent.headers == (
        ("content-type", "application/json"),
        ("set-cookie", "a=b"),
        ("cache-control", "private, no-store"),
    )


def test_the_audit_names_fields_of_the_contract_and_nobody(talk: Talk) -> None:
    talk.get("/api/user/pia", "s-ann")
    line = dict(talk.audit)
    assert line.pop("removed") == {
        f"Member.{name}": 1
        for name in (
            "location", "total_workouts", "age_decade", "birthday", "email", "weight",
            "‹undeclared›",
        )
    }  # fmt: skip
    assert line.pop("bytes_out") > 0
    assert line == {
        "time": 1_000_000.0,
        "contract": "",
        "who": hmac.new(b"k", b"ann", hashlib.sha256).hexdigest()[:16],
        "op": "getUser",
        "method": "GET",
        "status": 200,
        "upstream": 200,
        "denied": None,
        "lookups": 4,
        "failed": 0,
        "bytes_in": 0,
    }


# --------------------------------------------------------------------------- look-ups


def test_who_asks_is_asked_with_their_credentials_the_host_and_nothing_else(talk: Talk) -> None:
    talk.get("/api/user/pia", "s-ann", ("x-trace", "1"), ("cookie", "theme=dark"))
    assert talk.asked[0].headers == (
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("content-type", "application/json"),
        ("cookie", "peloton_session_id=s-ann"),
        ("x-forwarded-host", "api.test"),
        ("cache-control", "no-cache, no-store"),
    )


def test_look_ups_are_asked_with_the_services_credential_and_without_the_callers(
    talk: Talk,
) -> None:
    talk.get("/api/user/pia", "s-ann")
    for question in talk.asked[1:]:
        assert question.headers[3:] == (("x-service-key", "s3"), ("x-forwarded-host", "api.test"))


def test_a_follower_sees_more_and_one_who_is_blocked_nothing(talk: Talk) -> None:
    talk.answers[f"GET {FOLLOWERS}"] = answer(200, listed("ann"))
    assert "location" in body(talk.get("/api/user/pia", "s-ann"))
    talk.clock.at += 60
    talk.answers[f"GET {BLOCKED}"] = answer(200, listed("ann"))
    assert talk.get("/api/user/pia", "s-ann").body == PROBLEM_404


@pytest.mark.parametrize(
    "told",
    [
        None, answer(404, listed()), answer(500, listed()), answer(200, b"{"), answer(200, {}),
        answer(200, listed(), content_encoding="gzip"), answer(200, b'{"data":[],"data":[]}'),
        answer(200, listed(total=1)),
    ],
    ids=str,
)  # fmt: skip
def test_a_look_up_that_cannot_be_read_whole_gives_nothing(talk: Talk, told: Any) -> None:
    # Whether ann is blocked is unknown, so she may be. An empty object does not say that nobody is.
    talk.answers[f"GET {BLOCKED}"] = told
    sent = talk.get("/api/user/pia", "s-ann")
    assert sent.status == 404


def test_an_answer_is_believed_for_a_while(talk: Talk) -> None:
    talk.get("/api/user/pia", "s-ann")
    talk.get("/api/user/pia", "s-ann")
    assert talk.questions == []
    talk.clock.at += 30
    talk.get("/api/user/pia", "s-ann")
    assert len(talk.questions) == 4


def test_no_answer_is_believed_longer_since_the_clock_was_set_back(talk: Talk) -> None:
    wall, elapsed = Clock(), talk.clock
    set_back = Talk(keeper(CADENCE, wall, elapsed=elapsed, service="s3"), elapsed)
    set_back.answers |= talk.answers
    assert set_back.get("/api/user/pia", "s-ann").status == 200
    wall.at -= 3600
    elapsed.at += 60
    set_back.answers[f"GET {BLOCKED}"] = answer(200, listed("ann"))
    assert set_back.get("/api/user/pia", "s-ann").body == PROBLEM_404


def test_a_failure_is_believed_for_a_second(talk: Talk) -> None:
    talk.answers[f"GET {BLOCKED}"] = None
    talk.get("/api/user/pia", "s-ann")
    assert talk.audit["failed"] == 1
    talk.get("/api/user/pia", "s-ann")
    assert talk.questions == []
    talk.clock.at += 1
    talk.get("/api/user/pia", "s-ann")
    assert talk.questions == [f"GET {BLOCKED}"]


def test_a_write_makes_what_it_is_about_be_asked_again(talk: Talk) -> None:
    talk.get("/api/user/pia", "s-ann")
    follow = {"user_id": "pia", "action": "follow"}
    talk.answers["GET /api/user/ann/blocked"] = answer(200, listed())
    talk.answers["POST /api/user/change_relationship"] = answer(200, {"status": "ok"})
    said = talk.say(asked("POST", "/api/user/change_relationship", "s-ann", follow))
    assert said.status < 500
    assert talk.forwarded is not None
    talk.get("/api/user/pia", "s-ann")
    assert len(talk.questions) == 4  # also who is calling: a write may log in and out


EVERYBODY = """
  /members:
    get:
      operationId: list
      responses:
        "200":
          description: all
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Member"}}
"""


def test_no_more_is_asked_than_the_contract_allows(tmp_path: Path) -> None:
    policy = POLICY.replace("guard: {", "guard: {lookups: 1, ")
    document = DOCUMENT.replace("paths:\n", f"paths:\n{EVERYBODY}")
    talk = contract(tmp_path, policy, document)
    talk.answers = {
        "GET /me": answer(200, {"id": "cy"}),
        "GET /members": answer(200, [{"id": "ann", "city": "a"}, {"id": "bob", "city": "b"}]),
        "GET /members/ann/friends": answer(200, ["cy"]),
        "GET /members/bob/friends": answer(200, ["cy"]),
    }
    request = asked("GET", "/members", headers=[("x-session", "s")])
    assert body(talk.say(request)) == [{"id": "ann", "city": "a"}, {"id": "bob"}]
    assert talk.questions == ["GET /me", "GET /members/ann/friends"]
    assert body(talk.say(request)) == [{"id": "ann", "city": "a"}, {"id": "bob", "city": "b"}]


def test_an_owner_is_looked_up_for_nothing(tmp_path: Path) -> None:
    talk = contract(tmp_path, POLICY, DOCUMENT)
    talk.answers = {"GET /me": answer(200, {"id": "ann"}), "GET /members/ann": answer(200, PIA)}
    talk.answers["GET /members/ann"] = answer(200, {"id": "ann", "city": "a", "email": "e"})
    sent = talk.say(asked("GET", "/members/ann", headers=[("x-session", "s")]))
    assert body(sent) == {"id": "ann", "city": "a", "email": "e"}
    assert talk.questions == ["GET /me"]


def test_an_id_that_would_be_another_path_is_not_asked(tmp_path: Path) -> None:
    talk = contract(tmp_path, POLICY, DOCUMENT)
    for id in ("..", "ann/friends", "", "a\\b", "%2e"):
        talk.answers = {
            "GET /me": answer(200, {"id": "cy"}),
            "GET /members/x": answer(200, {"id": id, "city": "c"}),
        }
        sent = talk.say(asked("GET", "/members/x", headers=[("x-session", "s")]))
        assert body(sent) == {"id": id}
        assert [each for each in talk.questions if each != "GET /me"] == []


# --------------------------------------------------------------------------- who is calling


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (answer(401, {}), 401), (answer(404, {}), 401), (answer(500, {}), 503), (None, 503),
        (answer(429, {}), 503), (answer(200, {}), 401), (answer(200, {"id": None}), 401),
        (answer(200, {"id": True}), 503), (answer(200, b"{"), 503), (answer(200, b"null"), 401),
        (answer(200, {"id": ""}), 401), (answer(200, {"error": None}), 503),
        (answer(302, {}), 503),
    ],
    ids=str,
)  # fmt: skip
def test_who_cannot_be_told_is_nobody_or_must_come_again(
    talk: Talk, told: Any, status: int
) -> None:
    talk.answers["GET /api/me"] = told
    sent = talk.get("/api/user/pia", "s-ann")
    assert sent.status == status
    assert talk.forwarded is None
    assert dict(sent.headers).get("retry-after") == ("1" if status == 503 else None)


def test_a_credential_that_stands_twice_is_refused(talk: Talk) -> None:
    twice = ("cookie", "peloton_session_id=s-pia")
    assert talk.get("/api/user/pia", "s-ann", twice).status == 400
    assert talk.questions == []


def test_tokens_need_somebody_who_verifies_them(tmp_path: Path) -> None:
    policy = POLICY.replace("caller: {operation: getMe, id: /id}", "caller: {claim: sub}")
    with pytest.raises(InputError, match=r"exposure\.yaml:4:"):
        contract(tmp_path, policy, DOCUMENT)


def test_the_claim_of_a_token_says_who_is_calling(tmp_path: Path) -> None:
    policy = POLICY.replace("caller: {operation: getMe, id: /id}", "caller: {claim: sub}")
    document = DOCUMENT.replace("{type: apiKey, in: header, name: x-session}", "{type: http}")
    claims = {"good": {"sub": "ann"}, "seven": {"sub": 7}, "nobody": {"scope": "x"}}
    talk = contract(tmp_path, policy, document, tokens=claims.get)
    talk.answers["GET /members/ann"] = answer(200, {"id": "ann", "email": "e"})

    def told(header: str) -> int:
        return talk.say(asked("GET", "/members/ann", headers=[("authorization", header)])).status

    assert [told(f"Bearer {each}") for each in ("good", "seven", "nobody", "bad")] == [
        200, 200, 401, 401,
    ]  # fmt: skip
    assert told("Basic good") == 401
    assert talk.get("/members/ann").header("www-authenticate") == "Bearer"


def test_an_api_key_is_known_by_its_hash(tmp_path: Path) -> None:
    policy = POLICY.replace("caller: {operation: getMe, id: /id}", "caller: {api_key: true}")
    policy = policy.replace("guard: {", "guard: {api_keys: keys.json, ")
    keys = {hashlib.sha256(b"k1").hexdigest(): {"id": "ann"}}
    talk = contract(tmp_path, policy, DOCUMENT, api_keys=keys)
    talk.answers["GET /members/ann"] = answer(200, {"id": "ann", "email": "e"})
    for key, status in (("k1", 200), ("k2", 401)):
        sent = talk.say(asked("GET", "/members/ann", headers=[("x-session", key)]))
        assert sent.status == status


# --------------------------------------------------------------------------- writes


@pytest.fixture
def owner(talk: Talk) -> Talk:
    talk.answers["GET /api/me"] = answer(200, {"id": "pia"})
    talk.answers["PUT /api/user/pia"] = answer(200, PIA)
    talk.answers[f"PUT {SETTINGS}"] = answer(200, {"user_id": "pia"})
    return talk


def put(talk: Talk, target: str, said: Any, *headers: tuple[str, str]) -> int:
    return talk.say(asked("PUT", target, "s-pia", said, headers=headers)).status


def test_a_body_is_cut_down_to_what_may_be_set(owner: Talk) -> None:
    said = b'{"username": "p2", "roles":["staff"], "email":"e"}'
    kind = ("content-type", "application/json")
    assert put(owner, "/api/user/pia", said, kind) == 200
    assert owner.forwarded is not None
    assert owner.forwarded.body == b'{"username": "p2", "email":"e"}'
    assert "GET /api/user/pia" in owner.questions  # whose object it is


def test_somebody_elses_object_is_as_if_it_were_not_there(talk: Talk) -> None:
    sent = talk.say(asked("PUT", "/api/user/pia", "s-ann", {"username": "x"}))
    assert (sent.status, sent.body) == (404, PROBLEM_404)
    assert talk.forwarded is None
    gone = talk.say(asked("PUT", "/api/user/nobody", "s-ann", {"username": "x"}))
    assert (gone.status, gone.headers, gone.body) == (sent.status, sent.headers, sent.body)


@pytest.mark.parametrize("told", [answer(500, {}), None])
def test_an_object_that_cannot_be_read_is_not_written_nor_told_of(owner: Talk, told: Any) -> None:
    """As its own GET, which is 404 too when it fails: that one is there may not be told."""
    owner.answers["GET /api/user/pia"] = told
    assert put(owner, "/api/user/pia", {"username": "x"}) == 404
    assert owner.forwarded is None


@pytest.mark.parametrize(
    ("said", "headers", "status"),
    [
        (b"{", [("content-type", "application/json")], 400),
        (b'{"email":1,"email":2}', [("content-type", "application/json")], 400),
        (b"{}", [], 415),
        (b"{}", [("content-type", "text/plain")], 415),
        (b"{}", [("content-type", "application/json; charset=utf-16")], 415),
        (b"{}", [("content-type", "application/json"), ("content-encoding", "gzip")], 415),
        (b"{}", [("content-type", "application/json"), ("content-type", "text/plain")], 400),
        (b" " * ((1 << 20) + 1), [("content-type", "application/json")], 413),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_judged_is_refused(
    owner: Talk, said: bytes, headers: list[tuple[str, str]], status: int
) -> None:
    assert put(owner, SETTINGS, said, *headers) == status
    assert owner.forwarded is None


def test_a_body_where_none_is_declared_is_refused(talk: Talk) -> None:
    sent = talk.say(asked("GET", "/api/user/pia", "s-ann", b"{}"))
    assert sent.status == 400


# --------------------------------------------------------------------------- answers


@pytest.mark.parametrize("status", [403, 404])
def test_absent_and_forbidden_are_the_same_bytes(talk: Talk, status: int) -> None:
    talk.answers["GET /api/user/pia"] = answer(status, {"detail": "private"}, set_cookie="a=b")
    sent = talk.get("/api/user/pia", "s-ann")
    other = talk.get("/api/nothing", "s-ann")
    assert (sent.status, sent.headers, sent.body) == (404, other.headers, PROBLEM_404)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        (answer(200, b"<html>", "text/html"), "undeclared"),
        (answer(500, {"trace": "secret"}), "undeclared"),
        (answer(499, {"trace": "secret"}), "undeclared"),
        (answer(200, b"{"), "unreadable"),
        (answer(401, b"{"), "unreadable"),
        (answer(200, PIA, content_encoding="br"), "encoding"),
        (answer(200, b'"' + b"x" * (1 << 20) + b'"'), "too-long"),
        (replace(answer(200, PIA), truncated=True), "truncated"),
        (answer(200, PIA, "application/json; charset=latin-1"), "undeclared"),
        (answer(101, {}), "undeclared"),
        (answer(204, b""), "concealed"),
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_judged_does_not_tell_that_there_is_one(
    talk: Talk, told: Any, cause: str
) -> None:
    talk.answers["GET /api/user/pia"] = told
    sent = talk.get("/api/user/pia", "s-ann")
    assert (sent.body, talk.audit["denied"]) == (PROBLEM_404, cause)
    assert talk.audit["upstream"] == told.status


@pytest.mark.parametrize("status", [204, 205, 302, 304])
def test_an_answer_without_a_body_does_not_tell_that_there_is_one(talk: Talk, status: int) -> None:
    talk.answers["GET /api/user/pia"] = answer(status, PIA, location="/x", content_length="9")
    sent = talk.get("/api/user/pia", "s-ann")
    assert (sent.status, sent.body) == (404, PROBLEM_404)
    assert sent.header("location") == ""


def test_head_is_asked_as_get_and_answered_without_a_body(talk: Talk) -> None:
    sent = talk.say(asked("HEAD", "/api/user/pia", "s-ann"))
    assert talk.forwarded is not None
    assert talk.forwarded.method == "GET"
    assert (sent.status, sent.body) == (200, b"")
    refused = talk.say(asked("HEAD", "/api/nothing", "s-ann"))
    assert (refused.status, refused.body) == (404, b"")


def test_an_anonymous_endpoint_may_be_kept_by_caches_unless_somebody_asks(talk: Talk) -> None:
    ride = {"id": "r", "title": "t"}
    talk.answers["GET /api/ride/r/details"] = answer(200, ride, cache_control="public")
    assert talk.get("/api/ride/r/details").header("cache-control") == "public"
    with_session = talk.get("/api/ride/r/details", "s-ann")
    assert with_session.header("cache-control") == "private, no-store"


def test_an_export_is_cut_by_column(talk: Talk) -> None:
    text = b"workout_id,user_id,secret\r\nw1,pia,x\r\n"
    talk.answers["GET /api/me"] = answer(200, {"id": "pia"})
    talk.answers["GET /api/user/pia/workout_history_csv"] = answer(200, text, "text/csv")
    sent = talk.get("/api/user/pia/workout_history_csv", "s-pia")
    assert sent.body == b"workout_id,user_id\r\nw1,pia\r\n"


def test_an_embedded_object_is_judged_once_its_parent_is_in_sight(talk: Talk) -> None:
    talk.answers |= {
        f"GET {FOLLOWERS}": answer(200, listed("ann")),
        "GET /api/workout/w": answer(200, {"id": "w", "user_id": "pia", "user": PIA}),
    }
    found = body(talk.get("/api/workout/w", "s-ann"))
    assert found["user"]["location"] == "Aarhus"
    assert "email" not in found["user"]


# --------------------------------------------------------------------------- before all that


def test_hosts_are_those_of_the_contract(tmp_path: Path) -> None:
    policy = POLICY.replace("guard: {", 'guard: {hosts: [api.test, "[::1]"], ')
    talk = contract(tmp_path, policy, DOCUMENT)
    for host, reason in (
        ("API.test:8080", "call"), ("api.test", "call"), ("[::1]:80", "call"), ("[::1]", "call"),
        ("evil.test", "host"), ("", "host"), ("api.test.evil", "host"),
    ):  # fmt: skip
        talk.say(asked("GET", "/members/ann", host=host))
        assert talk.audit["denied"] == reason, host


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "get", "DELETE"])
def test_a_method_that_nobody_documented_is_no_endpoint(talk: Talk, method: str) -> None:
    assert talk.say(asked(method, "/api/user/pia", "s-ann")).status == 404
    assert talk.questions == []


def test_an_upgrade_reaches_only_the_paths_of_the_contract(tmp_path: Path) -> None:
    talk = contract(tmp_path, POLICY, DOCUMENT)
    upgrade = [("upgrade", "websocket"), ("connection", "Upgrade"), ("x-session", "s")]
    talk.answers["GET /live?a=1"] = answer(101)
    assert talk.say(asked("GET", "/live?a=1", headers=upgrade)).status == 101
    assert talk.forwarded is not None
    kept = dict(talk.forwarded.headers)
    assert (kept["upgrade"], kept["connection"], kept["x-session"]) == ("websocket", "Upgrade", "s")
    assert talk.say(asked("GET", "/members/ann", headers=upgrade)).status == 404
    assert talk.say(asked("GET", "/live", headers=[("upgrade", "h2c")])).status == 404


@pytest.mark.parametrize("status", [200, 204, 302, 403, 500])
def test_a_response_in_place_of_a_websocket_is_not_told(tmp_path: Path, status: int) -> None:
    talk = contract(tmp_path, POLICY, DOCUMENT)
    talk.answers["GET /live"] = answer(status, {"email": "bob@x.test"}, location="/bob@x.test")
    upgrade = [("upgrade", "websocket"), ("connection", "Upgrade")]
    told = talk.say(asked("GET", "/live", headers=upgrade))
    assert (told.status, told.body) == (502, problem(502).encode())
    assert "location" not in dict(told.headers)
    assert talk.audit["denied"] == "undeclared"


def test_a_browser_may_ask_ahead_without_credentials(talk: Talk) -> None:
    ahead = [("origin", "https://app.test"), ("access-control-request-method", "PUT")]
    talk.answers["OPTIONS /api/user/0"] = answer(
        200, {"x": 1}, access_control_allow_origin="*", server="s"
    )
    sent = talk.say(asked("OPTIONS", "/api/user/pia?x=1", "s-ann", headers=ahead))
    assert talk.forwarded is not None
    assert "cookie" not in dict(talk.forwarded.headers)
    assert (sent.status, sent.body) == (204, b"")
    assert dict(sent.headers).keys() == {"access-control-allow-origin"}
    ahead[1] = ("access-control-request-method", "DELETE")
    assert talk.say(asked("OPTIONS", "/api/user/pia", headers=ahead)).status == 404


# --------------------------------------------------------------------------- limits


LIMITED = f"""{POLICY}
limits:
  Member: {{distinct: 2, per: 1m}}
  callers: {{rate: 5, per: 1m}}
  anonymous: {{rate: 1, per: 1m}}
"""


def test_so_many_owners_may_be_looked_at_and_no_more(tmp_path: Path) -> None:
    talk = contract(tmp_path, LIMITED, DOCUMENT)
    talk.answers["GET /me"] = answer(200, {"id": "cy"})
    for id in ("ann", "bob", "dan", "cy"):
        talk.answers[f"GET /members/{id}"] = answer(200, {"id": id})

    def look(id: str) -> int:
        return talk.say(asked("GET", f"/members/{id}", headers=[("x-session", "s")])).status

    assert [look(id) for id in ("ann", "bob", "dan", "cy", "ann")] == [200, 200, 429, 200, 200]
    over = talk.say(asked("GET", "/members/ann", headers=[("x-session", "s")]))
    assert (over.status, talk.audit["denied"]) == (429, "rate")
    assert 1 <= int(over.header("retry-after")) <= 60
    talk.clock.at += 60
    assert look("dan") == 200


def test_strangers_are_counted_by_their_address_whatever_they_bring(tmp_path: Path) -> None:
    talk = contract(tmp_path, LIMITED, DOCUMENT)
    talk.answers["GET /me"] = answer(401, {})

    def come(address: str, session: str = "") -> int:
        headers = [("x-session", session)] if session else []
        return talk.say(asked("GET", "/members/ann", address=address, headers=headers)).status

    assert [come("192.0.2.1"), come("192.0.2.1"), come("192.0.2.2")] == [401, 429, 401]
    assert come("192.0.2.2", "made-up") == 429


# --------------------------------------------------------------------------- observing


def test_observing_changes_nothing_and_says_what_would_have_been() -> None:
    talk = cadence(observe=True)
    talk.answers |= {"GET /api/me": answer(200, ANN), "GET /api/user/pia?x=1": answer(200, PIA)}
    request = asked("GET", "/api/user/pia?x=1", "s-ann", headers=[("x-oakum-who", "root")])
    sent = talk.say(request)
    assert body(sent) == PIA
    assert talk.forwarded == request
    assert talk.audit["denied"] == "nothing"
    refused = HttpRequest("GET", "/api//user", host="api.test")
    talk.answers["GET /api//user"] = answer(200, PIA)
    assert body(talk.say(refused)) == PIA
    assert talk.audit["denied"] == "path"


# --------------------------------------------------------------------------- mistakes of our own


@pytest.mark.parametrize("at", ["split_target", "may_call", "projector", "shows"])
def test_a_mistake_of_the_guards_own_is_502_and_says_nothing(
    talk: Talk, at: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken(*_: Any) -> None:
        raise KeyError(PIA["email"])

    monkeypatch.setattr(f"oakum.guard.enforcement.{at}", mistaken)
    sent = talk.get("/api/user/pia", "s-ann")
    assert (sent.status, sent.body) == (
        502,
        b'{"type":"about:blank","title":"Bad Gateway","status":502}',
    )
    assert talk.audit["denied"] == "error"
    assert "KeyError" in caplog.text
    assert "p@x.test" not in caplog.text


def test_a_mistake_of_the_guards_own_changes_nothing_of_what_is_observed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mistaken(*_: Any) -> None:
        raise KeyError(PIA["email"])

    talk = cadence(observe=True)
    talk.answers |= {"GET /api/me": answer(200, ANN), "GET /api/user/pia": answer(200, PIA)}
    for at in ("projector", "split_target"):
        monkeypatch.setattr(f"oakum.guard.enforcement.{at}", mistaken)
        assert body(talk.get("/api/user/pia", "s-ann")) == PIA
        assert talk.audit["denied"] == "error"
