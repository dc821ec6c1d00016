"""`missing-authentication`: a caller without a login reads data denied to everybody.

Limits: the document's `security` may be intended, but the contract alone decides.
Remedy: refuse callers without credentials at the endpoint, then decide by owner and setting.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("missing-authentication", "API2:2023", ("CWE-306", "CWE-200"))

STORY = Story(
    "The endpoint requires no login, and shows data that the contract shows only to logged-in users.",
    "Anybody on the network can read it, and nobody can tell who did.",
    Incident(
        "Peloton, as it was found", "January 2021",
        "unauthenticated requests returned the location, gender, age and workouts of members, even those with a private profile",
    ),
    (
        "refuse callers without credentials before anything is loaded, by default, for all"
        " routes",
        "then compare the caller with the owner of every object: a login alone only moves the"
        " leak to every account holder",
        "a key that is the same for everybody, in an app or a script, is not a credential",
    ),
    "removes",
    "{field} from responses to {viewer}; a response with nothing left to see is refused.",
    ("RFC 9110, 15.5.2",),
)  # fmt: skip

REFERENCE = """
*API2:2023 · CWE-306, CWE-200*

**Finds** a field that a caller without credentials receives, although the contract shows it to nobody who is not logged in.

**Limits**: the endpoint may be meant to be public. `security` in the document is no excuse: only the contract decides, and one line of it
makes a field public (`see: [anyone]`).

**Remedy**: refuse callers without credentials first, *then* decide by owner and setting. A login alone moves the leak to every account
holder.

**Example**: `GET /members/4711` without a cookie answers `{"id": "4711", "location": "Leeds"}`.
"""


def matches(leak: Leak) -> bool:
    """Whether the viewer is anonymous and the contract denies anonymous callers the field in every
    state."""
    return leak.anonymous and not leak.open_elsewhere


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, and the owner."""
    return f"Anyone can read {describe_extent(leak)} without logging in{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API, or in the contract if the contract is wrong."""
    return "require credentials at these endpoints, then check the object's owner: a login alone only moves the leak to every account holder"
