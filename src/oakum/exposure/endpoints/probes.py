"""The endpoints of an API: which can be requested, what they show, and what fills their parameters.

Decided from the documents alone, before the first request.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from urllib.parse import urlencode

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.exposure.endpoints.offered_values import choices, members_with_choices, object_with
from oakum.exposure.endpoints.parameter_styles import in_parts
from oakum.exposure.endpoints.request_bodies import Member, body_members, body_shape
from oakum.exposure.response_reader import Reader
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Endpoint, SkippedOperation
from oakum.http.json_pointer import member_at
from oakum.http.media_type import is_feed
from oakum.http.methods import READS
from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.side_effects import SideEffect, classify
from oakum.inference.unsafe_writes import asks_for_change
from oakum.openapi.model import ClosedOperation, Json, Media, Operation, Parameter
from oakum.openapi.shape_queries import enum_values, member
from oakum.policy.model import OperationRule, Policy
from oakum.policy.resource_schemas import resource_of

_BRIEF = 60
"""Characters of a value in the name of an endpoint before it is cut."""


@dataclass(frozen=True)
class Query:
    """A GraphQL query whose variables are filled from the sources of its probe.

    The text has no string literals: personal values are passed as variables.
    """

    text: str
    variables: Mapping[str, str]
    """Name → type, such as `ID!` or `[Int!]!`."""
    name: str = ""
    """Distinguishes it from other queries at the same endpoint."""


@dataclass(frozen=True)
class Probe:
    """An operation, or a variant of one, that the run may call."""

    operation: Operation
    endpoint: Endpoint
    shows: Mapping[str, tuple[str, ...]]
    """Resource → field paths declared in the response."""
    sources: Mapping[str, str]
    """Parameter or body member → `Resource.field` that fills it."""
    fixed: Mapping[str, Json]
    """Parameter → the document's own example, default or only choice; in a variant also body
    members."""
    personal: frozenset[str] = frozenset()
    """The sources that identify a person or a person's object, and so select the owner."""
    batch: bool = False
    """Whether one request takes the ids of many owners."""
    unfilled: tuple[str, ...] = ()
    """Required parameters without a known source."""
    guessed: tuple[str, ...] = field(default=())
    """Path parameters that may be filled with a value of the same name from any response."""
    how: str = ""
    """The technique behind a variant: `option`, `shadow-endpoint`; empty: as documented."""
    query: tuple[tuple[str, str], ...] = ()
    """Additional query parameters."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Additional headers, with lower-case names."""
    veiled: Mapping[str, str] = field(default_factory=dict)
    """Query parameter or body member → placeholder in curl lines for a personal value."""
    base: str = ""
    """Base URL, if it differs from the target's."""
    asks: Query | None = None
    """The GraphQL query; None if it is no GraphQL endpoint."""
    reader: Reader | None = None
    """Parses responses that the document does not describe."""
    whose: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Source → (identity whose value fills it, empty for anybody; index of that value), where it
    differs from the default."""
    lacks: tuple[str, ...] = ()
    """Optional parameters that the contract fills and this variant leaves out."""
    alone: str = ""
    """The parameter that names the object where others, which this variant leaves out, may too."""

    @property
    def together(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """(resource, parameter → field) for resources of which several fields fill parameters:
        these values must be of one object."""
        fields: dict[str, dict[str, str]] = {}
        for name, source in self.sources.items() if not self.batch else ():
            resource, _, path = source.partition(".")
            fields.setdefault(resource, {})[name] = path
        for resource, named in fields.items():
            if len({*named.values()}) > 1 and self.whose.keys().isdisjoint(named):
                yield resource, named

    def objects_of(
        self, who: str | None, resource: str, named: Mapping[str, str], knowledge: Knowledge
    ) -> list[dict[str, str]]:
        """The values of the parameters in `named`, one mapping for each object that can
        fill them."""
        owner = None if self.personal.isdisjoint(named) else who
        rows = knowledge.rows(resource, named.values(), owner)
        return [{name: row[path] for name, path in named.items()} for row in rows]

    @property
    def id(self) -> str:
        """Identifies the endpoint or its variant: the operation id, and how the request differs."""
        if self.asks is not None:
            return f"{self.operation.id} {self.endpoint.path} {self.asks.name}"
        other = self.how or self.query or self.lacks
        return f"{self.operation.id} {self.endpoint.path}" if other else self.operation.id

    def otherwise(
        self,
        how: str,
        path: str = "",
        *,
        base: str = "",
        endpoint: str = "",
        query: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
        fixed: Mapping[str, Json] | None = None,
        veiled: Mapping[str, str] | None = None,
    ) -> Probe:
        """A variant that may return the same objects: another `path`, more query parameters.

        `endpoint`: its name in findings, unless it is path and query; `veiled`: placeholders for
        personal values in the query.
        """
        names = {**self.veiled, **(veiled or {})}
        asked = "&".join(
            f"{name}={names[name]}" if name in names else urlencode([(name, brief(value))])
            for name, value in query
        )
        asked = f"?{asked}" if asked else ""
        shown = endpoint or f"{path or self.endpoint.path}{asked}"
        operation = replace(self.operation, path=path, pointer="") if path else self.operation
        return replace(
            self,
            operation=operation,
            endpoint=Endpoint(self.endpoint.method, shown, self.operation.id),
            how=how,
            query=(*self.query, *query),
            headers={**self.headers, **(headers or {})},
            base=base or self.base,
            fixed={**self.fixed, **(fixed or {})},
            veiled=names,
        )


def brief(value: str) -> str:
    """A value as part of an endpoint's name: a long one is cut and gets a hash."""
    if len(value) <= _BRIEF:
        return value
    mark = blake2b(value.encode(errors="surrogatepass"), digest_size=4).hexdigest()
    return f"{value[:_BRIEF]}~{mark}"


