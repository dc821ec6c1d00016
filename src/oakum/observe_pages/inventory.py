"""The page of `oakum.observation/2`: endpoints as a tree, their responses, and drift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from oakum.errors import ExitCode, count_of
from oakum.inference.lexicon_phrases import FieldClass
from oakum.openapi.model import Json
from oakum.output.render import render as page

Lines = Mapping[str, Mapping[str, str]]
"""File → line number (from 1) → text, for the contract lines that the page shows."""
STANDINGS: Final = (
    ("shadow", "shadow", "seen, and not declared"),
    ("zombie", "zombie", "declared, and never seen"),
    ("documented", "documented", "declared, and seen"),
    ("seen", "seen", "there is no document to compare it with"),
)
"""(standing, label, explanation), the most important first."""
_BAR = 1000


def render(observation: Json, lines: Lines) -> str:
    """The page of a document of `oakum.observation/2`; `lines`: of the contract, for its drift."""
    found = observation["operations"]
    count = {name: sum(each["standing"] == name for each in found) for name, _, _ in STANDINGS}
    verdict, mood, code = _verdict(observation)
    return page(
        "oakum.observe_pages",
        ("shared", "inventory"),
        {
            "observation": {**observation, "sent": []},
            "sent": list(_group_rows(observation["sent"])),
            "lines": lines,
            "classes": [each.value for each in FieldClass],
            "standings": {name: {"word": word} for name, word, _ in STANDINGS if count[name]},
        },
        observation=observation,
        distrust=observation["distrust"],
        verdict=verdict,
        mood=mood,
        exit_code=code.value,
        standings=[(*each, count[each[0]]) for each in STANDINGS],
        bar=[*bar(count, [name for name, _, _ in STANDINGS])],
    )


def _verdict(observation: Json) -> tuple[str, str, ExitCode]:
    """The headline, its kind, and the exit code."""
    drift, against = len(observation["drift"]), observation["against"]
    if not observation["trustworthy"]:
        return "Not trustworthy", "doubt", ExitCode.NOT_TRUSTWORTHY
    if drift:
        lines = {
            (
                each["kind"],
                str(each["contract"]),
                each["says"] if each["field"] else each["endpoint"],
            )
            for each in observation["drift"]
        }
        return f"Drift in {count_of(len(lines), 'place')}", "bad", ExitCode.FINDINGS
    if against:
        return "No drift found", "good", ExitCode.CLEAN
    return count_of(len(observation["operations"]), "operation"), "", ExitCode.CLEAN


def bar(counts: Mapping[str, int], order: Iterable[str]) -> Iterator[tuple[str, float, float]]:
    """(name, start, width) of each share of the total, in thousandths."""
    total, start = max(sum(counts.values()), 1), 0.0
    for name in order:
        width = counts[name] * _BAR / total
        yield name, round(start, 2), round(width, 2)
        start += width


def _group_rows(sent: Iterable[Json]) -> Iterator[Json]:
    """One row per endpoint, resource, viewer and state in place of one per field: a sixth as
    long."""
    groups: dict[tuple[object, ...], list[Json]] = defaultdict(list)
    for each in sent:
        state = tuple(sorted(each["state"].items()))
        groups[each["endpoint"], each["resource"], each["viewer"], state].append(each)
    for (endpoint, resource, viewer, _), held in groups.items():
        yield {
            "endpoint": endpoint,
            "resource": resource,
            "viewer": viewer,
            "state": held[0]["state"],
            "of": max(each["of"] for each in held),
            "fields": {each["field"]: each["present"] for each in held if each["present"]},
        }
