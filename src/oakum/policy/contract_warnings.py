"""Warnings about a valid contract that may contain a mistake.

Each warning is one sentence about one line of the policy, or about one thing it does not mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from oakum.errors import Location, Problem, did_you_mean, few
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Shape
from oakum.openapi.schema import children, elements
from oakum.policy.model import Policy, Resource
from oakum.policy.monotonicity import closed_shows_more, weaker_sees_more
from oakum.policy.operation_permission_warnings import lacking_member, review_calls
from oakum.policy.parameter_bindings import fill_parameters
from oakum.policy.parser import place
from oakum.policy.resource_schemas import View, at, declares, request_shapes, siblings, success

_KEYLIKE = re.compile(r"_?id|uuid|guid|key", re.IGNORECASE)
_FEW = 5

Path = tuple[str, ...]


def review(seen: View) -> Iterator[Problem]:
    """Every warning about a policy without errors."""
    yield from _warn_of_drafts(seen.policy)
    gaps = {name: _all_gaps(seen, each) for name, each in seen.policy.resources.items()}
    yield from _kinds(seen)
    for resource in seen.policy.resources.values():
        yield from _warn_of_unsent(seen, resource)
        yield from _keyless(seen, resource)
        yield from _listed_owners(seen, resource)
        yield from _check_grants(seen, resource)
        yield from _masked_objects(seen, resource)
        yield from _warn_of_missing_members(seen, resource)
        yield from _warn_of_unmentioned(resource, gaps[resource.name])
        yield from _warn_of_shadowed(resource)
        yield from weaker_sees_more(seen.policy, resource)
        yield from closed_shows_more(seen.policy, resource)
    yield from _unnameable(seen.policy, gaps)
    yield from _strangers(seen)
    yield from _silent(seen)
    yield from _warn_of_unused(seen.policy)
    yield from _pointers(seen)
    yield from _warn_of_passes(seen)
    yield from _check_caller(seen.policy)
    yield from _claims_from_the_root(seen)
    yield from review_calls(seen)
    yield from _whole_objects(seen)


def _warn_of_drafts(policy: Policy) -> Iterator[Problem]:
    """Counts drafted lines, against which no finding is proven."""
    # another warning covers a wholly drafted contract
    places = policy.drafted_lines if policy.stated else ()
    if places:
        verb = "line is" if len(places) == 1 else "lines are"
        yield Problem(
            places[0],
            f"{len(places)} {verb} drafted and not confirmed, from here on: they are enforced,"
            f" but findings against them are at most suspected",
            "review them, and remove `draft: true` where they are correct",
        )


# --------------------------------------------------------------------------- resources and
# endpoints


def _warn_of_unsent(seen: View, resource: Resource) -> Iterator[Problem]:
    if not seen.endpoints[resource.name] and not seen.given[resource.name]:
        yield Problem(
            resource.location,
            f"no operation sends `{resource.name}`",
            "if the document is vague, declare it in `operations:` with `shows`",
        )
    main = seen.document.operation(resource.main)
    if main is not None and main.id not in seen.endpoints[resource.name]:
        where = place(seen.policy, "resources", resource.name, "main")
        yield Problem(
            where,
            f"`{resource.main}`, the main endpoint, does not send `{resource.name}`",
            f"name an operation that returns `{resource.name}`, or declare it at `{resource.main}`"
            " with `shows`",
        )


def _kinds(seen: View) -> Iterator[Problem]:
    """Schemas in whose place an object of another resource may stand, where the document leaves
    open which one it is."""
    for base, names in seen.document.alternatives.items():
        shape = seen.document.schemas[base]() if base in seen.document.schemas else Shape()
        own = seen.resource_of(shape)
        others = {name: seen.resource_of(seen.document.schemas[name]()) for name in names
                  if name in seen.document.schemas}  # fmt: skip
        kind = next((name for name, each in others.items() if each not in ("", own)), "")
        if not kind or _is_told(shape, {base, *names}):
            continue
        tag = shape.discriminator[0] if shape.discriminator else ""
        said = f"whose `{tag}` names none of them" if tag else "of which no member says what it is"
        shown = (
            "nothing is shown or created" if own else "only what the latter's lines show is shown"
        )
        named = f"give `{base}` a `{tag}` that is required, and each of its values a schema in the"
        yield Problem(
            seen.policy.resources[own or others[kind]].location,
            f"an object of `{base}` may be a `{kind}`, which is a `{others[kind]}`; of one {said},"
            f" {shown}",
            f"{named} `mapping`" if tag else "give the alternatives a `discriminator`",
        )


def _is_told(base: Shape, names: set[str]) -> bool:
    """Whether by its document each object says by the discriminator which schema it is of."""
    if base.discriminator is None:
        return False
    tag, mapping = base.discriminator
    if tag not in base.required or tag not in base.properties:
        return False
    values = base.properties[tag]().enum
    return all(each in mapping or each in names for each in values) if values else (
        base.names & {*mapping.values()} != set()
    )  # fmt: skip


def _keyless(seen: View, resource: Resource) -> Iterator[Problem]:
    """A resource whose objects nothing tells apart, though an owner may have several: they stand in
    a list, or their own fields fill a path. A part goes with the object around it, and what is
    called by its owner's id is the only one of its owner."""
    single = [each for each in resource.owner.members if _KEYLIKE.fullmatch(each)]
    if resource.key or resource.owner.kind in ("none", "parent") or single:
        return
    opened = [
        name
        for name, rule in seen.policy.operations.items()
        if (operation := seen.document.operation(name)) is not None
        for each in operation.parameters
        if each.where == "path"
        and fill_parameters(seen.policy, operation, rule).get(each.name, "").partition(".")[0]
        == resource.name
    ]
    listed = [
        operation.id
        for operation in seen.document.operations
        if operation.id in seen.endpoints[resource.name]
        and (
            any(_lists(seen, shape, resource.name) for shape in success(operation))
            or _shows_many(seen.policy, operation.id, resource.name)
        )
    ]
    if several := list(dict.fromkeys((*listed, *opened))):
        yield Problem(
            resource.location,
            f"`{resource.name}` has no `key`, and {few(several, _FEW)} may return several objects"
            " of one owner",
            "they cannot be told apart: name the field that identifies one, such as `key: id`",
        )


