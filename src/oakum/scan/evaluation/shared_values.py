"""Values that several owners have in one field: both sides of a contract of sale have its code.

Such a value identifies none of them alone. But a caller who has it in no object of their own, and
to whom the contract shows it in no object, received another's data. It may be a default that
everybody has, so the leak is suspected and never proven; a value of an enumeration is no evidence.
"""

from __future__ import annotations

from oakum.authz import ObjectInstance
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.finding_evidence import Question
from oakum.exposure.values.impersonal_values import is_one_of_few
from oakum.exposure.values.knowledge import MIN_CANARY, canonical, says_nothing
from oakum.openapi.model import Json

SHARED = "several owners have this value: it may be one that everybody has"


def sharers(
    context: EvaluationContext, question: Question, resource: str, path: str, value: Json
) -> frozenset[str]:
    """The owners who have a value in a field, if there are several and the viewer may not know the
    value."""
    if isinstance(value, dict | list | bool) or says_nothing(value):
        return frozenset()
    text, knowledge = canonical(value), context.knowledge
    if len(text) < MIN_CANARY or is_one_of_few(text, path) or text in question.sent:
        return frozenset()
    if text in knowledge.choices or text in knowledge.common or knowledge.nobodys(text):
        return frozenset()
    places = knowledge.owners(text)
    names = {who for who, *place in places if place == [resource, path]}
    everybody = {*context.identities.names()} <= {who for who, *_ in places}
    if len(names) < 2 or everybody or question.viewer in {who for who, *_ in places}:
        return frozenset()
    varies = any(knowledge.ambient.varies((kind, at)) for who, kind, at in places)
    if varies or any(context.may_see(question.viewer, *each, text) for each in places):
        return frozenset()
    return frozenset(names)


def sharers_of_unnamed(
    context: EvaluationContext, question: Question, instance: ObjectInstance
) -> dict[str, str]:
    """Field of an object that names no owner → one of several who have its value; of those whom the
    request asks for, if it asks for anybody."""
    found: dict[str, str] = {}
    for leaf in instance.leaves if not instance.owners else ():
        names = sharers(context, question, instance.resource, leaf.path, leaf.value)
        if names and (not question.targets or question.targets <= names):
            found[leaf.path] = min(question.targets or names)
    return found
