"""The club of `club.py` as an API that keeps its contract, and who may log in there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.gate.club import written
from tests.scan.servers import NOT_FOUND, UNAUTHORIZED, Call, Reply

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "key-of-ann": {
        "id": "m-4711", "nick": "anny", "city": "Anchorage", "email": "ann@club.example",
        "is_private": False,
    },
    "key-of-bob": {
        "id": "m-4712", "nick": "bobo", "city": "Bremen", "email": "bob@club.example",
        "is_private": True,
    },
}  # fmt: skip
IDENTITIES = """\
identities:
  ann: {send: "X-Key: $k", k: key-of-ann}
  bob: {send: "X-Key: $k", k: key-of-bob}
"""


def files(folder: Path) -> tuple[Path, Path]:
    """The contract and the identities, in a folder."""
    identities = folder / "identities.yaml"
    identities.write_text(IDENTITIES, encoding="utf-8")
    return written(folder), identities


def api(call: Call) -> Reply:
    """Shows each what the contract grants them, and nothing else."""
    me = PEOPLE.get(call.headers.get("x-key", ""))
    if me is None:
        return UNAUTHORIZED
    if call.path == "/me":
        return Reply(200, dict(me))
    id = call.path.removeprefix("/members/")
    found = next((each for each in PEOPLE.values() if each["id"] == id), None)
    return NOT_FOUND if found is None else Reply(200, seen(found, own=found is me))


def leaky(call: Call) -> Reply:
    """Shows everybody's address to everybody."""
    reply = api(call)
    for each in PEOPLE.values():
        if reply.status == 200 and reply.body["id"] == each["id"]:
            return Reply(200, dict(each))
    return reply


def seen(member: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    hidden = {"email"} | ({"city"} if member["is_private"] else set())
    return {name: value for name, value in member.items() if own or name not in hidden}
