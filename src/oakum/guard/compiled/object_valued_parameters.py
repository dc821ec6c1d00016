"""Parameters of a write whose schema contains a resource.

Such an object is judged only in a body, where there is one way to read it. A write that sends one
in a parameter is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.http.cookies import cookie_names
from oakum.openapi.model import Operation
from oakum.routing.http_messages import HttpRequest
from oakum.routing.route import decoded_name


def resources_in_parameters(model: Model, operation: Operation) -> dict[str, str]:
    """`WHERE NAME` of each forwarded parameter that contains a resource (header names in lower
    case) → that resource."""
    found, without = dict[str, str](), model.rule(operation.id).without
    for each in (each for each in operation.parameters if each.name not in without):
        name = each.name.lower() if each.where == "header" else each.name
        for shape in (each.shape, each.around):
            for resource, _ in resources_in(shape, model.bound) if shape is not None else ():
                found.setdefault(f"{each.where} {name}", resource)
    return found


def sends(asked: HttpRequest, places: Collection[str]) -> bool:
    """Whether a request contains one of these parameters, or a member of it in the query. Path
    parameters are always sent."""
    if any(each.startswith("path ") for each in places):
        return True
    return bool(places) and not set(_sent_places(asked)).isdisjoint(places)


def _sent_places(asked: HttpRequest) -> Iterator[str]:
    for piece in asked.target.partition("?")[2].split("&"):
        name = decoded_name(piece)
        yield from (f"query {name}", f"query {name.partition('[')[0]}")
    for name, value in asked.headers:
        yield f"header {name.lower()}"
        for each in cookie_names(value) if name.lower() == "cookie" else ():
            yield f"cookie {each}"
