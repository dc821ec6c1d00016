"""The table: what each run found of the flaws of its version, and what it said beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from field import truth
from field.run import results

HEAD = ("product", "version", "advisory", "found", "beside", "over-blocks", "untested", "requests",
        "exit", "contract lines", "rows changed")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """What the scan of one version said of each of its flaws, and findings that none explains."""

    product: str
    version: str
    flaws: tuple[tuple[truth.Flaw, tuple[Mapping[str, Any], ...]], ...]
    beside: tuple[Mapping[str, Any], ...]


def score(result: Mapping[str, Any]) -> Score:
    known = truth.load(result["product"])
    findings = result["report"]["findings"]
    present = known.flaws_in(result["version"])
    leaks = [each for each in findings if each["rule"] != "over-block"]
    return Score(
        result["product"],
        result["version"],
        tuple((flaw, tuple(filter(flaw.explains, leaks))) for flaw in present),
        tuple(each for each in leaks if not any(flaw.explains(each) for flaw in present)),
    )


def kept() -> list[dict[str, Any]]:
    """Results in the cache, in the order of products and versions."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in results().glob("*.json")]
    return sorted(found, key=lambda each: (each["product"], truth.number(each["version"])))


def lines(product: str) -> int:
    """Lines of a contract, without comments and empty ones."""
    text = (truth.PRODUCTS / product / "exposure.yaml").read_text(encoding="utf-8")
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") for line in text.split("\n")
    )


def rows(result: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    judged, report = score(result), result["report"]
    summary = report["summary"]
    harm = ", ".join(
        f"{table} −{each['gone']} +{each['new']}" for table, each in result["harm"].items()
    )
    rest = (
        str(len(judged.beside)),
        str(summary["over_blocked"]),
        f"{summary['untested']} of {summary['cells']}",
        str(report["requests"]),
        str(result["exit"]),
        str(lines(result["product"])),
        harm or "none",
    )
    flaws = [(flaw.advisory, said(found)) for flaw, found in judged.flaws] or [("none", "–")]
    for advisory, found in flaws:
        yield (result["product"], result["version"], advisory, found, *rest)


def said(findings: tuple[Mapping[str, Any], ...]) -> str:
    """`proven` or `suspected`, with the rules, or `no`."""
    if not findings:
        return "no"
    best = "proven" if any(each["verdict"] == "proven" for each in findings) else "suspected"
    return f"{best}: {', '.join(sorted({each['rule'] for each in findings}))}"


def table() -> str:
    body = [row for result in kept() for row in rows(result)]
    cells = [HEAD, tuple("---" for _ in HEAD), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
