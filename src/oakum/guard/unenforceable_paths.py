"""Warnings of `guard check` about reads below an object that may be hidden.

What is shown there would tell that the object exists, even if it is the caller's own, so all of it
is withheld. Below the parent by which something has its owner that surprises nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import is_hidden_from_members
from oakum.errors import Location, Problem
from oakum.openapi.model import Operation
from oakum.routing.lookup_plan import Endpoint


def below(
    model: Model, endpoints: Iterable[Endpoint], where: Callable[[Operation], Location]
) -> Iterator[Problem]:
    """Warns about each read that names an object after one of which others see nothing."""
    resources = model.policy.resources
    for each in endpoints:
        id, last = each.operation.id, each.hidden.resources if each.hidden is not None else ()
        owned = [name for name in last if resources[name].owner.kind != "parent"]
        above = [name for one in each.others if one.above for name in one.resources]
        unseen = [name for name in above if is_hidden_from_members(model, name)]
        if owned and unseen and not each.acts:
            yield Problem(
                where(each.operation),
                f"`{id}` is 404 for callers who are shown nothing of the `{unseen[0]}` that its"
                f" path names before a `{owned[0]}`, also where that is their own",
                f"write `conceal: false` at `{unseen[0]}` if everybody may know that one exists, or"
                f" `{id}: {{params: {{…: {unseen[0]}.FIELD}}}}` if the path names something else",
            )
