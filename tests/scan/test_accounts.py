"""Accounts that the run makes: what is found with them, and that none is left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.finding import Finding
from oakum_catalogue.kit import Entry
from tests.catalogue.play import Played, play
from tests.patience import busy
from tests.scan import gym
from tests.scan.gym import IDENTITIES, LEAKS, entry

pytestmark = pytest.mark.server


def told(findings: tuple[Finding, ...]) -> set[tuple[str, str, str, str]]:
    return {
        (each.rule, each.field, each.viewer, f"{endpoint.method} {endpoint.path}")
        for each in findings
        for endpoint in each.endpoints
    }


def test_all_that_can_be_done_to_an_account_is_found_and_no_account_is_left(tmp_path: Path) -> None:
    made, gym = entry(LEAKS)
    played = play(made, "leaky", 1, tmp_path)
    assert not played.report.distrust
    assert told(played.report.findings) == set(LEAKS.values())
    assert {each.verdict for each in played.report.findings if each.rule != "unsafe-get"} == {
        "proven"
    }
    assert played.after == played.before
    assert "GET /resetdb" not in gym.asked
    lines = [each.evidence.curl for each in played.report.findings if each.evidence]
    assert not any("Oak-" in line or "rope-climb" in line for line in lines)


@pytest.mark.parametrize("leak", LEAKS)
def test_each_is_found_alone(leak: str, tmp_path: Path) -> None:
    made, _ = entry({leak})
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == {LEAKS[leak]}
    assert played.after == played.before


class Refusing(gym.Gym):
    """A gym that carries out what it refuses in words."""

    def __init__(self, how: str, status: int) -> None:
        super().__init__({how})
        self.status = status

    async def _refused(self, answer: Response) -> Response:
        told = answer.status_code < 400
        return JSONResponse({"error": "no"}, self.status) if told else answer

    async def set_password(self, request: Request) -> Response:
        return await self._refused(await super().set_password(request))

    async def remove(self, request: Request) -> Response:
        return await self._refused(await super().remove(request))

    async def set_mail(self, request: Request) -> Response:
        me, said = self.whose(request), await request.json()
        if me and "raise" in self.leaks and isinstance(said.get("staff"), bool):
            self.people[me]["staff"] = said["staff"]
        return JSONResponse({"error": "no"}, self.status if me else 401)


REFUSED = {
    "password": LEAKS["password"],
    "remove": LEAKS["remove"],
    "raise": ("mass-assignment", "staff", "owner", "PUT /people/{name}/mail"),
}


@pytest.mark.parametrize("status", [403, 404, 409, 500])
@pytest.mark.parametrize("how", REFUSED)
def test_what_is_done_to_an_account_is_found_whatever_the_answer_says(
    how: str, status: int, tmp_path: Path
) -> None:
    made, _ = entry({how})
    place = Refusing(how, status)
    played = play(replace(made, app=lambda mode, seed: place.app()), "leaky", 1, tmp_path)
    assert told(played.report.findings) == {REFUSED[how]}
    assert played.after == played.before
    assert not played.report.distrust


def test_a_login_that_brakes_does_not_say_that_an_account_is_gone(tmp_path: Path) -> None:
    made, place = entry((), goodbye=False)
    inner = place.login

    async def login(request: Request) -> Response:
        busy = any(line.startswith("DELETE ") for line in place.asked)
        return JSONResponse({"error": "slow down"}, 429) if busy else await inner(request)

    place.login = login  # type: ignore[method-assign]
    played = play(made, "leaky", 1, tmp_path)
    left = {name for name in place.people if name.startswith("oakum")}
    assert left
    assert all(any(name in words for words in played.report.distrust) for name in left)
    assert not played.report.findings


def test_a_login_that_hashes_for_members_only_is_hinted_at(tmp_path: Path) -> None:
    made, gym = entry({"guess"})
    known = gym.login

    async def login(request: Request) -> Response:
        if (await request.json()).get("name") in gym.people:
            await asyncio.sleep(0.06 * busy())  # well above the noise of this machine
        return await known(request)

    gym.login = login  # type: ignore[method-assign]
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == {LEAKS["guess"]}
    assert any("POST /login: responses take" in note for note in played.report.notes)


def test_a_careful_api_is_clean(tmp_path: Path) -> None:
    made, _ = entry(())
    played = play(made, "fixed", 1, tmp_path)
    assert not played.report.distrust
    assert told(played.report.findings) == set()
    assert played.after == played.before


def test_an_account_that_nothing_removes_is_told(tmp_path: Path) -> None:
    made, gym = entry((), goodbye=False)
    played = play(made, "fixed", 1, tmp_path)
    left = {name for name in gym.people if name.startswith("oakum")}
    assert len(left) >= 2
    assert all(any(name in words for words in played.report.distrust) for name in left)


CLEANER = "cleaner: {name: sta-3, password: lift-heavy-77}\n"


def test_a_cleaner_removes_what_those_who_made_it_may_not(tmp_path: Path) -> None:
    made, gym = entry((), goodbye=False)
    gym.hire("sta-3", "lift-heavy-77")
    made = replace(made, identities=lambda _: IDENTITIES + CLEANER)
    played = play(made, "fixed", 1, tmp_path)
    assert any(line.startswith("DELETE /people/oakum") for line in gym.asked)
    assert played.after == played.before
    assert not played.report.distrust
    assert {each.name for each in played.report.identities} == {"ute", "ole"}


def test_a_cleaner_who_cannot_log_in_stops_nobody_else(tmp_path: Path) -> None:
    made, _ = entry(())
    made = replace(made, identities=lambda _: IDENTITIES + CLEANER)
    played = play(made, "fixed", 1, tmp_path)
    assert played.after == played.before


def test_without_leave_to_write_nobody_is_registered(tmp_path: Path) -> None:
    made, gym = entry(LEAKS)
    played = play(replace(made, options=()), "leaky", 1, tmp_path)
    assert "POST /people/register" not in gym.asked
    assert {each.rule for each in played.report.findings} == {"weak-jwt-secret", "unsafe-get"}


def declared(made: Entry, name: str, shape: str) -> Entry:
    """The gym with one more member that its registration takes by the document."""
    last = "                mail: {type: string, format: email}\n"
    text = made.document.replace(last, f"{last}                {name}: {shape}\n", 1)
    assert text != made.document
    return replace(made, document=text)


@pytest.mark.parametrize("leak", ["role", ""])
def test_authority_that_a_registration_takes_by_the_document_is_asked_for(
    leak: str, tmp_path: Path
) -> None:
    made, _ = entry({leak} if leak else ())
    played = play(declared(made, "staff", "{type: boolean}"), "leaky", 1, tmp_path)
    assert told(played.report.findings) == ({LEAKS[leak]} if leak else set())
    assert played.after == played.before


def test_authority_that_no_response_shows_is_named_as_untried(tmp_path: Path) -> None:
    made, _ = entry(())
    text = "{type: string, enum: [member, admin]}"
    played = play(declared(made, "role", text), "leaky", 1, tmp_path)
    assert played.report.writes is not None
    said = [each.reason for each in played.report.writes.untried]
    assert [each for each in said if "`role`" in each and "no response shows it" in each]
    assert not played.report.findings


class Registry(gym.Gym):
    """A gym whose registration does something else with a name that is taken: `how`."""

    def __init__(self, how: str) -> None:
        super().__init__(())
        self.how = how
        self.sent: list[dict[str, Any]] = []
        self.hidden: dict[str, dict[str, Any]] = {}
        """Second accounts of a name, which can log in once the first is gone."""

    async def remove(self, request: Request) -> Response:
        answer = await super().remove(request)
        name = request.path_params["name"]
        if answer.status_code == 204 and name in self.hidden:
            self.people[name] = self.hidden.pop(name)
        return answer

    async def register(self, request: Request) -> Response:
        said = await request.json()
        self.sent.append(said)
        row = self.people.get(said.get("name"))
        if row is None and self.how.startswith("says the same"):
            made = await super().register(request)
            said_so = JSONResponse({"status": "check your mail"}, 202)
            return made if made.status_code >= 400 else said_so
        if row is None or self.how == "refuses":
            return await super().register(request)
        if self.how == "tells whose":
            return JSONResponse({"error": "taken", "by": row["mail"]}, 409)
        if self.how == "tells that":
            return JSONResponse({"error": "taken"} if row else {"error": "no password"}, 409)
        if self.how == "overwrites":
            row["password"] = said.get("password")
            return JSONResponse({"name": row["name"]}, 201)
        if self.how.startswith("says the same"):
            if self.how.endswith("hides one"):
                self.hidden[row["name"]] = {**row, **said}
            return JSONResponse({"status": "check your mail"}, 202)
        assert self.how == "makes a second"
        self.people[f"{said['name']}#2"] = {**row, **said, "name": f"{said['name']}#2"}
        return JSONResponse({"name": f"{said['name']}#2"}, 201)


def registry(how: str, folder: Path) -> tuple[Played, Registry]:
    made, _ = entry(())
    place = Registry(how)
    return play(replace(made, app=lambda mode, seed: place.app()), "leaky", 1, folder), place


class Mailing(gym.Gym):
    """A gym that answers a registration alike whether or not its name is taken: `how`."""

    def __init__(self, how: str) -> None:
        super().__init__(())
        self.how = how
        self.waiting: dict[str, dict[str, Any]] = {}
        """Accounts that cannot log in before a link in a letter is followed."""

    async def register(self, request: Request) -> Response:
        said = await request.json()
        echo = {"mail": said.get("mail")} if self.how == "echoes" else {}
        known = said.get("name") in self.people or said.get("mail") in {
            row["mail"] for row in self.people.values()
        }
        if self.how == "waits" and not known:
            self.waiting[said["name"]] = said
        elif not known and (await super().register(request)).status_code >= 400:
            return JSONResponse({"error": "not so"}, 422)
        return JSONResponse(
            {"status": "check your mail", **echo}, 201 if self.how == "201" else 202
        )


HOW = ["refuses", "tells whose", "tells that", "overwrites", "makes a second", "says the same"]


@pytest.mark.parametrize("how", HOW)
def test_nobody_is_registered_under_a_name_of_an_identity(how: str, tmp_path: Path) -> None:
    played, place = registry(how, tmp_path)
    known = {"ute-1", "ole-2", "ute-1@gym.example", "ole-2@gym.example"}
    sent = {value for each in place.sent for value in each.values() if isinstance(value, str)}
    assert sent and not sent & known
    assert {name: played.after[name] for name in played.before} == played.before


def test_whose_a_taken_name_is_told_by_accounts_of_the_runs_own(tmp_path: Path) -> None:
    played, _ = registry("tells whose", tmp_path)
    assert told(played.report.findings) == {
        ("pre-login-disclosure", "mail", "anyone", "POST /people/register")
    }
    assert played.report.findings[0].verdict == "proven"
    assert not played.report.distrust and played.after == played.before


def test_that_a_mail_address_is_taken_is_told_by_accounts_of_the_runs_own(tmp_path: Path) -> None:
    made, place = entry(())
    inner = place.register

    async def register(request: Request) -> Response:
        said = await request.json()
        if any(row["mail"] == said.get("mail") for row in place.people.values()):
            return JSONResponse({"error": "known here"}, 409)
        if not said.get("password"):
            return JSONResponse({"error": "no password"}, 422)
        return await inner(request)

    place.register = register  # type: ignore[method-assign]
    played = play(made, "leaky", 1, tmp_path)
    found = {("account-enumeration", "mail", "anyone", "POST /people/register")}
    assert told(played.report.findings) == found  # an address that is taken is looked at first

    async def both(request: Request) -> Response:
        said = await request.json()
        wrong = {} if said.get("password") else {"password": "missing"}
        if any(row["mail"] == said.get("mail") for row in place.people.values()):
            wrong["mail"] = "known here"
        return JSONResponse(wrong, 422) if wrong else await inner(request)

    place.register = both  # type: ignore[method-assign]
    played = play(made, "leaky", 1, tmp_path / "both")
    assert told(played.report.findings) == {
        ("account-enumeration", "mail", "anyone", "POST /people/register")
    }
    assert played.report.findings[0].verdict == "proven"
    assert not played.report.distrust and played.after == played.before


def test_a_registration_that_overwrites_an_account_is_asked_once_and_proven(tmp_path: Path) -> None:
    played, place = registry("overwrites", tmp_path)
    assert ("bola-write", "password", "anyone", "POST /people/register") in told(
        played.report.findings
    )
    names = [each["name"] for each in place.sent]
    assert len(names) == len({*names}) + 1  # one question about one account
    assert played.after == played.before


def test_a_second_account_that_nobody_can_remove_ends_with_distrust(tmp_path: Path) -> None:
    played, place = registry("makes a second", tmp_path)
    names = [each["name"] for each in place.sent]
    assert len(names) == len({*names}) + 1
    left = [name for name in played.after if name.endswith("#2")]
    assert len(left) == 1
    assert any(left[0].removesuffix("#2") in words for words in played.report.distrust)
    assert any(left[0].removesuffix("#2") in words for words in played.report.writes.left)


def test_a_registration_that_says_the_same_of_a_name_that_is_taken_is_believed(
    tmp_path: Path,
) -> None:
    """The remedy of `account-enumeration`: a name that is taken makes nothing."""
    played, place = registry("says the same", tmp_path)
    names = [each["name"] for each in place.sent]
    assert len(names) == len({*names}) + 1, "it was asked with a name that is taken"
    assert told(played.report.findings) == set()
    assert not played.report.distrust and not played.report.writes.left
    assert any("does not reveal that a name is taken" in each for each in played.report.notes)
    assert played.after == played.before


class Validating(gym.Gym):
    """A gym that looks at all else before it says that a name is taken: `how`."""

    def __init__(self, how: str) -> None:
        super().__init__(())
        self.how = how

    async def register(self, request: Request) -> Response:
        said = await request.json()
        if len(said.get("password") or "") < 8:
            return JSONResponse({"error": "a password has eight characters"}, 422)
        known = said["name"] if self.how == "tells names" else said.get("mail")
        column = "name" if self.how == "tells names" else "mail"
        taken = known in {row[column] for row in self.people.values()}
        if self.how == "stops" and sum(each.startswith("oakum") for each in self.people) >= 2:
            return JSONResponse({"error": "no more today"}, 403)
        if taken and self.how.startswith("tells"):
            return JSONResponse({"error": "taken"}, 409)
        if not taken:
            await super().register(request)
        return JSONResponse({"status": "check your mail"}, 202)


@pytest.mark.parametrize("how", ["tells", "tells names", "stops", "says the same"])
def test_a_registration_that_says_taken_once_all_else_is_right_is_found(
    how: str, tmp_path: Path
) -> None:
    """What is free makes accounts of the run's own; a limit on these is no difference, nor is a
    name that whoever has registered may see."""
    made, _ = entry(())
    place = Validating(how)
    played = play(replace(made, app=lambda mode, seed: place.app()), "leaky", 1, tmp_path)
    expected = {("account-enumeration", "mail", "anyone", "POST /people/register")}
    assert told(played.report.findings) == (expected if how == "tells" else set())
    assert {each.verdict for each in played.report.findings} <= {"proven"}
    assert played.after == played.before


@pytest.mark.parametrize("how", ["202", "201", "echoes"])
def test_a_registration_that_follows_the_advice_ends_a_run_with_nothing_to_do(
    how: str, tmp_path: Path
) -> None:
    made, _ = entry(())
    place = Mailing(how)
    played = play(replace(made, app=lambda mode, seed: place.app()), "leaky", 1, tmp_path)
    assert told(played.report.findings) == set()
    assert not played.report.distrust and not played.report.writes.left
    assert any("does not reveal that a name is taken" in each for each in played.report.notes)
    assert played.after == played.before


def test_a_registration_that_waits_for_a_letter_is_told_with_how_to_leave_it_out(
    tmp_path: Path,
) -> None:
    made, _ = entry(())
    place = Mailing("waits")
    made = replace(made, app=lambda mode, seed: place.app())
    played = play(made, "leaky", 1, tmp_path)
    (name,) = place.waiting
    why, writes = played.report.distrust
    assert writes.startswith("no write could be tested")
    line = 'operations: {register: {untested: "the reason"}}'
    assert f"`{name}`" in why and f"`{line}`" in why
    place.waiting.clear()
    stated = made.exposure.replace(
        "operations:\n", 'operations:\n  register: {untested: "letters"}\n'
    )
    again = play(replace(made, exposure=stated), "leaky", 1, tmp_path / "stated")
    (writes,) = again.report.distrust
    assert writes.startswith("no write could be tested") and not place.waiting
    (reason,) = {
        each.reason for each in again.report.writes.untried
        if each.endpoint.operation == "register"
    }  # fmt: skip
    assert "letters" in reason


def test_a_second_account_that_shows_when_the_first_is_gone_is_removed_as_well(
    tmp_path: Path,
) -> None:
    played, place = registry("says the same, and hides one", tmp_path)
    assert not place.hidden and played.after == played.before
    assert not played.report.distrust


def test_where_no_account_can_be_made_registration_is_named_as_untried(tmp_path: Path) -> None:
    made, place = entry((), goodbye=False)
    head, _, rest = made.document.partition("    delete:\n")
    closed = head + rest[rest.index("  /people/{name}/password") :]
    played = play(replace(made, document=closed), "fixed", 1, tmp_path)
    assert {*place.people} == {"ute-1", "ole-2"}
    assert [
        each.reason
        for each in played.report.writes.untried
        if each.endpoint.operation == "register"
    ]


FORGOTTEN = """  /password/forgotten:
    post:
      operationId: forgottenPassword
      summary: Sends a letter with a new password
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, required: [mail], properties: {mail: {type: string, format: email}}}}}
      responses: {"202": {description: a letter is on its way}}
