"""Explanations of each rule: why it matters, where it happened, how to fix it.

What is told of incidents is of published sources: the first report, a regulator, a post-mortem.
Where sources disagree, only what they share is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oakum.rules import OWASP, Rule

Does = Literal["removes", "refuses", "partly", "cannot"]
"""What the guard does about a rule's findings: `removes` fields from answers, `refuses` requests,
helps `partly`, or `cannot` help."""


@dataclass(frozen=True)
class Incident:
    """One published leak of the same kind."""

    name: str
    when: str
    what: str


@dataclass(frozen=True)
class Story:
    """All that is told of a rule, apart from any finding."""

    what: str
    why: str
    incident: Incident | None
    fix: tuple[str, ...]
    """Steps in the API; the first says in general what a finding's advice says of it."""
    does: Does
    guard: str
    """What the guard does, in words."""
    reading: tuple[str, ...] = ()
    """Standards and papers beside CWE and OWASP."""


STORIES: Mapping[str, Story] = {
    "bola-write": Story(
        "Somebody changes an object that is not theirs to change, and its owner sees the change.",
        "Who can write to another's account can lock its owner out, take it over, or plant data"
        " that"
        " other systems believe.",
        Incident(
            "Kia", "2024",
            "whoever registered as a dealer got the data of owners, and could change who owns a"
            " car,"
            " by the number of the car alone",
        ),
        (
            "load the object in the query that names its owner: `where id = ? and owner = ?`",
            "ask for the role at each function of the staff, not at the page that links to it",
            "answer as if the object did not exist, so that refusals tell nobody what there is",
        ),
        "refuses",
        "the request, with 404 or 403: `set` and `call` say who may write, and whose object it is"
        " is"
        " looked up before. An object that changes hands in between is written to.",
        ("RFC 9110, 15.5.4 and 15.5.5",),
    ),
    "mass-assignment": Story(
        "A request sets members of the caller's own object that only the server is to set.",
        "A profile sent with `roles`, `plan` or `verified` makes an administrator of anybody.",
        Incident(
            "FIA portal for drivers", "2025",
            "the request that saves one's profile took `roles`; as an administrator one read"
            " password"
            " hashes and passports of some 7,000 drivers",
        ),
        (
            "bind each request to a schema of its own that has what may be written, and nothing"
            " else",
            "refuse other members, or drop them; `additionalProperties: false` says it to clients",
            "give roles, plans and marks of trust functions of their own",
        ),
        "refuses",
        "the request, with 422, or takes the member out of it (`unknown: remove`), for every member"
        " that no `set` of the contract gives to this caller.",
        ("OWASP Mass Assignment Cheat Sheet",),
    ),
    "weak-jwt-secret": Story(
        "Tokens are signed with a word that everybody tries first.",
        "Who knows the key writes a token for any account and any role, without asking anybody, and"
        " no log tells it from a real one.",
        Incident(
            "Apache Superset", "2023",
            "installations that had kept the key of the documentation took session cookies that"
            " anybody could sign, also as an administrator (CVE-2023-27524)",
        ),
        (
            "sign with 32 random bytes or more out of a store of secrets, or with a key pair",
            "end all tokens given so far: those that were forged look like the others",
            "let the server not start with a key that is empty, short or of the documentation",
        ),
        "cannot",
        "it verifies signatures with the same key, and a guessed key makes right ones.",
        ("RFC 7518, 3.2", "RFC 8725, 3.5"),
    ),
    "no-login-rate-limit": Story(
        "A secret can be guessed at the login again and again, and nothing slows it down.",
        "Passwords of other leaks are tried on every account by machines, and a code of four or six"
        " digits falls in minutes.",
        Incident(
            "Freedom Chat", "2025",
            "nothing limited how many telephone numbers could be tried at its check of numbers",
        ),
        (
            "after a few wrong secrets answer 429 with `Retry-After`, by account and by address",
            "let a code die after a few tries, and not only after a time",
            "refuse passwords that are known from leaks; offer a second factor",
        ),
        "partly",
        "`limits:` of calls answer 429 by address. It does not know which account a login is for,"
        " so guesses from many addresses pass.",
        ("RFC 6585, 4", "NIST SP 800-63B, 5.2.2"),
    ),
    "unsafe-get": Story(
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
    ),
    "broken-function-level-authorization": Story(
        "An endpoint carries out what only others may have carried out.",
        "The page that leads to it is hidden from those callers, and the endpoint is not.",
        Incident(
            "Subaru STARLINK", "2024",
            "a call made for the staff's panel did not look who sent it, and opened an account that"
            " could look up where any car had been for a year",
        ),
        (
            "look at the caller's role in one place before any handler runs; refuse by default",
            "list in the document who may call each operation, and test it as one who may not",
        ),
        "refuses",
        "the call for everybody to whom `call:` of the operation does not give it.",
        ("RFC 9110, 15.5.2 and 15.5.4",),
    ),
    "cross-user-cache": Story(
        "A cache hands one caller the answer that was made for another.",
        "Nobody has to attack: every reader is shown the account of whoever asked before.",
        Incident(
            "Klarna", "2021",
            "for 31 minutes users of the app saw accounts of strangers, since a cache kept personal"
            " answers",
        ),
        (
            "send `Cache-Control: private, no-store` with every personal answer",
            "let the cache's key hold what tells callers apart: `Authorization`, the session"
            " cookie",
            "let no rule of a cache go by the end of a path (`.css`, `.js`) alone",
        ),
        "partly",
        "it judges what comes out of a cache behind it like any answer: an object that names its"
        " owner is cut down for everybody else. A bare answer about `me` it cannot tell from the"
        " right one. In front of it no cache keeps a personal answer: they go out as `no-store`.",
        ("RFC 9111, 3.5, 5.2.2.5 and 5.2.2.7",),
    ),
    "cacheable-personal-data": Story(
        "An answer made for one caller tells caches that many share to keep it for everybody.",
        "It does no harm until somebody puts such a cache in front: then the next reader is handed"
        " what was made for the one before.",
        Incident(
            "Steam", "2015",
            "a cache set up in a hurry handed account pages of strangers, with addresses and parts"
            " of card numbers, to 34,000 users within 90 minutes",
        ),
        (
            "send `Cache-Control: private, no-store` with every personal answer",
            "let `Vary` name what tells callers apart, where an answer has to be kept",
            "give each text an `ETag` of its own: no two readers' answers share one",
        ),
        "partly",
        "the invitation goes: answers that show anything of somebody go out as `no-store`, whatever"
        " the API says.",
        ("RFC 9111, 3.5 and 4.1", "RFC 9110, 8.8.3 and 12.5.5"),
    ),
    "revocation-not-enforced": Story(
        "The right to see has ended, and a link, a cursor or a copy from before still opens.",
        "Who unfollows, blocks or goes private believes that it is over.",
        Incident(
            "Jack'd", "2018-2019",
            "private photos could be fetched by their address, without a login; it was left open"
            " for"
            " a year after it was reported",
        ),
        (
            "decide at each reading, not when a link or a cursor is made",
            "bind links to the right that they were made under, and let them die with it",
            "end sessions, subscriptions, indexes and copies when the right ends",
        ),
        "partly",
        "it asks anew who may see what with each request, so that fields go when a relation or a"
        " setting has changed, at most `ttl` later. A link to a store that is not behind it is out"
        " of its reach.",
        ("RFC 7009",),
    ),
    "feed-exposure": Story(
        "A live feed carries a field that no other endpoint shows to this listener.",
        "What is pushed is filtered once, when somebody is let in, or for nobody; it goes on for as"
        " long as they listen.",
        Incident(
            "Freedom Chat", "2025",
            "every member sat in one channel, and its answers held the PINs of all others",
        ),
        (
            "make every frame for its receiver, at the moment in which it is sent",
            "ask again who they are and what they may see when a relation or a setting changes",
            "send ids and let clients ask, where a frame cannot be made for each",
        ),
        "partly",
        "on nginx it cuts server-sent events and lines of JSON down one by one, for each listener."
        " On Envoy and in the middleware it refuses feeds. A WebSocket goes by unread, or not at"
        " all.",
        ("RFC 6455, 10", "WHATWG HTML, server-sent events"),
    ),
    "shadow-endpoint": Story(
        "An endpoint that no document has shows what the documented ones keep.",
        "A fix is made where people look. An old version, an old address or a page for phones runs"
        " on without it, and who wants the data tries those first.",
        Incident(
            "Optus", "2022",
            "a check that had been broken in 2018 was fixed at the main address in 2021, and not"
            " at a second one that nobody used any more: 9.5 million customers",
        ),
        (
            "take down what nobody needs: the address, the version, the route",
            "let all that answer make their answers by the same code, with the same checks",
            "keep a list of addresses and versions that answer, and run scans against each",
        ),
        "refuses",
        "it lets through what the document has, and nothing else: other paths and versions are not"
        " there for it. An address that does not lead through it is out of its reach.",
        ("RFC 8594",),
    ),
    "graphql-exposure": Story(
        "In GraphQL another path leads to an object than the one that is guarded.",
        "A schema has more ways to an object than anybody counts, and each new field adds some.",
        Incident(
            "GitLab", "2022",
            "the query `users` told the accounts of private installations to callers without a"
            " login (CVE-2021-4191)",
        ),
        (
            "decide in the resolvers of the type, or where its objects are loaded",
            "include nested lists, `node(id:)`, interfaces and unions",
            "test the object at every path that the schema has to it",
        ),
        "removes",
        "{field} from what {viewer} is sent, at every path of a query, by type.",
        ("GraphQL, Best practices: authorization",),
    ),
    "inference-leak": Story(
        "A hidden field never appears in an answer, and steers its order, its count or its filter.",
        "Asked often enough, a filter gives a value away whole, and an order to within its"
        " neighbours.",
        Incident(
            "Hornet", "2024",
            "with the display of distances switched off, the position of users could still be"
            " worked"
            " out",
        ),
        (
            "let nobody sort, filter or count by a field that they may not see of every object",
            "leave objects with a hidden value out of a filter by it, and out of its count",
            "to round a value is no remedy: asked from several places, it is exact again",
        ),
        "cannot",
        "it cuts answers down, and cannot see how they came to be. Only a parameter that the"
        " document"
        " does not declare is taken out of the query.",
        ("Goguen and Meseguer, Security Policies and Security Models (1982)",),
    ),
    "enumerable-ids": Story(
        "A key is all that keeps strangers out, and whoever has seen a few keys knows the others.",
        "A program tries all keys in days and takes what stands behind them, though no single"
        " answer says too much.",
        Incident(
            "Dell", "2024",
            "partners, as which anybody could register, looked up orders by a tag of seven"
            " characters, and nothing stopped who tried tags for weeks; 49 million records were"
            " taken",
        ),
        (
            "draw keys at random, of 128 bits, and show them only to whoever is to use them",
            "where keys have to be short, ask who is calling, or for something else that only the"
            " holder knows",
            "answer 429 with `Retry-After` to who tries many, by account and by address",
        ),
        "partly",
        "`limits:` of calls answer 429, and a limit of different owners ends a walk. Keys stay what"
        " they are.",
        ("RFC 9562, 8", "RFC 6585, 4"),
    ),
    "account-enumeration": Story(
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
    ),
    "pre-login-disclosure": Story(
        "Whoever names a person, in a login or a registration, is told something of them.",
        "It takes no account and no password: only a name, a number or an address.",
        Incident(
            "Life360", "2024",
            "the answer of the login held first name and telephone number of whoever had the"
            " address,"
            " before anybody was logged in; 442,519 people",
        ),
        (
            "make these answers of constants: nothing that comes from the account stands in them",
            "let errors name the member of the request that is wrong, and no value",
            "masks help little: `a***@example.com` with the length of the original tells a lot",
        ),
        "partly",
        "an error that the document does not describe gets the guard's own body, and a member that"
        " no schema declares is taken out. What the schema of the answer itself declares, outside"
        " of"
        " any resource, passes.",
        ("RFC 9457, 5",),
    ),
    "missing-authentication": Story(
        "The endpoint asks nobody to log in, and shows what the contract shows to nobody without.",
        "Anybody on the network can read it, and nobody will know who did.",
        Incident(
            "Peloton, as it was found", "January 2021",
            "unauthenticated requests told the location, gender, age and workouts of members, those"
            " with a private profile included",
        ),
        (
            "refuse callers without credentials before anything is loaded, by default, for all"
            " routes",
            "then compare the caller with the owner of every object: a login alone only moves the"
            " leak to every account holder",
            "a key that is the same for everybody, in an app or a script, is no credential",
        ),
        "removes",
        "{field} from what {viewer} is sent; an answer without anything to see is refused.",
        ("RFC 9110, 15.5.2",),
    ),
    "privacy-setting-not-enforced": Story(
        "Its owner has hidden the field with a setting, and the API sends it all the same.",
        "The setting is a promise. Who hides something has a reason to, and acts as if it were"
        " hidden.",
        Incident(
            "Peloton", "2021",
            "the researchers set their own profile to private, and could still read its data; the"
            " setting took effect in the app and not in the API",
        ),
        (
            "apply the setting in the query or the serializer that all endpoints share",
            "read a missing setting as closed",
            "send no flag beside the data that it should hide: hiding in the front end hides"
            " nothing",
        ),
        "removes",
        "{field} from what {viewer} is sent, by what the owner has set; it looks the setting up,"
        " and"
        " what it cannot learn is closed.",
        ("GDPR, Article 25",),
    ),
    "authenticated-not-authorized": Story(
        "The endpoint asks who somebody is, and then not whose object it is.",
        "Anybody can make an account. It looks repaired, since the test without a login fails now.",
        Incident(
            "Peloton, after its first fix", "February 2021",
            "the data was now available to all authenticated users, and stayed so until, months"
            " later, a journalist asked",
        ),
        (
            "compare the caller with the owner of every object that is returned, after the login",
            "do it where objects are loaded, so that lists, exports and batches cannot forget it",
            "test with two accounts, not with one and none",
        ),
        "removes",
        "{field} from what {viewer} is sent; an answer without anything to see is refused.",
    ),
    "broken-object-level-authorization": Story(
        "A whole object comes to somebody who may see nothing of it.",
        "An id is all it takes, and ids are handed out in lists, links and logs, or can be counted"
        " up.",
        Incident(
            "McHire", "2025",
            "records of applicants could be read by a `lead_id` that counts up: 64 million"
            " applications",
        ),
        (
            "look the object up together with its owner, and answer as if it did not exist",
            "decide by the relation of the caller to the owner, blocks included",
            "ids that cannot be guessed are no permission",
        ),
        "removes",
        "{field} from what {viewer} is sent; nothing is left of the object, and what is concealed"
        " is"
        " answered as if it did not exist.",
        ("RFC 9110, 15.5.4 and 15.5.5",),
    ),
    "excessive-data-exposure": Story(
        "The object may be seen by this viewer, and this field of it may not.",
        "The page shows four fields and the answer has forty: whoever looks at the network reads"
        " all"
        " of them.",
        Incident(
            "Spoutible", "2024",
            "the profile box of any user held a password hash, the seed of the second factor and a"
            " reset token; 207,000 were collected",
        ),
        (
            "list the fields that each kind of reader gets, and send no others",
            "never serialise the stored row: a column that is added later goes out by itself",
            "use one list for all endpoints: detail, list, search, export, `include`",
        ),
        "removes",
        "{field} from what {viewer} is sent, byte for byte out of the original.",
        ("GDPR, Article 5(1)(c)",),
    ),
    "over-block": Story(
        "The contract grants a field that its owner gets at this endpoint, and this viewer does"
        " not.",
        "A fix that blocks everybody is no fix: it will be taken back.",
        None,
        (
            "serve the field to this viewer",
            "or take the grant out of the contract, if it is the contract that errs",
        ),
        "cannot",
        "it only takes away.",
    ),
}  # fmt: skip
"""One for each rule of `CHECKS`, and for `over-block`."""


