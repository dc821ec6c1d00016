"""Operations that a scan never calls even where it may write, and why, for the report.

A write test sends nothing to an operation that is a staff function or moves money, and nothing
whose body it cannot write as declared. It never changes a member that decides about the life cycle
of an object that existed before the run, such as its status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.endpoints.request_bodies import body_shape, unwritable
from oakum.finding import Endpoint, SkippedOperation
from oakum.http.methods import WRITES
from oakum.inference.lexicon import word_set, words
from oakum.inference.side_effects import DELETES, classify
from oakum.inference.unsafe_writes import more_than_sets, staff_matter
from oakum.openapi.model import Operation
from oakum.scan.requests.delete_parameters import confirm_removal
from oakum.scan.requests.written_resources import last_parameter, written_resources

_EDITS = word_set("change edit modify overwrite patch replace set update upsert")
_MAKES = word_set("add create insert make new open post submit")
_ONE_EACH = word_set(
    "account config configuration consent me preference preferences profile setting settings"
)
"""Nouns of things of which each account has one, so that a creation overwrites it."""

_OTHERS = word_set("code index name nr number position serial slug")
"""Words of members that identify an object besides its key."""
_TRASH = word_set("bin binned deleted recycle recycled removed trash trashed")
"""Words in paths of lists that keep removed objects."""
_BEFORE = ("archive", "trash", "discard", "cancel")
"""Verbs that archive or cancel an object, which an API may require before removal."""


def barring_reason(model: Model, operation: Operation, *, named: bool = False) -> str:
    """Why a writing operation must not be tested; empty if it may. `named`: the contract names it
    for changing a state or relation."""
    rule, relations = model.rule(operation.id), model.policy.relations
    return staff_matter(operation, rule, relations, named=named) or unwritable(operation)


def why_not_called(model: Model, operation: str) -> str:
    """Why a run with writes sent nothing to a writing operation; empty if it does not write, or
    `classify` gives the reason."""
    each = model.operations.get(operation)
    if each is None:  # unreadable: a reference in the document is broken
        return ""
    if each.method == "DELETE":
        said = classify(each, model.rule(each.id)).reason
        alone = said == DELETES and not barring_reason(model, each)
        return f"{said}, and the run had nothing to remove with it" if alone else ""
    if each.method not in WRITES or classify(each, model.rule(each.id)).kind != "write":
        return ""
    if why := barring_reason(model, each):
        return f"not written to, for {why}"
    if why := more_than_sets(each):
        return f"never written to, because {why}"
    found = written_resources(model, each)
    if not found and not each.body:
        return "not written to: the document declares no body, so that it sets no member"
    if not found:
        return (
            "not written to: neither `sets:` of the contract nor the schema of its body says which"
            " resource it writes, and where it is in the body; add"
            f' `operations: {{{each.id}: {{sets: {{RESOURCE: /PLACE}}}}}}` (`""` where the body is'
            " the resource itself)"
        )
    making = each.method == "POST" and not last_parameter(each.path)
    owners = {model.policy.resources[name].owner.kind for name, _ in found}
    if making and owners == {"none"}:
        return f"not written to: nothing says whose a new `{found[0][0]}` is (`owner: none`)"
    kept = [why for name, _ in found if (why := why_no_creation(model, each, name))]
    if making and len(kept) == len(found):
        return f"not written to: {kept[0]}"
    if making and not any(remover(model, each, name, {}) for name, _ in found):
        name = found[0][0]
        why = next((why for n, _ in found for _, why in _removers(model, each, n, {}) if why), "")
        return "not written to: its objects could not be removed again, because " + (
            why or _no_removal(model, name)
        )
    if making:
        return "not written to: it creates nothing that its creator can see and remove"
    return "not written to: no object there has a member that could be tried on it and put back"


def why_no_creation(model: Model, operation: Operation, resource: str) -> str:
    """Why a POST may overwrite an object instead of creating one, which could not be restored;
    empty if it creates."""
    if model.policy.resources[resource].is_account:
        return (
            f"it writes a `{resource}`, which is an account: the request changes the caller's own"
        )
    named = model.rule(operation.id).params.values()
    if f"{resource}.{model.policy.resources[resource].key}" in named:
        return f"`params:` names the `{resource}` that it writes"
    literal = [part for part in operation.path.split("/") if part and not part.startswith("{")]
    last, first = words(literal[-1]) if literal else (), words(operation.id)[:1]
    verbs = first if first and first[0] in _MAKES else (*first, *last[:1])
    if word := next((each for each in verbs if each in _EDITS), ""):
        return f"`{word}` says that it overwrites an existing object"
    if last and last[-1] in _ONE_EACH:
        return f"`{last[-1]}` says that each account has one, which it would overwrite"
    return ""


def _no_removal(model: Model, name: str) -> str:
    key = model.policy.resources[name].key
    return f"no DELETE is known that names a `{name}` by its key" + (
        f" (`{name}.{key}`)" if key else ""
    )


def remover(
    model: Model, make: Operation, resource: str, params: Mapping[str, Mapping[str, str]]
) -> Probe | None:
    """The operation that deletes what another one creates, preferably one below its own path, since
    `DELETE /me/cart/{postId}` names a post, too. Of several, the one whose last parameter is the
    key of the object itself: `/posts/{id}`, not `/posts/tags/{tag}`. None if there is none whose
    request can be written."""
    key = f"{resource}.{model.policy.resources[resource].key}"
    own = f"{resource}."

    def rank(found: tuple[Probe, str]) -> tuple[bool, ...]:
        remove, lacks = found
        meant = remove.sources.get(last_parameter(remove.operation.path), "")
        named = meant == key, meant.startswith(own), not meant
        return _is_below(remove.operation, make), *named, not lacks

    best, lacks = max(_removers(model, make, resource, params), key=rank, default=(None, ""))
    return None if lacks else best


def _removers(
    model: Model, make: Operation, resource: str, params: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[Probe, str]]:
    """(operation, why it cannot be called, empty if it can) for operations that delete such
    objects."""
    key = model.policy.resources[resource].key
    for each in model.operations.values():
        last = last_parameter(each.path)
        if each.method != "DELETE" or not last or not key:
            continue
        remove = probe_of(model, each, params.get(each.id, {}))
        named = named_by(model, remove, resource) or f"{resource}.{key}" in remove.sources.values()
        # The creator may not be allowed to delete it if that is reserved for staff.
        if not (_is_below(each, make) or named) or barring_reason(model, each):
            continue
        if _is_of_a_part(remove, make, f"{resource}.{key}"):
            continue
        meant = confirm_removal(remove, each)
        lacking = [name for name in meant.unfilled if name != last]
        lacking += [*_guessed_params(model, meant, last), *_lacking_members(meant)]
        how = f"{each.method} {each.path}"
        why = f"`{how}` requires `{lacking[0]}`, and no value is known" if lacking else ""
        yield meant, why or _unsure(model, meant, resource)


def named_by(model: Model, remove: Probe, resource: str) -> str:
    """The member, other than the key, whose value is the last segment of a removal's path."""
    source = remove.sources.get(last_parameter(remove.operation.path), "")
    name, _, member = source.partition(".")
    return member if name == resource and member != model.policy.resources[resource].key else ""


