"""`oakum explain`: what a rule finds, and how to fix it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.text import Text

from oakum.cli import shared
from oakum.errors import InputError, Location, Problem, did_you_mean
from oakum.exposure.checks import OVER_BLOCK, RULES, STORIES, guard_effect, rules_of_item
from oakum.exposure.rule_documentation import DOES, references
from oakum.finding import Finding, Report
from oakum.output.terminal_text import visible
from oakum.report.grouping import state_words
from oakum.rules import Item, current, item


@click.command(epilog="Example: oakum explain privacy-setting-not-enforced")
@click.argument("finding")
@click.option(
    "--report", "file", type=shared.PATH, metavar="FILE",
    help="JSON report with the finding; a rule needs none",
)  # fmt: skip
@shared.format_option()
def command(finding: str, file: Path | None, form: str) -> int:
    """Say what FINDING is, where it has happened before, how to fix it, and what the guard does.

    FINDING is a fingerprint of a JSON report, or its first digits; or the id of a rule, including
    former ids; or an item of OWASP's list: `API3:2023`, `API3`, `BOPLA`.
    """
    report = shared.read_report(file) if file is not None else None
    found = None
    rule = current(finding)
    about = item(finding) if rule not in STORIES else None
    if about is not None:
        _item(about, report, form)
        return 0
    if rule not in STORIES:
        found = _find(finding, report, file)
        rule = found.rule
    of_rule = [f for f in report.findings if f.rule == rule] if report and found is None else []
    if form == "json":
        click.echo(orjson.dumps(_plain(rule, found, of_rule), option=orjson.OPT_INDENT_2).decode())
        return 0
    console = shared.console()
    _say(console, _title(rule, found, finding), "bold")
    for heading, lines in _parts(rule, found, of_rule):
        console.print()
        _say(console, heading, "bold")
        for line in lines:
            _say(console, line, indent=2)
    if found is not None and found.evidence is not None and found.evidence.curl:
        console.print()
        _say(console, "Ask again", "bold")
        # unwrapped, so that it can be copied
        console.print(Text(visible(found.evidence.curl)), soft_wrap=True)
    return 0


def _find(name: str, report: Report | None, file: Path | None) -> Finding:
    if report is None or file is None:
        if re.fullmatch(r"(finding-)?[0-9a-f]{4,16}", name):
            problem = Problem(
                Location(name), "is not a rule", "give the report that contains it: --report"
            )
        else:
            known = ", ".join(STORIES)
            problem = Problem(
                Location(name), "is not a rule", did_you_mean(name, STORIES) or f"there are {known}"
            )
        raise InputError([problem])
    found = shared.finding_of(report, name, file)
    shared.known_rule(report, found, file)
    return found


def _item(about: Item, report: Report | None, form: str) -> None:
    """Prints an OWASP item: its rules, and a report's findings of them."""
    rules = rules_of_item(about)
    found = [f for f in report.findings if f.rule in {r.id for r in rules}] if report else []
    if form == "json":
        content = {
            "schema": "oakum.explain/2",
            "owasp": {"id": about.id, "title": about.title, "url": about.url},
            "rules": [{"rule": each.id, "what": STORIES[each.id].what} for each in rules],
            "findings": [each.fingerprint for each in found],
        }
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
        return
    console = shared.console()
    short = f" ({about.short})" if about.short else ""
    _say(console, f"{about.name}{short}", "bold")
    _say(console, about.url)
    for rule in rules:
        console.print()
        _say(console, rule.id, "bold")
        _say(console, STORIES[rule.id].what, indent=2)
        for each in found:
            if each.rule == rule.id:
                _say(console, f"- {each.fingerprint}  {each.title}", indent=2)
    console.print()
    if rules:
        _say(console, "`oakum explain RULE` says how to fix one of them.")
    else:
        _say(console, "No rule belongs to it: a scan does not look for it.")


def _title(rule: str, found: Finding | None, said: str) -> str:
    if found is None:
        return rule if said == rule else f"{rule} (formerly {said})"
    return f"{rule}: {found.title.rstrip('.')}"


def _parts(
    rule: str, found: Finding | None, of_rule: list[Finding]
) -> Iterator[tuple[str, list[str]]]:
    story = STORIES[rule]
    if found is not None:
        yield "The finding", list(_facts(found))
    if of_rule:
        listed = sorted(of_rule, key=lambda each: each.verdict != "proven")
        yield "In this report", [f"{each.fingerprint}  {each.title}" for each in listed]
    yield "What it is", [story.what]
    yield "Why it matters", [story.why]
    if story.incident is not None:
        each = story.incident
        yield "Seen before", [f"{each.name} ({each.when}): {each.what}"]
    fix = (found.advice, *story.fix[1:]) if found and found.advice else story.fix
    yield "How to fix it in the API", [f"- {each}" for each in fix]
    if found is not None and found.contract_location.file:
        yield "The line of the contract", [str(found.contract_location)]
    yield "What `oakum guard` does about it", [f"{DOES[story.does]} {_guard(rule, found)}"]
    filed = [part for name, at in references(RULES[rule]) for part in (name, at)]
    if filed or story.reading:
        yield "References", [*filed, *story.reading]


def _facts(found: Finding) -> Iterator[str]:
    yield f"{found.verdict.replace('_', '-')}, {found.severity}; fingerprint {found.fingerprint}"
    state = state_words(found.state)
    what = f"`{found.resource}.{found.field}`, for `{found.viewer}`"
    yield f"{what}, when {state}" if state else what
    yield from (f"{endpoint.method} {endpoint.path}" for endpoint in found.endpoints)
    if found.promise:
        yield f'promised: "{found.promise}"'
    if found.also:
        yield f"breaks {', '.join(found.also)} as well"


def _guard(rule: str, found: Finding | None) -> str:
    if found is None:
        return guard_effect(rule)
    return guard_effect(rule, f"`{found.resource}.{found.field}`", f"`{found.viewer}`")


def _plain(rule: str, found: Finding | None, of_rule: list[Finding]) -> dict[str, object]:
    story = STORIES[rule]
    incident = story.incident
    return {
        "schema": "oakum.explain/2",
        "rule": rule,
        "leak": rule != OVER_BLOCK.id,
        "what": story.what,
        "why": story.why,
        "incident": incident
        and {"name": incident.name, "when": incident.when, "what": incident.what},
        "fix": list(story.fix),
        "guard": {"does": story.does, "words": _guard(rule, found)},
        "references": [
            *({"name": name, "url": url} for name, url in references(RULES[rule])),
            *({"name": name, "url": ""} for name in story.reading),
        ],
        "finding": _finding(found) if found else None,
        "findings": [each.fingerprint for each in of_rule],
    }


def _finding(found: Finding) -> dict[str, object]:
    place = found.contract_location
    return {
        "fingerprint": found.fingerprint,
        "verdict": found.verdict,
        "severity": found.severity,
        "title": found.title,
        "resource": found.resource,
        "field": found.field,
        "viewer": found.viewer,
        "state": dict(found.state),
        "endpoints": [each.members() for each in found.endpoints],
        "advice": found.advice,
        "contract_location": place.members(),
        "curl": found.evidence.curl if found.evidence else "",
    }


def _say(console: Console, words: str, style: str = "", indent: int = 0) -> None:
    """Prints text with terminal control characters escaped, since an API's names are in it."""
    before, after = " " * indent, " " * (indent + 2 * words.startswith("- "))
    lines = textwrap.wrap(
        visible(words), min(console.width, 100) - 1, initial_indent=before,
        subsequent_indent=after, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    for line in lines:
        console.print(Text(line, style), soft_wrap=True)
