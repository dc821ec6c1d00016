"""Targets that misbehave: the right exit code, a clear line, and a whole report, every time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.forked import Forked
from tests.patience import patient
from tests.scan.clinic import SECRETS, VALUES, Clinic, after, write
from tests.scan.servers import Reply, html_everywhere, serve

HTML = Reply(200, b"<!doctype html><title>app</title>", (("content-type", "text/html"),))


@dataclass
class Run:
    code: int
    out: str
    err: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "report.json").read_bytes())
        return loaded

    @property
    def prints(self) -> set[str]:
        return {each["fingerprint"] for each in self.report["findings"]}


def arguments(folder: Path, url: str, *more: str, contract: str = "exposure.yaml") -> list[str]:
    return [
        "scan", str(folder / contract), "--target", url,
        "--identities", str(folder / "identities.yaml"), "--rate", "500",
        "--json", str(folder / "report.json"), "--events", str(folder / "events.ndjson"), *more,
    ]  # fmt: skip


COMMAND = [sys.executable, "-m", "oakum"]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "ADA_PASSWORD": SECRETS[0],
    "BEA_PASSWORD": SECRETS[1],
    "NO_COLOR": "1",
}


def scan(folder: Path, url: str, *more: str, contract: str = "exposure.yaml") -> Run:
    if not (folder / "exposure.yaml").exists():
        write(folder)
    done = forked.run(*arguments(folder, url, *more, contract=contract), environment=ENVIRONMENT)
    assert "Traceback" not in done.err
    return Run(done.code, done.out, done.err, folder)


def nothing_personal(folder: Path, *texts: str) -> None:
    """No password, token or value of a person in anything that was written or printed."""
    inputs = {"identities.yaml", "exposure.yaml", "openapi.yaml"}
    written = [f.read_text() for f in folder.iterdir() if f.is_file() and f.name not in inputs]
    for text in (*written, *texts):
        for secret in (*SECRETS, *VALUES, "tok-ada", "tok-bea"):
            assert secret not in text


def test_a_leak_is_proven_and_nothing_personal_is_written(tmp_path: Path) -> None:
    with serve(Clinic()) as server:
        run = scan(tmp_path, server.url, "--html", str(tmp_path / "report.html"), "--journal",
                   str(tmp_path / "journal"))  # fmt: skip
    rules = {(f["rule"], f["field"], f["viewer"]) for f in run.report["findings"]}
    assert run.code == 1
    assert rules == {
        ("privacy-setting-not-enforced", "diary", "member"),
        ("authenticated-not-authorized", "phone", "member"),
    }
    assert all(f["verdict"] == "proven" for f in run.report["findings"])
    assert not [call for call in server.calls if call.method not in ("GET", "POST")]
    assert not server.count("/purge")
    nothing_personal(tmp_path, run.out, run.err)


def test_a_fixed_api_is_clean(tmp_path: Path) -> None:
    with serve(Clinic(leaks=False)) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 0, run.out
    assert run.report["findings"] == []


def test_every_request_says_who_asks(tmp_path: Path) -> None:
    with serve(Clinic()) as server:
        run = scan(tmp_path, server.url)
    assert all("oakum/" in call.headers["user-agent"] for call in server.calls)
    assert {call.headers["oakum-run"] for call in server.calls} == {run.report["run"]}
    assert len(server.calls) == run.report["requests"]


def test_without_a_policy_findings_are_suspected(tmp_path: Path) -> None:
    with serve(Clinic()) as server:
        run = scan(tmp_path, server.url, contract="openapi.yaml")
    assert run.code == 3, "nobody has stated a line: no defect of the API yet"
    (why,) = run.report["distrust"]
    assert "drafted" in why, "that nobody has confirmed a line is the one reason"
    assert all(each["drafted"] for each in run.report["findings"])
    assert run.report["summary"]["proven"] == 0
    assert "phone" in {f["field"] for f in run.report["findings"]}


def test_a_failed_login_is_not_trustworthy(tmp_path: Path) -> None:
    with serve(Clinic(wrong_password=True)) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 3
    assert "ada" in run.out
    assert run.report["trustworthy"] is False
    nothing_personal(tmp_path, run.out, run.err)


def test_a_target_that_is_down_is_not_trustworthy(tmp_path: Path) -> None:
    run = scan(tmp_path, "http://127.0.0.1:9")
    assert run.code == 3
    assert "nothing listens" in run.out + run.err
    assert run.report["findings"] == []


@pytest.mark.parametrize("lives", [3, 6, 9, 12])
def test_a_target_that_dies_midway_is_not_trustworthy(tmp_path: Path, lives: int) -> None:
    with serve(Clinic(before=after(lives, Reply(drop=True)))) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 3
    assert run.report["trustworthy"] is False
    assert run.report["coverage"] is not None


def test_html_everywhere_is_not_trustworthy(tmp_path: Path) -> None:
    with serve(html_everywhere) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 3
    assert run.report["findings"] == []


def test_html_after_the_login_is_not_trustworthy(tmp_path: Path) -> None:
    clinic = Clinic(before=lambda call, n: HTML if "patients" in call.path else None)
    with serve(clinic) as server:
        run = scan(tmp_path, server.url)
    assert run.code in (0, 3)
    assert not run.report["findings"]
    patients = [c for c in run.report["coverage"]["cells"] if "patients" in c["path"]]
    assert patients
    assert {c["result"] for c in patients} == {"untested"}


def test_429_is_waited_out(tmp_path: Path) -> None:
    slow = Reply(429, {"error": "slow"}, (("retry-after", "0"),))
    with serve(Clinic(before=lambda call, n: slow if n % 5 == 0 else None)) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 1
    assert run.report["summary"]["proven"] >= 2


def test_429_without_end_is_not_trustworthy(tmp_path: Path) -> None:
    slow = Reply(429, {"error": "slow"}, (("retry-after", "0"),))
    with serve(Clinic(before=after(8, slow))) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 3
    assert "limits the rate" in run.out


def test_errors_that_pile_up_stop_the_run(tmp_path: Path) -> None:
    with serve(Clinic(before=after(5, Reply(500, {"error": "boom"})))) as server:
        run = scan(tmp_path, server.url)
    assert run.code == 3
    assert len(server.calls) < 30


def test_tokens_that_expire_are_renewed(tmp_path: Path) -> None:
    with serve(Clinic()) as server:
        lasting = scan(tmp_path, server.url)
    other = tmp_path / "expiring"
    other.mkdir()
    with serve(Clinic(expire_every=4)) as server:
        run = scan(other, server.url)
    assert run.code == 1
    assert run.prints == lasting.prints
    assert server.count("/login") > 2


def test_a_spent_budget_is_said_and_not_green(tmp_path: Path) -> None:
    with serve(Clinic(leaks=False)) as server:
        run = scan(tmp_path, server.url, "--budget", "6")
    assert len(server.calls) == 6
    assert run.report["summary"]["untested"] > 0
    assert "budget" in run.out
    assert run.code != 1


def test_a_killed_run_goes_on_with_the_same_fingerprints(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    with serve(Clinic()) as server:
        expected = scan(whole, server.url, "--allow-own-settings").prints
    write(tmp_path)
    clinic = Clinic()
    stop = threading.Event()

    def slowly(call: object, number: int) -> None:
        if number == 14:
            stop.set()
            time.sleep(5)

    clinic.before = slowly  # type: ignore[assignment]
    more = ("--allow-own-settings", "--journal", str(tmp_path / "journal"))
    with serve(clinic) as server:
        process = Forked(*arguments(tmp_path, server.url, *more), environment=ENVIRONMENT)
        assert stop.wait(patient(30))
        process.kill()
        assert process.wait() == -signal.SIGKILL
        clinic.before = lambda call, number: None
        run = scan(tmp_path, server.url, *more, "--resume")
    assert run.code == 1
    assert run.prints == expected
    assert clinic.settings == Clinic().settings
    nothing_personal(tmp_path, run.out, run.err)


@pytest.mark.parametrize("number", [14, 18, 22, 26])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_settings_are_put_back_after_an_interrupt(
    tmp_path: Path, number: int, sent: signal.Signals
) -> None:
    write(tmp_path)
    clinic = Clinic()
    stop = threading.Event()

    def slowly(call: object, count: int) -> None:
        if count == number:
            stop.set()
            time.sleep(0.3)

    clinic.before = slowly  # type: ignore[assignment]
    with serve(clinic) as server:
        process = subprocess.Popen(
            COMMAND + arguments(tmp_path, server.url, "--allow-own-settings"), env=ENVIRONMENT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if stop.wait(patient(30)):
            process.send_signal(sent)
        out, err = process.communicate(timeout=patient(30))
    assert clinic.settings == Clinic().settings
    assert "Traceback" not in err
    assert json.loads((tmp_path / "report.json").read_bytes())["schema"] == "oakum.report/2"
    assert process.returncode in (1, 3), out


def test_flipped_settings_decide_both_states_and_are_put_back(tmp_path: Path) -> None:
    clinic = Clinic(leaks=False)
    with serve(clinic) as server:
        run = scan(tmp_path, server.url, "--allow-own-settings")
    assert run.code == 0, run.out
    cells = {
        (c["field"], c["viewer"], c["state"].get("private"), c["path"]): c["result"]
        for c in run.report["coverage"]["cells"]
    }
    assert cells["diary", "member", "true", "/patients/{patientId}"] == "closed"
    assert cells["diary", "member", "false", "/patients/{patientId}"] == "open"
    assert clinic.settings == Clinic().settings


def test_nothing_is_written_unless_allowed(tmp_path: Path) -> None:
    with serve(Clinic()) as server:
        scan(tmp_path, server.url)
    assert {call.method for call in server.calls} == {"GET", "POST"}
    assert {call.path for call in server.calls if call.method == "POST"} == {"/login"}


@pytest.mark.long
def test_a_target_that_dies_with_a_setting_flipped_is_told_by_name(tmp_path: Path) -> None:
    clinic = Clinic()
    dead = Reply(drop=True)
    clinic.before = lambda call, n: None if clinic.settings == Clinic().settings else dead
    with serve(clinic) as server:
        run = scan(tmp_path, server.url, "--allow-own-settings")
    assert run.code == 3
    told = [each for each in run.report["distrust"] if "could not be restored" in each]
    assert len(told) == 1
    assert told[0].startswith("`Settings.private` of ")
    assert told[0].endswith(" could not be restored to `true`: set it by hand")


def test_server_errors_do_not_keep_settings_from_being_put_back(tmp_path: Path) -> None:
    clinic = Clinic(leaks=False)
    boom = Reply(500, {"error": "boom"})
    clinic.before = lambda call, n: (
        boom
        if clinic.settings != Clinic().settings and not call.path.endswith("/settings")
        else None
    )
    with serve(clinic) as server:
        run = scan(tmp_path, server.url, "--allow-own-settings")
    assert any(call.method == "PUT" for call in server.calls)
    assert clinic.settings == Clinic().settings
    assert not [each for each in run.report["distrust"] if "restored" in each]


def test_a_put_that_nobody_can_read_is_not_sent_and_told_in_words(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.before = lambda call, n: (
        Reply(403, {"error": "no"}) if call.method == "GET" and "settings" in call.path else None
    )
    write(tmp_path)
    identities = tmp_path / "identities.yaml"
    stated = identities.read_text().replace(
        "PASSWORD}}", "PASSWORD}, states: {Settings.private: true}}"
    )
    identities.write_text(stated)
    with serve(clinic) as server:
        run = scan(tmp_path, server.url, "--allow-own-settings")
    assert not [call for call in server.calls if call.method == "PUT"]
    assert not [each for each in run.report["distrust"] if "restored" in each]
    assert any("so nothing was sent" in note for note in run.report["notes"])


@pytest.mark.parametrize(
    "more", [("--rate", "nan"), ("--rate", "inf"), ("--min-shown", "nan"), ("--min-shown", "inf")]
)
def test_what_is_no_number_is_a_mistake_of_usage(tmp_path: Path, more: tuple[str, str]) -> None:
    run = scan(tmp_path, "http://127.0.0.1:9", *more)
    assert run.code == 2
    assert more[0] in run.err


def test_a_password_in_the_target_is_refused_and_not_repeated(tmp_path: Path) -> None:
    run = scan(tmp_path, f"http://ada:{SECRETS[0]}@127.0.0.1:9")
    assert run.code == 2
    assert "a password" in run.err
    nothing_personal(tmp_path, run.out, run.err)


def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    with serve(Clinic()) as server:
        done = forked.run(*arguments(tmp_path, server.url, "--dry-run"), environment=ENVIRONMENT)
    assert done.code == 0
    assert server.calls == []
    assert "GET /patients/{patientId}" in done.out
    assert "purge" in done.out.split("would not send")[1]
