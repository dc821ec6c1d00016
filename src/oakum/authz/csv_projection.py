"""`project` for comma-separated values (RFC 4180): a row is an object, its columns the members.

As with `project`, data is only removed, and cells that stay are byte-exact. A column that no row
may show is removed. If only some rows may show it, the cells of the others are empty. A row of
which nothing may be shown is removed.

A cell's text affects a decision only where it names a person or a state. So rows that have the same
text in those columns are judged once, and the result is applied to each cell: the cost depends on
the length of the body, however its bytes are spread over rows and columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from itertools import compress
from typing import NamedTuple

from oakum.authz.compiled_model import Model, answer_media
from oakum.authz.data_beside_objects import Keep
from oakum.authz.data_outside_objects import close, leave_owned
from oakum.authz.decide import may_call
from oakum.authz.decision_inputs import Principal
from oakum.authz.discriminators import tag_of
from oakum.authz.judge import Judge
from oakum.authz.project import Call, Projection, refuses
from oakum.authz.strict_json import UnreadableBody
from oakum.authz.unexpected_types import references
from oakum.http.json_pointer import Pointer, escape
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import element, member_by_name, member_names, ways
from oakum.policy.model import State
from oakum.policy.resource_schemas import resource_of

_CELL = re.compile(r'"((?:[^"\x00]|"")*)"|[^",\r\n\x00]*')
_BREAK = re.compile(r"\r?\n|\Z")
MAX_COLUMNS = 1_000
MAX_NAME = 256
"""Most bytes of a column name, which is compared again for rows that differ."""


BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "True", "TRUE", "1", "yes", "Yes", "YES", "t"), True),
    **dict.fromkeys(("false", "False", "FALSE", "0", "no", "No", "NO", "f"), False),
}
"""Texts for booleans in spreadsheets, databases and web frameworks."""


_SAID = "?"
"""Replaces each text of which only the presence matters."""


class _Row(NamedTuple):
    cells: tuple[str, ...]
    """Raw cells, including quotes."""
    texts: tuple[str, ...]
    end: str
    """Line break and following empty lines; empty only at the end of the body."""


def project_csv(model: Model, principal: Principal, call: Call, body: bytes) -> Projection:
    """Cuts a `text/csv` body, declared as a list of objects, down to what the caller may see.

    All values are texts; boolean and integer states accept the usual spellings (`BOOLEANS`), and
    other values are unknown, so closed. Refuses ambiguity: no header, a repeated column, a row of
    another length, a quote inside an unquoted cell. Without rows the declared columns stay.
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
        lead, head, rows = _read(body)
        _check_separator(head, member_names(shape))
    except UnreadableBody as error:
        return Projection(None, refused=f"unreadable body: {error}")
    alike, judges = _alike(model, call, shape, head, rows)
    judge = Judge(model, principal, call.operation, call.params, call.status)
    judge.misfits.texts = False  # each cell is one, whatever is declared
    judged = judge.judge(judges, media.shape)
    closed = call.status < 400 and close(
        model, principal, call.operation, call.params, judges, judged, alone=True
    )
    if call.apart:
        leave_owned(model, judges, judged)
    keeps = judged.keep if isinstance(judged.keep, dict) else {}
    if refuses(judged.keep) or (rows and not keeps):
        said = "the caller may see nothing of this response"
        return Projection(None, refused=said, judged=judged, closed=closed)
    known: dict[tuple[Keep, ...], frozenset[int]] = {}
    seen = [_shown_columns(keeps[str(index)], head, known) for index in range(len(judges))]
    columns = frozenset[int]().union(*known.values()) or _declared_columns(shape, head)
    mask = {shown: _mask(head, columns, shown) for shown in known.values()}
    masks = [mask[shown] for shown in seen]
    left = [(head, _mask(head, columns, columns))]
    left += [(row, masks[i]) for row, i in zip(rows, alike, strict=True)]
    kept = _lines([each for each in left if each[1]], (head, *rows)[-1].end)
    times: dict[tuple[str, ...], int] = {
        (str(index),): many for index, many in Counter(alike).items()
    }
    cut = tuple(_removed_pointers(head, seen))
    whole = _Rows(head, rows, alike)
    return Projection(
        "".join((lead, *kept) if kept else ()).encode(),
        cut,
        judged=judged,
        closed=closed,
        times=times,
        rows=whole,
    )


class _Rows(Mapping[Pointer, Sequence[Mapping[str, Json]]]):
    """Pointer of a judged row → all rows that it stands for; computed on demand."""

    def __init__(self, head: _Row, rows: list[_Row], alike: list[int]) -> None:
        self._head, self._rows, self._alike = head, rows, alike

    @cached_property
    def _by_pointer(self) -> Mapping[Pointer, list[Mapping[str, Json]]]:
        made: dict[Pointer, list[Mapping[str, Json]]] = {}
        for row, index in zip(self._rows, self._alike, strict=True):
            said = dict(zip(self._head.texts, row.texts, strict=True))
            made.setdefault((str(index),), []).append(said)
        return made

    def __getitem__(self, judged: Pointer) -> Sequence[Mapping[str, Json]]:
        return self._by_pointer[judged]

    def __iter__(self) -> Iterator[Pointer]:
        return iter(self._by_pointer)

    def __len__(self) -> int:
        return len(self._by_pointer)


