"""How a caller relates to an object, and the state its owner is in.

Unknown is closed. A relation that is not known stays unknown, even if another known relation would
exclude it (`truth`), and only a relation that certainly holds grants anything. A state that cannot
be read stays unknown, and no condition of the contract matches it. An id that may be the same in
another case, spacing or spelling, or as one of several in a text, neither proves a relation nor
excludes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from oakum.authz.truth import Truth, both, every, without
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation, Resource, State


@dataclass(frozen=True)
class Principal:
    """The caller as decisions see them. Ids are text: JSON `7` and claim `"7"` are equal."""

    ids: frozenset[str] = frozenset()
    """Every value that identifies the caller (id, user name); empty: anonymous."""
    claims: Mapping[str, Json] = field(default_factory=dict)
    related: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    """(relation, id of the owner, or of the tenant) → whether it holds, from look-ups; absent:
    unknown."""
    states: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    """(owner id, `Resource.state`) → value in the owner's account; None: unset; absent: unknown."""


ANONYMOUS = Principal()


@dataclass(frozen=True)
class Subject:
    """One object of a resource: its owners' ids and, when at hand, its content."""

    resource: str
    owners: tuple[str, ...] = ()
    value: Json = None
    owned: bool = True
    """False: it has no owner, so no look-up can hold. True without owners: unknown."""
    partly: bool = False
    """Whether it may have further owners that it does not name."""
    unnamed: bool = False
    """Whether only a body can identify it, so that a key there names another object."""
    new: bool = False
    """Whether it is about to be created."""
    below: bool = False
    """Whether the path names an enclosing object, so that a key in a body may be of any object."""
    key: str = ""
    """Value of the final path parameter of a write."""
    unlike: frozenset[str] = frozenset()
    """Resources that the written object does not belong to, although the document allows it."""
    kinds: Mapping[int, str] = field(default_factory=dict, repr=False, compare=False)
    """Objects within `value`, by their `id`, and of which resource the API shows them; empty: it
    may be several."""
    named: Mapping[str, Truth] = field(default_factory=dict)
    """Relation → whether its member names the caller, of those that another response decides."""


def held(policy: Policy, principal: Principal, subject: Subject) -> frozenset[str]:
    """Relations that the caller certainly has to the object."""
    return frozenset(
        name for name in policy.relations if holds(policy, name, principal, subject) is True
    )


def holds(policy: Policy, name: str, principal: Principal, subject: Subject) -> Truth:
    """Whether the caller stands in one relation to the object; None: nobody can tell.

    To an object of several owners, one that is looked up has to hold towards each of them. So one
    that takes it away does so if it holds towards any: each owner is asked for on their own.
    """
    owners: Sequence[str | None] = subject.owners
    if subject.partly or not owners:
        owners = (*owners, None)
    return every(_towards(policy, name, principal, subject, owners, whole=True))


def may_hold(policy: Policy, name: str, principal: Principal, subject: Subject) -> bool:
    """Whether nothing that is known rules a relation out: what takes it away must be certain."""
    return holds(policy, name, principal, subject) is not False


def _towards(
    policy: Policy,
    name: str,
    principal: Principal,
    subject: Subject,
    owners: Sequence[str | None],
    *,
    whole: bool = False,
) -> list[Truth]:
    """Whether a relation holds towards each of some owners; None: one whom the object does not
    name. `whole`: as soon as it does not hold towards one, the others do not matter."""
    relation = policy.relations[name]
    if relation.kind == "lookup":
        values = [_looked_up(relation, principal, subject, owner) for owner in owners]
    else:
        values = [_source(relation, principal, subject)] * len(owners)
    changes = [(other, without) for other in relation.unless]
    for other, change in (*changes, *((other, both) for other in relation.requires)):
        left = [place for place, value in enumerate(values) if value is not False]
        if not left or (whole and len(left) < len(values)):
            break
        theirs = [owners[place] for place in left]
        found = _towards(policy, other, principal, subject, theirs)
        for place, value in zip(left, found, strict=True):
            values[place] = change(values[place], value)
    return values


