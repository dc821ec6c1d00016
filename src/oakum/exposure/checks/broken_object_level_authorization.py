"""`broken-object-level-authorization`: a viewer reads an object of which they may see nothing.

Limits: it does not tell why; a missing check and a wrong one look alike from outside.
Remedy: decide per object, on the server, from the caller's relation to its owner.
"""

from oakum.exposure.leak_severity import Leak, things, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("broken-object-level-authorization", "API1:2023", ("CWE-639", "CWE-285"))

STORY = Story(
    "A caller gets a whole object of which they may see nothing.",
    "An id is enough, and ids appear in lists, links and logs, or are sequential.",
    Incident(
        "McHire", "2025",
        "anybody could read applicants' records by a sequential `lead_id`: 64 million applications",
    ),
    (
        "look the object up together with its owner, and answer as if it did not exist",
        "decide by the caller's relation to the owner, including blocks",
        "do not rely on unguessable ids: knowing an id is not a permission",
    ),
    "removes",
    "{field} from responses to {viewer}; nothing is left of the object, and a concealed object gets the response for one that does not exist.",
    ("RFC 9110, 15.5.4 and 15.5.5",),
)  # fmt: skip

REFERENCE = """
*API1:2023 · CWE-639, CWE-285*

**Finds** an object that a logged-in viewer receives who may see nothing of it at all, in this state of its owner.

**Limits**: the rule does not tell why. A missing check and a wrong check look the same from outside.

**Remedy**: look the object up together with its owner, and answer as if it did not exist.

**Example**: Bob, whom Pia has blocked, requests her settings and gets them.
"""


def matches(leak: Leak) -> bool:
    """Whether the contract grants this viewer no field of the object in this state."""
    return not leak.entitled and not leak.anonymous and not leak.owner


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, and the owner."""
    return f"{who(leak)} can read {things(leak)}{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "look the object up together with its owner, and answer as if it did not exist"
