"""Warnings about feeds that are granted but that the gateway answers with 404.

The response of a feed begins before its first event, so it reveals that the object in the request
exists. If no GET shows that object, nobody is known to see it.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import is_hidden_from_members
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.concealed_objects import ConcealedObject
from oakum.guard.compiled.enforcement_plan import kind_of
from oakum.routing.content_type import FEEDS


def hidden_feeds(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about feeds of a concealed object that no GET shows."""
    model = contract.model
    for each in contract.endpoints:
        operation = each.operation
        types = [kind_of(media) for several in operation.responses.values() for media in several]
        if not {*types} & {*FEEDS.values()}:
            continue
        path = [one for one in (each.hidden, *each.others) if one is not None]
        # Without names inside JSON strings, which no declared request has.
        named = {*each.asked.keys.places.values()}
        for one in (*path, *(one for name, one in each.asked.by.items() if name in named)):
            if one.reader in ("", operation.id) and not _is_open(model, one):
                kinds = few(list(one.resources), 2)
                who = "everybody but its owner and those who are related to its owner"
                yield Problem(
                    contract.location(operation),
                    f"the feed `{operation.id}` is 404 where its request names a concealed {kinds}"
                    f"{f', for {who}' if one.whose else ''}: no other GET shows one by its key",
                    "name the GET that shows one by its key in `main:`, or write `conceal: false`"
                    " if everybody may know that it exists",
                )


def _is_open(model: Model, concealed: ConcealedObject) -> bool:
    """Whether everybody who is logged in sees some of any such object."""
    return not any(is_hidden_from_members(model, name) for name in concealed.resources)
