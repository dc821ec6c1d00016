"""`oakum observe traffic` over traffic of cadence: what it finds, and that it keeps no value."""

from __future__ import annotations

import json
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cadence
from oakum.cli.main import main
from oakum.contract_diff.compare import compare
from oakum.contract_diff.render_text import changes
from oakum.policy.contract import load
from tests.cadence.play import Play
from tests.observe.share import compared, model
from tests.observe.traffic import Recorder, personas

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")
DOCUMENT = CONTRACT.with_name("openapi.yaml")
STATES = (
    {"private": False, "hide_age": False, "effort_zones_private": False},
    {"private": True, "hide_age": True, "effort_zones_private": False},
)


@dataclass(frozen=True)
class Stage:
    play: Play
    recorder: Recorder
    file: Path

    def secrets(self) -> Iterator[str]:
        """Values of people, and what they log in with."""
        for row in self.play.rows("SELECT * FROM members"):
            yield from (str(row[each]) for each in ("id", "username", "email", "phone_number"))
            yield from (str(row[each]) for each in ("birthday", "first_name", "last_name"))
        for line in self.recorder.lines:
            cookie = line["request"]["headers"].get("cookie", "")
            yield from (piece.partition("=")[2] for piece in cookie.split("; ") if piece)


def made_of(play: Play, states: Sequence[dict[str, bool]], file: Path) -> Stage:
    recorder = personas(play, iter(states))
    file.write_text(recorder.text(), encoding="utf-8")
    return Stage(play, recorder, file)


