"""One test run under the plugin: options, start, and its summary."""

from __future__ import annotations

import os
import pickle
import secrets
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError, count_of
from oakum.exchange import Request
from oakum.finding import Cell, Endpoint, Report, Result
from oakum.output.terminal_text import visible
from oakum.policy.contract import contract_digest, load
from oakum.pytest_plugin.client_hooks import ClientHooks
from oakum.pytest_plugin.report_writer import SuiteRun, report
from oakum.pytest_plugin.suite_counts import SuiteCounts
from oakum.pytest_plugin.suite_observer import SuiteObserver
from oakum.report import write

_BEFORE = "no test"
"""Name of the test for requests outside all tests."""
_FRAMEWORKS = {
    "flask": "flask", "fastapi": "fastapi", "django": "django.core.handlers.base",
    "aiohttp": "aiohttp.web", "bottle": "bottle", "falcon": "falcon", "quart": "quart",
    "sanic": "sanic", "tornado": "tornado.web", "litestar": "litestar", "pyramid": "pyramid.config",
}  # fmt: skip
"""Web framework → module that is imported wherever an application is created."""
_MADE_OF = {"fastapi": "starlette"}
_MOST_UNTESTED = 10
"""Most untested operations and viewers listed."""
_OUTPUT = "oakum"
_MOST_QUIET = 20
"""Most leaks without a failed test that are described in full."""
_MOST = 5
"""Most leaks of one test that are described in full."""


