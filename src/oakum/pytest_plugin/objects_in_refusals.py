"""Finds objects in the bodies of refusals (CWE-209).

A refusal shows an owner's object if it contains a value of it that cannot be guessed and that the
request did not contain. Then all other values of that object in the refusal count, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from oakum.authz import ObjectInstance
from oakum.exchange import Response
from oakum.exposure.values.knowledge import canonical, leaves_of, says_nothing
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json

_TELLING = 6
"""Number of characters from which a value hardly occurs by chance."""


class RefusalValues:
    """The values in the body of a refusal, each with its place."""

    def __init__(self, refusal: Response, asked: Iterable[str]) -> None:
        """`asked`: values in the request; repeating them reveals nothing."""
        self.value = _read(refusal)
        echoes = {canonical(each) for each in asked}
        self.places: dict[str, list[Pointer]] = {}
        for at, leaf in leaves_of(self.value):
            if not says_nothing(leaf) and canonical(leaf) not in echoes:
                self.places.setdefault(canonical(leaf), []).append(tuple(map(str, at)))

    def of(self, instance: ObjectInstance) -> Mapping[str, Pointer]:
        """Maps each field path of the owner's object to the place of its value in the refusal."""
        found: dict[str, Pointer] = {}
        telling = False
        for leaf in instance.leaves:
            if isinstance(leaf.value, bool | dict | list) or says_nothing(leaf.value):
                continue
            places = self.places.get(canonical(leaf.value), ())
            alike = [at for at in places if at and at[-1] == leaf.path.rpartition(".")[2]]
            strong = len(canonical(leaf.value)) >= _TELLING
            if places and (alike or strong):
                found[leaf.path] = (alike or [*places])[0]
                telling = telling or strong
        return found if telling else {}


def _read(refusal: Response) -> Json:
    try:
        return json.loads(refusal.body) if refusal.body.strip() else None
    except (ValueError, RecursionError):
        return refusal.body.decode("utf-8", "replace")
