"""Another user's values inside a response that claims to be about the caller.

The evidence: the same object shows its owner another value elsewhere, and the value shown here is
the only one that another identity is ever shown in that field. A value that two people have in
common, a mask, and a value that varies by itself are no evidence. From outside it is unclear which
of the responses is wrong, so the leak is suspected.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.exposure.cells.matrix import Key, Observation, Outcome, state_key
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.values.knowledge import MIN_CANARY
from oakum.finding import Evidence, Result
from oakum.inference.lexicon import FieldClass, classify_field

_TELLING = frozenset(
    {
        FieldClass.CONTACT, FieldClass.SECRET, FieldClass.IDENTITY_DOCUMENT, FieldClass.PERSONAL,
        FieldClass.LOCATION,
    }
)  # fmt: skip
"""Field classes in which two people rarely have the same value."""


def tell_mixed(context: EvaluationContext) -> None:
    """Records rows that a viewer was shown as their own and that contain values which the contract
    denies them."""
    for endpoint, viewer, owner, resource, path, other in list(_mixed_fields(context)):
        held = context.identities.relations(viewer, owner)
        state = context.matrix.state(resource, owner)
        view = context.views.get((endpoint, viewer))
        if view is None or context.matrix.is_granted(endpoint, resource, path, held, True, state):
            continue
        label = context.identities.label(held, viewer, owner)
        key = Key(
            endpoint, resource, path, label, state_key(context.model.tables[resource], path, state)
        )
        at = view.leaves.get((resource, path), ())
        shown = context.redactor.answer(
            viewer, label, view.status, view.media_type, view.value, {at: "leak"}, [at[:-1]]
        )
        where = context.matrix.endpoint(other)
        weak = (
            f"{viewer} gets it as their own, but gets another value at {where.method}"
            f" {where.path}; {owner} gets this one everywhere"
        )
        evidence = Evidence(None, shown, view.curl, note=weak)
        seen = Observation(key, False, Result.LEAK, viewer, owner, evidence, weak)
        context.matrix.apply(endpoint, Outcome(f"mixed {endpoint} {viewer}", view.status, (seen,)))


def _mixed_fields(context: EvaluationContext) -> Iterator[tuple[str, str, str, str, str, str]]:
    """(endpoint, viewer, owner, resource, field, the endpoint that shows the viewer's own)."""
    knowledge = context.knowledge
    shown: dict[tuple[str, str], dict[str, set[str]]] = {}
    for (who, resource, _, path), endpoints in knowledge.faces.items():
        shown.setdefault((resource, path), {}).setdefault(who, set()).update(endpoints.values())
    for (viewer, resource, _, path), endpoints in knowledge.faces.items():
        if len(set(endpoints.values())) < 2 or classify_field(path) not in _TELLING:
            continue
        for endpoint, text in endpoints.items():
            of = [who for who, texts in shown[resource, path].items() if text in texts]
            others = [who for who in of if who and who != viewer]
            if len(text) < MIN_CANARY or len(others) != 1 or text in knowledge.common:
                continue
            if len(shown[resource, path][others[0]]) > 1:
                continue  # may be a placeholder: the owner is shown other values, too
            if knowledge.ambient.varies((resource, path)):
                continue
            elsewhere = next(each for each, other in endpoints.items() if other != text)
            yield endpoint, viewer, others[0], resource, path, elsewhere
