"""Objects embedded in another object, at a place that the contract may hide from the viewer.

The contract may show everybody the name of an account, and yet hide that it is the author of an
anonymous post. Then the embedded account is a leak of the post's line. If the viewer may see
nothing of the post, or not the account itself, other fields report the leak. The embedded object
must be a known object of an identity: a made-up author discloses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import ObjectInstance
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.http.json_pointer import Pointer
from oakum.scan.evaluation.judged_response import JudgedResponse


def references_in(
    context: EvaluationContext, seen: JudgedResponse, outer: ObjectInstance
) -> Iterator[tuple[str, Pointer]]:
    """(path in the contract, pointer to its key) for each place of an object that contains an
    object of another identity."""
    if not any(leaf.allowed for leaf in outer.leaves):
        return
    resources, depth = context.model.policy.resources, len(outer.pointer)
    declared = context.model.tables[outer.resource].leaves
    places = {each.pointer for each in seen.instances}
    for each in seen.instances:
        at, key = each.pointer, resources[each.resource].key
        if at[:depth] != outer.pointer or len(at) == depth:
            continue
        if any(at[:n] in places for n in range(depth + 1, len(at))):
            continue  # it is embedded in another object, which is checked itself
        path = ".".join("*" if step.isdigit() else step for step in at[depth:])
        whose = context.who(each, seen.question.viewer)
        named = any(leaf.path == key and leaf.allowed for leaf in each.leaves)
        if path in declared and named and whose not in ("", seen.question.viewer):
            yield path, (*at, *key.split("."))