def _looked_up(
    relation: Relation, principal: Principal, subject: Subject, owner: str | None
) -> Truth:
    if not principal.ids or not subject.owned:
        return False
    return None if owner is None else principal.related.get((relation.name, owner))


def _source(relation: Relation, principal: Principal, subject: Subject) -> Truth:
    """What a relation says itself, of those that are the same towards each owner."""
    match relation.kind:
        case "anyone":
            return True
        case "authenticated":
            return bool(principal.ids)
        case "owner":
            if not principal.ids.isdisjoint(subject.owners):
                return True
            return None if principal.ids and _may_own(principal.ids, subject) else False
        case "claim":
            return _claimed(principal.claims, relation)
        case "field":
            if relation.name in subject.named:
                return subject.named[relation.name]
            return named(relation, principal, subject.value)
        case "lookup":
            raise ValueError("a look-up needs an owner")


def named(relation: Relation, principal: Principal, value: Json) -> Truth:
    """Whether an object's member holds the caller's id, or the claim that it is compared with, or a
    tenant that the caller is a member of."""
    if relation.is_membership:
        return _belongs(relation, principal, value)
    if not relation.claim:
        return named_in(value, relation.member, principal.ids)
    said = claimed(principal.claims, relation.claim)
    if said is None:
        return False if _unsaid(principal.claims, relation.claim) else None
    listed = said if isinstance(said, list) else [said]
    ids = identifiers(listed)
    found = named_in(value, relation.member, frozenset(ids))
    if found is False and (len(ids) < len(listed) or _may_list(ids, value, relation.member)):
        return None
    return found


def _belongs(relation: Relation, principal: Principal, value: Json) -> Truth:
    """Whether the caller was found among the members of a tenant that an object names."""
    if not principal.ids:
        return False
    found: Truth = False
    for tenant in _ids_at(value, relation.member.split(".")):
        said = None if tenant is None else principal.related.get((relation.name, tenant))
        if said:
            return True
        found = None if said is None else found
    return found


def compared(policy: Policy, principal: Principal) -> Iterator[str]:
    """Values of the caller's claims that members of objects are compared with, and what may be
    values in these."""
    for relation in policy.relations.values():
        if relation.kind == "field" and relation.claim:
            said = claimed(principal.claims, relation.claim)
            for each in identifiers(said if isinstance(said, list) else [said]):
                yield from spread(each)


_SCOPES = re.compile(r"[!#-+\--\[\]-~]+(?: [!#-+\--\[\]-~]+)*")
"""Scopes with a space between any two (RFC 6749, 3.3), as the claim `scope` holds them (RFC 8693,
4.2). With commas somebody may have meant another list."""


def _claimed(claims: Mapping[str, Json], relation: Relation) -> Truth:
    """Whether a claim is, or contains, what it has to; None: it cannot be read as one such value or
    a list of them, or says it in another spelling."""
    said, has = claimed(claims, relation.claim), relation.has
    if said is None:
        return False if _unsaid(claims, relation.claim) else None
    listed = said if isinstance(said, list) else [said]
    if any(type(each) is type(has) and each == has for each in listed):
        return True
    if relation.claim == "scope" and isinstance(said, str) and _SCOPES.fullmatch(said):
        return has in said.split(" ")
    if any(each is not None and type(each) is not type(has) for each in listed):
        return None
    texts = [each for each in listed if isinstance(each, str)]
    return None if isinstance(has, str) and named_among((has,), texts) else False


def has_role(relation: Relation, said: Json) -> Truth:
    """Whether a member's role is, or contains, the one of a relation. It is read as a claim is, but
    for one that is missing: whom a list shows without a role may have any."""
    return None if said is None else _claimed({"role": said}, replace(relation, claim="role"))


