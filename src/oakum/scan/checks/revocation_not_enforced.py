"""`revocation-not-enforced`: access continues after a grant has ended.

It cannot know how long: a copy that dies within a minute and one that never does look alike.
Remedy: check the right when something is read, not when a link, a cursor or a copy is made.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which, who

RULE = RULES["revocation-not-enforced"]


def matches(leak: Leak) -> bool:
    """Shown only with what dates from before the end of a grant."""
    return leak.only("stale")


def title(leak: Leak) -> str:
    """One sentence: who still sees what of whom."""
    return f"{who(leak)} can still read {seen(leak)} after the right to it has ended{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "decide anew at each reading: bind links and cursors to the right they were made under,"
        " and let the end of that right end them"
    )
