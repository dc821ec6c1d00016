"""`account-enumeration`: an endpoint tells whether an address, number or name has an account.

It cannot know who feels the difference: a login may tell it on purpose, for its users' comfort.
Remedy: one answer for everybody, and what is personal by a message to the address itself.
"""

from oakum.rules import Rule
from oakum.scan.checks.leak import Leak, whose
from oakum.scan.stories import Incident, Story

RULE = Rule("account-enumeration", "API2:2023", ("CWE-204", "CWE-203"), "medium")

STORY = Story(
    "An address, a number or a name goes in, and the answer tells whether it is somebody's.",
    "Lists of addresses and numbers become lists of customers: for fraud, for blackmail where"
    " the"
    " membership itself is a secret, for the next step of an attack.",
    Incident(
        "Twitter", "2021-2022",
        "the first step of the login answered an address or a number with the id of its"
        " account,"
        " although its owner had said that nobody may find them so; 5.4 million were collected",
    ),
    (
        "answer alike whether or not there is such an account: status, body, headers and"
        " length",
        "do the slow part in both cases, or later, so that time tells nothing",
        "send what only its holder may know to the address itself",
        "count calls by caller and by network; that slows a harvest down and does not end it",
    ),
    "cannot",
    "statuses and declared bodies pass. `limits:` of calls, by caller and by address, slow a"
    " harvest down.",
    ("OWASP Authentication Cheat Sheet, error messages",),
)  # fmt: skip

REFERENCE = """
*API2:2023 · CWE-204, CWE-203*

**Finds** account enumeration: a request that names somebody (a login, its first step, a forgotten password, a look-up by address or number)
gets another response if that address, number or name has an account, although the contract does not show it to the caller.

The scan requests identities and made-up values of the same look, host and prefix, in the order unknown, known, known, unknown and then the
other way round. It compares status, names and values of headers and cookies, every place of the body, and length. What the request contained
and what changes by itself does not count. By default it uses only reads and logins, with a wrong password at most once per identity; with one
identity alone the finding is *suspected*.

`--allow-writes` adds requests that send mail, and registrations. The scan registers names of accounts that the run itself made, one name at
a time, and never an identity's, because an API may overwrite the account. The first registration that is not refused is the last, and its
account is removed or named. It tries a free name only if the API is seen to refuse a registration without a password. If the run cannot make
an account and remove it again, *Writes* lists the registration as untried.

**Cannot know** whether the response time reveals it; times are not compared. It recognises operations by their words, and people by what
their owners see of themselves.

**Remedy**: one response for everybody. Send personal information to the address itself.

**Example**: `POST /login/start` answers `{"next": "password"}` to Ann's address and `{"next": "sign_up"}` to any other.
"""


def matches(leak: Leak) -> bool:
    """Leaks found by comparing responses about existing and non-existing accounts."""
    return leak.only("oracle")


def title(leak: Leak) -> str:
    """One sentence: who can find out what of whom, and by what."""
    return f"`{leak.viewer}` can find out whether {whose(leak)} is somebody's: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "answer alike whether or not there is such an account: status, body, headers, length and"
        " time; what only its holder may know goes to the address itself"
    )