def _unsaid(claims: Mapping[str, Json], name: str) -> bool:
    """Whether what leads to a claim's place is not there, or null: it says nothing, in a form that
    can be read."""
    value: Json = claims
    for part in claim_path(name):
        if not isinstance(value, Mapping):
            return value is None
        value = value.get(part)
    return value is None


def claim_path(name: str) -> tuple[str, ...]:
    """Path of a claim: dots lead into objects (`realm_access.roles`), unless the name is
    collision-resistant (RFC 7519, 4.2: `https://x.test/roles`, `urn:x.y:roles`), recognised by a
    `/`, or a `:` before the first dot."""
    whole = "/" in name or ":" in name.partition(".")[0]
    return (name,) if whole else tuple(name.split("."))


def claimed(claims: Mapping[str, Json], name: str) -> Json:
    """A claim's value; None if absent. A claim named `a.b` is not the `b` of `a`: an issuer may let
    users choose the one and not the other."""
    value: Json = claims
    for part in claim_path(name):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def with_claim(claims: Mapping[str, Json], name: str, value: Json) -> dict[str, Json]:
    """The claims with one more at its path."""
    for part in reversed(claim_path(name)):
        value = {part: value}
    return joined(claims, value)


def joined(some: Mapping[str, Json], others: Mapping[str, Json]) -> dict[str, Json]:
    """Merges claims of two sources; the latter wins, objects are merged by member."""
    made = dict(some)
    for name, value in others.items():
        before = made.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            value = joined(before, value)
        made[name] = value
    return made


def _may_own(ids: frozenset[str], subject: Subject) -> bool:
    unsaid = subject.partly or (subject.owned and not subject.owners)
    return unsaid or named_among(ids, subject.owners)


def named_in(value: Json, path: str, ids: frozenset[str]) -> Truth:
    """Whether one of some ids is the value at a member path. None: it may be, in another spelling,
    as one of several ids in a text, or because the value cannot be read as an id."""
    if not ids:
        return False
    there = list(_ids_at(value, path.split(".")))
    readable = [each for each in there if each is not None]
    if not ids.isdisjoint(readable):
        return True
    return None if len(readable) < len(there) or named_among(ids, readable) else False


def _may_list(ids: Iterable[str], value: Json, path: str) -> bool:
    """Whether a text that may be a list of ids holds one that stands at a member path."""
    there = [each for each in _ids_at(value, path.split(".")) if each is not None]
    return any(
        alike(parts, _apart(text, there)) for text in ids if len(parts := spread(text)[1:]) > 0
    )


def _apart(text: str, others: Iterable[str]) -> Iterator[str]:
    """Texts to find the parts of another one in: whole, and in parts only where both are certainly
    lists. Two names or addresses share a word (`Acme Ltd`, `Zonk Ltd`) and are no lists."""
    for each in others:
        yield from spread(each) if _LIST.search(text) and _LIST.search(each) else [each]


def _ids_at(value: Json, segments: list[str]) -> Iterator[str | None]:
    """Ids at a member path, including list elements; None for a missing or invalid one."""
    if not segments:
        for each in value if isinstance(value, list) else [value]:
            yield identifier(each)
    elif segments[0] == "*" and isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _ids_at(each, segments[1:])
    elif isinstance(value, dict) and segments[0] in value:
        yield from _ids_at(value[segments[0]], segments[1:])
    else:
        yield None


def lacks(value: Json, path: str) -> bool:
    """Whether a member on a path is missing; `null` counts as present."""
    return _lacks(value, path.split("."))


def _lacks(value: Json, segments: list[str]) -> bool:
    if not segments or value is None:
        return False
    if segments[0] == "*":
        below = list(value.values()) if isinstance(value, dict) else value
        return not isinstance(below, list) or any(_lacks(each, segments[1:]) for each in below)
    there = isinstance(value, dict) and segments[0] in value
    return not (isinstance(value, dict) and there) or _lacks(value[segments[0]], segments[1:])


