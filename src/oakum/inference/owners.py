"""Guesses the owner of each resource from the document.

Every guess has its reason, since a person is to confirm it. Without evidence the guess is nobody,
which shows the least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.path_nouns import (
    ACCOUNTS,
    RECORDED,
    is_segment,
    last_parameter,
    noun_of_path,
    nouns,
    without_id,
)
from oakum.inference.schema_groups import DocumentTypes, Thing
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children, elements
from oakum.openapi.shape_queries import enum_values


@dataclass(frozen=True)
class DraftOwner:
    """The guessed owner of a thing; its kinds are those of `model.Owner`."""

    kind: Literal["field", "path", "caller", "parent", "none"]
    reason: str
    members: tuple[str, ...] = ()

    @property
    def has_owner(self) -> bool:
        return self.kind != "none"


_OWNERS = ("owner", "user", "member", "account", "customer", "author", "creator", "created_by")
_OWNERS_TOO = (
    *("owned_by", "reporter", "reported_by", "opened_by", "posted_by", "uploaded_by", "uploader"),
    *("submitted_by", "added_by", "requested_by", "requester", "registered_by", "booked_by"),
    *("ordered_by", "issued_to", "assigned_to", "passenger", "borrower", "sender"),
    *("shared_by", "sent_by", "published_by", "recorded_by", "written_by", "recipient"),
)
_DOERS = word_set("initiator organiser organizer originator poster submitter writer")
"""Nouns of whoever made a thing that may be no person, such as the picture of a film; an account
where they hold its key or say that they are an id."""
_SURE = word_set("account author creator member owner user")
_CALLED = word_set("displayname fullname id login name screenname username")
"""Members of whatever is a person, and not only some settings of one."""
_NAMED_TOO = ACCOUNTS - {"author", "creator", "member", "owner", "profile", "user"}
"""Nouns of account holders, or of things that an account keeps."""
_OF_A_KIND = ("owner", "creator", "author", "created_by")
"""Suffixes after the object's own name: `conversation_creator_id`."""
_CAUSES = frozenset(("account", "actor", "author", "created_by", "creator", "sender"))
"""Members naming the person who caused a notification, which belongs to its recipient."""
_LOGINS = word_set("login loginname screenname userid username")
_ADDRESSES = frozenset(("uri", "url", "uri-reference"))
_PAIRS = (
    ("sender", "recipient"),
    ("creator", "recipient"),
    ("author", "recipient"),
    ("sender", "receiver"),
    ("host", "guest"),
    ("buyer", "seller"),
)
_ANY_ID = frozenset(("id", "uuid", "guid"))
_IDS = ("id", "_id", "uuid", "gid", "uid", "guid", "user_id", "userId", "username", "login")
_SAME = frozenset(("profile", "user"))
_SENT = word_set("greeting invitation invite mail mention message reminder reply request share")
_COUNTED = frozenset(("no", "num", "number"))
_UNIQUE = frozenset(("guid", "uuid"))
_SHOPS = frozenset(("account", "profile"))
"""Further nouns for a customer's account."""


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
    if world.account is not None and _is_other_view(world, world.account, thing):
        why = f"another view of an account, with the `{thing.key}` of `{world.account.name}`"
        return DraftOwner("field", why, (thing.key,))
    if all(seen.inside for seen in thing.objects):
        return DraftOwner("parent", "it only occurs inside other objects")
    endpoints = {seen.operation.id: seen.operation for seen in thing.objects if not seen.inside}
    if world.self_endpoints.issuperset(endpoints) and not _is_shown_to_others(world, thing):
        return DraftOwner(
            "caller", f"only `{next(iter(endpoints))}` and similar paths show it, to the caller"
        )
    chosen = {
        id: list(account_params(world, thing, endpoint)) for id, endpoint in endpoints.items()
    }
    told = [names for id, names in chosen.items() if id not in world.self_endpoints]
    if told and all(told):
        found = tuple(dict.fromkeys(name for names in chosen.values() for name in names))
        said = ", ".join(f"{{{name}}}" for name in found)
        return DraftOwner("path", f"the path says {said}", found)
    if all(endpoint.anonymous for endpoint in endpoints.values()):
        return DraftOwner("none", "a public catalogue? anybody may call its endpoints")
    return DraftOwner("none", "who owns it? the document does not say")


def _is_other_view(world: DocumentTypes, account: Thing, thing: Thing) -> bool:
    """`Profile` beside `User`, known by the same user name. An `id` may count anything, so that
    only what is called a user or a profile is taken at it; an account that lists several of them
    is none of them."""
    parts = {*words(thing.noun)}
    if not parts or thing.key != account.key:
        return False
    if any(not names.isdisjoint(account.schemas) for names in map(_taken_in, thing.shapes)):
        return True  # it has all that an account has, and more
    if id(thing) in world.listed_by_account:
        return False
    counts = bool(_ANY_ID.intersection(words(thing.key)))
    return parts <= (_SAME if counts else ACCOUNTS) | {account.noun}


