"""SQL queries, each written once for both engines.

They are plain SQL that DuckDB and Spark accept alike. Where the two differ, an engine provides five
functions of its own (see `engine.py`): `digest(text)`, the keyed hash of `Hasher`;
`told_apart(text)`, a keyed hash for this run alone; `sealed(text)`, which Python can decrypt;
`swapped(text, pattern, by)`, which replaces each match; `fits(text, pattern)`, whether there is
one. Patterns are of RE2, contain no backslash, and mean the same in Java.

Callers and addresses are hashed in the projection that reads them, and everything else that an
aggregate or a join holds is a number, a status, a host, or a path template. What does not fit into
memory is written to a file, so no personal value may be in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from oakum.traffic.recorded_exchange import NAMES, NO_ADDRESS, NO_ANSWER, NO_ENDPOINT, NO_METHOD
from oakum.traffic.survey import ABSENT, FILE

_READ: Final = ("method", "path", "status", "host", "line", "who")
LOG_NAMES: Final = (
    *dict.fromkeys(n for what in _READ for n in NAMES[what]),
    "op",
    "removed",
    "who",
)
"""Members of a log line that are read, as text."""
NO_RECORD: Final = "a line that is not JSON, or has no field of a log line"
AN_ENTRY: Final = "a line that is an exchange, with a body"
UNKNOWN: Final = -1
"""Endpoint number of a path shape that is not in the vocabulary yet."""
GONE: Final = 0
"""Endpoint number of paths that were always answered with "not found"."""
BITS: Final = 62
_METHODS: Final = "'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'"
_VERSION: Final = "v[0-9]{1,3}(?:[.][0-9]{1,3})*"
_WORD: Final = "[A-Za-z_][A-Za-z_.~-]{0,39}[0-9]{0,2}"
_ID: Final = "/(?:[^A-Za-z_/]|[^/]*(?:[^A-Za-z0-9_.~/-]|[0-9][^0-9/]|[0-9]{3}|[^/0-9]{41}))[^/]*"
"""Matches a segment that `path_segments.id_form` takes for an id; versions are handled
separately."""
_ODD: Final = "/v(?:[0-9]{3}|[0-9]+[.])"
"""Matches a segment that `_ID` takes for an id but that may be a version."""
_REMOVED: Final = '^[{](?:"[^"@ ]{1,100}" *: *[0-9]{1,9}[, ]*)*[}]$'


def placed_calls() -> str:
    """SQL for rows of kept calls, in the columns that `tally` reads."""
    return f"""
        SELECT /*+ BROADCAST(endpoints) */ 0 AS source, '' AS why, host,
            endpoints.endpoint AS endpoint,
            NULLIF('', '') AS sealed, status, credentials, '' AS body,
            '' AS removed, NULLIF(caller, 0) AS caller, page, bit
        FROM calls
        JOIN endpoints ON endpoints.operation = calls.operation AND endpoints.path = calls.path
            AND endpoints.method = {_ASKED}"""


_ASKED: Final = "CASE WHEN calls.method = 'HEAD' THEN 'GET' ELSE calls.method END"
ENDPOINTS: Final = f"SELECT DISTINCT operation, {_ASKED} AS method, path FROM calls"
"""SQL for the endpoints of kept calls."""


def _first(what: str) -> str:
    """The first member of a log line that says something."""
    said = ", ".join(f"NULLIF({_quote(name)}, '')" for name in NAMES[what])
    return f"COALESCE({said})"


def _quote(name: str) -> str:
    return f'"{name}"'


def shape_rows(words: Collection[str] = ()) -> str:
    """SQL for rows of log lines: their columns, the path as a shape (`/members/0/rides/0`), the
    caller hashed. `words`: declared segments that look like ids."""
    line = "'^([A-Z]{3,16}) ([^ ]+)( HTTP/[0-9.]+)?$'"
    empty = f"COALESCE({', '.join(map(_quote, LOG_NAMES))}) IS NULL"
    named = f"""
        SELECT source, {_first("method")} AS method, {_first("path")} AS target,
            {_first("status")} AS status, {_first("host")} AS host,
            CASE WHEN op IS NOT NULL AND removed IS NOT NULL THEN NULLIF(who, '')
                ELSE {_first("who")} END AS who,
            request AS line, op, removed, {empty} AS is_empty
        FROM lines"""
    resolved = f"""
        SELECT source, is_empty, line LIKE '{{%' AS is_entry,
            op IS NOT NULL AND removed IS NOT NULL AS is_audit, op, removed,
            COALESCE(method, NULLIF(REGEXP_EXTRACT(line, {line}, 1), '')) AS method,
            COALESCE(target, NULLIF(REGEXP_EXTRACT(line, {line}, 2), '')) AS target,
            CASE WHEN LENGTH(status) = 3 THEN TRY_CAST(status AS SMALLINT) END AS status,
            CASE WHEN host IN ('-', '_') THEN '' ELSE COALESCE(host, '') END AS host,
            CASE WHEN who <> '-' THEN told_apart(who) END AS caller
        FROM ({named}) AS named"""
    checked = f"""
        SELECT source, is_audit, op, removed, status, caller,
            CASE WHEN method IN ({_METHODS}) THEN method WHEN method = 'HEAD' THEN 'GET'
                WHEN fits(method, '^[A-Z]{{3,16}}$') THEN method END AS method,
            CASE WHEN is_empty THEN '{NO_RECORD}' WHEN is_entry THEN '{AN_ENTRY}'
                WHEN method IS NULL THEN '{NO_METHOD}'
                WHEN NOT (method IN ({_METHODS}) OR fits(method, '^[A-Z]{{3,16}}$'))
                    THEN '{NO_METHOD}'
                WHEN is_audit THEN CASE WHEN op = '' THEN '{NO_ENDPOINT}' ELSE '' END
                WHEN target LIKE '/%' OR target LIKE 'http://%' OR target LIKE 'https://%' THEN ''
                ELSE '{NO_ADDRESS}' END AS why,
            CASE WHEN target LIKE '/%' THEN host
                ELSE REGEXP_EXTRACT(target, '^https?://([^/?#]*)', 1) END AS host,
            SPLIT_PART(SPLIT_PART(CASE WHEN target LIKE '/%' THEN target
                ELSE swapped(target, '^https?://[^/?#]*', '') END, '?', 1), '#', 1) AS path
        FROM ({resolved}) AS resolved"""
    return f"""
        SELECT source, host, caller, status,
            CASE WHEN why = '' AND (status IS NULL OR status < 100 OR status > 599)
                THEN '{NO_ANSWER}' ELSE why END AS why,
            CASE WHEN is_audit AND fits(removed, '{_REMOVED}') THEN removed ELSE '' END AS removed,
            CASE WHEN is_audit THEN method || '@' || op ELSE method || ' ' || {_shape(words)} END
                AS shape
        FROM ({checked}) AS checked"""


def is_file(segment: str) -> bool:
    """Whether a segment reads as the name of a page, a script or an image."""
    return re.search(FILE, segment[-6:].lower()) is not None


def shape(path: str, words: Collection[str] = ()) -> str:
    """The shape of a path as SQL computes it, for the initial vocabulary. If the two should differ,
    the vocabulary lacks the shape, which is then added."""
    odd, careful = _careful(words)
    if re.search(odd, path):
        whole = path.rstrip("/").replace("/", "//")[1:] + "/"
        slash = "/" if path.endswith("/") else ""
        return re.sub(careful, r"/\1\2", whole).replace("//", "/0") + slash
    if is_file(path):
        path = re.sub("/[^/]*([.][A-Za-z0-9]+)$", r"/f\1", path)
    return re.sub(_ID, "/0", path)


def _careful(words: Collection[str]) -> tuple[str, str]:
    """Patterns of segments to check closely: a version or a declared word is not an id."""
    if not words:
        return _ODD, f"/((?:{_VERSION}|{_WORD}))/|(/)[^/]*/"
    listed = "|".join(map(_escape, sorted(words, key=lambda word: (-len(word), word))))
    return f"{_ODD}|/(?:{listed})(?:/|$)", f"/((?:{listed}|{_VERSION}|{_WORD}))/|(/)[^/]*/"


def _shape(words: Collection[str]) -> str:
    odd, careful = _careful(words)
    whole = "SUBSTR(swapped(swapped(path, '/+$', ''), '/', '//') || '/', 2)"
    name = "'/[^/]*([.][A-Za-z0-9]+)$', '/f\\1'"
    is_file = f"path LIKE '%.%' AND fits(LOWER(RIGHT(path, 6)), '{FILE}')"
    bare = f"CASE WHEN {is_file} THEN swapped(path, {name}) ELSE path END"
    return (
        f"CASE WHEN fits(path, '{odd}')"
        f" THEN swapped(swapped({whole}, '{careful}', '/\\1\\2'), '//', '/0')"
        " || CASE WHEN path LIKE '%/' THEN '/' ELSE '' END"
        f" ELSE swapped({bare}, '{_ID}', '/0') END"
    )


def _escape(word: str) -> str:
    """A word as a pattern without a backslash and without a quote."""
    safe = (c if c.isalnum() or c in "_~-" else "." if c in "^\\']" else f"[{c}]" for c in word)
    return "".join(safe)


def placed_lines(words: Collection[str] = ()) -> str:
    """SQL for the rows of log lines in the columns that `tally` reads. The shape of a path becomes
    an endpoint of the vocabulary."""
    said = {"host": "''", "removed": "''", "endpoint": str(UNKNOWN)}
    said |= dict.fromkeys(("status", "caller", "sealed"), "NULL")
    columns = ", ".join(
        f"CASE WHEN why = '' THEN {name} ELSE {nothing} END AS {name}"
        for name, nothing in said.items()
    )
    return f"""
        SELECT source, why, {columns}, 'unknown' AS credentials, 'absent' AS body, page, bit
        FROM ({_join_vocabulary(words)}) AS joined"""


def _join_vocabulary(words: Collection[str]) -> str:
    """`vocabulary`: shapes that are told; `veil`: hashes of those that hold a word that may be
    somebody's."""
    gone = ", ".join(map(str, sorted(ABSENT)))
    known = f"""
        SELECT /*+ BROADCAST(vocabulary, veil) */
            source, why, host, shaped.shape AS shape, status, removed, caller,
            CASE WHEN veil.endpoint = {GONE} AND status NOT IN ({gone}) THEN {UNKNOWN}
                ELSE COALESCE(vocabulary.endpoint, veil.endpoint, {UNKNOWN}) END AS endpoint,
            COALESCE(vocabulary.page, veil.page) AS page,
            COALESCE(vocabulary.bit, veil.bit) AS bit
        FROM ({shape_rows(words)}) AS shaped
        LEFT JOIN vocabulary ON vocabulary.shape = shaped.shape
        LEFT JOIN veil
            ON veil.mark = CASE WHEN vocabulary.endpoint IS NULL THEN digest(shaped.shape) END"""
    return f"""
        SELECT *, CASE WHEN endpoint = {UNKNOWN} AND why = '' THEN sealed(shape) END AS sealed
        FROM ({known}) AS known"""


