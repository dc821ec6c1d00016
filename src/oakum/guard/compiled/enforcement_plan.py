"""What enforcement needs beyond the table: routes, look-up requests, targets of writes.

Whatever cannot be derived is closed. A relation whose look-up cannot be requested is unknown, and a
write whose target cannot be found is refused; `LookupPlan.warnings` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.authz.complete_lists import ListPlace
from oakum.authz.data_outside_objects import changes
from oakum.authz.decide import holds_resource
from oakum.authz.declared_media import edits, key
from oakum.errors import Problem
from oakum.guard.compiled.concealed_objects import concealed_beside_path, concealed_in_path, others
from oakum.guard.compiled.cors_preflight import neutral
from oakum.guard.compiled.field_selection import choices
from oakum.guard.compiled.file_uploads import upload
from oakum.guard.compiled.form_members import form_body
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint, WriteChecks
from oakum.guard.compiled.lookup_selection import (
    LookupSelection,
    selections,
    warn_of_unfilled,
)
from oakum.guard.compiled.object_valued_parameters import resources_in_parameters
from oakum.guard.compiled.objects_in_responses import copies, may_show, shown_at, stands_inside
from oakum.guard.compiled.objects_outside_path import Plain, asked_keys, plain_keys
from oakum.guard.compiled.path_objects import PathObjects, places, shut
from oakum.guard.compiled.relation_lookup_invalidation import ends, warn_of_claims, warn_of_unnamed
from oakum.guard.compiled.tenants_without_lookup import shown_members, unsaid, with_tenants
from oakum.guard.compiled.write_targets import Finders, Target, Targets, needs_object
from oakum.guard.compiled.written_object_type import typed_target, written_target
from oakum.http.json_pointer import path_of
from oakum.http.media_type import covers_json, essence
from oakum.openapi.document import Document
from oakum.openapi.model import Media, Operation
from oakum.openapi.pattern_automaton import Automaton
from oakum.openapi.pattern_syntax import UnsupportedPattern
from oakum.openapi.shape_queries import element
from oakum.policy.model import Policy, origin
from oakum.policy.resource_schemas import resource_of
from oakum.routing.caller_and_relation_lookups import (
    Credential,
    LookupRequest,
    caller_plan,
    request_of,
)
from oakum.routing.content_type import FEEDS, FORM, PARTS
from oakum.routing.nested_parameters import nested_members
from oakum.routing.operation_by_path_values import (
    PathChoices,
    path_choices,
    rivals,
    unreachable_rivals,
)
from oakum.routing.parameter_texts import of_shape
from oakum.routing.route import escape_template

NEVER_SENT = frozenset(("HEAD", "TRACE"))
"""Methods that are never forwarded: HEAD is sent as the GET of its path, TRACE is refused."""


@dataclass(frozen=True)
class LookupPlan:
    """What enforcement has to look up; derived once from a contract and shared by every engine."""

    endpoints: Mapping[str, GrantedEndpoint]
    """Operation id → endpoint; without operations that are granted to nobody."""
    asks: tuple[LookupRequest, ...]
    relations: Mapping[str, int]
    """Looked-up relation → index in `asks`; absent: no look-up is possible, so it is unknown."""
    states: Mapping[str, tuple[int, tuple[str, ...]]]
    """`Resource.state` in the owner's account → index in `asks` and path of the value."""
    choices: PathChoices
    """Which endpoint a path is for, where several match it."""
    whoami: int | None
    """Index in `asks` of who-am-I, which is called with the caller's credentials."""
    credentials: tuple[Credential, ...]
    warnings: tuple[Problem, ...] = ()
    places: Mapping[str, ListPlace] = field(default_factory=dict)
    """Looked-up relation → where the ids are in the response."""
    homes: Mapping[str, Home] = field(default_factory=dict)
    """`Resource.state` → the object that holds its value."""
    selections: Mapping[str, LookupSelection] = field(default_factory=dict)
    """Operation id → parameters by which its requests select data, and what its look-ups are
    sent."""
    ends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Write operation id → look-ups whose cached results it discards for all accounts."""


@dataclass(frozen=True)
class Home:
    """The object of an account that holds a state, and how its owner is verified."""

    pointer: tuple[str, ...]
    owners: tuple[tuple[str, ...], ...] = ()
    """Member paths of its owner's id; empty when it does not name its owner."""
    names: frozenset[str] = frozenset()
    """Names of its other members. When it names no owner, one of them must be present to recognise
    the object."""
    copies: tuple[tuple[str, ...], ...] = ()
    """Other places where the response may repeat such objects."""


