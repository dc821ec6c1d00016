"""Formats the lines of a draft: keys, scalars, comments, and fields named together.

A line for an object covers everything that the document declares below it, and the first line that
covers a field counts. So fields with the same grant are replaced by their object, and exceptions
precede it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import TypeVar

from oakum.inference.field_viewers import GrantGuess
from oakum.openapi.model import Json

WIDTH = 96
_Group = TypeVar("_Group")
Rank = tuple[int, str, str]
"""Sort position of a line, its reason, and its grants."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_PARTS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+(?:, |$)')
"""Matches one element of a YAML flow collection, with quoted strings kept whole."""
_WORDS = {"true", "false", "null"}


def grants(guess: GrantGuess) -> str:
    """The grants of a field as a YAML flow list: `[{see: [owner]}]`."""
    if guess.see == "nobody":
        return "[{set: [owner]}]" if guess.set else "[]"
    if guess.see == "owner":
        return "[{see: [owner], set: [owner]}]" if guess.set else "[{see: [owner]}]"
    if guess.when:
        said = ", ".join(f"{name}: {scalar(value)}" for name, value in guess.when)
        own = "{see: [owner], set: [owner]}" if guess.set else "{see: [owner]}"
        return f"[{{see: [{guess.see}], when: {{{said}}}}}, {own}]"
    return f"[{{see: [{guess.see}]}}" + (", {set: [owner]}]" if guess.set else "]")


def fold_groups(groups: Mapping[str, _Group]) -> dict[str, _Group]:
    """Field path → group, with an object in place of its fields if all of them share one and the
    document declares all of it (`x.**` covers what it leaves open)."""
    found: dict[str, _Group] = {}
    below: dict[str, dict[str, _Group]] = {}
    for path, group in groups.items():
        first, _, rest = path.partition(".")
        below.setdefault(first, {})[rest] = group
    for first, rests in below.items():
        inner = {} if "" in rests else fold_groups(rests)
        whole = not any(rest.endswith("**") for rest in rests)
        if len(rests) > 1 and whole and inner and len(set(inner.values())) == 1:
            found[first] = next(iter(inner.values()))
        else:
            found |= {
                f"{first}.{rest}".rstrip("."): group for rest, group in (inner or rests).items()
            }
    return found


_MANY = 12
"""Number of operations from which a comment is written once above them."""
_SEEN = ("[{see: [owner]", "[{see: [member]", "[{see: [anyone]")
"""Beginnings of grants that show something, the narrowest first."""
_LARGE = 8
"""Number of fields from which an object counts as large."""
SECRET = 2
FIRST = -1
"""Sort position of exceptions to an object's line."""


def folded_by_grants(ranks: Mapping[str, Rank]) -> dict[str, Rank]:
    """As `fold_groups`, across classes of fields with the same grants and reason; the line is
    sorted by its most private field. Secrets below keep lines of their own and come first. If a
    large object is partly shown to others, none of it is."""
    found: dict[str, Rank] = {}
    below: dict[str, dict[str, Rank]] = {}
    for path, rank in ranks.items():
        first, _, rest = path.partition(".")
        below.setdefault(first, {})[rest] = rank
    for first, rests in below.items():
        inner = {} if "" in rests else folded_by_grants(rests)
        secret = [rest for rest, rank in inner.items() if rank[0] in (SECRET, FIRST)]
        plain = [rank for rest, rank in inner.items() if rest not in secret]
        whole = not any(rest.endswith("**") for rest in rests)
        if len({rank[1:] for rank in plain}) > 1:
            plain = _narrowest(plain)
        if len(plain) > bool(secret) and whole and len({rank[1:] for rank in plain}) == 1:
            found |= {f"{first}.{rest}": (FIRST, *inner[rest][1:]) for rest in secret}
            found[first] = max(plain)
        else:
            found |= {
                f"{first}.{rest}".rstrip("."): rank for rest, rank in (inner or rests).items()
            }
    return found


def _narrowest(ranks: list[Rank]) -> list[Rank]:
    """Those that show the least, of a large object of which nothing may be set; else all."""
    kinds = {rank[2] for rank in ranks}
    if len(ranks) <= _LARGE or not all(each.startswith(_SEEN) for each in kinds):
        return ranks
    if any("set:" in each for each in kinds):
        return ranks
    least = min(kinds, key=lambda each: [each.startswith(of) for of in _SEEN].index(True))
    found = [rank for rank in ranks if rank[2] == least]
    return [max(found, key=lambda rank: (bool(rank[1]), rank))] * 2


