"""Guesses whose a resource is, from the document.

Every guess carries its reason, since a person is to confirm it. Where nothing is known the guess
is the closed one: nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from oakum.inference.lexicon import FieldClass, classify_field, words
from oakum.inference.nouns import (
    ACCOUNTS,
    is_segment,
    last_parameter,
    nouns,
    without_id,
)
from oakum.inference.schema_groups import DocumentTypes, Thing
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children


@dataclass(frozen=True)
class DraftOwner:
    """Whose a thing is; the kinds are those of `model.Owner`."""

    kind: Literal["field", "path", "caller", "parent", "none"]
    reason: str
    members: tuple[str, ...] = ()

    @property
    def owned(self) -> bool:
        return self.kind != "none"


_OWNERS = ("owner", "user", "member", "account", "customer", "author", "creator", "created_by")
_OWNERS_TOO = (
    *("owned_by", "reporter", "reported_by", "opened_by", "posted_by", "uploaded_by", "uploader"),
    *("submitted_by", "added_by", "requested_by", "requester", "registered_by", "booked_by"),
    *("ordered_by", "issued_to", "assigned_to", "passenger", "borrower", "sender"),
)
_NAMED_TOO = frozenset(("account", "client", "customer", "driver", "employee", "guest", "patient"))
"""Nouns of whoever has an account, or of what an account keeps."""
_PAIRS = (("sender", "recipient"), ("sender", "receiver"), ("host", "guest"), ("buyer", "seller"))
_ANY_ID = frozenset(("id", "uuid", "guid"))
_SAME = frozenset(("profile", "user"))


def ownership(world: DocumentTypes, thing: Thing) -> DraftOwner:
    """Guesses a thing's owner from its members, the paths of its endpoints, or the object around
    it."""
    if thing is world.account and thing.key:
        return DraftOwner("field", "an account is its own", (thing.key,))
    members = _owner_members(world, thing)
    if members:
        named = " and ".join(f"`{member}`" for member in members)
        return DraftOwner(
            "field", f"{named} {'names' if len(members) == 1 else 'name'} an account", members
        )
    if world.account is not None and _is_other_view(world.account, thing):
        why = f"another view of an account, with the `{thing.key}` of `{world.account.name}`"
        return DraftOwner("field", why, (thing.key,))
    if all(seen.inside for seen in thing.objects):
        return DraftOwner("parent", "it only occurs inside other objects")
    endpoints = {seen.operation.id: seen.operation for seen in thing.objects if not seen.inside}
    if world.self_endpoints.issuperset(endpoints):
        return DraftOwner(
            "caller", f"only `{next(iter(endpoints))}` and similar paths show it, to the caller"
        )
    chosen = {
        id: list(account_params(world, thing, endpoint)) for id, endpoint in endpoints.items()
    }
    if all(names for id, names in chosen.items() if id not in world.self_endpoints):
        found = tuple(dict.fromkeys(name for names in chosen.values() for name in names))
        said = ", ".join(f"{{{name}}}" for name in found)
        return DraftOwner("path", f"the path says {said}", found)
    if all(endpoint.anonymous for endpoint in endpoints.values()):
        return DraftOwner("none", "a public catalogue? anybody may call its endpoints")
    return DraftOwner("none", "who owns it? the document does not say")


def _is_other_view(account: Thing, thing: Thing) -> bool:
    """`Profile` beside `User`, known by the same user name. An `id` may count anything, so that
    only what is called a user or a profile is taken at it."""
    parts = {*words(thing.noun)}
    if not parts or thing.key != account.key:
        return False
    counts = bool(_ANY_ID.intersection(words(thing.key)))
    return parts <= (_SAME if counts else ACCOUNTS) | {account.noun}


def account_params(world: DocumentTypes, thing: Thing, endpoint: Operation) -> Iterator[str]:
    """Path parameters of an endpoint that name an account, and not the thing itself."""
    people = ACCOUNTS | ({world.account.noun} if world.account else set())
    for parameter in endpoint.parameters:
        said = list(nouns(endpoint.path, parameter.name))
        own = parameter.name == last_parameter(endpoint.path) and thing.noun in said
        of_people = [noun for noun in said if noun in people]
        another = any(_is_another(world, noun, "") for noun in _NAMED_TOO.intersection(of_people))
        if parameter.where == "path" and not own and of_people and not another:
            yield parameter.name


def _owner_members(world: DocumentTypes, thing: Thing) -> tuple[str, ...]:
    """The members that name the owner: the likeliest, and others for schemas that lack it."""
    ranked = [found for shape in thing.shapes if (found := _ranked(world, thing, shape))]
    chosen: list[str] = []
    for options in sorted(ranked, key=lambda options: options[0]):
        if not any(member in chosen for _, member in options):
            chosen.append(options[0][1])
    return tuple(_pair(thing, chosen) or chosen)


def _pair(thing: Thing, chosen: Sequence[str]) -> list[str]:
    """Both ends of a message."""
    by_noun = {without_id(name): name for name in sorted(thing.members())}
    for one, other in _PAIRS:
        if len(chosen) == 1 and by_noun.get(one) == chosen[0] and other in by_noun:
            return [chosen[0], by_noun[other]]
    return []


def _ranked(world: DocumentTypes, thing: Thing, shape: Shape) -> list[tuple[int, str]]:
    own = world.account.noun if world.account else "user"
    order = [*_OWNERS[:1], own, *_OWNERS[1:], *_OWNERS_TOO, *sorted(ACCOUNTS)]
    found = []
    for name, child in children(shape).items():
        noun = without_id(name)
        if noun in _NAMED_TOO and _is_another(world, noun, name):
            continue
        secret = classify_field(name, child) is FieldClass.SECRET  # a key to log in with
        if noun in order and noun != thing.noun and is_segment(name) and not secret:
            path = _id_in(world, name, child)
            if path:
                found.append((order.index(noun), path))
    return sorted(found, key=lambda option: (option[0], "." in option[1], option[1]))


def _is_another(world: DocumentTypes, noun: str, name: str) -> bool:
    """Whether a noun means another thing here than who calls: a bank's `Account`, the client of
    OAuth."""
    if noun == "client" and words(name)[-1:] == ("id",):
        return True
    if world.account is None or noun == world.account.noun:
        return False
    return any(
        noun in thing.nouns
        for thing in world.things
        if thing is not world.account and not _is_other_view(world.account, thing)
    )


def _id_in(world: DocumentTypes, name: str, child: Shape) -> str:
    """Field path of the id in a member that names an account; empty when it has none."""
    below = children(child)
    if below:
        key = world.account.key if world.account else ""
        likely = (key, "id", "_id", "uuid", "gid", "user_id", "userId", "username", "login")
        inner = next((each for each in likely if each in below), "")
        return f"{name}.{inner}" if inner else ""
    return "" if child.kinds & {"boolean", "array", "object"} or child.items else name
