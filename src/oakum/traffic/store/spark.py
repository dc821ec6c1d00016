"""Apache Spark as the SQL engine: a local session or a cluster's.

Its results equal those of DuckDB to the byte, including which lines count as JSON.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from oakum.errors import InputError, Location, Problem, install_hint
from oakum.traffic.call import Hasher
from oakum.traffic.store.engine import LONG, UnreadableSource
from oakum.traffic.store.layout import COLUMNS, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_LEAST: Final = 512_000_000
"""Least memory in bytes with which Spark starts."""
_DIALECT: Final = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.session.timeZone": "UTC",
}
"""Settings for standard SQL."""


class Spark:
    """A context manager for a Spark session. An existing session is used and left running."""

    name = "spark"

    def __init__(self, hashed: Hasher, memory: int, spill: Path | None = None) -> None:
        """`memory`: bytes, of a session of its own. `spill`: a folder for its temporary files that
        stays; None: one of its own."""
        self._hashed, self._memory, self._spill = hashed, memory, spill
        self._secret = os.urandom(16)
        self._own: SparkSession | None = None
        self._kept: dict[str, DataFrame] = {}

    def __enter__(self) -> Self:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            hint = install_hint("spark")
            raise InputError(
                [Problem(Location("--engine spark"), "needs `pyspark`", hint)]
            ) from None
        self._private = Path(tempfile.mkdtemp(prefix="oakum-"))
        running = SparkSession.getActiveSession()
        if running is None:
            running = self._own = start_session(self._private, self._memory, self._spill)
        self._spark = running.newSession()
        for name, value in _DIALECT.items():
            self._spark.conf.set(name, value)
        for said in self._words():
            self._spark.sql(f"CREATE TEMPORARY FUNCTION {said}")
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._kept.values():
            each.unpersist()
        if self._own is not None:
            self._own.stop()
        shutil.rmtree(self._private, ignore_errors=True)

    def _words(self) -> Iterator[str]:
        """The words of `questions.py`."""
        inner, outer = (f"X'{pad.hex()}'" for pad in self._hashed.pads())
        seal = f"SHA2(CONCAT({outer}, UNHEX(SHA2(CONCAT({inner}, ENCODE(t, 'UTF-8')), 256))), 256)"
        nonce = f"UNHEX(SUBSTR({seal}, 1, 24))"
        secret = f"X'{self._secret.hex()}'"
        yield (
            "digest(t STRING) RETURNS BIGINT"
            f" RETURN CAST(CONV(SUBSTR({seal}, 1, 16), 16, -10) AS BIGINT)"
        )
        yield (
            "told_apart(t STRING) RETURNS BIGINT RETURN digest(t)"  # Spark workers write it to disk
        )
        yield (
            "sealed(t STRING) RETURNS STRING"
            f" RETURN HEX(AES_ENCRYPT(CASE WHEN OCTET_LENGTH(t) <= 256 THEN t ELSE '{LONG}' END,"
            f" {secret}, 'GCM', 'DEFAULT', {nonce}))"
        )
        yield (
            "swapped(t STRING, p STRING, b STRING) RETURNS STRING"
            " RETURN REGEXP_REPLACE(t, p, TRANSLATE(b, CHR(92), CHR(36)))"
        )
        yield "fits(t STRING, p STRING) RETURNS BOOLEAN RETURN REGEXP_LIKE(t, p)"

    def lines(self, files: Sequence[str], names: Sequence[str]) -> None:
        """Reads JSON lines. A line in braces must be exactly one object; Spark itself would accept
        any line that begins with one."""
        reader = self._spark.read.option("lineSep", "\n")
        parts = [
            reader.text(each).selectExpr(f"{number} AS source", "value")
            for number, each in enumerate(files)
        ]
        found = reduce(lambda one, other: one.unionAll(other), parts)
        found.createOrReplaceTempView("raw")
        fields = ", ".join(f"`{name}`: STRING" for name in names)
        members = ", ".join(f'line[0]."{name}" AS "{name}"' for name in names)
        self.view(
            "lines",
            f"""
            SELECT source, {members} FROM (
                SELECT source, CASE WHEN SIZE(line) = 1 AND {_sound()} THEN line END AS line FROM (
                    SELECT source, value, FROM_JSON(CONCAT('[', value, ']'),
                        'ARRAY<STRUCT<{fields}>>', MAP('allowSingleQuotes', 'false')) AS line
                    FROM raw WHERE TRIM(BOTH FROM TRANSLATE(value, CHR(13) || CHR(9), '')) <> ''
                ) AS parsed
            ) AS sound""",
        )

    def create_view(self, table: Table, files: Sequence[str]) -> None:
        """Reads the Parquet files in place."""
        if files:
            found = self._spark.read.parquet(*files).select([f"`{n}`" for n in COLUMNS[table]])
        else:
            kinds = (
                (name, kind.replace("VARCHAR", "STRING")) for name, kind in COLUMNS[table].items()
            )
            said = ", ".join(f"`{name}` {_kind(kind)}" for name, kind in kinds)
            found = self._spark.createDataFrame([], said)
        found.createOrReplaceTempView(table)

    def small(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """A table that is broadcast to all workers, so that joins do not move the other side."""
        said = ", ".join(f"{column} {_kind(kind)}" for column, kind in columns.items())
        self._spark.createDataFrame([*rows], said).createOrReplaceTempView(name)

    def view(self, name: str, question: str) -> None:
        """Names a query without running it."""
        with _translate_errors():
            self._spark.sql(question).createOrReplaceTempView(name)

    def unseal(self, sealed: str) -> str:
        """AES-GCM (NIST SP 800-38D) with the text's own hash as nonce."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        data = bytes.fromhex(sealed)
        return AESGCM(self._secret).decrypt(data[:12], data[12:], None).decode()

    def table(self, name: str, question: str) -> None:
        """Runs a query; the workers cache its result."""
        if name in self._kept:
            self._kept.pop(name).unpersist()
        with _translate_errors():
            found = self._spark.sql(question).persist()
            self._kept[name] = found
            found.createOrReplaceTempView(name)

    def rows(self, question: str) -> Iterator[tuple[Any, ...]]:
        """Fetches the rows in batches."""
        with _translate_errors():
            for row in self._spark.sql(question).toLocalIterator():
                yield tuple(row)


