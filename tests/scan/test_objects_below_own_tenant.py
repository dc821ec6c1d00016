"""Objects below a tenant: asked for below the viewer's own, and in each identity's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.scan.options import Options
from oakum.scan.replay_result import ReplayVerdict, replay
from tests.scan.servers import serve
from tests.scan.verdicts import KEYS, NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

EMPTY: dict[str, list[str]] = {"east": [], "west": [], "centre": []}
FIRMS: dict[str, list[str]] = {"north": ["ann", "bob"], **EMPTY, "south": ["cat", "dan"]}
ALL = {**NAMES, "dan": "u-4104", "eve": "u-4105"}
DOCS = {
    f"d-{number}": {
        "id": f"d-{number}", "firm_id": firm, "user_id": ALL[who], "text": f"{who} wrote {number}",
    }
    for number, firm, who in (
        (4711, "north", "ann"), (4712, "north", "bob"), (4713, "south", "cat"),
        (4714, "south", "dan"),
    )
}  # fmt: skip
IN = "field: firm_id, in: listMembers, id: /*/user_id"
RELATIONS = f"""\
exposure: 1
api: openapi.yaml
caller: {{operation: getMe, id: /id}}
relations:
  anyone: {{}}
  member: {{authenticated: true}}
  owner: {{is: owner}}
  colleague: {{{IN}}}
resources:
  Me: {{key: id, owner: id, fields: {{id: [{{see: [owner]}}]}}}}
"""
POLICY = """\
  Firm: {key: id, owner: none, fields: {id: [{see: [member]}]}}
  Doc:
    key: id
    owner: user_id
    main: getDoc
    fields: {"id, firm_id, user_id, text": [{see: [owner, colleague]}]}
operations:
  listMembers: {call: [member], params: {firm: Firm.id}}
  listDocs: {params: {firm: Firm.id}}
  getDoc: {params: {firm: Firm.id, doc: Doc.id}}