def survey(
    model: Model,
    inferred: Mapping[str, Mapping[str, str]],
    closed: Iterable[ClosedOperation] = (),
) -> tuple[list[Probe], list[SkippedOperation]]:
    """(operations to call, operations to skip with the reason). `closed`: those that the document
    describes wrongly, so that they cannot be read."""
    probes: list[Probe] = []
    skipped = [
        SkippedOperation(
            Endpoint(each.operation.method, each.operation.path, each.operation.id),
            f"the document is wrong there: {each.reason}",
        )
        for each in closed
    ]
    for operation in model.operations.values():
        rule = model.rule(operation.id)
        endpoint = Endpoint(operation.method, operation.path, operation.id)
        if is_graphql(operation, rule) and rule.reads is not False and not rule.untested:
            continue  # GraphQL has its own technique
        verdict = _verdict(operation, rule)
        if verdict.kind != "read":
            skipped.append(SkippedOperation(endpoint, verdict.reason))
            continue
        probe = probe_of(model, operation, inferred.get(operation.id, {}))
        probe = replace(probe, fixed={**_default_members(probe), **probe.fixed})
        if required_header := _required_header(probe):
            skipped.append(SkippedOperation(endpoint, f"needs the header `{required_header}`"))
            continue
        if frame_media(operation) is not None and not _answers_at_once(operation):
            skipped.append(
                SkippedOperation(
                    endpoint,
                    "a feed: its response does not end, so a scan listens to it"
                    " instead of requesting it",
                )
            )
            continue
        probes.append(probe)
    return probes, skipped


def asking_for_more(probes: Iterable[Probe]) -> Iterator[Probe]:
    """Variants with the document's example of a parameter that embeds further objects.

    They are sent besides the plain request, since an API may reject the example.
    """
    for probe in probes:
        for parameter in probe.operation.parameters:
            value = _example(parameter)
            taken = parameter.name in probe.sources or parameter.name in probe.fixed
            optional = parameter.where == "query" and not parameter.required and not taken
            embeds = not EMBEDS.isdisjoint(words(parameter.name))
            if optional and embeds and probe.shows and isinstance(value, str) and value:
                yield probe.otherwise("", query=((parameter.name, value),))


def feeds(model: Model, inferred: Mapping[str, Mapping[str, str]]) -> list[Probe]:
    """Probes of the endpoints whose response is a series of frames."""
    found: list[Probe] = []
    for operation in model.operations.values():
        media, rule = frame_media(operation), model.rule(operation.id)
        if media is None or is_graphql(operation, rule):
            continue
        if _verdict(operation, rule).kind != "read":
            continue
        framed = replace(operation, responses={"200": (media,)})
        probe = probe_of(model, framed, inferred.get(operation.id, {}))
        if not _required_header(probe):
            heard = replace(probe.operation, responses=operation.responses)
            found.append(replace(probe, operation=heard, headers={"accept": media.type}))
    return found


