"""Parses a response once, by the declared media type or else by its content."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

from oakum.authz import Leaf, likely_media
from oakum.exchange import Response
from oakum.exposure.values.knowledge import says_nothing
from oakum.http.media_type import essence
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.shape_queries import element

_MAX_BODY = 10 << 20
MAX_TEXT = 1 << 20
"""Longest text in characters that is searched."""
csv.field_size_limit(_MAX_BODY)  # the default limit is 131,072 characters for each cell


@dataclass(frozen=True)
class ResponseReader:
    """A parsed response. In memory only: it holds values."""

    value: Json
    shape: Shape | None
    """Schema of the value. Undeclared members are searched for misplaced values."""
    beside: tuple[Leaf, ...] = ()
    """Values that belong to no field but are searched, too."""
    whole: bool = False
    """Whether the response is complete, so that a missing value is really absent."""
    owners: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Path of an object → its owners, if the object does not name them."""
    bent: str = ""
    """JSON pointer of a declared list in place of which a single object was sent."""


REDIRECTS = (301, 302, 303, 307, 308)
_LOGIN_PAGE = re.compile(
    r"(?:^|/)(?:log[-_]?in|sign[-_]?in|sessions?/new)(?:[/.]|$)", re.IGNORECASE
)
_CSV = "text/csv"
_PAGE = "text/html"
_FORM = re.compile(r"""<form\b[^>]{0,999}?\baction\s*=\s*["']?([^"'\s>]{1,999})""", re.IGNORECASE)
_PASSWORD = re.compile(r"""<input\b[^>]{0,999}?\btype\s*=\s*["']?password\b""", re.IGNORECASE)
_BUSY = (408, 425, 429)
"""Statuses of an overloaded server (RFC 9110, 15.5.9; RFC 8470; RFC 6585, 4)."""
Parsed = Sequence[Json]
"""The JSON value of a response as the only element; empty if the body is not JSON."""
Reader = Callable[[Response, Parsed], ResponseReader]
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:+-]{1,40})""", re.IGNORECASE | re.ASCII)
_TEXTS = re.compile(r"utf|us|ascii|latin|iso|windows|cp|ibm|koi8|mac|gb|hz|big5|shift|sjis|euc|ks")
"""Prefixes of text charsets (IANA); Python also has codecs that are no charsets."""


def json_in(response: Response) -> Parsed:
    """Parses a body as JSON whatever its media type, except CSV. Of repeated members, the one that
    discloses more counts."""
    text = text_of(response) if response.media_type != _CSV else ""
    try:
        return (json.loads(text, object_pairs_hook=_both),) if text.strip() else ()
    except (ValueError, RecursionError):
        return ()


def read_as_declared(
    operation: Operation,
    response: Response,
    parsed: Parsed | None = None,
    *,
    anonymous: bool = False,
) -> ResponseReader:
    """Parses a response by its declared media type. `parsed`: the result of `json_in`; `anonymous`:
    the request had no session.

    It is as lenient as any client, since data that a sloppy parser reads has leaked. Incomplete
    bodies, server errors, and redirects other than of an anonymous caller to a login, close no
    cell. CSV becomes a list of rows (RFC 4180), also with semicolons.
    """
    status = response.status
    media = likely_media(operation, status, response.media_type)
    if media is None and is_success(status):
        media = operation.success()
    shape = media.shape if media else None
    asks = anonymous and (leads_to_login(response) or _is_login_page(operation, response))
    refused = (400 <= status < 500 and status not in _BUSY) or asks
    answered = (is_success(status) or refused) and not response.truncated
    value: Json = None
    if found := json_in(response) if parsed is None else parsed:
        value = found[0]
    else:
        text = text_of(response)
        if response.media_type == _CSV:
            try:
                rows = list(
                    _rows(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)))
                )
            except csv.Error:
                return ResponseReader(text[:MAX_TEXT], None)
            return ResponseReader(
                [_convert_booleans(row, shape) for row in rows], shape, whole=answered
            )
        if text.strip():
            return ResponseReader(text[:MAX_TEXT], None, whole=answered and (status >= 300 or asks))
    if isinstance(value, dict) and shape is not None and shape.kinds == {"array"}:
        # Declared as a list but sent as a single object, as real APIs do.
        return ResponseReader([value], shape, whole=answered, bent=shape.pointer or "/")
    return ResponseReader(value, shape, whole=answered)


def text_of(response: Response) -> str:
    """Decodes a body: UTF-16 and UTF-32 by their first bytes (RFC 4627, 3); otherwise as UTF-8 if
    valid, or by the declared charset."""
    body = response.body[:_MAX_BODY]
    name: str = json.detect_encoding(body)
    if name.startswith("utf-8") and (said := _charset(response.headers.get("content-type", ""))):
        try:
            name = name if body.decode("utf-8") and not body.isascii() else said
        except UnicodeDecodeError:
            name = said
    return body.decode(name, "replace").lstrip("\ufeff")


def _charset(media_type: str) -> str:
    """The `charset` of a media type if it is a text charset; otherwise empty."""
    found = _CHARSET.search(media_type)
    return found[1] if found and _is_charset(found[1].lower()) else ""


@cache
def _is_charset(name: str) -> bool:
    try:
        known = _TEXTS.match(name) is not None and name not in ("utf-8", "utf8")
        return known and "a".encode(name).decode(name) == "a"
    except (LookupError, UnicodeError, TypeError):
        return False


def _separator(text: str) -> str:
    """The separator of cells: a comma (RFC 4180), or a semicolon if the header has no comma, as
    spreadsheets write where the comma is the decimal sign."""
    head = text.lstrip().partition("\n")[0]
    return next((each for each in ";\t|" if each in head and "," not in head), ",")


def _rows(lines: Iterable[list[str]]) -> Iterator[dict[str, Json]]:
    """CSV rows as objects, each with the header of its own table, since exports put several tables
    into a file."""
    head: list[str] = []
    apart = False
    for line in lines:
        if not line:
            apart = True
            continue
        if not head or _is_head(line, head, apart):
            head, apart = line, False
            continue
        row: dict[str, Json] = {**dict.fromkeys(head, ""), **dict(zip(head, line, strict=False))}
        if more := line[len(head) :]:
            row[""] = list(more)
        apart = False
        yield row


def _is_head(line: list[str], head: list[str], apart: bool) -> bool:
    """Whether a line starts a new table; `apart`: after an empty line."""
    other = len(line) != len(head)
    names = len(set(line)) == len(line) and all(line)
    return names and ((apart and other) or ((apart or other) and not set(head).isdisjoint(line)))


_YES, _NO = frozenset(("true", "1", "yes")), frozenset(("false", "0", "no"))


def _convert_booleans(row: dict[str, Json], shape: Shape | None) -> dict[str, Json]:
    """A CSV row whose declared booleans are converted, so that a state in a table is recognised."""
    one = element(shape) if shape is not None else None
    declared = one.properties if one is not None else {}
    for name, cell in row.items():
        if isinstance(cell, str) and name in declared and declared[name]().kinds == {"boolean"}:
            word = cell.strip().lower()
            row[name] = True if word in _YES else False if word in _NO else cell
    return row


def leads_to_login(response: Response) -> bool:
    """Whether a response is a redirect to a login page. To a request without a session it is a
    refusal, as sites send it to browsers."""
    return response.status in REDIRECTS and bool(_LOGIN_PAGE.search(path_of_location(response)))


def _is_login_page(operation: Operation, response: Response) -> bool:
    """Whether the response is an HTML login page instead of what the document declares."""
    declared = operation.success()
    if response.media_type != _PAGE or (declared and essence(declared.type) == _PAGE):
        return False
    text = text_of(response)[:MAX_TEXT]
    actions = (each[1].partition("?")[0].rstrip("/") for each in _FORM.finditer(text))
    return _PASSWORD.search(text) is not None or any(map(_LOGIN_PAGE.search, actions))


_OF_REFUSALS = word_set(
    "code detail details error errors hint instance message messages ok reason status success title"
    " type"
)
"""Words in names of members that say why there is no object (RFC 9457, 3.1)."""


def says_no(value: Mapping[str, Json], declared: Iterable[str]) -> bool:
    """Whether a value in place of an object only says that there is none: it has members, none of
    which is declared, and all have names as in error bodies."""
    names = {path.partition(".")[0] for path in declared}
    said = [words(name) for name in value]
    return (
        bool(said)
        and names.isdisjoint(value)
        and all(each and _OF_REFUSALS.issuperset(each) for each in said)
    )


def path_of_location(response: Response) -> str:
    """The path in the `Location` header; empty if there is none or it is invalid, since a target
    may write anything."""
    try:
        return urlsplit(response.headers.get("location", "")).path.rstrip("/")
    except ValueError:
        return ""


def is_success(status: int) -> bool:
    """Whether a status is a success; 101 is the one of WebSocket frames."""
    return 200 <= status < 300 or status == 101


def _both(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object whose keys may repeat: parsers differ, so the value that discloses more is kept."""
    found: dict[str, Json] = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for key, value in pairs:
        if key not in found or says_nothing(found[key]):
            found[key] = value
    return found