def reference_columns(
    model: Model, operation: str, shape: Shape, names: Iterable[str]
) -> list[str]:
    """Columns of which a text may be the key of an object, by the schema of a row or by `shows`. If
    that object is hidden, so is the text."""
    shown = model.shown.get(operation, ())

    def refers(name: str) -> bool:
        said = [of for at, of in shown if len(at) == 2 and at[1] in (name, "*")]
        return bool(references(member_by_name(shape, name), model.bound, said))

    return [name for name in names if refers(name)]


def said_columns(model: Model, operation: str, shape: Shape) -> list[str]:
    """`reference_columns` among all columns that the document or the contract names, and any other
    (`*`)."""
    shown = (at[1] for at, _ in model.shown.get(operation, ()) if len(at) == 2)
    return reference_columns(
        model, operation, shape, dict.fromkeys((*member_names(shape), *shown, "*"))
    )


def _alike(
    model: Model, call: Call, shape: Shape, head: _Row, rows: list[_Row]
) -> tuple[list[int], list[Json]]:
    """For each row, the index of the row judged in its place; and the judged rows, reduced to the
    members that matter."""
    decides = _deciding_members(model, shape)
    others = (name for name in head.texts if name not in decides)
    there = {*reference_columns(model, call.operation, shape, others)}
    says = [index for index, name in enumerate(head.texts) if name in there]
    at = [index for index, name in enumerate(head.texts) if name in decides]
    placed = any(
        segments and segments[0] != "*" for segments, _ in model.shown.get(call.operation, ())
    )
    known: dict[tuple[object, ...], int] = {}
    alike = [
        known.setdefault(
            (
                place if placed else 0,
                *[row.texts[i] for i in at],
                *[_SAID if row.texts[i] else "" for i in says],
            ),
            len(known),
        )
        for place, row in enumerate(rows)
    ]
    blank = dict.fromkeys(head.texts, "")
    said = [
        {head.texts[i]: str(text) for i, text in zip((*at, *says), key[1:], strict=True)}
        for key in known
    ]
    read = _states(model, call, shape)
    judges: list[Json] = []
    for (place, *_), each in zip(known, said, strict=True):
        columns = read(str(place) if placed else "*")
        values = {name: columns[name](text) for name, text in each.items() if name in columns}
        judges.append({**blank, **each, **values})
    return alike, judges


def _states(
    model: Model, call: Call, shape: Shape
) -> Callable[[str], Mapping[str, Callable[[str], Json]]]:
    """For a row number, the columns that hold only a state, and how to parse them; empty if the
    row's resource is ambiguous."""

    @cache
    def of(place: str) -> Mapping[str, Callable[[str], Json]]:
        shown = model.shown.get(call.operation, ()) if call.status < 300 else ()
        said = [name for segments, name in shown if segments in ((place,), ("*",))]
        resource = model.policy.resources.get(said[0] if said else resource_of(shape, model.bound))
        if resource is None:
            return {}
        policy = model.policy
        others = {path.partition(".")[0] for path in resource.owner.members}
        others |= {each.member.partition(".")[0] for each in policy.relations.values()}
        found = [state for state in resource.states.values() if state.member not in ("", *others)]
        return {state.member: partial(_value, state) for state in found}

    return of


def _value(state: State, text: str) -> Json:
    """A cell as a value of a state; the text itself if it is not one."""
    kinds = {*map(type, state.values)}
    if kinds == {bool}:
        return BOOLEANS.get(text, text)
    if kinds == {int}:
        return next((each for each in state.values if str(each) == text), text)
    return text


def _deciding_members(model: Model, shape: Shape) -> frozenset[str]:
    """Members that may name an owner, a related caller, a state or a union's alternative, or whose
    form decides."""
    policy, found = model.policy, set[str]()
    for resource in policy.resources.values():
        found |= {path.partition(".")[0] for path in resource.owner.members}
        found |= {state.member.partition(".")[0] for state in resource.states.values()}
    found |= {relation.member.partition(".")[0] for relation in policy.relations.values()}
    found |= {told[0] for way in ways(shape) if (told := tag_of(way))}
    for rule in (rule for each in policy.resources.values() for rule in each.fields if rule.masked):
        found.add(rule.path.partition(".")[0])
        found |= {mask.member for grant in rule.masked for mask in grant.masked}
    return frozenset(found)