_GROUP: Final = "source, why, host, endpoint, sealed, status, credentials, body, removed"


def tally(pages: int, part: int = 0, parts: int = 1) -> str:
    """SQL for two results in one pass. `apart` = 0: how often each group was seen. `apart` = 1:
    which endpoints each caller used, one bit for each, in `pages` words of 62 bits; if the endpoint
    is unknown, one row for each shape. Only callers of part `part` of `parts` (a power of 2) are
    counted."""
    nothing = "CAST(0 AS BIGINT)"
    words = ", ".join(
        f"BIT_OR(CASE WHEN page = {page} THEN bit ELSE {nothing} END) AS word{page}"
        for page in range(pages)
    )
    some = f" WHERE (COALESCE(caller, 0) & {parts - 1}) = {part}" if parts > 1 else ""
    return f"""
        SELECT GROUPING(source) AS apart, {_GROUP}, caller, COUNT(*) AS many, {words}
        FROM placed{some}
        GROUP BY GROUPING SETS (({_GROUP}), (sealed, caller))"""


GROUPS: Final = f"SELECT {_GROUP}, many FROM tallied WHERE apart = 0"
"""SQL for the first result of `tally`, stored as the table `tallied`."""
SEALS: Final = "SELECT DISTINCT sealed FROM reached WHERE sealed IS NOT NULL"
"""SQL for encrypted shapes without a known endpoint."""