def _listed_owners(seen: View, resource: Resource) -> Iterator[Problem]:
    """Owners in a list, which names none: it holds several only where the contract says so."""
    for index, member in enumerate(
        resource.owner.members if resource.owner.kind == "field" else ()
    ):
        shapes = (at(each, member.split(".")) for each in seen.shapes[resource.name])
        if any(each is not None and each.kinds - {"null"} == {"array"} for each in shapes):
            yield Problem(
                place(seen.policy, "resources", resource.name, "owner", str(index)),
                f"`{member}` of `{resource.name}` is a list, which names no owner",
                f"`owner: {member}.*` makes each of them one",
            )


def _whole_objects(seen: View) -> Iterator[Problem]:
    """Parameters that are JSON objects of several members, or of unknown ones, filled by one
    value."""
    for name, rule in seen.policy.operations.items():
        operation = seen.document.operation(name)
        for each in operation.parameters if operation is not None else ():
            is_json = each.style in ("", "json") and each.shape.kinds - {"null"} == {"object"}
            if each.name in rule.params and is_json and len(children(each.shape)) != 1:
                yield Problem(
                    place(seen.policy, "operations", name, "params", each.name),
                    f"`{each.name}` of `{name}` is an object, and `{rule.params[each.name]}` is one"
                    " value",
                    "a scan fills an object that declares a single member; else say `untested:`",
                )


def _shows_many(policy: Policy, operation: str, resource: str) -> bool:
    rule = policy.operations.get(operation)
    return rule is not None and any(
        name == resource and pointer.endswith("/*") for name, pointer in rule.shows
    )


def _lists(seen: View, shape: Shape, resource: str, depth: int = 3) -> bool:
    """Whether a response has a list of objects of a resource, at its top or in an envelope."""
    if (inner := elements(shape)) is not None and seen.resource_of(inner) == resource:
        return True
    below = children(shape).values() if depth else ()
    return any(
        _lists(seen, child, resource, depth - 1) for child in below if not seen.resource_of(child)
    )


def _strangers(seen: View) -> Iterator[Problem]:
    for schema, endpoints in strangers(seen).items():
        yield Problem(
            place(seen.policy, "resources"),
            f"`{schema}` has its own key but is not a resource",
            f"whoever may call {few(endpoints, _FEW)} sees all of it",
        )


def strangers(seen: View) -> Mapping[str, list[str]]:
    """Schema of an object with its own key that no resource covers → ids of operations that return
    it."""
    return {
        schema: endpoints
        for schema, endpoints in seen.strangers.items()
        if schema in seen.document.schemas
        and any(_is_key(schema, name) for name in children(seen.document.schemas[schema]()))
        and not _is_of_resources(seen, seen.document.schemas[schema]())
    }


