"""Reads the document or the contract that recorded traffic is compared with."""

from __future__ import annotations

from pathlib import Path

from oakum.errors import InputError, Location, Problem
from oakum.openapi.document import Document
from oakum.policy.contract import load
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.traffic_judge import ContractJudge, DocumentJudge


def load_against(contract: Path | None, openapi: Path | None) -> DocumentJudge | None:
    """A judge for the document or the contract; None: neither was given."""
    if openapi is not None:
        return DocumentJudge(Document.load(openapi))
    if contract is None:
        return None
    found = load(contract)
    if found.policy is None:
        hint = "draft one with `oakum observe draft`, or give it as `--openapi`"
        raise InputError([Problem(Location(str(contract)), "has no policy", hint)])
    return ContractJudge(compile_for_judging(found))
