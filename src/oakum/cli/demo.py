"""`oakum demo`: proves a leak in the stand-in API, closes it with the guard, and scans again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import orjson

from oakum.cli import shared
from oakum.cli.default_command_group import CommandGroup
from oakum.cli.demo_cadence import command as cadence
from oakum.cli.demo_catalogue import command as catalogue
from oakum.cli.demo_scans import BUDGET, GUARDED, Scans, engine_at_hand
from oakum.errors import ExitCode, count_of, pip_install
from oakum.finding import Finding, Report, Result
from oakum.report.grouping import PRIVACY_RULE, verdict_words

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
_SEALED = (
    GUARDED,
    "Guarded: the same, behind `oakum guard`",
    "The API is unchanged. A gateway that enforces the same contract is in front of it.",
)
_NO_ENGINE = f"SKIPPED: the guard has no engine; install one: {pip_install('guard')}"


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
    from oakum.cli.progress import progress  # a slow import that serving an API does not need

    shared.heed_sigterm()
    kit = out / "kit"
    shared.require_cadence().write_kit(kit, 1)
    engine = engine_at_hand()
    reports: dict[str, Report] = {}
    first, *later = STAGES if history else STAGES[:1]
    sealed = () if engine is None else (_SEALED,)
    stages = (first, *sealed, *later)
    with Scans([stage for stage, _, _ in stages], members, kit, out, engine) as scans:
        for stage, title, setting in stages:
            if form == "text":
                _heading(title, setting)
            with progress(BUDGET) as show:
                report = reports[stage] = scans.report(stage, show)
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
    if stage in ("fixed", GUARDED):
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
    return f"{count_of(len(report.findings), 'finding')} in {words}" if report.findings else words


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
    if guarded := reports.get(GUARDED):
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