def state_of(
    policy: Policy, resource: Resource, principal: Principal, subject: Subject
) -> dict[str, Json]:
    """State → value for this object; unknown states are left out.

    The object's own member counts first, then the owner's account, then what the contract says
    of a missing value: of one that an account leaves unset, and not of an account that nobody was
    shown. Of several owners the most closed counts. Where null stands for the account's, a missing
    member does not: an object may be shown in part.
    """
    values: dict[str, Json] = {}
    for name, state in resource.states.items():
        path = f"{resource.name}.{name}"
        value = _said(state, subject)
        if value is None and state.inherits and lacks(subject.value, state.member):
            continue
        if value is None and not _unknown(policy, state, path, principal, subject):
            value = _set(state, path, principal, subject)
        if value is not None:
            values[name] = value
    return values


def _said(state: State, subject: Subject) -> Json:
    """What an object says itself; None: nothing."""
    inside = at_path(subject.value, state.member) if state.member else []
    return inside[0] if inside else None


def _unknown(
    policy: Policy, state: State, path: str, principal: Principal, subject: Subject
) -> bool:
    """Whether what an object does not say may be set in an account of which nobody was told: to be
    unset there is something else."""
    read_there = state.of or (path if subject.owned and path in policy.read_elsewhere else "")
    if subject.partly:
        return bool(read_there) or any((o, path) in principal.states for o in subject.owners)
    told = [(owner, read_there) in principal.states for owner in subject.owners if read_there]
    return bool(read_there) and not (told and all(told))


def _set(state: State, path: str, principal: Principal, subject: Subject) -> Json:
    """What the accounts of the owners say; None: it cannot be told."""
    if subject.partly:
        return state.missing
    looked_up = [principal.states.get((owner, state.of or path)) for owner in subject.owners]
    # A setting missing from an account means what the contract says; without an account it is
    # unknown.
    values = [state.missing if value is None else value for value in looked_up]
    if not values or any(value is None for value in values):
        return state.missing
    # A value that the state does not list stays as it is, and therefore matches no condition.
    return max(values, key=lambda value: digit(state, value))


def digit(state: State, value: Json) -> int:
    """Index of a value among the state's own, or one past the last for unknown.

    `True` is not `1`, as in JSON.
    """
    for index, known in enumerate(state.values):
        if type(known) is type(value) and known == value:
            return index
    return len(state.values)


def at_path(value: Json, path: str) -> list[Json]:
    """Values at a dotted field path; `*` stands for every element or map value."""
    found = [value]
    for segment in path.split("."):
        found = [child for each in found for child in _below(each, segment)]
    return found


def _below(value: Json, segment: str) -> list[Json]:
    if isinstance(value, list):
        return value if segment == "*" else []
    if not isinstance(value, dict):
        return []
    if segment == "*":
        return list(value.values())
    return [value[segment]] if segment in value else []


def texts(value: Json, path: str, *, spread: bool = True) -> list[str]:
    """Ids at a field path as text; `spread`: include the elements of a list there."""
    flat: list[Json] = []
    for each in at_path(value, path):
        flat += each if spread and isinstance(each, list) else [each]
    return identifiers(flat)


def identifiers(values: Iterable[Json]) -> list[str]:
    """Valid ids as text. Empty and blank texts are none: tables mark a missing id that way (RFC
    4180)."""
    return [id for each in values if (id := identifier(each)) is not None]


def text(value: Json) -> str:
    """A scalar id as text."""
    return value if isinstance(value, str) else str(value)


