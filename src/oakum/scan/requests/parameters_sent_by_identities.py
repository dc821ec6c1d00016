"""Parameters whose value the identities file gives for each identity, such as a client key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from oakum.authz import Model
from oakum.scan.identities.model import Identities


def without_sent(model: Model, identities: Identities, always: Collection[str] = ()) -> Model:
    """The model without parameters in the header or query that every identity sends with each of
    its requests, and `always`, headers: none is lacking, and what each line says is no example.
    One that the contract fills by `params:` stays."""
    lines: list[set[tuple[str, str]]] = [
        {(each.where, each.name.lower()) for each in identity.sends}
        for identity in identities.items.values()
    ]
    sent: set[tuple[str, str]] = {("header", name.lower()) for name in always}
    sent |= set.intersection(*lines) if lines else set()
    return replace(
        model,
        operations={
            id: replace(
                each,
                parameters=tuple(
                    p
                    for p in each.parameters
                    if p.where not in ("header", "query")
                    or (p.where, p.name.lower()) not in sent
                    or p.name in model.rule(id).params
                ),
            )
            for id, each in model.operations.items()
        },
    )  # fmt: skip