DOES = {
    "removes": "it removes",
    "refuses": "it refuses",
    "partly": "it helps in part:",
    "cannot": "it cannot help:",
}
"""How a sentence about what the guard does begins; `guarding` goes on."""


def guarding(rule: str, field: str = "the field", viewer: str = "this viewer") -> str:
    """What the guard does about a rule's findings, in words."""
    return STORIES[rule].guard.replace("{field}", field).replace("{viewer}", viewer)


def references(rule: Rule) -> list[tuple[str, str]]:
    """(id with its title, address) of the classes that a rule is filed under."""
    found: list[tuple[str, str]] = []
    if rule.owasp:
        found.append((OWASP[rule.owasp].name, OWASP[rule.owasp].url))
    for name in rule.cwe:
        number = name.removeprefix("CWE-")
        found.append((f"{name} {_CWE.get(name, '')}".rstrip(), f"{_CWE_AT}{number}.html"))
    return found


_CWE_AT = "https://cwe.mitre.org/data/definitions/"
_CWE = {
    "CWE-200": "Exposure of Sensitive Information to an Unauthorized Actor",
    "CWE-201": "Insertion of Sensitive Information Into Sent Data",
    "CWE-203": "Observable Discrepancy",
    "CWE-204": "Observable Response Discrepancy",
    "CWE-209": "Generation of Error Message Containing Sensitive Information",
    "CWE-213": "Exposure of Sensitive Information Due to Incompatible Policies",
    "CWE-285": "Improper Authorization",
    "CWE-306": "Missing Authentication for Critical Function",
    "CWE-307": "Improper Restriction of Excessive Authentication Attempts",
    "CWE-340": "Generation of Predictable Numbers or Identifiers",
    "CWE-359": "Exposure of Private Personal Information to an Unauthorized Actor",
    "CWE-347": "Improper Verification of Cryptographic Signature",
    "CWE-521": "Weak Password Requirements",
    "CWE-424": "Improper Protection of Alternate Path",
    "CWE-524": "Use of Cache Containing Sensitive Information",
    "CWE-525": "Use of Web Browser Cache Containing Sensitive Information",
    "CWE-613": "Insufficient Session Expiration",
    "CWE-639": "Authorization Bypass Through User-Controlled Key",
    "CWE-650": "Trusting HTTP Permission Methods on the Server Side",
    "CWE-672": "Operation on a Resource after Expiration or Release",
    "CWE-770": "Allocation of Resources Without Limits or Throttling",
    "CWE-799": "Improper Control of Interaction Frequency",
    "CWE-862": "Missing Authorization",
    "CWE-863": "Incorrect Authorization",
    "CWE-1059": "Insufficient Technical Documentation",
    "CWE-915": "Improperly Controlled Modification of Dynamically-Determined Object Attributes",
}
