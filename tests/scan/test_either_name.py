"""An object that a request names by either of two fields: an API may check its caller for one name
and not for the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.scan.options import Options
from oakum.scan.replay_result import ReplayVerdict, replay
from tests.scan.servers import Call, Reply, serve
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

TICKETS = [
    {
        "id": f"t-{id}-{n}c9",
        "no": 1000 + 7 * int(id[-1]) + n,
        "by": id,
        "text": f"{who} saw {n}5{id}",
    }
    for who, id in NAMES.items()
    for n in range(2)
]
SHAPE = schema("Ticket", id="string", no="integer", by="string", text="string")
POLICY = """\
  Ticket:
    key: id
    owner: by
    fields: {"id, no, by, text": [{see: [owner]}]}
operations:
  getTicket: {reads: true, params: {id: Ticket.id, no: Ticket.no}}
"""
MEMBERS = {"id": "string", "no": "integer"}


def paths(where: str, required: bool = False) -> str:
    """`GET /tickets` for the own ones, and one ticket by what stands in the query or the body."""
    ref = '{$ref: "#/components/schemas/Ticket"}'
    answer = f"{{type: object, properties: {{error: {{type: string}}, ticket: {ref}}}}}"
    one = path("/ticket", "getTicket", "Ticket").replace(ref, answer)
    needed = str(required).lower()
    if where == "query":
        declared = ", ".join(
            f"{{name: {name}, in: query, required: {needed}, schema: {{type: {kind}}}}}"
            for name, kind in MEMBERS.items()
        )
        one = one.replace("parameters: []", f"parameters: [{declared}]")
    else:
        members = ", ".join(f"{name}: {{type: {kind}}}" for name, kind in MEMBERS.items())
        listed = ", ".join(MEMBERS) if required else ""
        shape = f"{{type: object, required: [{listed}], properties: {{{members}}}}}"
        body = f"      requestBody: {{content: {{application/json: {{schema: {shape}}}}}}}\n"
        one = one.replace("get:", "post:").replace("      responses", f"{body}      responses")
    return path("/tickets", "listTickets", "Ticket", many=True) + one


class Desk:
    """`unchecked`: names for which a ticket is anybody's; `takes`: those that name one; `tells`:
    whether answers have the number."""

    def __init__(
        self,
        *unchecked: str,
        takes: tuple[str, ...] = ("id", "no", "id no"),
        tells: bool = True,
    ) -> None:
        self.unchecked, self.takes, self.tells = unchecked, takes, tells
        self.asked: list[tuple[str, str]] = []

    def cut(self, ticket: dict[str, Any]) -> dict[str, Any]:
        return {name: each for name, each in ticket.items() if self.tells or name != "no"}

    def __call__(self, who: str, call: Call) -> Reply:
        own = [each for each in TICKETS if each["by"] == NAMES[who]]
        if call.path == "/tickets":
            return Reply(200, [self.cut(each) for each in own])
        said: dict[str, Any] = {**call.query, **(call.json if call.body else {})}
        names = " ".join(name for name in ("id", "no") if name in said)
        self.asked.append((who, names))
        found = [e for e in TICKETS if all(str(e[each]) == str(said[each]) for each in said)]
        if names not in self.takes or not said or not found:
            return Reply(200, {"error": "no such ticket"})
        if found[0] in own or names in self.unchecked:
            return Reply(200, {"ticket": self.cut(found[0])})
        return Reply(200, {"error": "no such ticket"})


def scan(folder: Path, api: Desk, where: str, required: bool = False) -> Told:
    return told(folder, SHAPE, paths(where, required), POLICY, logged_in(api))


@pytest.mark.parametrize("where", ["query", "body"])
@pytest.mark.parametrize("name", ["id", "no"])
def test_a_name_for_which_no_caller_is_checked_is_found(
    tmp_path: Path, where: str, name: str
) -> None:
    run = scan(tmp_path, Desk(name), where)
    assert ("Ticket.text", "member") in run.proven
    assert run.results("Ticket.text", "member", f"/ticket by {name} alone") == {"leak"}


@pytest.mark.parametrize("where", ["query", "body"])
def test_an_api_that_checks_both_is_clean(tmp_path: Path, where: str) -> None:
    run = scan(tmp_path, api := Desk(), where)
    assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)
    for name in MEMBERS:
        assert run.results("Ticket.text", "member", f"/ticket by {name} alone") == {"closed"}
        assert {who for who, said in api.asked if said == name} == {*NAMES}


@pytest.mark.parametrize("where", ["query", "body"])
def test_a_name_that_shows_its_owner_nothing_is_untested(tmp_path: Path, where: str) -> None:
    run = scan(tmp_path, Desk(takes=("id", "id no")), where)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)
    assert run.results("Ticket.text", "member", "/ticket by no alone") == {"untested"}
    assert run.results("Ticket.text", "member", "/ticket by id alone") == {"closed"}


@pytest.mark.parametrize("where", ["query", "body"])
def test_names_that_are_needed_together_are_not_taken_apart(tmp_path: Path, where: str) -> None:
    run = scan(tmp_path, api := Desk(), where, required=True)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)
    assert {said for _, said in api.asked} <= {"id no", ""}


def test_a_name_that_nobody_is_shown_is_untested(tmp_path: Path) -> None:
    run = scan(tmp_path, Desk("no", tells=False), "query")
    (told_why,) = run.report.distrust
    assert "never requested by `no` alone: no value for `no` is known" in told_why
    assert run.results("Ticket.text", "member", "/ticket by id alone") == {"closed"}


@pytest.mark.parametrize("fixed", [False, True])
def test_a_finding_by_one_name_is_asked_for_again(tmp_path: Path, fixed: bool) -> None:
    run = scan(tmp_path, Desk("no"), "body")
    one = run.finding("Ticket.text", "member")
    with serve(logged_in(Desk() if fixed else Desk("no"))) as server:
        files = tmp_path / "exposure.yaml", server.url, tmp_path / "identities.yaml"
        again = replay(run.report, one, Options(*files, rate=1000), lambda event: None)
    assert again.verdict is (ReplayVerdict.FIXED if fixed else ReplayVerdict.STILL_OPEN)


TALKS = [
    {"ticket": each["id"], "number": each["no"], "by": each["by"], "said": f"re {each['text']}"}
    for each in TICKETS
]
TALK = schema("Talk", ticket="string", number="integer", by="string", said="string")
OF_TICKETS = POLICY.replace("operations:\n", """\
  Talk: {owner: by, fields: {"ticket, number, by, said": [{see: [owner]}]}}
operations:
  listTalks: {params: {ticket: Ticket.id, number: Ticket.no}}
""")  # fmt: skip


@pytest.mark.parametrize("leaks", ["", "ticket", "number"])
def test_a_list_is_filtered_by_each_name_alone(tmp_path: Path, leaks: str) -> None:
    declared = (
        "{name: ticket, in: query, schema: {type: string}}, "
        "{name: number, in: query, schema: {type: integer}}"
    )
    listed = path("/talks", "listTalks", "Talk", many=True).replace("[]", f"[{declared}]")

    def api(who: str, call: Call) -> Reply:
        if call.path != "/talks":
            return Desk()(who, call)
        found = [e for e in TALKS if all(str(e[name]) == call.query[name] for name in call.query)]
        anybodys = [*call.query] == [leaks]
        return Reply(200, [e for e in found if anybodys or e["by"] == NAMES[who]])

    run = told(tmp_path, SHAPE + TALK, paths("query") + listed, OF_TICKETS, logged_in(api))
    assert (("Talk.said", "member") in run.proven) is bool(leaks)
    assert leaks or (run.report.findings, run.code) == ((), ExitCode.CLEAN)
