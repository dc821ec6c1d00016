"""`account-enumeration`: an endpoint reveals whether an address, number or name has an account.

Limits: the difference may be intended; a login may show it for its users' convenience.
Remedy: the same response for everybody; personal data only in a message to the address itself.
"""

from oakum.exposure.leak_severity import Leak, whose
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("account-enumeration", "API2:2023", ("CWE-204", "CWE-203"), "medium")

STORY = Story(
    "The response reveals whether an address, a number or a name has an account.",
    "Attackers turn lists of addresses and numbers into lists of customers: for fraud, for blackmail if membership is a secret, or for the next step of an attack.",
    Incident(
        "Twitter", "2021-2022",
        "the first step of the login returned the account id for an email address or a telephone number, even if the owner had turned that off; 5.4 million accounts were collected",
    ),
    (
        "send the same response whether or not the account exists: status, body, headers and length",
        "do the slow work in both cases, or later, so that response time reveals nothing",
        "send information for the account holder only to the address itself",
        "limit calls by caller and by network; that slows enumeration down but does not prevent it",
    ),
    "cannot",
    "statuses and declared bodies pass. `limits:` on calls, by caller and by address, slow the enumeration down.",
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
account is removed or named. It tries a free name without a password, if the API is seen to refuse that; otherwise with one, which makes one
more account of its own, if the contract hides the name from every account without a further relation. If the run cannot make an account and
remove it again, *Writes* lists the registration as untried.

**Limits**: response times are not compared. The rule recognises operations by their words, and people by what they see of themselves.

**Remedy**: one response for everybody. Send personal information to the address itself.

**Example**: `POST /login/start` answers `{"next": "password"}` to Ann's address and `{"next": "sign_up"}` to any other.
"""


def matches(leak: Leak) -> bool:
    """Whether responses differ between existing and non-existing accounts."""
    return leak.only("oracle")


def title(leak: Leak) -> str:
    """One sentence: who can find out that an account exists, and by which difference."""
    return f"`{leak.viewer}` can find out whether {whose(leak)} belongs to an account: {leak.says}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "send the same response whether or not the account exists: status, body, headers, length and time; send information for its holder only to the address itself"
