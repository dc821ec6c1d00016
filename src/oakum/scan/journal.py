"""The journal: what a run has learnt, line by line, so that a killed run can continue.

It contains outcomes (cells, shapes, keyed hashes), changed settings and, encrypted, what undoing
needs. It contains no ids, values or tokens in clear text: a resumed run requests those from the API
again, as their owners.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO

import orjson

from oakum.errors import InputError, Location, Problem, TargetError
from oakum.exchange import json_bytes
from oakum.exposure.cells.matrix import ANOTHER, Doubt, Key, Observation, Outcome
from oakum.finding import Answer, Evidence, Line, Result
from oakum.openapi.model import Json
from oakum.scan.undo.setting_change import SettingChange

SCHEMA = "oakum.journal/1"
_FORMER = {
    "harvest": "bulk-exposure",
    "stale": "revocation",
    "talk": "account-enumeration",
    "walk": "id-enumeration",
}
"""Names of techniques in the keys of earlier journals."""


@dataclass(frozen=True)
class Past:
    """The content of the journal of an earlier run."""

    run: str = ""
    target: str = ""
    contract: str = ""
    """Digest of the contract and identities the run began with."""
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    pending: tuple[SettingChange, ...] = ()
    """Settings that were changed and not restored."""
    undos: Mapping[str, str] = field(default_factory=dict)
    """Name of a write that was not undone → its encrypted undo entry."""
    census: str = ""
    """What the identities were shown as their own before the first change, encrypted; empty if it
    was compared since, or if nothing was changed."""
    settings: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(identity, operation that writes them) → all settings before the first change, encrypted,
    unless compared since; empty if they could not be encrypted."""

    @property
    def has_work(self) -> bool:
        """Whether anything has to be restored or compared."""
        return bool(self.pending or self.undos or self.census or self.settings)


class Journal:
    """Appends to a file that only its owner may read."""

    def __init__(self, path: Path, run: str, target: str, contract: str, resume: bool) -> None:
        self._path = path
        if not resume:
            _refuse_to_overwrite(path)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if resume else os.O_TRUNC)
        try:
            self._file: IO[bytes] = os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0)
        except OSError as error:
            why = (error.strerror or "cannot be written").lower()
            raise InputError([Problem(Location(str(path)), why)]) from None
        if resume:
            self._append(b"\n")  # ends a line that was cut off when the run was killed
        else:
            self._line({"schema": SCHEMA, "run": run, "target": target, "contract": contract})

    def outcome(self, outcome: Outcome) -> None:
        """Records the outcome of a response."""
        self._line({"outcome": asdict(outcome)})

    def flip(self, kind: str, flip: SettingChange) -> None:
        """Records a setting before it changes (`flip`), and that it is as before: after restoring
        (`restored`), or for it was never changed (`refused`)."""
        self._line({"restored" if kind == "refused" else kind: asdict(flip)})
        self._sync()

    def settings(self, identity: str, operation: str, sealed: str | None) -> None:
        """Records, encrypted, all settings before the first of them changes; empty: they cannot be
        encrypted; None: they were compared."""
        whose = {"identity": identity, "operation": operation}
        self._line(
            {"settled": whose} if sealed is None else {"settings": {**whose, "sealed": sealed}}
        )
        self._sync()

    def undo(self, kind: str, name: str, sealed: str = "") -> None:
        """Records how to undo a write (`undo`, encrypted), or that it was undone (`undone`)."""
        self._line({kind: {"name": name, "sealed": sealed}})
        self._sync()

    def census(self, sealed: str) -> None:
        """Records, encrypted, what is shown before the first change; empty: it was compared."""
        self._line({"census": sealed} if sealed else {"compared": True})
        self._sync()

    def close(self) -> None:
        """Nothing more is written."""
        self._file.close()

    def _sync(self) -> None:
        """Flushes to disk before the write is sent, so that a power failure loses nothing. Files
        that cannot be synced, such as pipes, are accepted."""
        with suppress(OSError):
            os.fsync(self._file.fileno())

    def _line(self, content: Mapping[str, Json]) -> None:
        # Named tuples such as cell keys become lists in JSON.
        self._append(json_bytes(content) + b"\n")

    def _append(self, line: bytes) -> None:
        try:
            self._file.write(line)
        except OSError as error:
            why = (error.strerror or "no reason given").lower()
            hint = f"free the disk, then run `oakum scan --restore --journal {self._path}`"
            said = f"the journal `{self._path}` cannot be written: {why}; {hint}"
            raise TargetError(said) from None


