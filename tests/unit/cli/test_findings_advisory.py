"""`oakum findings advisory`, of a real scan: no value of a person, and nothing asked unbidden."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest

from oakum.report import json_document
from tests.scan.clinic import PASSWORDS, SECRETS, VALUES, Clinic, write
from tests.scan.servers import Call, Reply, Server, serve
from tests.unit.cli.shell import Done, oakum

CONTACT = b"Contact: mailto:security@clinic.test\nExpires: 2999-01-01T00:00:00Z\n"


@dataclass
class Desk:
    """A clinic that leaks, the report of a scan of it, and the memory of that."""

    server: Server
    folder: Path
    fingerprint: str
    told: Reply

    def __call__(self, *words: object) -> Done:
        return oakum(
            "findings",
            "advisory",
            self.fingerprint,
            "--report",
            self.folder / "report.json",
            *words,
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("clinic")
    write(folder)
    clinic, scanning = Clinic(leaks=True), [True]

    def app(call: Call) -> Reply:
        if call.path == "/.well-known/security.txt" and not scanning:
            return made.told
        return clinic(call)

    environ = dict(zip(("ADA_PASSWORD", "BEA_PASSWORD"), PASSWORDS.values(), strict=True))
    with serve(app) as server, patch.dict(os.environ, environ):
        report = folder / "report.json"
        done = oakum(
            "scan", folder / "exposure.yaml", "--identities", folder / "identities.yaml",
            "--target", server.url, "--rate", 1000, "--quiet", "--json", report,
        )  # fmt: skip
        assert done.code == 1
        found = json_document.read(report.read_bytes()).findings
        assert all(each.evidence for each in found)
        assert oakum("findings", folder / "memory.json", "--report", report, "--write").code == 0
        scanning.clear()
        made = Desk(server, folder, found[0].fingerprint, Reply(404, {"error": "not found"}))
        yield made


FORMS = [("vendor", "markdown"), ("vendor", "csaf"), ("vendor", "json"), ("authority", "markdown"),
         ("authority", "json")]  # fmt: skip


@pytest.mark.parametrize(("to", "form"), FORMS)
def test_no_value_of_a_person_and_no_secret_is_in_any_draft(desk: Desk, to: str, form: str) -> None:
    before = len(desk.server.calls)
    report = json_document.read((desk.folder / "report.json").read_bytes())
    hashes = {line.hash for each in report.findings if each.evidence is not None
              for line in each.evidence.viewer.lines if line.hash}  # fmt: skip
    assert hashes
    for finding in report.findings:
        file = desk.folder / "report.json"
        done = oakum("findings", "advisory", finding.fingerprint, "--report", file, "--to", to,
                     "--format", form, "--memory", desk.folder / "memory.json")  # fmt: skip
        assert (done.code, done.err) == (0, "")
        assert not [each for each in (*VALUES, *SECRETS, *hashes) if str(each) in done.out]
        assert "tok-" not in done.out and "canary" not in done.out.lower()
        assert "<" in done.out and finding.resource in done.out
    assert len(desk.server.calls) == before


def test_the_memory_and_the_clock_hold_none_either(desk: Desk) -> None:
    text = (desk.folder / "memory.json").read_text(encoding="utf-8")
    assert not [each for each in (*VALUES, *SECRETS) if str(each) in text]
    assert desk.server.url not in text and '"ada"' not in text


def test_the_contact_is_asked_for_once_and_only_when_told_to(desk: Desk) -> None:
    desk.told = Reply(200, CONTACT, (("content-type", "text/plain"),))
    before = len(desk.server.calls)
    done = desk("--fetch-contact")
    assert (done.code, done.err) == (0, "")
    assert "- To: `mailto:security@clinic.test`" in done.out
    assert "good until 2999-01-01" in done.out
    (call,) = desk.server.calls[before:]
    assert (call.method, call.path) == ("GET", "/.well-known/security.txt")
    assert "authorization" not in call.headers


@pytest.mark.parametrize(
    "told",
    [
        Reply(404, {"error": "not found"}),
        Reply(302, b"", (("location", "http://127.0.0.1:1/security.txt"),)),
        Reply(200, b"<html>", (("content-type", "text/html"),)),
    ],
    ids=["none", "elsewhere", "a page"],
)
def test_a_target_without_a_contact_is_told_and_followed_nowhere(desk: Desk, told: Reply) -> None:
    desk.told = told
    done = desk("--fetch-contact")
    assert (done.code, done.out) == (2, "")
    assert "not 200 with `text/plain`: this is not a security.txt" in done.err


def test_a_contact_can_be_given_as_a_file(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "security.txt"
    file.write_bytes(CONTACT)
    assert "mailto:security@clinic.test" in desk("--security-txt", file).out
    said = desk("--security-txt", file, "--format", "json").json
    assert said["schema"] == "oakum.advisory/2"
    assert said["contact"]["ways"] == ["mailto:security@clinic.test"]
    assert desk("--security-txt", tmp_path / "none.txt").code == 2
    assert desk("--security-txt", file, "--fetch-contact").code == 2


def test_what_there_is_nobody_to_tell_of_is_refused(desk: Desk, tmp_path: Path) -> None:
    assert desk("--to", "authority", "--format", "csaf").code == 2
    whole = json_document.read((desk.folder / "report.json").read_bytes())
    for change, said in (
        ({"verdict": "over_blocked", "rule": "over-block"}, "nobody to report it to"),
        ({"rule": "of-tomorrow"}, "a rule that this version does not know"),
    ):
        one = replace(whole.findings[0], **change)  # type: ignore[arg-type]
        file = tmp_path / "other.json"
        file.write_bytes(json_document.render(replace(whole, findings=(one, *whole.findings))))
        done = oakum("findings", "advisory", one.fingerprint, "--report", file)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    assert (
        oakum("findings", "advisory", "0" * 16, "--report", desk.folder / "report.json").code == 2
    )
