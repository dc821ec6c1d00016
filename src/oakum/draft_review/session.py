"""The review of one contract file: its text, its edits, and saving.

An edit is accepted only if the edited text, read as a contract, differs from the old one in exactly
that edit. So no result is invalid, and none grants more than was asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oakum.draft_review.cells import (
    ContractReading,
    compile_reading,
    grant_relations,
    implied_viewers,
)
from oakum.draft_review.edit_verification import Version, beyond
from oakum.draft_review.policy_edits import (
    Close,
    Edit,
    GrantEdit,
    Splice,
    Verb,
    apply_edit,
    covers,
    difference,
)
from oakum.errors import InputError, Location, Problem
from oakum.openapi.document import Document
from oakum.openapi.model import Json
from oakum.openapi.source import decode, parse, read_bytes
from oakum.output.atomic_file import write
from oakum.policy.comma_separated_keys import apart
from oakum.policy.contract import is_policy, load

_WIDTH = 88
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()


class FileChangedError(InputError):
    """The file has changed on the disk since it was read."""


@dataclass
class ReviewStep:
    """One action of the reviewer, as a splice for undo and redo, and the resources that it
    changed."""

    splice: Splice
    resources: tuple[str, ...]


class ReviewSession:
    """The state of a review; nothing is written before `save`."""

    def __init__(self, path: Path) -> None:
        """Raises `InputError` for what is no policy, or has mistakes."""
        self.path = path
        self._bytes = read_bytes(path)
        self.text = decode(self._bytes, str(path))
        if not is_policy(self.text, str(path)):
            hint = "`oakum init DOCUMENT --output exposure.yaml` drafts one"
            raise InputError([Problem(Location(str(path)), "is not an exposure contract", hint)])
        self.saved = self.text
        self.read: ContractReading = compile_reading(load(path, text=self.text))
        self._plain = self._plain_of(self.text)
        self.done: list[ReviewStep] = []
        self.undone: list[ReviewStep] = []
        self.writes = 0

    def grant(
        self, resource: str, paths: Iterable[str], relation: str, verb: Verb = "see"
    ) -> list[Edit]:
        """The edits that show fields to a viewer, or let them set them, in every state."""
        self._check_relation(relation)
        return [
            GrantEdit(resource, line, tuple(those), relation, verb)
            for line, those in self._lines(resource, paths)
        ]

    def close(
        self, resource: str, paths: Iterable[str], relation: str, verb: Verb = "see"
    ) -> list[Edit]:
        """The edits that close fields to a viewer, for reading or setting. Stronger viewers keep
        their access."""
        weaker = self.read.weaker[self._check_relation(relation)] - {relation}
        found: list[Edit] = []
        for line, those in self._lines(resource, paths):
            rule = self.read.rule(resource, those[0])
            every = rule.every_grant if rule else ()
            by = [n for n in weaker if any(n in grant_relations(each, verb) for each in every)]
            if by:
                does = "sees" if verb == "see" else "may set"
                told = f"every `{relation}` is also `{by[0]}`, and {does} `{those[0]}` as one"
                self._refuse(told, f"close it for `{by[0]}` first")
            keep = implied_viewers(self.read, relation)
            found.append(Close(resource, line, tuple(those), relation, keep, verb))
        return found

    def _lines(self, resource: str, paths: Iterable[str]) -> Iterator[tuple[str, Sequence[str]]]:
        """Fields by the line that rules them: those that share one stay together where they can."""
        if resource not in self.read.policy.resources:
            self._refuse(f"`{resource}` is not a resource of this contract")
        groups: dict[object, list[str]] = {}
        lines: dict[object, str] = {}
        for path in dict.fromkeys(paths):
            rule = self.read.rule(resource, path)
            own = rule is not None and rule.path == path
            place: object = rule.location if rule is not None and own else path
            if rule is not None and rule.path == "*" != path and not rule.every_grant:
                rule, place = None, ""  # `*` rules fields that no other line names
            groups.setdefault(place, []).append(path)
            lines[place] = rule.path if rule is not None else ""
        for place, those in groups.items():
            if place and any(a != b and covers(a, b) for a in those for b in those):
                yield from ((each, (each,)) for each in those)
            else:
                yield from ((lines[place], row) for row in ([those] if place else rows_of(those)))

    def make(self, edits: Sequence[Edit]) -> None:
        """Makes edits as one step; raises `InputError` and changes nothing if one cannot be
        made."""
        text = self.text
        for each in edits:
            text = apply_edit(text, each, str(self.path))
        if text == self.text:
            return
        read, plain = self._compile_reading(text), self._plain_of(text)
        wrong = next(beyond(Version(self.read, self._plain), Version(read, plain), edits), None)
        if wrong is not None:
            told = f"this cannot be said by lines of `{wrong}` alone"
            of = self.read.policy.resources.get(wrong)
            place = of.location if of is not None else Location(str(self.path))
            raise InputError([Problem(place, told, "edit the file by hand")])
        names = tuple(dict.fromkeys(each.resource for each in edits if each.resource))
        self.done.append(ReviewStep(difference(self.text, text), names))
        self.undone.clear()
        self.text, self.read, self._plain = text, read, plain

    def undo(self) -> ReviewStep | None:
        """Undoes the last step and returns it; None if there is none."""
        return self._move(self.done, self.undone, back=True)

    def redo(self) -> ReviewStep | None:
        """Redoes the last undone step and returns it; None if there is none."""
        return self._move(self.undone, self.done, back=False)

    def _move(
        self, take: list[ReviewStep], give: list[ReviewStep], *, back: bool
    ) -> ReviewStep | None:
        if not take:
            return None
        step = take.pop()
        give.append(step)
        self.text = (step.splice.inverse if back else step.splice).on(self.text)
        self.read, self._plain = self._compile_reading(self.text), self._plain_of(self.text)
        return step

    def _plain_of(self, text: str) -> Json:
        document = self.read.contract.document
        return apart(parse(text, str(self.path)), document.names_operation).plain()

    def _compile_reading(self, text: str) -> ContractReading:
        return compile_reading(load(self.path, text=text, document=self._document))

    @property
    def _document(self) -> Document | None:
        """The document, which is not read again for each edit; GraphQL schemas are laid over it."""
        contract = self.read.contract
        return None if contract.graphs else contract.document

    @property
    def has_unsaved_edits(self) -> bool:
        """Whether there are edits that are not saved in the file."""
        return self.text != self.saved

    def lines(self) -> list[str]:
        """What saving would change, as lines of a unified diff."""
        old, new = (each.splitlines() for each in (self.saved, self.text))
        found = difflib.unified_diff(old, new, "on the disk", "after saving", lineterm="", n=2)
        return list(found)

    def save(self) -> bool:
        """Writes the file and returns whether there was anything to write. Raises
        `FileChangedError`, and overwrites nothing, if the file was changed since it was read."""
        if not self.has_unsaved_edits:
            return False
        now = read_bytes(self.path)
        if now != self._bytes:
            hint = "end this review, and begin again with the file as it is now"
            told = "has changed on the disk since it was read; nothing was written"
            raise FileChangedError([Problem(Location(str(self.path)), told, hint)])
        load(self.path, text=self.text, document=self._document)
        mark = _MARK if self._bytes.startswith(_MARK) else b""
        target = self.path.resolve()
        mode = target.stat().st_mode
        data = mark + self.text.encode()
        write(target, data)
        target.chmod(mode & 0o7777)
        self._bytes, self.saved = data, self.text
        self.writes += 1
        return True

    # ------------------------------------------------------------ names

    def _check_relation(self, relation: str) -> str:
        if relation not in self.read.policy.relations:
            self._refuse(f"`{relation}` is not a relation of this contract")
        return relation

    def _refuse(self, told: str, hint: str = "") -> None:
        raise InputError([Problem(Location(str(self.path)), told, hint)])


def rows_of(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """Splits field paths into groups, each short enough for the key of one line."""
    row: list[str] = []
    for path in paths:
        if row and len(", ".join((*row, path))) > _WIDTH:
            yield row
            row = []
        row.append(path)
    if row:
        yield row
