"""`broken-function-level-authorization`: an operation runs for callers outside its `call`.

It cannot know what else the endpoint has done: it is asked only where it reads.
Remedy: look at the caller's role in every handler, or in one place before all of them.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak

RULE = RULES["broken-function-level-authorization"]


def matches(leak: Leak) -> bool:
    """Whoever may not call was answered."""
    return leak.only("call")


def title(leak: Leak) -> str:
    """One sentence: who is let in."""
    return f"`{leak.viewer}` may not call this, and {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "refuse with 401 or 403 before the work is done; or write into `call` who may"
