"""`weak-jwt-secret`: tokens are signed with a common word.

It cannot know a key that is weak in another way. Nothing is sent to find it.
Remedy: a key of at least as many random bits as the hash has (RFC 7518, 3.2), or a key pair.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak

RULE = RULES["weak-jwt-secret"]


def matches(leak: Leak) -> bool:
    """A guessed key has made the signature of an own token."""
    return leak.only("token-key")


def title(leak: Leak) -> str:
    """One sentence: who can be whom."""
    return (
        f"whoever has an account can write a token for any other: its {leak.says} key is a common"
        " word"
    )


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "sign with 32 random bytes or more from a secret store, and end all tokens given so far"
