"""The open questions of a contract, the most important first.

They are read from the contract itself, drafted or not, so each answer makes them anew. A resource
that nobody marked as a draft was reviewed by somebody, and is not asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oakum.draft_review.cells import ContractReading, FieldRow, rows
from oakum.inference.lexicon import FieldClass, words
from oakum.policy.model import Resource
from oakum.policy.parser import place

Kind = Literal["owner", "wide", "confirm", "call"]
SENSITIVE = frozenset(
    {
        FieldClass.SECRET,
        FieldClass.IDENTITY_DOCUMENT,
        FieldClass.CONTACT,
        FieldClass.PERSONAL,
        FieldClass.LOCATION,
        FieldClass.ACTIVITY,
        FieldClass.AUTHORITY,
    }
)
"""Classes of personal data and of credentials."""
WIDE = ("anyone", "authenticated")
"""Kinds of relations that any caller, or any logged-in caller, has."""
_NAMES = re.compile(r"(?:^|_)(?:user|account|owner|author|creator|member|customer|person)", re.I)


@dataclass(frozen=True)
class ReviewQuestion:
    """A question about the contract that a person has to answer."""

    kind: Kind
    resource: str
    text: str
    why: str = ""
    """The contract's comment: the reason for the guess."""
    path: str = ""
    relation: str = ""
    operation: str = ""
    owners: tuple[str, ...] = ()
    """Fields that may name the owner, the likeliest first."""


def questions(read: ContractReading, text: str) -> list[ReviewQuestion]:
    """All open questions: owners, then wide grants of personal data, then what is unconfirmed."""
    lines = text.splitlines()
    drafted = [each for each in read.policy.resources.values() if each.draft]
    known = {each.name: list(rows(read, each.name)) for each in drafted}
    found: list[ReviewQuestion] = []
    for each in drafted:
        if each.owner.kind == "none" and not any(rule.every_grant for rule in each.fields):
            why = reason(read, each, lines)
            named = tuple(name for name in owners(known[each.name]) if name != each.key)
            found.append(
                ReviewQuestion("owner", each.name, f"Who owns `{each.name}`?", why, owners=named)
            )
    for each in drafted:
        found += _wide(read, each.name, known[each.name])
    found += [ReviewQuestion("confirm", e.name, f"Is `{e.name}` right?") for e in drafted]
    for rule in read.policy.operations.values():
        if rule.draft:
            who = " or ".join(f"`{name}`" for name in rule.call or ()) or "who the document says"
            text = f"May only {who} call `{rule.id}`?"
            why = _beside(lines, rule.location.line)
            found.append(ReviewQuestion("call", "", text, why, operation=rule.id))
    return found


def _wide(
    read: ContractReading, resource: str, those: Sequence[FieldRow]
) -> Iterator[ReviewQuestion]:
    for row in those:
        if row.label.kind in SENSITIVE:
            for name in read.columns:
                relation = read.policy.relations[name]
                if relation.kind in WIDE and row.cells[name] in ("open", "when"):
                    text = f"May `{name}` see `{row.path}` of `{resource}`?"
                    yield ReviewQuestion("wide", resource, text, row.label.reason, row.path, name)


def owners(those: Sequence[FieldRow]) -> Iterator[str]:
    """Fields that may name the owner of an object, the likeliest first."""
    keys = [row.path for row in those if words(row.path)[-1:] in (("id",), ("uuid",), ("guid",))]
    near = [path for path in keys if _NAMES.search(path)]
    other = [row.path for row in those if row.path not in keys and _NAMES.search(row.path)]
    yield from dict.fromkeys((*near, *other, *keys))


def reason(read: ContractReading, resource: Resource, lines: Sequence[str]) -> str:
    """The comment beside the owner of a resource, or beside its name."""
    at = place(read.policy, "resources", resource.name, "owner").line
    return _beside(lines, at) or _beside(lines, resource.location.line)


def above(lines: Sequence[str], at: int) -> str:
    """The comment lines directly above a line, joined; empty if none. Lines count from 1."""
    found: list[str] = []
    for line in reversed(lines[: at - 1]):
        if not line.lstrip().startswith("#"):
            break
        found.append(line.strip().lstrip("# "))
    return " ".join(reversed(found))


def _beside(lines: Sequence[str], at: int) -> str:
    """The comment at the end of a line; `#` within quotes begins none."""
    line = lines[at - 1] if 0 < at <= len(lines) else ""
    bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", lambda found: "_" * len(found[0]), line)
    start = re.search(r"(?:^|\s)#\s*", bare)
    return line[start.end() :].strip() if start else ""


def counts(asked: Sequence[ReviewQuestion]) -> Mapping[Kind, int]:
    """Number of questions of each kind."""
    kinds: tuple[Kind, ...] = ("owner", "wide", "confirm", "call")
    return {kind: sum(each.kind == kind for each in asked) for kind in kinds}