def covering_rank(path: str, named: Mapping[str, Rank]) -> Rank:
    """The line that covers a field: its own, or that of the nearest enclosing object."""
    while path not in named:
        path = path.rpartition(".")[0]
    return named[path]


def lines(paths: Sequence[str], granted: str, *, quoted: bool = False) -> Iterator[str]:
    """Lines for fields with the same grants; `quoted`: quote them for a flow mapping."""
    row: list[str] = []
    for path in (*paths, ""):
        if row and (not path or len(", ".join((*row, path))) > WIDTH - len(granted) - 8):
            yield f"      {json.dumps(', '.join(row)) if quoted else key(row)}: {granted}"
            row = []
        row.append(path)


def operations(entries: Sequence[tuple[str, str, str]], *, shared: bool) -> Iterator[str]:
    """Lines for operations, given as (name, value, comment). `shared`: operations with the same
    value and comment share keys of about one line, and a common comment is written once; these
    lines may be twice as long, as they are searched rather than read. A name with a comma stays
    alone."""
    groups: dict[object, list[str]] = {}
    for name, value, why in entries:
        alone = not shared or "," in name or name != name.strip()
        groups.setdefault((value, why, name if alone else ""), []).append(name)
    whole = {name for name, *_ in entries}
    said = {name: (value, why) for name, value, why in entries}
    above: dict[str, list[list[str]]] = {}
    for names in groups.values():
        value, why = said[names[0]]
        if why and len(names) > _MANY:
            above.setdefault(why, []).append(names)
        else:
            yield from _operations(names, value, f"  # {why}" if why else "", whole, WIDTH)
    for why, lists in above.items():
        yield f"  # {why}, each of these:"
        for names in lists:
            yield from _operations(names, said[names[0]][0], "", whole, 2 * WIDTH)


def _operations(
    names: Sequence[str], value: str, note: str, whole: Collection[str], width: int
) -> Iterator[str]:
    for row in _rows(names, width):
        apart = len(row) == 1 or ", ".join(row) in whole
        for each in map(scalar, row) if apart else (key(row),):
            yield from wrap_line(f"  {each}: ", value, note)


def params_line(usual: Mapping[str, str]) -> Iterator[str]:
    """The top-level `params` of a contract, wrapped."""
    said = ", ".join(f"{scalar(name)}: {scalar(target)}" for name, target in usual.items())
    yield from wrap_line("params: ", f"{{{said}}}")


def wrap_line(begin: str, value: str, note: str = "") -> Iterator[str]:
    """A line with a flow mapping, wrapped between its parts if it is much too long."""
    if len(begin) + len(value) <= 2 * WIDTH:
        yield f"{begin}{value}{note}"
        return
    said = [*_PARTS.findall(value)]
    row = begin
    for part in said:
        if len(row) + len(part) > WIDTH and row.strip() and row != begin:
            yield row.rstrip()
            row = "    "
        row += part
    yield f"{row}{note}"


def _rows(names: Sequence[str], width: int) -> Iterator[list[str]]:
    """Names that fit into one line."""
    row: list[str] = []
    for name in names:
        if row and len(", ".join((*row, name))) > width:
            yield row
            row = []
        row.append(name)
    yield row


def comment(text: str) -> Iterator[str]:
    """A wrapped YAML comment."""
    yield from wrap(remark(text), WIDTH, initial_indent="      # ", subsequent_indent="      #   ")


def one_or_list(names: Sequence[str]) -> str:
    """One name as a scalar, or several as a flow list."""
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def key(paths: Sequence[str]) -> str:
    """The YAML key of a line that names these fields."""
    joined = ", ".join(paths)
    safe = all(_PLAIN.fullmatch(path.replace(".**", "").replace(".*", "")) for path in paths)
    return joined if safe and joined.lower() not in _WORDS else json.dumps(joined)


def scalar(value: Json) -> str:
    """A value quoted so that YAML reads the same value."""
    if not isinstance(value, str):
        return json.dumps(value)
    safe = _PLAIN.fullmatch(value) or re.fullmatch(r"(/[\w.*-]+)+", value, re.ASCII)
    return value if safe and value.lower() not in _WORDS else json.dumps(value)


def remark(text: str) -> str:
    """Text made safe for a YAML comment, whatever names from the document it contains."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
