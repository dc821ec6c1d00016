"""`privacy-setting-not-enforced`: the owner's setting hides a field, and the API sends it.

It cannot know what the settings page says unless the contract quotes it (`promise:`).
Remedy: apply the setting where the object is read, for every endpoint, not where it is displayed.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, setting, things, who

RULE = RULES["privacy-setting-not-enforced"]


def matches(leak: Leak) -> bool:
    """The contract would show the field to this viewer, had the owner set it open."""
    return bool(leak.open_elsewhere)


def title(leak: Leak) -> str:
    """One sentence: who sees what of whom, against which setting."""
    field = f"(`{leak.resource}.{leak.field}`)"
    hides = f"`{setting(leak)}` hides" if leak.state else "their owners hide"
    return f"{who(leak)} can read what {hides} in {things(leak)} {field}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "apply the owner's setting in the query or the serializer that every endpoint shares;"
        " hiding it in the front end protects nobody"
    )
