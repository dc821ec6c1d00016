"""A scan from files to report, over a transport in memory."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from oakum.errors import InputError, TargetError
from oakum.exchange import Request, Response
from oakum.finding import Report, Result
from oakum.scan import assembly as module
from oakum.scan.assembly import Assembly
from oakum.scan.context import Event
from oakum.scan.dry_run import plan
from oakum.scan.journal import Journal, recall
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum.scan.run_report import RunReport
from oakum.scan.transport.connection_errors import NoAnswerError
from oakum.scan.undo.setting_change import SettingChange
from tests.unit.scan.studio import DOCUMENT, IDS, MISSING, POLICY, TARGET, Studio, reply

LEAK = Result.LEAK
IDENTITIES = """\
identities:
  ann: {header: "X-Who: ann"}
  bob: {header: "X-Who: bob"}
  cat: {header: "X-Who: cat"}
between: [bob is follower of ann]
"""


class Desk:
    """Files in a folder, and a studio where the network would be."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.studio = folder, Studio()
        self.events: list[Event] = []
        self.sent: list[Request] = []
        self.before: Callable[[Request, int], Response | None] = lambda request, number: None
        self.closed = False
        (folder / "openapi.yaml").write_text(DOCUMENT)
        (folder / "exposure.yaml").write_text(POLICY)
        (folder / "identities.yaml").write_text(IDENTITIES)
        (folder / "identities.yaml").chmod(0o600)
        patch.setattr(module, "HttpTransport", lambda *_, **__: self)

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        early = self.before(request, len(self.sent))
        if early is not None:
            return early
        if "/.well-known/" in request.url:
            return MISSING
        return self.studio(request.headers.get("x-who"), request)

    def close(self) -> None:
        self.closed = True

    def scan(self, **more: Any) -> Scan:
        options = Options(
            self.folder / "exposure.yaml", TARGET, self.folder / "identities.yaml",
            **{"rate": 1e6, **more},
        )  # fmt: skip
        return Scan(options, self.events.append)

    def report(self, **more: Any) -> Report:
        return self.scan(**more).report()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


class Open(Studio):
    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply(self.people[id]) if viewer and id in self.people else MISSING


def results(report: Report, result: Result) -> set[tuple[str, str, str]]:
    return {
        (cell.endpoint.operation, cell.field, cell.viewer)
        for cell in report.cells
        if cell.result is result
    }


def test_a_clean_api_gives_a_clean_report_that_can_be_trusted(desk: Desk) -> None:
    report = desk.report()
    assert (report.findings, report.distrust) == ((), ())
    assert report.count(Result.CLOSED) > 50
    assert [(state.name, state.ok) for state in report.identities] == [
        ("ann", True), ("bob", True), ("cat", True),
    ]  # fmt: skip
    assert report.requests == len(desk.sent)
    assert {each.endpoint.operation for each in report.skipped} == {
        "deletePerson", "putSettings", "resetAll",
    }  # fmt: skip
    assert desk.closed


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_after_the_last_request_loses_no_report(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals
) -> None:
    whole = desk.report()
    write_up = RunReport.report

    def interrupted(made: RunReport, *more: Any) -> Report:
        signal.raise_signal(sent)
        return write_up(made, *more)

    monkeypatch.setattr(RunReport, "report", interrupted)
    report = desk.report()
    assert (report.cells, report.distrust) == (whole.cells, ())
    assert [each for each in desk.events if each.kind == "phase" and "Ctrl-C" in str(each)]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("relation", ["member", "staff"])
def test_who_am_i_may_show_no_resource_and_be_closed_to_some(desk: Desk, relation: str) -> None:
    """Its answers are known from proving the identities."""
    plain = "content: {application/json: {schema: {type: object, properties: {id: {}}}}}"
    me = "operationId: getMe\n      responses: {"
    text = DOCUMENT.replace(
        me + '"200": {$ref: "#/components/responses/Person"}}',
        me + f'"200": {{description: ok, {plain}}}}}',
    )
    assert text != DOCUMENT
    (desk.folder / "openapi.yaml").write_text(text)
    (desk.folder / "exposure.yaml").write_text(f"{POLICY}  getMe: {{call: [{relation}]}}\n")
    found = {(each.rule, each.viewer) for each in desk.report().findings}
    told = {("broken-function-level-authorization", "member")}
    assert found == (told if relation == "staff" else set())