def identifier(value: Json) -> str | None:
    """A valid id as text; otherwise None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return text(value) if str(value).strip(_SPACES) else None


_SPACES = "".join(map(chr, (*range(0x21), 0x7F)))
_NO_SPACES = {ord(each): None for each in _SPACES}
_STEM = re.compile(r"[^/:#]+\Z")
_NUMBER = re.compile(r"\+?0*([0-9]+)(\.0*)?\Z")
_SCIENTIFIC = re.compile(r"\+?([0-9]+)(?:\.([0-9]*))?[eE]([+-]?[0-9]{1,2})\Z")
_HEX = re.compile(r"[0-9a-f]{32}\Z")
_WIDE = re.compile(r"[^\x00-\x7f]+")


def _expanded(plain: str) -> str:
    """An integer with an exponent in plain digits; anything else unchanged."""
    found = _SCIENTIFIC.match(plain)
    if found is None:
        return plain
    digits, point = found[1] + (found[2] or ""), len(found[1]) + int(found[3])
    whole, rest = digits[: max(point, 0)].ljust(point, "0"), digits[max(point, 0) :]
    return plain if rest.strip("0") else whole.lstrip("0") or "0"


@lru_cache(maxsize=1 << 10)
def spelling(id: str) -> tuple[str, str, bool]:
    """Prefix, suffix and completeness of what all spellings of an id share.

    Ignores case, spaces, a plus sign, leading zeros, exponents, UUID dashes and everything before
    the last `/`, `:` or `#`. Text beyond ASCII is not compared (normal forms, width, look-alikes)
    and stands for any text.
    """
    simple = id.isascii() and id.isalnum() and not id.isdigit()
    if simple and not _SCIENTIFIC.match(id):  # fast path for most ids
        return id.lower(), id.lower(), True
    plain = id.translate(_NO_SPACES).rstrip("/:#")
    stem = _STEM.search(plain)
    plain = "".join(c.lower() if c < "\x80" else c for c in (stem[0] if stem else plain))
    if not plain.isascii():
        parts = _WIDE.split(plain)
        return parts[0], parts[-1], False
    number = _NUMBER.match(plain)
    packed = re.sub("[{}-]", "", plain)
    key = number[1] if number else packed if _HEX.match(packed) else _expanded(plain)
    return key, key, True


def heard(principal: Principal) -> set[str]:
    """Ids of owners with a look-up result."""
    return {owner for _, owner in principal.related} | {owner for owner, _ in principal.states}


_PART = re.compile(r"[^\x00-\x20\x7f,;|&\"'`<>()\[\]{}\\/:#=*!?]+")
_DIGITS = re.compile(r"[0-9]+")
_LIST = re.compile(r"[,;|\[{]")
"""What stands in a text that is a list, and in no address or plain name."""
_LETTER = re.compile(r"[^\x00-@\[-`{-\x7f]")


def spread(text: str) -> list[str]:
    """A text, and what may be ids in it, if it is a list of them: exports write `1,3`, `1;3`,
    `|1|`, `["1"]`, `{1}` or `3 1` into the one place that they have."""
    if text.isalnum():
        return [text]
    found = _PART if _LETTER.search(text) else _DIGITS
    return [text, *found.findall(text)]


def named_among(some: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether an id of the one may stand in a text of the other, in whatever spelling."""
    return alike(some, (each for text in texts for each in spread(text)))


def alike(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether any id of one group may be a spelling of an id of the other."""
    return any(map(Spellings(others).may_hold, some))


class Spellings:
    """A set of ids that matches any spelling."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._all = [spelling(each) for each in ids]
        self._exact = {each[0] for each in self._all if each[2]}
        self._wide = [each for each in self._all if not each[2]]

    def may_hold(self, id: str) -> bool:
        """Whether an id may be a spelling of one of them."""
        begin, end, whole = spelling(id)
        if whole and begin in self._exact:
            return True
        return any(_fits((begin, end), each) for each in (self._wide if whole else self._all))


def _fits(one: tuple[str, str], other: tuple[str, str, bool]) -> bool:
    (a, z), (b, y, _) = one, other
    return (a.startswith(b) or b.startswith(a)) and (z.endswith(y) or y.endswith(z))
