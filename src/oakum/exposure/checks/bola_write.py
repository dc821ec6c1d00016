"""`bola-write`: a caller changes another user's object.

Limits: it does not tell whether the check of the object or that of the role is missing; both look
alike from outside.
Remedy: decide by the caller's relation to the object, before anything is written.
"""

from oakum.exposure.leak_severity import Leak
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("bola-write", "API1:2023", ("CWE-639", "CWE-862"))

STORY = Story(
    "A caller changes an object that they may not change, and its owner sees the change.",
    "Whoever can write to another account can lock its owner out, take it over, or plant data that other systems trust.",
    Incident(
        "Kia", "2024",
        "anybody who registered as a dealer could read owners' data and reassign a car with only its VIN",
    ),
    (
        "load the object in the query that names its owner: `where id = ? and owner = ?`",
        "ask for the role at each function of the staff, not at the page that links to it",
        "answer as if the object did not exist, so that refusals do not reveal which objects exist",
    ),
    "refuses",
    "the request, with 404 or 403: `set` and `call` say who may write, and the guard looks up the owner first. If the owner changes in between, the write passes.",
    ("RFC 9110, 15.5.4 and 15.5.5",),
)  # fmt: skip

ADDED = "added"
"""The value of `Leak.says` if something was created below another user's object."""
GIVEN = "given"
"""The value of `Leak.says` if something was created in another user's name."""
REMOVED = "removed"
"""The value of `Leak.says` if another user's object or account was deleted."""

REFERENCE = """
*API1:2023 · CWE-639, CWE-862*

**Finds** writes to an identity's object by somebody who may not write it: a stranger at a member's endpoint, or a member at a staff
endpoint. Needs `--allow-writes`.

- Only the owner's own view afterwards counts, whatever the answer says. A deletion is repeated with a second object, which has to
  stay while it is only read.
- An object is also created in the name of another identity (`{"account_id": …}`), if both could create and remove one of their own.
- It also finds that an account of the run removes another account of the run, if no `call:` lets any caller remove accounts.
- A write of many objects by their keys (`PATCH /notes` with a list) is tried with one object. If the list may replace what is there,
  *Writes* in the report names it as untried.
- A nested object (`DELETE /notes/{id}/comments/{cid}`) is tried below a parent that the caller is shown, or owns. Below an own parent it
  is an object of the run's own, if a read shows that its key names nothing else. What was refused only because of its parent is
  named as untried too.
- What a request makes below another's object (`POST /rooms/{id}/messages`) is tried as those whom `call:` does not let in, if the owner
  can make one there and remove it. If the owner is shown nothing new (a draft), what its writer is shown counts if it names the
  owner's object; if only the answer to the write has it, it is suspected. Without `call:`, those who may see nothing of the object are named as untried. So is an object
  that the body names (`{"room_id": 40}`) and no `params:` of the operation explains.
- If the API answers to the owner's own write as to a stranger's, without effect, that is named as untried too: a lock that nobody has
  set, a member that it requires and the document does not name, a change that it makes later. On an object that was there before,
  the owner's write is not sent for this; there, a refusal of the content (400, 409, 422) is named.

**Limits**: the rule does not tell which check is missing, that of the object or that of the role.

**Remedy**: load the object together with the caller's right to change it, and refuse otherwise.

**Example**: any pupil may `PATCH /pupils/{id}/marks`.
"""


def matches(leak: Leak) -> bool:
    """Whether somebody other than the owner sent the write and the owner saw its effect."""
    return leak.only("bola-write")


def title(leak: Leak) -> str:
    """One sentence: who can write which field of whom, or delete what."""
    if leak.says == REMOVED:
        what = f"account (`{leak.resource}`)" if leak.account else f"`{leak.resource}`"
        return f"`{leak.viewer}` can delete another user's {what}"
    if leak.says == GIVEN:
        return f"`{leak.viewer}` can create a `{leak.resource}` in another user's name"
    if leak.says == ADDED:
        return f"`{leak.viewer}` can add to another user's `{leak.resource}`"
    return f"`{leak.viewer}` can write another user's `{leak.resource}.{leak.field}`"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "load the object together with the caller's right to change it, and refuse otherwise"
