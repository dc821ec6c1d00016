"""The steps of `oakum observe keep`: calls and sums, in one run or in stretches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oakum.traffic.call import Call
    from oakum.traffic.evaluation.traffic_judge import Declared
    from oakum.traffic.store.writing import Keeper
    from oakum.traffic.survey import Survey


def against_of(contract: Path | None, openapi: Path | None) -> tuple[Declared | None, str]:
    """What identifies the calls, and the contract's digest; empty without a contract."""
    from oakum.traffic.evaluation.loading import load_against
    from oakum.traffic.store.layout import contract_text_digest

    found = load_against(contract, openapi)
    return found, contract_text_digest(contract) if found is not None else ""


def empty(against: Declared | None, many: int) -> tuple[str, ...]:
    """Why the kept traffic proves nothing although all of it was read; empty if it proves
    something."""
    if against is not None:
        return against.distrust()
    return () if many else ("no exchange is an API call",)


def put(keeper: Keeper, calls: Iterator[Call]) -> int:
    """Keep calls, and count them."""
    many = 0
    for call in calls:
        keeper.put(call)
        many += 1
    return many


def tables(keeper: Keeper, survey: Survey, against: Declared | None) -> None:
    """Keep the sums."""
    from oakum.traffic.store import sums

    endpoints = [*sums.endpoints(survey, against.operations if against is not None else ())]
    keeper.table("counts", (row for at, endpoint in endpoints for row in sums.counts(at, endpoint)))
    keeper.table(
        "fields",
        (
            row
            for at, endpoint in endpoints
            for row in sums.fields(at, endpoint.answer, survey.names)
        ),
    )
    if against is not None:
        keeper.table("sent", sums.sent(against.sent(), keeper.run))
        keeper.table("drift", sums.drift(against.drift()))
