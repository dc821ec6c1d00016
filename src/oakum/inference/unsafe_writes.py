"""Operations and members that write tests avoid: staff functions, money, life cycle.

A write test does damage exactly where the API accepts the write. So operations are excluded by
their words in advance, and in doubt nothing is sent: that costs a cell, which is reported as
untested, while the opposite mistake could suspend an account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from oakum.inference.lexicon import FieldClass, classify_field, singular, word_set, words
from oakum.inference.side_effects import acts
from oakum.openapi.model import Json, Operation, Shape
from oakum.policy.model import OperationRule, Relation

_STAFF = word_set(
    "admin administration administrative administrator backoffice compliance internal moderation "
    "moderator operator root staff sudo superadmin superuser sysadmin"
)
_MONEY = word_set(
    "billing charge checkout payment payout payroll purchase refund withdrawal topup payable"
)
_DEEDS = word_set(
    "approve ban blacklist demote deplatform escalate impersonate moderate promote quarantine "
    "reinstate reject sanction shadowban suspend unban unlock unsuspend whitelist"
)
_NOBODYS = "admin|administrator|moderator|operator|staff|superuser|super-?admin|back ?office"
_SAID = re.compile(rf"\b(?:{_NOBODYS})s?\b", re.I)
_KEPT_FOR = re.compile(
    rf"\b(?:only|requires?|must|need|needs|restricted|reserved|role|privileges?|permissions?)\b"
    rf"[^.]*\b(?:{_NOBODYS})s?\b|\b(?:{_NOBODYS})s?\b[^.]*"
    r"\b(?:only|required|role|privileges?|permissions?)\b",
    re.I,
)
_ROLES = word_set("role roles permission permissions scope scopes authority authorities access")

_ENDS = word_set(
    "ban banned cancelled canceled deactivated deactivation deleted deletion destroyed frozen "
    "invalidated lockout locked purge purged removed retired revoked suspended suspension "
    "terminated termination trashed voided"
)
"""Words that indicate the end of an object anywhere in a name: `suspended_until`."""
_ENDS_ITSELF = word_set(
    "activated activation active archive archived blocked closed disabled enabled expired "
    "expiration expires expiry inactive lock void"
)
"""Words that do so only if the name has no other subject: `is_active`, but not
`newsletter_enabled`."""
_OF_ITSELF = word_set(
    "account at by customer date flag for has is login member on profile reason since time until "
    "user was when"
)
_LETS_IN = word_set("factor fa login mfa otp totp")
_STANDS = word_set("lifecycle standing state status")
_RAISES = word_set("approved confirmed verified validated")
_OVER = word_set(
    "abandoned archived banned blocked cancelled canceled closed completed deactivated declined "
    "deleted disabled expired failed finished frozen inactive locked refunded rejected removed "
    "revoked sent shipped stopped suspended terminated void voided withdrawn"
)


def staff_matter(
    operation: Operation,
    rule: OperationRule,
    relations: Mapping[str, Relation],
    *,
    named: bool = False,
) -> str:
    """The reason why an operation is for staff or moves money, so that no test calls it; empty:
    neither.

    `named`: the contract names it for the test, so verbs do not count against it.
    """
    return next(_reasons(operation, rule, relations, named=named), "")


def _reasons(
    operation: Operation,
    rule: OperationRule,
    relations: Mapping[str, Relation],
    *,
    named: bool,
) -> Iterator[str]:
    path = re.sub(r"\{[^}]*\}", "/", operation.path)
    for place, text in (
        ("path", path),
        ("operationId", "" if " " in operation.id else operation.id),
        *(("tags", tag) for tag in operation.tags),
        *(("security", scope) for scope in sorted(operation.scopes)),
        *(("document", text) for text in _extensions(operation.extensions)),
    ):
        said = [singular(word) for word in words(text)]
        for kind, known in (("a staff matter", _STAFF), ("a matter of money", _MONEY)):
            if word := next((each for each in said if each in known), ""):
                yield f"`{word}` in the {place} says that it is {kind}"
        if named or place not in ("path", "operationId"):
            continue
        heads = [words(each)[:1] for each in text.replace(":", "/").split("/")]
        if word := next((each[0] for each in heads if each and each[0] in _DEEDS), ""):
            yield f"`{word}` in the {place} says that it is a staff matter"
    first = words(operation.summary)[:1]
    if not named and first and first[0].rstrip("s") in _DEEDS:
        yield f"`{first[0]}` in the summary says that it is a staff matter"
    if said_so := _SAID.search(operation.summary) or _KEPT_FOR.search(operation.description):
        yield f"`{said_so[0][:60]}` in its description says that it is a staff matter"
    if rule.call and all(_is_staff(relations[name]) for name in rule.call if name in relations):
        yield f"the contract lets only {', '.join(f'`{name}`' for name in rule.call)} call it"


def kept_for_staff(operation: Operation) -> bool:
    """Whether its words say that only staff may call it: "administrators only"."""
    return any(map(_KEPT_FOR.search, (operation.summary, operation.description)))


def _extensions(said: Mapping[str, Json]) -> Iterator[str]:
    """Roles and permissions in extensions of the document: `x-required-roles`."""
    for name, value in said.items():
        if not _ROLES.isdisjoint(words(name)):
            values = value if isinstance(value, list) else [value]
            yield from (each for each in values if isinstance(each, str))


def _is_staff(relation: Relation) -> bool:
    """Whether a relation depends on a claim that names a staff role."""
    if relation.kind != "claim":
        return False
    said = {singular(word) for text in (relation.name, str(relation.has)) for word in words(text)}
    return not said.isdisjoint(_STAFF | {"support", "employee", "agent", "manager", "owner"})


_ASKS_FOR_CHANGE = word_set(
    "acknowledge activate apply approve cancel clear commit confirm create delete disable enable "
    "force generate import increment mark notify overwrite persist publish purge rebuild refresh "
    "regenerate reindex remove reset save send set start stop store sync touch trigger update "
    "upsert write"
)


_NAMES_TOO = word_set("commit publish set start stop store sync touch update write")
_OF_A_NAME = word_set(
    "after at before by cursor date day from hash id ids index key month name number offset page "
    "position range sha since time timestamp to until year"
)
"""Words beside which such a word is part of a noun: `start_date`, `store_id`, `update_time`."""
_WHEN_SAID = re.compile(
    r"\s*(?:whether|if|when(?:ever)?|set(?:ting)?\s+(?:this\s+)?to|specif(?:y|ies)|causes?|forces?)\b",
    re.I,
)


def asks_for_change(
    parameter: str, description: str = "", kinds: frozenset[str] = frozenset()
) -> bool:
    """Whether the name or description of a query parameter of a read says that it causes a change:
    `update_content`, `markAsRead`, "Whether to mark them as read". Participles ask what was
    changed."""
    said = frozenset(words(parameter))
    verbs = said & _ASKS_FOR_CHANGE
    noun = verbs <= _NAMES_TOO and said <= verbs | _OF_A_NAME and "boolean" not in kinds
    if verbs and not (noun and (said != verbs or verbs == {"start"})):
        return True
    first = words(description)[:1]
    heard = _ASKS_FOR_CHANGE - _NAMES_TOO - {"apply", "force"} | {"update"}
    spoken = words(description.split(".")[0]) if _WHEN_SAID.match(description) else first
    return any(not heard.isdisjoint((e, e.removesuffix("s"), e.removesuffix("es"))) for e in spoken)


def more_than_sets(operation: Operation) -> str:
    """The reason why an operation does more than set members; empty: nothing indicates it.

    `POST /orders/{id}/cancel` with a member in it cancels all the same.
    """
    return acts(operation)


def life_cycle(path: str, shape: Shape | None = None) -> bool:
    """Whether setting a member may disable, lock out or end its object (`status`, `email`, `role`);
    a scan then sets it only on objects that it has created."""
    name = path.rpartition(".")[2]
    said = frozenset((*words(name), *map(singular, words(name))))
    kind = classify_field(path, shape)
    if kind in (FieldClass.SECRET, FieldClass.CONTACT, FieldClass.AUTHORITY, FieldClass.KEY):
        return True
    if said & _RAISES:
        return True
    stands = bool(said & _STANDS) and said <= _STANDS | _OF_ITSELF
    return _ends_it(path) or stands or bool(said & _LETS_IN)


_SAYS = word_set(
    "about abstract alt bio biography blurb body caption city color colour comment content "
    "description excerpt headline heading hobby hometown intro introduction memo motto name "
    "nickname note occupation remark street subtitle summary tagline text title town"
)
"""Words for text that people write for others to read and that decides nothing."""
_OF_WHAT = word_set(
    "additional alternative display english extended family first full given last long main me "
    "middle my original other plain primary profile second secondary short own user"
)
"""Words that may accompany these: `first_name`, `about_me`, but not `approval_note`."""
_MEASURES = word_set("age discount floor height length level lodging plan size tier weight width")
"""Words for properties of which a number or an enumerated value may be set."""


def sets_off(path: str, shape: Shape | None, value: Json) -> bool:
    """Whether setting a member may have an effect that no other value undoes; such a member is only
    set on objects that the run has created.

    A list of words for decisions is never complete (`ruling`, `ack`, `cancel_reason`), so it is
    decided the other way round. Harmless are only: free text, without enum, pattern or format,
    whose name has a word for written text; and numbers or enumerated values, none of which says
    that something is over, whose name has a word for a property. Any other number may trigger
    something: the third of `strikes` bars an account.
    """
    known = shape or Shape()
    kinds = known.kinds - {"null"}
    said = [singular(each) for each in words(path.rpartition(".")[2])]
    if isinstance(value, bool) or known.format or known.pattern or isinstance(value, list | dict):
        return True
    if isinstance(value, str) and (_DATE.match(value) or _TIME.match(value)):
        return True
    if value is None and not kinds:
        return True
    if not _MEASURES.isdisjoint(said) and set(said) <= _MEASURES | _OF_WHAT:
        over = (words(each) for each in known.enum if isinstance(each, str))
        return not kinds <= _WHOLE or any(map(_is_decided, over))
    read = not _SAYS.isdisjoint(said) and set(said) <= _SAYS | _OF_WHAT
    return not (read and kinds <= {"string"} and isinstance(value, str | None) and not known.enum)


_WHOLE = frozenset(("number", "integer", "string"))


def _is_decided(said: tuple[str, ...]) -> bool:
    """Whether a value states an action or a decision."""
    return any(len(each) > 3 and each.endswith("ed") for each in said) or not _OVER.isdisjoint(said)


def _ends_it(path: str) -> bool:
    said = frozenset(words(path.rpartition(".")[2]))
    return bool(said & _ENDS) or (bool(said & _ENDS_ITSELF) and said <= _ENDS_ITSELF | _OF_ITSELF)


_ONE_OF_ALL = word_set("default main pin pinned preferred primary")
"""Words of a flag that only one object of an account can have: setting it clears it elsewhere."""
_PLACES = word_set("index order ordinal position rank sort")
"""Last words of a number that orders objects, where setting one moves others."""


def takes_from_others(path: str, shape: Shape | None, value: Json) -> bool:
    """Whether setting a member may change other objects of its owner: `is_default`, `position`."""
    said = [singular(each) for each in words(path.rpartition(".")[2])]
    kinds = shape.kinds if shape is not None else frozenset()
    if isinstance(value, bool) or (value is None and "boolean" in kinds):
        return not _ONE_OF_ALL.isdisjoint(said)
    number = isinstance(value, int | float) or (value is None and bool(kinds & _NUMBERS))
    return number and bool(said) and said[-1] in _PLACES


_NUMBERS = frozenset(("number", "integer"))
_STAMPS = word_set(
    "at changed created date edited last made modified on stamp time timestamp updated"
)
_STAMPS_ALONE = word_set("changed created edited modified stamp timestamp updated")
"""Words of a timestamp even with a date only; no birthday has such a name."""
_CHANGED = word_set("changed edited modification modified update updated")
_COUNTERS = word_set(
    "checksum count counter counts etag hits login logins rev revision seen seq sequence version "
    "views visits"
)
_TIME = re.compile(
    r"\d{4}[-/]\d\d?[-/]\d\d?[T ]+\d\d?:\d\d|(?:\w{3}, )?\d\d? \w{3,9} \d{4} \d\d:\d\d"
)
"""Timestamps: RFC 3339, of databases, and of HTTP (RFC 9110, 5.6.7)."""
_DATE = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?$")
_EPOCHS = ((10**9, 3 * 10**9), (10**12, 3 * 10**12))
"""Ranges of plausible timestamps in seconds and milliseconds since 1970: 2001 to 2065."""


_AGE = re.compile(
    r"(?:just )?now|(?:(?:about|almost|over|less than) )?"
    r"(?:an?|\d+) (?:second|minute|hour|day|week|month|year)s?"
    r"(?:,? (?:and )?\d+ (?:second|minute|hour|day|week|month)s?)*( ago)?"
)
"""A relative time in words: `5 minutes`, `2 days, 3 hours ago`."""


def is_stamp(path: str, value: Json) -> bool:
    """Whether a member looks like a timestamp that the API sets itself, perhaps at every write."""
    said = frozenset(words(path.rpartition(".")[2]))
    if isinstance(value, str) and not value.isdigit():
        alone = bool(said & _STAMPS_ALONE) and bool(_DATE.match(value))
        return alone or (bool(said & _STAMPS) and bool(_TIME.match(value)))
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return False
    return bool(said & _STAMPS) and any(low <= float(value) < high for low, high in _EPOCHS)


def says_when_changed(path: str, value: Json) -> bool:
    """Whether a member is the time of the last change, which may be absent before the first. The
    time of an end, or of a login or token, is not one."""
    said = frozenset(words(path.rpartition(".")[2]))
    return bool(said & _CHANGED) and not life_cycle(path) and is_stamp(path, value)


def moves_by_itself(path: str, value: Json) -> bool:
    """Whether a member may change with every write, whatever is sent: a timestamp, a relative time
    in words, or a counter such as `lock_version`."""
    counts = not _COUNTERS.isdisjoint(words(path.rpartition(".")[2]))
    plain = isinstance(value, int | float | str) and not isinstance(value, bool)
    return is_stamp(path, value) or _is_age(path, value) or (counts and plain)


def _is_age(path: str, value: Json) -> bool:
    # Templates keep a number and its unit on one line by a no-break space.
    found = _AGE.fullmatch(value.lower().replace("\xa0", " ")) if isinstance(value, str) else None
    said = frozenset(words(path.rpartition(".")[2]))
    return bool(found and (found[1] or said & _STAMPS_ALONE or "ago" in said))


def ends(path: str, value: Json) -> bool:
    """Whether setting a member to this value may end its object, so that it can no longer be
    found."""
    name = path.rpartition(".")[2]
    said = frozenset(words(name))
    if _ends_it(path) or classify_field(path) in (FieldClass.SECRET, FieldClass.CONTACT):
        return True
    over = isinstance(value, str) and bool(frozenset(words(value)) & _OVER)
    return over or (value is False and bool(said & _RAISES))
