"""`enumerable-ids`: an id is the only protection of an object, and ids can be guessed.

It cannot know of a brake that begins later, or that counts different objects or addresses: own
objects are asked for, at the rate of the run.
Remedy: draw keys of 128 bits at random, or ask who is calling, and answer 429 to who tries many.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, whose

RULE = RULES["enumerable-ids"]


def matches(leak: Leak) -> bool:
    """The keys of own objects were read, and their endpoint was asked again and again."""
    return leak.only("walk")


def title(leak: Leak) -> str:
    """One sentence: who can find out what, and how."""
    return f"`{leak.viewer}` can find out every {whose(leak)}: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "draw keys at random, of 128 bits, and show them to nobody else; answer 429 with"
        " Retry-After to whoever tries many, by account and by address"
    )