def _unsure(model: Model, remove: Probe, resource: str) -> str:
    """Why it is unclear which object the path of a removal names; empty if it is clear. A member
    other than the key may name several objects, so a response at the same path has to show the
    object."""
    known, operation = model.policy.resources[resource], remove.operation
    last = last_parameter(operation.path)
    how, member = f"{operation.method} {operation.path}", named_by(model, remove, resource)
    shown = any(
        each.method == "GET" and each.path == operation.path and (media := each.success())
        and media.shape and "array" not in media.shape.kinds
        for each in model.operations.values()
    )  # fmt: skip
    if member and ("." in member or member in known.owner.members):
        return f"`{how}` names it by `{member}`, which other objects may have too"
    said = words(last)
    other = last in model.known[resource].names - {known.key} or not _OTHERS.isdisjoint(said)
    named = last in remove.sources or not other
    if shown or (named and not member):
        return ""
    return f"no GET at `{operation.path}` shows which object `{last}` names"


def purgers(
    model: Model, make: Operation, resource: str, params: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, Probe]]:
    """Operations that delete removed objects for good, with the path of the list that shows them
    meanwhile: `/trash`, and `DELETE /trash/{id}`."""
    for each, lacks in _removers(model, make, resource, params):
        path, _, last = each.operation.path.rpartition("/")
        at = last == f"{{{last_parameter(each.operation.path)}}}"
        if at and not lacks and not _TRASH.isdisjoint(words(re.sub(r"\W+", " ", path))):
            yield path, each


