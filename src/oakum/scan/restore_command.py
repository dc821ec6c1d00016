"""`oakum scan --restore`: undoes what a killed run left changed.

The journal decides: a change that is still in it was not restored, or no response showed that it
was. So a second call does nothing, or continues where the first had to stop.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from oakum.errors import InputError, Location, Problem
from oakum.exchange import json_bytes
from oakum.scan.context import Event
from oakum.scan.journal import Past, recall
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum.scan.undo.setting_change import SIGN, SettingChange


@dataclass(frozen=True)
class Restoration:
    """What was restored and what could not be, in words without personal values."""

    back: tuple[str, ...]
    left: tuple[str, ...]
    reasons: tuple[str, ...]
    """What prevented restoring or comparing."""
    run: str
    """Id of the killed run."""

    @property
    def whole(self) -> bool:
        """Whether everything is as before that run."""
        return not self.left


def restore(options: Options, emit: Callable[[Event], None]) -> Restoration:
    """Restores what the journal in `options` records, and verifies it. Raises `InputError` for an
    invalid journal or another target's."""
    if options.journal is None:
        raise InputError([Problem(Location("journal"), "there is no journal to restore from")])
    scan = Scan(replace(options, restore=True), emit)
    killed = scan.killed
    before = _words(killed.past)
    said = scan.restore()
    now = recall(options.journal, outcomes_too=False)
    after = _words(now)
    back = tuple(words for name, words in before.items() if name not in after)
    left = tuple(words for name, words in before.items() if name in after)
    unread = killed.differing is None and now.census
    if unread or (killed.settings_differing is None and now.settings):
        left += (_NOT_COMPARED,)
    left += (*(killed.settings_differing or ()), *(killed.differing or ()))
    return Restoration(
        back, left, tuple(each for each in said if each not in left), killed.past.run
    )


_NOT_COMPARED = "what the run did not write was not compared with what there was before"


def _words(past: Past) -> dict[tuple[str, str], str]:
    """What is to be put back, by what names it, in words."""
    flips = {(flip.identity, flip.state): _flip(flip) for flip in past.pending}
    return flips | {("", name): _write(name) for name in past.undos}


def _flip(flip: SettingChange) -> str:
    if SIGN in flip.state:
        word = "" if flip.before else "no longer "
        return f"{flip.identity}, {word}{flip.state}"
    value = "its old value" if flip.secret else f"`{json_bytes(flip.before).decode()}`"
    return f"`{flip.state}` of {flip.identity}, {value}"


def _write(name: str) -> str:
    account = re.fullmatch(r"oakum-\d+", name)
    return f"the account {name} that the run created" if account else name
