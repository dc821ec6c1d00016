"""Changes that a killed run left: read from its journal, restored, and compared with the state
before it.

A resumed run does this first; `oakum scan --restore` does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from oakum.errors import InputError, Location, Problem
from oakum.exposure.known_identities import KnownIdentities
from oakum.scan.census.census_json import differences
from oakum.scan.context import Event
from oakum.scan.engine import Engine
from oakum.scan.identities.relation_lists import Relations
from oakum.scan.journal import Journal, Past, left_behind_in, recall, refuse_to_forget
from oakum.scan.preparation import Preparation
from oakum.scan.scheduler import EarlierExchanges, Scheduler
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.setting_change import SIGN, left_behind
from oakum.scan.undo.visibility_wait import VisibilityWait


@dataclass
class KilledRun:
    """A killed run, and the result of restoring its changes. Without one, `past` is empty."""

    past: Past = field(default_factory=Past)
    stale: InputError | None = None
    """Why the journal can be used for nothing but restoring settings."""
    differing: tuple[str, ...] | None = None
    """Differences from before the run, besides what it wrote; None: not compared."""
    settings_differing: tuple[str, ...] | None = None
    """Differences of settings from before the run, besides those that it changed; None: not
    compared."""
    notes: tuple[str, ...] = ()
    """Remarks on comparing."""
    unsure: tuple[str, ...] = ()
    """What was restored without certainty."""

    def compare(
        self, engine: Engine, relations: Relations, journal: Journal | None, seal: Encryption,
        patience: VisibilityWait, *, settled: bool,
    ) -> tuple[str, ...]:  # fmt: skip
        """Compares with before it, and says what could not be read; `settled`: all that it wrote is
        undone, so that nothing is to be compared once more if nothing differs."""
        if not self.past.census:
            return ()
        before = len(engine.results.notes)
        again = partial(differences, self.past.census, seal, engine, relations, patience)
        self.differing = surely("objects", again)
        if journal is not None and settled and not self.differing:
            journal.census("")
        return engine.results.notes[before:]

    def prepare(
        self, engine: Engine, given: EarlierExchanges, emit: Callable[[Event], None]
    ) -> None:
        """Learns whose accounts and settings they are, without a line in the journal."""
        unheard = replace(engine, context=replace(engine.context, emit=emit))
        Scheduler(unheard).introduce(given, self.past.pending)

    def restore(self, engine: Engine | None, seal: Encryption) -> tuple[str, ...]:
        """Puts back what it or this run left changed, however this run has ended; says what could
        not be."""
        if engine is None:
            return tuple(left_behind(flip) for flip in self.past.pending)
        shut = [name for name, sealed in self.past.undos.items() if not seal.opens(sealed)]
        return (
            *(f"{name} could not be undone: it was done with other credentials" for name in shut),
            *(
                said
                for what, undo in engine.context.undo_functions()
                for said in surely(what, undo)
            ),
        )

    def left_over(self, seal: Encryption) -> Past:
        """What a resumed run takes over after the restore: outcomes, and its own accounts, which
        are removed at the end; nothing is put back twice."""
        accounts: dict[str, str] = {}
        for name, sealed in self.past.undos.items():
            with suppress(ValueError):  # encrypted under other credentials
                accounts |= {name: sealed} if "account" in seal.open(sealed) else {}
        return replace(self.past, pending=(), settings={}, undos=accounts)


def killed_run(prepared: Preparation) -> KilledRun:
    """What the journal of the options records; for a new run, nothing, and the journal must not be
    needed any more. Raises `InputError`."""
    options = prepared.options
    if not (options.resume or options.restore):
        if options.journal is not None:
            refuse_to_forget(options.journal)
        return KilledRun()
    if options.journal is None:
        raise InputError([Problem(Location("--resume"), "needs the `--journal` of the run")])
    past = recall(options.journal, outcomes_too=not options.restore)
    elsewhere = past.target != options.target
    if not elsewhere and (options.restore or past.contract == prepared.digest()):
        return KilledRun(past)
    hint = f"it is of `{past.target}`" if options.restore else "start a new run without --resume"
    where = Location(str(options.journal), 1, 1)
    error = InputError([Problem(where, "belongs to another target or contract", hint)])
    if elsewhere or not past.has_work:
        raise error
    return KilledRun(past, error)


def without_settings(engine: Engine) -> Engine:
    """An engine that changes no setting: a second change would overwrite the original value that is
    to be restored."""
    context = replace(engine.context, relationships=None, account_settings=None)
    return replace(engine, context=context)


def mistrust(identities: KnownIdentities, journal: Path | None) -> None:
    """Marks facts as unknown that may have changed because they could not be restored."""
    for flip in left_behind_in(journal).pending if journal is not None else ():
        _, _, owner = flip.state.partition(SIGN)
        if not owner:
            identities.states.pop((flip.identity, flip.state), None)
        elif {flip.identity, owner} <= identities.ids.keys():
            why = f"what an interrupted run has changed of `{flip.state}` could not be put back"
            identities.doubt(flip.identity, owner, why)


def surely(what: str, restore: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """Calls `restore`; an error of Oakum itself becomes a message, so that the other things are
    still restored."""
    try:
        return restore()
    except Exception as error:  # noqa: BLE001 - said, not hidden: the run is not trustworthy
        return (f"{what} could not all be restored ({type(error).__name__}): check them by hand",)
