"""`missing-authentication`: a caller without a login reads data denied to everybody.

It cannot know whether a document's `security` was meant: the contract alone decides.
Remedy: refuse callers without credentials at the endpoint, then decide by owner and setting.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which

RULE = RULES["missing-authentication"]


def matches(leak: Leak) -> bool:
    """The viewer is nobody at all, and the contract would show it to nobody in any state."""
    return leak.anonymous and not leak.open_elsewhere


def title(leak: Leak) -> str:
    """One sentence: who sees what of whom."""
    return f"Anyone can read {seen(leak)} without logging in{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API, or in the contract if it is the contract that errs."""
    return (
        "ask for credentials at these endpoints, then check whose object it is: a login alone only"
        " moves the leak to every account holder"
    )
