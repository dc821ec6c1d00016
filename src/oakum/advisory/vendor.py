"""The report to the owner of an API, in Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from oakum.advisory.disclosure_case import Draft
from oakum.advisory.render_text import (
    blank,
    block,
    name,
    names,
    origin,
    proof,
    records,
    render_code,
    sentence,
    stage_words,
)
from oakum.output.markdown import escape
from oakum.report.grouping import state_words

_SHOWN = 20
"""How many lines of evidence are written out."""


def vendor(draft: Draft) -> str:
    """The report as Markdown; `<…>` stands for what a person has to fill in."""
    parts = (
        _head, _scope, _evidence, _steps, _impact, _severity, _fix, _guard, _timeline, _requests,
    )  # fmt: skip
    return "\n".join(line for part in parts for line in part(draft)).strip() + "\n"


def _head(draft: Draft) -> Iterator[str]:
    yield f"# {sentence(render_code(draft.title)).rstrip('.')}"
    yield ""
    yield from origin(draft)
    yield ""
    contact = draft.contact
    for way in contact.ways:
        yield f"- To: {name(way)}"
    if not contact.ways:
        yield f"- To: {blank('security contact of the owner')}"
    if contact.source:
        ends = f", good until {contact.expires.date()}" if contact.expires else ""
        yield f"- Contact from: {escape(contact.source)}{ends}"
    yield from (f"- Mind: {escape(doubt)}" for doubt in contact.doubts)
    for word, value in (
        ("Disclosure policy", contact.policy),
        ("Key to encrypt with", contact.encryption),
        ("Languages", contact.languages),
    ):
        if value:
            yield f"- {word}: {name(value)}"
    yield f"- From: {blank('your name, organisation and contact details')}"
    yield f"- Our reference: {name(draft.finding.fingerprint)}"
    yield ""
    yield "## Summary"
    yield ""
    yield f"{sentence(render_code(draft.title))} {render_code(draft.story.what)}"
    yield ""


def _scope(draft: Draft) -> Iterator[str]:
    yield "## What is affected"
    yield ""
    yield f"- API: {name(draft.report.target)}"
    yield f"- resource: {name(draft.finding.resource)}"
    for when, fields in draft.whens:
        yield f"- fields: {names(fields, 'field')}{f'; {escape(when)}' if when else ''}"
    yield f"- shown to: {names(draft.viewers, 'kind of viewer')}"
    endpoints = (f"{endpoint.method} {endpoint.path}" for endpoint in draft.endpoints)
    yield f"- through: {names(endpoints, 'endpoint')}"
    if draft.promise:
        yield f"- your users are told: “{escape(draft.promise)}”"
    yield ""


def _evidence(draft: Draft) -> Iterator[str]:
    yield "## Evidence"
    yield ""
    yield proof(draft)
    if draft.answer is not None:
        yield (
            f"The viewer {name(draft.answer.relation)} was answered with status"
            f" {draft.answer.status}. Data in these responses that should not be there, as"
            f" pointers and shapes:"
        )
    yield from block(f"{pointer}  {shape}" for pointer, shape in draft.received_data[:_SHOWN])
    if not draft.received_data:
        yield "No response field contains it: the summary says what differs."
        yield ""


def _steps(draft: Draft) -> Iterator[str]:
    owner = next((e.evidence for e in draft.findings if e.evidence and e.evidence.owner), None)
    yield "## Steps to reproduce"
    yield ""
    accounts = f"{blank('account of the owner')} and {blank('account of the caller')}"
    yield f"1. Make two accounts, {accounts}."
    yield f"   To the owner, the caller is {name(draft.finding.viewer)}."
    when = state_words(draft.finding.state)
    setting = f", and set the account so that it is {escape(when)}" if when else ""
    yield f"2. Let the owner create data{setting}."
    line = draft.ask_again
    if line:
        yield "3. Ask as the caller. Variables are ids and credentials of your two accounts:"
        yield from block([f"TARGET={draft.report.target}", line])
    else:
        yield f"3. {blank('the request')}"
    denied = f"{name(draft.finding.viewer)} must not see {name(draft.finding.field or 'it')}"
    seen = "it is in the answer" if draft.received_data else "what the summary says"
    shown = "; the owner is shown the same field" if owner is not None else ""
    yield f"4. Expected: {denied}. Seen: {seen}{shown}."
    yield ""


def _impact(draft: Draft) -> Iterator[str]:
    yield "## Impact"
    yield ""
    yield render_code(draft.story.why)
    yield ""
    for category, fields in draft.categories:
        yield f"- {category}: {names(fields, 'field')}"
    yield from records(draft)
    yield ""
    yield (
        "Not known: whether anybody else has exploited it, and since when that is possible. Your"
        " logs may show it."
    )
    if draft.story.incident is not None:
        one = draft.story.incident
        yield ""
        yield f"Seen before: {escape(one.name)}, {escape(one.when)}: {render_code(one.what)}."
    yield ""


def _severity(draft: Draft) -> Iterator[str]:
    yield "## Severity"
    yield ""
    yield (
        f"{draft.severity.capitalize()}, by the kind of field and whether a login is needed. You"
        f" set the CVSS score; the scan proves these base metrics:"
    )
    needed = "N" if draft.anonymous else "L"
    rest = "/".join(f"{metric}:<…>" for metric in ("S", "C", "I", "A"))
    yield from block([f"CVSS:3.1/AV:N/AC:<…>/PR:{needed}/UI:N/{rest}"])
    for id, title, address in draft.weaknesses:
        yield f"- {id} {escape(title)}, <{address}>"
    yield ""


def _fix(draft: Draft) -> Iterator[str]:
    yield "## How to fix it"
    yield ""
    yield from (f"- {render_code(each)}" for each in draft.fix)
    yield ""
    yield (
        "Please test with two accounts and with none: the most common fix requires a login, and"
        " still lets any account read the data."
    )
    yield ""
    told = list(stage_words(draft))
    if told:
        yield " ".join(told)
        yield ""


def _guard(draft: Draft) -> Iterator[str]:
    yield "## Until then"
    yield ""
    yield sentence(render_code(draft.guard))
    if draft.story.does == "cannot":
        yield f"{blank('other ways to stop it until it is fixed')}"
        yield ""
        return
    yield "The lines of an exposure contract that withhold it, and the command:"
    place = draft.finding.contract_location
    where = f"# {draft.contract}" + (f", line {place.line}" if place.line else "")
    fields = ", ".join(map(_yaml, draft.fields[:8])) or "<field>"
    yield from block(
        [
            where,
            "resources:",
            f"  {_yaml(draft.finding.resource)}:",
            "    fields:",
            f"      {fields}: [{{see: [<who may see it>]}}]",
        ]
    )
    yield from block([f"oakum guard {_yaml(draft.contract)} --upstream <origin of the API>"])


def _yaml(text: str) -> str:
    plain = re.fullmatch(r"\w[\w.*/-]*", text)
    return text if plain else json.dumps(text)


def _timeline(draft: Draft) -> Iterator[str]:
    yield "## Timeline"
    yield ""
    for day, what in draft.timeline:
        yield f"- {day}: {escape(what)}"
    if draft.clock is None:
        yield f"- {blank('date of this report')}: reported"
    yield ""


def _requests(draft: Draft) -> Iterator[str]:
    clock = draft.clock
    days = clock.case.days if clock is not None else 90
    if clock is None or clock.publication is None:
        when = f"{days} days after this report"
    else:
        when = f"on {clock.publication}, {days} days after the report"
    yield "## What we ask"
    yield ""
    yield f"- acknowledge this report within {blank('7')} days, and name a contact person"
    yield "- tell us when it is fixed, so that we can test it again"
    yield (
        f"- we mean to publish {when}, or earlier by agreement; a partial fix does not change"
        f" the date"
    )
    for doubt in clock.doubts if clock is not None else ():
        yield f"- {escape(doubt)}"
    yield f"- data seen: shapes only; we keep {blank('what you keep and for how long')}"
    yield ""
