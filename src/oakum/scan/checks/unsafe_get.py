"""`unsafe-get`: a GET without a login creates or deletes data, by its own words.

It cannot know whether it really does, for it is never called: *suspected* at most.
Remedy: take it out of what is deployed, or ask for a login, a role and a method that is not safe.
"""

from oakum.rules import Rule
from oakum.scan.checks.leak import Leak
from oakum.scan.stories import Incident, Story

RULE = Rule("unsafe-get", "API5:2023", ("CWE-650", "CWE-306"), "high")

STORY = Story(
    "A reading call that asks for no login says that it makes data anew or destroys it.",
    "A crawler, a preview of a link or a curious visitor is enough to set it off.",
    Incident(
        "Nissan LEAF", "2016",
        "a GET with the number of a car switched its climate control, without a login",
    ),
    (
        "leave it out of what is deployed",
        "else ask for a login, a role, and a method that is not safe",
        "let tools for development refuse to start outside of it",
    ),
    "refuses",
    "the call for everybody to whom `call:` of the operation does not give it; `call: []` gives"
    " it to nobody.",
    ("RFC 9110, 9.2.1",),
)  # fmt: skip

REFERENCE = """
*API5:2023 · CWE-650, CWE-306*

**Finds** GET endpoints without a login and without an id whose description says that they create anew, reset or destroy something. The scan
never calls them, so the finding is at most *suspected*.

**Cannot know** whether the call still does what the document says.

**Remedy**: do not deploy it; else require a login, a role, and `POST`.

**Example**: `GET /createdb`, "creates and populates the database".
"""


def matches(leak: Leak) -> bool:
    """Found in the document alone."""
    return leak.only("wipe")


def title(leak: Leak) -> str:
    """One sentence: what anybody may do."""
    return f"anybody can change everybody's data with a read: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "leave it out of production; else ask for a role, and for POST (RFC 9110, 9.2.1)"
