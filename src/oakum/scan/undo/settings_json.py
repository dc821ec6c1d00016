"""All settings of an identity as JSON, to be encrypted in the journal before the first of them
changes, and taken up again by `oakum scan --restore`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oakum.exchange import Request
from oakum.openapi.model import Json
from oakum.scan.journal import Journal
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.entries import request_as_json, request_from_json


@dataclass(frozen=True)
class Before:
    """Settings before the first change."""

    settings: Mapping[str, Json] | None
    """None if the journal does not have them."""
    at: str = ""
    """Identifies the URL of the object that contains them; empty if it is not kept."""
    read: Request | None = None
    """The request that showed them."""


def keep_settings(
    journal: Journal | None, seal: Encryption, identity: str, operation: str, before: Before | None
) -> None:
    """Writes down what there was; None: it was compared. Without a secret to encrypt it with, only
    that there was something."""
    if journal is None:
        return
    if before is None:
        journal.settings(identity, operation, None)
        return
    read = request_as_json(before.read) if before.read is not None else None
    content = {"settings": before.settings, "at": before.at, "read": read}
    journal.settings(identity, operation, seal.close(content) if seal.holds else "")


def open_record(seal: Encryption, sealed: str) -> Before:
    """What a killed run has written down, as far as it can be read."""
    try:
        content = seal.open(sealed) if sealed else {}
        read = content["read"]
        request = request_from_json(read) if read is not None else None
        return Before(content["settings"], content["at"], request)
    except (KeyError, TypeError, ValueError):
        return Before(None)
