"""`oakum observe abuse --deny`: writes the reported callers as a deny list for the guard."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import observe_options
from oakum.errors import InputError, Location, Problem, count_of
from oakum.output.atomic_file import update

if TYPE_CHECKING:
    from oakum.abuse.detections import AbuseReport
    from oakum.guard.denylist import DeniedCaller


def key_of(key_file: Path | None, deny_file: Path | None) -> bytes:
    """The key of the audit hashes. Raises `InputError` if a deny list is wanted and the key would
    be a random one of this run."""
    from oakum.guard.audit_reader import AUDIT_KEY

    if deny_file is not None and key_file is None and not os.environ.get(AUDIT_KEY):
        hint = f"give the guard's with `--key FILE`, or `export {AUDIT_KEY}=…`"
        place = Location(str(deny_file))
        raise InputError(
            [Problem(place, "a deny list needs the key of the guard's audit log", hint)]
        )
    return observe_options.key_of(key_file)


def existing_callers(path: Path | None, key: bytes) -> tuple[DeniedCaller, ...]:
    """The callers on the existing list. Read first, so that a broken list is reported before the
    work."""
    from oakum.guard.denylist import read_list

    return read_list(path, key) if path and path.exists() else ()


def write(
    path: Path,
    key: bytes,
    before: tuple[DeniedCaller, ...],
    report: AbuseReport,
    named: Callable[[int], bool],
    hours: int,
) -> None:
    """Writes the deny list: reported callers whose hash a guard knows, and entries of the old list
    that have not expired.

    `before`: entries of the old list; `named`: whether a hash was made from a caller's id; `hours`:
    duration of a denial.
    """
    from oakum.abuse.json_document import instant
    from oakum.guard.denylist import MOST, DeniedCaller, render
    from oakum.traffic.call import Hasher

    now = datetime.now(UTC)
    until = f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    standing = sorted(before, key=lambda each: each.ends)
    rows = {each.who: each for each in standing if each.ends > now.timestamp()}
    left: dict[str, int] = {}
    for told in report.told:
        why = _undeniable(told.by, told.certain, named(told.who))
        if why:
            left[why] = left.get(why, 0) + 1
            continue
        reasons = [told.latest[each.kind] for each in told.events]
        reason = " / ".join(f"{each.kind}: {each.says}" for each in reasons if each.certain)
        since = instant(min(each.at for each in told.events)) or until
        who = Hasher.hash_text(told.who)
        made = DeniedCaller(who, reason, since, until)
        # A caller who is already denied for longer, perhaps by a person, keeps the later date.
        rows[who] = max(filter(None, (rows.get(who), made)), key=lambda each: each.ends)
    if len(rows) > MOST:  # a guard would reject the whole list
        spare = len(rows) - MOST
        left["the list is full, and the other entries end later"] = spare
        rows = dict(sorted(rows.items(), key=lambda each: -each[1].ends)[:MOST])
    update(path, render(rows.values(), key))
    click.echo(f"wrote {path}: {count_of(len(rows), 'caller')} denied", err=True)
    for why, many in sorted(left.items()):
        click.echo(f"  {many:,} not on it: {why}", err=True)


def _undeniable(by: str, certain: bool, named: bool) -> str:
    if by == "address":
        return "a network address of anonymous users, not a caller"
    if not named:
        return "known only by credentials, which a guard does not hash: give `--contract`"
    return (
        "" if certain else "the records contain no response bodies, so the caller may be legitimate"
    )
