"""`oakum scan --only`: what is told of a finding, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oakum.cli import scan_one_finding as command
from oakum.exposure.checks import CHECKS
from oakum.report import json_document
from oakum.scan.replay_result import EXIT_CODES, Replay, ReplayedEndpoint, ReplayVerdict, StillShown
from tests.scan.clinic import SECRETS, Clinic, write
from tests.scan.servers import serve
from tests.unit.cli.shell import Done, oakum
from tests.unit.report.sample import sample


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADA_PASSWORD", SECRETS[0])
    monkeypatch.setenv("BEA_PASSWORD", SECRETS[1])
    write(tmp_path)
    return tmp_path


@contextmanager
def clinic(folder: Path, **more: bool) -> Iterator[Callable[..., Done]]:
    """Runs a verb against a clinic; `report.json` is where scans report."""
    with serve(Clinic(**more)) as server:

        def run(verb: str, *words: object) -> Done:
            files = (folder / "exposure.yaml", "--identities", folder / "identities.yaml")
            return oakum(verb, *words, *files, "--target", server.url, "--rate", 1000, "--quiet")

        yield run


def scanned(folder: Path) -> str:
    """A fingerprint that a scan of the leaking clinic has found."""
    with clinic(folder, leaks=True) as run:
        assert run("scan", "--json", folder / "report.json").code == 1
    report = json_document.read((folder / "report.json").read_bytes())
    return report.findings[0].fingerprint


def test_what_leaks_still_is_open_and_ends_with_1(folder: Path) -> None:
    fingerprint = scanned(folder)
    with clinic(folder, leaks=True) as run:
        text = run("scan", "--only", fingerprint, "--report", folder / "report.json")
        data = run(
            "scan", "--only", fingerprint, "--report", folder / "report.json", "--format", "json"
        )
    assert (text.code, text.err, data.code) == (1, "", 1)
    assert text.out.startswith("still open  ")
    assert "  open at " in text.out
    assert data.json["schema"] == "oakum.replay/2"
    assert (data.json["fingerprint"], data.json["verdict"]) == (fingerprint, "still_open")
    assert {each["result"] for each in data.json["endpoints"]} == {"still_open"}


def test_what_was_repaired_is_fixed_and_ends_with_0(folder: Path) -> None:
    fingerprint = scanned(folder)
    with clinic(folder, leaks=False) as run:
        text = run("scan", "--only", fingerprint[:10], "--report", folder / "report.json")
        data = run(
            "scan", "--only", fingerprint, "--report", folder / "report.json", "--format", "json"
        )
    assert (text.code, data.code, data.json["verdict"]) == (0, 0, "fixed")
    assert text.out.startswith("fixed  ") and "  closed at " in text.out


def test_what_cannot_be_seen_is_untested_and_ends_with_3(folder: Path) -> None:
    fingerprint = scanned(folder)
    with clinic(folder, wrong_password=True) as run:
        done = run("scan", "--only", fingerprint, "--report", folder / "report.json")
    assert done.code == 3
    assert done.out.startswith("untested  ") and "not trustworthy: identity `ada`" in done.out
    assert not [secret for secret in SECRETS if secret in done.out + done.err]


def test_each_verdict_has_its_words_and_its_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = sample()
    known = {check.RULE.id for check in CHECKS}
    one = next(each for each in report.findings if each.rule in known)
    (folder / "report.json").write_bytes(json_document.render(report))

    def told(verdict: ReplayVerdict) -> Done:
        at = tuple(
            ReplayedEndpoint(endpoint, ReplayVerdict.FIXED, "why") for endpoint in one.endpoints
        )
        left = (StillShown("member\x1b[2J", "city", one.endpoints),)
        done = Replay(one, verdict, at, left, ("the budget was spent",), 12, 0.5)

        def stub(*_: object) -> Replay:
            return done

        monkeypatch.setattr("oakum.scan.replay_result.replay", stub)
        with clinic(folder) as run:
            return run("scan", "--only", one.fingerprint, "--report", folder / "report.json")

    for verdict in ReplayVerdict:
        done = told(verdict)
        assert done.code == EXIT_CODES[verdict]
        assert done.out.startswith(f"{verdict.value.replace('_', ' ')}  {one.rule}\n")
        assert "\x1b" not in done.out
        assert f"still: `member\\x1b[2J` sees `{one.resource}.city` at " in done.out
        assert "12 requests, 0.5 s" in done.out
    assert [int(EXIT_CODES[each]) for each in ReplayVerdict] == [0, 1, 1, 3]
    assert set(command._STYLES) == {each.value for each in ReplayVerdict}


def test_what_is_no_finding_is_refused_before_anything_is_asked(folder: Path) -> None:
    (folder / "report.json").write_bytes(json_document.render(sample()))
    with clinic(folder) as run:
        done = run("scan", "--only", "0123456789abcdef", "--report", folder / "report.json")
        assert (done.code, done.out) == (2, "")
        assert "no finding `0123456789abcdef`" in done.err
        done = run("scan", "--only", "0123456789abcdef", "--report", folder / "no.json")
        assert done.code == 2 and "no such file" in done.err
        fingerprint = sample().findings[0].fingerprint
        done = run("scan", "--only", fingerprint, "--report", folder / "report.json")
        assert done.code == 2 and "has no resource" in done.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "`--only` needs `--report`"),
        (("--report", "report.json", "--dry-run"), "`--dry-run` does nothing with `--only`"),
        (("--report", "report.json", "--html", "x.html"), "`--html` does nothing with `--only`"),
        (("--report", "report.json", "--min-shown", 5), "`--min-shown` does nothing with `--only`"),
        (("--report", "report.json", "--format", "sarif"), "`--only` has no format `sarif`"),
        (("--report", "report.json", "--restore"), "`--only` does nothing with `--restore`"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    folder: Path, more: tuple[object, ...], said: str
) -> None:
    with clinic(folder) as run:
        done = run("scan", "--only", "0123456789abcdef", *more)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_report_without_a_finding_to_ask_for_is_refused(folder: Path) -> None:
    with clinic(folder) as run:
        done = run("scan", "--report", folder / "report.json")
    assert done.code == 2 and "`--report` needs `--only`" in done.err
