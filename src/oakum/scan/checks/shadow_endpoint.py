"""`shadow-endpoint`: an undocumented endpoint shows what documented ones hide.

It cannot know who still needs that endpoint, nor of those that it did not think of.
Remedy: take the old address down, or let both run through the same checks.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which, who

RULE = RULES["shadow-endpoint"]


def matches(leak: Leak) -> bool:
    """Shown by no documented endpoint."""
    return leak.only("twin")


def title(leak: Leak) -> str:
    """One sentence: who is shown what of whom."""
    return f"{who(leak)} can read {seen(leak)} at an undocumented endpoint{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "take the endpoint down, or document it and let it decide by the same code as the others;"
        " keep a list of all addresses and versions that answer"
    )