def _refuse_to_overwrite(path: Path) -> None:
    """Raises `InputError` for an existing file that is no journal, such as the identities file."""
    if not path.is_file() or not path.stat().st_size:
        return
    try:
        with path.open("rb") as file:
            first = _entry(file.readline(4096))
    except OSError:
        return  # writing will fail as well and report it
    if not str(first.get("schema")).startswith(f"{SCHEMA.partition('/')[0]}/"):
        words = "exists, but is not a journal of Oakum"
        raise InputError([Problem(Location(str(path)), words, "name another file")])


def left_behind_in(path: Path) -> Past:
    """What an interrupted run did not restore or compare; empty without a journal."""
    rest = _Rest()
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return Past()
    for line in lines if _entry(lines[0]).get("schema") == SCHEMA else ():
        with suppress(KeyError, TypeError):  # one broken line must not invalidate the others
            rest.remember(_entry(line))
    return rest.past()


def to_restore(path: Path | None) -> tuple[str, ...]:
    """How to undo later what a run could not undo; empty where no journal tells it."""
    past = left_behind_in(path) if path is not None else Past()
    if not (past.pending or past.undos):
        return ()
    return (
        f"once the target answers again, `oakum scan --restore --journal {path}` with the same"
        " contract, target and identities undoes what is left",
    )


def refuse_to_forget(path: Path) -> None:
    """Raises `InputError` if a new run would overwrite a journal with unrestored changes."""
    past = left_behind_in(path)
    names = " and ".join(dict.fromkeys(flip.identity for flip in past.pending))
    if names:
        words = f"an interrupted run left settings of {names} changed"
    elif past.undos:
        words = f"an interrupted run has not undone {', '.join([*past.undos][:3])}"
    elif past.census or past.settings:
        words = "an interrupted run has not compared what it left with what there was before"
    else:
        return
    hint = "add --resume, run `oakum scan --restore`, or set them by hand and delete the file"
    raise InputError([Problem(Location(str(path)), words, hint)])


