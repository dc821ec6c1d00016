"""Decides whether a release may ship: exit criteria over scan reports and documents.

Pure: the command does the input and output. Data that was not tested meets no criterion: a report
that tested nothing makes the gate red.
"""

from oakum.gate.api_design_flaws import Flaw, flaws
from oakum.gate.combined_reports import CombinedReports, ReportSource, combine_reports, foreign
from oakum.gate.judge import VerdictInputs, judge
from oakum.gate.verdict import Criterion, Verdict, WaiverUse, Widening

__all__ = [
    "CombinedReports",
    "Criterion",
    "Flaw",
    "ReportSource",
    "Verdict",
    "VerdictInputs",
    "WaiverUse",
    "Widening",
    "combine_reports",
    "flaws",
    "foreign",
    "judge",
]