def _read(body: bytes) -> tuple[str, _Row, list[_Row]]:
    """Text before the header (byte order mark, empty lines), header and rows. Raises `Unreadable`.
    Empty lines belong to the row before, and are errors if rows have several cells."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableBody("not UTF-8") from None
    lead = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix("\ufeff")
    found = _quoted_rows(text) if '"' in text else _bare(text)
    begins = next((i for i, row in enumerate(found) if row.cells != ("",)), len(found))
    lead += "".join(row.end for row in found[:begins])
    rows = found[begins:]
    if rows and len(rows[0].cells) > 1:
        rows = _without_blanks(rows)
    if not rows:
        raise UnreadableBody("no header")
    if any(len(row.texts) != len(rows[0].texts) for row in rows):
        raise UnreadableBody("a row of another length")
    if len(set(rows[0].texts)) != len(rows[0].texts):
        raise UnreadableBody("a column named twice")
    if len(rows[0].texts) > MAX_COLUMNS:
        raise UnreadableBody(f"more than {MAX_COLUMNS} columns")
    if any(len(name.encode()) > MAX_NAME for name in rows[0].texts):
        raise UnreadableBody(f"a name of more than {MAX_NAME} bytes")
    return lead, rows[0], rows[1:]


def _check_separator(head: _Row, names: Sequence[str]) -> None:
    """Raises `Unreadable` where declared columns stand in one cell, between other separators: as
    one column of that name nothing would be left."""
    if len(head.texts) == 1 and head.texts[0] not in names:
        parts = {part.strip('" ') for part in re.split(r"[;\t|]", head.texts[0])}
        if len(parts) > 1 and not parts.isdisjoint(names):
            raise UnreadableBody("not separated by commas")


def _without_blanks(rows: list[_Row]) -> list[_Row]:
    if all(row.cells != ("",) for row in rows):
        return rows
    made: list[_Row] = []
    ends: list[list[str]] = []
    for row in rows:
        if row.cells == ("",):
            ends[-1].append(row.end)
        else:
            made.append(row)
            ends.append([row.end])
    return [row._replace(end="".join(end)) for row, end in zip(made, ends, strict=True)]


def _bare(text: str) -> list[_Row]:
    """Rows of a text without quotes."""
    if "\0" in text or text.count("\r") != text.count("\r\n"):
        raise UnreadableBody("not comma-separated values")
    lines = text.split("\n")
    last = lines.pop()
    rows: list[_Row] = []
    for line in lines:
        end = "\r\n" if line[-1:] == "\r" else "\n"
        cells = tuple((line[:-1] if end == "\r\n" else line).split(","))
        rows.append(_Row(cells, cells, end))
    if last:
        cells = tuple(last.split(","))
        rows.append(_Row(cells, cells, ""))
    return rows


def _quoted_rows(text: str) -> list[_Row]:
    rows: list[_Row] = []
    at = 0
    while at < len(text):
        row, at = _row(text, at)
        rows.append(row)
    return rows


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
        raise UnreadableBody("not comma-separated values")
    return _Row(tuple(cells), tuple(texts), end[0]), end.end()


def _shown_columns(
    keep: Keep, head: _Row, known: dict[tuple[Keep, ...], frozenset[int]]
) -> frozenset[int]:
    """Indices of the columns that a row shows; cached for equal rows."""
    cells = tuple(keep.values()) if isinstance(keep, dict) else ()
    if cells not in known:
        there = keep if isinstance(keep, dict) else {}
        known[cells] = frozenset(i for i, name in enumerate(head.texts) if there.get(name) is True)
    return known[cells]


def _declared_columns(shape: Shape, head: _Row) -> frozenset[int]:
    names = member_names(shape)
    return frozenset(i for i, name in enumerate(head.texts) if name in names)


def _mask(head: _Row, columns: frozenset[int], shown: frozenset[int]) -> tuple[int, ...]:
    """For each column: 0 remove, 1 keep, 2 empty the cell; an empty tuple removes the row."""
    if not shown:
        return ()
    return tuple(1 if i in shown else 2 if i in columns else 0 for i in range(len(head.cells)))


def _join_cells(row: _Row, mask: tuple[int, ...]) -> str:
    """The remaining text of a row."""
    if 2 not in mask:
        return ",".join(compress(row.cells, mask)) + row.end
    cells = [cell if how == 1 else "" for cell, how in zip(row.cells, mask, strict=True) if how]
    return ",".join(cells) + row.end


def _lines(kept: list[tuple[_Row, tuple[int, ...]]], end: str) -> list[str]:
    """The remaining text of rows, of which the last ends as that of all did."""
    last = len(kept) - 1
    return [_join_cells(e if i < last else e._replace(end=end), m) for i, (e, m) in enumerate(kept)]


def _removed_pointers(head: _Row, seen: list[frozenset[int]]) -> list[str]:
    names = [escape(name) for name in head.texts]
    cuts = {
        shown: [f"/{name}" for i, name in enumerate(names) if i not in shown] if shown else [""]
        for shown in {*seen}
    }
    return [f"/{row}{cut}" for row, shown in enumerate(seen) for cut in cuts[shown]]
