"""APIs that would fool a scanner: into a green it has not earned, or into a finding that is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scan.clinic import Clinic
from tests.scan.servers import Call, Reply, serve
from tests.scan.test_hard_targets import Run, scan

JSON = (("content-type", "application/json"),)
ADA = "p-1001-ada"


class Others(Clinic):
    """Answers others about a patient in a way of its own; owners as always."""

    def __init__(self, answer: Callable[[dict[str, Any]], Reply], fixed: bool = True) -> None:
        super().__init__(leaks=not fixed)
        self.answer = answer

    def _patient(self, call: Call, parts: list[str], who: str) -> Reply:
        if len(parts) == 2 and parts[1] != who:
            return self.answer(self.people[parts[1]])
        return super()._patient(call, parts, who)


def phone(run: Run) -> str:
    """What is said of a patient's phone, asked for by another."""
    cells = run.report["coverage"]["cells"]
    (found,) = {
        c["result"]
        for c in cells
        if (c["field"], c["viewer"], c["path"]) == ("phone", "member", "/patients/{patientId}")
    }
    return str(found)


def raw(text: bytes | str, status: int = 200, media: str = "application/json") -> Reply:
    body = text if isinstance(text, bytes) else text.encode()
    return Reply(status, body, (("content-type", media),))


@pytest.mark.parametrize(
    "answer",
    [
        lambda p: raw(json.dumps({**p, "x": "?"}).replace('"?"', '"\\ud800"')),
        lambda p: raw(json.dumps({**p, "x": 0}).replace('"x": 0', '"x": NaN')),
        lambda p: raw(b"\xef\xbb\xbf" + json.dumps(p).encode()),
        lambda p: raw(json.dumps(p).encode()[:-1] + b', "x": "\xe9"}'),
        lambda p: raw(json.dumps(p)[:-1] + ', "phone": null}'),
        lambda p: raw(json.dumps(p), status=203),
        lambda p: raw(json.dumps(p), media="text/plain"),
        lambda p: raw(json.dumps(p), media="application/octet-stream"),
        lambda p: Reply(200, {**p, "phone": f"tel:{p['phone']} (home)"}),
        lambda p: Reply(200, {**p, "nested": {"deeper": [p["phone"]]}, "phone": None}),
    ],
    ids=[
        "surrogate", "nan", "bom", "latin1", "twice", "203", "text", "octets", "dressed", "nested",
    ],
)  # fmt: skip
def test_a_leak_in_a_strange_body_is_seen(tmp_path: Path, answer: Any) -> None:
    with serve(Others(answer)) as server:
        run = scan(tmp_path, server.url)
    assert phone(run) == "leak"
    assert run.code == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda p: raw('{"id": "cut'),
        lambda p: raw("<html>", media="text/html"),
        lambda p: raw('{"a":1}\n{"b":2}', media="application/x-ndjson"),
        lambda p: Reply(500, {"error": "boom"}),
        lambda p: Reply(302, None, (("location", "/login"),)),
    ],
    ids=["cut", "html", "ndjson", "500", "302"],
)
def test_what_cannot_be_read_is_not_closed(tmp_path: Path, answer: Any) -> None:
    with serve(Others(answer)) as server:
        run = scan(tmp_path, server.url)
    assert phone(run) == "untested"


def test_a_target_that_begins_to_refuse_is_not_clean(tmp_path: Path) -> None:
    wall = Reply(403, {"error": "blocked by firewall"})
    clinic = Clinic(leaks=False, before=lambda call, n: wall if n > 12 else None)
    with serve(clinic) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 3
    assert "started to refuse" in run.out.replace("\n", " ").replace("    ", "")


def test_an_object_without_its_owner_hides_no_leak(tmp_path: Path) -> None:
    bare = lambda p: Reply(200, {k: v for k, v in p.items() if k != "id"})  # noqa: E731
    with serve(Others(bare)) as server:
        run = scan(tmp_path, server.url)
    assert phone(run) == "leak"


@pytest.mark.parametrize("value", ["hidden by the member", "***", "", None, 0, False], ids=str)
def test_a_placeholder_is_no_leak(tmp_path: Path, value: Any) -> None:
    masked = lambda p: Reply(200, {"id": p["id"], "name": p["name"], "phone": value})  # noqa: E731
    with serve(Others(masked)) as server:
        run = scan(tmp_path, server.url)
    assert phone(run) in ("closed", "untested")
    assert run.report["summary"]["proven"] == 0