@pytest.mark.parametrize("writes", [False, True])
def test_what_the_document_is_wrong_about_is_left_out_and_named(desk: Desk, writes: bool) -> None:
    wrong = "  /wrong:\n    get: {operationId: getWrong, responses: {200: {$ref: '#/no'}}}\n"
    text = DOCUMENT.replace("paths:\n", f"paths:\n{wrong}", 1)
    (desk.folder / "openapi.yaml").write_text(text)
    report = desk.report(allow_writes=writes)
    told = {each.endpoint.operation: each.reason for each in report.skipped}
    at = f"{desk.folder}/openapi.yaml:5:58"
    assert told["getWrong"] == (
        f"the document is wrong there: {at}: `#/no` points to nothing: there is no `no`"
    )
    assert not [each for each in desk.sent if each.url.endswith("/wrong")]
    assert "getWrong" not in {cell.endpoint.operation for cell in report.cells}
    assert [w for w in desk.scan().prepared.warnings if "`#/no` points to nothing" in str(w)]


def test_a_read_that_gets_no_answer_is_untested_and_the_rest_goes_on(desk: Desk) -> None:
    clean = desk.report()
    endless: list[Request] = []

    def before(request: Request, number: int) -> Response | None:
        if urlsplit(request.url).path.endswith("/posts/details"):
            endless.append(request)
            raise NoAnswerError("no answer in time")
        return None

    desk.before = before
    report = desk.report()
    closed, before_it = (
        {cell.endpoint.operation for cell in each.cells if cell.result is Result.CLOSED}
        for each in (report, clean)
    )
    assert (len(endless), report.findings) == (1, ())
    assert before_it - closed == {"getPosts", "getCourse"}  # whose ids come from there
    assert any("posts/details" in reason for reason in report.distrust)


def test_a_search_for_other_endpoints_knows_what_cannot_be_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = DOCUMENT.replace("paths:\n", "paths:\n  /wrong: {get: {$ref: '#/no'}}\n", 1)
    (desk.folder / "openapi.yaml").write_text(text)
    known: list[tuple[str, ...]] = []
    made = Assembly.engine

    def engine(assembly: Assembly, found: Any) -> Any:
        engine = made(assembly, found)
        known.append(tuple(each.path for each in engine.context.left_out))
        return engine

    monkeypatch.setattr(Assembly, "engine", engine)
    desk.report()
    assert known == [("/wrong",)]


def test_a_leaking_api_is_proven_to_leak(desk: Desk) -> None:
    desk.studio = Open()
    # The studio lists everybody, so that anybody may be a follower whom no line states.
    nobody = POLICY.replace("listPeople, id: /data/*/id", "listPeople, id: /followers/*/id")
    (desk.folder / "exposure.yaml").write_text(nobody)
    report = desk.report()
    assert {(each.field, each.viewer) for each in report.findings} >= {
        ("phone", "member"), ("bio", "member"),
    }  # fmt: skip
    assert {each.verdict for each in report.findings} == {"proven"}
    assert all(
        cell.endpoint.operation == "getPerson"
        for cell in report.cells
        if cell.result is Result.LEAK
    )


def test_a_plan_names_every_request_and_sends_none(desk: Desk) -> None:
    lines = {line["request"] for line in plan(desk.scan(allow_own_settings=True).prepared)}
    assert "GET /people/{personId}  with personId = Person.id" in lines
    assert "PUT /people/{personId}/settings" in lines
    assert "GET /reset" not in lines
    assert not any("PUT" in line["request"] for line in plan(desk.scan().prepared))
    assert desk.sent == []


def test_settings_are_put_back_after_a_whole_run(desk: Desk) -> None:
    before = {id: dict(each) for id, each in desk.studio.settings.items()}
    report = desk.report(allow_own_settings=True)
    assert any(request.method == "PUT" for request in desk.sent)
    assert desk.studio.settings == before
    assert report.distrust == ()


