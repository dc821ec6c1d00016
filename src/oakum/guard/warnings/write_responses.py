"""Warnings about what the response to a write reveals of concealed objects that it names.

A success is reported as such, so it reveals that an object exists. Why a write failed is reported
only to callers who may see the object.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.objects_in_graphql_arguments import UNKNOWN
from oakum.guard.compiled.request_places import plain
from oakum.guard.compiled.write_targets import needs_object
from oakum.guard.unexplained_request_names import explains
from oakum.guard.warnings.contract_queries import certain


def revealed_existence(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a write that `call:` opens to callers who may see nothing of a concealed object
    that it names: its success reveals that the object exists."""
    model = contract.model
    policy, id = model.policy, endpoint.operation.id
    if endpoint.graph:  # its responses are judged like those of reads
        return
    path = [each for each in (endpoint.hidden, *endpoint.others) if each and each.reader]
    # Only declared names: any undeclared member could name one too, which needs no warning.
    named = (name for name in endpoint.asked.by if name != UNKNOWN and any(_names(endpoint, name)))
    beside = [endpoint.asked.by[name] for name in named]
    for each in (*path, *beside):
        for caller in model.rule(id).call or ():
            if policy.relations[caller].kind == "owner":
                continue
            for name in each.resources:
                table, held = model.tables[name], certain(contract, caller)
                if not table.always_shows(held):
                    what = "its path names" if each in path else "its requests name"
                    what += " if it lacks an optional member" if table.see(held, {}) else ""
                    yield Problem(
                        contract.location(endpoint.operation),
                        f"`{caller}` may call `{id}` but may see nothing of the `{name}` that"
                        f" {what}, so its response reveals that the object exists",
                        f"write `conceal: false` at `{name}`, or `call: […]` with those who may"
                        f" see some of it",
                    )
                    return


def unexplained_errors(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a write whose error messages are always suppressed: no GET shows the object that
    it names, so nobody is known to see it."""
    model = contract.model
    policy, id = model.policy, endpoint.operation.id
    call, refused = (
        model.rule(id).call,
        endpoint.checks.target.kind == "none" and not endpoint.checks.plain,
    )
    refused = refused and (call is None or needs_object(policy, call))
    unknown = [each for each in endpoint.others if not each.reader and not refused]
    if endpoint.acts and any(not model.tables[name].always_shows({*policy.only("anyone")})
           for each in unknown[:1] for name in each.resources):  # fmt: skip
        params = [each.key for each in unknown]
        yield Problem(
            contract.location(endpoint.operation),
            f"neither contract nor document says what {few(params, 3)} in the path of `{id}` names,"
            f" so the guard turns every error of `{id}` into 404",
            explains(model, id, params[0]),
        )
    for name, one in endpoint.asked.by.items() if endpoint.acts and not endpoint.graph else ():
        names = [*dict.fromkeys(_names(endpoint, name))]
        if name == UNKNOWN or one.reader or not names:
            continue
        if not model.tables[name].always_shows({*policy.only("anyone")}):
            yield Problem(
                contract.location(endpoint.operation),
                f"no GET shows the `{name}` that {few(names, 3)} names at `{id}` by its key, so"
                f" the guard turns every error of `{id}` into 404",
                f"let a GET show a `{name}` by its key, or write"
                f" `{id}: {{params: {{{names[0]}: {name}.FIELD}}}}` with what it holds",
            )


def _names(endpoint: GrantedEndpoint, resource: str) -> Iterator[str]:
    """What names an object of a resource in a request, members of others' objects included."""
    keys = endpoint.asked.keys
    places = (each for each, of in keys.places.items() if of == resource)
    yield from (each.contract_name for each in places)
    todo = [each.shape for each in endpoint.operation.body if each.shape is not None]
    met = {*todo}
    for shape in todo if keys.free else ():
        yield from (each for each in shape.properties if keys.words.get(plain(each)) == resource)
        below = [each for each in dict.fromkeys(shape.below()) if each not in met]
        todo += below
        met |= {*below}