def _taken_in(shape: Shape) -> frozenset[str]:
    """Component names of what a schema takes in by `allOf`."""
    return frozenset(shape.lineage[1:])


def _is_shown_to_others(world: DocumentTypes, thing: Thing) -> bool:
    """Whether an endpoint that needs no credentials returns it, too, though nothing there says that
    it is an object: a list of licenses without a key."""
    operations = world.document.operations if world.document is not None else ()
    for operation in operations:
        media = operation.success() if operation.anonymous else None
        top = media.shape if media is not None else None
        if top is not None and not {top, elements(top)}.isdisjoint(thing.shapes):
            return True
    return False


def account_params(world: DocumentTypes, thing: Thing, endpoint: Operation) -> Iterator[str]:
    """Path parameters of an endpoint that name an account and not the thing itself."""
    people = ACCOUNTS | ({world.account.noun} if world.account else set())
    for parameter in endpoint.parameters:
        said = list(nouns(endpoint.path, parameter.name))
        own = parameter.name == last_parameter(endpoint.path) and thing.noun in said
        of_people = [noun for noun in said if noun in people]
        another = any(
            _is_another(world, noun, "") or _is_recorded(world, noun)
            for noun in _NAMED_TOO.intersection(of_people)
        )
        before = endpoint.path.partition("{" + parameter.name + "}")[0]
        login = _is_login(parameter.name) and not noun_of_path(before)  # `/{username}/feeds`
        if parameter.where == "path" and not own and (of_people or login) and not another:
            yield parameter.name


def _owner_members(world: DocumentTypes, thing: Thing) -> tuple[str, ...]:
    """The members that name the owner: the likeliest, and others for schemas that lack it."""
    ranked = [found for shape in thing.shapes if (found := _rank_owners(world, thing, shape))]
    chosen: dict[str, bool] = {}
    for options in sorted(ranked, key=lambda options: options[0]):
        if not any(member in chosen for *_, member in options):
            chosen[options[0][2]] = options[0][1]
    ids = [member for member, is_name in chosen.items() if not is_name]
    return tuple(_pair(thing, ids or [*chosen]) or ids or chosen)


def _pair(thing: Thing, chosen: Sequence[str]) -> list[str]:
    """Both ends of a message."""
    by_noun = {without_id(name): name for name in sorted(thing.members())}
    for one, other in _PAIRS:
        if len(chosen) == 1 and by_noun.get(one) == chosen[0] and other in by_noun:
            return [chosen[0], by_noun[other]]
    return []


def _rank_owners(world: DocumentTypes, thing: Thing, shape: Shape) -> list[tuple[int, bool, str]]:
    """Members that may name the owner, the likeliest first: rank, whether it is a name where an id
    is meant, and path."""
    own = world.account.noun if world.account else "user"
    order = [*_OWNERS[:1], own, *_OWNERS[1:], *_OWNERS_TOO, *sorted(ACCOUNTS)]
    told = thing.noun.rpartition("_")[2] == "notification"
    order = [*(["recipient"] if told else []), *order, *sorted(_DOERS)]
    found = []
    for name, child in children(shape).items():
        noun = _noun_of(thing, name)
        if noun in _NAMED_TOO and (_is_another(world, noun, name) or _is_recorded(world, noun)):
            continue
        if told and noun in _CAUSES and (noun != "account" or children(child)):
            continue
        if noun == "recipient" and not (told or _is_sent(thing, name, child)):
            continue
        if noun in _DOERS and not (_says_id(name) or _holds_key(world, child)):
            continue
        secret = classify_field(name, child) is FieldClass.SECRET  # a credential
        if noun in order and noun != thing.noun and is_segment(name) and not secret:
            path = _id_in(world, name, child)
            if path:
                found.append((order.index(noun), _is_name(world, name, child), path))
    said = {rank for rank, _, path in found if _says_id(path)}
    found.sort(
        key=lambda o: (o[0], o[1] or (o[0] in said and not _says_id(o[2])), "." in o[2], o[2])
    )
    return found


def names_somebody(thing: Thing) -> str:
    """A member that holds a person of whom the document shows no key: the `account` of a video, the
    `ownerAccount` of its playlist; empty if there is none."""
    for shape in thing.shapes:
        for name, child in children(shape).items():
            parts = {*without_id(name).split("_")}
            called = {"".join(words(each)) for each in children(child)}
            if parts <= _SURE and not called.isdisjoint(_CALLED):
                return name
    return ""


def _holds_key(world: DocumentTypes, child: Shape) -> bool:
    """Whether an object has the member by which accounts are known."""
    return world.account is not None and world.account.key in children(child)


