"""The state of a review as JSON for its page, in the words of the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from oakum.draft_review.cell_descriptions import describe_cell, owner, viewer
from oakum.draft_review.cells import rows
from oakum.draft_review.questions import SENSITIVE, WIDE, above, questions, reason
from oakum.draft_review.session import ReviewSession
from oakum.openapi.model import Json

_CODES = {"open": "o", "implied": "i", "when": "w", "masked": "m", "closed": "c"}

_MOST = 12
"""Most lines of a text block on the page."""


def whole(session: ReviewSession) -> Json:
    """Everything that the page shows when it is opened."""
    read = session.read
    return {
        "file": str(session.path),
        "columns": [
            {
                "name": name,
                "says": viewer(read.policy.relations[name]),
                "wide": read.policy.relations[name].kind in WIDE,
            }
            for name in read.columns
        ],
        "sensitive": sorted(each.value for each in SENSITIVE),
        **after(session, read.policy.resources),
    }


def after(session: ReviewSession, resources: Iterable[str]) -> Json:
    """What the page has to update after an edit of these resources."""
    asked = questions(session.read, session.text)
    return {
        "resources": [_resource(session, name) for name in resources],
        "questions": [
            {
                "kind": each.kind,
                "resource": each.resource,
                "text": each.text,
                "why": each.why,
                "path": each.path,
                "relation": each.relation,
                "operation": each.operation,
                "owners": each.owners,
            }
            for each in asked
        ],
        "undo": len(session.done),
        "redo": len(session.undone),
        "unsaved": session.has_unsaved_edits,
    }


def _resource(session: ReviewSession, name: str) -> Json:
    read, lines = session.read, session.text.splitlines()
    of = read.policy.resources[name]
    those = list(rows(read, name))
    kinds = Counter(row.label.kind.value for row in those if row.label.kind in SENSITIVE)
    return {
        "name": name,
        "draft": of.draft,
        "owner": owner(of.owner),
        "why": reason(read, of, lines),
        "endpoints": read.seen.endpoints[name],
        "kinds": dict(kinds),
        "rows": [
            {
                "path": row.path,
                "kind": row.label.kind.value,
                "why": row.label.reason,
                "cells": "".join(_CODES[row.cells[each]] for each in read.columns),
                "sets": "".join(_CODES[row.sets[each]] for each in read.columns),
            }
            for row in those
        ],
    }


def cell(session: ReviewSession, resource: str, path: str, relation: str) -> Json:
    """Details of one cell: what it means, and its line in the contract."""
    read = session.read
    lines = session.text.splitlines()
    words = describe_cell(read, resource, path, relation)
    rule = read.rule(resource, path)
    at = rule.location.line if rule else read.policy.resources[resource].location.line
    return {
        "means": words.means,
        "scan": words.scan,
        "guard": words.guard,
        "sets": words.sets,
        "comment": above(lines, at) if rule else "",
        "line": "\n".join(_entry(lines, at)) if rule else "",
        "place": f"{session.path.name}:{at}",
    }


def _entry(lines: Sequence[str], at: int) -> Iterator[str]:
    """A line of the contract, with the block below it, as far as it stands further in."""
    first = lines[at - 1]
    margin = len(first) - len(first.lstrip())
    yield first[margin:]
    for line in lines[at : at + _MOST]:
        if len(line) - len(line.lstrip()) <= margin:
            break
        yield line[margin:]
