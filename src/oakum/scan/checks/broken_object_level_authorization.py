"""`broken-object-level-authorization`: a viewer reads an object of which they may see nothing.

It cannot know why: a missing check and a wrong one look alike from outside.
Remedy: decide per object, on the server, from the caller's relation to its owner.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, things, which, who

RULE = RULES["broken-object-level-authorization"]


def matches(leak: Leak) -> bool:
    """Nothing of such an object is granted to this viewer in this state."""
    return not leak.entitled and not leak.anonymous and not leak.owner


def title(leak: Leak) -> str:
    """One sentence: who sees what of whom."""
    return f"{who(leak)} can read {things(leak)}{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "look the object up together with its owner, and answer as if it did not exist"
