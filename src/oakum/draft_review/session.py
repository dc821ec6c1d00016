"""One review of one contract file: its text, what was edited, and what is written back.

An edit counts only if the edited text, read as a contract, means what the old one did but for that
edit. So no result is invalid, and none says more than was asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oakum.draft_review.cells import Reading, every_setting, kept, reading, said, sight
from oakum.errors import InputError, Location, Problem
from oakum.openapi.document import Document
from oakum.openapi.source import decode, parse, read_bytes
from oakum.output.file import write
from oakum.policy.contract import is_policy, load
from oakum.policy.edit import Close, Confirm, Edit, Grant, SetOwner, Splice, difference, edited

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()


class Changed(InputError):
    """The file has changed on the disk since it was read."""


@dataclass
class Step:
    """One thing that a person did: a splice, and which resources it is about."""

    splice: Splice
    resources: tuple[str, ...]


class Session:
    """The state of a review; nothing is written before `save`."""

    def __init__(self, path: Path) -> None:
        """Raises `InputError` for what is no policy, or has mistakes."""
        self.path = path
        self._bytes = read_bytes(path)
        self.text = decode(self._bytes, str(path))
        if not is_policy(self.text, str(path)):
            hint = "`oakum init DOCUMENT --output exposure.yaml` drafts one"
            raise InputError([Problem(Location(str(path)), "is no exposure contract", hint)])
        self.saved = self.text
        self.read: Reading = reading(load(path, text=self.text))
        self.done: list[Step] = []
        self.undone: list[Step] = []
        self.writes = 0

    # ------------------------------------------------------------ edits

    def grant(self, resource: str, path: str, relation: str) -> Edit:
        """The edit that shows a field to a viewer in every state."""
        return Grant(resource, self._line(resource, path), path, self._known(relation))

    def close(self, resource: str, path: str, relation: str) -> Edit:
        """The edit that shows it to no such viewer; stronger ones go on seeing it."""
        line = self._line(resource, path)
        weaker = self.read.weaker[self._known(relation)] - {relation}
        rule = self.read.rule(resource, path)
        by = [n for n in weaker if rule and any(n in each.see for each in rule.every_grant)]
        if by:
            told = f"whoever is `{relation}` is `{by[0]}` too, and sees `{path}` as such"
            self._refuse(told, f"close it for `{by[0]}` first")
        return Close(resource, line, path, relation, kept(self.read, relation))

    def make(self, edits: Sequence[Edit]) -> None:
        """Make edits, as one step; raises `InputError`, and then changes nothing."""
        text, read = self.text, self.read
        for each in edits:
            changed = edited(text, each, str(self.path))
            if changed == text:
                continue
            after = self._reading(changed)
            _only(read, after, each, self.path, text, changed)
            text, read = changed, after
        if text != self.text:
            names = tuple(dict.fromkeys(each.resource for each in edits))
            self.done.append(Step(difference(self.text, text), names))
            self.undone.clear()
            self.text, self.read = text, read

    def undo(self) -> Step | None:
        """Take the last step back."""
        return self._move(self.done, self.undone, back=True)

    def redo(self) -> Step | None:
        """Make the last step again that was taken back."""
        return self._move(self.undone, self.done, back=False)

    def _move(self, take: list[Step], give: list[Step], *, back: bool) -> Step | None:
        if not take:
            return None
        step = take.pop()
        give.append(step)
        self.text = (step.splice.inverse if back else step.splice).on(self.text)
        self.read = self._reading(self.text)
        return step

    def _reading(self, text: str) -> Reading:
        return reading(load(self.path, text=text, document=self._document))

    @property
    def _document(self) -> Document | None:
        """The document, which is not read again for each edit; GraphQL schemas are laid over it."""
        contract = self.read.contract
        return None if contract.graphs else contract.document

    # ------------------------------------------------------------ the file

    @property
    def unsaved(self) -> bool:
        """Whether the file does not have all edits."""
        return self.text != self.saved

    def lines(self) -> list[str]:
        """The lines that saving changes, as a unified difference."""
        old, new = (each.splitlines() for each in (self.saved, self.text))
        found = difflib.unified_diff(old, new, "on the disk", "after saving", lineterm="", n=2)
        return list(found)

    def save(self) -> bool:
        """Write the file, if there is something to write. Raises `Changed` if somebody else wrote
        it meanwhile, and overwrites nothing."""
        if not self.unsaved:
            return False
        now = read_bytes(self.path)
        if now != self._bytes:
            hint = "end this review, and begin again with the file as it is now"
            told = "has changed on the disk since it was read; nothing was written"
            raise Changed([Problem(Location(str(self.path)), told, hint)])
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

    def _line(self, resource: str, path: str) -> str:
        if resource not in self.read.policy.resources:
            self._refuse(f"`{resource}` is no resource of this contract")
        rule = self.read.rule(resource, path)
        return rule.path if rule is not None else ""

    def _known(self, relation: str) -> str:
        if relation not in self.read.policy.relations:
            self._refuse(f"`{relation}` is no relation of this contract")
        return relation

    def _refuse(self, told: str, hint: str = "") -> None:
        raise InputError([Problem(Location(str(self.path)), told, hint)])


# --------------------------------------------------------------------------- exactness


def _only(old: Reading, new: Reading, edit: Edit, path: Path, before: str, after: str) -> None:
    """Refuse an edit that changes more than it says, or something else."""
    if not (_elsewhere(before, edit) == _elsewhere(after, edit) and _as_asked(old, new, edit)):
        told = f"this cannot be said by a line of `{edit.resource}` alone"
        where = old.policy.resources[edit.resource].location
        raise InputError([Problem(replace(where, file=str(path)), told, "edit the file by hand")])


def _elsewhere(text: str, edit: Edit) -> object:
    """All that an edit has to leave as it is, apart from fields."""
    plain = parse(text, "").plain()
    of = plain["resources"][edit.resource]
    match edit:
        case Confirm():
            of.pop("draft", None)
        case SetOwner():
            of.pop("owner", None)
        case Grant() | Close():
            of.pop("fields", None)
    return plain


def _as_asked(old: Reading, new: Reading, edit: Edit) -> bool:
    if isinstance(edit, Confirm):
        return not new.policy.resources[edit.resource].draft
    if isinstance(edit, SetOwner):
        whose = new.policy.resources[edit.resource].owner
        return (whose.kind, whose.members) == (edit.kind, edit.members)
    name, path = edit.resource, edit.path
    was, now = (said(each.model.tables[name]) for each in (old, new))
    below = {each for each in {*was, *now} if each == path or each.startswith(f"{path}.")}
    if any(was.get(each) != now.get(each) for each in {*was, *now} - below):
        return False
    if _set(old, name) != _set(new, name):
        return False
    return all(_is_right(old, new, edit, each) for each in old.columns)


def _is_right(old: Reading, new: Reading, edit: Grant | Close, viewer: str) -> bool:
    """Whether one viewer sees of the field what the edit says, and what they saw otherwise."""
    before, after = (sight(read, edit.resource, edit.path, viewer) for read in (old, new))
    if isinstance(edit, Close) and viewer == edit.relation:
        return not any(after)
    if isinstance(edit, Grant) and edit.relation in old.weaker[viewer]:
        return after[0] == every_setting(old, edit.resource) and after[1] == before[1]
    return before == after


def _set(read: Reading, resource: str) -> dict[str, object]:
    """Field to who may write it, in a request body or an answer."""
    found: dict[str, object] = {}
    for table in (read.model.tables[resource], read.model.settable[resource]):
        for path, rule in zip(table.leaves, table.rules, strict=True):
            grants = [
                (sorted(e.set), sorted(map(repr, e.when.items()))) for e in rule.grants if e.set
            ]
            if grants:
                found[path] = sorted(grants)
    return found
