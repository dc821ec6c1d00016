"""Renders drafts as Markdown that is safe to render and readable as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from oakum.advisory.disclosure_case import Draft
from oakum.errors import count_of
from oakum.output.markdown import MOST, code_of, escape
from oakum.output.terminal_text import short, visible
from oakum.report.pipeline_formats import first_words

MANY = 12
"""How many names of a list are written out; the JSON document has all."""


def name(text: str) -> str:
    """A name as Markdown code, so that nothing in it is read as markup."""
    shown = short(text, 300)
    plain = "`" not in shown and shown.strip() == shown and shown
    return f"`{shown}`" if plain else code_of(text)


def names(texts: Iterable[str], noun: str) -> str:
    """Names as Markdown code, the first `MANY` of them, and how many more there are."""
    return first_words([name(each) for each in texts], MANY, noun)


def render_code(text: str) -> str:
    """A sentence whose parts in backticks become Markdown code."""
    parts = re.split(r"`([^`]*)`", short(text, MOST))
    return "".join(name(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def blank(what: str) -> str:
    """A placeholder, `<…>`, for what a person has to fill in."""
    return f"`<{what}>`"


def block(lines: Iterable[str]) -> Iterator[str]:
    """Lines as an indented code block: a name with backticks could end a fenced one."""
    yield ""
    yield from (f"    {visible(line)}" for line in lines)
    yield ""


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")


# ------------------------------------------------------------ parts that drafts share


def origin(draft: Draft) -> Iterator[str]:
    """The note at the top of a draft: which report it comes from, and that nothing was sent."""
    report = draft.report
    yield (
        f"> **Draft**, made by Oakum {name(report.version or 'unknown')} on"
        f" {draft.now.date()} from the report of run {name(report.run)}. Nothing was sent."
    )
    yield (
        f"> Fill in every {blank('…')}, and check every sentence: you are responsible for what"
        f" you send. This draft contains no personal data."
    )


def records(draft: Draft) -> Iterator[str]:
    """How many records each endpoint can return, with the interval; or that it is not known."""
    for endpoint, estimate in draft.records:
        yield (
            f"- {name(endpoint)}: {render_code(estimate)} records are behind it, estimated from"
            f" the ids of the test accounts' own objects on the assumption that they are spread"
            f" evenly"
        )
    if not draft.records:
        yield (
            "- the number of records is not known: the ids of the test accounts' own objects do"
            f" not reveal it. {blank('your estimate and its basis')}"
        )


def proof(draft: Draft) -> str:
    """How the finding was established: proven or suspected, and with what evidence."""
    whole = len(draft.findings)
    held = f"{draft.proven} of {count_of(whole, 'finding')} {'is' if whole == 1 else 'are'} proven"
    twice = sum(e.evidence is not None and e.evidence.confirmed for e in draft.findings)
    return (
        f"{held}: the contract denies it, and the scan saw it; {twice} again in a second answer."
        f" All evidence comes from objects of the test accounts."
    )


def stage_words(draft: Draft) -> Iterator[str]:
    """How far the fix has come, according to the findings file."""
    memory = draft.memory
    if memory is None or not draft.remembered_findings:
        return
    standings = [
        memory.standing_of(each).value.replace("_", " ") for each in draft.remembered_findings
    ]
    counts = {each: standings.count(each) for each in dict.fromkeys(standings)}
    yield "Of the findings " + ", ".join(f"{n} {word}" for word, n in counts.items()) + "."
    left = sorted(
        {viewer for each in draft.remembered_findings for viewer in memory.open_viewers(each)}
    )
    if "partly fixed" in counts and left:
        yield (f"The fix is incomplete: the data is still shown to {names(left, 'viewer')}.")
