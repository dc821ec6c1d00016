"""What a resumed run takes over from the killed one after the restore: outcomes and its own
accounts. What could not be restored is unknown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from oakum.exposure.known_identities import KnownIdentities
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.journal import Past, left_behind_in
from oakum.scan.undo.setting_change import SIGN


def put_back(past: Past, seal: Encryption) -> Past:
    """Outcomes, and accounts, which are removed at the end; nothing is put back twice."""
    accounts: dict[str, str] = {}
    for name, sealed in past.undos.items():
        with suppress(ValueError):  # encrypted under other credentials
            accounts |= {name: sealed} if "account" in seal.open(sealed) else {}
    return replace(past, pending=(), settings={}, undos=accounts)


def mistrust(identities: KnownIdentities, journal: Path | None) -> None:
    """Takes nothing for known that could not be put back."""
    for flip in left_behind_in(journal).pending if journal is not None else ():
        _, _, owner = flip.state.partition(SIGN)
        if not owner:
            identities.states.pop((flip.identity, flip.state), None)
        elif {flip.identity, owner} <= identities.ids.keys():
            why = f"what an interrupted run has changed of `{flip.state}` could not be put back"
            identities.doubt(flip.identity, owner, why)
