"""The fields of a resource that the document declares, with the endpoints that show each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from oakum.inference.lexicon import FieldClass, Label, label_field
from oakum.inference.path_nouns import is_segment
from oakum.inference.schema_groups import DocumentTypes, Thing
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children, elements


@dataclass
class ResourceField:
    """A field of a thing: its declaration, and the endpoints that show it."""

    path: str
    shape: Shape
    label: Label
    endpoints: dict[str, Operation] = field(default_factory=dict)
    embeds: Thing | None = None
    writable: bool = False
    """Whether a request body contains it."""
    needed: bool = False
    """Whether a request body requires it, with a value that only the client knows."""


_UNSEEN = Label(FieldClass.PLAIN, "only requests contain it")
NOT_SET = (FieldClass.AUTHORITY, FieldClass.KEY)
"""Classes that owners do not set, unless a request body requires them."""
_FAR = 8


def fields(
    world: DocumentTypes,
    thing: Thing,
    writing: Sequence[Operation],
    written: Sequence[tuple[Shape, Collection[str]]] = (),
) -> list[ResourceField]:
    """The fields of a thing; an embedded thing is one field. `writing`: operations that change it;
    `written`: its (shape, required members) in request bodies."""
    found: dict[str, ResourceField] = {}
    whose = "user" if thing is world.account else thing.name
    for shape, endpoints in thing.shapes.items():
        sending = {endpoint.id: endpoint for endpoint in endpoints}
        for path, child, embeds in _walk(world, shape, "", ()):
            each = found.setdefault(path, _make_field(whose, path, child, embeds))
            each.endpoints.update(sending)
    for endpoint in writing:
        for media in endpoint.body:
            for path, child, _ in _walk(world, media.shape, "", ()) if media.shape else ():
                if path in found and not child.read_only:
                    found[path].writable = True
    for shape, needed in written:
        for path, child, embeds in _walk(world, shape, "", (), writing=True):
            each = found.get(path) or _make_field(whose, path, child, embeds)
            each.needed = each.needed or path in needed
            each.writable = True
            if path not in found and (each.needed or each.label.kind not in NOT_SET):
                found[path] = replace(each, label=_UNSEEN)
    return _apart(found)


def _make_field(whose: str, path: str, child: Shape, embeds: Thing | None) -> ResourceField:
    label = label_field(f"{whose}.{path}", child)
    if embeds is not None:
        label = Label(FieldClass.PLAIN, f"`{path}` embeds `{embeds.name}`")
    return ResourceField(path, child, label, {}, embeds)


def _apart(found: dict[str, ResourceField]) -> list[ResourceField]:
    """No field below another, since a line for `a` covers `a.b` too: what embeds a thing stays,
    and otherwise the narrower."""
    embedding = tuple(f"{path}." for path, each in found.items() if each.embeds)
    kept = {path: each for path, each in found.items() if not path.startswith(embedding)}
    above = {path[:at] for path in kept for at, char in enumerate(path) if char == "."}
    return [each for path, each in kept.items() if path not in above]


def _walk(
    world: DocumentTypes,
    shape: Shape,
    path: str,
    around: tuple[Shape, ...],
    *,
    writing: bool = False,
) -> Iterator[tuple[str, Shape, Thing | None]]:
    """(field path, shape, thing embedded there) of what a schema declares, down to each leaf.
    `writing`: of what a request may contain, instead of an answer."""
    for name, child in children(shape).items():
        left_out = child.read_only if writing else child.write_only
        if not left_out and is_segment(name):
            at = f"{path}.{name}".lstrip(".")
            yield from _field(world, child, at, (*around, shape), writing=writing)


def _field(
    world: DocumentTypes, child: Shape, path: str, around: tuple[Shape, ...], *, writing: bool
) -> Iterator[tuple[str, Shape, Thing | None]]:
    embeds = world.thing_at(child)
    star = elements(child)
    if embeds is not None or child in around or len(around) > _FAR:
        yield path, child, embeds
    elif children(child):
        yield from _walk(world, child, path, around, writing=writing)
        if star is not None and star.kinds and not star.kinds & {"object", "array"}:
            yield f"{path}.*", star, None
    elif star is None:
        yield f"{path}.**" if _is_open(child) else path, child, None
    elif children(star) or elements(star) is not None:
        yield from _field(world, star, f"{path}.*", (*around, child), writing=writing)
    elif not star.kinds or _is_open(star):
        yield f"{path}.**", star, None
    else:
        yield path if "array" in child.kinds else f"{path}.*", star, None


def _is_open(shape: Shape) -> bool:
    """Whether a value is `null`, or an object or list of which the document leaves open what is in
    it."""
    kinds = shape.kinds - {"null"}
    return bool(kinds) and kinds <= {"object", "array"}
