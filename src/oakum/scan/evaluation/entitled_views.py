"""What viewers who may see its fields are shown of an object."""

from __future__ import annotations

from oakum.authz import ObjectInstance
from oakum.exposure.cells.values_shown_to_entitled_viewers import Object
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.response_reader import is_success
from oakum.exposure.values.knowledge import canonical, is_blank
from oakum.scan.evaluation.judged_response import JudgedResponse


def remember_shown(
    context: EvaluationContext, seen: JudgedResponse, instance: ObjectInstance, of: Object
) -> bool:
    """Records what an entitled viewer was shown in the fields of an object. Returns whether one of
    them is a field that its owner was not shown. Of the values in the request, only the object's
    key counts."""
    question, reading, viewer = seen.question, seen.reading, seen.question.viewer
    uncertain = instance.pointer in reading.untold or context.identities.unproven_of(
        viewer, of.owner
    )
    weak = uncertain or reading.weakness(instance.pointer, False)
    if weak or not (of.owner and of.key and is_success(seen.response.status)):
        return False
    found: dict[str, set[str]] = {}
    for leaf in instance.leaves:
        text = canonical(leaf.value)
        if leaf.allowed and (text == of.key or text not in question.sent):
            found.setdefault(leaf.path, set()).update(() if is_blank(leaf.value) else [text])
    for path, values in found.items():
        context.entitled.show(question.endpoint, of, path, frozenset(values))
    return any(not context.knowledge.was_shown(*of, path) for path in found)
