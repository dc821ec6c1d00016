"""The draft of a notification to a supervisory authority, in the terms of the GDPR (EU) 2016/679.

Article 33(3) lists what a notification contains, Article 25 what data protection by design
requires. Whether there was a breach, and whether it has to be notified, is decided by the
controller, not by a scan.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisory.disclosure_case import Draft
from oakum.advisory.render_text import (
    blank,
    name,
    names,
    origin,
    proof,
    records,
    render_code,
    stage_words,
)
from oakum.errors import count_of
from oakum.output.markdown import escape


def statement(draft: Draft) -> str:
    """The notification as Markdown; `<…>` stands for what a person has to fill in."""
    parts = (_head, _nature, _officer, _consequences, _measures, _design, _proven, _unknowns)
    return "\n".join(line for part in parts for line in part(draft)).strip() + "\n"


def _head(draft: Draft) -> Iterator[str]:
    yield "# Statement on an exposure of personal data"
    yield ""
    yield from origin(draft)
    yield (
        "> It is not legal advice. The controller decides whether there was a personal data breach"
    )
    yield "> (Article 4(12)), and whether to notify it."
    yield ""
    yield f"- Controller: {blank('name and address')}"
    yield f"- Became aware: {blank('day and time')}; a notification is due within 72 hours"
    yield (
        "  (Article 33(1)). Information that is not yet available may follow in phases"
        " (Article 33(4))."
    )
    yield f"- Reasons for a later notification: {blank('reasons for the delay, or none')}"
    yield f"- Reference: {name(draft.finding.fingerprint)}"
    yield ""


def _nature(draft: Draft) -> Iterator[str]:
    finding = draft.finding
    yield "## Nature of the personal data breach (Article 33(3)(a))"
    yield ""
    yield (
        "Confidentiality: access to personal data by persons who are not authorised. "
        f"{render_code(draft.story.what)} At {name(draft.report.target)}, objects of the kind"
        f" {name(finding.resource)} were shown to {names(draft.viewers, 'kind of viewer')} through"
        f" {names((f'{e.method} {e.path}' for e in draft.endpoints), 'endpoint')}."
    )
    yield ""
    yield "Categories of personal data:"
    yield ""
    for category, fields in draft.categories:
        yield f"- {category}: {names(fields, 'field')}"
    yield f"- special categories (Article 9): {blank('which of these, or none')}"
    yield ""
    yield f"Categories of data subjects: owners of {name(finding.resource)} objects"
    for when, _ in draft.whens:
        if when:
            yield f"- {escape(when)}"
    yield f"- namely {blank('customers, members, children, employees …')}"
    yield ""
    yield f"Approximate number of data subjects: {blank('number')}. A record is not a person: one"
    yield "may have many."
    yield ""
    yield "Approximate number of records:"
    yield ""
    yield from records(draft)
    yield ""


def _officer(draft: Draft) -> Iterator[str]:
    yield "## Contact (Article 33(3)(b))"
    yield ""
    yield f"Data protection officer or other contact point: {blank('name and contact details')}"
    yield ""


def _consequences(draft: Draft) -> Iterator[str]:
    yield "## Likely consequences (Article 33(3)(c))"
    yield ""
    yield render_code(draft.story.why)
    yield ""
    yield f"For these data subjects: {blank('possible consequences')}"
    yield ""
    yield (
        "Whether the risk to them is high, so that they must be informed (Article 34):"
        f" {blank('yes or no, and why')}"
    )
    yield ""


def _measures(draft: Draft) -> Iterator[str]:
    yield "## Measures taken or proposed (Article 33(3)(d))"
    yield ""
    yield f"Taken: {blank('what, when, by whom')}"
    yield ""
    yield from (f"- {day}: {escape(what)}" for day, what in draft.timeline)
    told = list(stage_words(draft))
    if told:
        yield ""
        yield " ".join(told)
    yield ""
    yield "Proposed, to address the breach:"
    yield ""
    yield from (f"- {render_code(each)}" for each in draft.fix)
    yield ""
    yield "Proposed until it is fixed, to mitigate its effects:"
    yield ""
    yield f"- {render_code(draft.guard)}"
    yield f"- {blank('what else')}"
    yield ""


def _design(draft: Draft) -> Iterator[str]:
    finding = draft.finding
    yield "## Data protection by design and by default (Article 25)"
    yield ""
    promise = f"“{escape(draft.promise)}”" if draft.promise else blank("the words of the settings")
    yield f"Promise to users: {promise}"
    yield ""
    yield (
        f"- by design (25(1)): the rule {name(finding.rule)} of the scan says that a technical"
        " measure which was to give effect to the principles of Article 5(1), data minimisation and"
        " confidentiality among them, was not there at these endpoints, or did not work"
    )
    many = (
        "without the individual's intervention: no login is needed"
        if draft.anonymous
        else "whether anybody can create an account, which is all that is needed:"
        f" {blank('who can make one')}"
    )
    yield f"- by default (25(2)): accessible to an indefinite number of natural persons {many}"
    for when, fields in draft.whens:
        if when:
            yield f"- of {names(fields, 'field')} this holds {escape(when)}"
    yield f"- technical and organisational measures in place: {blank('which')}"
    yield ""


def _proven(draft: Draft) -> Iterator[str]:
    yield "## What is proven"
    yield ""
    yield proof(draft)
    yield ""


def _unknowns(draft: Draft) -> Iterator[str]:
    report = draft.report
    yield "## What is not known"
    yield ""
    yield (
        f"- whether anybody other than the test accounts has read the data:"
        f" {blank('what the logs say')}"
    )
    yield f"- since when the data could be read: {blank('since which release')}"
    yield "- how many persons are affected; the scan read only its own test accounts"
    if draft.untested_count:
        yield (
            f"- {count_of(draft.untested_count, 'cell')} of {name(draft.finding.resource)} (field,"
            " viewer, state and endpoint) are untested: nothing is known about them"
        )
    if report.distrust:
        yield "- the run itself is not trustworthy:"
        yield from (f"  - {escape(reason)}" for reason in report.distrust)
    if not report.stated:
        yield "- the scan used a drafted contract, and nobody has confirmed what it denies"
    yield ""
