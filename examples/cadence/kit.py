"""What somebody needs to test this API: its document, its policy, and who can log in."""

from __future__ import annotations

from pathlib import Path

import yaml

from cadence.people import personas

_HERE = Path(__file__).parent

_BETWEEN = (
    "flo is follower of pia",
    "blo is blocked of pia",
    "pen is pending of pia",
    "exa is ex_follower of pia",
    "pia is follower of ann",
    "hida is follower of ann",
    "ann is follower of ina",
)


def write_kit(directory: Path, seed: int = 1) -> None:
    """Write openapi.yaml, schema.graphql, exposure.yaml and identities.yaml into a directory.

    The directory is made if need be. The identities hold passwords (made-up ones), so only the
    user may read that file.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("openapi.yaml", "schema.graphql", "exposure.yaml"):
        (directory / name).write_bytes((_HERE / name).read_bytes())
    secret = directory / "identities.yaml"
    secret.touch(mode=0o600)
    secret.chmod(0o600)  # also one that stood there before
    secret.write_text(_identities(seed), encoding="utf-8")


def _identities(seed: int) -> str:
    people: dict[str, dict[str, object]] = {
        name: {"username": username, "password": password}
        for name, (username, password) in personas(seed).items()
    }
    people["sta"]["claims"] = {"roles": ["staff"]}
    login = {
        "operation": "login",
        "json": {"username_or_email": "$username", "password": "$password"},
        "cookie": "peloton_session_id",
    }
    parts = {"login": login, "identities": people, "between": list(_BETWEEN)}
    return yaml.safe_dump(parts, sort_keys=False)
