"""`project` for comma-separated values (RFC 4180): a row is an object, its columns the members.

The law of this module is that of `project`: it only removes, and cells that stay are byte-exact. A
column goes as a whole when no row shows it; where only some rows do, the others' cells are empty;
a row of which nothing may be seen disappears.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from oakum.contract.model import Shape
from oakum.semantics.decide import may_call
from oakum.semantics.judge import Judge, Keep
from oakum.semantics.model import Model, answer_media
from oakum.semantics.principal import Principal
from oakum.semantics.project import Call, Projection, refuses
from oakum.semantics.span import Unreadable
from oakum.semantics.table import element, member_names

_CELL = re.compile(r'"((?:[^"\x00]|"")*)"|[^",\r\n\x00]*')
_BREAK = re.compile(r"\r?\n|\Z")


@dataclass(frozen=True)
class _Row:
    cells: tuple[str, ...]
    """As they stand in the body, quotes included."""
    texts: tuple[str, ...]
    end: str
    """The line break; empty only at the end of the body."""


def project_csv(model: Model, principal: Principal, call: Call, body: bytes) -> Projection:
    """Cut a body of `text/csv`, declared as a list of objects, down to what this caller may see.

    Every value is a text here, so a state whose values are numbers or booleans is unknown, and
    closed. Refuses what cannot be read in exactly one way: no header, a column named twice, a row
    of another length, a quote within a bare cell. Without a row the declared columns' names stay.
    """
    operation = model.operations.get(call.operation)
    if operation is None or not may_call(model, principal, call.operation, call.params):
        return Projection(None, refused="the contract does not grant this operation")
    if not body:
        return Projection(b"")
    media = answer_media(operation, call.status, call.media_type)
    shape = element(media.shape) if media is not None and media.shape is not None else None
    if media is None or shape is None:
        return Projection(None, refused="no list of objects of this media type is declared")
    try:
        head, rows = _read(body)
    except Unreadable as error:
        return Projection(None, refused=f"unreadable body: {error}")
    value = [dict(zip(head.texts, row.texts, strict=True)) for row in rows]
    judge = Judge(model, principal, call.operation, call.params, call.status)
    judged = judge.judge(value, media.shape)
    keeps = judged.keep if isinstance(judged.keep, dict) else {}
    if refuses(judged.keep) or (rows and not keeps):
        said = "nothing of this answer may be seen"
        return Projection(None, refused=said, judged=judged)
    seen = [_seen(keeps[str(index)], head) for index in range(len(rows))]
    columns = frozenset[int]().union(*seen) if any(seen) else _declared(shape, head)
    kept = _joined(head, columns, columns)
    kept += "".join(_joined(row, columns, shown) for row, shown in zip(rows, seen, strict=True))
    return Projection(kept.encode(), tuple(_withheld(head, seen)), judged=judged)


def _read(body: bytes) -> tuple[_Row, list[_Row]]:
    """Header and rows; raises `Unreadable`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    if text.startswith("\ufeff"):
        raise Unreadable("a byte order mark")
    rows: list[_Row] = []
    at = 0
    while at < len(text):
        row, at = _row(text, at)
        rows.append(row)
        if len(row.texts) != len(rows[0].texts):
            raise Unreadable("a row of another length")
    if len(set(rows[0].texts)) != len(rows[0].texts):
        raise Unreadable("a column named twice")
    return rows[0], rows[1:]


def _row(text: str, at: int) -> tuple[_Row, int]:
    cells: list[str] = []
    texts: list[str] = []
    while True:
        cell = _CELL.match(text, at)
        assert cell is not None  # the empty cell always matches
        cells.append(cell[0])
        texts.append(cell[0] if cell[1] is None else cell[1].replace('""', '"'))
        at = cell.end()
        if text[at : at + 1] != ",":
            break
        at += 1
    end = _BREAK.match(text, at)
    if end is None:
        raise Unreadable("not comma-separated values")
    return _Row(tuple(cells), tuple(texts), end[0]), end.end()


def _seen(keep: Keep, head: _Row) -> frozenset[int]:
    """Positions of the columns that a row shows."""
    cells = keep if isinstance(keep, dict) else {}
    return frozenset(i for i, name in enumerate(head.texts) if cells.get(name) is True)


def _declared(shape: Shape, head: _Row) -> frozenset[int]:
    names = member_names(shape)
    return frozenset(i for i, name in enumerate(head.texts) if name in names)


def _joined(row: _Row, columns: frozenset[int], shown: frozenset[int]) -> str:
    """What stays of a row; nothing when it shows nothing."""
    if not shown:
        return ""
    cells = (cell if i in shown else "" for i, cell in enumerate(row.cells) if i in columns)
    return ",".join(cells) + row.end


def _withheld(head: _Row, seen: list[frozenset[int]]) -> list[str]:
    names = [name.replace("~", "~0").replace("/", "~1") for name in head.texts]
    found: list[str] = []
    for row, shown in enumerate(seen):
        cut = [f"/{row}/{name}" for i, name in enumerate(names) if i not in shown]
        found += cut if shown else [f"/{row}"]
    return found