def _verdict(operation: Operation, rule: OperationRule) -> SideEffect:
    """Whether an operation reads or writes. "Join" suggests a write, but means subscribing at a
    feed."""
    if frame_media(operation) is not None:
        operation = replace(
            operation,
            id=_OPENS.sub("stream", operation.id),
            path=_OPENS.sub("stream", operation.path),
            summary=_OPENS.sub("stream", operation.summary),
            description=_OPENS.sub("stream", operation.description),
        )
    return classify(operation, rule)


def shows_owned(policy: Policy, probe: Probe) -> bool:
    """Whether an endpoint shows a resource that somebody owns."""
    return any(policy.resources[name].owner.kind != "none" for name in probe.shows)


def is_graphql(operation: Operation, rule: OperationRule) -> bool:
    """Whether this is a GraphQL endpoint: by the contract, its path, or its body (GraphQL over
    HTTP, 2024)."""
    if rule.graphql:
        return True
    if operation.method not in ("GET", "POST"):
        return False
    last = operation.path.rstrip("/").rpartition("/")[2].lower()
    shape = body_shape(operation)
    members = shape.properties.keys() if shape is not None else set[str]()
    return last in ("graphql", "gql") or members >= {"query", "variables"}


_OPENS = re.compile(r"(?<![A-Za-z])(?:[Oo]pen|[Jj]oin)s?(?![a-z])")


def frame_media(operation: Operation) -> Media | None:
    """The declared media type of a feed's frames; None if the operation is no feed.

    A WebSocket declares `101`, with a frame's schema. Another feed has a streaming success
    response.
    """
    if is_websocket(operation):
        return next(iter(operation.responses["101"]), Media("application/json"))
    return next((each for each in _successes(operation) if _is_stream(each)), None)


def is_websocket(operation: Operation) -> bool:
    """Whether the document declares an upgrade to WebSocket (status 101)."""
    return operation.method == "GET" and "101" in operation.responses


def _answers_at_once(operation: Operation) -> bool:
    """Whether a feed also has a plain JSON response."""
    return any(media.is_json for media in _successes(operation))


def _successes(operation: Operation) -> tuple[Media, ...]:
    lowest = min((each for each in operation.responses if each.startswith("2")), default="default")
    return operation.responses.get(lowest, ())


def _is_stream(media: Media) -> bool:
    return is_feed(media.type)


def _required_header(probe: Probe) -> str:
    """Name of a required header without a known value; empty if there is none."""
    parameters = probe.operation.parameters
    return next(
        (p.name for p in parameters if p.where == "header" and p.name in probe.unfilled), ""
    )


def probe_of(model: Model, operation: Operation, inferred: Mapping[str, str]) -> Probe:
    """The probe of an operation. The contract's `params` take precedence over `inferred`
    sources."""
    endpoint = Endpoint(operation.method, operation.path, operation.id)
    said = model.rule(operation.id).params
    operation = in_parts(without_acts(operation, said), said)
    reads = operation.method in READS or bool(model.rule(operation.id).reads)
    sources = {**inferred, **said}
    used: dict[str, str] = {}
    fixed: dict[str, Json] = {}
    unfilled: list[str] = []
    for parameter in operation.parameters:
        if parameter.where == "cookie":
            continue
        value = _example(parameter, chosen=reads)
        if parameter.where == "path" and value is None and parameter.name not in sources:
            sources |= _of_account(model, parameter.name)
        if parameter.name in sources:
            used[parameter.name] = sources[parameter.name]
        elif value is not None and _is_sent(parameter):
            fixed[parameter.name] = value
        elif parameter.required and _is_any_state(parameter):
            fixed[parameter.name] = "*"
        elif parameter.required and parameter.where == "path":
            unfilled.append(parameter.name)
            if value is not None:
                fixed[parameter.name] = value
        elif parameter.required:
            unfilled.append(parameter.name)
    lists = list_members(operation)
    in_body = body_members(operation)
    used |= {name: source for name, source in sources.items() if name in in_body}
    places = [each.name for each in operation.parameters if each.where == "path"]
    paths = tuple(name for name in places if name in unfilled)
    return Probe(
        operation,
        endpoint,
        _shown_resources(model, operation),
        used,
        fixed,
        frozenset(
            name
            for name, source in used.items()
            if names_a_person(model, source)
            or (name in places and (is_of_account(model, source) or names_owner(model, source)))
            or (
                name in places
                and _opens(model, operation, source, [used.get(each, "") for each in places])
            )
        ),
        any(name in lists for name in used),
        tuple(unfilled),
        paths,
    )


