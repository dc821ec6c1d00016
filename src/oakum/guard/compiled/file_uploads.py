"""Multipart forms with a file, beside a body that holds a resource.

Many APIs take an object as JSON, or a file with some of its fields as a form whose schema stands in
the document alone. The guard reads the names of a form's parts, not what they hold. It lets such
a form pass if that decides nothing that JSON would not: whoever may set a field of the resource by
`set` may not do so by another media type.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.relations import held_relations
from oakum.authz.table import ruling_leaves
from oakum.guard.compiled.form_members import Form, form_body
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import element, member_by_name
from oakum.routing.content_type import PARTS

_SOMEBODY = "somebody"


def upload(model: Model, operation: Operation, *, judged: bool) -> str:
    """Who may send a multipart form where other bodies of the write hold a resource: `all` who may
    call the operation; `own`, only the owner, if parts have the names of fields that only owners
    may set; empty: nobody. `judged`: some part is a key."""
    form, shape, resource = _form(model, operation, judged=judged)
    if form is None or form.judged or shape is None or model.sets.get(operation.id):
        return ""
    if any(True for _ in resources_in(shape, model.bound)):
        return ""
    if not any(_is_file(member_by_name(shape, name)) for name in form.names):
        return ""
    table, settable = model.tables[resource], model.settable[resource]
    owner = held_relations(
        model.policy, Principal(frozenset((_SOMEBODY,))), Subject(resource, (_SOMEBODY,))
    )
    bits = settable.see(owner, {})
    fields = [name for name in form.names if ruling_leaves(table, name)]
    sets = all(bits >> index & 1 for name in fields for index in ruling_leaves(settable, name))
    return ("own" if fields else "all") if sets else ""


def unset_files(model: Model, operation: Operation) -> Iterator[tuple[str, str]]:
    """(name of the file, resource) for files in a multipart form of a resource that no contract
    line allows anybody to set."""
    form, shape, resource = _form(model, operation, judged=False)
    for name in form.names if form is not None and form.judged else ():
        settable = model.settable[resource]
        grants = [settable.rules[index].grants for index in ruling_leaves(settable, name)]
        if _is_file(member_by_name(shape, name) if shape else None) and not any(grants):
            yield name, resource


def _form(
    model: Model, operation: Operation, *, judged: bool
) -> tuple[Form | None, Shape | None, str]:
    """The multipart form of a write of one resource, its schema, and that resource; None: it takes
    no form, or says of none or several resources that it writes them."""
    written = model.written.get(operation.id)
    shape = next((each.shape for each in operation.body if each.type == PARTS), None)
    if written is None or len(written.resources) != 1 or shape is None:
        return None, None, ""
    return form_body(model, operation, PARTS, judged=judged), shape, written.resources[0]


def _is_file(shape: Shape | None) -> bool:
    each = (element(shape) or shape) if shape is not None else None
    return each is not None and each.format in ("binary", "byte")
