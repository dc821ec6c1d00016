"""Findings across releases, and the deadlines of disclosures.

Two laws. *Fixed* is said only of what a run that can be trusted has shown to be closed, endpoint by
endpoint: what was untested stays as it was. And to take in the same report again changes nothing.
Pure: files, the clock and the shell are the command's.
"""

from oakum.memory.again import Again, read_replay, replayed
from oakum.memory.clock import EVENTS, Due, case_of, due, dues, recorded
from oakum.memory.file import SCHEMA, read, render
from oakum.memory.learn import learn, silent
from oakum.memory.model import (
    AT_ENDPOINT,
    AtEndpoint,
    Disclosure,
    Happened,
    Known,
    Memory,
    Remembered,
    Stamp,
    Standing,
    stage,
)

__all__ = [
    "AT_ENDPOINT",
    "EVENTS",
    "SCHEMA",
    "Again",
    "AtEndpoint",
    "Disclosure",
    "Due",
    "Happened",
    "Known",
    "Memory",
    "Remembered",
    "Stamp",
    "Standing",
    "case_of",
    "due",
    "dues",
    "learn",
    "read",
    "read_replay",
    "recorded",
    "render",
    "replayed",
    "silent",
    "stage",
]