@pytest.mark.parametrize("ending", [TargetError("it went down"), KeyboardInterrupt()])
def test_settings_are_put_back_however_a_run_ends(desk: Desk, ending: BaseException) -> None:
    before = {id: dict(each) for id, each in desk.studio.settings.items()}
    raised = False

    def die(request: Request, number: int) -> Response | None:
        nonlocal raised
        if not raised and any(each.method == "PUT" for each in desk.sent[:-2]):
            raised = True
            raise ending
        return None

    desk.before = die
    report = desk.report(allow_own_settings=True)
    assert raised
    assert desk.studio.settings == before
    assert report.distrust and report.cells


def test_an_impatient_ctrl_c_leaves_nothing_half_put_back(desk: Desk) -> None:
    before = {id: dict(each) for id, each in desk.studio.settings.items()}
    raised = 0

    def die(request: Request, number: int) -> Response | None:
        nonlocal raised
        if raised < 3 and any(each.method == "PUT" for each in desk.sent[:-2]):
            raised += 1
            signal.raise_signal(signal.SIGINT)
        return None

    desk.before = die
    report = desk.report(allow_own_settings=True)
    assert raised == 3  # in the run once, and twice while things are put back
    assert desk.studio.settings == before
    assert report.distrust == ("interrupted: requests that were not sent are reported as untested",)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_settings_are_put_back_when_the_budget_is_spent(desk: Desk) -> None:
    before = {id: dict(each) for id, each in desk.studio.settings.items()}
    whole = len(desk.sent) or desk.report(allow_own_settings=True).requests
    puts = [n for n, request in enumerate(desk.sent) if request.method == "PUT"]
    assert puts
    desk.sent.clear()
    report = desk.report(allow_own_settings=True, budget=puts[0] + 3)
    assert desk.studio.settings == before
    assert report.requests < whole
    assert any("untested" in note for note in report.notes)


def test_a_smaller_budget_finds_nothing_that_the_whole_run_does_not(desk: Desk) -> None:
    whole = desk.report()
    told = {each.fingerprint for each in whole.findings}
    wrong = {(c.resource, c.field, c.viewer, c.state) for c in whole.cells if c.result is LEAK}
    for budget in range(4, whole.requests, 3):
        less = desk.report(budget=budget)
        assert {each.fingerprint for each in less.findings} <= told, budget
        leaks = {(c.resource, c.field, c.viewer, c.state) for c in less.cells if c.result is LEAK}
        assert leaks <= wrong, budget


def test_a_setting_that_cannot_be_put_back_is_no_footnote(desk: Desk) -> None:
    def refuse(request: Request, number: int) -> Response | None:
        puts = sum(each.method == "PUT" for each in desk.sent)
        return reply({"error": "no"}, 400) if request.method == "PUT" and puts > 1 else None

    desk.before = refuse
    report = desk.report(allow_own_settings=True)
    assert any("could not be restored" in each for each in report.distrust)


def test_what_a_killed_run_left_behind_is_restored_first(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    scan = desk.scan(journal=path)
    made = Journal(path, scan.run, TARGET, scan.prepared.digest(), resume=False)
    made.flip("flip", SettingChange("ann", "Settings.private", True, False))
    made.close()
    desk.studio.settings[IDS["ann"]]["is_private"] = False
    report = desk.report(journal=path, resume=True)
    assert desk.studio.settings[IDS["ann"]] == {"is_private": True, "theme": "theme-of-ann"}
    assert recall(path).pending == ()
    assert report.run == scan.run
    puts = [request for request in desk.sent if request.method == "PUT"]
    assert len(puts) == 1  # nothing else was allowed


def test_what_could_not_be_restored_is_no_footnote(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    scan = desk.scan(journal=path)
    made = Journal(path, scan.run, TARGET, scan.prepared.digest(), resume=False)
    made.flip("flip", SettingChange("ann", "Settings.private", True, False))
    made.close()
    desk.studio.settings[IDS["ann"]]["is_private"] = False
    desk.studio.settings[IDS["ann"]]["is_private"] = False
    desk.before = lambda request, number: reply(None, 400) if request.method == "PUT" else None
    report = desk.report(journal=path, resume=True)
    assert any("could not be restored" in each for each in report.distrust)
    assert len(recall(path).pending) == 1  # the next run tries again


def test_a_resumed_run_gives_the_same_findings_for_fewer_requests(
    desk: Desk, tmp_path: Path
) -> None:
    desk.studio = Open()
    first = desk.report(journal=tmp_path / "journal")
    second = desk.report(journal=tmp_path / "journal", resume=True)
    assert [each.fingerprint for each in first.findings] == [
        each.fingerprint for each in second.findings
    ]
    assert second.requests < first.requests


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"resume": True}, "--resume: needs the `--journal` of the run"),
        ({"resume": True, "journal": True}, "no such file or directory"),
    ],
)
def test_resuming_nothing_is_a_mistake_of_usage(
    desk: Desk, tmp_path: Path, more: dict[str, Any], message: str
) -> None:
    if "journal" in more:
        more = {**more, "journal": tmp_path / "none"}
    with pytest.raises(InputError) as caught:
        desk.scan(**more)
    assert message in str(caught.value)
    assert desk.sent == []


