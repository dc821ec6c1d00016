"""`oakum scan` and `oakum doctor`: what is refused before the first request, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scan.clinic import SECRETS, VALUES, Clinic, write
from tests.scan.servers import serve
from tests.unit.cli.shell import Done, oakum

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADA_PASSWORD", SECRETS[0])
    monkeypatch.setenv("BEA_PASSWORD", SECRETS[1])
    write(tmp_path)
    return tmp_path


def run(verb: str, folder: Path, target: str, *more: object) -> Done:
    files = (folder / "exposure.yaml", "--identities", folder / "identities.yaml")
    return oakum(verb, *files, "--target", target, "--rate", 1000, *more)


# ------------------------------------------------------------ exit codes


@pytest.mark.parametrize(("leaks", "code"), [(True, 1), (False, 0)])
def test_a_scan_ends_as_its_findings_say(folder: Path, leaks: bool, code: int) -> None:
    with serve(Clinic(leaks=leaks)) as server:
        done = run("scan", folder, server.url, "--format", "json")
    assert (done.code, done.err) == (code, "")
    assert done.json["schema"] == "oakum.report/2"
    assert bool(done.json["findings"]) is leaks


@pytest.mark.parametrize("verb", ["scan", "doctor"])
def test_a_login_that_fails_is_never_clean(folder: Path, verb: str) -> None:
    with serve(Clinic(wrong_password=True)) as server:
        done = run(verb, folder, server.url)
    assert done.code == 3
    assert "ada" in done.out
    assert not [secret for secret in SECRETS if secret in done.out + done.err]


@pytest.mark.parametrize("verb", ["scan", "doctor"])
def test_a_target_that_is_not_there_is_never_clean(folder: Path, verb: str) -> None:
    done = run(verb, folder, NOWHERE)
    assert done.code == 3
    assert "nothing listens" in done.out + done.err


# ------------------------------------------------------------ refused before the first request


@pytest.mark.parametrize("verb", ["scan", "doctor"])
@pytest.mark.parametrize("target", ["", "example.com", "ftp://example.com", "http://", "/x"])
def test_what_is_no_url_is_refused(folder: Path, verb: str, target: str) -> None:
    done = run(verb, folder, target)
    assert done.code == 2
    assert "is not a URL such as" in done.err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--budget", 0), "--budget"),
        (("--rate", 0), "--rate"),
        (("--min-shown", 101), "--min-shown"),
        (("--resume",), "needs the `--journal`"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--json", "{}/no/report.json"), "its folder does not exist"),
        (("--html", "{}/no/report.html"), "its folder does not exist"),
        (("--events", "{}/no/events"), "no such file or directory"),
        (("--journal", "{}/no/journal"), "no such file or directory"),
        (("--resume", "--journal", "{}/exposure.yaml"), "not a journal of Oakum"),
        (("--overlay", "{}/none.yaml"), "none.yaml"),
    ],
)
def test_a_slip_is_found_before_anything_is_sent(
    folder: Path, more: tuple[object, ...], words: str
) -> None:
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, *(str(each).format(folder) for each in more))
    assert done.code == 2, done
    assert words in done.err
    assert done.out == ""
    assert server.calls == []


@pytest.mark.parametrize("name", ["exposure.yaml", "identities.yaml", "openapi.yaml"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"a: 1\na: 2\n", None])
@pytest.mark.parametrize("verb", ["scan", "doctor"])
def test_a_broken_file_is_named(folder: Path, verb: str, name: str, content: bytes | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    done = run(verb, folder, NOWHERE)
    assert done.code == 2, done
    assert name in done.err and done.out == ""


def test_a_secret_that_is_missing_is_named_and_not_guessed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BEA_PASSWORD")
    done = run("scan", folder, NOWHERE)
    assert done.code == 2
    assert "BEA_PASSWORD" in done.err


# ------------------------------------------------------------ what is told


def test_a_dry_run_says_all_and_sends_nothing(folder: Path) -> None:
    with serve(Clinic()) as server:
        text = run("scan", folder, server.url, "--dry-run", "--allow-own-settings")
        data = run("scan", folder, server.url, "--dry-run", "--format", "json")
        quiet = run("scan", folder, server.url, "--dry-run")
    assert server.calls == []
    assert (text.code, data.code) == (0, 0)
    send, keep = text.out.split("would not send:")
    assert "GET /patients/{patientId}" in send and "GET /purge" in keep
    assert "PUT /patients/{patientId}/settings" in send
    assert "PUT /patients/{patientId}/settings" in quiet.out.split("would not send:")[1]
    assert data.json["schema"] == "oakum.plan/2"
    assert {each["request"] for each in data.json["skipped"]} >= {"GET /purge"}
    total = data.json["total"]
    assert 0 < total["documented"] < total["most"] == 500
    assert total["seconds"] == [round(total["documented"] / 1000, 1), 0.5]
    assert f"at most {total['documented']} requests to documented endpoints, and 500" in text.out
    assert "time: about" in text.out


def test_a_dry_run_estimates_no_more_than_the_budget(folder: Path) -> None:
    done = run("scan", folder, NOWHERE, "--dry-run", "--format", "json", "--budget", 3)
    assert done.json["total"]["documented"] <= done.json["total"]["most"] == 3


def test_what_was_tested_is_told_by_item_of_owasp(folder: Path) -> None:
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, "--json", folder / "r.json",
                   "--html", folder / "r.html")  # fmt: skip
    report = json.loads((folder / "r.json").read_bytes())
    items = {each["item"]: each for each in report["owasp"]}
    assert [each.partition(":")[0] for each in items] == [f"API{n}" for n in range(1, 11)]
    first = items["API1:2023"]
    assert first["title"] == "Broken Object Level Authorization"
    assert "broken-object-level-authorization" in first["tested"]
    untested = {each["rule"]: each["reason"] for each in first["untested"]}
    assert untested["bola-write"] == "needs `--allow-writes`"
    assert "missing-authentication" in items["API2:2023"]["tested"]
    assert items["API7:2023"]["tested"] == items["API7:2023"]["untested"] == []
    lines = " ".join(done.out.split())
    assert "API7 untested: Oakum has no check for it" in lines
    assert "bola-write (needs `--allow-writes`)" in lines
    page = (folder / "r.html").read_text()
    assert "Coverage of the OWASP API Security Top 10" in page and "bola-write" in page
    assert oakum("report", folder / "r.json").out == done.out


def test_no_rule_of_writes_is_called_tested_by_a_run_that_wrote_nothing(folder: Path) -> None:
    """Nothing of this API can be written and restored."""
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, "--allow-writes", "--format", "json")
    assert done.json["writes"]["sent"] == 0
    untested = {e["rule"]: e["reason"] for item in done.json["owasp"] for e in item["untested"]}
    why = "no request that writes could be sent"
    assert {rule for rule, reason in untested.items() if reason == why} == {
        "bola-write", "mass-assignment",
    }  # fmt: skip


def test_nothing_is_called_tested_by_a_run_that_could_not_log_in(folder: Path) -> None:
    with serve(Clinic(wrong_password=True)) as server:
        done = run("scan", folder, server.url, "--format", "json")
    tested = [rule for each in done.json["owasp"] for rule in each["tested"]]
    assert not {"broken-object-level-authorization", "missing-authentication"} & {*tested}


# ------------------------------------------------------------ how the target is reached


@pytest.mark.parametrize("verb", ["scan", "doctor"])
def test_a_header_is_sent_and_never_printed(folder: Path, verb: str) -> None:
    value = "env-secret-4711"
    more = ["--header", f"X-Environment: {value}"]
    if verb == "scan":
        for name in ("json", "html", "journal", "events"):
            more += [f"--{name}", str(folder / f"r.{name}")]
    with serve(Clinic()) as server:
        done = run(verb, folder, server.url, *more)
    assert server.calls
    assert {call.headers.get("x-environment") for call in server.calls} == {value}
    written = [each.read_text() for each in folder.iterdir() if each.suffix != ".yaml"]
    assert not [text for text in (done.out, done.err, *written) if value in text]
    if verb == "scan":
        assert "X-Environment: $HEADER_X_ENVIRONMENT".lower() in (
            (folder / "r.json").read_text().lower()
        )


@pytest.mark.parametrize("verb", ["scan", "doctor"])
@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--header", "Cookie: s3cr3t"), "into the identities file"),
        (("--header", "s3cr3t"), "is not a header such as"),
        (("--proxy", "s3cr3t"), "is not the URL of a proxy"),
        (("--ca", "exposure.yaml"), "exposure.yaml"),
    ],
)
def test_a_slip_in_how_the_target_is_reached_is_found_first(
    folder: Path, verb: str, more: tuple[str, str], words: str
) -> None:
    with serve(Clinic()) as server:
        done = run(verb, folder, server.url, *more)
    assert (done.code, server.calls) == (2, [])
    assert words in done.err and "s3cr3t" not in done.err


def test_a_scan_goes_through_the_proxy(folder: Path) -> None:
    with serve(Clinic()) as proxy:
        done = run("scan", folder, "http://clinic.example.test", "--proxy", proxy.url)
    assert done.code == 1
    assert {call.headers["host"] for call in proxy.calls} == {"clinic.example.test"}


# ------------------------------------------------------------ operations that are left out


def test_what_is_excluded_is_never_requested_and_is_named_untested(folder: Path) -> None:
    with serve(Clinic(leaks=False)) as server:
        whole = run("scan", folder, server.url, "--format", "json")
        assert whole.code == 0 and any(c.path.startswith("/patients/") for c in server.calls)
    with serve(Clinic(leaks=False)) as server:
        done = run("scan", folder, server.url, "--format", "json", "--exclude", "/patients/*")
        assert server.calls and not [c for c in server.calls if c.path.startswith("/patients/")]
    left = [each for each in done.json["skipped"] if each["path"].startswith("/patients/")]
    assert len(left) == 3
    assert {each["reason"] for each in left} == {"left out by `--exclude /patients/*`"}
    cells = done.json["coverage"]["cells"]
    assert cells and not [each for each in cells if each["path"].startswith("/patients/")]
    assert done.code == 3, "what is left out is not clean"
    assert any("GET /patients/{patientId} is untested" in why for why in done.json["distrust"])


def test_only_what_is_included_is_requested(folder: Path) -> None:
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, "--format", "json",
                   "--include", "get /patients/{patientId}", "--include", "getMe")  # fmt: skip
    tested = {(each["method"], each["path"]) for each in done.json["coverage"]["cells"]}
    assert tested == {("GET", "/patients/{patientId}"), ("GET", "/me")}
    assert not [call for call in server.calls if call.path in ("/patients", "/purge")]
    reasons = {each["path"]: each["reason"] for each in done.json["skipped"]}
    assert reasons["/purge"] == "left out: no `--include` names it"


def test_an_excluded_operation_is_not_called_by_what_may_write_either(folder: Path) -> None:
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, "--exclude", "putSettings", "--allow-own-settings",
                   "--allow-writes", "--twins")  # fmt: skip
    assert done.code in (1, 3)
    assert server.calls and not [call for call in server.calls if call.method == "PUT"]


def test_a_pattern_that_fits_nothing_is_a_slip(folder: Path) -> None:
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, "--exclude", "/patient/{patientId}")
        none = run("scan", folder, server.url, "--exclude", "*")
    assert (done.code, none.code, server.calls) == (2, 2, [])
    assert "--exclude: `/patient/{patientId}` fits no operation" in done.err
    assert "did you mean" in done.err
    assert "no operation is left to test" in none.err


def test_a_dry_run_names_what_is_left_out(folder: Path) -> None:
    done = run("scan", folder, NOWHERE, "--dry-run", "--exclude", "/patients/{patientId}")
    send, keep = done.out.split("would not send:")
    assert "GET /patients/{patientId}  with" not in send
    assert "left out by `--exclude /patients/{patientId}`" in keep


def test_events_are_lines_of_json_without_a_value(folder: Path) -> None:
    with serve(Clinic()) as server:
        run("scan", folder, server.url, "--events", folder / "events")
    lines = (folder / "events").read_text().splitlines()
    kinds = {json.loads(line)["event"] for line in lines}
    assert kinds == {"phase", "ask", "outcome"}
    assert "canary" not in "".join(lines)


def test_reports_are_written_beside_what_is_shown(folder: Path) -> None:
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, "--json", folder / "r.json",
                   "--html", folder / "r.html")  # fmt: skip
    assert done.code == 1
    written: dict[str, Any] = json.loads((folder / "r.json").read_bytes())
    assert written["summary"]["proven"] >= 2
    assert (folder / "r.html").read_text().lower().startswith("<!doctype html>")
    again = oakum("report", folder / "r.json")
    assert (again.code, again.out) == (done.code, done.out)


def test_reports_for_a_pipeline_hold_no_value_of_anybody(folder: Path) -> None:
    forms = ("sarif", "junit", "gitlab", "markdown")
    options = [part for form in forms for part in (f"--{form}", folder / f"r.{form}")]
    with serve(Clinic()) as server:
        done = run("scan", folder, server.url, "--format", "github", *options)
    assert done.code == 1
    texts = [done.out, *((folder / f"r.{form}").read_text() for form in forms)]
    assert all(len(text) > 200 for text in texts)
    assert not [word for word in (*SECRETS, *VALUES, server.url) for text in texts if word in text]


def test_doctor_says_who_is_proven(folder: Path) -> None:
    with serve(Clinic()) as server:
        text = run("doctor", folder, server.url)
        data = run("doctor", folder, server.url, "--format", "json")
    assert (text.code, data.code) == (0, 0)
    assert "ok      ada: logged in and verified" in text.out
    assert data.json["schema"] == "oakum.doctor/1"
    assert [(each["name"], each["ok"]) for each in data.json["identities"]] == [
        ("ada", True),
        ("bea", True),
    ]


def test_doctor_says_what_is_wrong(folder: Path) -> None:
    with serve(Clinic(wrong_password=True)) as server:
        data = run("doctor", folder, server.url, "--format", "json")
    assert (data.code, data.json["ok"]) == (3, False)
    assert all(each["message"] for each in data.json["identities"])
    assert not [secret for secret in SECRETS if secret in data.out]
