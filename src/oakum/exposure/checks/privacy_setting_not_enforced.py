"""`privacy-setting-not-enforced`: the owner's setting hides a field, and the API sends it.

Limits: it does not know what the settings page says unless the contract quotes it (`promise:`).
Remedy: apply the setting where the object is read, for every endpoint, not where it is displayed.
"""

from oakum.exposure.leak_severity import Leak, setting, things, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("privacy-setting-not-enforced", "API3:2023", ("CWE-359", "CWE-213"))

STORY = Story(
    "The owner has hidden the field with a setting, but the API still sends it.",
    "The setting is a promise. Users hide data for a reason, and rely on it being hidden.",
    Incident(
        "Peloton", "2021",
        "the researchers set their own profile to private, and could still read its data; the setting had an effect in the app but not in the API",
    ),
    (
        "apply the setting in the query or the serializer that all endpoints share",
        "treat a missing setting as closed",
        "do not send a flag beside the data that it should hide: the front end cannot protect data that it receives",
    ),
    "removes",
    "{field} from responses to {viewer}, according to the owner's setting; it looks the setting up, and withholds the field if the setting is unknown.",
    ("GDPR, Article 25",),
)  # fmt: skip

REFERENCE = """
*API3:2023 · CWE-359, CWE-213*

**Finds** a field that a viewer receives although the owner has hidden it with a setting. The contract would show it to this viewer if the
owner had set it open. If the contract quotes what the settings page tells people (`promise:`), the report puts the quotation beside the
finding.

**Limits**: neither the settings page nor the effect of the setting in the front end is tested. The rule knows only states that the owner's
own account shows. A state that no identity is in is reported as untested, unless `--allow-own-settings` lets the scan set it.

**Remedy**: apply the setting where the object is read, in the query or the serializer that every endpoint shares. Hiding it in the front end
protects nobody.

**Example**: Pia is private. Ann, another member, requests Pia's profile and gets `{"is_private": true, "location": "Leeds"}`.
"""


def matches(leak: Leak) -> bool:
    """Whether the contract would grant the field with a more open setting of the owner."""
    return bool(leak.open_elsewhere)


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, the owner, and the setting that is not enforced."""
    field = f"(`{leak.resource}.{leak.field}`)"
    hides = f"`{setting(leak)}` hides" if leak.state else "their owners hide"
    return f"{who(leak)} can read what {hides} in {things(leak)} {field}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return (
        "apply the owner's setting in the query or the serializer that every endpoint shares;"
        " hiding it in the front end protects nobody"
    )