class _Maker:
    """Collects what is asked of the API, each request once, and what cannot be."""

    def __init__(self, document: Document, model: Model) -> None:
        self.document, self.model, self.policy = document, model, model.policy
        self.asks: list[LookupRequest] = []
        self.warnings: list[Problem] = []
        self.paths = PathObjects(document, model)
        self.choices = path_choices(document.operations, document.closed)
        self.rivals = {
            each.operation.id: each
            for alike in self.choices.rivals.values()
            for each in alike
            if not each.shut
        }

    def index(self, made: LookupRequest) -> int:
        if made not in self.asks:
            self.asks.append(made)
        return self.asks.index(made)

    def ask(self, operation: Operation) -> int:
        return self.index(request_of(self.model, operation))

    def home(self, path: str, index: int, at: tuple[str, ...]) -> Home:
        """The object that holds a state's value; `at`: path of the value in the response to look-up
        `index`."""
        resource, _, name = path.partition(".")
        said = self.policy.resources[resource]
        steps = said.states[name].member.split(".")
        owners = said.owner.members if said.owner.kind == "field" else ()
        fields = {rule.path.split(".")[0] for rule in said.fields}
        pointer = at[: len(at) - len(steps)]
        shown = copies(self.model, self.model.operations[self.asks[index].operation], resource)
        return Home(
            pointer,
            tuple(tuple(each.split(".")) for each in owners),
            frozenset(fields - {steps[0], "*", "**"}),
            tuple(each for each in shown if each != pointer),
        )

    def state(self, path: str) -> tuple[int, tuple[str, ...]] | None:
        resource, _, name = path.partition(".")
        state = self.policy.resources[resource].states[name]
        found = self._shows(resource)
        if found is None:
            self.warnings.append(
                Problem(
                    state.location,
                    f"a gateway cannot look up `{path}`, so it treats it as unknown",
                    f"name the GET that shows a `{resource}` by its owner's id in `main:`",
                )
            )
            return None
        operation, pointer = found
        return self.ask(operation), (*pointer, *state.member.split("."))

    def _shows(self, resource: str) -> tuple[Operation, tuple[str, ...]] | None:
        """The GET with at most one path parameter whose response is or holds one such resource."""
        main = self.policy.resources[resource].main
        named = self.document.operation(main) if main else None
        for operation in (named,) if named else self.document.operations:
            if self.paths.shows(operation) and places(operation) <= 1:
                at = shown_at(self.model, operation, resource)
                if at is not None and (named or not stands_inside(self.model, operation, at)):
                    return operation, at
        return None


def derive(document: Document, model: Model) -> LookupPlan:
    """Derives the look-up plan of a contract whose policy was checked against its document."""
    make, callers = _Maker(document, model), caller_plan(document, model)
    make.warnings += callers.warnings
    relations = {name: make.index(ask) for name, (ask, _) in callers.relations.items()}
    states = {
        path: found for path in _far_states(model.policy) if (found := make.state(path)) is not None
    }
    whoami = make.index(callers.whoami) if callers.whoami is not None else None
    endpoints = {
        operation.id: _endpoint(make, operation)
        for operation in document.operations
        if (operation.id in model.rules or operation.id in model.showing)
        and operation.method not in NEVER_SENT
        and not shut(model, operation)
    }
    places = {(each.where, each.name) for each in callers.credentials}
    looks = _read(make, endpoints)
    said = selections(document, model.policy, places, looks)
    chosen = dict(_with_tenants(make.paths, said, endpoints))
    return LookupPlan(
        endpoints,
        tuple(make.asks),
        relations,
        states,
        make.choices,
        whoami,
        callers.credentials,
        (
            *make.warnings,
            *_given_away(model.policy),
            *_warn_of_unreachable(document),
            *warn_of_unnamed(make.paths, relations),
            *warn_of_claims(make.paths),
            *warn_of_unfilled(document, chosen, [*looks], [*endpoints]),
            *unsaid(document, chosen, [*looks], [*endpoints]),
        ),
        {name: place for name, (_, place) in callers.relations.items()},
        {path: make.home(path, *found) for path, found in states.items()},
        chosen,
        ends(
            make.paths,
            relations,
            {path: make.asks[at].operation for path, (at, _) in states.items()},
            {id for id, each in endpoints.items() if _tells_owner(model, each.checks.target)},
        ),
    )


def _tells_owner(model: Model, target: Target) -> bool:
    """Whether the guard learns whose object a write touches."""
    found = model.policy.resources.get(target.resource)
    return target.kind == "ask" and found is not None and found.owner.kind == "field"


