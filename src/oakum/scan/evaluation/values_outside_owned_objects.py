"""Values of a response outside every object that belongs to somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oakum.authz import Model
from oakum.exposure.cells.side_channel_comparison import SERVERS_OWN
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.finding_evidence import Question
from oakum.exposure.values.impersonal_values import is_one_of_few
from oakum.exposure.values.knowledge import MIN_CANARY, MIN_INSIDE, Knowledge, canonical, is_blank
from oakum.exposure.values.misplaced_values import is_unmistakable
from oakum.exposure.values.spellings import readings, stands_apart
from oakum.http.json_pointer import Pointer
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.evaluation.shared_values import sharers


def loose_values(model: Model, seen: JudgedResponse) -> dict[str, list[Pointer]]:
    """Values outside the declared fields of owned objects → pointers. A whole answer is one if it
    is a sentence."""
    found: dict[str, list[Pointer]] = {}
    leaves = list(seen.judgement.unbound)
    for each in seen.instances:
        owned = each.owners and each.pointer not in seen.reading.mute
        fields = {*seen.probe.shows.get(each.resource, ()), *model.tables[each.resource].leaves}
        if model.policy.resources[each.resource].owner.kind != "none":
            leaves += [leaf for leaf in each.leaves if not owned or leaf.path not in fields]
    for leaf in leaves:
        scalar = not isinstance(leaf.value, dict | list) and not is_blank(leaf.value)
        if scalar and (leaf.pointer or " " in str(leaf.value)):
            found.setdefault(canonical(leaf.value), []).append(leaf.pointer)
    return found


def texts_beside(seen: JudgedResponse, loose: Mapping[str, Sequence[Pointer]]) -> frozenset[str]:
    """Texts of a response outside all fields that its viewer may see."""
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
) -> Pointer | None:  # fmt: skip
    """Pointer to a value of the owner's field outside known owned objects: under the same name, too
    long to be there by chance, or within a sentence. None if there is none."""
    viewer, knowledge = question.viewer or "", context.knowledge
    mine = knowledge.own.get((viewer, resource, path), ())
    last = _name(path.split("."))
    for text in knowledge.own.get((who, resource, path), ()) if who != viewer else ():
        if text in mine or text in question.sent or text in knowledge.common:
            continue
        if knowledge.ambient.varies((resource, path)):
            continue
        there, around = loose.get(text, ()), _around(knowledge, text, last, loose)
        if (there or around) and context.is_of_an_open_one(
            viewer or None, who, resource, path, text
        ):
            continue
        for at in there:
            if _name(at) == last or len(text) >= MIN_INSIDE:
                return at
        if around:
            return around[0]
    return None


def may_have_come(
    context: EvaluationContext, seen: JudgedResponse, loose: Mapping[str, Sequence[Pointer]],
    who: str, resource: str, path: str, key: str,
) -> bool:  # fmt: skip
    """Whether the owner's value in a field of the object `key` is in the response outside objects.
    It is then no proof of a leak, if others have it or the contract shows it elsewhere, but it is
    not missing either. A value of the request counts only beside another value of the object."""
    found = _perhaps(context, seen, loose, who, resource, path, key)
    if found - seen.question.sent:
        return True
    own = context.knowledge.own.get((who, resource, path), set())
    if seen.question.sent.isdisjoint(own) or not any(loose.get(text) for text in own):
        return False
    return any(
        _perhaps(context, seen, loose, who, resource, each, key) - seen.question.sent
        or stands_loose(context, seen.question, loose, who, resource, each) is not None
        for each in seen.probe.shows.get(resource, ())
    )


def _perhaps(
    context: EvaluationContext, seen: JudgedResponse, loose: Mapping[str, Sequence[Pointer]],
    who: str, resource: str, path: str, key: str,
) -> set[str]:  # fmt: skip
    """Values of a field of an owner's object that are outside the viewer's own objects: under the
    same name, too distinctive for chance, or within a sentence."""
    viewer, last = seen.question.viewer, _name(path.split("."))
    if not loose or who == viewer:
        return set()
    knowledge, values = context.knowledge, _values(context, seen.question, who, resource, path, key)
    told = {text for text in values if _around(knowledge, text, last, loose)}
    came = values & loose.keys()
    objects = seen.instances if came and viewer else []
    mine = [e.pointer for e in objects if context.who(e, viewer) == viewer]

    def fits(text: str, at: Pointer) -> bool:
        odd = len(text) >= MIN_CANARY and not is_one_of_few(text, last)
        return (odd or _name(at) == last) and not any(at[: len(each)] == each for each in mine)

    return told | {text for text in came if any(fits(text, at) for at in loose[text])}


def _around(
    knowledge: Knowledge, value: str, name: str, loose: Mapping[str, Sequence[Pointer]]
) -> Sequence[Pointer]:
    """Pointers to a longer text, such as the sentence of a refusal, with a value that several
    owners have; a value of one alone is found by `MisplacedSearch`. Empty if there is none, or if
    the value may be in a sentence by chance."""
    if not is_unmistakable(value) or is_one_of_few(value, name):
        return ()
    if knowledge.canary(value, aside=True) is not None:
        return ()
    around = (at for text, at in loose.items() if len(text) > len(value) and _is_in(text, value))
    return next(around, ())


def _is_in(text: str, value: str) -> bool:
    return any(stands_apart(each, value) for each in readings(text))


def _values(
    context: EvaluationContext, question: Question, who: str, resource: str, path: str, key: str
) -> set[str]:
    """The owner's values in a field of an object; if the object was not seen, of any object that
    this endpoint does not show the viewer."""
    knowledge, of = context.knowledge, context.model.policy.resources[resource].key
    own = knowledge.own.get((who, resource, path), set())
    rows = [e for e in knowledge.objects.get((who, resource), ()) if key and e.get(of) == key]
    falsy = {"false", "0"} if knowledge.was_shown(who, resource, key, path) else set[str]()
    if "*" in path or not any(row.keys() - {of} for row in rows):
        hidden = {t for t in own if not _is_open_here(context, question, who, resource, path, t)}
        return hidden if own else falsy
    return {row[path] for row in rows if path in row} or falsy


def _is_open_here(
    context: EvaluationContext, question: Question, who: str, resource: str, path: str, text: str
) -> bool:
    """Whether a value may come from an object that its own state opens to the viewer at this
    endpoint."""
    endpoint, viewer, matrix = question.endpoint, question.viewer, context.matrix
    held, state = context.identities.relations(viewer, who), matrix.state(resource, who)
    return context.is_of_an_open_one(viewer, who, resource, path, text) and any(
        matrix.is_granted(
            endpoint, resource, path, held | e.kin, viewer is not None, {**state, **e.state}
        )
        for e in context.sources(viewer, who, resource, path, text)
    )


def _name(steps: Sequence[str]) -> str:
    """The name of a member, or of the list that it is an element of."""
    return next((each for each in reversed(steps) if each != "*" and not each.isdigit()), "")


def asked_for(
    context: EvaluationContext, question: Question, who: str, resource: str, path: str
) -> bool:
    """Whether a value outside objects is probably there because the request is only about its
    owner, or only about those who share it."""
    if who not in question.targets:
        return False
    values = context.knowledge.own.get((who, resource, path), ())
    if any(context.withholding_field(question.viewer, who, text)[2] for text in values):
        return False
    shared = [text for text in values if context.knowledge.is_shared(who, resource, path, text)]
    theirs = all(
        question.targets <= sharers(context, question, resource, path, text) for text in shared
    )
    return theirs if shared else len(question.targets) == 1