def _is_of_resources(seen: View, shape: Shape) -> bool:
    """Whether a schema only names alternatives, each of which is a resource: its objects are
    judged as those."""
    ways = [branch() for branch in shape.branches]
    return bool(ways) and all(seen.resource_of(way) for way in ways)


def _is_key(schema: str, name: str) -> bool:
    own = (f"{schema.lower()}id", f"{schema.lower()}uuid")
    return bool(_KEYLIKE.fullmatch(name)) or name.replace("_", "").lower() in own


def mentioned_operations(seen: View) -> set[str]:
    """Ids of operations that the policy names, or that return one of its resources."""
    policy, document = seen.policy, seen.document
    found = {id for endpoints in seen.endpoints.values() for id in endpoints}
    named = [*policy.operations, policy.caller.operation]
    named += [relation.operation for relation in policy.relations.values()]
    return found | {each.id for name in named if (each := document.operation(name)) is not None}


def _silent(seen: View) -> Iterator[Problem]:
    """Operations with a response that the policy does not mention."""
    policy, document = seen.policy, seen.document
    told = mentioned_operations(seen) | {
        id for endpoints in strangers(seen).values() for id in endpoints
    }
    silent = [each.id for each in document.operations if each.id not in told and success(each)]
    if silent:
        yield Problem(
            place(policy, "operations"),
            f"{few(silent, _FEW)} {'are' if silent[1:] else 'is'} not in the contract, and"
            f" {'show' if silent[1:] else 'shows'} no resource",
            f"so nobody may call {'them' if silent[1:] else 'it'}; `{{}}` follows the document's"
            " security",
        )


# --------------------------------------------------------------------------- fields


def _check_grants(seen: View, resource: Resource) -> Iterator[Problem]:
    shapes = [*seen.shapes[resource.name], *seen.given[resource.name]]
    for rule in resource.fields:
        path = rule.path.split(".")
        inner = _inner_resource(seen, resource, path)
        if inner:
            name, outer = inner
            message = f"`{rule.path}` of `{resource.name}` belongs to `{name}`"
            yield Problem(rule.location, message, f"grant `{outer}` here, and the rest there")
        elif declares(shapes, path) is False:
            hint = did_you_mean(rule.path, siblings(shapes, path))
            said = "is granted" if rule.every_grant else "is granted to nobody"
            message = f"`{rule.path}` {said}, but the document has no such field of"
            yield Problem(rule.location, f"{message} `{resource.name}`", hint)


def _masked_objects(seen: View, resource: Resource) -> Iterator[Problem]:
    """Masked forms of objects that are a resource of their own: they have none but `empty`."""
    for rule in resource.fields:
        lost = [grant for grant in rule.masked if any(e.kind != "empty" for e in grant.masked)]
        shapes = [at(shape, rule.path.split(".")) for shape in seen.shapes[resource.name]]
        inner = next(
            (n for each in shapes if each is not None and (n := seen.embedded_resource(each))), ""
        )
        for grant in lost if inner else ():
            yield Problem(
                grant.location,
                f"`{rule.path}` of `{resource.name}` is an object of `{inner}`, which has no"
                " masked form, so this shows nothing",
                f"grant `{rule.path}` here, and the masked forms of its fields in `{inner}`",
            )


def _warn_of_missing_members(seen: View, resource: Resource) -> Iterator[Problem]:
    """Grants to relations by a member that the resource's objects do not have."""
    told: set[str] = set()
    for grant in (grant for rule in resource.fields for grant in rule.every_grant):
        for name in (*grant.see, *grant.set):
            if name in told:
                continue
            told.add(name)
            if member := lacking_member(seen, resource, name):
                yield Problem(
                    grant.location,
                    f"`{name}` is granted fields of `{resource.name}`, which has no member"
                    f" `{member}`",
                    f"so `{name}` never holds: the member must be in the object itself, not in"
                    " the one around it",
                )


def _inner_resource(seen: View, resource: Resource, path: list[str]) -> tuple[str, str] | None:
    """The resource in which a path ends up, and the member that embeds it."""
    for shape in seen.shapes[resource.name]:
        for end in range(1, len(path)):
            inner = at(shape, path[:end])
            if inner is not None and (name := seen.resource_of(inner)):
                return name, ".".join(path[:end])
    return None


