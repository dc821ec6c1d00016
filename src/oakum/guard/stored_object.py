"""The object that a write is about to change, read from a look-up's response before the write.

It counts as that object only if it stands where the document says. If the request names it by a key
alone, it must also contain that key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.authz import Judge, Model, Subject, likely_media
from oakum.authz.body_objects import ITSELF, BodyObjects, Key
from oakum.authz.id_spelling import identifier, text
from oakum.authz.member_paths import at_path, is_garbled
from oakum.guard.compiled.objects_in_responses import enclosing_resources, stands_alone
from oakum.guard.compiled.path_objects import names, rename_parameters
from oakum.guard.compiled.write_targets import Target
from oakum.guard.lookups import Lookups
from oakum.http.json_pointer import values_at
from oakum.openapi.model import Json
from oakum.routing.caller_credentials import readable
from oakum.routing.http_messages import Denial, HttpRequest, HttpResponse, RequestSteps
from oakum.routing.route import path_of

_NOWHERE = Target("none")


def question(
    model: Model, target: Target, params: Mapping[str, str], lookups: Lookups
) -> HttpRequest | None:
    """The look-up request for the object; None if the parameters would make its path ambiguous, or
    if a required parameter is missing."""
    reader = model.operations[target.operation]
    path = path_of(reader, rename_parameters(params, target.names))
    if path is None:
        return None
    own = target.own or "{" not in reader.path
    return lookups.lookup_service.request_to(
        target.operation, path, target.query, lookups.on, own=own
    )


def object_in_response(
    model: Model,
    target: Target,
    params: Mapping[str, str],
    lookups: Lookups,
    answered: HttpResponse,
) -> Subject | None:
    """The object in a readable response; None if it is missing or ambiguous."""
    value, reader = readable(answered), model.operations[target.operation]
    pointer = _pointer(model, target, value, params)
    parted = model.policy.resources[target.resource].owner.kind == "parent"
    media = likely_media(reader, 200, answered.media)
    # A parameter of the written path says nothing about an object that is looked up by another.
    its = {n: v for n, v in rename_parameters(params, target.names).items() if n in names(reader)}
    judge = Judge(model, lookups.principal(), reader.id, its)
    judged = judge.judge(value, media.shape if media else None)
    kinds = dict.fromkeys(judged.untold, "")
    kinds |= {id(each.value): each.resource for each in judged.instances}
    for each in judged.instances:
        if each.pointer == pointer and each.resource == target.resource:
            if parted and not enclosing_resources(model, reader, target.pointer):
                return Subject(each.resource, (), each.value, kinds=kinds)
            return Subject(each.resource, each.owners, each.value, partly=each.partly, kinds=kinds)
    return None


def unlike(
    model: Model, target: Target, lookups: Lookups, answered: HttpResponse
) -> frozenset[str]:
    """Resources that the object may belong to, without those that a readable response shows."""
    value, reader = readable(answered), model.operations[target.operation]
    media = likely_media(reader, 200, answered.media)
    judged = Judge(model, lookups.principal(), reader.id, {}).judge(
        value, media.shape if media else None
    )
    shown = {each.resource for each in judged.instances if each.pointer == target.pointer}
    return frozenset(target.kinds) - shown


_MOST_STANDING = 16
"""Most stored objects that each part of a body without a key is judged by; with more, it is unclear
which is meant. This bounds the work to so many times the size of the body."""


def stored_subjects(
    model: Model,
    target: Target,
    params: Mapping[str, str],
    lookups: Lookups,
    answered: HttpResponse,
    itself: Subject,
) -> tuple[Subject, ...] | None:
    """Outermost objects of `target.kinds` in a readable response; one that may belong to several
    resources has unknown owners. None: the response is not declared. `itself`: the object that the
    path names before its last word, which may be shown again. Of several list elements, each is
    `below` it."""
    value, reader = readable(answered), model.operations[target.operation]
    media = likely_media(reader, 200, answered.media)
    if media is None or media.shape is None:
        return None
    its = {n: v for n, v in rename_parameters(params, target.names).items() if n in names(reader)}
    judged = Judge(model, lookups.principal(), reader.id, its).judge(value, media.shape)
    instances = {id(each.value): each for each in judged.instances}
    kinds = dict.fromkeys(judged.untold, "") | {n: each.resource for n, each in instances.items()}
    found: list[Subject] = []
    for each, below in _outermost(value, kinds, many=False):
        name = kinds[id(each)]
        if not name and each:
            found.append(Subject("", (), below=below))
        elif name in target.kinds:
            owners, partly = instances[id(each)].owners, instances[id(each)].partly
            one = Subject(name, owners, each, partly=partly, kinds=kinds, below=below)
            found += [] if _is_part(model, target, one, itself) else [one]
    if len(found) > _MOST_STANDING:
        return (Subject("", (), below=all(each.below for each in found)),)
    return tuple(found)


def _is_part(model: Model, target: Target, one: Subject, itself: Subject) -> bool:
    """Whether an object with the same key, or without one and of the same owners, is the one that a
    path names."""
    known = model.policy.resources[one.resource]
    path = known.key
    said = {*map(identifier, at_path(one.value, path))} if path else set[str | None]()
    same = itself.resource == one.resource
    own = {*map(identifier, at_path(itself.value, path))} if same and said else set[str | None]()
    odd = known.owner.kind == "field" and any(is_garbled(one.value, m) for m in known.owner.members)
    near = not odd and not one.partly and {*one.owners} <= {*itself.owners}
    told = said <= own - {None} if said else near
    return one.resource in target.parts and told


def _outermost(
    value: Json, kinds: Mapping[int, str], *, many: bool
) -> Iterator[tuple[dict[str, Json], bool]]:
    """Objects of resources that stand in no other one, and whether each does in a list."""
    if isinstance(value, dict) and id(value) in kinds:
        yield value, many
        return
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in below:
        yield from _outermost(each, kinds, many=many or isinstance(value, list))


def find(
    model: Model,
    finders: Mapping[str, Target],
    params: Mapping[str, str],
    lookups: Lookups,
    named: BodyObjects,
) -> RequestSteps[None]:
    """Looks up the objects that a body names; raises `Denial` when the request's budget is too
    small, which is known before the first of many is prepared."""
    if len(named.wanted) > lookups.lookups_left:
        raise Denial(413, "lookups")
    todo = [(key, finders.get(key[0], _NOWHERE)) for key in named.wanted]
    named.wanted.clear()
    answers: dict[HttpRequest, HttpResponse | None] = {}
    while todo:
        again: list[tuple[Key, Target]] = []
        asked = [
            (
                key,
                target,
                its := _fill_params(target, key, params),
                question(model, target, its, lookups),
            )
            for key, target in todo
            if target.kind == "ask"
        ]
        named.found |= {key: None for key, _ in todo}
        if len({each[3] for each in asked} - answers.keys() - {None}) > lookups.lookups_left:
            raise Denial(413, "lookups")
        for key, target, its, request in asked:
            if request is None:
                continue
            if request not in answers:
                if not lookups.spend():
                    raise Denial(503, "target")
                answers[request] = yield from lookups.ask(request)
            found = _read_subject(
                model, target, key, its, lookups, answers[request], makes=named.makes
            )
            named.found[key] = found
            if found is not None and not (found.owners or found.new) and target.then is not None:
                again.append((key, target.then))
        todo = again


def _fill_params(target: Target, key: Key, params: Mapping[str, str]) -> Mapping[str, str]:
    return {**params, target.param: key[1]} if target.param else params


def _read_subject(
    model: Model,
    target: Target,
    key: Key,
    params: Mapping[str, str],
    lookups: Lookups,
    answered: HttpResponse | None,
    *,
    makes: bool,
) -> Subject | None:
    if answered is None:
        return None
    # A nested path does not prove absence: the object may exist under another parent.
    within = names(model.operations[target.operation])
    certain = key == ITSELF or (target.param in within and (makes or len(within) < 2))
    if certain and answered.status == 404:
        return Subject(target.resource, new=True)
    return object_in_response(model, target, params, lookups, answered)


def _pointer(
    model: Model, target: Target, value: Json, params: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Pointer to the object in a response; in a list, or in its place, to the one with the wanted
    key. None if there is no such object or more than one."""
    if not target.key:
        return target.pointer
    wanted = [params[target.param]]
    if target.pointer[-1:] != ("*",):
        here = values_at(value, target.pointer)
        return target.pointer if len(here) == 1 and _key(target, here[0]) == wanted else None
    around, reader = target.pointer[:-1], model.operations[target.operation]
    lists = values_at(value, around)
    if len(lists) != 1 or not isinstance(lists[0], list):
        alone = stands_alone(model, reader, target.pointer, target.resource)
        return around if alone and [_key(target, each) for each in lists] == [wanted] else None
    found = [index for index, each in enumerate(lists[0]) if _key(target, each) == wanted]
    return (*around, str(found[0])) if len(found) == 1 else None


def _key(target: Target, value: Json) -> list[str]:
    return [text(each) for each in values_at(value, target.key) if _is_id(each)]


def _is_id(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
