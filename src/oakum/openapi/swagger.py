"""Swagger 2.0 (OpenAPI 2.0), read to the same values as OpenAPI 3.

What differs is where things are written: parameters carry their own schema, a body is a parameter,
a form is several of them, and the media types stand apart from the schemas. Pointers and places are
those of the document as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from posixpath import normpath

from oakum.errors import Problem
from oakum.openapi.model import Json, Media, Parameter, Shape
from oakum.openapi.operation_reader import OperationReader, declared_parameters, parameter
from oakum.openapi.reference_resolution import LocatedValue
from oakum.openapi.shape_walk import Thunk, shape_with

_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data"
_ANY = "*/*"
"""Media type of a response without `produces`: any."""
_STYLES = {"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
"""OAuth 2 flow in Swagger 2.0 → its name in OpenAPI 3."""


class SwaggerReader(OperationReader):
    """Reads the operations of a document that says `swagger: "2.0"`."""

    def servers(self, place: LocatedValue) -> list[str]:
        """The base path of the document; other places have none."""
        raw = place.value if not place.pointer and type(place.value) is dict else {}
        base = raw.get("basePath")
        return [normpath(f"/{base.strip('/')}").rstrip("/")] if type(base) is str else []

    def body(
        self, holders: Sequence[LocatedValue], where: LocatedValue
    ) -> tuple[tuple[Media, ...], bool]:
        """The media types of the request body, and whether it is required.

        It is the `body` parameter, or otherwise all `formData` parameters as one object.
        """
        found: dict[tuple[str, str], LocatedValue] = {}
        for place in declared_parameters(holders):
            end = self._library.follow(place)
            raw = end.value if not isinstance(end, str) and type(end.value) is dict else {}
            if not isinstance(end, str) and raw.get("in") in ("body", "formData"):
                name = str(raw.get("name")) if raw["in"] == "formData" else ""
                found[str(raw["in"]), name] = end
        self._note_second(declared_parameters(holders))
        whole = found.get(("body", ""))
        types = self._types(where, "consumes")
        if whole is not None:
            shape = self._schemas.shape(whole.at("schema")) if "schema" in whole.value else None
            said = types or ("application/json",)
            return tuple(Media(each, shape) for each in said), whole.value.get("required") is True
        fields = {name: place for (_, name), place in found.items()}
        if not fields:
            return (), False
        files = any(each.value.get("type") == "file" for each in fields.values())
        forms = tuple(each for each in types if each.partition(";")[0] in (_FORM, _PARTS))
        required = frozenset(n for n, each in fields.items() if each.value.get("required") is True)
        shape = Shape(
            kinds=frozenset(("object",)),
            properties={n: self._field(each) for n, each in fields.items()},
            required=required,
            pointer=f"{where.where}/parameters",
        )
        said = forms or ((_PARTS,) if files else (_FORM,))
        return tuple(Media(each, shape) for each in said), bool(required)

    def _note_second(self, parameters: Iterable[LocatedValue]) -> None:
        """Notes a second body, and a form beside one: nobody can tell which a server reads
        (Swagger 2.0, Parameter Object)."""
        bodies: dict[str, LocatedValue] = {}
        forms: list[LocatedValue] = []
        for place in parameters:
            end = self._library.follow(place)
            raw = end.value if not isinstance(end, str) and type(end.value) is dict else {}
            if raw.get("in") == "body":
                bodies.setdefault(str(raw.get("name")), place)
            elif raw.get("in") == "formData":
                forms.append(place)
        if len(bodies) > 1 or (bodies and forms):
            at = ([*bodies.values()][1:] or forms)[0]
            said = "an operation has one body, and this declares a second one, or a form beside it"
            self._wrong.append(Problem(self._locate(at), said, "remove one of them"))

    def _field(self, place: LocatedValue) -> Thunk:
        """A field of a form; of a list that is one text, `format` says how it is written."""
        said = place.value.get("collectionFormat", "csv")
        if place.value.get("type") != "array" or said == "multi":
            return partial(self._schemas.shape, place)
        shape = self._schemas.shape(place)
        return partial(_same, shape_with({**vars(shape), "format": str(said)}))

    def answer(self, place: LocatedValue, where: LocatedValue) -> tuple[Media, ...]:
        """The response schema, for every media type that the operation produces."""
        end = self._library.follow(place)
        if isinstance(end, str) or type(end.value) is not dict or "schema" not in end.value:
            return ()
        types = self._types(where, "produces") or (_ANY,)
        key = (id(end.value), types)
        known = self._contents.get(key)
        if known is None:
            schema, examples = end.at("schema"), end.value.get("examples")
            file = type(schema.value) is dict and schema.value.get("type") == "file"
            shape = None if file else self._schemas.shape(schema)
            given = examples if type(examples) is dict else {}
            known = tuple(Media(each, shape, given.get(each)) for each in types)
            self._contents[key] = known
        return known

    def _types(self, where: LocatedValue, word: str) -> tuple[str, ...]:
        """Media types of an operation; without its own, those of the document."""
        own = where.value.get(word)
        return _texts(own if type(own) is list else self._root.value.get(word))

    def parameters(self, place: LocatedValue) -> tuple[Parameter, ...]:
        """A parameter outside the body; its own members are its schema."""
        raw = place.value
        if raw["in"] in ("body", "formData"):
            return ()
        shape = self._schemas.shape(place)
        examples = (raw.get("x-example"), raw.get("example"), shape.example)
        return (parameter(raw, shape, examples, raw.get("default"), _style(raw)),)


def _same(shape: Shape) -> Shape:
    return shape


def _style(raw: Mapping[str, Json]) -> tuple[str, bool | None]:
    """`collectionFormat` as style and explode of OpenAPI 3; a list without it is `csv`."""
    if raw.get("type") != "array":
        return "", None
    said = raw.get("collectionFormat")
    plain = "form" if raw["in"] == "query" else "simple"
    if said == "multi":
        return plain, True
    return _STYLES.get(said, plain) if type(said) is str else plain, False


def security_scheme(raw: Json) -> Json:
    """A security definition as OpenAPI 3 writes it."""
    if type(raw) is not dict:
        return raw
    if raw.get("type") == "basic":
        return {**raw, "type": "http", "scheme": "basic"}
    if raw.get("type") != "oauth2":
        return raw
    words = ("authorizationUrl", "tokenUrl", "scopes")
    flow = str(raw.get("flow"))
    rest = {key: value for key, value in raw.items() if key not in (*words, "flow")}
    given = {word: raw[word] for word in words if word in raw}
    return {**rest, "flows": {_FLOWS.get(flow, flow): given}}


def _texts(said: Json) -> tuple[str, ...]:
    return tuple(each for each in said if type(each) is str) if type(said) is list else ()