def _is_sent(thing: Thing, name: str, child: Shape) -> bool:
    """Whether the recipient of a thing is an account, and not an address or whoever is paid."""
    account = _says_id(name) or bool(children(child))
    return account and not _SENT.isdisjoint(thing.noun.split("_"))


def _noun_of(thing: Thing, name: str) -> str:
    """The noun of a member, without that of the thing itself: `conversation_creator_id` of a
    conversation names its creator."""
    noun = without_id(name)
    bare = noun.removeprefix(f"{thing.noun}_")
    return bare if bare in _OF_A_KIND else noun


def _is_called(world: DocumentTypes, noun: str) -> bool:
    return world.account is not None and world.account.noun == noun


def _says_id(name: str) -> bool:
    """Whether a member says that it is an id, and not only of whom it speaks."""
    return without_id(name) != "_".join(words(name))


def _is_name(world: DocumentTypes, name: str, child: Shape) -> bool:
    """Whether a member is a text where accounts have numbers or UUIDs, and does not call itself an
    id: the `user` beside a `userId`."""
    key = _key_of_account(world)
    called = {*words(world.account.key)} if world.account is not None else set[str]()
    unique = (key.format == "uuid" or not _UNIQUE.isdisjoint(called)) and child.format != "uuid"
    counted = unique or "integer" in key.kinds
    return counted and not _says_id(name) and "string" in child.kinds


def _is_recorded(world: DocumentTypes, noun: str) -> bool:
    """Whether a noun means somebody who is just recorded here: the customer of an API whose users
    are its staff, or of one that declares no account."""
    if noun not in RECORDED:
        return False
    account = world.account
    return account is None or not (noun in account.nouns or account.noun in _SHOPS)


def _is_login(name: str) -> bool:
    """Whether a name says that it is what an account is called."""
    return "".join(words(name)) in _LOGINS


def _key_of_account(world: DocumentTypes) -> Shape:
    """The shape of what identifies accounts, as a caller is told it."""
    told = (world.whoami.shape,) if world.whoami is not None else ()
    shapes = (*told, *(world.account.shapes if world.account is not None else ()))
    found = (children(shape).get(world.account.key) for shape in shapes if world.account)
    return next((each for each in found if each is not None), Shape())


def _is_another(world: DocumentTypes, noun: str, name: str) -> bool:
    """Whether a noun means another thing here than who calls: a bank's `Account`, the client of
    OAuth."""
    if noun == "client" and len(words(name)) > 1 and not _is_called(world, noun):
        return True  # a program: OAuth's `client_id`, `clientName` in a log
    if world.account is not None and noun == world.account.noun:
        return False
    return any(
        thing is not world.account
        and (world.account is None or not _is_other_view(world, world.account, thing))
        for thing in world.by_noun.get(noun, ())
    )


def _id_in(world: DocumentTypes, name: str, child: Shape) -> str:
    """Field path of the id in a member that names an account; empty when it has none."""
    below = children(child)
    if below:
        if _is_other_thing(world, child):
            return ""
        key = world.account.key if world.account else ""
        inner = next((each for each in (key, *_IDS) if each in below), "")
        return f"{name}.{inner}" if inner else ""
    other = child.kinds & {"boolean", "array", "object"} or child.items or enum_values(child)
    return "" if other or _only_describes(world, name, child) else name


def _is_other_thing(world: DocumentTypes, child: Shape) -> bool:
    """Whether an object is one that the document tells apart from accounts: an `Organization`."""
    found = world.thing_at(child) if world.account is not None else None
    people = ACCOUNTS | {world.account.noun if world.account is not None else ""}
    if found is None or found is world.account or not people.isdisjoint(found.noun.split("_")):
        return False
    paths = {noun_of_path(each.operation.path) for each in found.objects if not each.inside}
    return found.noun in paths


def _only_describes(world: DocumentTypes, name: str, child: Shape) -> bool:
    """Whether a text is a link, or the name of a person by which no account is found. Where no
    account is declared, nothing but an id is one."""
    last = words(name)[-1:]
    key = words(world.account.key)[-1:] if world.account is not None else ()
    if child.kinds == {"string"} and _key_of_account(world).kinds == {"integer"} and last == key:
        return True  # an id of another system, as accounts here have integers
    bare = words(name) == ("account",) and not _is_called(world, "account")  # a bank account
    if bare or (world.account is None and not _says_id(name)):
        return True
    if not _COUNTED.isdisjoint(last) and _COUNTED.isdisjoint(key):  # the number of a bank account
        return True
    if (
        not _says_id(name)
        and child.format in _ADDRESSES
        and _key_of_account(world).format not in _ADDRESSES
    ):
        return True
    if words(name) == ("profile",):
        return True
    if last == ("name",):  # `author_name`, for people
        return not _is_login(name) and key != ("name",)
    known = world.account.members() if world.account is not None else ()
    handles = any(map(_is_login, known))
    return _is_name(world, name, child) and not handles
