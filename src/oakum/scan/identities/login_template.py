"""The login of an account that the run registers, copied from an identity's login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from oakum.openapi.model import Json, Shape
from oakum.scan.identities.model import Identity, Login
from oakum.scan.requests.person_operations import Noun, is_secret, noun_of

PERSON, SECRET = "oakum_person", "oakum_secret"
"""Variables of a made account's login."""


def template(identity: Identity) -> tuple[Identity, Noun] | None:
    """An identity whose login names a person and holds a secret, with these two made variables."""
    login = identity.login
    if not isinstance(login, Login) or login.before or not isinstance(login.body, Mapping):
        return None
    found: dict[str, Noun] = {}

    def walk(value: Json, name: str) -> Json:
        if isinstance(value, Mapping):
            return {key: walk(child, str(key)) for key, child in value.items()}
        if not isinstance(value, str):
            return value
        if is_secret(name, Shape()):
            found[SECRET] = ""
            return f"${SECRET}"
        noun = noun_of(name) or ("any" if "$" in value else "")
        if noun and PERSON not in found:
            known = identity.fill(value)
            found[PERSON] = "mail" if noun == "any" and "@" in str(known) else noun
            return f"${PERSON}"
        return value

    body = walk(login.body, "")
    if found.keys() != {PERSON, SECRET}:
        return None
    noun = "handle" if found[PERSON] == "any" else found[PERSON]
    return replace(identity, login=replace(login, body=body)), noun
