"""`forgotten-twin`: a door that no document has shows what the documented ones keep.

It cannot know who still needs that door, nor of those that it did not think of.
Remedy: take the old address down, or let both run through the same checks.
"""

from oakum.scan.checks.leak import Leak, Rule, whose

RULE = Rule("forgotten-twin", "API9:2023", ("CWE-1059", "CWE-863"))


def matches(leak: Leak) -> bool:
    """Shown by no documented door."""
    return leak.only("twin")


def title(leak: Leak) -> str:
    """One sentence: who is shown what of whom."""
    return f"`{leak.viewer}` is shown {whose(leak)} at a door that is in no document"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "take the door down, or document it and let it decide by the same code as the others;"
        " keep a list of all addresses and versions that answer"
    )