def _read(make: _Maker, endpoints: Mapping[str, GrantedEndpoint]) -> dict[str, None]:
    """Operations that look-ups call."""
    targets = [
        target
        for checks in (each.checks for each in endpoints.values())
        for target in (
            checks.target,
            checks.target.above,
            *checks.finders.values(),
            checks.typed,
            checks.standing,
        )
        if target is not None
    ]
    shown = (each.operation for each in targets if each.operation)
    return dict.fromkeys((*(each.operation for each in make.asks), *shown))


def _with_tenants(
    paths: PathObjects,
    said: Mapping[str, LookupSelection],
    endpoints: Mapping[str, GrantedEndpoint],
) -> Iterator[tuple[str, LookupSelection]]:
    """Selections with where requests name the tenant."""
    shown = shown_members(paths.model)
    for operation in paths.document.operations:
        each = endpoints.get(operation.id)
        target = each.checks.target.resource if each is not None else ""
        write = each is not None and each.write
        own = said[operation.id]
        yield operation.id, with_tenants(paths, operation, own, target, shown, write=write)


def _warn_of_unreachable(document: Document) -> Iterator[Problem]:
    """Warns about operations that are unreachable because another one matches the same paths."""
    for alike in rivals(document.operations).values():
        for each, before in unreachable_rivals(alike):
            operation = each.operation
            yield Problem(
                document.locate(operation.pointer),
                f"`{operation.id}` has the same path as `{before.operation.id}`, so a gateway never"
                f" chooses it",
                "tell the parameters apart by `pattern`, `enum` or `type: integer`, or declare"
                " only one operation",
            )


def _given_away(policy: Policy) -> Iterator[Problem]:
    """Warns about owner ids that callers may set: setting one changes the object's owner."""
    for name, resource in policy.resources.items():
        owners = resource.owner.members if resource.owner.kind == "field" else ()
        for rule in resource.fields:
            setters = sorted({each for grant in rule.grants for each in grant.set})
            if rule.path in owners and setters:
                said = f"`{rule.path}` names the owner of a `{name}`, and `{setters[0]}` may set it"
                hint = "whoever sets it can impersonate somebody else, or take over an object"
                yield Problem(rule.location, said, hint)


def kind_of(media: Media) -> str:
    """How a response of this media type is filtered: `json`, `csv`, `ndjson`, `sse`; empty: not at
    all. A range such as `*/*` admits JSON only. CSV is rows of columns that a list declares."""
    if covers_json(media.type):
        return "json"
    if essence(media.type) == "text/csv":
        return "csv" if media.shape is not None and element(media.shape) is not None else ""
    return FEEDS.get(essence(media.type), "")


def _endpoint(make: _Maker, operation: Operation) -> GrantedEndpoint:
    rule, write = make.model.rule(operation.id), changes(make.model, operation)
    query = [
        each
        for each in operation.parameters
        if each.where == "query" and each.name not in rule.without
    ]
    said = sorted(rule.sets, key=lambda each: len(path_of(each[1])))
    resources = [name for name, _ in said] or [
        name
        for media in operation.body
        if media.shape is not None and (name := resource_of(media.shape, make.model.bound))
    ]
    shown = [name for name in make.policy.resources if may_show(make.model, operation, name)]
    conceals = any(make.policy.resources[name].conceal for name in (*resources, *shown))
    checks = _checks(make, operation, next(iter(resources), "")) if write else WriteChecks()
    reads_body = checks.plain.body if write else asked_keys(make.paths, operation).body
    texts = dict(_texts(make, operation))
    if operation.id in make.rivals:
        texts |= make.rivals[operation.id].texts
    hidden = concealed_in_path(make.paths, operation)
    return GrantedEndpoint(
        operation,
        tuple(escape_template(operation.path)[1:].split("/")),
        write=write,
        checks=checks,
        texts=texts,
        query=tuple(each.name for each in query),
        lists=frozenset(each.name for each in query if "array" in each.shape.kinds),
        nested={e.name: at for e in query if (at := nested_members(e, rule.without)) is not None},
        preflight=neutral(operation, texts),
        binds=holds_resource(make.model, operation.id),
        form=form_body(make.model, operation, FORM, judged=reads_body),
        parts=form_body(make.model, operation, PARTS, judged=reads_body),
        conceals=conceals or hidden is not None or not (resources or shown),
        hidden=hidden,
        others=others(make.paths, operation),
        asked=concealed_beside_path(
            make.paths, operation, makes=write and operation.method == "POST"
        ),
        choices=choices(make.model, operation),
        graph=bool(rule.graphql),
        headless=operation.method == "GET" and make.paths.is_headless(operation),
    )


