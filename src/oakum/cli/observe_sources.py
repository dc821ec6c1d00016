"""What the commands of `oakum observe` do alike: what is read, and what it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.errors import InputError, Location, Problem

if TYPE_CHECKING:
    from oakum.observe.intake import Source
    from oakum.observe.survey import Surveyor
    from oakum.testing.traffic import Declared


def against(contract: Path | None, openapi: Path | None) -> Declared | None:
    """A document, or a contract with a policy; None: neither was given."""
    from oakum.contract import load
    from oakum.contract.openapi import Document
    from oakum.testing.traffic import Declared, Judged

    if openapi is not None:
        return Declared(Document.load(openapi))
    if contract is None:
        return None
    found = load(contract)
    if found.policy is None:
        hint = "draft one with `oakum observe draft`, or give it as `--openapi`"
        raise InputError([Problem(Location(str(contract)), "has no policy", hint)])
    return Judged(found)


def learn(against: Declared | None, found: Sequence[Source]) -> None:
    """A first pass, so that what a late answer tells of a caller is known for the early ones."""
    from oakum.observe.intake import STDIN, records
    from oakum.testing.traffic import Judged

    if isinstance(against, Judged):
        for source in found:
            if source.name != STDIN:
                for passed in records(source, against.tells):
                    against.learn(passed)


def take(surveyor: Surveyor, found: Sequence[Source]) -> int:
    """Everything that the sources hold, and how many exchanges that was."""
    from oakum.observe.intake import records

    for source in found:
        for passed in records(source):
            surveyor.take(passed)
    return sum(source.read for source in found)
