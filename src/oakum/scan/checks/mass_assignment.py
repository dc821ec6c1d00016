"""`mass-assignment`: owners set members of their own objects that nobody may set.

It cannot know what the member does: `roles` may open every endpoint, or none.
Remedy: read from a request what its schema declares, and nothing else.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak

RULE = RULES["mass-assignment"]


def matches(leak: Leak) -> bool:
    """Written by the owner, kept, and read back."""
    return leak.only("mass-assignment")


def title(leak: Leak) -> str:
    """One sentence: who sets what."""
    return f"owners set `{leak.resource}.{leak.field}` of their own, which no rule lets them"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "bind requests to a schema of what may be written, and drop or refuse all else"
