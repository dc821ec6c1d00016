"""A leaking API and its fixed twin, scanned in memory, for the tests of the rules."""

from __future__ import annotations

from oakum.exposure.checks import CHECKS
from oakum.exposure.findings import conclude
from oakum.exposure.leak_severity import Leak
from oakum.finding import Finding
from oakum.inference.lexicon import classify_field
from tests.unit.scan.studio import Run, Studio, model

ENDPOINTS = ("getMe", "getSettings", "listPosts", "listPeople", "getPerson", "getPost")


def found(studio: Studio) -> list[Finding]:
    """What a whole scan says of an API."""
    run = Run(studio, ENDPOINTS).explore()
    return conclude(model(), run.identities, run.matrix)


def named(rule: str, studio: Studio) -> set[tuple[str, str]]:
    """(`Resource.field`, viewer) of the findings that a rule names, first or also."""
    return {
        (f"{each.resource}.{each.field}", each.viewer)
        for each in found(studio)
        if rule in (each.rule, *each.also)
    }


def by(*how: str, field: str = "weight", viewer: str = "member", says: str = "") -> Leak:
    """A leak that was found by these techniques; by none: at a documented endpoint."""
    return Leak(
        "Person", field, viewer, (), classify_field(field), viewer == "anyone", True,
        viewer == "owner", True, True, (), "", frozenset(how), says,
    )  # fmt: skip


def rule_of(leak: Leak) -> str:
    """The rule that names a leak."""
    return next(check.RULE.id for check in CHECKS if check.matches(leak))
