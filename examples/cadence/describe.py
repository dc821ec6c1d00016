"""One OpenAPI description for all stages."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_COOKIE = "peloton_session_id"
_UNUSED = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> dict[str, Any]:
    """What `app` serves at /openapi.json; made once, when it is first asked for."""
    if app.openapi_schema is None:
        app.openapi_schema = _described(app)
    return app.openapi_schema


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Cadence",
        version="1.0.0",
        summary="A stand-in for the Peloton API of 2021.",
        description="Members ride, follow each other, and set what others may see of them.",
        routes=app.routes,
    )
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)  # answered with 400 here
            good = operation["responses"]["200"]
            good["description"] = "Done."
            for media in good["content"].values():
                if "$ref" in media["schema"]:  # FastAPI takes for text what is not JSON
                    media["schema"].pop("type", None)
        _refuse_in_json(operations)
    schemas = document["components"]["schemas"]
    for name in _UNUSED:
        schemas.pop(name, None)
    document["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": _COOKIE}
    }
    document["security"] = [{"session": []}]
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return dict(_untitled(document, inside_properties=False))


def _untitled(node: Any, inside_properties: bool) -> Any:
    """Without the titles that only repeat a property's name."""
    if isinstance(node, list):
        return [_untitled(each, False) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "title" and not inside_properties and "version" not in node:
            continue
        kept[key] = _untitled(value, key == "properties" and not inside_properties)
    return kept


def _refuse_in_json(operations: dict[str, Any]) -> None:
    """FastAPI gives a refusal the media type of the answer; refusals are JSON at every endpoint."""
    for operation in operations.values():
        for status, response in operation["responses"].items():
            if status != "200" and "content" in response:
                response["content"] = {"application/json": next(iter(response["content"].values()))}
