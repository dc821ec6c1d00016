"""Building blocks of Envoy's configuration."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.openapi.model import Json

SPACE = "oakum"
"""Dynamic metadata in which policy, sentinel, gate and access log speak to each other."""
TYPE = "type.googleapis.com/envoy."


def typed(name: str, message: str, config: Mapping[str, Json]) -> dict[str, Json]:
    """An extension: `message` is its protobuf message, less the common prefix."""
    return {"name": name, "typed_config": {"@type": TYPE + message, **config}}


def filter_type(name: str, message: str) -> str:
    """The message of an HTTP filter."""
    return f"extensions.filters.http.{name}.v3.{message}"


def socket_address(host: str, port: int) -> dict[str, Json]:
    """An address of Envoy's."""
    return {"socket_address": {"address": host, "port_value": port}}


def lua(name: str, code: str) -> dict[str, Json]:
    """A Lua filter, also in the form that `policy.json` lists."""
    # Reads and writes have routes of their own, and no request becomes the other.
    config = {"default_source_code": {"inline_string": code}, "clear_route_cache": False}
    return typed(name, filter_type("lua", "Lua"), config)
