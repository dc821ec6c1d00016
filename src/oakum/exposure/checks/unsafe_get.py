"""`unsafe-get`: a GET without a login creates or deletes data, according to the document.

Limits: the endpoint is never called, so findings are *suspected* at most.
Remedy: do not deploy the operation, or require a login, a role and an unsafe method (RFC 9110,
9.2.1).
"""

from oakum.exposure.leak_severity import Leak
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("unsafe-get", "API5:2023", ("CWE-650", "CWE-306"), "high")

STORY = Story(
    "A GET endpoint without a login says that it recreates or destroys data.",
    "A crawler, a link preview or a curious visitor is enough to trigger it.",
    Incident(
        "Nissan LEAF", "2016",
        "a GET with a VIN switched the car's climate control, without a login",
    ),
    (
        "do not deploy it",
        "otherwise require a login, a role, and an unsafe method",
        "make development tools refuse to start in production",
    ),
    "refuses",
    "calls from everybody whom the operation's `call:` does not list; `call: []` lists nobody.",
    ("RFC 9110, 9.2.1",),
)  # fmt: skip

REFERENCE = """
*API5:2023 · CWE-650, CWE-306*

**Finds** GET endpoints without a login and without an id whose description says that they create anew, reset or destroy something. The scan
never calls them, so the finding is at most *suspected*.

**Limits**: the endpoint may no longer do what the document says.

**Remedy**: do not deploy it; else require a login, a role, and `POST`.

**Example**: `GET /createdb`, "creates and populates the database".
"""


def matches(leak: Leak) -> bool:
    """Whether it was found in the document alone."""
    return leak.only("wipe")


def title(leak: Leak) -> str:
    """One sentence: what anybody may do."""
    return f"anybody can change everybody's data with a GET: {leak.says}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "do not deploy it; otherwise require a role and POST (RFC 9110, 9.2.1)"