EMBEDS = word_set(
    "include includes expand expands expansion expansions embed embeds embedded join joins with"
    " populate relations extra"
)
"""Words in names of parameters that make a response embed further objects."""


def without_acts(operation: Operation, said: Collection[str] = ()) -> Operation:
    """The operation without optional parameters whose names suggest that they change something; the
    scan never sends these by itself. `said`: parameters that the contract names."""
    kept = tuple(
        each
        for each in operation.parameters
        if each.required
        or each.where not in ("query", "header", "cookie")
        or each.name in said
        or not asks_for_change(each.name, each.description, each.shape.kinds)
    )
    same = len(kept) == len(operation.parameters)
    return operation if same else replace(operation, parameters=kept)


def _is_sent(parameter: Parameter) -> bool:
    """Whether the value in the document is sent: only for a required parameter, and not for a
    header that HTTP itself uses (OpenAPI 3.1, Parameter Object).

    The example of an optional parameter filters or sorts: the response may then lack objects, or be
    a 400.
    """
    if parameter.where == "header":
        return parameter.required and parameter.name.lower() not in _HTTPS_OWN
    return parameter.where == "query" and parameter.required


def _is_any_state(parameter: Parameter) -> bool:
    """Whether the parameter is an `If-Match` header, in which `*` means any state (RFC 9110,
    13.1.1)."""
    return parameter.where == "header" and parameter.name.lower() == "if-match"


_HTTPS_OWN = ("accept", "authorization", "content-type")


def names_a_person(model: Model, source: str) -> bool:
    """Whether a source identifies an owned object or an account."""
    name, _, path = source.partition(".")
    resource = model.policy.resources.get(name)
    if resource is None or resource.owner.kind == "none":
        return False
    kind = classify_field(path)
    account = resource.is_account
    return path == resource.key or kind is FieldClass.HANDLE or (account and kind in _NAMES)


def is_of_account(model: Model, source: str) -> bool:
    """Whether a source is a member of an account, such as its tenant, which selects whose data is
    returned."""
    resource = model.policy.resources.get(source.partition(".")[0])
    return resource is not None and resource.is_account


def names_owner(model: Model, source: str) -> bool:
    """Whether a source is the member that names the owner of an object."""
    name, _, path = source.partition(".")
    resource = model.policy.resources.get(name)
    return (
        resource is not None and resource.owner.kind == "field" and path in resource.owner.members
    )


def _opens(model: Model, operation: Operation, source: str, beside: Iterable[str]) -> bool:
    """Whether a source in a path selects an owned object by a field other than its key: the
    response is that object, or several fields name it and the response is below it. A list is only
    filtered by such a field, and need not contain every object that has it."""
    name = source.partition(".")[0]
    resource = model.policy.resources.get(name)
    if resource is None or resource.owner.kind == "none":
        return False
    if name in _shown_resources(model, operation):
        return is_shown_alone(model, operation, name)
    fields = {each for each in beside if each.partition(".")[0] == name}
    return not resource.key or len(fields) > 1


def is_shown_alone(model: Model, operation: Operation, resource: str) -> bool:
    """Whether a response is declared to be one object of a resource, perhaps in an envelope."""
    media = operation.success()
    for segments, name in model.shown.get(operation.id, ()):
        if name == resource:
            return "*" not in segments
    if media is None or media.shape is None:
        return False
    inner = (thunk() for thunk in media.shape.properties.values())
    return any(resource_of(each, model.bound) == resource for each in (media.shape, *inner))


