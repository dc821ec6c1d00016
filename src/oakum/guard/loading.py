"""Loads a contract for enforcement inside this process (ASGI, WSGI)."""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from oakum.errors import InputError, Problem
from oakum.guard.audit_reader import AUDIT_KEY
from oakum.guard.contract_reader import read_contract
from oakum.guard.denylist import denial_ends, read_list
from oakum.guard.enforcement import Gatekeeper
from oakum.guard.jwt_verification import verifier
from oakum.guard.key_files import read_api_keys, read_key_set
from oakum.guard.request_outcome import GuardedRequest, Refusal
from oakum.routing.caller_credentials import Verifier
from oakum.routing.http_messages import Denial, HttpRequest

_ELAPSED: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_log = logging.getLogger("oakum.guard")


def since_boot() -> float:
    """Monotonic seconds that include time asleep on Linux, unaffected by changes of the wall
    clock."""
    return time.clock_gettime(_ELAPSED)


def open_gate(
    path: Path | str,
    overlays: Sequence[Path | str] = (),
    *,
    observe: bool = False,
    deny: Path | str | None = None,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], float] = time.time,
    elapsed: Callable[[], float] = since_boot,
) -> Gatekeeper:
    """Loads a contract, its keys, and its secrets from the environment.

    Without an audit key in the environment a random one is used. `deny`: a deny list, read once.
    Raises `InputError` with all mistakes, and for a secret that is not set.
    """
    path = Path(path)
    read = read_contract(path, [Path(each) for each in overlays])
    policy = read.compiled.policy
    guard, folder = policy.guard, path.parent
    service = read.secrets(environ).get(read.service_env, "")
    tokens: Verifier | None = None
    if guard.tokens is not None and policy.caller.claim:
        keys = read_key_set(guard.tokens, folder)
        if keys is None:
            said = (
                f"`{guard.tokens.keys}` cannot be fetched: the middleware does not load key"
                f" sets from a URL"
            )
            hint = "store the key set in a file beside the contract"
            raise InputError([Problem(guard.tokens.location, said, hint)])
        tokens = verifier(guard.tokens, keys, now)
    audit_key = environ.get(AUDIT_KEY, "").encode()
    return Gatekeeper(
        read.compiled,
        now=now,
        elapsed=elapsed,
        tokens=tokens,
        api_keys=read_api_keys(guard.api_keys, folder) if guard.api_keys else None,
        service=service,
        audit_key=audit_key or secrets.token_bytes(32),
        observe=observe,
        contract=read.digest,
        denied=denial_ends(read_list(Path(deny), audit_key)) if deny is not None else None,
    )


def kept_going(audit: Callable[[Mapping[str, Any]], None]) -> Callable[[Mapping[str, Any]], None]:
    """An audit callback whose failure never affects a response. The log names only the type of the
    error, whose text may hold personal data."""

    def note(line: Mapping[str, Any]) -> None:
        try:
            audit(line)
        except Exception as error:  # noqa: BLE001 - a callback of somebody else's
            with suppress(Exception):
                _log.error("the audit failed, so a line of it is lost: %s", type(error).__name__)

    return note


def unread(asked: HttpRequest, denied: Denial) -> Refusal:
    """The response to a request that was not received completely, which no contract can judge."""
    request, made = GuardedRequest(asked, asked, "", time.time()), denied.answer()
    request.status, request.denied, request.bytes_out = (
        made.status,
        denied.reason,
        len(made.body),
    )
    audit = {**request.audit, "contract": None}
    return Refusal(made.status, made.headers, made.body, audit=audit)


def write_audit(line: Mapping[str, Any]) -> None:
    """Default audit: one JSON object a line, at level INFO of the logger `oakum.guard`."""
    _log.info("%s", json.dumps(line, ensure_ascii=False, separators=(",", ":")))
