"""Scans through a proxy that stops once the run has made something."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest

from oakum.errors import ExitCode
from oakum.finding import Report
from oakum.report.grouping import exit_code
from oakum.scan.options import Options
from oakum.scan.restore_command import restore
from oakum.scan.run import Scan
from oakum.scan.transport.connection_options import Connection
from tests.catalogue.play import hasty, options_of, serving
from tests.scan.notebook import Notebook, entry
from tests.scan.proxies import Proxy
from tests.scan.servers import Call, Reply, serve
from tests.unit.cli.shell import oakum

pytestmark = pytest.mark.server
STOPS = {
    "hangs up": Reply(drop=True),
    "asks for credentials": Reply(407, {}, (("proxy-authenticate", "Basic"),)),
    "is denied": Reply(403, b"denied"),
    "has no way": Reply(502, b"bad gateway"),
    "is busy": Reply(503, b"later"),
}


@dataclass
class Bench:
    proxy: Proxy
    options: Options
    book: Notebook


@contextmanager
def bench(folder: Path, stopped: Reply, *, journal: bool = True) -> Iterator[Bench]:
    made, book = entry(())
    policy = made.write(folder, 1)
    with serving(made.app("leaky", 1)) as target:
        proxy = Proxy(target, stopped)
        with serve(proxy) as front:
            options = replace(
                options_of(made, policy, target),
                connection=Connection(proxy=front.url),
                journal=folder / "journal" if journal else None,
            )
            yield Bench(proxy, options, book)


def is_creation(call: Call) -> bool:
    return call.method == "POST"


def scan(options: Options) -> Report:
    return Scan(options, lambda event: None, sleep=hasty).report()


def test_a_proxy_that_lets_all_pass_changes_nothing(tmp_path: Path) -> None:
    with bench(tmp_path, STOPS["hangs up"]) as at:
        before = copy.deepcopy(at.book.notes)
        report = scan(at.options)
    assert exit_code(report) is ExitCode.CLEAN, report.distrust
    assert at.book.notes == before


@pytest.mark.parametrize("stop", STOPS)
def test_what_is_left_behind_a_proxy_that_stops_is_named_with_the_way_back(
    stop: str, tmp_path: Path
) -> None:
    with bench(tmp_path, STOPS[stop]) as at:
        before = copy.deepcopy(at.book.notes)
        at.proxy.at = is_creation
        report = scan(at.options)
        (left,) = (ref for ref in at.book.notes if ref not in before)
        mark = at.book.notes[left]["title"].rpartition(" ")[0] or at.book.notes[left]["title"]
        at.proxy.at, at.proxy.is_stopped = lambda call: False, False
        done = restore(at.options, lambda event: None)
    assert exit_code(report) is ExitCode.NOT_TRUSTWORTHY
    assert any("could not be undone" in w and mark in w for w in report.distrust), report.distrust
    way = f"`oakum scan --restore --journal {tmp_path / 'journal'}`"
    assert any(way in words for words in report.distrust), report.distrust
    assert done.whole
    assert at.book.notes == before


def test_without_a_journal_no_way_back_is_promised(tmp_path: Path) -> None:
    with bench(tmp_path, STOPS["hangs up"], journal=False) as at:
        at.proxy.at = is_creation
        report = scan(at.options)
    assert any("could not be undone: check it by hand" in words for words in report.distrust)
    assert not any("--restore" in words for words in report.distrust)


def test_a_demand_for_credentials_is_no_answer_of_the_api(tmp_path: Path) -> None:
    with bench(tmp_path, STOPS["asks for credentials"]) as at:
        at.proxy.is_stopped = True
        report = scan(at.options)
    assert exit_code(report) is ExitCode.NOT_TRUSTWORTHY
    assert any("the proxy lets no GET pass" in words for words in report.distrust)
    assert not any("answers 407" in words for words in report.distrust)


def test_a_run_that_fails_says_what_it_has_left(tmp_path: Path) -> None:
    """A fault of ours in the middle of a run, and a target that has gone with it."""
    with bench(tmp_path, STOPS["hangs up"]) as at:
        at.proxy.at = is_creation
        options = at.options
        with patch.object(Scan, "_account_for", side_effect=ZeroDivisionError):
            done = oakum(
                "scan", options.contract, "--target", options.target, "--identities",
                options.identities, "--proxy", options.connection.proxy, "--allow-writes",
                "--journal", options.journal, "--rate", "1000", "--quiet",
            )  # fmt: skip
    assert done.code == ExitCode.INTERNAL
    assert "LEFT: a new `Note` of " in done.err
    assert "LEFT: once the target answers again, `oakum scan --restore" in done.err