def start_session(private: Path, memory: int, spill: Path | None = None) -> SparkSession:
    """A session on the cluster that `SPARK_CONF_DIR` names, otherwise local. `private`: folder for
    files of this run only.

    Raises `InputError` if Spark does not start.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    made = SparkSession.builder.appName("oakum")
    options = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "false",
        "spark.sql.warehouse.dir": str(private / "warehouse"),
    }
    if not os.environ.get("SPARK_CONF_DIR"):
        options |= {
            "spark.master": "local[*]",
            "spark.driver.memory": f"{max(memory, _LEAST) // 1_000_000}m",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": str(spill or private / "spill"),
            "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
        }
    for name, value in options.items():
        made = made.config(name, value)
    logging.getLogger("SQLQueryContextLogger").disabled = True
    try:
        with _mute():
            return made.getOrCreate()
    except PySparkException:
        hint = "it needs Java 17: apt-get install default-jre-headless"
        raise InputError([Problem(Location("--engine spark"), "does not come up", hint)]) from None


@contextmanager
def _mute() -> Iterator[None]:
    """Without standard error for what is begun here: the logs of Spark quote what it reads."""
    if os.environ.get("OAKUM_DEBUG"):
        yield
        return
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _translate_errors() -> Iterator[None]:
    from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError):
        if os.environ.get("OAKUM_DEBUG"):
            raise
        raise UnreadableSource from None


def _sound() -> str:
    """Whether the text of a line can be one: UTF-8, and no half of a pair of surrogates."""
    half = "INSTR(LOWER(value), CHR(92) || 'ud') > 0"
    return f"IS_VALID_UTF8(value) AND (NOT {half} OR TRY_PARSE_JSON(value) IS NOT NULL)"


def _kind(kind: str) -> str:
    """A type of DuckDB's as Spark writes it."""
    kind = kind.replace("VARCHAR", "STRING")
    if kind.endswith("[]"):
        return f"ARRAY<{kind[:-2]}>"
    if kind.startswith("MAP("):
        return f"MAP<{kind[4:-1]}>"
    return kind
