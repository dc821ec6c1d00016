"""`feed-exposure`: a live feed sends a field that no other endpoint shows.

It cannot know what is pushed for events that it did not cause, nor later than it listened.
Remedy: make every frame for the one who receives it, by what they may see when it is sent.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which, who

RULE = RULES["feed-exposure"]


def matches(leak: Leak) -> bool:
    """No endpoint that answers at once showed it."""
    return leak.only("feed")


def title(leak: Leak) -> str:
    """One sentence: who is sent what of whom."""
    return f"{who(leak)} is sent {seen(leak)} in a live feed{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "filter each frame for its receiver when it is sent; that somebody was let in once is no"
        " leave to hear all that comes later"
    )
