"""Edits of a policy's text that leave everything else as it was written.

An edit replaces as few characters as possible, so comments, order and layout stay. Positions come
from the parser's marks, never from a search in the text. An edit that cannot be made in the text
raises `InputError`. This module does not check what the result means: `draft_review` compares both
versions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal, NoReturn

import yaml

from oakum.errors import InputError, Location, Problem

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_/-]*(\.(\*|\*\*|[A-Za-z0-9_/-]+))*")
_BESIDE = re.compile(r"^(\s*:)[ \t]*#[^\r\n]*")
"""A comment between a key and the block below it."""
_OTHER: dict[str, str] = {"see": "set", "set": "see"}
_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])


Verb = Literal["see", "set"]
"""What a grant lets a viewer do with a field."""


@dataclass(frozen=True)
class GrantEdit:
    """Grants a relation to see, or set, fields of one line in every state."""

    resource: str
    line: str
    """A path of the line that rules the fields; empty: no line rules them."""
    paths: tuple[str, ...]
    relation: str
    verb: Verb = "see"


@dataclass(frozen=True)
class Close:
    """Closes fields of one line to a relation, for reading or setting, in every state."""

    resource: str
    line: str
    paths: tuple[str, ...]
    relation: str
    keep: tuple[str, ...] = ()
    """Relations that had access only through this one, and keep it."""
    verb: Verb = "see"


@dataclass(frozen=True)
class Confirm:
    """Marks a resource as reviewed: removes its draft mark."""

    resource: str


@dataclass(frozen=True)
class ConfirmCall:
    """Marks the `call` of an operation as reviewed."""

    operation: str
    resource: str = ""
    """Always empty: a `call` belongs to no resource."""


@dataclass(frozen=True)
class SetOwner:
    """Sets the owner of a resource."""

    resource: str
    kind: Literal["field", "path", "parent", "caller", "none"]
    members: tuple[str, ...] = ()


Edit = GrantEdit | Close | Confirm | ConfirmCall | SetOwner


@dataclass(frozen=True)
class Splice:
    """Replacement of characters at a position in the text."""

    at: int
    old: str
    new: str

    @property
    def inverse(self) -> Splice:
        """The splice that undoes this one."""
        return Splice(self.at, self.new, self.old)

    def on(self, text: str) -> str:
        """The text with this splice; it must have the old characters there."""
        assert text.startswith(self.old, self.at)
        return text[: self.at] + self.new + text[self.at + len(self.old) :]


def apply_edit(text: str, edit: Edit, file: str = "") -> str:
    """The text of a policy after an edit; raises `InputError` if the text's layout does not allow
    it."""
    page = _Page(text, file)
    match edit:
        case GrantEdit() | Close():
            page.line(edit)
        case Confirm():
            page.confirm("resources", edit.resource)
        case ConfirmCall():
            page.confirm("operations", edit.operation)
        case SetOwner():
            page.owner(edit)
    return page.text()


def difference(old: str, new: str) -> Splice:
    """The splice that turns one text into the other, without their common start and end."""
    start, end = 0, 0
    least = min(len(old), len(new))
    while start < least and old[start] == new[start]:
        start += 1
    while end < least - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return Splice(start, old[start : len(old) - end], new[start : len(new) - end])


@dataclass
class _Page:
    """A text that is parsed once, and the splices that it is to get."""

    source: str
    file: str
    splices: list[Splice] = field(default_factory=list)

    def __post_init__(self) -> None:
        try:
            root = yaml.compose(self.source, Loader=_Loader)
        except yaml.YAMLError:
            raise InputError([Problem(Location(self.file), "not valid YAML")]) from None
        if root is None:
            raise InputError([Problem(Location(self.file), "has no policy")])
        self.root: yaml.Node = root
        self.quotes = self.source.lstrip().startswith("{")
        self.newline = "\r\n" if "\r\n" in self.source else "\n"

    def text(self) -> str:
        found = self.source
        for each in sorted(self.splices, key=lambda each: each.at, reverse=True):
            found = each.on(found)
        return found

    # ------------------------------------------------------------ edits

    def confirm(self, section: str, name: str) -> None:
        key, of = self._part(section, name)
        pair = _pair(of, "draft")
        if pair is None:
            self._refuse(of, f"`{name}` has no `draft: true` of its own")
        self._remove(of, pair)
        if key.value != name:  # others share the key
            parts = _pair(self.root, section)
            assert parts is not None and isinstance(parts[1], yaml.MappingNode)
            self._split(parts[1], key, of, _paths(key), (name,), [self.splices.pop()])

    def owner(self, edit: SetOwner) -> None:
        key, of = self._part("resources", edit.resource)
        pair = _pair(of, "owner")
        if pair is None:
            self._refuse(of, f"`{edit.resource}` does not say whose it is")
        start, end = _start(pair[1]), self._end(pair[1])
        members = [self._scalar(each) for each in edit.members]
        told = members[0] if len(members) == 1 else f"[{', '.join(members)}]"
        said = {
            "field": told,
            "path": f"{{{self._scalar('path')}: {told}}}",
            "parent": f"{{{self._scalar('parent')}: true}}",
            "caller": f"{{{self._scalar('caller')}: true}}",
            "none": self._scalar("none"),
        }[edit.kind]
        # The reason of a guess does not hold for what replaces it.
        if of.flow_style and _pair(of, "draft") is not None:
            name = self._end(key)
            if beside := _BESIDE.match(self.source[name : _start(of)]):
                self._splice(name, name + beside.end(), beside[1])
        elif not of.flow_style:
            rest = self.source[end : self._line_end(end)]
            if rest.lstrip().startswith("#"):
                end += len(rest)
        self._splice(start, end, said)

    def line(self, edit: GrantEdit | Close) -> None:
        of = self._resource(edit.resource)
        pair = _pair(of, "fields")
        if pair is None or not isinstance(pair[1], yaml.MappingNode):
            self._refuse(of, f"`{edit.resource}` has no lines of fields")
        lines = pair[1]
        if not edit.line:
            if isinstance(edit, GrantEdit):
                name = self._key(edit.paths, lines.flow_style)
                self._add(lines, name, f"[{self._grant(edit)}]")
            return
        found = next((each for each in lines.value if edit.line in _paths(each[0])), None)
        if found is None:
            self._refuse(lines, f"`{edit.line}` has no line")
        key, value = found
        paths = _paths(key)
        if isinstance(value, yaml.MappingNode):
            long = _pair(value, "grants")
            if long is None:
                self._refuse(value, f"the line of `{edit.line}` has no grants")
            grants = long[1]
        else:
            grants = value
        if not isinstance(grants, yaml.SequenceNode):
            self._refuse(value, f"the line of `{edit.line}` is not a list of grants")
        inside = list(self._grant_splices(grants, edit))
        if not inside:
            return
        if {*paths} == {*edit.paths}:
            self.splices += inside
        else:
            self._split(lines, key, value, paths, edit.paths, inside)

    def _grant_splices(
        self, grants: yaml.SequenceNode, edit: GrantEdit | Close
    ) -> Iterator[Splice]:
        """The splices within a list of grants."""
        if isinstance(edit, GrantEdit):
            yield self._add_relation(grants, edit)
            return
        plain = (e for e in grants.value if not (_pair(e, "when") or _pair(e, "masked")))
        always = {name for each in plain for name in _grant_relations(each, edit.verb)}
        gone: list[yaml.Node] = []
        for each in grants.value:
            pair = _pair(each, edit.verb)
            names = _names(pair[1]) if pair is not None else []
            if pair is None or edit.relation not in names:
                continue
            left = [n for n in names if n != edit.relation]
            left += [n for n in edit.keep if n not in left and n not in always]
            if left:
                yield self._between(pair[1], self._list(left))
            elif len(each.value) == 1 or _pair(each, _OTHER[edit.verb]) is None:
                gone.append(each)
            else:
                yield self._without_pair(each, pair)
        yield from self._without_elements(grants, gone)

    def _add_relation(self, grants: yaml.SequenceNode, edit: GrantEdit) -> Splice:
        for each in grants.value:
            if _pair(each, "when") is not None or _pair(each, "masked") is not None:
                continue
            pair = _pair(each, edit.verb)
            if pair is not None:
                return self._between(pair[1], self._list([*_names(pair[1]), edit.relation]))
            if edit.verb == "see" and each.flow_style and each.value:
                at = _start(each.value[0][0])
                said = f"{self._scalar('see')}: {self._list([edit.relation])}, "
                return Splice(at, "", said)
        one = self._grant(edit)
        if not grants.value:
            return self._between(grants, f"[{one}]")
        last = grants.value[-1]
        if grants.flow_style:
            return Splice(self._end(last), "", f", {one}")
        indent = " " * grants.start_mark.column
        return Splice(self._line_end(self._end(last)), "", f"{self.newline}{indent}- {one}")

    def _without_elements(
        self, grants: yaml.SequenceNode, gone: Sequence[yaml.Node]
    ) -> Iterator[Splice]:
        """Each goes with its line, or with the comma after it; those at the end of a flow go
        together, with the one comma before them."""
        if gone and len(gone) == len(grants.value):
            if grants.flow_style:
                yield self._between(grants, "[]")
            else:
                before = self.source.rfind(":", 0, _start(grants)) + 1
                yield self._cut(before, self._end(grants), " []")
            return
        last: list[yaml.Node] = []
        if grants.flow_style:
            last = [*takewhile(lambda each: each in gone, reversed(grants.value))]
        for each in gone:
            if not grants.flow_style:
                at = self.source.rfind("\n", 0, _start(each)) + 1
                yield self._cut(at, self._next_line(self._end(each)))
            elif each not in last:
                yield self._from_flow(_start(each), self._end(each), False)
        if last:
            yield self._from_flow(_start(last[-1]), self._end(last[0]), True)

    def _grant(self, edit: GrantEdit) -> str:
        return f"{{{self._scalar(edit.verb)}: {self._list([edit.relation])}}}"

    def _split(
        self, lines: yaml.MappingNode, key: yaml.Node, value: yaml.Node,
        paths: Sequence[str], own: Sequence[str], inside: Sequence[Splice],
    ) -> None:  # fmt: skip
        """Give names of a key a line of their own; the first line that covers a field counts."""
        start, end = _start(key), self._end(value)
        if self.source[:start].rstrip(" ").endswith("?"):
            self._refuse(key, "a key behind `?` cannot be split")
        # The last grant of a block goes with its line, which ends after the value.
        inside = [self._with_line_before(each) if _stop(each) > end else each for each in inside]
        end = max(end, *map(_stop, inside))
        tail = self.source[self._end(key) : end]
        changed = tail
        for each in sorted(inside, key=lambda each: each.at, reverse=True):
            changed = Splice(each.at - self._end(key), each.old, each.new).on(changed)
        changed = _BESIDE.sub(r"\1", changed)  # the comment stays with the other fields
        mine = f"{self._key(own, lines.flow_style)}{changed}"
        if not {*own} <= {*paths}:
            for other, _ in lines.value:
                if hidden := {*own} & {*_paths(other)}:
                    first = f"since `{key.value}` comes first"
                    self._refuse(other, f"the line of `{min(hidden)}` never counts, {first}")
            self._before(lines, key, mine)
            return
        rest = [each for each in paths if each not in own]
        if any(covers(a, b) or covers(b, a) for a in rest for b in own):
            at = paths.index(own[0])
            groups = [paths[:at], paths[at + len(own) :]]
        else:
            groups = [rest, []]
        first, last = (self._key(each, lines.flow_style) if each else "" for each in groups)
        parts = [f"{first}{tail}" if first else "", mine, f"{last}{tail}" if last else ""]
        comma = "," if lines.flow_style else ""
        indent = self.newline + " " * self._column(lines, key)
        said = [each for each in parts if each]
        if lines.flow_style or not first:
            self._splice(start, end, f"{comma}{indent}".join(said))
            return
        # A comment at the end of the line stays with the fields that stay there.
        self._splice(start, self._end(key), first)
        rest_of = "".join(f"{indent}{each}" for each in said[1:])
        self.splices.append(Splice(self._line_end(end), "", rest_of))

    def _with_line_before(self, splice: Splice) -> Splice:
        """The same with the end of the line before in place of the end of its own."""
        if not splice.old.endswith(self.newline):
            return splice
        old = f"{self.newline}{splice.old.removesuffix(self.newline)}"
        return Splice(splice.at - len(self.newline), old, splice.new)

    def _before(self, lines: yaml.MappingNode, key: yaml.Node, said: str) -> None:
        indent = " " * self._column(lines, key)
        if lines.flow_style:
            self.splices.append(Splice(_start(key), "", f"{said},{self.newline}{indent}"))
            return
        at = self.source.rfind("\n", 0, _start(key)) + 1
        while at:  # comments above a line are its own
            above = self.source.rfind("\n", 0, at - 1) + 1
            if not self.source[above:at].lstrip().startswith("#"):
                break
            at = above
        self.splices.append(Splice(at, "", f"{indent}{said}{self.newline}"))

    def _add(self, of: yaml.MappingNode, key: str, value: str) -> None:
        said = f"{key}: {value}"
        if not of.value:
            self.splices.append(self._between(of, f"{{{said}}}"))
            return
        last_key, last = of.value[-1]
        indent = self.newline + " " * self._column(of, last_key)
        if of.flow_style:
            self.splices.append(Splice(self._end(last), "", f",{indent}{said}"))
        else:
            self.splices.append(Splice(self._line_end(self._end(last)), "", f"{indent}{said}"))

    def _column(self, of: yaml.MappingNode, key: yaml.Node) -> int:
        """Where a line of its own begins beside a key."""
        first = of.value[0][0]
        return int((first if of.flow_style else key).start_mark.column)

    # ------------------------------------------------------------ removal

    def _remove(self, of: yaml.MappingNode, pair: tuple[yaml.Node, yaml.Node]) -> None:
        if len(of.value) == 1:
            self._refuse(of, "nothing else stands there")
        self.splices.append(self._without_pair(of, pair))

    def _without_pair(self, of: yaml.MappingNode, pair: tuple[yaml.Node, yaml.Node]) -> Splice:
        start, end = _start(pair[0]), self._end(pair[1])
        if of.flow_style:
            return self._from_flow(start, end, pair[0] is of.value[-1][0])
        begin = self.source.rfind("\n", 0, start) + 1
        if self.source[begin:start].strip():  # the first key after `- `
            follow = _start(of.value[1][0])
            return self._cut(start, follow)
        return self._cut(begin, self._next_line(end))

    def _from_flow(self, start: int, end: int, is_last: bool) -> Splice:
        if is_last:
            before = len(self.source[:start].rstrip())
            return self._cut(before - (self.source[before - 1] == ","), end)
        found = re.compile(r"\s*,[ \t]*").match(self.source, end)
        return self._cut(start, found.end() if found else end)

    # ------------------------------------------------------------ places

    def _resource(self, name: str) -> yaml.MappingNode:
        return self._part("resources", name)[1]

    def _part(self, section: str, name: str) -> tuple[yaml.Node, yaml.MappingNode]:
        """The key with this name, maybe among others, and its value."""
        parts = _pair(self.root, section)
        found = _pair(parts[1], name) if parts is not None else None
        if found is None and parts is not None and isinstance(parts[1], yaml.MappingNode):
            found = next((each for each in parts[1].value if name in _paths(each[0])), None)
        if found is None or not isinstance(found[1], yaml.MappingNode):
            self._refuse(self.root, f"no {section[:-1]} `{name}` stands here")
        if _start(found[1]) < _start(found[0]):
            self._refuse(found[0], f"`{name}` is an alias of another {section[:-1]}")
        return found[0], found[1]

    def _end(self, node: yaml.Node) -> int:
        """Where a value ends, without the comments and empty lines after a block."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        end = int(node.end_mark.index)
        return len(self.source[:end].rstrip()) if node.start_mark.index != end else end

    def _line_end(self, at: int) -> int:
        found = self.source.find("\n", at)
        end = len(self.source) if found < 0 else found
        return end - 1 if self.source[end - 1 : end] == "\r" and end > at else end

    def _next_line(self, at: int) -> int:
        found = self.source.find("\n", at)
        return len(self.source) if found < 0 else found + 1

    def _cut(self, start: int, end: int, new: str = "") -> Splice:
        return Splice(start, self.source[start:end], new)

    def _between(self, node: yaml.Node, new: str) -> Splice:
        return self._cut(_start(node), self._end(node), new)

    def _splice(self, start: int, end: int, new: str) -> None:
        self.splices.append(self._cut(start, end, new))

    # ------------------------------------------------------------ words

    def _list(self, names: Sequence[str]) -> str:
        return f"[{', '.join(map(self._scalar, names))}]"

    def _scalar(self, word: str) -> str:
        plain = not self.quotes and _PLAIN.fullmatch(word) and word.lower() not in _WORDS
        return word if plain else json.dumps(word)

    def _key(self, paths: Sequence[str], flow: bool) -> str:
        joined = ", ".join(paths)
        plain = not self.quotes and all(map(_PLAIN.fullmatch, paths))
        plain = plain and joined.lower() not in _WORDS and not (flow and len(paths) > 1)
        return joined if plain else json.dumps(joined)

    def _refuse(self, node: yaml.Node, why: str) -> NoReturn:
        mark = node.start_mark
        place = Location(self.file, mark.line + 1, mark.column + 1)
        raise InputError([Problem(place, why, "edit the file by hand")])


def _pair(node: yaml.Node, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    pairs: Sequence[tuple[yaml.Node, yaml.Node]] = (
        node.value if isinstance(node, yaml.MappingNode) else ()
    )
    return next(((key, value) for key, value in pairs if key.value == name), None)


def _stop(splice: Splice) -> int:
    """Where what is taken out ends."""
    return splice.at + len(splice.old)


def _paths(key: yaml.Node) -> list[str]:
    return [each.strip() for each in str(key.value).split(",")]


def _names(node: yaml.Node) -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [str(each.value) for each in node.value]
    return [str(node.value)]


def _grant_relations(grant: yaml.Node, verb: Verb) -> list[str]:
    pair = _pair(grant, verb)
    return _names(pair[1]) if pair is not None else []


def _start(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def covers(wide: str, narrow: str) -> bool:
    """Whether a line for the path `wide` may rule the path `narrow`."""
    return narrow.startswith(f"{wide.removesuffix('.**')}.") or "*" in wide.split(".")
