"""Reports that one of the run's own accounts could delete another.

`temporary_accounts` tries that at the end of a run, when it removes the accounts that it created.
If another account succeeds and no line of the contract allows it, that is a write to another user's
object.
"""

from __future__ import annotations

from oakum.exposure.checks.bola_write import REMOVED
from oakum.exposure.leak_signal import Signal
from oakum.finding import Endpoint, Evidence
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import curl


def report_deletable_accounts(engine: Engine) -> None:
    """Reports accounts whose removal by another was observed, once for each operation."""
    made, policy = engine.context.provisioned, engine.model.policy
    known = policy.resources.get(made.resource) if made is not None else None
    names = engine.identities.names()
    if made is None or known is None or not names:
        return
    plain = policy.only("authenticated", "anyone")
    label = engine.identities.label(plain, None, names[0])
    for each in {one.probe.id: one for one in made.removals}.values():
        call = engine.model.rule(each.probe.operation.id).call
        if call is not None and not plain.isdisjoint(call):
            continue
        evidence = Evidence(
            None,
            engine.evaluator.side(each.by, label, each.answer),
            curl(each.filled, engine.context.credentials(each.by)),
            note="both accounts belong to the run: the named one could log in before, but not"
            " afterwards",
        )
        endpoint = Endpoint(
            each.probe.endpoint.method, each.probe.endpoint.path, each.probe.operation.id
        )
        engine.results.report(
            Signal(
                "bola-write", known.name, known.key, label, endpoint, evidence, (), each.by,
                says=REMOVED,
            )
        )  # fmt: skip