def test_a_journal_of_another_contract_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.report(journal=tmp_path / "journal")
    (tmp_path / "exposure.yaml").write_text(POLICY + "\n# changed\n")
    with pytest.raises(InputError) as caught:
        desk.scan(journal=tmp_path / "journal", resume=True)
    assert "belongs to another target or contract" in str(caught.value)


def flipped(desk: Desk, path: Path) -> None:
    """As a run leaves things that is killed after its first flip."""
    scan = desk.scan(journal=path)
    made = Journal(path, scan.run, TARGET, scan.prepared.digest(), resume=False)
    made.flip("flip", SettingChange("ann", "Settings.private", True, False))
    made.close()
    desk.studio.settings[IDS["ann"]]["is_private"] = False


def test_a_new_run_does_not_forget_what_is_still_flipped(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    flipped(desk, path)
    with pytest.raises(InputError) as caught:
        desk.scan(journal=path)
    assert "an interrupted run left settings of ann changed; add --resume" in str(caught.value)
    assert len(recall(path).pending) == 1


def test_with_another_contract_settings_are_put_back_and_nothing_else(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    flipped(desk, path)
    (tmp_path / "exposure.yaml").write_text(POLICY + "\n# changed\n")
    with pytest.raises(InputError) as caught:
        desk.report(journal=path, resume=True)
    assert "belongs to another target or contract" in str(caught.value)
    assert desk.studio.settings[IDS["ann"]]["is_private"] is True
    assert recall(path).pending == ()
    desk.report(journal=path)  # and now a new run may begin


def test_restoring_does_not_hang_on_the_budget(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    flipped(desk, path)
    desk.report(journal=path, resume=True, budget=5)
    assert desk.studio.settings[IDS["ann"]]["is_private"] is True


def test_what_could_not_be_restored_since_the_target_is_down_is_told(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    flipped(desk, path)

    def down(request: Request, number: int) -> Response | None:
        raise TargetError("nothing listens")

    desk.before = down
    report = desk.report(journal=path, resume=True)
    told = "`Settings.private` of ann could not be restored to `true`: set it by hand"
    assert told in report.distrust
    assert len(recall(path).pending) == 1


def test_the_request_at_which_the_target_went_away_is_named_without_values(desk: Desk) -> None:
    broken = f"/people/{IDS['ann']}"

    def down(request: Request, number: int) -> Response | None:
        if urlsplit(request.url).path.endswith(broken):
            raise TargetError("nothing listens")
        return None

    desk.before = down
    (told,) = (each for each in desk.report().distrust if "nothing listens" in each)
    assert re.fullmatch(r"nothing listens; the request was `GET /\S+\$ANN_\S+`", told)


def test_an_identity_that_fails_is_left_out_and_distrusted(desk: Desk) -> None:
    class Locked(Studio):
        def __call__(self, viewer: str | None, request: Request) -> Response:
            return super().__call__(None if viewer == "cat" else viewer, request)

    desk.studio = Locked()
    report = desk.report()
    assert [(state.name, state.ok) for state in report.identities] == [
        ("ann", True), ("bob", True), ("cat", False),
    ]  # fmt: skip
    assert any("identity `cat`" in each for each in report.distrust)
    assert not [cell for cell in report.cells if "cat" in cell.identity]


def test_a_target_that_shows_nobody_anything_tested_nothing(desk: Desk) -> None:
    def only_me(request: Request, number: int) -> Response | None:
        if request.url.endswith("/me"):
            who = request.headers.get("x-who")
            return reply({"me": who}) if who else reply(None, 401)
        return MISSING

    desk.before = only_me
    report = desk.report()
    assert report.findings == ()
    assert any("nothing was tested" in each for each in report.distrust)


def test_too_little_shown_is_not_to_be_trusted(desk: Desk) -> None:
    assert desk.report(min_shown=10).distrust == ()
    told = desk.report(min_shown=100).distrust
    assert len(told) == 1 and "less than the 100 % asked for" in told[0]


def test_the_journal_and_the_report_hold_no_value_of_anybody(desk: Desk, tmp_path: Path) -> None:
    desk.studio = Open()
    report = desk.report(journal=tmp_path / "journal", allow_own_settings=True)
    written = (tmp_path / "journal").read_text() + repr(report) + repr(desk.events)
    for values in (*desk.studio.people.values(), *desk.studio.posts.values()):
        for value in values.values():
            assert not isinstance(value, str) or value not in written


def test_who_to_write_to_is_told(desk: Desk) -> None:
    def contact(request: Request, number: int) -> Response | None:
        if request.url == f"{TARGET}/.well-known/security.txt":
            text = b"# hello\nContact: mailto:security@studio.test\nExpires: never\n"
            return Response(200, {"content-type": "text/plain"}, text)
        return None

    desk.before = contact
    notes = desk.report().notes
    assert tuple(each for each in notes if each.startswith("security.txt")) == (
        "security.txt says Contact: mailto:security@studio.test",
        "security.txt says Expires: never",
    )


def test_without_a_policy_one_is_drafted_and_nothing_is_proven(desk: Desk) -> None:
    desk.studio = Open()
    options = Options(
        desk.folder / "openapi.yaml", TARGET, desk.folder / "identities.yaml", rate=1e6
    )
    report = Scan(options, desk.events.append).report()
    assert not report.stated
    assert {each.verdict for each in report.findings} <= {"suspected"}


def test_every_mistake_is_told_before_the_first_request(desk: Desk) -> None:
    (desk.folder / "exposure.yaml").write_text(POLICY.replace("see: [owner]", "see: [owners]"))
    with pytest.raises(InputError) as caught:
        desk.scan()
    assert "exposure.yaml:" in str(caught.value) and "`owner`" in str(caught.value)
    assert desk.sent == []


@pytest.mark.parametrize("closed", [False, True])
def test_a_put_keeps_undeclared_settings_unless_the_document_forbids_them(
    desk: Desk, closed: bool
) -> None:
    shape = "properties: {is_private: {type: boolean}, theme: {type: string}}"
    assert shape in DOCUMENT
    if closed:
        strict = DOCUMENT.replace(shape, shape + "\n      additionalProperties: false")
        (desk.folder / "openapi.yaml").write_text(strict)
    for settings in desk.studio.settings.values():
        settings["language"] = "eo"
    report = desk.report(allow_own_settings=True)
    put = [request.body for request in desk.sent if request.method == "PUT"]
    assert put and all((b"language" in body) is not closed for body in put)
    assert any("`‹key›`" in each for each in report.distrust) is closed


def test_credentials_go_to_a_twin_that_was_named_and_to_no_front_end(desk: Desk) -> None:
    script = b'<script>fetch("/shop/cards/" + user.id)</script>'

    def before(request: Request, number: int) -> Response | None:
        if request.url.startswith("http://www.test"):
            return Response(200, {"content-type": "text/html"}, script)
        if request.url.startswith("http://old.test") or "/shop/" in request.url:
            return MISSING
        return None

    desk.before = before
    report = desk.report(twin=("http://old.test",), front_end=("http://www.test/",))
    assert (report.findings, report.distrust) == ((), ())
    to = {
        origin: [each for each in desk.sent if each.url.startswith(origin)]
        for origin in ("http://old.test", "http://www.test", f"{TARGET}/shop")
    }
    assert all(to.values())
    assert all("x-who" in each.headers for each in to["http://old.test"])
    assert not any("x-who" in each.headers for each in to["http://www.test"])
    assert {each.url for each in to["http://www.test"]} == {"http://www.test/"}
