"""Values of a response outside every object that belongs to somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oakum.authz import Model
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.finding_evidence import Question
from oakum.exposure.knowledge import MIN_INSIDE, canonical, says_nothing
from oakum.exposure.side_channels import SERVERS_OWN
from oakum.http.json_pointer import Pointer
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.evaluation.shared_values import sharers


def loose_values(model: Model, seen: JudgedResponse) -> dict[str, list[Pointer]]:
    """Values outside the declared fields of owned objects → pointers."""
    found: dict[str, list[Pointer]] = {}
    leaves = list(seen.judgement.unbound)
    for each in seen.instances:
        owned = each.owners and each.pointer not in seen.reading.mute
        fields = {*seen.probe.shows.get(each.resource, ()), *model.tables[each.resource].leaves}
        if model.policy.resources[each.resource].owner.kind != "none":
            leaves += [leaf for leaf in each.leaves if not owned or leaf.path not in fields]
    for leaf in leaves:
        scalar = not isinstance(leaf.value, dict | list) and not says_nothing(leaf.value)
        if leaf.pointer and scalar:
            found.setdefault(canonical(leaf.value), []).append(leaf.pointer)
    return found


def texts_beside(seen: JudgedResponse, loose: Mapping[str, Sequence[Pointer]]) -> frozenset[str]:
    """Texts of a response that stand in no field which its viewer may see."""
    leaves = (
        leaf for each in seen.instances for leaf in each.leaves if not (leaf.allowed or leaf.masked)
    )
    headers = (text for name, text in seen.response.headers.items() if name not in SERVERS_OWN)
    return frozenset(
        (
            *loose,
            *(canonical(each.value) for each in (*seen.judgement.unbound, *leaves)),
            *headers,
            *seen.response.cookies.values(),
        )
    )


def stands_loose(
    context: EvaluationContext, question: Question, loose: Mapping[str, Sequence[Pointer]],
    who: str, resource: str, path: str,
) -> Pointer:  # fmt: skip
    """Where a value that an owner sees in a field stands in this response outside of what is
    known to be somebody's: under the same name, or too long to be there by chance."""
    viewer, knowledge = question.viewer or "", context.knowledge
    mine = knowledge.own.get((viewer, resource, path), ())
    last = next((step for step in reversed(path.split(".")) if step != "*"), "")
    for text in knowledge.own.get((who, resource, path), ()) if who != viewer else ():
        if text in mine or text in question.sent or text in knowledge.common:
            continue
        if knowledge.ambient.varies((resource, path)):
            continue
        there = loose.get(text, ())
        if there and context.is_of_an_open_one(viewer or None, who, resource, path, text):
            continue
        for at in there:
            name = next((step for step in reversed(at) if not step.isdigit()), "")
            if name == last or len(text) >= MIN_INSIDE:
                return at
    return ()


def repeats_beside(
    context: EvaluationContext, seen: JudgedResponse, loose: Mapping[str, Sequence[Pointer]],
    who: str, resource: str, path: str,
) -> bool:  # fmt: skip
    """Whether a value that the request itself held stands loose in its response with one that it
    did not: it may have come with the object, and is not known to be missing."""
    own = context.knowledge.own.get((who, resource, path), set())
    if seen.question.sent.isdisjoint(own) or not any(loose.get(text) for text in own):
        return False
    others = seen.probe.shows.get(resource, ())
    return any(stands_loose(context, seen.question, loose, who, resource, each) for each in others)


def asked_for(
    context: EvaluationContext, question: Question, who: str, resource: str, path: str
) -> bool:
    """Whether a value of somebody's that stands loose may well have come because the request asks
    for them alone, or for those alone who share it."""
    if who not in question.targets:
        return False
    values = context.knowledge.own.get((who, resource, path), ())
    if any(context.withheld(question.viewer, who, text)[2] for text in values):
        return False
    shared = [text for text in values if context.knowledge.shared(who, resource, path, text)]
    theirs = all(
        question.targets <= sharers(context, question, resource, path, text) for text in shared
    )
    return theirs if shared else len(question.targets) == 1