"""
SCHEMAS = (
    schema("Firm", id="string")
    + schema("Member", user_id="string")
    + schema("Doc", id="string", firm_id="string", user_id="string", text="string")
)
PATHS = (
    path("/firms", "listFirms", "Firm", many=True)
    + path("/firms/{firm}/members", "listMembers", "Member", many=True)
    + path("/firms/{firm}/docs", "listDocs", "Doc", many=True)
    + path("/firms/{firm}/docs/{doc}", "getDoc", "Doc")
)


def api(leak: str, listed: str = "own") -> Api:
    """The API, as `scan` says."""

    def may(who: str, firm: str) -> bool:
        return who in FIRMS.get(firm, ()) or (leak, firm) == ("south", "south")

    def firms(who: str) -> Any:
        if not who:
            return 401
        return [{"id": firm} for firm, own in FIRMS.items() if listed == "all" or who in own]

    def members(who: str, firm: str) -> Any:
        if who not in FIRMS.get(firm, ()):
            return 404 if who else 401
        return [{"user_id": ALL[each]} for each in FIRMS[firm]]

    def docs(who: str, firm: str) -> Any:
        if not who or not may(who, firm):
            return 404 if who else 401
        return [each for each in DOCS.values() if each["firm_id"] == firm]

    def doc(who: str, firm: str, id: str) -> Any:
        if leak == "cross and id" and who and not may(who, firm) and id in DOCS:
            return {"id": id, "user_id": DOCS[id]["user_id"]}
        if not who or not may(who, firm):
            return 404 if who else 401
        found = DOCS.get(id)
        return found if found and (found["firm_id"] == firm or leak.startswith("cross")) else 404

    one = "/firms/([^/]+)"
    return Api(
        {
            "/firms": firms,
            f"{one}/members": members,
            f"{one}/docs": docs,
            f"{one}/docs/([^/]+)": doc,
        }
    )


def scan(
    folder: Path, leak: str = "", policy: str = POLICY, order: str = "ann bob cat dan",
    listed: str = "own",
) -> Told:  # fmt: skip
    """`leak`: `cross`: that the document is of the firm is not checked (`and id`:
    and a stranger is told whose a document is); `south`: one firm is open
    to anybody who is logged in. `listed`: the firms that a caller is shown: their `own`, or
    `all`."""
    identities = "identities:\n" + "".join(
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778}}\n' for name in order.split()
    )
    return told(folder, SCHEMAS, PATHS, policy, api(leak, listed), identities, relations=RELATIONS)


@pytest.fixture(autouse=True)
def _more(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dan", "eve"):
        monkeypatch.setitem(KEYS, f"key-of-{name}-778", name)
        monkeypatch.setitem(NAMES, name, ALL[name])


ORDERS = pytest.mark.parametrize("order", ["ann bob cat dan", "cat ann dan bob"])
OF_NOBODY = POLICY.replace("key: id\n    owner: user_id", "key: id\n    owner: none").replace(
    "[owner, colleague]", "[colleague]"
)
BELOW_OWNER = POLICY.replace("key: id, owner: none", "key: id, owner: {caller: true}").replace(
    "see: [member]", "see: [owner]"
)


@ORDERS
@pytest.mark.parametrize("policy", [POLICY, BELOW_OWNER, OF_NOBODY])
def test_a_document_is_asked_for_below_the_viewers_own_firm(
    tmp_path: Path, order: str, policy: str
) -> None:
    run = scan(tmp_path, "cross", policy, order)
    assert ("Doc.text", "member") in run.proven
    assert {each.viewer for each in run.report.findings} == {"member"}


def test_nor_is_it_left_out_where_another_field_leaks(tmp_path: Path) -> None:
    """Strangers are shown the owner of a document, and below their own firm all of it."""
    run = scan(tmp_path, "cross and id")
    assert {("Doc.user_id", "member"), ("Doc.text", "member")} <= run.proven


@ORDERS
@pytest.mark.parametrize("policy", [POLICY, OF_NOBODY])
def test_one_firm_that_is_open_is_found(tmp_path: Path, order: str, policy: str) -> None:
    run = scan(tmp_path, "south", policy, order)
    assert ("Doc.text", "member") in run.proven


@ORDERS
@pytest.mark.parametrize("policy", [POLICY, OF_NOBODY])
def test_an_api_that_checks_both_is_clean(tmp_path: Path, order: str, policy: str) -> None:
    run = scan(tmp_path, "", policy, order)
    assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)


@pytest.mark.parametrize("leak", ["", "cross"])
def test_what_no_stranger_with_a_firm_asked_for_is_untested(tmp_path: Path, leak: str) -> None:
    """An API that checks the firm refuses whoever has none, whatever else it checks."""
    run = scan(tmp_path, leak, order="ann bob eve")
    assert run.report.findings == ()
    (why,) = run.report.distrust
    assert why.startswith("GET /firms/{firm}/docs/{doc}")
    assert "no caller who is `member` was asked below an own `firm`" in why
    assert run.code is ExitCode.NOT_TRUSTWORTHY


def test_an_identity_whose_firm_nothing_tells_is_named(tmp_path: Path) -> None:
    """All firms are listed to all callers, and cat and dan are in the last one."""
    run = scan(tmp_path, "", listed="all")
    assert run.report.findings == ()
    (why,) = run.report.distrust
    assert why.startswith("GET /firms/{firm}/docs is untested: no object of cat and dan was asked")
    assert run.code is ExitCode.NOT_TRUSTWORTHY


@pytest.mark.parametrize("leak", ["cross", "south"])
@pytest.mark.parametrize("fixed", [True, False])
def test_such_a_finding_alone_is_tested_again(tmp_path: Path, leak: str, fixed: bool) -> None:
    run = scan(tmp_path, leak)
    one = run.finding("Doc.text", "member")
    with serve(api("" if fixed else leak)) as server:
        options = Options(
            tmp_path / "exposure.yaml", server.url, tmp_path / "identities.yaml", rate=1000
        )
        again = replay(run.report, one, options, lambda event: None)
    assert again.verdict is (ReplayVerdict.FIXED if fixed else ReplayVerdict.STILL_OPEN)


def test_an_identity_whose_firm_is_one_of_too_many_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many firms are kept as values of a parameter as ann has; cat is in a further one."""
    for number in range(20):
        monkeypatch.setitem(FIRMS, f"f-{number}", ["ann", "bob"])
    run = scan(tmp_path, "")
    assert run.report.findings == ()
    assert any("no object of cat and dan was asked for" in why for why in run.report.distrust)
    assert any("in 4 tenants of an identity at most" in each for each in run.report.notes)
