"""Header parameters that the callers' own lines fill, such as the key of a client."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from oakum.authz import Model
from oakum.scan.identities.credentials import Identities


def without_sent(model: Model, identities: Identities, always: Collection[str] = ()) -> Model:
    """The model without header parameters that every identity sends with each of its requests, and
    `always`: no other value of them may be tried, and none is lacking. One that the contract fills
    by `params:` stays."""
    lines = [
        {each.name.lower() for each in identity.sends if each.where == "header"}
        for identity in identities.items.values()
    ]
    sent = (set.intersection(*lines) if lines else set()) | {name.lower() for name in always}
    return replace(
        model,
        operations={
            id: replace(
                each,
                parameters=tuple(
                    p
                    for p in each.parameters
                    if p.where != "header" or p.name.lower() not in sent
                    or p.name in model.rule(id).params
                ),
            )
            for id, each in model.operations.items()
        },
    )  # fmt: skip
