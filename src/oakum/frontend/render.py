"""Renders the usage of a front end as text and as `oakum.use/2`: field paths, never values.
Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from oakum.errors import Location
from oakum.frontend.page_comparison import VERDICTS, PageField
from oakum.frontend.usage import UNUSED, USED, USES, Usage, Use, UsedEndpoint
from oakum.openapi.model import Json

SCHEMA = "oakum.use/2"
_WIDTH = 96


def plain(usage: Usage, rows: Sequence[PageField] | None = None) -> dict[str, Json]:
    """The document `oakum.use/2` as plain values; `rows`: the comparison with a contract, if there
    is one."""
    found: dict[str, Json] = {
        "schema": SCHEMA,
        "meaning": "excess on the pages driven",
        "pages": usage.pages,
        "discarded": [{"drive": name, "why": why} for name, why in usage.discarded],
        "answers_of_other_origins": usage.elsewhere,
        "answers_without_fields": usage.unread,
        "answers_not_kept": usage.unheard,
        "scripts_followed": usage.scripts_followed,
        "scripts_as_they_came": usage.scripts_left,
        "counts": {str(use): number for use, number in counts(usage).items()},
        "endpoints": _endpoints(usage),
    }
    if rows is not None:
        found["difference"] = [
            {
                "resource": row.resource,
                "viewer": row.viewer,
                "field": row.field,
                "verdicts": list(row.verdicts),
                "use": row.use,
                "operations": list(row.endpoints),
                **row.line.members(),
            }
            for row in rows
        ]
    return found


def drives_document(drives: Sequence[tuple[str, Usage]]) -> list[Json]:
    """The member `drives` of `oakum.use/2`: what each drive used by itself."""
    return [{"drive": name, "endpoints": _endpoints(usage)} for name, usage in drives]


def _endpoints(usage: Usage) -> list[Json]:
    return [
        {
            "method": endpoint.method,
            "path": endpoint.path,
            "operation": endpoint.operation,
            "answers": endpoint.answers,
            "fields": [{"path": each.path, "use": each.use} for each in endpoint.fields],
        }
        for endpoint in usage.endpoints
    ]


def counts(usage: Usage) -> Mapping[Use, int]:
    """Use → number of fields with it."""
    found = Counter(each.use for endpoint in usage.endpoints for each in endpoint.fields)
    return {use: found[use] for use in USES}


def lines(usage: Usage) -> Iterator[str]:
    """The usage as lines of plain text."""
    for endpoint in usage.endpoints:
        yield from _endpoint(endpoint)
        yield ""
    for name, why in usage.discarded:
        yield f"DISCARDED: `{name}` {why}"
    found = counts(usage)
    total, unused = sum(found.values()), sum(found[use] for use in UNUSED)
    if not total:
        yield "Nothing to analyse: the target sent no response with fields."
        return
    yield (
        f"{unused} of {total} fields are excess on the pages driven: sent, and neither shown"
        " nor read."
    )
    if found["copied"] and usage.scripts_left:
        yield (
            f"{usage.scripts_left} scripts could not be instrumented: their use of copied values"
            f" is not observed."
        )
    if found["unobserved"]:
        yield f"{found['unobserved']} could not be observed: nothing is known about them."
    if usage.unheard:
        yield f"{usage.unheard} responses were streams or incomplete: nothing is known about them."
    if usage.elsewhere:
        yield f"{usage.elsewhere} responses of other origins were ignored."


def differences(rows: Sequence[PageField], known: bool) -> Iterator[str]:
    """Lines about granted, sent and used fields. `known`: whether the caller of the pages
    is known."""
    groups: dict[tuple[str, str, str, Location], list[str]] = {}
    for row in rows:
        if row.verdicts and row.use != "unsent":
            words = ", ".join(VERDICTS[each] for each in row.verdicts)
            key = words, f"{row.resource} to `{row.viewer}`", USES[row.use], row.line
            groups.setdefault(key, []).append(row.field)
    gravest = [VERDICTS[each] for each in VERDICTS]
    yield "Granted, sent and used, on the pages driven:"
    for (words, whose, sent, at), fields in sorted(
        groups.items(), key=lambda each: (gravest.index(each[0][0].split(",")[0]), each[0][1:])
    ):
        yield f"  {at}: {words}"
        yield from wrap(
            f"{whose}, {sent}: {', '.join(fields)}", _WIDTH, break_on_hyphens=False,
            initial_indent="    ", subsequent_indent="      ",
        )  # fmt: skip
    if not groups:
        yield "  no difference"
    if unsent := sum(row.use == "unsent" for row in rows):
        yield f"  {unsent} further fields are granted but did not come: the JSON lists them."
    if not known:
        yield "  The API did not identify the caller of the pages, so only fields granted to"
        yield "  nobody count as leaks."


def _endpoint(endpoint: UsedEndpoint) -> Iterator[str]:
    used = sum(each.use in USED for each in endpoint.fields)
    named = f" ({endpoint.operation})" if endpoint.operation else ""
    answers = "1 answer" if endpoint.answers == 1 else f"{endpoint.answers} answers"
    yield (
        f"{endpoint.method} {endpoint.path}{named}: {answers}, {len(endpoint.fields)} fields,"
        f" {used} used"
    )
    for use, name in USES.items():
        paths = ", ".join(each.path for each in endpoint.fields if each.use == use)
        for at, line in enumerate(wrap(paths, _WIDTH - 16, break_on_hyphens=False)):
            yield f"  {'' if at else name:<14}{line}"
