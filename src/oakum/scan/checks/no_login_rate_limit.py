"""`no-login-rate-limit`: wrong secrets can be tried again and again without delay.

It cannot know of a brake that begins later, or of one that looks at addresses from many places.
Remedy: slow down by account and by address, and say so with `429` (RFC 6585, 4).
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak

RULE = RULES["no-login-rate-limit"]


def matches(leak: Leak) -> bool:
    """Wrong secrets were given for an account of the run's own, and the right one after them."""
    return leak.only("guess")


def title(leak: Leak) -> str:
    """One sentence: what can be guessed."""
    return f"nothing slows down who guesses `{leak.resource}.{leak.field}` at the login"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "after a few wrong secrets answer 429 with Retry-After, by account and by address"
