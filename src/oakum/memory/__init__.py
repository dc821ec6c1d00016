"""Findings across releases, and the deadlines of disclosures.

A finding is *fixed* only if a trustworthy run has shown it to be closed, endpoint by endpoint: what
was untested keeps its state. Taking in the same report twice changes nothing. Pure: the command
does the input and output and reads the clock.
"""

from oakum.memory.disclosure_timeline import EVENTS, Due, case_of, due, dues, record_event
from oakum.memory.file import SCHEMA, read, render
from oakum.memory.model import (
    AT_ENDPOINT,
    AtEndpoint,
    Disclosure,
    FindingEvent,
    FindingStanding,
    KnownEndpoint,
    Memory,
    RememberedFinding,
    Stamp,
    stage,
)
from oakum.memory.replay_results import PrintedReplay, apply_replay, read_replay
from oakum.memory.report_merge import learn, silent

__all__ = [
    "AT_ENDPOINT",
    "EVENTS",
    "SCHEMA",
    "AtEndpoint",
    "Disclosure",
    "Due",
    "FindingEvent",
    "FindingStanding",
    "KnownEndpoint",
    "Memory",
    "PrintedReplay",
    "RememberedFinding",
    "Stamp",
    "apply_replay",
    "case_of",
    "due",
    "dues",
    "learn",
    "read",
    "read_replay",
    "record_event",
    "render",
    "silent",
    "stage",
]
