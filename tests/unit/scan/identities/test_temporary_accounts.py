"""Accounts of the run's own: under nobody's names, told before they are made, and removed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import Model, compile_contract
from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.values.knowledge import Knowledge
from oakum.openapi.model import Json
from oakum.policy.contract import load
from oakum.scan.identities.model import Identities, Identity, Login, Secret, Send
from oakum.scan.identities.session import Proof, Sessions
from oakum.scan.identities.temporary_accounts import (
    Claim,
    ProvisionedAccount,
    ProvisionedAccounts,
    as_json,
    from_json,
)
from oakum.scan.requests.builder import FilledRequest
from tests.unit.exposure.values.test_knowledge import instance
from tests.unit.scan.studio import TARGET, reply

LAW = settings(max_examples=40, deadline=None)
PASSWORDS = {"ann": "ann-hunter2", "bob": "bob-hunter2"}
ENTER = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {"username": {"type": "string"}, "password": {"type": "string"}},
}
JOIN = {
    "type": "object",
    "required": ["username", "email", "password", "born", "terms"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "username": {"type": "string"},
        "email": {"type": "string", "format": "email"},
        "phone": {"type": "string"},
        "password": {"type": "string"},
        "born": {"type": "string", "format": "date"},
        "terms": {"type": "boolean"},
        "nickname": {"type": "string"},
        "newsletter": {"type": "boolean"},
    },
}


def body(shape: Json) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": shape}}}}


PATHS: dict[str, dict[str, Any]] = {
    "/auth/login": {"post": {"operationId": "login", **body(ENTER)}},
    "/auth/register": {"post": {"operationId": "register", **body(JOIN)}},
    "/shop/register": {"post": {"operationId": "registerShop", **body(JOIN)}},
    "/users": {"post": {"operationId": "createUser", **body(JOIN)}},
    "/users/reset": {"post": {"operationId": "resetUsers", **body(JOIN)}},
    "/guests": {"post": {"operationId": "addGuest", **body(JOIN)}},
    "/me": {"get": {"operationId": "getMe"}, "delete": {"operationId": "deleteMe"}},
    "/users/{userId}": {
        "parameters": [
            {"name": "userId", "in": "path", "required": True, "schema": {"type": "string"}}
        ],
        "get": {"operationId": "getUser"},
        "delete": {"operationId": "deleteUser"},
    },
}
ANSWER = {
    "200": {
        "description": "ok",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}},
    }
}
POLICY = {
    "exposure": 1,
    "api": "openapi.yaml",
    "caller": {"operation": "getMe", "id": "/id"},
    "relations": {"member": {"authenticated": True}, "owner": {"is": "owner"}},
    "resources": {
        "User": {
            "key": "id",
            "owner": "id",
            "fields": {
                "id, username": [{"see": ["member"]}],
                "email": [{"see": ["owner"]}],
            },
        }
    },
    "operations": {
        "getUser": {"params": {"userId": "User.id"}},
        "deleteUser": {"params": {"userId": "User.id"}},
    },
}
REMOVES = ("deleteMe", "deleteUser")


@cache
def model(*paths: str) -> Model:
    """The contract of an inn with these paths, in this order."""
    endpoints: dict[str, Any] = {}
    for path in paths:
        endpoints[path] = {
            method: {**endpoint, "responses": ANSWER} if isinstance(endpoint, dict) else endpoint
            for method, endpoint in PATHS[path].items()
        }
    user = {name: {"type": "string"} for name in ("id", "username", "email")}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "inn", "version": "1"},
        "paths": endpoints,
        "components": {"schemas": {"User": {"type": "object", "properties": user}}},
    }
    said = {name: each for name, each in POLICY["operations"].items()
            if "/users/{userId}" in paths}  # type: ignore[attr-defined]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_bytes(orjson.dumps(document))
        (Path(folder) / "exposure.yaml").write_bytes(orjson.dumps({**POLICY, "operations": said}))
        read = load(Path(folder) / "exposure.yaml")
    assert read.policy is not None
    return compile_contract(read.document, read.policy)


class Inn:
    """Accounts by user name. `lax`: whoever registers a name again has it."""

    anybody = False
    """Whoever is logged in removes whom they like."""

    def __init__(self, *, lax: bool = False, lets_in: bool = True, removes: bool = True) -> None:
        self.users: dict[str, dict[str, Json]] = {}
        self.lax, self.lets_in, self.removes = lax, lets_in, removes
        self.asked: list[str] = []
        for name, word in PASSWORDS.items():
            self.add({"username": name, "email": f"{name}@inn.test", "password": word})

    def add(self, sent: Mapping[str, Json]) -> None:
        self.users[sent["username"]] = {"id": f"u-{len(self.users)}-{sent['username']}", **sent}

    def send(self, request: Request) -> Response:
        path = request.url.removeprefix(TARGET)
        self.asked.append(f"{request.method} {path}")
        sent = orjson.loads(request.body) if request.body else {}
        caller = request.headers.get("authorization", "").removeprefix("Bearer ")
        if path == "/auth/login":
            user = self.users.get(sent["username"])
            good = user is not None and user["password"] == sent["password"]
            new = sent["username"] not in PASSWORDS
            if not good or (new and not self.lets_in):
                return reply({"error": "no"}, 401)
            return reply({"token": sent["username"]})
        if request.method == "POST":
            if sent["username"] in self.users and not self.lax:
                return reply({"error": "taken"}, 409)
            self.add(sent)
            return reply({"ok": True}, 201)
        if caller not in self.users:
            return reply({"error": "log in"}, 401)
        gone = caller if path == "/me" else next(
            (name for name, each in self.users.items() if each["id"] == unquote(path[7:])), ""
        )  # fmt: skip
        if request.method == "GET":
            return reply({name: self.users[gone][name] for name in ("id", "username", "email")})
        if (gone != caller and not self.anybody) or not self.removes:
            return reply({"error": "no"}, 403)
        del self.users[gone]
        return reply(None, 204)


class Calm:
    """A pace that hurries nobody."""

    rate, requests_left, took = 10.0, 1000, 0.0

    hold = staticmethod(nullcontext)

    def spares(self, request: Request) -> str:
        return ""

    def bare(self) -> nullcontext[None]:
        return nullcontext()


ALL = tuple(PATHS)


def identities() -> Identities:
    template = {"username": "$username", "password": "$password"}
    login = Login("POST", "login", "json", template, token="/token")
    sends = (Send("header", "authorization", "Bearer $token"),)
    return Identities(
        {
            name: Identity(name, login, sends, {"username": Secret(name), "password": Secret(word)})
            for name, word in PASSWORDS.items()
        }
    )


def ready(
    inn: Inn, *paths: str, pending: tuple[ProvisionedAccount, ...] = ()
) -> tuple[ProvisionedAccounts, list[tuple[str, Json]]]:
    """The provisioned of a run, and what its journal hears of them."""
    made = model(*(paths or ALL))
    document = type("Document", (), {"operations": tuple(made.operations.values())})()
    sessions = Sessions(identities(), inn, document, TARGET)
    who_am_i = Request("GET", f"{TARGET}/me")
    sessions.proof = Proof(who_am_i, lambda name, answer: f'"{name}"'.encode() in answer.body)
    heard: list[tuple[str, Json]] = []
    found = ProvisionedAccounts(
        made, {}, sessions, Knowledge(), TARGET,
        lambda kind, entry: heard.append((kind, entry)), Calm(), [*pending],
    )  # fmt: skip
    return found, heard


def join(found: ProvisionedAccounts, inn: Inn) -> ProvisionedAccount | None:
    return found.register(lambda filled: inn.send(filled.request))


# --------------------------------------------------------------------------- where


@LAW
@given(st.permutations(["/auth/register", "/shop/register", "/users", "/guests", "/users/reset"]),
       st.integers(1, 5))  # fmt: skip
def test_an_account_is_made_where_it_is_said_most_plainly_and_nearest_to_the_login(
    order: list[str], many: int
) -> None:
    paths = order[:many]
    found, _ = ready(Inn(), "/auth/login", "/me", *paths)
    wanted = [each for each in ("/auth/register", "/shop/register", "/users") if each in paths]
    assert (found.operation.path if found.operation else None) == (wanted or [None])[0]
    assert found.possible == bool(wanted)
    assert not found.operation or found.probe.operation is found.operation


@pytest.mark.parametrize(
    ("paths", "removable"),
    [(("/me",), True), (("/me", "/users/{userId}"), True), (("/me", "/guests"), True)],
)
def test_what_takes_an_account_away_is_told_by_the_document(
    paths: tuple[str, ...], removable: bool
) -> None:
    assert ready(Inn(), "/auth/login", "/auth/register", *paths)[0].removable == removable


def test_without_a_login_that_names_a_person_and_a_secret_nobody_is_made() -> None:
    inn = Inn()
    made = model(*ALL)
    fixed = Identities({"ann": Identity("ann", None, (Send("header", "x-key", "k"),))})
    sessions = Sessions(fixed, inn, None, TARGET)
    found = ProvisionedAccounts(made, {}, sessions, Knowledge(), TARGET, lambda *_: None, Calm())
    assert not found.possible and inn.asked == []


# --------------------------------------------------------------------------- who


def test_names_and_secrets_are_never_those_of_identities_nor_twice_the_same() -> None:
    inn = Inn()
    found, _ = ready(inn)
    made = [each for _ in range(25) if (each := join(found, inn)) is not None]
    assert len(made) == 25
    words = [word for each in made for word in (each.name, each.secret, *each.called.values())]
    known = {*PASSWORDS, *PASSWORDS.values(), *(f"{name}@inn.test" for name in PASSWORDS)}
    assert not known & {*words}
    assert len({*words}) == len(words)
    assert {*PASSWORDS} < inn.users.keys() and len(inn.users) == 27
    assert all(each.called["mail"].endswith("@example.org") for each in made)  # RFC 2606
    assert all(each.called["phone"].startswith("+1555") for each in made)


def test_a_registration_holds_what_has_to_be_there_and_shows_no_value() -> None:
    found, _ = ready(Inn())
    made = ProvisionedAccount(
        "oakum-1", {"handle": "oakumx", "mail": "oakumx@example.org"}, "Oak-1-7a"
    )
    filled = found.sign_up_request(made, {"role": "admin"})
    sent = orjson.loads(filled.request.body)
    assert sent | {"born": "", "terms": ""} == {
        "username": "oakumx", "email": "oakumx@example.org", "password": "Oak-1-7a",
        "nickname": "oakumx", "born": "", "terms": "", "role": "admin",
    }  # fmt: skip
    assert filled.sent == {"Oak-1-7a", "oakumx", "oakumx@example.org"}
    assert not [each for each in filled.sent if each in filled.body + filled.symbolic]
    assert orjson.loads(filled.body)["role"] == "admin"
    assert not [each for each in filled.sent if each in repr(made)]


# --------------------------------------------------------------------------- before and after


def test_an_account_stands_in_the_journal_before_it_is_made_and_until_it_is_gone() -> None:
    inn = Inn()
    found, heard = ready(inn)
    order: list[str] = []
    found.log = lambda kind, entry: order.append(f"{kind} {entry['account']}")

    def ask(filled: FilledRequest) -> Response:
        order.append("register")
        return inn.send(filled.request)

    assert found.register(ask) is not None
    assert found.restore() == () and heard == []
    assert order == ["undo oakum-1", "register", "undone oakum-1"]


@LAW
@given(st.integers(0, 4))
def test_whatever_was_made_is_removed_and_nobody_else(many: int) -> None:
    inn = Inn()
    before = {name: dict(each) for name, each in inn.users.items()}
    found, heard = ready(inn)
    for _ in range(many):
        join(found, inn)
    assert len(inn.users) == 2 + many
    assert found.restore() == ()
    assert inn.users == before and found.pending == []
    assert [kind for kind, _ in heard].count("undone") == many
    inn.asked.clear()
    assert found.restore() == () and inn.asked == []


@pytest.mark.parametrize("raised", [(), (1,), (2,)])
@pytest.mark.parametrize("anybody", [True, False])
def test_that_a_plain_account_removes_another_is_seen_whichever_were_made_with_more(
    anybody: bool, raised: tuple[int, ...]
) -> None:
    inn = Inn()
    inn.anybody = anybody
    found, _ = ready(inn)
    for nth in (1, 2):
        made = join(found, inn)
        assert made is not None
        found.learn(made, "User", {"id": inn.users[made.called["handle"]]["id"]})
        found.raised |= {made.name} if nth in raised else set()
    assert found.restore() == () and len(inn.users) == len(PASSWORDS)
    by = {each.by for each in found.removals}
    assert bool(by) is anybody and not by & found.raised


def test_what_a_killed_run_has_made_is_removed_by_the_next() -> None:
    inn = Inn()
    before = {*inn.users}
    found, heard = ready(inn)
    join(found, inn)
    join(found, inn)
    past = tuple(from_json(orjson.loads(orjson.dumps(each))) for _, each in heard)
    again, _ = ready(inn, pending=past)
    new = join(again, inn)
    assert new is not None and new.name not in {each.name for each in past}
    assert again.restore() == ()
    assert {*inn.users} == before


def test_what_was_never_made_is_not_asked_to_be_removed() -> None:
    inn = Inn()
    never = ProvisionedAccount("oakum-1", {"handle": "oakumx"}, "Oak-1-7a")
    found, heard = ready(inn, pending=(never,))
    assert found.restore() == ()
    assert inn.asked == ["POST /auth/login"]
    assert heard == [("undone", as_json(never))]


def test_one_that_cannot_be_removed_is_told_by_the_name_it_was_given() -> None:
    inn = Inn(removes=False)
    found, heard = ready(inn)
    made = join(found, inn)
    assert made is not None
    (said,) = found.restore()
    assert f"`{made.called['handle']}`" in said and made.secret not in said
    assert "undone" not in [kind for kind, _ in heard]


def test_a_refused_registration_leaves_nothing_to_be_removed() -> None:
    inn = Inn()
    found, heard = ready(inn)
    assert found.register(lambda filled: reply({"error": "closed"}, 403)) is None
    assert found.pending == [] and [kind for kind, _ in heard] == ["undo", "undone"]


@pytest.mark.parametrize("status", [404, 409, 500])
def test_one_that_is_made_behind_a_refusal_is_removed(status: int) -> None:
    inn = Inn()
    found, _ = ready(inn)

    def refused(filled: FilledRequest) -> Response:
        inn.send(filled.request)
        return reply({"error": "no"}, status)

    assert found.register(refused) is None
    assert len(inn.users) == len(PASSWORDS) + 1
    assert found.restore() == ()
    assert inn.users.keys() == PASSWORDS.keys()


@pytest.mark.parametrize(
    ("status", "body", "headers", "told"),
    [
        (201, {"ok": True}, {}, "an account `NAME` that cannot log in was created: "),
        (201, {"id": 71, "username": "NAME"}, {}, "`NAME` (`71`) that cannot log in was created"),
        (200, {"id": "u-7", "username": "NAME"}, {}, "`NAME` (`u-7`) that cannot log in was"),
        (201, None, {"location": "/users/u-7"}, "(`/users/u-7`) that cannot log in was created"),
        (201, {"id": "u-9", "username": "ann"}, {}, "`NAME` that cannot log in was created"),
        (202, {"ok": True}, {}, "`NAME` that cannot log in may have been created"),
        (200, {"username": "NAME"}, {}, "`NAME` that cannot log in may have been created"),
        (202, {"id": "u-7", "username": "NAME"}, {}, "(`u-7`) that cannot log in may have been"),
    ],
)
def test_one_that_is_made_and_cannot_log_in_is_told(
    status: int, body: Json, headers: dict[str, str], told: str
) -> None:
    """A 201 says that it was created (RFC 9110, 15.3.2), as does an answer that shows its key."""
    inn = Inn(lets_in=False)
    found, _ = ready(inn)

    def answered(filled: FilledRequest) -> Response:
        inn.send(filled.request)
        (name,) = inn.users.keys() - PASSWORDS.keys()
        text = orjson.dumps(body).decode().replace("NAME", name)
        return Response(status, {"content-type": "application/json", **headers}, text.encode())

    assert found.register(answered) is None
    (said,) = found.restore()
    (stray,) = inn.users.keys() - PASSWORDS.keys()
    assert told.replace("NAME", stray) in said
    assert ("DELETE /me or DELETE /users/{userId}" in said) is ("was created" in said)


def test_an_answer_that_is_lost_leaves_the_account_to_be_removed() -> None:
    inn = Inn()
    found, _ = ready(inn)

    def lost(filled: FilledRequest) -> Response:
        inn.send(filled.request)
        raise TargetError("no answer")

    with pytest.raises(TargetError):
        found.register(lost)
    assert len(inn.users) == 3
    assert found.restore() == ()
    assert {*inn.users} == {*PASSWORDS}


# --------------------------------------------------------------------------- by the key


class House(Inn):
    """Removes an account by its key alone, and tells it whoever registers. `keeper` removes
    anybody's; `deaf`: nothing is removed; `blind`: nobody is shown another's account."""

    def __init__(self, *, keeper: str = "", deaf: bool = False, blind: bool = False) -> None:
        super().__init__()
        self.keeper, self.deaf, self.blind = keeper, deaf, blind

    def send(self, request: Request) -> Response:
        path = request.url.removeprefix(TARGET)
        caller = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.method == "DELETE" and caller in self.users:
            self.asked.append(f"DELETE {path}")
            named = next((n for n, e in self.users.items() if e["id"] == unquote(path[7:])), "")
            if caller not in (named, self.keeper) or not named:
                return reply(None, 404)
            self.users = {n: e for n, e in self.users.items() if n != named or self.deaf}
            return reply(None, 204)
        if request.method == "GET" and path != "/me" and self.blind:
            return reply(None, 403)
        keys = {each["id"] for each in self.users.values()}
        if request.method == "GET" and path != "/me" and unquote(path[7:]) not in keys:
            return reply(None, 404)
        answer = super().send(request)
        if request.method == "POST" and path != "/auth/login" and answer.status == 201:
            name = orjson.loads(request.body)["username"]
            return reply({"id": self.users[name]["id"], "username": name}, 201)
        return answer


BY_KEY = ("/auth/login", "/auth/register", "/me", "/users/{userId}")


def kept(inn: Inn, pending: tuple[ProvisionedAccount, ...] = ()) -> Any:
    """As `ready`, with `bob` as the cleaner."""
    found, heard = ready(inn, *BY_KEY, pending=pending)
    found._removers.append("bob")
    return found, heard


def test_a_killed_runs_account_is_removed_by_its_key_and_not_by_its_name() -> None:
    inn = House()
    found, heard = ready(inn, *BY_KEY)
    made = join(found, inn)
    assert made is not None
    past = tuple(from_json(orjson.loads(orjson.dumps(each))) for _, each in heard)
    inn.asked.clear()
    again, _ = ready(inn, *BY_KEY, pending=past)
    key = inn.users[made.called["handle"]]["id"]
    assert again.restore() == ()
    assert {*inn.users} == {*PASSWORDS}
    assert [e for e in inn.asked if e.startswith("DELETE /users")] == [f"DELETE /users/{key}"]


@pytest.mark.parametrize("killed", [False, True])
def test_an_account_that_cannot_log_in_is_removed_by_the_cleaner_by_its_key(killed: bool) -> None:
    inn = House(keeper="bob")
    inn.lets_in = False
    found, heard = kept(inn)
    assert join(found, inn) is None and len(inn.users) == 3
    if killed:
        past = from_json(orjson.loads(orjson.dumps(heard[-1][1])))
        assert past.key
        found, heard = kept(inn, (past,))
    assert found.restore() == ()
    assert {*inn.users} == {*PASSWORDS} and heard[-1][0] == "undone"


def test_one_that_cannot_log_in_and_is_not_shown_to_the_cleaner_is_left_and_told() -> None:
    """Nobody sees whose account has this key by now."""
    inn = House(keeper="bob", blind=True)
    inn.lets_in = False
    found, _ = kept(inn)
    join(found, inn)
    (said,) = found.restore()
    (key,) = (each["id"] for name, each in inn.users.items() if name not in PASSWORDS)
    assert f"(`{key}`) that cannot log in was created" in said and len(inn.users) == 3
    assert not any(each.startswith("DELETE") for each in inn.asked)


def test_a_key_that_was_given_to_somebody_else_is_not_removed() -> None:
    inn = House(keeper="bob")
    inn.lets_in = False
    found, _ = kept(inn)
    join(found, inn)
    (name,) = inn.users.keys() - PASSWORDS.keys()
    inn.users["cat"] = {**inn.users.pop(name), "username": "cat", "email": "cat@inn.test"}
    found.restore()
    assert "cat" in inn.users


def test_one_that_cannot_log_in_and_stays_is_told_as_created_and_kept_in_the_journal() -> None:
    inn = House(keeper="bob", deaf=True)
    inn.lets_in = False
    found, heard = kept(inn)
    join(found, inn)
    (said,) = found.restore()
    assert "that the run created could not be removed" in said
    assert [kind for kind, _ in heard] == ["undo", "undo"]


# --------------------------------------------------------------------------- names that are taken


def again(found: ProvisionedAccounts, inn: Inn, of: ProvisionedAccount, **more: Any) -> Claim:
    nobody = found.nobody()
    asked = ProvisionedAccount("", {**nobody.called, "handle": of.called["handle"]}, nobody.secret)
    return found.contest(of, asked, lambda filled: inn.send(filled.request), **more)


def test_what_is_refused_leaves_the_account_as_it_was_and_makes_none() -> None:
    inn = Inn()
    found, _ = ready(inn)
    made = join(found, inn)
    assert made is not None
    assert again(found, inn, made).refused
    assert [each.name for each in found.pending] == [made.name]
    assert inn.asked[-1] == "POST /auth/login"  # it was seen to log in still
    assert found.restore() == () and {*inn.users} == {*PASSWORDS}


def test_an_account_that_is_overwritten_is_told_and_removed_with_the_secret_it_has_now() -> None:
    inn = Inn(lax=True)
    found, _ = ready(inn)
    made = join(found, inn)
    assert made is not None
    claim = again(found, inn, made)
    assert claim.overwritten and not claim.refused
    assert found.current(made).secret != made.secret
    assert found.restore() == () and {*inn.users} == {*PASSWORDS}


def test_an_account_made_by_a_name_that_is_free_after_all_is_removed_by_its_key() -> None:
    """Mail addresses need not be unique: what is asked with one of them is made."""
    inn = Inn()
    found, _ = ready(inn, "/auth/login", "/auth/register", "/users/{userId}", "/me")
    made = join(found, inn)
    assert made is not None
    nobody = found.nobody()
    asked = ProvisionedAccount("", {**nobody.called, "mail": made.called["mail"]}, nobody.secret)
    claim = found.contest(made, asked, lambda filled: inn.send(filled.request))
    assert not claim.refused and not claim.overwritten and len(inn.users) == 4
    inn.asked.clear()
    found.restore()
    assert "GET /me" in inn.asked
    assert {*inn.users} == {*PASSWORDS}


@pytest.mark.parametrize("bare", [True, False])
def test_what_is_taken_and_lets_nobody_in_is_named(bare: bool) -> None:
    """An API that makes a second account of that name, to be confirmed by a letter."""
    inn = Inn()
    found, _ = ready(inn)
    made = join(found, inn)
    assert made is not None
    nobody = found.nobody()
    asked = ProvisionedAccount(
        "", {**nobody.called, "handle": made.called["handle"]}, nobody.secret
    )
    claim = found.contest(made, asked, lambda _: reply({"ticket": 7}, 202), bare=bare)
    assert not claim.refused and not claim.overwritten
    (said,) = found.restore()
    assert "may have been created" in said and {*inn.users} == {*PASSWORDS}


def test_an_account_whose_secret_is_gone_after_a_refusal_is_named() -> None:
    inn = Inn()
    found, _ = ready(inn)
    made = join(found, inn)
    assert made is not None

    def breaks(filled: FilledRequest) -> Response:
        inn.users[made.called["handle"]]["password"] = "nobody knows"
        return reply({"error": "taken"}, 409)

    assert not found.contest(made, found.nobody(), breaks).refused
    assert any(made.called["handle"] in said for said in found.restore())


def test_a_login_that_brakes_is_no_account_lost() -> None:
    inn = Inn()
    found, _ = ready(inn)
    made = join(found, inn)
    assert made is not None
    found.attempt = lambda who, secret: (reply({}, 429), False)  # type: ignore[method-assign]
    assert again(found, inn, made).refused
    assert found.strays == []


def test_a_removal_never_names_an_identitys_account_whatever_the_api_says_of_the_new_one() -> None:
    inn = Inn()
    found, _ = ready(inn, "/auth/login", "/auth/register", "/users/{userId}", "/me")
    found.knowledge.learn_own("ann", instance("User", id="u-0-ann", username="ann"))
    made = join(found, inn)
    assert made is not None
    found.learn(made, "User", {"id": "u-0-ann"})  # who-am-I has told it another's key
    inn.asked.clear()
    found.restore()
    assert any("DELETE" in each for each in inn.asked)
    assert not [each for each in inn.asked if "u-0-ann" in each]


# --------------------------------------------------------------------------- as an identity


def test_a_secret_that_was_changed_is_the_one_that_it_is_removed_with() -> None:
    inn = Inn()
    found, _ = ready(inn)
    made = join(found, inn)
    assert made is not None and found.lets_in(made, made.secret)
    assert not found.lets_in(made, "Oak-wrong-7a")
    inn.users[made.called["handle"]]["password"] = "Oak-3-7a"
    found.record_secret(made, "Oak-3-7a")
    assert found.lets_in(made, "Oak-3-7a")
    assert found.restore() == () and {*inn.users} == {*PASSWORDS}


def test_its_own_object_is_the_one_that_holds_one_of_its_names() -> None:
    found, _ = ready(Inn())
    made = ProvisionedAccount(
        "oakum-1", {"handle": "oakumx", "mail": "oakumx@example.org"}, "Oak-1-7a"
    )
    users = [{"id": 1, "username": "ann"}, {"id": 2, "by": {"id": 3, "username": "oakumx"}}]
    assert found.own(made, reply({"data": users})) == {"id": 3, "username": "oakumx"}
    assert found.own(made, reply(users[:1])) == {}
    assert found.own(made, Response(200, {}, b"<html>")) == {}


TEXTS = st.text(max_size=10)


@LAW
@given(st.builds(ProvisionedAccount, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), TEXTS))
def test_an_account_comes_out_of_a_journal_as_it_went_in(made: ProvisionedAccount) -> None:
    assert from_json(orjson.loads(orjson.dumps(as_json(made)))) == made
