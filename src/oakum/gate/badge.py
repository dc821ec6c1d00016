"""A badge for a project's page: passed, failed or unproven.

It is green only for what a scan has proven, never for documents alone or for a run that is not
trustworthy.
"""

from __future__ import annotations

from typing import Literal

from oakum.errors import ExitCode
from oakum.gate.verdict import Verdict
from oakum.openapi.model import Json

State = Literal["passed", "failed", "not proven"]

_LABEL = "exposure"
_COLOURS: dict[State, tuple[str, str]] = {
    "passed": ("brightgreen", "#3c7d1e"),
    "failed": ("red", "#b3261e"),
    "not proven": ("lightgrey", "#6b6b6b"),
}
"""Colours by state: the name at shields.io, and one dark enough for white letters (WCAG 2.2, 1.4.3:
4.5 to 1)."""
_WIDTH = {"passed": 54, "failed": 44, "not proven": 74}
_LEFT = 66
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{label}: {state}">
<title>{label}: {state}</title>
<clipPath id="r"><rect width="{whole}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)">
<rect width="{left}" height="20" fill="#444"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/>
</g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_at}" y="14">{label}</text><text x="{state_at}" y="14">{state}</text>
</g>
</svg>
"""  # noqa: E501


def state(verdict: Verdict) -> State:
    """The badge that a verdict earns: passed, failed or unproven."""
    if verdict.exit_code is ExitCode.FINDINGS:
        return "failed"
    proven = verdict.reports and verdict.exit_code is ExitCode.CLEAN
    return "passed" if proven else "not proven"


def svg(said: State) -> str:
    """The badge as a self-contained SVG image."""
    right = _WIDTH[said]
    return _SVG.format(
        label=_LABEL, state=said, colour=_COLOURS[said][1], left=_LEFT, right=right,
        whole=_LEFT + right, label_at=_LEFT / 2, state_at=_LEFT + right / 2,
    )  # fmt: skip


def endpoint(said: State) -> Json:
    """The badge as shields.io's endpoint schema, version 1."""
    colour = _COLOURS[said][0]
    return {"schemaVersion": 1, "label": _LABEL, "message": said, "color": colour}
