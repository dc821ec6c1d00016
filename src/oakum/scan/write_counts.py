"""Counts a run's writes and their undoing, for the report.

The undo log and the journal know what to restore; this only counts, and contains no personal value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz import Model
from oakum.errors import count_of
from oakum.exposure.endpoints.probes import is_graphql
from oakum.finding import Endpoint, SkippedOperation, Writes
from oakum.inference.side_effects import classify
from oakum.scan.engine import Engine


@dataclass
class WriteCounts:
    """Listens to what the undo logs write to the journal."""

    changes: int = 0
    undone: int = 0
    _open: set[str] = field(default_factory=set)

    def count(self, kind: str, name: str) -> None:
        """Counts changes: `undo`, `flip` before them; `undone`, `restored` when they are verified
        as reverted; `refused`: it was none."""
        if kind in ("undo", "flip"):
            self.changes += name not in self._open
            self._open.add(name)
        elif name in self._open:
            self._open.remove(name)
            self.changes -= kind == "refused"
            self.undone += kind != "refused"

    def writes(
        self,
        model: Model,
        sent: Mapping[str, int],
        left: tuple[str, ...],
        untried: tuple[SkippedOperation, ...],
    ) -> Writes:
        """Writes for the report. `sent`: calls by `POST /path`; `left`: what could not be
        restored."""
        known = {f"{each.method} {each.path}": each for each in model.operations.values()}
        found: Counter[Endpoint] = Counter()
        for name, number in sent.items():
            operation = known.get(name)
            method, _, path = name.partition(" ")
            if operation is None:
                if method != "POST":  # for instance a login that the document does not declare
                    found[Endpoint(method, path)] += number
                continue
            rule = model.rule(operation.id)
            kind = classify(operation, rule).kind
            if kind in ("write", "destructive") and not is_graphql(operation, rule):
                found[Endpoint(method, path, operation.id)] += number
        endpoints = tuple(sorted(found.items()))
        return Writes(sum(found.values()), self.changes, self.undone, left, endpoints, untried)


def wrote_to(engine: Engine) -> Iterator[str]:
    """How many objects of which kinds were written to: their values are restored, but not the API's
    own traces such as times and addresses."""
    undo_log, account_settings = engine.context.undo_log, engine.context.account_settings
    accounts = {name for name, each in engine.model.policy.resources.items() if each.is_account}
    found = {
        (resource, whose, "" if resource in accounts else key)
        for resource, whose, key in (undo_log.existing if undo_log else ())
    }
    once = {(resource, whose) for resource, whose, _ in found}
    for whose, path in account_settings.reception.written if account_settings else ():
        resource = path.partition(".")[0]
        if (resource, whose) not in once:
            found.add((resource, whose, ""))
    if many := Counter(resource for resource, _, _ in found):
        kinds = ", ".join(f"{number} `{name}`" for name, number in sorted(many.items()))
        why = undo_log.why_existing if undo_log else {}
        said = [f"`{name}`, since {why[name]}" for name in sorted(many) if name in why]
        lasts = undo_log is not None and undo_log.left
        restored = "did not restore all values" if lasts else "restored the values"
        yield (
            f"wrote to {count_of(len(found), 'object')} of the identities that existed before the"
            f" run, and {restored} ({kinds}): what the API itself records about a"
            f" write, such as its time and the writer's address, is not restored"
            + (f"; the run could not use its own objects of {'; of '.join(said)}" if said else "")
        )