def _checks(make: _Maker, operation: Operation, resource: str) -> WriteChecks:
    """How a write is checked; `resource`: the outermost that its body holds, if any."""
    model, rule, paths = make.model, make.model.rule(operation.id), make.paths
    target, plain = Targets(paths).target(operation, resource), plain_keys(model, operation)
    unseen, hint = _what_helps(make, operation) if target.kind == "none" else ("", "")
    if target.kind == "none" and not plain and needs_object(make.policy, rule.call):
        said = f"the owner of the object that `{operation.id}` writes is unknown, so every call"
        make.warnings.append(Problem(rule.location, f"{said} is refused", hint))
    if target.above is not None and target.above.kind == "none":
        said = f"the owner of the object below which `{operation.id}` creates one is unknown, so"
        hint = _what_helps(make, operation)[1]
        said += " callers whom `call:` lets in for their relation to it are refused"
        make.warnings.append(Problem(rule.location, said, hint))
    finders = dict(_finders(make, operation, target, resource, plain))
    reads = operation.method == "GET"
    return WriteChecks(
        target=target,
        finders=finders,
        local=frozenset(_local(model, finders)),
        unjudged=frozenset(_unjudged_types(model, operation, plain)),
        typed=None if reads else typed_target(paths, operation),
        standing=None if reads else written_target(paths, operation, target),
        plain=plain,
        unseen=unseen,
        owner_hint=hint,
        unread=resources_in_parameters(model, operation),
        upload=upload(model, operation, judged=plain.body),
    )


def _local(model: Model, finders: Mapping[str, Target]) -> Iterator[str]:
    for name, each in finders.items():
        if name and each.operation and places(model.operations[each.operation]) > 1:
            yield name


def _what_helps(make: _Maker, operation: Operation) -> tuple[str, str]:
    """The resource of the object that a path names (empty if unknown), and a hint for a contract
    line that names its owner."""
    owner = "name the path parameter with the owner's id in `owner:`"
    steps = [each for each in make.paths.steps(operation) if each.kind != "value"]
    if not steps:
        return "", owner
    if Targets(make.paths).holds_unseen(operation):
        return "", f"let a `GET {operation.path}` return the object; or {owner}"
    last = next((each for each in reversed(steps) if each.kind == "object"), steps[0])
    if last.resource is None:
        said = f"`{operation.id}: {{params: {{{last.param}: RESOURCE.KEY}}}}`"
        return "", f"declare what the path contains, {said}; or {owner}"
    one = last.resource
    if one.owner.kind == "parent":
        said = f"let a GET show a `{one.name}` in a list inside its parent object"
        if make.paths.is_parted_twice(operation):
            said = f"write `owner: FIELD` at `{one.name}` where it names its owner itself"
        return one.name, f"{said}; or {owner}"
    said = f"name the GET that shows a `{one.name}` by its key in `main:`"
    return one.name, f"{said}; or {owner}"


def _unjudged_types(model: Model, operation: Operation, plain: Plain) -> Iterator[str]:
    """Media types that name fields in texts, such as JSON Patch, unless `call` says who may write;
    and, where other types hold a resource, those that hold none."""
    binds, said = holds_resource(model, operation.id), model.sets.get(operation.id, ())
    loose = plain.body or model.rule(operation.id).call is None
    for media in (each for each in operation.body if covers_json(each.type)):
        shape, patch = media.shape, edits(media)
        held = said or (shape is not None and any(True for _ in resources_in(shape, model.bound)))
        if (binds and (patch or not held)) or (patch and loose):
            yield key(media.type)


def _finders(
    make: _Maker, operation: Operation, target: Target, resource: str, plain: Plain
) -> Iterator[tuple[str, Target]]:
    finders, bound = Finders(make.paths), make.model.bound
    shapes = [each.shape for each in operation.body if each.shape is not None]
    held = [name for shape in shapes for name, _ in resources_in(shape, bound)]
    said = [name for _, name in make.model.sets.get(operation.id, ())]
    for name in dict.fromkeys((*held, *said, *plain.resources)):
        found = finders.by_key(operation, make.policy.resources[name])
        if found is not None:
            yield name, found
    itself = finders.itself(operation, target, resource)
    if itself is not None:
        yield "", itself


def _texts(make: _Maker, operation: Operation) -> Iterator[tuple[str, Automaton]]:
    for each in operation.parameters:
        try:
            made = of_shape(each.shape) if each.where == "path" else None
        except UnsupportedPattern as why:
            said = f"a gateway cannot check the values of `{each.name}`, so it accepts any"
            where = make.document.locate(each.shape.pointer)
            make.warnings.append(Problem(where, said, str(why)))
            continue
        if made is not None:
            yield each.name, made


def _far_states(policy: Policy) -> Iterator[str]:
    """States that are stored in the owner's account, each once."""
    found: dict[str, None] = {}
    for resource in policy.resources.values():
        for state in resource.states.values():
            if state.of:
                found[origin(policy, state)] = None
    yield from found