def recall(path: Path, *, outcomes_too: bool = True) -> Past:
    """Reads a journal; a truncated last line is ignored. Without outcomes, unreadable outcome lines
    are ignored too."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise InputError([Problem(Location(str(path)), why)]) from None
    head = _entry(lines[0])
    run, target, contract = (str(head.get(name, "")) for name in ("run", "target", "contract"))
    if head.get("schema") != SCHEMA or not (run and target and contract):
        known = f"a journal begins with `{SCHEMA}`"
        raise InputError([Problem(Location(str(path), 1, 1), "not a journal of Oakum", known)])
    outcomes: dict[str, Outcome] = {}
    rest = _Rest()
    for number, line in enumerate(lines, 1):
        try:
            if outcomes_too:
                _remember(_entry(line), outcomes)
            rest.remember(_entry(line))
        except (KeyError, TypeError, ValueError):
            place = Location(str(path), number, 1)
            hint = "start a new run without --resume" if outcomes_too else "look at it by hand"
            raise InputError([Problem(place, "an entry that cannot be read", hint)]) from None
    return rest.past(Past(run, target, contract, settled_outcomes(outcomes)))


@dataclass
class _Rest:
    """What is left to restore and compare, according to the lines read so far."""

    pending: dict[tuple[str, str], SettingChange] = field(default_factory=dict)
    undos: dict[str, str] = field(default_factory=dict)
    settings: dict[tuple[str, str], str] = field(default_factory=dict)
    census: str = ""
    changed: bool = False
    """Something was about to be changed since the census."""

    def remember(self, each: Mapping[str, Json]) -> None:
        """Takes in a line."""
        _remember_flip(each, self.pending)
        _remember_undo(each, self.undos)
        _remember_settings(each, self.settings)
        if "census" in each or "compared" in each:
            self.census, self.changed = str(each.get("census", "")), False
        self.changed = self.changed or "flip" in each or "undo" in each

    def past(self, known: Past = Past()) -> Past:
        """All of it, beside what else is known."""
        census = self.census if self.changed else ""
        pending = tuple(self.pending.values())
        return replace(
            known, pending=pending, undos=self.undos, census=census, settings=self.settings
        )


def _entry(line: bytes) -> Mapping[str, Json]:
    """What a line holds; nothing when a kill has cut it short."""
    try:
        each = orjson.loads(line) if line else {}
    except orjson.JSONDecodeError:
        return {}
    return each if isinstance(each, dict) else {}


def _remember(each: Mapping[str, Json], outcomes: dict[str, Outcome]) -> None:
    if "outcome" in each:
        outcome = _outcome(each["outcome"])
        outcomes[outcome.request_key] = outcome


def _remember_flip(each: Mapping[str, Json], pending: dict[tuple[str, str], SettingChange]) -> None:
    if "flip" in each:
        flip = SettingChange(**{**each["flip"], "also": tuple(each["flip"].get("also", ()))})
        first = pending.setdefault((flip.identity, flip.state), flip)
        if flip.after not in (first.before, first.after, *first.also):
            first = replace(first, also=(*first.also, flip.after))
            pending[flip.identity, flip.state] = first
        if first.beside and not flip.beside:
            pending[flip.identity, flip.state] = replace(first, beside=False)
    if "restored" in each:
        pending.pop((each["restored"]["identity"], each["restored"]["state"]), None)


def _remember_undo(each: Mapping[str, Json], undos: dict[str, str]) -> None:
    if "undo" in each:
        undos[str(each["undo"]["name"])] = str(each["undo"]["sealed"])
    if "undone" in each:
        undos.pop(str(each["undone"]["name"]), None)


def _remember_settings(each: Mapping[str, Json], settings: dict[tuple[str, str], str]) -> None:
    for kind in ("settings", "settled"):
        if kind in each:
            whose = str(each[kind]["identity"]), str(each[kind]["operation"])
            settings.pop(whose, None)
            settings |= {whose: str(each[kind]["sealed"])} if kind == "settings" else {}


def _outcome(raw: Json) -> Outcome:
    """`probe` is the name of `request_key` in journals of earlier versions."""
    return Outcome(
        _key(str(raw["request_key"] if "request_key" in raw else raw["probe"])),
        raw["status"],
        tuple(_observation(each) for each in raw["observations"]),
        tuple((owner, resource) for owner, resource in raw["sighted"]),
        tuple((owner, resource, path) for owner, resource, path in raw["witnessed"]),
        tuple((resource, inside) for resource, inside in raw["embedded"]),
        tuple(Doubt(each["why"], _observation(each["leak"])) for each in raw["doubts"]),
        tuple((resource, path) for resource, path in raw["relative"]),
        raw["whole"],
        tuple((viewer, owner, resource) for viewer, owner, resource in raw.get("unclear", ())),
        tentative=bool(raw.get("tentative")),
        blank=tuple((v, o, resource, path) for v, o, resource, path in raw.get("blank", ())),
    )


def _key(text: str) -> str:
    """The key of a request, with the technique that repeats it under its present name."""
    place, _, rest = text.rpartition("|")
    technique, *number = rest.split(" ")
    return f"{place}|{' '.join((_FORMER.get(technique, technique), *number))}" if place else text


def settled_outcomes(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Outcomes that need no values later. Others are requested again: leaks by a value, leaks
    before the owner's view was known, and fields in which the viewer saw possible placeholders."""
    leaks = {
        _place(e) for o in outcomes.values() for e in o.observations if e.result is Result.LEAK
    }
    others = {
        _place(each.leak)
        for outcome in outcomes.values()
        for each in outcome.doubts
        if each.why == ANOTHER
    }
    unsettled = leaks & others
    return {
        request_key: outcome
        for request_key, outcome in outcomes.items()
        if not outcome.tentative
        and unsettled.isdisjoint(map(_place, outcome.observations))
        and unsettled.isdisjoint(_place(each.leak) for each in outcome.doubts)
    }


def _place(seen: Observation) -> tuple[str, str, str]:
    return seen.key.resource, seen.key.field, seen.key.viewer


def _observation(raw: Json) -> Observation:
    endpoint, resource, path, viewer, state = raw["key"]
    key = Key(endpoint, resource, path, viewer, tuple((name, text) for name, text in state))
    evidence = _evidence(raw["evidence"]) if raw["evidence"] else None
    return Observation(
        key, raw["granted"], Result(raw["result"]), raw["viewer"], raw["owner"], evidence,
        raw.get("weak", ""),
    )  # fmt: skip


def _evidence(raw: Json) -> Evidence:
    owner = _answer(raw["owner"]) if raw["owner"] else None
    return Evidence(owner, _answer(raw["viewer"]), raw["curl"], raw["confirmed"], raw["note"])


def _answer(raw: Json) -> Answer:
    return Answer(**{**raw, "lines": tuple(Line(**line) for line in raw["lines"])})
