"""The page of `oakum.abuse/2`: abusive callers over time, beside the others."""

from __future__ import annotations

from oakum.abuse.signs import KINDS
from oakum.errors import ExitCode, count_of
from oakum.openapi.model import Json
from oakum.output.render import render as page


def render(abuse: Json) -> str:
    """The page of a document of `oakum.abuse/2`."""
    verdict, mood, code = _verdict(abuse)
    return page(
        "oakum.observe_pages",
        ("shared", "abuse"),
        {"abuse": abuse, "kinds": KINDS},
        abuse=abuse,
        distrust=abuse["distrust"],
        verdict=verdict,
        mood=mood,
        exit_code=code.value,
        words=KINDS,
        kinds=[
            (kind, word, abuse["summary"]["kinds"].get(kind, 0)) for kind, word in KINDS.items()
        ],
    )


def _verdict(abuse: Json) -> tuple[str, str, ExitCode]:
    """The headline, its kind, and the exit code."""
    told = len(abuse["callers"])
    if not abuse["trustworthy"]:
        return "Not trustworthy", "doubt", ExitCode.NOT_TRUSTWORTHY
    if told:
        verb = "takes" if told == 1 else "take"
        return f"{count_of(told, 'caller')} {verb} too much", "bad", ExitCode.FINDINGS
    return "Nobody takes too much", "" if abuse["blind"] else "good", ExitCode.CLEAN
