"""Which operations a scan may call, by `--include` and `--exclude`.

An excluded operation is untested, and reported with its pattern: nothing that was not called counts
as closed. A pattern that matches nothing is probably a typing mistake, and raises an error: it
would exclude nothing, or everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from oakum.authz import Model
from oakum.errors import InputError, Location, Problem, did_you_mean
from oakum.exchange import Request
from oakum.finding import Endpoint, SkippedOperation
from oakum.openapi.model import Operation
from oakum.scan.requests.called_operation import OperationNames


@dataclass(frozen=True)
class Selection:
    """The operations that a scan may call, and why it may not call the others."""

    model: Model
    """The model without the excluded operations."""
    left_out: Mapping[str, Operation]
    """Operation id → excluded operation."""
    reasons: Mapping[str, str]
    """Operation id → why it is excluded."""

    def skipped_operations(self, others: Iterable[SkippedOperation]) -> Iterator[SkippedOperation]:
        """All that is not called: what is left out, and `others`."""
        yield from (each for each in others if each.endpoint.operation not in self.left_out)
        for id, each in self.left_out.items():
            yield SkippedOperation(Endpoint(each.method, each.path, id), self.reasons[id])

    def refusal(self, names: OperationNames, request: Request) -> str:
        """Why a request may not be sent; empty: it may."""
        if not self.left_out or (called := names.operation(request)) is None:
            return ""
        return self.reasons.get(called.id, "")


def select(model: Model, include: Collection[str], exclude: Collection[str]) -> Selection:
    """The operations that a pattern of `include` fits, all if there is none, without those that one
    of `exclude` fits. Raises `InputError` for a pattern that fits no operation."""
    problems = [
        Problem(Location(option), f"`{pattern}` fits no operation", _near(pattern, model))
        for option, patterns in (("--include", include), ("--exclude", exclude))
        for pattern in patterns
        if not any(fits(pattern, each) for each in model.operations.values())
    ]
    if problems:
        raise InputError(problems)
    reasons: dict[str, str] = {}
    for id, each in model.operations.items():
        out = next((pattern for pattern in exclude if fits(pattern, each)), "")
        if out:
            reasons[id] = f"left out by `--exclude {out}`"
        elif include and not any(fits(pattern, each) for pattern in include):
            reasons[id] = "left out: no `--include` names it"
    kept = {id: each for id, each in model.operations.items() if id not in reasons}
    if not kept and model.operations:
        raise InputError([Problem(Location("--exclude"), "no operation is left to test")])
    left_out = {id: each for id, each in model.operations.items() if id in reasons}
    return Selection(replace(model, operations=kept), left_out, reasons)


def fits(pattern: str, operation: Operation) -> bool:
    """Whether a pattern names an operation: `METHOD /path`, `/path`, its id or one of its tags.
    `*` stands for any text, `/` included."""
    pattern = pattern.strip()
    method, space, path = pattern.partition(" ")
    whole = f"{operation.method} {operation.path}"
    if space and fnmatchcase(whole, f"{method.upper()} {path.strip()}"):
        return True
    return any(
        fnmatchcase(name, pattern) for name in (operation.path, operation.id, *operation.tags)
    )


def _near(pattern: str, model: Model) -> str:
    known: dict[str, None] = {}
    for each in model.operations.values():
        names = (f"{each.method} {each.path}", each.path, each.id, *each.tags)
        known |= dict.fromkeys(names)
    return did_you_mean(pattern, known) or "write `GET /path/*`, an operation's id, or a tag"
