"""Fields that the contract shows to some viewers in a masked form: what these viewers received.

The scan and the pytest plugin use it. A value in a granted form closes a field only if the owner is
shown more. A value that shows more of the owner's value than every form granted in this state
leaks. Any other value that is no placeholder leaves the field untested, whatever other objects
show: it may be the owner's value in an unrecognised spelling.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oakum.authz import Leaf, ObjectInstance
from oakum.authz.table import allows, combinations, deciding_states, leaf_index
from oakum.exposure.cells.values_shown_to_entitled_viewers import Object
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.values.disclosure_by_masked_values import (
    MaskedValue,
    OwnersValue,
    judge,
    letters,
)
from oakum.exposure.values.knowledge import canonical, says_nothing
from oakum.exposure.values.masks import is_worded
from oakum.openapi.model import Json
from oakum.policy.mask import Mask


def is_masked(context: EvaluationContext, resource: str, path: str) -> bool:
    """Whether any contract line shows the field in a masked form."""
    table = context.model.tables[resource]
    index = leaf_index(table, path) if resource in context.model.masked else -1
    return index >= 0 and bool(table.rules[index].masked)


def masked_value(
    context: EvaluationContext, instance: ObjectInstance, leaf: Leaf, who: str, key: str,
    unread: Collection[str] = (),
) -> MaskedValue | None:  # fmt: skip
    """What a value in a masked field shows of the owner's value; None if the field is not masked,
    the value is blank or the whole, or the owner was not shown one. `key`: of the object; `unread`:
    settings whose value is unknown."""
    blank = isinstance(leaf.value, dict | list | bool) or says_nothing(leaf.value)
    if blank or not is_masked(context, instance.resource, leaf.path):
        return None
    forms = [*_forms(context, instance, leaf.path, unread)]
    around = _around(instance, leaf)
    texts = _shown_values(context, Object(who, instance.resource, key), leaf.path)
    more = [each for each in texts if not any(mask.fits(each, around) for mask in forms)] or texts
    text = canonical(leaf.value)
    if not more or (text in more and not leaf.masked):
        return None
    others = _others(context, who, instance.resource, leaf.path)
    wholes = [OwnersValue.of(each, others) for each in more]
    judged = judge(leaf.value, forms, wholes, around)
    return None if judged.kind == "unclear" and is_worded(text) else judged


def _forms(
    context: EvaluationContext, instance: ObjectInstance, path: str, unread: Collection[str]
) -> Iterator[Mask]:
    """The masked forms in which the viewer may see a field in some state that the object may have;
    none if the operation does not allow it."""
    for mask, table in context.model.masked.get(instance.resource, ()):
        names = [name for name in deciding_states(table, path) if name in unread]
        for values in combinations(table, names):
            state = {**instance.state, **values}
            if instance.passes and allows(table, path, instance.held, state):
                yield mask
                break


def _shown_values(context: EvaluationContext, of: Object, path: str) -> list[str]:
    """The values that the owner is shown in a field, of this object if it is known; otherwise those
    that entitled viewers are shown."""
    knowledge, resource = context.knowledge, context.model.policy.resources[of.resource]
    rows = knowledge.objects.get((of.owner, of.resource), ()) if of.key and "*" not in path else ()
    here = {row[path] for row in rows if row.get(resource.key) == of.key and path in row}
    here = here or knowledge.own.get((of.owner, of.resource, path), set())
    found = here or context.entitled.value(of, path)
    return sorted(each for each in found if letters(each))


def _others(context: EvaluationContext, who: str, resource: str, path: str) -> list[str]:
    """Letters and digits of the values that other owners are shown in a field."""
    names = (name for name in context.identities.names() if name != who)
    own = context.knowledge.own
    return [letters(each) for name in names for each in own.get((name, resource, path), ())]


def _around(instance: ObjectInstance, leaf: Leaf) -> Json:
    """The object that contains a value."""
    around: Json = instance.value
    for step in leaf.pointer[len(instance.pointer) : -1]:
        if isinstance(around, dict | list):
            around = around[int(step)] if isinstance(around, list) else around[step]
    return around
