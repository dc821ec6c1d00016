"""Objects that stand in another object, at a place that the contract may not show the viewer.

The author of an anonymous post may show their name to everybody: their own lines say so. That they
wrote this post is for the line of the post to say, so the object is a leak of that line. Where the
viewer may see nothing of the post, or not who that is, other fields tell of the leak. It has to be
somebody's known object: what stands there for nobody, such as a made-up author, tells nothing.
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
    """Each place of an object in which one of another identity stands, as the contract writes it,
    and where its key stands in the response."""
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
            continue  # it stands in another object, which is asked the same
        path = ".".join("*" if step.isdigit() else step for step in at[depth:])
        whose = context.who(each, seen.question.viewer)
        named = any(leaf.path == key and leaf.allowed for leaf in each.leaves)
        if path in declared and named and whose not in ("", seen.question.viewer):
            yield path, (*at, *key.split("."))
