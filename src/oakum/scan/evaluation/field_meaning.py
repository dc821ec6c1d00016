"""Decides about one field of an object: a setting, another name of a field, or a count.

It does not depend on what the response shows in the object's other fields.
"""

from __future__ import annotations

from collections.abc import Collection

from oakum.authz import Leaf, Model, ObjectInstance
from oakum.authz.table import leaf_index
from oakum.exposure.endpoints import Probe
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.finding_evidence import Question
from oakum.exposure.knowledge import MIN_INSIDE, canonical
from oakum.http.json_pointer import path_of


def is_setting_of(
    context: EvaluationContext,
    unread: Collection[str],
    instance: ObjectInstance,
    leaf: Leaf,
    who: str,
) -> bool:
    """Whether `false` is what this owner's account was read to be set to, by the same name."""
    read = context.matrix.state(instance.resource, who)
    return leaf.value is False and any(
        read.get(name) is False and name not in unread
        for name in context.model.settings_called(instance.resource, leaf.path)
    )


def alias(
    context: EvaluationContext,
    probe: Probe,
    question: Question,
    instance: ObjectInstance,
    leaf: Leaf,
    who: str,
) -> str:
    """The field whose value a member holds that neither document nor contract names; empty:
    it holds none that the contract withholds from this viewer."""
    table, text = context.model.tables[instance.resource], canonical(leaf.value)
    declared = probe.shows.get(instance.resource, ())
    if leaf_index(table, leaf.path) >= 0 or leaf.path in declared or len(text) < MIN_INSIDE:
        return ""
    resource, field, _ = context.withheld(question.viewer, who, text)
    return field if resource == instance.resource else ""


def is_one_of_several(context: EvaluationContext, probe: Probe, resource: str, who: str) -> bool:
    """Whether nothing tells an object without a key from others of its owner."""
    keyless = not context.model.policy.resources[resource].key
    opens = any(each.startswith(f"{resource}.") for each in probe.sources.values())
    return keyless and (opens or (who, resource) in context.knowledge.apart)


def is_counted(model: Model, probe: Probe, path: str) -> bool:
    """Whether a field counts objects: it goes with one that is hidden, which no viewer can tell."""
    steps = tuple(path.split("."))
    counts = model.rule(probe.operation.id).counts
    return any(path_of(each)[-len(steps) :] == steps for each in counts)
