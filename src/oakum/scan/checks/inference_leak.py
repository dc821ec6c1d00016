"""`inference-leak`: a hidden field changes which objects come, their order or number.

It cannot know how much of the value a patient caller can learn: a filter gives it away whole.
Remedy: sort, filter and count only by what the caller may see of each object.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, things, which, who

RULE = RULES["inference-leak"]


def matches(leak: Leak) -> bool:
    """Found by comparing answers, and in no other way."""
    return leak.only("inference")


def title(leak: Leak) -> str:
    """One sentence: who can learn what of whom, and by what."""
    return (
        f"{who(leak)} can work out hidden fields of {things(leak)}, which are never sent:"
        f" {leak.says}{which(leak)}"
    )


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "let nobody sort, filter or count by a field that they may not see of every object"
