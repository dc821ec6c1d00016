"""`bola-write`: a caller changes another user's object.

It cannot know which check is missing, of the object or of the role: they look alike from outside.
Remedy: decide by the caller's relation to the object, before anything is written.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak

RULE = RULES["bola-write"]

REMOVED = "removed"
"""What `Leak.says` is where an account was taken away."""


def matches(leak: Leak) -> bool:
    """Written by another than the owner, and seen by the owner afterwards."""
    return leak.only("bola-write")


def title(leak: Leak) -> str:
    """One sentence: who writes what of whom, or takes whose account away."""
    if leak.says == REMOVED:
        return f"`{leak.viewer}` removes the account (`{leak.resource}`) of somebody else"
    return f"`{leak.viewer}` writes `{leak.resource}.{leak.field}` of somebody else"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "load the object together with the caller's right to change it, and refuse otherwise"