def _warn_of_unmentioned(resource: Resource, gaps: Mapping[Path, str]) -> Iterator[Problem]:
    """Declared fields that no line names, and embedded objects that none grants."""
    for path, inner in gaps.items():
        if inner:
            at_path = ".".join(path)
            message = f"`{resource.name}` embeds `{inner}` as `{at_path}`, and no line grants it"
            yield Problem(resource.location, message, "so nobody sees it here")
    without = [path for path, inner in gaps.items() if not inner]
    plain = [".".join(path) for path in without if all(map(_is_segment, path))]
    if plain:
        message = f"no line of `{resource.name}` mentions {few(plain, _FEW)}"
        yield Problem(
            resource.location, message, "so nobody sees them; `[]` states that explicitly"
        )


def unmentioned_fields(seen: View, resource: Resource) -> Mapping[str, str]:
    """Declared field that no line covers → the resource embedded there; empty: none."""
    return {".".join(path): inner for path, inner in _all_gaps(seen, resource).items()}


def _unnameable(policy: Policy, gaps: Mapping[str, Mapping[Path, str]]) -> Iterator[Problem]:
    """Declared members that no line can name, all of a name at once."""
    found: dict[str, list[tuple[Resource, Path]]] = {}
    for resource in policy.resources.values():
        for path, inner in gaps[resource.name].items():
            odd = next((each for each in path if not _is_segment(each)), None)
            if odd is not None and not inner:
                found.setdefault(odd, []).append((resource, path))
    for places in found.values():
        fields = [".".join((resource.name, *path)) for resource, path in places]
        yield Problem(
            places[0][0].location,
            f"no line can grant {few(fields, _FEW)}, so nobody sees it: no field path can name a"
            " member with `.` in its name, or one called `*` or `**`",
        )


def _is_segment(name: str) -> bool:
    """Whether a field path can name a member, or all elements of a list."""
    return "." not in name and name != "**"


def _all_gaps(seen: View, resource: Resource) -> Mapping[Path, str]:
    lines = [tuple(rule.path.split(".")) for rule in resource.fields]
    gaps: dict[Path, str] = {}
    for shape in seen.shapes[resource.name]:
        gaps.update(_gaps(seen, shape, lines, ()))
    return gaps


def _gaps(
    seen: View, shape: Shape, lines: Sequence[Path], path: Path
) -> Iterator[tuple[Path, str]]:
    """(path, embedded resource or "") of what no line reaches; looks no deeper than they do."""
    below = dict(children(shape))
    if (star := elements(shape)) is not None:
        below["*"] = star
    for name, child in below.items():
        inner = seen.embedded_resource(child)
        rest = [line[1:] for line in lines if line[0] in (name, "*")]
        if not rest and not child.write_only:
            yield (*path, name), inner
        elif rest and not inner and () not in rest and ("**",) not in rest:
            yield from _gaps(seen, child, rest, (*path, name))


def _warn_of_shadowed(resource: Resource) -> Iterator[Problem]:
    """Of two lines that cover a field the first rules it. `**` covers what no other line names."""
    for index, rule in enumerate(resource.fields):
        for earlier in resource.fields[:index]:
            if rule.path.startswith(f"{earlier.path}."):
                message = f"`{earlier.path}` already covers `{rule.path}`, and comes first"
                yield Problem(rule.location, message, "put the narrower line before the wider one")
                break


# --------------------------------------------------------------------------- the rest


def _warn_of_unused(policy: Policy) -> Iterator[Problem]:
    """Relations without a use, once nothing is a draft: until then they stand there to be used."""
    if policy.drafted_lines:
        return
    grants = [
        grant
        for resource in policy.resources.values()
        for rule in resource.fields
        for grant in rule.every_grant
    ]
    used = {name for grant in grants for name in (*grant.see, *grant.set)}
    used |= {name for rule in policy.operations.values() for name in rule.call or ()}
    used |= {
        name
        for relation in policy.relations.values()
        for name in (*relation.unless, *relation.requires)
    }
    for relation in policy.relations.values():
        if relation.name not in used and relation.kind != "anyone":
            yield Problem(relation.location, f"the relation `{relation.name}` is never used")


def _pointers(seen: View) -> Iterator[Problem]:
    """JSON pointers to places that the document does not declare."""
    for operation, pointer, where in _response_pointers(seen.policy):
        found = seen.document.operation(operation)
        if found is not None and declares(success(found), path_of(pointer)) is False:
            yield Problem(where, f"`{pointer}` points to nothing in the response of `{operation}`")
    for operation, pointer, where in _request_pointers(seen.policy):
        found = seen.document.operation(operation)
        if found is not None and not found.body:
            yield Problem(where, f"`{operation}` takes no body")
        elif found is not None and declares(request_shapes(found), path_of(pointer)) is False:
            yield Problem(
                where, f"`{pointer}` points to nothing in the request body of `{operation}`"
            )


