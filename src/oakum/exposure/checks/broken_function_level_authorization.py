"""`broken-function-level-authorization`: an operation runs for callers outside its `call`.

Limits: operations that write are not tested; only those that read are requested.
Remedy: check the caller's role in every handler, or in one place before all of them.
"""

from oakum.exposure.leak_severity import Leak
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("broken-function-level-authorization", "API5:2023", ("CWE-862", "CWE-285"), "high")

STORY = Story(
    "An endpoint performs an action for callers who may not use it.",
    "The user interface hides the action from these callers, but the endpoint does not refuse them.",
    Incident(
        "Subaru STARLINK", "2024",
        "an endpoint of the staff panel did not check its caller, and created an account that could look up where any car had been in the last year",
    ),
    (
        "check the caller's role in one place before any handler runs; refuse by default",
        "document who may call each operation, and test each as somebody who may not",
    ),
    "refuses",
    "calls from everybody whom the operation's `call:` does not list.",
    ("RFC 9110, 15.5.2 and 15.5.4",),
)  # fmt: skip

REFERENCE = """
*API5:2023 · CWE-862, CWE-285*

**Finds** read endpoints without an id that show no resource, and answer callers whom the contract's `call` excludes. *Proven* if they get
exactly the response of an allowed caller, *suspected* if it only looks similar, or if no identity is allowed.

**Limits**: endpoints that write and endpoints that take an id are not tested.

**Remedy**: check the role before the work is done, and refuse by default.

**Example**: `call: [staff]` for `GET /admin/sales`, which answers every member with the sales.
"""


def matches(leak: Leak) -> bool:
    """Whether the operation ran for a caller whom its `call` does not allow."""
    return leak.only("call")


def title(leak: Leak) -> str:
    """One sentence: who is let in."""
    return f"`{leak.viewer}` may not call this, and {leak.says}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "refuse with 401 or 403 before doing the work; or add the callers to `call`"
