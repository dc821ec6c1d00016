"""What a run changed: the rows of the database before and after, as counts for each table."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections import Counter
from pathlib import Path

from field.place import Place
from field.services import binary

Rows = Counter[tuple[str, str]]


def rows(place: Place, where: str) -> Rows:
    """Each row as (table, text). `where` is `postgres`, or the file of a SQLite database."""
    if where == "postgres":
        return of_postgres(place.services["postgres"])
    return of_sqlite(Path(place.fill(where)))


def of_postgres(url: str) -> Rows:
    command = [binary("pg_dump"), "--data-only", "--inserts", "--rows-per-insert=1", "-d", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    parts = re.split(r"^INSERT INTO (\S+) VALUES ", text, flags=re.M)
    return Counter(zip(parts[1::2], (each.split(";\n\n")[0] for each in parts[2::2]), strict=True))


def of_sqlite(file: Path) -> Rows:
    base = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        tables = base.execute("select name from sqlite_master where type = 'table'").fetchall()
        return Counter(
            (name, repr(row))
            for (name,) in tables
            for row in base.execute(f'select * from "{name}"')
        )
    finally:
        base.close()


def changes(before: Rows, after: Rows) -> dict[str, dict[str, int]]:
    """Table → how many rows went and came; a row that was changed counts as both."""
    gone = Counter(table for table, _ in (before - after).elements())
    new = Counter(table for table, _ in (after - before).elements())
    return {table: {"gone": gone[table], "new": new[table]} for table in sorted(gone | new)}


def keep(place: Place, file: Path) -> None:
    """Keep what the migrations made, which take minutes; nothing has been seeded yet."""
    if url := place.services.get("postgres"):
        file.parent.mkdir(parents=True, exist_ok=True)
        dump = subprocess.run(
            [binary("pg_dump"), "-d", url], check=True, capture_output=True
        ).stdout
        file.write_bytes(dump)


def restored(place: Place, file: Path) -> bool:
    if not file.exists():
        return False
    command = [binary("psql"), "-q", "-v", "ON_ERROR_STOP=1", "-d", place.services["postgres"]]
    subprocess.run([*command, "-f", str(file)], check=True, stdout=subprocess.DEVNULL)
    return True