def before_removal(model: Model, remove: Operation) -> Iterator[tuple[Operation, str]]:
    """(operation, verb) for operations that archive or cancel the object of a removal and need
    nothing else: `POST /notes/{id}/archive` beside `DELETE /notes/{id}`."""
    for each in model.operations.values():
        path, _, verb = each.path.rpartition("/")
        if each.method not in ("POST", "PUT") or path != remove.path or verb not in _BEFORE:
            continue
        shape = body_shape(each)
        more = any(p.required for p in each.parameters if p.where != "path")
        bare = not each.body or (shape is not None and not shape.required)
        if bare and not more and not barring_reason(model, each):
            yield each, verb


def _is_below(remove: Operation, make: Operation) -> bool:
    return remove.path.startswith(f"{make.path.rstrip('/')}/")


def _is_of_a_part(remove: Probe, make: Operation, key: str) -> bool:
    """Whether a removal deletes what belongs to such an object, which a parameter before the last
    one names: `/posts/{id}/tags/{tag}`. With the new post's key in the last place it could delete
    the tag of another post."""
    steps = remove.operation.path.split("/")
    common = sum(
        1
        for _ in takewhile(
            lambda pair: _is_same(*pair), zip(steps, make.path.split("/"), strict=False)
        )
    )
    last = f"{{{last_parameter(remove.operation.path)}}}"
    own = "/".join(steps[common:]).rpartition(last)[0]  # it may have an end: `{id}.json`
    return any(source == key and f"{{{name}}}" in own for name, source in remove.sources.items())


def _is_same(one: str, other: str) -> bool:
    """Whether two segments of paths are the same literal, or a parameter each."""
    return one == other or (one[:1], other[:1]) == ("{", "{")


def _guessed_params(model: Model, remove: Probe, last: str) -> Iterator[str]:
    """Required parameters outside the path that only a guess would fill with the key in the
    path."""
    said = model.rule(remove.operation.id).params
    for each in remove.operation.parameters:
        again = each.name in remove.sources and remove.sources[each.name] == remove.sources.get(
            last
        )
        if again and each.required and each.where != "path" and each.name not in said:
            yield each.name


def _lacking_members(remove: Probe) -> list[str]:
    """Required members of a removal's body that have no source."""
    shape = body_shape(remove.operation)
    if shape is None or not remove.operation.needs_body:
        return []
    return sorted(name for name in shape.required if name not in remove.sources)


def never_called(model: Model) -> Iterator[SkippedOperation]:
    """Writing operations that are not called with any options."""
    for operation in model.operations.values():
        if operation.method not in WRITES:
            continue
        if classify(operation, model.rule(operation.id)).kind != "write":
            continue
        if why := barring_reason(model, operation):
            endpoint = Endpoint(operation.method, operation.path, operation.id)
            yield SkippedOperation(endpoint, f"not written to, for {why}")


def all_untried(
    model: Model, more: Iterable[SkippedOperation], *, writes: bool
) -> tuple[SkippedOperation, ...]:
    """All operations that were not written to. `more`: found during the run."""
    return tuple(dict.fromkeys((*(never_called(model) if writes else ()), *more)))