def _of_account(model: Model, parameter: str) -> dict[str, str]:
    """The account member with the name of a path parameter, such as `tenant_id`."""
    said = words(parameter)
    for name, each in model.policy.resources.items() if len(said) > 1 else ():
        for leaf in model.tables[name].leaves if each.is_account else ():
            if words(leaf.rpartition(".")[2]) == said:
                return {parameter: f"{name}.{leaf}"}
    return {}


_NAMES = (FieldClass.CONTACT, FieldClass.KEY, FieldClass.IDENTITY_DOCUMENT)


def _default_members(probe: Probe) -> dict[str, Json]:
    """Values for the required members of a body: the first choice or only value; for a text an
    example or the empty string, which in a search matches most."""
    content: dict[str, Json] = {}
    for at, each in members_with_choices(probe.operation, probe.sources):
        if each.required:
            content = dict(object_with(at, choices(each.name, each.shape)[0], content))
    members = body_members(probe.operation)
    for name, inside in members.items():
        shape = inside.shape
        if not inside.required or name in probe.sources:
            continue
        only = _only_value(inside, called="jsonrpc" in members)
        if only is not None and member_at(content, inside.at) is None:
            content = dict(object_with(inside.at, only, content))
        elif shape.kinds == {"string"} and not shape.format and not shape.enum:
            content = dict(object_with(inside.at, shape.example or "", content))
    return content


def _only_value(member: Member, *, called: bool) -> Json:
    """The value of a required member that has no source: its only one, its default, or a call id
    (`called`: JSON-RPC 2.0, 4); None if there is none."""
    shape = member.shape
    if any(asks_for_change(step, "", shape.kinds) for step in member.at):
        return None
    if shape.default is not None:
        return shape.default
    if called and member.at == ("id",):
        return 1 if not shape.kinds or shape.kinds & {"integer", "number"} else "1"
    every = enum_values(shape)
    return every[0] if len(every) == 1 else None


def _example(parameter: Parameter, *, chosen: bool = False) -> Json:
    """The value in the document: its example, default or only choice; with `chosen` also the first
    of several choices. None if it has none."""
    if parameter.example is not None:
        return parameter.example
    if parameter.shape.example is not None:
        return parameter.shape.example
    if parameter.required and parameter.default is not None:
        return parameter.default
    if parameter.required and parameter.shape.enum:
        return parameter.shape.enum[0]
    may = chosen and parameter.required and parameter.where in ("path", "query")
    known = choices(parameter.name, parameter.shape) if may else ()
    return known[0] if known and (parameter.where == "query" or len(known) > 1) else None


def list_members(operation: Operation) -> frozenset[str]:
    """Members of the body that are lists."""
    return frozenset(
        name for name, each in body_members(operation).items() if "array" in each.shape.kinds
    )


def _shown_resources(model: Model, operation: Operation) -> Mapping[str, tuple[str, ...]]:
    """Resources in the declared success response, with their declared fields."""
    media = operation.success()
    shape = media.shape if media is not None else None
    found = model.declared_fields.shown_resources(shape) if shape is not None else {}
    if not model.shown.get(operation.id):
        return found
    more = {name: dict.fromkeys(paths) for name, paths in found.items()}
    for segments, resource in model.shown.get(operation.id, ()):
        at = shape
        for segment in segments:
            at = member(at, segment) if at else None
        declared = model.declared_fields.fields(at) if at else ()
        # An undeclared response may hold any field of the resource.
        more.setdefault(resource, {}).update(dict.fromkeys(declared or _every(model, resource)))
    return {name: tuple(paths) for name, paths in more.items()}


def _every(model: Model, resource: str) -> list[str]:
    """The fields of a resource, without members that are declared to hold other resources: no owner
    is shown those as a value, so their cells would stay untested."""
    shapes = [
        shape
        for operation in model.operations.values()
        for answers in operation.responses.values()
        for media in answers
        for name, shape in (resources_in(media.shape, model.bound) if media.shape else ())
        if name == resource
    ]
    plain = {path for shape in shapes for path in model.declared_fields.fields(shape)}
    inner = {path for shape in shapes for path in model.declared_fields.boundaries(shape)} - plain
    return [path for path in model.tables[resource].leaves if path not in inner]
