"""`oakum gate`: whether a release meets its exit criteria."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import orjson

from oakum.authz import Model
from oakum.cli import ci_environment, shared
from oakum.cli.gate_criteria_and_waivers import bench
from oakum.cli.gate_self_test import offers_self_test
from oakum.cli.run_linters import lint
from oakum.errors import NOWHERE, InputError, Location, Problem
from oakum.finding import Finding, Report
from oakum.gate import (
    CombinedReports,
    ReportSource,
    Verdict,
    VerdictInputs,
    Widening,
    combine_reports,
    foreign,
    judge,
    render,
)
from oakum.gate import badge as badges
from oakum.gate.combined_reports import is_later
from oakum.gate.linter_findings import LINTERS
from oakum.memory import Memory, learn
from oakum.output.terminal_text import short, visible
from oakum.policy.contract import contract_digest
from oakum.policy.resource_schemas import view
from oakum.report.github_annotations import Annotation, commands


@click.command(epilog="Example: oakum gate exposure.yaml --report scan.json --format markdown")
@click.argument("contract", type=shared.PATH)
@click.option(
    "--report", "reports", type=shared.PATH, multiple=True, metavar="FILE",
    help="JSON report of a scan; repeatable",
)  # fmt: skip
@click.option(
    "--guarded", type=shared.PATH, multiple=True, metavar="FILE",
    help="JSON report of a scan through the guard, to compare with `--report`;"
         " repeatable",
)  # fmt: skip
@click.option(
    "--against", metavar="OLD_CONTRACT",
    help="the earlier contract, a file or REV:PATH; the release may not expose"
         " more",
)  # fmt: skip
@click.option(
    "--baseline", type=shared.PATH, metavar="FILE",
    help="an earlier report; its findings do not count against this release",
)  # fmt: skip
@click.option(
    "--memory", type=shared.PATH, metavar="FILE",
    help="memory file of `oakum findings`, only read; the gate fails if a fixed finding"
         " is back",
)  # fmt: skip
@click.option(
    "--waivers", "waiver_file", type=shared.PATH, metavar="FILE",
    help="more waivers, in addition to those of the contract",
)  # fmt: skip
@click.option("--max-age", metavar="DURATION", help="maximum age of a report, such as `12h`")
@shared.OVERLAYS
@click.option(
    "--linter", "linters", type=click.Choice([*LINTERS]), multiple=True,
    help="also run this linter's OWASP rules on the document; repeatable",
)  # fmt: skip
@shared.format_option("text", "json", "markdown", "github")
@click.option(
    "--json", "json_file", type=shared.PATH, metavar="FILE", help="also write the verdict as JSON"
)
@click.option(
    "--markdown", "markdown_file", type=shared.PATH, metavar="FILE",
    help="also write Markdown, for a comment",
)  # fmt: skip
@click.option(
    "--badge", type=shared.PATH, metavar="FILE",
    help="also write a badge: an image (.svg), or JSON for shields.io (.json)",
)  # fmt: skip
@offers_self_test
def command(
    contract: Path,
    reports: tuple[Path, ...],
    guarded: tuple[Path, ...],
    against: str | None,
    baseline: Path | None,
    memory: Path | None,
    waiver_file: Path | None,
    max_age: str | None,
    overlays: tuple[Path, ...],
    linters: tuple[str, ...],
    form: str,
    json_file: Path | None,
    markdown_file: Path | None,
    badge: Path | None,
) -> int:
    """Decide whether a release may ship: check reports of scans against the `exit_criteria` of
    CONTRACT.

    Without a report, the gate only checks what the documents alone prove. It sends nothing, except
    with `--self-test`, which tests the API at `--target` with the `--identities`. The format
    `github` prints annotations, and appends Markdown to the file that GITHUB_STEP_SUMMARY names.
    """
    _badge(badge, "not proven")  # at first, so that an error leaves no old green badge
    if guarded and not reports:
        said = "there is nothing to compare: also give the report of a scan without the guard"
        raise click.BadParameter(said, param_hint="--guarded")
    now, on = datetime.now(UTC), bench(contract, overlays, max_age, waiver_file)
    found, policy, model = on.found, on.policy, on.model
    mark = contract_digest(found, overlays)
    direct, through = ([_source(file, model) for file in files] for files in (reports, guarded))

    def evidence(sources: list[ReportSource]) -> CombinedReports | None:
        oldest = timedelta(seconds=on.age)
        return combine_reports(sources, model, mark, on.changed, now, oldest) if sources else None

    verdict = judge(
        VerdictInputs(
            seen=view(found.document, policy),
            model=model,
            criteria=policy.criteria,
            today=now.date(),
            evidence=evidence(direct),
            guarded=evidence(through),
            graphs=tuple(found.graphs.values()),
            linted=[lint(each, Path(found.document.file)) for each in linters],
            waivers=on.waivers,
            baseline=_earlier(baseline, model, direct),
            widenings=_widenings(against, contract, overlays) if against is not None else None,
            against=against or "",
            memory=_updated_memory(memory, direct),
        )
    )
    _write(verdict, contract, {"json": json_file, "markdown": markdown_file})
    _say(verdict, contract, form)
    _badge(badge, badges.state(verdict))
    return int(verdict.exit_code)


def _source(file: Path, model: Model) -> ReportSource:
    return ReportSource(_sound(file, model), str(file))


def _updated_memory(path: Path | None, sources: list[ReportSource]) -> Memory | None:
    """What is remembered, these reports taken in; the file stays as it is."""
    if path is None:
        return None
    return learn(shared.read_memory(path), (each.report for each in sources))


def _say(verdict: Verdict, contract: Path, form: str) -> None:
    if form == "github":
        ci_environment.summarise((_render_verdict(verdict, contract, "markdown") + "\n").encode())
    shared.say(_render_verdict(verdict, contract, form))


def _write(verdict: Verdict, contract: Path, files: Mapping[str, Path | None]) -> None:
    for form, file in files.items():
        if file is not None:
            shared.write_text(file, _render_verdict(verdict, contract, form) + "\n")


def _render_verdict(verdict: Verdict, contract: Path, form: str) -> str:
    if form == "json":
        content = render.document(verdict, str(contract))
        return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    if form == "github":
        lines = [*commands(_annotations(verdict, contract)), *render.closing_lines(verdict)]
    else:
        lines = [*(render.markdown if form == "markdown" else render.text)(verdict)]
    return "\n".join(map(visible, lines))


def _annotations(verdict: Verdict, contract: Path) -> Iterator[Annotation]:
    """One annotation per line and criterion, at the line where the fix goes."""
    path = ci_environment.from_root()

    def place(where: Location) -> Location:
        return where._replace(file=path(where.file or str(contract)))

    for each in verdict.failed_criteria:
        title = f"{each.name}: {each.title} ({each.figure})"
        by_place: dict[Location, list[str]] = {}
        for detail in each.details:
            by_place.setdefault(place(detail.location), []).append(detail.words)
        for where, those in (by_place or {place(NOWHERE): [each.figure]}).items():
            more = [f"and {len(those) - 1} more"] if those[1:] else []
            said = "\n".join((*map(short, (those[0], *more)), f"What to do: {each.advice}"))
            yield Annotation("error", where, title, said)
    for problem in verdict.warnings:
        said = short(f"{problem.message}; {problem.hint}".removesuffix("; "))
        yield Annotation("warning", place(problem.location), "oakum gate", said)


def _badge(path: Path | None, state: badges.State) -> None:
    if path is None:
        return
    if path.suffix not in (".svg", ".json"):
        said = f"`{path}` must end in .svg or .json"
        raise click.BadParameter(said, param_hint="--badge")
    made = badges.svg(state) if path.suffix == ".svg" else None
    text = made or orjson.dumps(badges.endpoint(state)).decode() + "\n"
    shared.write_text(path, text)


def _sound(path: Path, model: Model) -> Report:
    """A report that is whole, unchanged, and of this contract; raises `InputError`."""
    report = shared.sound_report(path)
    if strange := foreign(report, model):
        said = f"a report of another contract: {strange}"
        raise InputError([Problem(Location(str(path)), said)])
    return report


def _earlier(path: Path | None, model: Model, sources: list[ReportSource]) -> tuple[Finding, ...]:
    """Findings of the baseline; raises `InputError` where it is no earlier report: a run that
    excuses its own findings is green for ever."""
    if path is None:
        return ()
    baseline = _sound(path, model)
    for each in sources:
        said = ""
        if each.report.run == baseline.run:
            said = f"the same run as `{each.file}`: a run cannot excuse its own findings"
        elif is_later(baseline, each.report):
            said = f"a run begun after that of `{each.file}`: it cannot excuse earlier findings"
        if said:
            hint = "give an earlier report, stored where later runs do not overwrite it"
            raise InputError([Problem(Location(str(path)), said, hint)])
    return baseline.findings


def _widenings(against: str, contract: Path, overlays: tuple[Path, ...]) -> tuple[Widening, ...]:
    """What the contract shows that the one before did not; a file, or `REV:PATH` of git."""
    from oakum.cli.diff import between  # reads git where it is asked to
    from oakum.cli.revision import sides

    changes = between(*sides(against, str(contract)), overlays)
    return tuple(
        Widening(each.sentence, each.endpoints, each.location) for each in changes if each.widens
    )
