"""Elements of Envoy's configuration that several of its parts use."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.openapi.model import Json

SPACE = "oakum"
"""Dynamic metadata namespace shared by policy, sentinel, gate and access log."""
TYPE = "type.googleapis.com/envoy."


def typed_extension(name: str, message: str, config: Mapping[str, Json]) -> dict[str, Json]:
    """An extension; `message` is its protobuf type without the common prefix."""
    return {"name": name, "typed_config": {"@type": TYPE + message, **config}}


def filter_type(name: str, message: str) -> str:
    """Protobuf type of an HTTP filter, without the common prefix."""
    return f"extensions.filters.http.{name}.v3.{message}"


def socket_address(host: str, port: int) -> dict[str, Json]:
    """Envoy's form of a TCP address."""
    return {"socket_address": {"address": host, "port_value": port}}


def lua(name: str, code: str) -> dict[str, Json]:
    """A Lua filter, as used in the filter chain and in `policy.json`."""
    # Reads and writes have separate routes, and no filter turns one into the other.
    config = {"default_source_code": {"inline_string": code}, "clear_route_cache": False}
    return typed_extension(name, filter_type("lua", "Lua"), config)
