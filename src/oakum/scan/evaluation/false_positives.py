"""Reasons why an owner's value in one field is no leak: a setting, a count, the caller's own value.

They do not depend on the object's other fields in the response.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from oakum.authz import Leaf, Model, ObjectInstance
from oakum.authz.member_paths import at_path, key_in
from oakum.authz.table import granted_to_nobody, leaf_index
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.finding_evidence import Place, Question
from oakum.exposure.relation_fields import is_one_of_many
from oakum.exposure.values.knowledge import MIN_INSIDE, canonical, says_nothing
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Json
from oakum.scan.evaluation.ownership import KnownInstances


def is_setting_of(
    context: EvaluationContext,
    unread: Collection[str],
    instance: ObjectInstance,
    leaf: Leaf,
    who: str,
) -> bool:
    """Whether `false` in this field is a setting of the owner's account that was read under the
    same name."""
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
    """The field whose value an undeclared member holds; empty if it holds no value that the
    contract withholds from this viewer."""
    table, text = context.model.tables[instance.resource], canonical(leaf.value)
    declared = probe.shows.get(instance.resource, ())
    if leaf_index(table, leaf.path) >= 0 or leaf.path in declared or len(text) < MIN_INSIDE:
        return ""
    resource, field, _ = context.withholding_field(question.viewer, who, text)
    return field if resource == instance.resource else ""


def is_one_of_several(context: EvaluationContext, probe: Probe, resource: str, who: str) -> bool:
    """Whether the owner has several keyless objects of this resource that cannot be told apart."""
    keyless = not context.model.policy.resources[resource].key
    opens = any(each.startswith(f"{resource}.") for each in probe.sources.values())
    return keyless and (opens or (who, resource) in context.knowledge.apart)


def is_counted(model: Model, probe: Probe, path: str) -> bool:
    """Whether the contract names the field as a count of objects (`counts:`), which depends on
    hidden objects."""
    steps = tuple(path.split("."))
    counts = model.rule(probe.operation.id).counts
    return any(path_of(each)[-len(steps) :] == steps for each in counts)


def is_relative(context: EvaluationContext, instance: ObjectInstance, leaf: Leaf, who: str) -> bool:
    """Whether a granted field with another value than its owner sees depends on the reader, like
    `relationship.me_to_user`. A field that names the owner is the same for every reader."""
    resource, text = context.model.policy.resources[instance.resource], canonical(leaf.value)
    known = context.knowledge.own.get((who, instance.resource, leaf.path))
    if leaf.path in resource.owner.members or says_nothing(leaf.value):
        return False
    if not known or text in known:
        return False
    key = key_in(instance.value, resource.key)
    rows = context.knowledge.objects.get((who, instance.resource), ())
    return not key or any(row.get(resource.key) == key and leaf.path in row for row in rows)


def is_callers(
    context: EvaluationContext,
    question: Question,
    reading: KnownInstances,
    instance: ObjectInstance,
    who: str,
) -> bool:
    """Whether an object that belongs to `who` only by the path contains the caller's own values."""
    kind = context.model.policy.resources[instance.resource].owner.kind
    by_question = kind in ("path", "query") or instance.pointer in reading.given
    foreign = by_question and question.viewer not in (None, who)
    return foreign and context.is_viewers_own(instance, question.viewer, who)


def is_own_for_anothers(
    context: EvaluationContext, question: Question, at: tuple[str, str, str], place: Place
) -> bool:
    """Whether a caller who named another person received a field (resource, key, path) of an object
    that they also receive under their own name: it discloses nothing. True, too, until their own
    objects were requested."""
    viewer, asked = question.viewer, question.targets
    if viewer is None or not at[1] or not asked or viewer in asked:
        return False
    view = context.views.get((question.endpoint, viewer))
    return view is None or not view.about_owner or view.has_field(*at, (), place)


def in_doubt(
    context: EvaluationContext,
    who: str,
    resource: str,
    shown: Collection[str],
    blank: Collection[str] = (),
) -> frozenset[str]:
    """Settings of an owner that are unknown for an object that shows these fields. `blank`: fields
    with null, which inherit a setting."""
    states = context.model.policy.resources[resource].states
    return frozenset(
        name
        for name in context.identities.in_doubt(who, resource)
        if states[name].member not in shown
        or (states[name].inherits and states[name].member in blank)
    )


def was_written(question: Question, leaf: Leaf) -> bool:
    """Whether a write set this value in the object: it is no leak for anybody who may write,
    whatever else leaks beside it. Values that only name the object in the path do not count."""
    return question.wrote and canonical(leaf.value) not in question.params.values()


def states_of_asked(
    context: EvaluationContext, who: str, resource: str, key: str
) -> tuple[Mapping[str, Json], frozenset[str]]:
    """(states of the requested object, those of them that are unread)."""
    unread = in_doubt(context, who, resource, ())
    each = context.model.policy.resources[resource]
    if not is_one_of_many(context.model, each):
        return {}, unread
    known = context.knowledge.states_of(who, resource, key) if key else {}
    return known, unread | ({n for n, state in each.states.items() if state.member} - known.keys())


def missing_fields(instance: ObjectInstance, fields: Iterable[str]) -> list[str]:
    """Which of these fields the object lacks. The members of an embedded object are judged with
    that object."""
    here = set[str]()  # paths of leaves, and of what they stand in
    for path in (leaf.path for leaf in instance.leaves):
        while path not in here:
            here.add(path)
            path = path.rpartition(".")[0] or path
    return [
        each
        for each in fields
        if each not in here and not any(True for _ in at_path(instance.value, each))
    ]


def texts_for_nobody(model: Model, instance: ObjectInstance) -> list[Leaf]:
    """Non-empty texts in declared fields that no relation may see."""
    table = model.tables[instance.resource]
    return [
        leaf
        for leaf in instance.leaves
        if leaf.path in table.leaves
        and isinstance(leaf.value, str)
        and not (leaf.masked or says_nothing(leaf.value))
        and granted_to_nobody(table, leaf.path)
    ]