def reach_rows(pages: int) -> str:
    """SQL for the second result of `tally`, in the form that `callers` reads."""
    words = ", ".join(f"word{page}" for page in range(pages))
    return f"SELECT sealed, caller, {words} FROM tallied WHERE apart = 1 AND caller IS NOT NULL"


def join_views(parts: int) -> str:
    """SQL for the union of the views `reached0`, `reached1` and so on."""
    return " UNION ALL ".join(f"SELECT * FROM reached{part}" for part in range(parts))


def callers(endpoints: Sequence[tuple[Collection[int], Collection[str]]]) -> str:
    """SQL for the number of distinct callers of each endpoint, in one row. An endpoint is given by
    its numbers and encrypted shapes."""
    said = ", ".join(
        f"COUNT(DISTINCT CASE WHEN {_reach_condition(*each)} THEN caller END) AS many{number}"
        if each[1]
        else f"SUM(CASE WHEN {_reach_condition(*each)} THEN 1 ELSE 0 END) AS many{number}"
        for number, each in enumerate(endpoints)
    )
    return f"SELECT {said} FROM reached"


def _reach_condition(endpoints: Collection[int], seals: Collection[str]) -> str:
    masks: dict[int, int] = {}
    for endpoint in endpoints:
        page, bit = page_and_bit(endpoint)
        masks[page] = masks.get(page, 0) | bit
    said = [f"(word{page} & {mask}) <> 0" for page, mask in sorted(masks.items())]
    known = f"sealed IS NULL AND ({' OR '.join(said)})" if said else "1 = 0"
    listed = ", ".join(f"'{each}'" for each in seals)
    return f"({known})" + (f" OR sealed IN ({listed})" if seals else "")


def page_and_bit(endpoint: int) -> tuple[int, int]:
    """(page, bit) of an endpoint number; the sign bit of a 64-bit word is not used."""
    return endpoint // BITS, 1 << endpoint % BITS


COUNTS: Final = """
    SELECT operation, method, path, what, name, SUM(many) AS many
    FROM counts
    GROUP BY operation, method, path, what, name"""
"""SQL for the sums of runs for each endpoint, besides its calls."""

FIELDS: Final = "SELECT operation, method, path, steps, types, formats FROM fields"
"""SQL for the response fields of each endpoint, as counted by each run."""

SENT: Final = 'SELECT run, endpoint, resource, field, viewer, state, present, "of" FROM sent'
DRIFT: Final = """
    SELECT kind, endpoint, method, path, resource, field, viewer, state, seen, certain, says, file,
        line, "column"
    FROM drift"""


def order(row: Sequence[Any]) -> list[tuple[bool, str]]:
    """Sort key of a row that does not depend on the engine."""
    return [(each is None, str(each)) for each in row]


def sort_rows(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows sorted in an order that does not depend on the engine."""
    return sorted(rows, key=order)
