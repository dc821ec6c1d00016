"""Whether a caller is certainly shown something of the concealed object in the path.

The law of this module: what was not learnt shows nothing. A reader of the object that fails tells
nothing, so what is known without one comes first.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import partial

from oakum.authz import Call, Model, Principal, Projection, Subject, project
from oakum.authz.decide import may_call
from oakum.authz.principal import held
from oakum.authz.project import left
from oakum.guard.lookup_requirements import LookupRequirements
from oakum.guard.lookups import Inquiry
from oakum.routing.concealing import Concealed
from oakum.routing.messages import Answered, Asked
from oakum.routing.path_objects import renamed
from oakum.routing.route import filled
from oakum.routing.who import STRANGER, readable


def visible(
    model: Model, operation: str, hidden: Concealed, params: Mapping[str, str], inquiry: Inquiry
) -> Generator[Asked, Answered | None, bool]:
    """Whether the caller may see something of the object; `operation` is the one called, `params`
    are those of its path."""
    owner = params.get(hidden.whose)
    if owner in inquiry.who.ids:
        return True
    # The caller may see something of every such object, whatever its owner and state.
    if _shown(model, hidden, Principal(inquiry.who.ids, inquiry.who.claims), STRANGER):
        return True
    if owner is not None:
        inquiry.begin()
        yield from inquiry.settle(partial(_related, model=model, hidden=hidden, owner=owner))
        if _shown(model, hidden, inquiry.principal(), owner):
            return True
    if hidden.reader == operation:
        return False
    return (yield from _read(model, hidden, params, inquiry))


def _related(needs: LookupRequirements, *, model: Model, hidden: Concealed, owner: str) -> None:
    """Collects every relation of the caller to the owner."""
    for name in hidden.resources:
        for relation in model.tables[name].relations:
            needs.any((relation,), Subject(name, (owner,)))


def _shown(model: Model, hidden: Concealed, caller: Principal, owner: str) -> bool:
    """Whether the caller sees some of the owner's object in any state, whichever resource it is."""
    return all(
        model.tables[name].see(held(model.policy, caller, Subject(name, (owner,))), {})
        for name in hidden.resources
    )


def _read(
    model: Model, hidden: Concealed, params: Mapping[str, str], inquiry: Inquiry
) -> Generator[Asked, Answered | None, bool]:
    """Reads the object and checks whether anything of it is shown."""
    params = renamed(params, hidden.names)
    path = filled(model.operations[hidden.reader].path, params)
    inquiry.begin()
    if path is None or not inquiry.spend():
        return False
    # The service's own view says nothing about the caller's.
    own = any(model.policy.resources[n].owner.kind == "caller" for n in hidden.resources)
    question = inquiry.desk.addressed(path, "", inquiry.like, inquiry.held, own=own)
    answered = yield from inquiry.ask(question)
    if answered is None or readable(answered) is None:
        return False
    yield from inquiry.again()
    if not may_call(model, inquiry.principal(), hidden.reader, params):
        return False
    call = Call(hidden.reader, params, 200, answered.media)
    while True:
        done = project(model, inquiry.principal(), call, answered.body)
        if done.judged is None:
            return False
        seen = done.judged.instances
        wanted = partial(LookupRequirements.answer, call=call, instances=seen, closed=done.closed)
        if not (yield from inquiry.settle(wanted)):
            return shows(done)


def shows(done: Projection) -> bool:
    """Whether anything of an object remains."""
    if done.body is None or done.judged is None:
        return False
    return any(
        left(done.judged.keep, each.pointer)
        for each in done.judged.instances
        if any(leaf.allowed for leaf in each.leaves)
    )