def made(stage: str, folder: Path) -> Stage:
    found = made_of(Play(stage, members=8), STATES, folder / f"{stage}.ndjson")
    found.file.with_suffix(".har").write_text(json.dumps(found.recorder.har()), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return made("1", tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return made("fixed", tmp_path_factory.mktemp("fixed"))


def observe(*arguments: object, code: int) -> str:
    done = CliRunner().invoke(
        main, ["observe", *map(str, arguments)], standalone_mode=False, catch_exceptions=False
    )
    assert done.return_value == code, done.output
    return done.stdout


def document(*arguments: object, code: int) -> Any:
    return json.loads(observe("traffic", *arguments, "--format", "json", code=code))


def test_what_stage_1_leaks_is_drift_and_every_drift_is_a_leak(first: Stage) -> None:
    found = document(first.file, "--contract", CONTRACT, code=1)
    cells = json.loads(CONTRACT.with_name("truth.json").read_text(encoding="utf-8"))
    truth = {(cell["resource"], cell["field"]) for cell in cells}
    told = {(each["resource"], each["field"]) for each in found["drift"]}
    assert told <= truth
    personal = {"birthday", "gender", "age_decade", "location"}
    assert {("Member", name) for name in personal} <= told
    assert {each["contract"]["line"] for each in found["drift"]} - {0}


def test_the_fixed_api_has_not_drifted(fixed: Stage) -> None:
    found = document(fixed.file, "--contract", CONTRACT, code=0)
    assert found["drift"] == []
    assert found["trustworthy"]
    assert found["summary"]["operations"] == {
        "documented": 30,
        "shadow": 0,
        "zombie": 6,
        "seen": 0,
    }
    owners = {each["field"] for each in found["sent"] if each["viewer"] == "owner"}
    assert {"birthday", "email", "notification_email"} <= owners


def test_without_a_document_the_templates_are_those_of_the_document(fixed: Stage) -> None:
    named = document(fixed.file, "--openapi", DOCUMENT, code=0)
    bare = document(fixed.file, code=0)

    def blank(found: Any) -> set[tuple[str, str]]:
        paths = ((e["method"], e["path"]) for e in found["operations"] if e["seen"])
        return {(m, "/".join("{}" if "{" in s else s for s in p.split("/"))) for m, p in paths}

    assert blank(bare) == blank(named)


def test_an_endpoint_that_the_document_lacks_is_a_shadow(fixed: Stage, tmp_path: Path) -> None:
    line = {
        "request": {"method": "GET", "url": "/api/internal/members/7", "headers": {}},
        "response": {"status": 200, "headers": {}, "body": {"id": 7}},
    }
    gone = {**line, "response": {"status": 404, "headers": {}}}
    gone["request"] = {**line["request"], "url": "/wp-login.php"}
    (tmp_path / "more.ndjson").write_text(f"{json.dumps(line)}\n{json.dumps(gone)}\n")
    found = document(fixed.file, tmp_path / "more.ndjson", "--openapi", DOCUMENT, code=1)
    assert [(e["kind"], e["path"]) for e in found["drift"]] == [
        ("new-endpoint", "/api/internal/members/{memberId}")
    ]
    assert sum(found["aside"].values()) == 1


def test_what_makes_an_undeclared_endpoint_grave_stands_beneath_it(tmp_path: Path) -> None:
    line = {
        "request": {"method": "GET", "url": "/api/internal/members/7", "headers": {}},
        "response": {"status": 200, "headers": {}, "body": {"id": 7, "email": "a@b.example"}},
    }
    calm = {**line, "response": {"status": 200, "headers": {}, "body": {"id": 7}}}
    calm["request"] = {**line["request"], "url": "/api/internal/jobs/7"}
    calm["request"]["headers"] = {"authorization": "Bearer made-up"}
    (tmp_path / "more.ndjson").write_text(f"{json.dumps(line)}\n{json.dumps(calm)}\n")
    said = observe("traffic", tmp_path / "more.ndjson", "--openapi", DOCUMENT, code=3)
    (_, beneath), (_, quiet) = (
        said.split(f"    GET /api/internal/{each}: 1 exchange\n")
        for each in ("members/{memberId}", "jobs/{jobId}")
    )
    assert beneath.startswith("      answers without credentials; sends contact\n")
    assert "credentials" not in quiet.split("members")[0]


def test_no_value_of_a_person_is_in_any_output_or_temporary_file(
    first: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    har = first.file.with_suffix(".har")
    out = [
        observe(
            "traffic",
            har,
            "--contract",
            CONTRACT,
            "--json",
            tmp_path / "a.json",
            "--html",
            tmp_path / "a.html",
            code=1,
        ),
        observe("traffic", har, "--write-openapi", tmp_path / "o.yaml", code=0),
    ]
    out += [file.read_text() for file in tmp_path.glob("*.*")]
    assert len(out) == 5
    secrets = {each for each in first.secrets() if len(each) > 3}
    assert len(secrets) > 80
    given, told = har.read_text(), "\n".join(out)
    assert sum(secret in given for secret in secrets) > 40
    assert [secret for secret in secrets if secret in told] == []
    assert list(temporary.iterdir()) == []


def test_a_har_and_its_lines_give_the_same(fixed: Stage) -> None:
    lines = document(fixed.file, code=0)
    har = document(fixed.file.with_suffix(".har"), code=0)
    assert {**har, "sources": []} == {**lines, "sources": []}


def test_records_that_keep_no_credentials_prove_no_leak_of_who_asked(
    fixed: Stage, tmp_path: Path
) -> None:
    bare = [{**e, "request": {**e["request"], "headers": {}}} for e in fixed.recorder.lines]
    (tmp_path / "bare.ndjson").write_text("".join(f"{json.dumps(each)}\n" for each in bare))
    found = document(tmp_path / "bare.ndjson", "--contract", CONTRACT, code=0)
    assert found["drift"] == []
    assert found["unjudged"]["the caller could not be identified"] > 100


def test_a_source_that_gives_nothing_is_not_to_be_trusted(fixed: Stage, tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text("nothing here\n")
    out = observe("traffic", fixed.file, tmp_path / "empty.log", code=3)
    assert "1 skipped: a line that is not JSON" in out
    assert "gave no exchange" in out


def test_traffic_of_another_api_is_not_to_be_trusted(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text('{"method": "GET", "path": "/other", "status": 200}\n')
    out = observe("traffic", tmp_path / "a.log", "--contract", CONTRACT, code=3)
    assert "no exchange belongs to an operation that the document declares" in out


ONE_BY_ONE: tuple[dict[str, bool], ...] = (
    {"private": False, "hide_age": False, "effort_zones_private": False}
    | {"workout_maps_private": False},
    {"private": True},
    {"private": False, "hide_age": True},
    {"hide_age": False, "effort_zones_private": True},
    {"effort_zones_private": False, "workout_maps_private": True},
)


def test_a_draft_grants_what_was_sent_and_nothing_that_the_contract_denies(tmp_path: Path) -> None:
    """Of the fixed API, whose contract is known: at least nine tenths of what it grants."""
    play = Play("fixed", members=0)
    traffic = made_of(play, ONE_BY_ONE, tmp_path / "a.ndjson")
    drafted = tmp_path / "draft.yaml"
    observe("draft", traffic.file, "--contract", CONTRACT, "-o", drafted, code=0)
    shipped, granted = compared(CONTRACT, drafted)
    assert granted - shipped == set()
    assert len(granted) >= 0.9 * len(shipped)
    old, new = load(CONTRACT).document.locate, load(drafted).document.locate
    moves = changes(compare(model(CONTRACT), model(drafted)), old, new)
    assert [each.sentence for each in moves if each.direction in ("widened", "own")] == []
    text = drafted.read_text()
    assert [each for each in traffic.secrets() if len(each) > 3 and each in text] == []


POLICY = """
exposure: 1
api: openapi.json
caller: {claim: sub}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources: {Note: {key: id, owner: by, fields: {id: [{see: [anyone]}]}}}
operations: {getNotesById: {shows: {Note: ""}}}
"""


def note(caller: int, id: int, status: int) -> str:
    claims = urlsafe_b64encode(json.dumps({"sub": str(caller)}).encode()).decode().rstrip("=")
    body = {"id": id, "by": 1, "text": "made up"} if status == 200 else {"detail": "none"}
    headers = {"authorization": f"Bearer e30.{claims}.x"}
    asked = {"method": "GET", "url": f"/notes/{id}", "headers": headers}
    came = {"status": status, "headers": {"content-type": "application/json"}, "body": body}
    return json.dumps({"request": asked, "response": came}) + "\n"


@pytest.mark.parametrize(("last", "granted"), [(200, "member"), (404, "owner")])
def test_what_one_member_was_refused_is_not_granted_to_members(
    tmp_path: Path, last: int, granted: str
) -> None:
    lines = note(1, 5, 200) + note(2, 5, 200) + note(3, 5, last)
    (tmp_path / "a.ndjson").write_text(lines)
    (tmp_path / "exposure.yaml").write_text(POLICY)
    observe("traffic", tmp_path / "a.ndjson", "--write-openapi", tmp_path / "openapi.json", code=0)
    drafted = tmp_path / "draft.yaml"
    arguments = (tmp_path / "a.ndjson", "--contract", tmp_path / "exposure.yaml", "-o", drafted)
    observe("draft", *arguments, code=0)
    assert f"by, id, text: [{{see: [{granted}]}}]" in drafted.read_text()


def test_a_form_that_was_sent_is_declared_by_its_names(tmp_path: Path) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    asked = {"method": "POST", "url": "/login", "headers": kind, "body": "name=ann&word=made+up&x="}
    came = {"status": 200, "headers": {"content-type": "application/json"}, "body": {"token": "t"}}
    (tmp_path / "a.ndjson").write_text(json.dumps({"request": asked, "response": came}))
    observe("traffic", tmp_path / "a.ndjson", "--write-openapi", tmp_path / "openapi.json", code=0)
    text = (tmp_path / "openapi.json").read_text()
    (body,) = json.loads(text)["paths"]["/login"]["post"]["requestBody"]["content"].items()
    assert body[0] == "application/x-www-form-urlencoded"
    assert {*body[1]["schema"]["properties"]} == {"name", "word", "x"}
    assert "ann" not in text
    assert "made" not in text


def changed(caller: int, sent: dict[str, object], text: str) -> str:
    made = json.loads(note(caller, 5, 200))
    made["request"] |= {"method": "PUT", "body": sent}
    made["response"]["body"]["text"] = text
    return json.dumps(made) + "\n"


def test_who_may_set_a_field_is_drafted_where_a_write_was_seen_to_take(tmp_path: Path) -> None:
    shows = '{shows: {Note: ""}}'
    both = f"operations: {{getNotesById: {shows}, replaceNotesById: {shows}}}"
    policy = POLICY.replace(f"operations: {{getNotesById: {shows}}}", both)
    lines = note(1, 5, 200) + changed(1, {"id": 5, "by": 1, "text": "other"}, "other")
    # Sent back unchanged, and passed over: neither is a write.
    lines += changed(1, {"text": "other"}, "other") + changed(1, {"text": "third"}, "other")
    (tmp_path / "a.ndjson").write_text(lines)
    (tmp_path / "exposure.yaml").write_text(policy)
    observe("traffic", tmp_path / "a.ndjson", "--write-openapi", tmp_path / "openapi.json", code=0)
    drafted = tmp_path / "draft.yaml"
    arguments = (tmp_path / "a.ndjson", "--contract", tmp_path / "exposure.yaml", "-o", drafted)
    observe("draft", *arguments, code=0)
    assert "set by owner 1\n      text: [{see: [owner], set: [owner]}]" in drafted.read_text()
    assert drafted.read_text().count("set: [owner]") == 1
