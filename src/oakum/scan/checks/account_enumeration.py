"""`account-enumeration`: an endpoint tells whether an address, number or name has an account.

It cannot know who feels the difference: a login may tell it on purpose, for its users' comfort.
Remedy: one answer for everybody, and what is personal by a message to the address itself.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, whose

RULE = RULES["account-enumeration"]


def matches(leak: Leak) -> bool:
    """Found by comparing what is said of somebody with what is said of nobody."""
    return leak.only("oracle")


def title(leak: Leak) -> str:
    """One sentence: who can find out what of whom, and by what."""
    return f"`{leak.viewer}` can find out whether {whose(leak)} is somebody's: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "answer alike whether or not there is such an account: status, body, headers, length and"
        " time; what only its holder may know goes to the address itself"
    )