def test_a_default_that_everybody_has_is_no_leak(tmp_path: Path) -> None:
    clinic = Others(lambda p: Reply(200, {k: p[k] for k in ("id", "name", "phone")}))
    for person in clinic.people.values():
        person["phone"] = "not-given"
    with serve(clinic) as server:
        run = scan(tmp_path, server.url)
    assert phone(run) == "untested"


class Sloppy(Clinic):
    """Asked for another's settings, gives the caller's own, or says no with 200."""

    says: Any = None

    def _patient(self, call: Call, parts: list[str], who: str) -> Reply:
        if len(parts) == 3 and call.method == "GET" and parts[1] != who:
            return Reply(200, self.says or self.settings[who])
        return super()._patient(call, parts, who)


@pytest.mark.parametrize("says", [None, {"error": "forbidden", "code": 4031}], ids=["own", "error"])
def test_a_sloppy_no_is_no_leak(tmp_path: Path, says: Any) -> None:
    clinic = Sloppy(leaks=False)
    clinic.says = says
    clinic.settings["p-1002-bea"]["is_private"] = False
    with serve(clinic) as server:
        run = scan(tmp_path, server.url)
    assert run.report["findings"] == []


def test_personal_keys_and_echoed_tokens_stay_unwritten(tmp_path: Path) -> None:
    mail = "mum-of-ada@secret.example"

    def answer(p: dict[str, Any]) -> Reply:
        return Reply(200, {**p, "trusted": {mail: p["diary"]}, "by": {"+49-555-001-002": 1}})

    with serve(Others(answer)) as server:
        run = scan(tmp_path, server.url, "--html", str(tmp_path / "report.html"))
    written = [f.read_text() for f in tmp_path.iterdir() if f.suffix in (".json", ".html")]
    for text in (*written, run.out):
        assert mail not in text
        assert "+49-555" not in text


def test_a_deep_body_ends_nothing(tmp_path: Path) -> None:
    deep = "[" * 3000 + "]" * 3000
    with serve(Others(lambda p: raw('{"id": "x", "deep": ' + deep + "}"))) as server:
        run = scan(tmp_path, server.url)
    assert run.code in (0, 1, 3)
    assert run.report["schema"] == "oakum.report/2"


class Counted(Clinic):
    """Ids are small numbers, zero and one among them."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.names = (str(first), str(first + 1))
        people = list(self.people.values())
        self.people = {str(n): {**p, "id": n} for n, p in enumerate(people, first)}
        self.settings = dict(zip(self.names, self.settings.values(), strict=True))

    def _login(self, call: Call) -> Reply:
        reply = super()._login(call)
        if reply.status == 200:
            name = call.json["username"]
            self.tokens[reply.body["token"]] = (self.names[name != "ada"], 0)
        return reply


@pytest.mark.parametrize("first", [0, 1])
def test_ids_zero_and_one_are_ids(tmp_path: Path, first: int) -> None:
    with serve(Counted(first)) as server:
        run = scan(tmp_path, server.url)
    assert phone(run) == "leak"
    assert server.count(f"/patients/{first}")


def test_a_strangers_id_in_a_feed_is_not_asked_for(tmp_path: Path) -> None:
    """Ids that nobody is known to own may be somebody's."""
    from tests.scan import clinic as made

    feed = """\
  /feed:
    get:
      operationId: feed
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {type: object, properties: {visit_id: {type: string}}}}}}}}
  /visits/{visitId}:
    get:
      operationId: getVisit
      parameters: [{name: visitId, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
  /purge:
"""
    made.write(tmp_path)
    (tmp_path / "openapi.yaml").write_text(made.DOCUMENT.replace("  /purge:\n", feed))

    def before(call: Call, number: int) -> Reply | None:
        if call.path == "/feed":
            return Reply(200, {"items": [{"visit_id": "stranger-visit-5"}]})
        return None

    with serve(Clinic(before=before)) as server:
        scan(tmp_path, server.url)
    assert server.count("/feed") > 0
    assert not server.count("/visits/stranger-visit-5")
