"""The interface of an SQL engine, and DuckDB, which comes with Oakum.

An engine reads files itself, and is given their names only. It runs the queries of `questions.py`
unchanged.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, Self

from oakum.errors import InputError, Location, Problem
from oakum.traffic.call import Hasher
from oakum.traffic.store.duckdb_connection import MEMORY, connect
from oakum.traffic.store.layout import COLUMNS, Table

_BATCH: Final = 10_000
_LONGEST: Final = 4 << 20
"""Most bytes of a log line: DuckDB has a buffer of twice that for each thread."""
_BLOCKS: Final = 8
_SEALED: Final = 32 * _BLOCKS
"""Most bytes of a path shape that is encrypted."""
_MORE: Final = "give it more memory; many callers need more"
LONG: Final = "GET /-"
"""Stands for a path shape that is too long to be encrypted."""
_SIV: Final = 32


class ResultTooLarge(InputError):
    """The result does not fit into memory."""

    def __init__(self) -> None:
        super().__init__([Problem(Location("--memory"), "is too little for these sources", _MORE)])


class UnreadableSource(Exception):
    """The engine could not read its sources. It has no details, since they could quote the data."""


class QueryEngine(Protocol):
    """An SQL engine over logs and kept tables; a context manager that closes it."""

    name: str

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    def lines(self, files: Sequence[str], names: Sequence[str]) -> None:
        """Creates the view `lines` over JSON lines: `source`, the index of the file in `files`, and
        the members `names` as text. For lines that are not JSON objects all of these are NULL."""
        ...

    def create_view(self, table: Table, files: Sequence[str]) -> None:
        """Creates the view of a kept Parquet table, under its name; empty without files. Raises
        `UnreadableSource`."""
        ...

    def small(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Creates a table of these rows. `columns`: name → `VARCHAR` or `BIGINT`."""
        ...

    def view(self, name: str, question: str) -> None:
        """Creates or replaces the view `name` of a query."""
        ...

    def unseal(self, sealed: str) -> str:
        """Decrypts a text that the SQL function `sealed` of this engine has encrypted."""
        ...

    def table(self, name: str, question: str) -> None:
        """Runs a query, and stores its result as a table. Raises `UnreadableSource`, and
        `ResultTooLarge` if it does not fit into memory."""
        ...

    def rows(self, question: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query's result, unordered. Raises `UnreadableSource`."""
        ...


class Duck:
    """DuckDB in this process. It writes no file: queries that do not fit into memory are run in
    parts."""

    name = "duckdb"

    def __init__(self, hashed: Hasher, memory: int = MEMORY) -> None:
        """`memory`: bytes."""
        self._hashed, self._memory = hashed, memory
        self._secret = os.urandom(32)

    def __enter__(self) -> Self:
        self._duck = connect(None, self._memory)
        inner, outer = (_blob(pad) for pad in self._hashed.pads())
        inside = f"UNHEX(SHA256({inner} || ENCODE(t)))"
        for said in (
            f"digest(t) AS CAST(CAST(UNHEX(SUBSTR(SHA256({outer} || {inside}), 1, 16)) AS BIT)"
            " AS BIGINT)",
            # It stays in memory and only distinguishes callers, so a fast hash is enough.
            f"told_apart(t) AS CAST(HASH('{self._secret.hex()}' || t) >> 1 AS BIGINT)",
            f"seal(t) AS SHA256({outer} || {inside})",
            f"sealing(t, siv) AS siv || HEX(CAST(XOR(CAST(ENCODE(t) AS BIT), CAST(UNHEX(SUBSTR("
            f"{_stream(self._secret)}, 1, 2 * STRLEN(t))) AS BIT)) AS BLOB))",
            f"sealed(t) AS CASE WHEN t = '' THEN '' WHEN STRLEN(t) <= {_SEALED} THEN"
            f" sealing(t, LEFT(seal(t), {_SIV})) ELSE sealing('{LONG}', LEFT(seal(t), {_SIV})) END",
            "swapped(t, p, b) AS REGEXP_REPLACE(t, p, b, 'g')",
            "fits(t, p) AS REGEXP_MATCHES(t, p)",
        ):
            self._duck.execute(f"CREATE MACRO {said}")
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()

    def lines(self, files: Sequence[str], names: Sequence[str]) -> None:
        """Uses DuckDB's JSON reader, which skips empty lines and decompresses `.gz` and `.zst`."""
        columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
        listed = ", ".join(map(_text, files))
        several = len(files) > 1
        source = f"LIST_POSITION([{listed}], filename) - 1" if several else "0"
        self._duck.execute(
            f"CREATE OR REPLACE VIEW lines AS SELECT {source} AS source, *"
            f" FROM read_json([{listed}], format = 'newline_delimited', columns = {{{columns}}},"
            f" ignore_errors = true, maximum_object_size = {_LONGEST}, filename = {several})"
        )

    def create_view(self, table: Table, files: Sequence[str]) -> None:
        """Reads the Parquet files in place."""
        columns = COLUMNS[table]
        said = ", ".join(f'"{name}"' for name in columns)
        if files:
            listed = ", ".join(map(_text, files))
            found = f"SELECT {said} FROM read_parquet([{listed}], hive_partitioning = false)"
        else:
            nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{n}"' for n, kind in columns.items())
            found = f"SELECT {nothing} WHERE false"
        with translate_errors():
            self._duck.execute(f"CREATE OR REPLACE VIEW {table} AS {found}")

    def small(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Creates the table in memory."""
        said = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self._duck.execute(f"CREATE OR REPLACE TABLE {name} ({said})")
        lists = [*zip(*rows, strict=True)]
        if lists:
            marks = ", ".join("UNNEST(?)" for _ in lists)
            self._duck.execute(f"INSERT INTO {name} SELECT {marks}", [list(each) for each in lists])

    def view(self, name: str, question: str) -> None:
        """Creates or replaces a view."""
        self._duck.execute(f"CREATE OR REPLACE VIEW {name} AS {question}")

    def unseal(self, sealed: str) -> str:
        """Verifies and decrypts: the seal is the HMAC-SHA-256 of the text, followed by the text
        under a key stream that SHA-256 derives from a secret and that hash: SIV (RFC 5297) with
        HMAC instead of AES, which DuckDB lacks."""
        siv, text = sealed[:_SIV].encode(), bytes.fromhex(sealed[_SIV:])
        stream = b"".join(
            hashlib.sha256(self._secret + siv + str(at).encode()).digest() for at in range(_BLOCKS)
        )
        return bytes(a ^ b for a, b in zip(text, stream, strict=False)).decode()

    def table(self, name: str, question: str) -> None:
        """Keeps the result of a query in memory under a name."""
        with translate_errors():
            self._duck.execute(f"CREATE OR REPLACE TABLE {name} AS {question}")

    def rows(self, question: str) -> Iterator[tuple[Any, ...]]:
        """Fetches the rows in batches."""
        with translate_errors():
            found = self._duck.cursor().execute(question)
            while rows := found.fetchmany(_BATCH):
                yield from rows


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turns DuckDB's errors into Oakum's, without their text, which may quote data."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise ResultTooLarge from None
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.HTTPException):
        raise UnreadableSource from None
    except duckdb.Error as error:
        if type(error) is duckdb.Error:  # Thrift's message for a broken Parquet file
            raise UnreadableSource from None
        raise


def _stream(secret: bytes) -> str:
    parts = (f"SHA256({_blob(secret)} || ENCODE(siv || '{at}'))" for at in range(_BLOCKS))
    return "(" + " || ".join(parts) + ")"


def _blob(data: bytes) -> str:
    return "'" + "".join(f"\\x{each:02X}" for each in data) + "'::BLOB"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
