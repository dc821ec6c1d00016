"""The options of `oakum gate --self-test`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click
import orjson
from click.core import ParameterSource

from oakum.cli import shared
from oakum.cli.gate_criteria_and_waivers import bench
from oakum.finding import Report
from oakum.gate import ReportSource, Verdict, VerdictInputs, Widening, combine_reports, judge
from oakum.output.terminal_text import visible
from oakum.policy.contract import contract_digest
from oakum.policy.resource_schemas import view

_WITH_IT = frozenset({"contract", "overlays", "waiver_file", "max_age", "form"})
"""Options of `oakum gate` that also apply to a self-test."""

Command = Callable[..., int]


def offers_self_test(command: Command) -> Command:
    """Adds `--self-test` to the command, which tests the gate itself and judges no release."""

    @wraps(command)
    def either(*, self_test: bool, **given: Any) -> int:
        trial = {name: given.pop(name) for name in _names()}
        context = click.get_current_context()
        for name in (*trial, *given):
            typed = context.get_parameter_source(name) is not ParameterSource.DEFAULT
            if typed and self_test is not (name in trial) and name not in _WITH_IT:
                idle = "does nothing with --self-test" if self_test else "goes with --self-test"
                raise click.UsageError(f"--{_option(context, name)} {idle}")
        return _run(given, trial) if self_test else command(**given)

    marked = click.option(
        "--self-test", is_flag=True,
        help="test the gate itself: seed leaks, and report the ones it misses;"
        " needs Oakum's folder (`pip install ./tools`)",
    )  # fmt: skip
    return marked(shared.self_test_options(shared.leave_options(either)))


def _names() -> frozenset[str]:
    """The parameters that only a self-test has."""

    def nothing() -> None: ...

    decorated = shared.self_test_options(shared.leave_options(nothing))
    found: list[click.Parameter] = decorated.__click_params__  # type: ignore[attr-defined]
    return frozenset(each.name for each in found if each.name)


def _option(context: click.Context, name: str) -> str:
    (found,) = (each for each in context.command.params if each.name == name)
    return found.opts[0].removeprefix("--")


def _run(given: Mapping[str, Any], trial: Mapping[str, Any]) -> int:
    from oakum.cli.progress import runs
    from oakum.scan.options import Options

    shared.require_selftest()
    from oakum_selftest import tally
    from oakum_selftest.loop import SelfTest

    for name in ("target", "identities"):
        if trial[name] is None:
            raise click.UsageError(f"--self-test needs --{name}")
    if given["form"] not in ("text", "json"):
        raise click.UsageError(f"--self-test has no format `{given['form']}`; use text or json")
    options = Options(
        given["contract"], shared.valid_target(trial["target"]), trial["identities"],
        given["overlays"], trial["budget"], trial["rate"], trial["allow_own_settings"],
        trial["allow_writes"], trial["twins"],
        tuple(shared.valid_target(each, "--twin") for each in trial["twin"]),
        tuple(shared.valid_target(each, "--front-end") for each in trial["front_end"]),
    )  # fmt: skip
    judged, found, model = _prepare_gate(given)
    shared.heed_sigterm()
    many, harmless = trial["mutants"], trial["harmless"]
    harmless = max(1, many // 4) if harmless is None else harmless
    with runs(many + harmless, quiet=trial["quiet"]) as say:
        test = SelfTest(options, judged, found, model, trial["seed"], say)
        done = test.run(many, harmless, trial["min_score"])
    if given["form"] == "json":
        content = tally.document(done, str(given["contract"]))
        shared.say(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        shared.say("\n".join(map(visible, tally.text(done))))
    return int(done.exit_code)


def _prepare_gate(given: Mapping[str, Any]) -> Any:
    """Runs the whole gate on a report, or on a widened contract."""
    file, overlays = given["contract"], given["overlays"]
    on = bench(file, overlays, given["max_age"], given["waiver_file"])
    mark = contract_digest(on.found, overlays)

    def judge_trial(report: Report | None, widenings: tuple[Widening, ...] | None) -> Verdict:
        now = datetime.now(UTC)
        sources = [] if report is None else [ReportSource(report, "scan.json")]
        oldest = timedelta(seconds=on.age)
        return judge(
            VerdictInputs(
                seen=view(on.found.document, on.policy),
                model=on.model,
                criteria=on.policy.criteria,
                today=now.date(),
                evidence=combine_reports(sources, on.model, mark, on.changed, now, oldest)
                if sources
                else None,
                graphs=tuple(on.found.graphs.values()),
                waivers=on.waivers,
                widenings=widenings,
                against="the contract as it is" if widenings is not None else "",
            )
        )

    return judge_trial, on.found, on.model
