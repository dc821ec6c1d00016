"""Spellings of a parameter that selects fields, other than one comma-separated text.

APIs repeat the parameter (OpenAPI 3.1, Style Values, `form` exploded; `fields[]` in PHP and Rails),
name a resource in its brackets (JSON:API 1.1, 6.3, and `deepObject`), or nest names below a member:
`owner(secret)`, `owner{secret}`, `owner/secret`, `owner.secret`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from oakum.authz import Model
from oakum.authz.compiled_model import is_open_to_members, outermost, shapes_within
from oakum.exposure.endpoints.probes import Probe
from oakum.openapi.model import Parameter
from oakum.policy.resource_schemas import resource_of

Query = tuple[tuple[str, str], ...]

INSIDE = ("attributes.", "relationships.")
"""Prefixes of fields in JSON:API objects, which requests leave out."""
_MOST_NAMES = 8
"""How many hidden fields one request names."""
_MOST_TYPES = 4
_NESTED = ("{member}({names})", "{member}{{{names}}}", "{slashed}", "{dotted}")


def hidden_fields(model: Model, shows: Mapping[str, Iterable[str]]) -> list[str]:
    """Those of these fields (resource → paths) that a login alone does not grant, by their names in
    parameters."""
    return [
        path.partition(".")[2] if path.startswith(INSIDE) else path
        for name, paths in shows.items()
        for path in paths
        if "*" not in path and not is_open_to_members(model, name, path)
    ]


def resource_members(
    model: Model, probe: Probe, *, within: bool = True
) -> Iterator[tuple[str, str]]:
    """Members of what an endpoint shows that are a resource, or a list of one, with it. `within`:
    those of another resource; otherwise those of what stands around the outermost."""
    media = probe.operation.success()
    whole = media.shape if media is not None else None
    for at in shapes_within(whole) if whole is not None else ():
        here = bool(resource_of(at, model.bound)) is within
        for name, thunk in at.properties.items() if here else ():
            yield from ((name, inner) for inner in outermost(thunk(), model.bound))


def spellings(model: Model, probe: Probe, parameter: Parameter) -> list[Query]:
    """Queries that choose hidden fields in another spelling than one text with commas."""
    name, own = parameter.name, hidden_fields(model, probe.shows)[:_MOST_NAMES]
    found: list[Query] = []
    if own:
        first = [each for each in _open(model, probe) if each not in own][:1]
        several = own if len(own) > 1 else [*first, *own]
        plain = name.removesuffix("[]")
        found += [tuple((each, path) for path in several) for each in (plain, f"{plain}[]")]
    if "[" not in name:
        types = list(dict.fromkeys(_types(probe, parameter)))[:_MOST_TYPES]
        found += [((f"{name}[{each}]", ",".join(own)),) for each in types if own]
    members = list(
        chain(resource_members(model, probe), resource_members(model, probe, within=False))
    )
    inside: dict[str, list[str]] = {}
    for member, resource in members:
        for path in hidden_fields(model, {resource: model.tables[resource].leaves}):
            inside.setdefault(member, []).append(path)
    for form in _NESTED if inside and "[" not in name else ():
        texts = [_format_nested(form, at, paths[:_MOST_NAMES]) for at, paths in inside.items()]
        found.append(((name, ",".join(texts)),))
    return found


def _format_nested(form: str, member: str, paths: list[str]) -> str:
    return form.format(
        member=member,
        names=",".join(paths),
        slashed=",".join(f"{member}/{each}" for each in paths),
        dotted=",".join(f"{member}.{each}" for each in paths),
    )


def _open(model: Model, probe: Probe) -> Iterator[str]:
    for name, paths in probe.shows.items():
        yield from (e for e in paths if "." not in e and is_open_to_members(model, name, e))


def _types(probe: Probe, parameter: Parameter) -> Iterator[str]:
    """Names of resources that may stand in brackets, where the document says that something does:
    those that it lists, else what resources and their members are called."""
    yield from parameter.shape.properties
    if parameter.shape.kinds - {"null"} != {"object"} and "[" not in parameter.description:
        return
    for name in probe.shows:
        lower = name[0].lower() + name[1:]
        yield from (f"{lower}s", lower, name)
