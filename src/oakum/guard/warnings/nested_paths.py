"""Warnings about paths that name an object below another one, such as `/notes/{id}/comments`.

The response to a read there would reveal that the outer object exists, even if the inner one is the
caller's own, so all of it is withheld. A write may move the object there, so it is refused. There
is no warning where the inner object has its owner through the outer one, as that is expected.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import is_hidden_from_members
from oakum.authz.data_outside_objects import is_of_its_own
from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.path_objects import PathObjects
from oakum.guard.compiled.write_targets import asks_object
from oakum.guard.warnings.contract_queries import resources_shown
from oakum.policy.resource_schemas import resource_of


def hidden_parents(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each operation that names an object below one of which others see nothing."""
    model = contract.model
    resources = model.policy.resources
    for each in contract.endpoints:
        id, last = each.operation.id, each.hidden.resources if each.hidden is not None else ()
        owned = [name for name in last if resources[name].owner.kind != "parent"]
        above = [name for one in each.others if one.above for name in one.resources]
        unseen = [name for name in above if is_hidden_from_members(model, name)]
        if owned and unseen and (not each.write or _depends_on_object(model, each)):
            yield Problem(
                contract.location(each.operation),
                f"`{id}` is 404 for callers who are shown nothing of the `{unseen[0]}` that its"
                f" path names before a `{owned[0]}`, even if that is their own",
                f"write `conceal: false` at `{unseen[0]}` if everybody may know that it exists, or"
                f" `{id}: {{params: {{…: {unseen[0]}.FIELD}}}}` if the path names something else",
            )


def hidden_targets(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each read below an object of which others see nothing, if it shows objects with
    owners of their own."""
    model = contract.model
    resources = model.policy.resources
    for each in contract.endpoints:
        id, hidden = each.operation.id, each.hidden
        media = each.operation.success()
        top = media.shape if media is not None else None
        # A response that is one such object is usually the object in the path in another form.
        same = top is not None and hidden and resource_of(top, model.bound) in hidden.resources
        if each.write or hidden is None or not hidden.around or same:
            continue
        unseen = [name for name in hidden.resources if is_hidden_from_members(model, name)]
        shown = resources_shown(contract, each.operation)
        owned = [name for name in shown if is_of_its_own(resources[name])]
        if owned and unseen:
            yield Problem(
                contract.location(each.operation),
                f"`{id}` is 404 for callers who are shown nothing of the `{unseen[0]}` that its"
                f" path names, even if it shows them a `{owned[0]}` of their own",
                f"write `conceal: false` at `{unseen[0]}` if everybody may know that it exists, or"
                f" grant a field of it to callers who may own a `{owned[0]}` there",
            )


def unchecked_parents(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each write that may also change an outer object of its path: the gateway forwards
    it for every caller who may see that object."""
    model = contract.model
    paths = PathObjects(contract.document, model)
    for each in contract.endpoints:
        operation, rule = each.operation, model.rule(each.operation.id)
        objects = [step for step in paths.steps(operation) if step.kind == "object"]
        inner = objects[-1].resource if objects else None
        if inner is None or not each.write or not _depends_on_object(model, each):
            continue
        # If a GET has the same path, the API has to find the inner object inside the outer one.
        shown = any(True for _ in paths.gets(objects[-1].path))
        owners = (n for n, e in model.policy.relations.items() if e.kind == "owner")
        writers = {*(rule.call if rule.call is not None else owners)}
        above = {one.key: one.resources for one in each.others if one.above}
        for param, names in above.items() if not shown else ():
            if all({*model.tables[name].relations} <= writers for name in names):
                continue
            yield Problem(
                contract.location(operation),
                f"at `{operation.id}` the gateway checks who may write the `{inner.name}` that"
                f" `{objects[-1].param}` names. Of the `{names[0]}` that `{param}` names, it only"
                " checks that the caller may see something",
                f"make sure that the API checks it if the call can change the `{names[0]}`, or let"
                f" clients send `{param}` in the body, where `params` has it checked",
            )


def _depends_on_object(model: Model, endpoint: GrantedEndpoint) -> bool:
    """Whether it hangs on the object who may write."""
    call = model.rule(endpoint.operation.id).call
    return call is None or asks_object(model.policy, call)
