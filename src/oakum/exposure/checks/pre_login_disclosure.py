"""`pre-login-disclosure`: login or reset endpoints disclose data about the person named in the
request.

Limits: a front end may need the data, such as a first name for a greeting.
Remedy: disclose nothing about an account before the caller has proved to be its holder.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("pre-login-disclosure", "API2:2023", ("CWE-209", "CWE-201"))

STORY = Story(
    "A login or registration request that only names a person returns data about them.",
    "It needs no account and no password: only a name, a number or an address.",
    Incident(
        "Life360", "2024",
        "the login response contained the first name and telephone number of the address's owner before any login; 442,519 people",
    ),
    (
        "use constant responses here, without any account data",
        "let errors name the wrong member of the request, but no value",
        "masks help little: `a***@example.com` with the length of the original reveals a lot",
    ),
    "partly",
    "an undocumented error gets the guard's own body, and undeclared members are removed. Members that the response schema declares outside of any resource pass.",
    ("RFC 9457, 5",),
)  # fmt: skip

REFERENCE = """
*API2:2023 · CWE-209, CWE-201*

**Finds** a field of a person in a response to somebody who only named them: in the error of a login, in the refusal of a name that is taken,
in the confirmation of a letter. The scan sends the same requests as `account-enumeration`. An echo of the request does not count, and a short value
counts only if two people's own values were in the same place.

**Limits**: the contents of a mail or a text message that the request causes are not seen.

**Remedy**: keep everything of the account out of responses to callers who have not proved to be its holder.

**Example**: `POST /login` with a wrong password answers `401 {"first_name": "Ada", "phone": "+44…"}`.
"""


def matches(leak: Leak) -> bool:
    """Whether it was found in responses to requests that only name a person."""
    return leak.only("account-enumeration")


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, and the person."""
    return f"{who(leak)} can read {describe_extent(leak)} by only naming an account{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "keep all account data out of responses to a login, a forgotten password, a registration or an invitation, including error messages"
