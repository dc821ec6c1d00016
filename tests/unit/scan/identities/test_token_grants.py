"""Grants with a person and with refresh tokens, against a provider on loopback."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner
from httpx2 import Client

from oakum.cli.main import main
from oakum.errors import TargetError
from oakum.exchange import Request
from oakum.scan.identities import system_keyring
from oakum.scan.identities.grant_steps import Show, Visit
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.identity_verification import examine
from oakum.scan.identities.session import LoginFailed, Sessions
from oakum.scan.transport.client import HttpTransport
from tests.rsa_keys import rsa_key
from tests.scan.identity_provider import CLIENT_SECRET, Provider
from tests.scan.servers import PASSWORDS, Server, serve

CODE = """
whoami: /me
identities:
  ann: {oauth2: {issuer: ISSUER, grant: authorization_code, client_id: made-up-client}}
"""
DEVICE = """
whoami: /me
identities:
  ann: {oauth2: {issuer: ISSUER, grant: device_code, client_id: made-up-client}}
"""
REFRESH = """
whoami: /me
identities:
  ann:
    refresh_token: {env: R}
    oauth2: {issuer: ISSUER, grant: refresh_token, client_id: made-up-client}
"""


@dataclass
class Robot:
    """A person at a browser that follows one form."""

    name: str = "ann"
    strange: dict[str, str] = field(default_factory=dict)
    """Parameters that are changed in the redirect."""
    shown: list[Show] = field(default_factory=list)
    visits: int = 0
    redirect: str = ""
    said: str = ""
    """All that a screen showed."""

    def listen(self, redirect: str) -> str:
        self.redirect = redirect.replace("127.0.0.1", "127.0.0.1:1")
        return self.redirect

    def visit(self, step: Visit) -> Mapping[str, str]:
        self.visits += 1
        self.said += step.address
        with Client(trust_env=False) as browser:
            given = {"username": self.name, "password": PASSWORDS[self.name]}
            answer = browser.post(step.address, data=given)
        where = answer.headers["location"]
        assert where.startswith(self.redirect)
        return dict(parse_qsl(urlsplit(where).query)) | self.strange

    def show(self, step: Show) -> None:
        self.shown.append(step)

    def leave(self) -> None:
        pass


@dataclass
class World:
    folder: Path
    provider: Provider
    server: Server
    robot: Robot = field(default_factory=Robot)
    slept: list[float] = field(default_factory=list)

    def sessions(self, text: str, **environ: str) -> Sessions:
        path = self.folder / "identities.yaml"
        path.write_text(textwrap.dedent(text).replace("ISSUER", self.server.url))
        path.chmod(0o600)
        identities = load_identities(path, environ=environ)
        transport = HttpTransport(self.server.url, also=identities.origins())
        return Sessions(
            identities, transport, None, self.server.url, sleep=self.slept.append, person=self.robot
        )

    def fails(self, text: str, **environ: str) -> str:
        with pytest.raises(LoginFailed) as failed:
            self.sessions(text, **environ).login("ann")
        said = str(failed.value)
        assert not [each for each in self.provider.issued if each in said]
        assert said.startswith("`ann` could not log in: ")
        return said.removeprefix("`ann` could not log in: ").replace(self.server.url, "URL")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    provider = Provider()
    with serve(provider) as server:
        provider.url = server.url
        yield World(tmp_path, provider, server)


def me(world: World, sessions: Sessions) -> int:
    return sessions.send("ann", Request("GET", f"{world.server.url}/me")).status


# ------------------------------------------------------------------ authorization code


def test_a_person_logs_in_in_a_browser(world: World) -> None:
    sessions = world.sessions(CODE)
    found = examine(sessions.identities, sessions)
    assert found.ok, found.states
    assert found.ids == {"ann": "m-4711"}
    assert me(world, sessions) == 200
    assert sessions.curl_credentials("ann") == ("Authorization: Bearer $ANN_TOKEN",)
    assert {each for each in world.provider.issued if "code" not in each} <= sessions.secrets()


def test_each_request_of_a_login_has_values_of_its_own(world: World) -> None:
    sessions = world.sessions(CODE)
    sessions.login("ann")
    world.provider.issues_refresh = False
    sessions._live.clear()
    sessions.login("ann")
    asked = [call.query for call in world.server.calls if call.method == "POST" and call.query]
    for name in ("state", "nonce", "code_challenge"):
        assert len({each[name] for each in asked}) == 2, name


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"redirect": "http://127.0.0.1/other"}, "is `http://127.0.0.1/callback` a redirect URI"),
        ({"consent": False}, "`access_denied`: access was denied: is consent missing?"),
        ({"issuer_says": "https://other.example"}, "the issuer calls itself `https://other.exam"),
        ({"token_origin": "https://other.example"}, "to allow that, write `token_url:`"),
        ({"clock_off": 3600.0}, "s behind the issuer's, so its ID token cannot be verified"),
        ({"clock_off": -3600.0}, "s ahead of the issuer's, so its ID token cannot be verified"),
        ({"publishes": (1,)}, "a key that the issuer does not publish; were its keys rotated?"),
        ({"nonce": "other"}, "for another login (its `nonce` is not ours)"),
        ({"audience": "other"}, "the ID token is for another client"),
        ({"iss": "https://other.example"}, "for another issuer than the file names"),
    ],
)
def test_the_usual_faults_of_a_browser_login_are_named(
    world: World, change: dict[str, object], expected: str
) -> None:
    for name, value in change.items():
        setattr(world.provider, name, value)
    assert expected in world.fails(CODE)


def test_a_token_signed_by_another_key_of_the_same_name_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:

    from tests.scan import identity_provider

    false = rsa_key(3, kid="key-1", use="sig")
    real = world.provider.at_keys
    keys = real(None).body  # type: ignore[arg-type]
    monkeypatch.setattr(identity_provider, "KEYS", [false, false])
    monkeypatch.setattr(world.provider, "at_keys", lambda call: identity_provider.Reply(200, keys))
    assert "not signed by the issuer's keys" in world.fails(CODE)


@pytest.mark.parametrize(
    ("strange", "expected"),
    [
        ({"state": "another"}, "the redirect has another `state`"),
        ({"iss": "https://other.example"}, "another issuer than the file names"),
        ({"code": "another"}, "the token endpoint refused the code"),
        ({"code": ""}, "came back without a code"),
    ],
)
def test_a_redirect_that_is_not_the_answer_is_refused(
    world: World, strange: dict[str, str], expected: str
) -> None:
    world.robot.strange = strange
    assert expected in world.fails(CODE)
    assert not world.provider.live


def test_a_wrong_redirect_shows_before_a_person_is_asked(world: World) -> None:
    world.provider.redirect = "http://127.0.0.1/other"
    world.fails(CODE)
    assert not world.robot.visits


# ------------------------------------------------------------------ refresh tokens


def test_a_token_that_ends_during_a_run_is_renewed_without_a_person(world: World) -> None:
    sessions = world.sessions(CODE)
    examine(sessions.identities, sessions)
    for _ in range(3):  # the provider takes each refresh token once
        world.provider.live.clear()
        assert me(world, sessions) == 200
    assert world.robot.visits == 1


def test_an_expired_refresh_token_asks_the_person_again(world: World) -> None:
    sessions = world.sessions(CODE)
    examine(sessions.identities, sessions)
    world.provider.live.clear()
    world.provider.refreshes = False
    assert me(world, sessions) == 200
    assert world.robot.visits == 2


def test_requests_side_by_side_use_a_refresh_token_once(world: World) -> None:
    from oakum.scan.transport.rate_and_budget import together

    sessions = world.sessions(CODE)
    examine(sessions.identities, sessions)
    world.provider.live.clear()
    request = Request("GET", f"{world.server.url}/me")
    answers = together([lambda: sessions.send("ann", request)] * 4)
    assert [each.status for each in answers if each] == [200] * 4
    assert world.robot.visits == 1


def test_a_refresh_token_that_the_file_gives_is_used_and_renewed(world: World) -> None:
    world.provider.refresh["made-up-refresh"] = "ann"
    sessions = world.sessions(REFRESH, R="made-up-refresh")
    assert examine(sessions.identities, sessions).ok
    world.provider.live.clear()
    assert me(world, sessions) == 200


def test_an_expired_refresh_token_of_the_file_is_named(world: World) -> None:
    said = world.fails(REFRESH, R="made-up-refresh")
    assert said == "the refresh token has expired, was revoked, or was used before; get a new one"


# ------------------------------------------------------------------ devices


def test_a_person_confirms_a_code_on_any_device(world: World) -> None:
    sessions = world.sessions(DEVICE)
    assert examine(sessions.identities, sessions).ok
    page = f"{world.server.url}/confirm"
    assert world.robot.shown == [Show("ann", page, "ABCD-EFGH")]
    assert world.slept == [5.0, 5.0]


def test_a_server_that_is_asked_too_often_is_asked_less(world: World) -> None:
    world.provider.pending, world.provider.slow = 2, True
    world.sessions(DEVICE).login("ann")
    assert world.slept == [5.0, 10.0, 15.0]


@pytest.mark.parametrize(
    ("pending", "expected"),
    [(-1, "is consent missing?"), (100, "nobody confirmed the code in time")],
)
def test_a_code_that_is_denied_or_forgotten_is_named(
    world: World, pending: int, expected: str
) -> None:
    world.provider.pending = pending
    assert expected in world.fails(DEVICE)


# ------------------------------------------------------------------ clients


def test_a_client_logs_in_with_its_secret_at_the_issuer(world: World) -> None:
    text = f"""
    whoami: /me
    identities:
      ann: {{oauth2: {{issuer: ISSUER, client_id: made-up-client, client_secret: {CLIENT_SECRET}}}}}
    """
    sessions = world.sessions(text)
    assert examine(sessions.identities, sessions).ok
    wrong = text.replace(CLIENT_SECRET, "rotated-hunter2")
    for world.provider.wrong_client in ("invalid_client", "unauthorized_client"):
        assert "id or secret is wrong, or the secret was rotated" in world.fails(wrong)


def test_a_wrong_password_of_the_password_grant_is_named(world: World) -> None:
    line = "{issuer: ISSUER, grant: password, client_id: made-up-client}"
    text = f"identities: {{ann: {{username: ann, password: wrong, oauth2: {line}}}}}"
    assert "wrong user name or password, or the account is not set up?" in world.fails(text)


# ------------------------------------------------------------------ the keyring


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """A keyring of the system, in memory."""
    import keyring
    from keyring.backend import KeyringBackend

    kept: dict[tuple[str, str], str] = {}

    class Memory(KeyringBackend):
        priority = 5  # type: ignore[assignment]

        def get_password(self, service: str, user: str) -> str | None:
            return kept.get((service, user))

        def set_password(self, service: str, user: str, password: str) -> None:
            kept[service, user] = password

    monkeypatch.setattr(keyring, "get_keyring", Memory)
    return kept


KEPT = CODE.replace("client_id", "keep: keyring, client_id")


def test_a_refresh_token_stays_in_the_keyring_between_runs(
    world: World, ring: dict[tuple[str, str], str]
) -> None:
    for _ in range(3):
        assert me(world, world.sessions(KEPT)) == 200
    assert world.robot.visits == 1
    ((service, user),) = ring
    assert (service, user) == ("oakum", f"ann made-up-client {world.server.url}")
    assert list(ring.values()) == list(world.provider.refresh)


def test_nothing_is_kept_where_the_file_does_not_say_so(
    world: World, ring: dict[tuple[str, str], str]
) -> None:
    me(world, world.sessions(CODE))
    assert not ring


def test_without_a_keyring_nothing_is_kept_elsewhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring
    from keyring.backends.fail import Keyring

    monkeypatch.setattr(keyring, "get_keyring", Keyring)
    assert "this system has no keyring, or only one that is a plain file" in world.fails(KEPT)
    assert sorted(world.folder.iterdir()) == [world.folder / "identities.yaml"]


def test_a_keyring_that_does_not_open_is_named_without_a_value(
    world: World, ring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    def locked(*_: object) -> None:
        raise RuntimeError("secret-in-the-words")

    monkeypatch.setattr(keyring.get_keyring, "get_password", locked)
    said = world.fails(KEPT)
    assert "cannot be opened; is it locked?" in said
    assert "secret-in-the-words" not in said


def test_any_secret_may_come_from_the_keyring(
    world: World, ring: dict[tuple[str, str], str]
) -> None:
    world.provider.refresh["made-up-refresh"] = "ann"
    ring["my-api", "ann"] = "made-up-refresh"
    sessions = world.sessions(REFRESH.replace("{env: R}", "{keyring: [my-api, ann]}"))
    assert "made-up-refresh" in sessions.secrets()
    assert examine(sessions.identities, sessions).ok


def test_a_login_service_that_is_gone_is_not_the_api(world: World) -> None:
    with serve(lambda call: None) as gone:  # type: ignore[arg-type,return-value]
        url = gone.url
    said = world.fails(CODE.replace("ISSUER", url))
    assert said == f"the login service fails: nothing listens at `{url}`; is the API running?"


def test_the_keyring_is_read_by_its_service_and_user() -> None:
    assert issubclass(system_keyring.NoKeyring, TargetError)


# ------------------------------------------------------------------ what is written


API = """
openapi: 3.1.0
info: {title: made up, version: "1"}
paths:
  /me:
    get:
      operationId: me
      responses:
        "200":
          description: the caller
          content:
            application/json:
              schema:
                type: object
                properties: {id: {type: string}, username: {type: string}}
"""


@pytest.mark.parametrize("command", ["doctor", "scan"])
@pytest.mark.parametrize("right", [True, False])
def test_no_secret_is_in_anything_that_a_command_writes(
    world: World, command: str, right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R", "made-up-refresh")
    if right:
        world.provider.refresh["made-up-refresh"] = "ann"
    (world.folder / "openapi.yaml").write_text(API)
    path = world.folder / "identities.yaml"
    path.write_text(REFRESH.replace("ISSUER", world.server.url))
    words = [command, str(world.folder / "openapi.yaml"), "--target", world.server.url]
    words += ["--identities", str(path)]
    if command == "scan":
        words += ["--json", str(world.folder / "r.json"), "--html", str(world.folder / "r.html")]
    done = CliRunner().invoke(main, words)
    written = [done.output, *(each.read_text() for each in world.folder.iterdir())]
    secrets = [*world.provider.issued, "made-up-refresh"]
    assert len(secrets) > 1 or not right
    assert not [each for each in secrets for text in written if each in text]
    assert ("get a new one" in done.output) is not right, done.output
