"""Key files beside a contract: a JSON Web Key Set, and hashes of API keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from oakum.errors import InputError, Location, Problem
from oakum.guard.jwt_verification import fits
from oakum.openapi.model import Json
from oakum.openapi.source import parse, parse_json, read_text
from oakum.policy.model import Tokens

_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_key_set(tokens: Tokens, folder: Path) -> dict[str, Json] | None:
    """The key set (RFC 7517) of a file; None when the contract names a URL.

    Keeps only keys that fit an allowed algorithm, since not every engine checks key lengths. Raises
    `InputError`, also when none is left.
    """
    if tokens.keys.startswith(("http://", "https://")):
        return None
    path = folder / tokens.keys
    try:
        found = parse_json(path.read_bytes(), str(path))
    except OSError:
        raise _wrong(tokens.location, f"`{tokens.keys}` is not a readable key set") from None
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list) or not keys or not all(isinstance(key, dict) for key in keys):
        raise _wrong(tokens.location, f"`{tokens.keys}` holds no `keys`")
    if any("d" in key for key in keys):
        raise _wrong(tokens.location, f"`{tokens.keys}` holds a private key")
    fitting = [key for key in keys if any(fits(key, each) for each in tokens.algorithms)]
    if not fitting:
        allowed = ", ".join(tokens.algorithms)
        said = f"no key in `{tokens.keys}` is usable for {allowed}"
        hint = "its keys have another type or use, or are too short"
        raise InputError([Problem(tokens.location, said, hint)])
    return {"keys": fitting}


def read_api_keys(name: str, folder: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 of each API key → its holder, `{id: …}` and claims. Raises `InputError`."""
    path = folder / name
    problems: list[Problem] = []
    found = parse(read_text(path), str(path), problems)
    problems += [
        Problem(
            key.location,
            "this is not a SHA-256",
            "list each API key by its SHA-256, 64 lower-case hex digits",
        )
        for key, _ in found.items
        if not _SHA256.fullmatch(str(key.scalar))
    ]
    holders = found.plain()
    if not isinstance(holders, dict) or not holders:
        problems.append(Problem(found.location, "an API key file maps SHA-256 to `{id: …}`"))
        raise InputError(problems)
    problems += [
        Problem(node.location, "the holder of an API key needs an `id`")
        for key, node in found.items
        if not isinstance(holders[str(key.scalar)], dict) or "id" not in holders[str(key.scalar)]
    ]
    if problems:
        raise InputError(problems)
    return holders


def _wrong(where: Location, message: str) -> InputError:
    return InputError([Problem(where, message)])
