"""`excessive-data-exposure`: the viewer may see the object, but not this field.

Limits: it does not tell whether the front end uses the field.
Remedy: send a view made for the reader instead of the stored row.
"""

from oakum.exposure.leak_severity import Leak, things, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("excessive-data-exposure", "API3:2023", ("CWE-213", "CWE-201"))

STORY = Story(
    "This viewer may see the object, but not this field of it.",
    "The page shows four fields, but the response has forty: anybody can read them in the browser's network tab.",
    Incident(
        "Spoutible", "2024",
        "the profile response of every user contained a password hash, the second-factor seed and a reset token; 207,000 were collected",
    ),
    (
        "list the fields that each kind of reader gets, and send no others",
        "never serialise the stored row: a column that is added later would be sent too",
        "use one list for all endpoints: detail, list, search, export, `include`",
    ),
    "removes",
    "{field} from responses to {viewer}, and changes no other byte.",
    ("GDPR, Article 5(1)(c)",),
)  # fmt: skip

REFERENCE = """
*API3:2023 · CWE-213, CWE-201*

**Finds** a field of an object of which the viewer may see something else; also a field that its own owner receives and may not see. The
scan follows values: it also finds an owner's value under another name, in a header or outside every declared field. In a declared
member outside of objects, of what `call: [anyone]` lets everybody get, it is suspected.

**Limits**: the rule does not tell whether the front end uses the field. It recognises a leak by the value: a mask (`"***"`), `null` or an empty text in place of
the value is no leak. If its owner never sees the field, there is no value to compare with, and any value counts.

**Remedy**: send a view made for its reader instead of the stored row.

**Example**: the response to a member's own login contains `"facebook_access_token": "…"`.
"""


def matches(leak: Leak) -> bool:
    """Always True: this rule names every leak that no more specific rule matches."""
    return True


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, and the owner."""
    if leak.owner:
        return f"Owners get fields of {things(leak)} that they may not see{which(leak)}"
    return f"{who(leak)} gets hidden fields of {things(leak)}{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API, or in the contract if the contract is wrong."""
    return "list the fields that each kind of reader gets, and send no others"
