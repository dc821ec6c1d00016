"""Parses `.bru` files into blocks, each ending at a line that begins with `}`.

A block is a list of pairs, or text; which of them, its name says (docs.usebruno.com, Bru Lang).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oakum.errors import InputError, Location, Problem
from oakum.openapi.collections.saved_request import Pair

_OPENS = re.compile(r"([A-Za-z][\w:.-]*)[ \t]*([{\[])[ \t]*$")
_PAIR = re.compile(r'\s*(~?)("(?:\\.|[^"\\])*"|[^:\s]+)[ \t]*:[ \t]?(.*)$')
_TEXT = "'''"


@dataclass(frozen=True)
class Block:
    """A block of a file, with its lines as written."""

    name: str
    line: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its lines without their common indentation."""
        return "\n".join(each.removeprefix("  ") for each in self.lines)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Its (name, value) pairs; `~` before a name disables a pair."""
        found: list[Pair] = []
        waiting = iter(self.lines)
        for line in waiting:
            made = _PAIR.match(line)
            if made is None or line.lstrip().startswith("@"):
                continue
            value = made[3].strip()
            if value.startswith(_TEXT):
                value = _until(value.removeprefix(_TEXT), waiting)
            name = made[2]
            if name.startswith('"'):
                name = name[1:-1].replace('\\"', '"')
            found.append(Pair(name, value, bool(made[1]), value.startswith("@file(")))
        return tuple(found)

    def value(self, name: str) -> str:
        """The value of its first pair with this name; empty: there is none."""
        return next((each.value for each in self.pairs if each.name == name), "")


def blocks(text: str, file: str) -> tuple[Block, ...]:
    """The blocks of a file. Raises `InputError` at the first line that belongs to none."""
    found: list[Block] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        at += 1
        if not line.strip() or line.lstrip().startswith(("#", "//", "@")):
            continue
        opened = _OPENS.fullmatch(line)
        if opened is None:
            raise _wrong(file, at, "this line belongs to no block of the file")
        end = "}" if opened[2] == "{" else "]"
        start = at
        while at < len(lines) and not lines[at].startswith(end):
            at += 1
        if at == len(lines):
            raise _wrong(file, start, f"the block `{opened[1]}` is not closed")
        inside = tuple(each.rstrip("\r") for each in lines[start:at])
        found.append(Block(opened[1], start, inside))
        at += 1
    return tuple(found)


def answer(example: Block) -> tuple[int, str, str] | None:
    """(status, media type, text) of the response in an `example` block; None: it has none."""
    status, media, body = 0, "", ""
    around: list[str] = []
    waiting = iter(example.lines)
    for line in waiting:
        bare = line.strip()
        if bare == "}":
            around = around[:-1]
        elif bare.endswith("{") and ":" in bare:
            around.append(bare.partition(":")[0].strip())
        elif (made := _PAIR.match(line)) and around[:1] == ["response"]:
            name, value = made[2].strip('"').lower(), made[3].strip()
            if value.startswith(_TEXT):
                value = _until(value.removeprefix(_TEXT), waiting)
            if around[1:] == ["status"] and name == "code" and value.isdigit():
                status = int(value)
            elif around[1:] == ["headers"] and name == "content-type":
                media = value
            elif around[1:] == ["body"] and name == "content":
                body = value
        elif bare.endswith(_TEXT) and ":" in bare:
            _until("", waiting)
    return (status, media, body) if 100 <= status <= 599 and body.strip() else None


def _until(first: str, waiting: Iterator[str]) -> str:
    """The rest of a text of several lines."""
    if _TEXT in first:
        return first.partition(_TEXT)[0].strip()
    found = [first]
    for line in waiting:
        if line.strip().startswith(_TEXT):
            break
        found.append(line)
    return "\n".join(found).strip()


def _wrong(file: str, line: int, said: str) -> InputError:
    return InputError([Problem(Location(file, line, 1), said, "it is no file of Bruno's")])
