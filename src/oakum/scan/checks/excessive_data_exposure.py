"""`excessive-data-exposure`: the viewer may see the object, but not this field.

It cannot know whether the front end uses the field.
Remedy: send a view made for the reader instead of the stored row.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, things, which, who

RULE = RULES["excessive-data-exposure"]


def matches(leak: Leak) -> bool:
    """Whatever no other rule explains better."""
    return True


def title(leak: Leak) -> str:
    """One sentence: who sees what of whom."""
    if leak.owner:
        return f"Owners are sent what nobody is to see of {things(leak)}{which(leak)}"
    return f"{who(leak)} is sent hidden fields of {things(leak)}{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API, or in the contract if it is the contract that errs."""
    return "list the fields each kind of reader gets, and send no others"
