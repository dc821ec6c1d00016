"""Edits that set the owner of a resource and its grants; undone in one step."""

from __future__ import annotations

from oakum.draft_review.cells import rows
from oakum.draft_review.policy_edits import Edit, SetOwner
from oakum.draft_review.questions import SENSITIVE
from oakum.draft_review.session import ReviewSession
from oakum.inference.lexicon import FieldClass


def owner_edits(
    session: ReviewSession, resource: str, *, field: str = "", viewer: str = ""
) -> list[Edit]:
    """Edits that set the owner of a resource to a member `field`, or to nobody.

    An owner then sees everything except secrets, as in a draft. Without an owner, `viewer` sees the
    fields that are not sensitive, and the rest stays closed.
    """
    made: list[Edit] = [SetOwner(resource, "field", (field,))] if field else []
    relations = session.read.policy.relations.values()
    owner = next((each.name for each in relations if each.kind == "owner"), "")
    name = owner if field else viewer
    paths: list[str] = []
    for row in rows(session.read, resource) if name else ():
        private = row.label.kind is FieldClass.SECRET if field else row.label.kind in SENSITIVE
        if row.line and row.path != "*" and not private and row.cells.get(name) == "closed":
            paths.append(row.path)
    return [*made, *session.grant(resource, paths, name)] if paths else made