components:
"""  # noqa: E501


@pytest.mark.parametrize("anew", [True, False])
def test_a_forgotten_password_that_is_set_anew_is_asked_about_one_identity_and_told(
    anew: bool, tmp_path: Path
) -> None:
    made, place = entry(())
    asked: list[str] = []

    async def forgotten(request: Request) -> Response:
        mail = (await request.json())["mail"]
        asked.append(mail)
        for row in place.people.values():
            if row["mail"] == mail and anew:
                row["password"] = "on its way by letter"
        return JSONResponse({"said": "a letter is on its way"}, 202)

    app = place.app()
    app.router.routes.append(Route("/password/forgotten", forgotten, methods=["POST"]))
    document = made.document.replace("components:\n", FORGOTTEN, 1)
    played = play(replace(made, document=document, app=lambda *_: app), "fixed", 1, tmp_path)
    known = {row["mail"] for row in played.before.values()}
    assert len(known & {*asked}) == 1
    told = [words for words in played.report.distrust if "can no longer log in" in words]
    assert bool(told) is anew
    changed = {name for name, row in played.before.items() if played.after[name] != row}
    assert all(any(f"`{name.partition('-')[0]}`" in words for words in told) for name in changed)
    assert len(changed) == anew


@pytest.mark.parametrize("who", ["person", "anyone"])
def test_who_may_remove_accounts_by_the_contract_is_not_accused(who: str, tmp_path: Path) -> None:
    made, _ = entry({"remove"})
    made = replace(made, exposure=f"{made.exposure}  goodbye: {{call: [{who}]}}\n")
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == set()
    assert played.after == played.before


@pytest.mark.parametrize("options", [(), ("--allow-own-settings",)])
@pytest.mark.parametrize("path", ["/password/forgotten", "/login/code", "/password-reset"])
def test_without_leave_to_write_nobody_is_sent_a_letter(
    options: tuple[str, ...], path: str, tmp_path: Path
) -> None:
    made, place = entry(())
    asked: list[str] = []

    async def forgotten(request: Request) -> Response:
        asked.append((await request.body()).decode())
        return JSONResponse({"said": "a letter is on its way"}, 202)

    app = place.app()
    app.router.routes.append(Route(path, forgotten, methods=["POST", "GET"]))
    text = FORGOTTEN.replace("/password/forgotten", path)
    document = made.document.replace("components:\n", text, 1)
    made = replace(made, document=document, app=lambda *_: app, options=options)
    play(made, "fixed", 1, tmp_path)
    assert asked == []
