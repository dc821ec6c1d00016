"""`authenticated-not-authorized`: the endpoint checks the login but not the object's owner.

Nobody without a login gets the field, and any account holder does: the fix that only adds a login.
It cannot know whether the endpoint was open before.
Remedy: compare the caller with the owner of each object.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which, who

RULE = RULES["authenticated-not-authorized"]


def matches(leak: Leak) -> bool:
    """A stranger with an account reads what nobody without one could."""
    return leak.stranger and leak.anonymous_closed


def title(leak: Leak) -> str:
    """One sentence: who sees what of whom."""
    return f"{who(leak)} can read {seen(leak)}{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "check the caller against the owner of every object returned, after the login check"
