"""`authenticated-not-authorized`: the endpoint checks the login but not the object's owner.

Anonymous callers are refused, but any account receives the field: a typical incomplete fix.
Limits: it does not tell whether the endpoint was open before.
Remedy: compare the caller with the owner of each object.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("authenticated-not-authorized", "API1:2023", ("CWE-862", "CWE-639"))

STORY = Story(
    "The endpoint checks who the caller is, but not whether the object is theirs.",
    "Anybody can create an account. The leak looks fixed, because the test without a login now fails.",
    Incident(
        "Peloton, after its first fix", "February 2021",
        "the data was then available to all authenticated users, until a journalist asked about it months later",
    ),
    (
        "compare the caller with the owner of every object that is returned, after the login",
        "do it where objects are loaded, so that lists, exports and batches are covered too",
        "test with two accounts, not only with one account and no login",
    ),
    "removes",
    "{field} from responses to {viewer}; a response with nothing left to see is refused.",
)  # fmt: skip

REFERENCE = """
*API1:2023 · CWE-862, CWE-639*

**Finds** a field that any account holder receives, while the same endpoint gave it to nobody without a login. This is typical of a fix that
only adds a login.

**Limits**: the rule does not tell whether the endpoint was ever open. It needs a request to the endpoint without credentials; otherwise
another rule names the finding.

**Remedy**: compare the caller with the owner of every object that is returned, after the login check.

**Example**: `GET /members/4711/workouts` answers 401 without a login, and everything to any logged-in user.
"""


def matches(leak: Leak) -> bool:
    """Whether a logged-in stranger reads what anonymous callers are refused."""
    return leak.stranger and leak.anonymous_closed


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, and the owner."""
    return f"{who(leak)} can read {describe_extent(leak)}{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "check the caller against the owner of every object returned, after the login check"