@dataclass(eq=False)
class ContractPlugin:
    """The pytest plugin, registered if a contract is given. It is equal only to itself, since
    pytest puts plugins into sets."""

    config: pytest.Config
    contract: Path
    target: Path | None
    """File for the report; None: no report is written."""
    digest: str
    watch: SuiteObserver = field(init=False)
    hooks: ClientHooks = field(init=False)
    tally: SuiteCounts = field(default_factory=SuiteCounts)
    """Counts, with those of the workers of pytest-xdist."""
    tests: int = 0
    left_out: int = 0
    """Number of tests that were collected and not run."""
    apps: frozenset[str] = frozenset()
    """Web frameworks of which an application was imported."""
    said: object = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    written: Report | None = None
    unwritten: str = ""
    quiet: list[tuple[str, str]] = field(default_factory=list)
    """(test, message) of leaks for which no test failed."""
    red: bool = False
    """Whether the run fails because of leaks outside a failing test."""
    empty: bool = False
    """Whether the run fails because no test called an operation, and that was not declared to be
    fine."""
    _heard: dict[str, list[str]] = field(default_factory=dict)
    """Test → messages of leaks in the phase that is not reported yet."""

    @classmethod
    def begin(cls, config: pytest.Config) -> ContractPlugin:
        """Reads and compiles the contract; raises `UsageError` with every mistake in it."""
        contract = _path(config, "oakum_contract")
        assert contract is not None
        try:
            found = load(contract)
            made = cls(config, contract, _path(config, "oakum_report"), contract_digest(found))
            hosts = frozenset(config.getini("oakum_hosts"))
            made.watch = SuiteObserver(found, made.who, hosts=hosts, key=os.urandom(16))
        except InputError as error:
            raise pytest.UsageError(f"oakum: {error}") from None
        made.hooks = ClientHooks(made.watch)
        made.watch.begin(_BEFORE)
        made.hooks.open()
        return made

    def say(self, caller: object) -> None:
        """Sets the caller of further requests; None if unknown."""
        self.said = caller

    def who(self, request: Request) -> object:
        """The request's caller as the developer named it: by `say`, otherwise by the hook
        `pytest_oakum_caller`."""
        if self.said is not None:
            return self.said
        found: object = self.config.hook.pytest_oakum_caller(request=request)
        return found

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """A module may send requests while pytest imports it. No test can fail for a leak in them,
        so the run fails."""
        self.hooks.open()
        self.watch.begin(collector.nodeid or _BEFORE)
        made = yield
        self._told_of_no_test()
        self.watch.begin(_BEFORE)
        return made

    def _told_of_no_test(self) -> None:
        """Leaks for which no test can fail."""
        self.hooks.line.flush()
        self.watch.finish()
        leaks, self.watch.leaks = self.watch.leaks, []
        self.quiet += [(each.test or _BEFORE, each.words) for each in leaks]

    @pytest.hookimpl(trylast=True)
    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Counts tests deselected by `-k`, `-m`, `--lf` or a plugin."""
        self.left_out += len(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._told_of_no_test()  # requests since the last test
        self.hooks.open()
        self.tests += 1
        self.watch.begin(item.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        self.hooks.open()  # clients that fixtures have imported
        return (yield from self._watch_phase(item, "call"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        return (yield from self._watch_phase(item, "teardown"))

    def _watch_phase(self, item: pytest.Item, when: str) -> Generator[None, object, object]:
        try:
            result = yield
        except BaseException:
            # The test has already failed; its leaks are added to that report.
            for words in self._describe_leaks(item):
                item.add_report_section(when, "oakum", words)
            raise
        leaked = list(self._describe_leaks(item))
        if leaked:
            pytest.fail("\n".join(leaked), pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turns a leak into a test failure, except for skipped and `xfail` tests."""
        made = yield
        told = self._heard.pop(item.nodeid, [])
        if not made.failed:
            self.quiet += [(item.nodeid, words) for words in told]
        return made

    def _describe_leaks(self, item: pytest.Item) -> Iterator[str]:
        self.hooks.line.flush()
        self.watch.finish()
        leaks, self.watch.leaks = self.watch.leaks, []
        found = {each.key: each.words for each in leaks}
        self._heard.setdefault(item.nodeid, []).extend(found.values())
        for words in list(found.values())[:_MOST]:
            yield "oakum: " + "\n".join(map(visible, words.split("\n")))
        if len(found) > _MOST:
            yield f"oakum: and {len(found) - _MOST} more; all of them are in the report"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Adds the counts of a pytest-xdist worker that has finished."""
        sent = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if sent is None:
            self.tally.faults["a worker ended before it could report what it saw"] += 1
            return
        theirs, tests, quiet, apps = pickle.loads(sent)
        self.tally.add(theirs)
        self.apps |= apps
        self.tests += tests
        self.quiet += quiet

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for name in self.hooks.unhooked_clients():
            self.watch.count_missed(
                f"`{name}` was imported inside a test, so its responses were not observed"
            )
        self.hooks.line.flush()
        self.hooks.close()
        self.watch.settle()
        self.quiet += [(each.test or _BEFORE, each.words) for each in self.watch.leaks]
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = pickle.dumps(
                (self.watch.tally, self.tests, self.quiet, imported_frameworks())
            )
            return
        self.tally.add(self.watch.tally)
        self.apps |= imported_frameworks()
        self.written = report(self.watch, self.tally, self._run())
        asked = self.tally.answers.total() > 0
        self.empty = bool(self.tests) and not asked and _must_reach(self.config)
        ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if ended and (self.quiet or self.written.findings or self.empty):
            self.red = True
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.target is not None:
            try:
                write(self.written, self.target, "json")
            except InputError as error:
                self.unwritten = str(error)
                session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def _run(self) -> SuiteRun:
        return SuiteRun(
            self.config.rootpath.name,
            str(self.contract),
            self.digest,
            secrets.token_hex(6),
            self.started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            time.monotonic() - self.clock,
            self.tests,
            self.left_out,
            tuple(sorted(self._unheard_apps())),
        )

    def _unheard_apps(self) -> Iterator[str]:
        """Imported frameworks without an observed response; a network may have stood between."""
        if "" in self.tally.apps:
            return
        for name in self.apps:
            if _MADE_OF.get(name, name) not in self.tally.apps and name not in self.tally.apps:
                yield name

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.written is None:
            return
        terminalreporter.section("oakum")
        for line in (*summary(self.written, self.tally, self.left_out), *self._ends_red()):
            terminalreporter.write_line(visible(line))
        if self.target is not None:
            terminalreporter.write_line(self.unwritten or f"report: {self.target}")

    def _ends_red(self) -> Iterator[str]:
        """Why the run does not end with 0 although no test has failed."""
        for where, words in dict.fromkeys(self.quiet[:_MOST_QUIET]):
            first, *more = words.split("\n")
            yield f"leaked in {where}, which did not fail for it: {first}"
            yield from more
        if (left := len(self.quiet) - _MOST_QUIET) > 0:
            yield f"and {left} more; all of them are in the report"
        if self.red and not self.quiet and self.written is not None:
            for each in self.written.findings[:_MOST_QUIET]:
                yield f"leaked, but no test failed for it in the end: {each.title}"
        if self.quiet:
            yield (
                "so the run fails: a leak counts even in a skipped or `xfail` test, and even if"
                " only other tests reveal it"
            )
        if self.empty:
            yield (
                "so the run fails: an unobserved client or wrong paths would look the same; if"
                " this is intended, use `--oakum-allow-empty`"
            )


def imported_frameworks() -> frozenset[str]:
    """Frameworks of applications that have been imported in this process."""
    return frozenset(name for name, module in _FRAMEWORKS.items() if module in sys.modules)


def summary(found: Report, tally: SuiteCounts, left_out: int = 0) -> Iterator[str]:
    """What was checked, by resource, and what was not, with the reasons."""
    endpoints = len(tally.answers)
    yield f"{found.contract}: {tally.answers.total()} answers of {endpoints} operations"
    for name in sorted({cell.resource for cell in found.cells}):
        cells = [cell for cell in found.cells if cell.resource == name]
        counts = {result: sum(c.result is result for c in cells) for result in Result}
        shown = len(cells) - counts[Result.UNTESTED]
        yield (
            f"  {name}: {shown} of {len(cells)} cells shown, {counts[Result.OPEN]} open,"
            f" {counts[Result.CLOSED]} closed, {counts[Result.LEAK]} leaking"
        )
    yield from _describe_untested(found)
    for note in found.notes[1:]:
        yield f"  {note}"
    for why in found.distrust:
        yield f"not trustworthy: {why}"
    if not found.distrust and not found.findings:
        part = "; this run is only part of the suite" if left_out else ""
        yield f"no leak found{part}"


def _describe_untested(found: Report) -> Iterator[str]:
    """Requests that no test made, with instructions, by operation and kind of viewer."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in found.cells:
        if cell.result is Result.UNTESTED:
            groups.setdefault((_name(cell.endpoint), cell.viewer), []).append(cell)
    if not groups:
        return
    yield f"untested: {count_of(sum(map(len, groups.values())), 'cell')}"
    for (endpoint, viewer), cells in list(groups.items())[:_MOST_UNTESTED]:
        yield f"  {endpoint} as `{viewer}`: {cells[0].reason}"
    if len(groups) > _MOST_UNTESTED:
        yield f"  and {len(groups) - _MOST_UNTESTED} more; all of them are in the report"


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path} ({endpoint.operation})"


def _must_reach(config: pytest.Config) -> bool:
    """Whether the run must reach the API: the plugin was enabled on the command line, it writes a
    report, or the whole suite runs; `--oakum-allow-empty` turns this off."""
    if config.getoption("oakum_allow_empty") or config.getini("oakum_allow_empty"):
        return False
    if config.getoption("oakum_contract") or config.getoption("oakum_report"):
        return True
    if config.getini("oakum_report"):
        return True
    chosen = ("keyword", "markexpr", "lf", "deselect", "stepwise")
    narrowed = any(config.getoption(name, None) for name in chosen)
    return not narrowed and config.args_source is not pytest.Config.ArgsSource.ARGS


def _path(config: pytest.Config, name: str) -> Path | None:
    """An option is relative to where pytest was started, a setting to the root of the project."""
    given: str | None = config.getoption(name)
    configured: str = config.getini(name)
    here = config.invocation_params.dir
    if not (given or configured):
        return None
    path = here / given if given else config.rootpath / configured
    # As the user would type it: reports and messages should not name the machine's folders.
    return path.relative_to(here) if path.is_relative_to(here) and here == Path.cwd() else path
