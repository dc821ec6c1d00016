"""`leak-by-inference`: a hidden field never appears, and steers what does.

It cannot know how much of the value a patient caller can learn: a filter gives it away whole.
Remedy: sort, filter and count only by what the caller may see of each object.
"""

from oakum.scan.checks.leak import Leak, Rule, whose

RULE = Rule("leak-by-inference", "API3:2023", ("CWE-203", "CWE-200"))


def matches(leak: Leak) -> bool:
    """Found by comparing answers, and in no other way."""
    return leak.only("inference")


def title(leak: Leak) -> str:
    """One sentence: who can learn what of whom, and by what."""
    return f"`{leak.viewer}` can work out {whose(leak)}, which is never sent: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "let nobody sort, filter or count by a field that they may not see of every object"
