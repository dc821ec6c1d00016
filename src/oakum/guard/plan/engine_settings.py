"""The sections `guard:` and `caller:` of a policy as data for an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oakum.guard.key_files import read_api_keys, read_key_set
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Json, Operation
from oakum.policy.model import Caller, Guarding


def settings(said: Guarding, folder: Path) -> dict[str, Any]:
    """The section `guard:` as plan data; `folder`: base of relative file names. Raises `InputError`
    if a file cannot be read."""
    tokens = None
    if said.tokens is not None:
        tokens = {
            "issuer": said.tokens.issuer,
            "audiences": said.tokens.audiences,
            "algorithms": said.tokens.algorithms,
            "keys": said.tokens.keys,
            "jwks": read_key_set(said.tokens, folder),
        }
    return {
        "service": said.service.header if said.service else "",
        "ttl": said.ttl,
        "timeout": said.timeout,
        "lookups": said.lookups,
        "passes": said.passes,
        "websockets": said.websockets,
        "hosts": said.hosts,
        "origins": said.origins,
        "strip": said.strip,
        "headers": said.headers,
        "request_headers": said.request_headers,
        "cookies": said.cookies or (),
        "unknown": said.unknown,
        "max_body": said.max_body,
        "hops": said.hops,
        "tokens": tokens,
        "api_keys": read_api_keys(said.api_keys, folder) if said.api_keys else None,
    }


def passing_parameters(operation: Operation) -> dict[str, Json]:
    """Names of declared headers and cookies that are forwarded for an operation."""
    cookies = {each.name for each in operation.parameters if each.where == "cookie"}
    headers = {each.name.lower() for each in operation.parameters if each.where == "header"}
    return {
        "headers": sorted(headers | ({"cookie"} if cookies else set())),
        "cookies": sorted(cookies),
    }


def caller(said: Caller, whoami: int | None) -> dict[str, Any]:
    """How callers are identified; `whoami`: index of the look-up that tells."""
    if said.api_key:
        return {"kind": "api_key"}
    if said.claim:
        return {"kind": "claim", "claim": said.claim}
    if whoami is not None:
        return {"kind": "ask", "ask": whoami, "pointer": path_of(said.pointer)}
    return {"kind": "none"}