def _request_pointers(policy: Policy) -> Iterator[tuple[str, str, Location]]:
    """(operation, pointer into its request body, place in the policy)."""
    for resource in policy.resources.values():
        for state in resource.states.values():
            if state.switch:
                keys = ("resources", resource.name, "states", state.name, "switch", "set")
                yield state.switch.operation, state.switch.pointer, place(policy, *keys)
    for name, rule in policy.operations.items():
        for called, pointer in rule.sets:
            yield name, pointer, place(policy, "operations", name, "sets", called)


def _response_pointers(policy: Policy) -> Iterator[tuple[str, str, Location]]:
    """(operation, pointer into its answer, place in the policy)."""
    caller = policy.caller
    yield caller.operation, caller.pointer, place(policy, "caller", "id")
    for relation in policy.relations.values():
        for word, pointer in (("id", relation.pointer), ("role", relation.role)):
            yield relation.operation, pointer, place(policy, "relations", relation.name, word)
    for name, rule in policy.operations.items():
        for resource, pointer in rule.shows:
            yield name, pointer, place(policy, "operations", name, "shows", resource)
        for index, pointer in enumerate(rule.counts):
            yield name, pointer, place(policy, "operations", name, "counts", str(index))


# --------------------------------------------------------------------------- what a gateway does


def _warn_of_passes(seen: View) -> Iterator[Problem]:
    """Patterns that pass paths beside documented ones: old URLs are endpoints as well."""
    documented = dict.fromkeys(operation.path for operation in seen.document.operations)
    guard = seen.policy.guard
    for key, patterns, hint in (
        ("pass", guard.passes, "undocumented fields there pass unchecked"),
        ("websockets", guard.websockets, "messages of a WebSocket there pass unchecked"),
    ):
        for index, passed in enumerate(patterns):
            if covered := [path for path in documented if _covers(passed, path)]:
                where = place(seen.policy, "guard", key, str(index))
                yield Problem(where, f"`{passed}` covers {few(covered, _FEW)}", hint)


def _covers(passed: str, path: str) -> bool:
    wanted, given = passed.split("/"), path.split("/")
    if wanted[-1] == "**":
        wanted = wanted[:-1]
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(
        one in ("*", other) or "{" in other for one, other in zip(wanted, given, strict=True)
    )


def _check_caller(policy: Policy) -> Iterator[Problem]:
    """How callers are known beside how a gateway could know them."""
    tokens, caller = policy.guard.tokens, policy.caller
    if tokens is not None and not caller.claim:
        message = "`jwt` is not used: no claim identifies the caller"
        yield Problem(tokens.location, message, "write `caller: {claim: sub}`")
    if tokens is not None and not tokens.audiences:
        # RFC 8725, 3.9: a token issued for another API must not be accepted.
        message = "`jwt` accepts tokens that were issued for another API"
        yield Problem(tokens.location, message, "write `audience`")
    if policy.guard.api_keys and not caller.api_key:
        where = place(policy, "guard", "api_keys")
        hint = "write `caller: {api_key: true}`"
        yield Problem(where, "`api_keys` is not used: no key identifies the caller", hint)


def _claims_from_the_root(seen: View) -> Iterator[Problem]:
    """Claims that are written from the root of who-am-I, and are read beside the caller's id."""
    caller = seen.policy.caller
    whoami = seen.document.operation(caller.operation)
    stem = tuple(path_of(caller.pointer)[:-1]) if caller.pointer else ()
    shapes = success(whoami) if whoami is not None and stem else []
    for relation in seen.policy.relations.values():
        claim = tuple(relation.claim.split("."))
        if not relation.claim or claim[: len(stem)] != stem:
            continue
        beside, inner = [at(shape, stem) for shape in shapes], claim[len(stem) :]
        accounts = [shape for shape in beside if shape is not None]
        if inner and declares(accounts, inner) is True and declares(accounts, claim) is not True:
            yield Problem(
                relation.location,
                f"`{relation.name}`: claims are read next to the caller's id in the answer of"
                f" who-am-I, which has no member `{relation.claim}` there",
                f"write `claim: {'.'.join(inner)}`",
            )
