"""Groups declared objects into resources: one `User`, however many schemas describe it.

Two schemas are one thing when their names have the same stem (`UserOut`, `UserMini`) and they
share a key, or when one is a smaller view of the account (`Author`, `MemberCard`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from operator import itemgetter

from oakum.http.json_pointer import path_of
from oakum.http.methods import SHOWS
from oakum.inference.lexicon import FieldClass, classify_field, singular, word_set, words
from oakum.inference.path_nouns import (
    ACCOUNTS,
    COUNTS,
    CROWDS,
    RECORDED,
    is_of_caller,
    last_parameter,
    noun_of_path,
    nouns,
)
from oakum.inference.path_parameter_identifiers import formed_as, is_foreign, named_after, own_name
from oakum.inference.response_objects import DeclaredObject, declared_objects, is_item
from oakum.inference.side_effects import opens_session
from oakum.inference.whoami import who_am_i
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.openapi.schema import children, elements
from oakum.openapi.shape_queries import names_of
from oakum.policy.resource_schemas import at, resource_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_OF_COLLECTION = re.compile(r"\^?[A-Za-z][\w-]*/\[\^/\]\+\$?")
_VERSION = re.compile(r"/v\d+(?:\.\d+)*(?=/)")
_USERS = word_set("app_user auth_user custom_user local_user platform_user site_user web_user")
_MANY = 4
"""Number of equal members of two things that is no coincidence."""
_PASSWORDS = word_set("passcode password passwd pin pwd")
_NEAR = 3
"""Greatest depth of an account in a login response: `{data: {user: {...}}}`."""


@dataclass
class Thing:
    """An object type of the API, according to the document."""

    noun: str
    name: str = ""
    key: str = ""
    objects: list[DeclaredObject] = field(default_factory=list)
    inherited: tuple[str, ...] = ()
    """A component with its own name that response schemas only extend."""
    settled: list[str] | None = None
    """Its schemas, once all objects are assigned; None before."""

    @cached_property
    def shapes(self) -> dict[Shape, list[Operation]]:
        """Its shapes → the operations that return each."""
        found: dict[Shape, dict[str, Operation]] = {}
        for seen in self.objects:
            found.setdefault(seen.shape, {})[seen.operation.id] = seen.operation
        return {shape: list(endpoints.values()) for shape, endpoints in found.items()}

    @property
    def endpoints(self) -> list[Operation]:
        """Operations that return it, without duplicates."""
        return list({seen.operation.id: seen.operation for seen in self.objects}.values())

    @property
    def schemas(self) -> list[str]:
        """The component names of its schemas."""
        if self.settled is not None:
            return self.settled
        seen = {seen.component for seen in self.objects if seen.component}
        return sorted(seen | {*self.inherited})

    def members(self) -> set[str]:
        """Names of members in any of its schemas."""
        shapes = {seen.shape for seen in self.objects}
        return {name for shape in shapes for name in children(shape)}

    @cached_property
    def nouns(self) -> frozenset[str]:
        """Its name, and the nouns of paths at which it is the whole object."""
        paths = {seen.operation.path for seen in self.objects if not seen.inside}
        return frozenset((self.noun, *map(noun_of_path, paths)))


@dataclass(frozen=True)
class DocumentTypes:
    """All object types and endpoints of a document."""

    things: tuple[Thing, ...]
    account: Thing | None
    """The thing that stands for accounts; None: there is none."""
    whoami: DeclaredObject | None
    """The who-am-I response; None: there is none."""
    sessions: frozenset[Shape] = frozenset()
    """Shapes of login, registration and who-am-I responses."""
    document: Document | None = None
    """The document as a contract with these things as resources would read it."""
    _found: dict[Shape, Thing | None] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _by_schema(self) -> dict[str, Thing]:
        return {schema: thing for thing in self.things for schema in thing.schemas}

    @cached_property
    def self_endpoints(self) -> frozenset[str]:
        """Ids of operations that show callers only their own objects."""
        found = {
            endpoint.id
            for thing in self.things
            for endpoint in thing.endpoints
            if is_of_caller(endpoint) or self._is_below(endpoint)
        }
        return frozenset(found | ({self.whoami.operation.id} if self.whoami else set()))

    @cached_property
    def _start(self) -> str:
        """How paths begin of what is the caller's: with who-am-I, or, where no operation is that,
        with `/user/`, if no path takes anybody's name or id there."""
        if self.whoami is not None:
            return f"{_VERSION.sub('', self.whoami.operation.path).rstrip('/')}/"
        operations = self.document.operations if self.document is not None else ()
        paths = {_VERSION.sub("", each.path) for each in operations}
        begun = {path[: path.index("/user/") + 6] for path in paths if "/user/" in path}
        named = {path for path in paths if re.search(r"/user/\{|/users(?:/|$)", path)}
        return begun.pop() if len(begun) == 1 and not named else ""

    def _is_below(self, endpoint: Operation) -> bool:
        """Whether its path goes on from who-am-I, to what is the caller's: `/user/keys` and
        `/account/profile/bookmarks`, but not `/account/users` or `/account/user/{id}`. Each may
        have a version of its own."""
        path = _VERSION.sub("", endpoint.path)
        start = self._start if self._start and path.startswith(self._start) else ""
        if not start:
            return False
        rest = path[len(start) :]
        own = re.sub(r"\b(?:account|profile|user)(?=$|/(?!\{))", "", rest)
        below = words(re.sub(r"\{[^}]*\}", "", own))
        return not {singular(word) for word in below} & (ACCOUNTS | CROWDS)

    @cached_property
    def by_noun(self) -> dict[str, list[Thing]]:
        """Noun → things with that name."""
        found: dict[str, list[Thing]] = {}
        for thing in self.things:
            for noun in thing.nouns:
                found.setdefault(noun, []).append(thing)
        return found

    @cached_property
    def listed_by_account(self) -> frozenset[int]:
        """`id()` of things of which an account has a list."""
        shapes = self.account.shapes if self.account is not None else ()
        rows = [elements(child) for shape in shapes for child in children(shape).values()]
        found = (self.thing_at(each) for each in dict.fromkeys(rows) if each is not None)
        return frozenset(id(each) for each in found if each is not None)

    @cached_property
    def _by_shape(self) -> dict[Shape, Thing]:
        return {shape: thing for thing in self.things for shape in thing.shapes}

    def thing_at(self, shape: Shape) -> Thing | None:
        """The thing of a shape, its elements or alternatives; None: there is none."""
        if shape not in self._found:
            self._found[shape] = self._thing_at(shape)
        return self._found[shape]

    def _thing_at(self, shape: Shape) -> Thing | None:
        waiting, done = [shape], set[Shape]()
        while waiting:
            here = waiting.pop()
            done.add(here)
            names = [name for name in names_of(here) if name in self._by_schema]
            found = self._by_schema[names[0]] if names else self._by_shape.get(here)
            if found is not None:
                return found
            inner = [thunk() for thunk in here.branches]
            inner += [each] if (each := elements(here)) is not None else []
            waiting += [each for each in inner if each not in done]
        return None


def world_of(document: Document) -> DocumentTypes:
    """Finds the things of a document, among them the account, and who-am-I."""
    seen = declared_objects(document)
    whoami = who_am_i(seen, document)
    groups: dict[str, list[DeclaredObject]] = {}
    for each in seen:
        if each.noun and (each.component or not each.inside):
            groups.setdefault(each.noun, []).append(each)
    things = _told_apart([t for noun, group in groups.items() for t in _split(noun, group)])
    things = _views(things)
    account = _account(things, whoami, document)
    if account is not None:
        things = _merge_views(things, account, whoami)
        if not any(thing is account for thing in things):
            things.insert(0, account)
    things = _one_of_each(things, account)
    _embed(things, account, seen)
    at_path: dict[str, list[Operation]] = {}
    for operation in document.operations:
        at_path.setdefault(operation.path, []).append(operation)
    for thing in things:
        thing.objects += _echoes(thing, at_path)
    known = {thing.noun for thing in things}
    for thing in things:
        if thing is not account and thing.noun not in ACCOUNTS:
            thing.key = _asked_for(thing, known)
        elif thing.key:
            thing.key = _resource_name(thing) or thing.key
    _name(things, document)
    for thing in things:
        thing.settled = thing.schemas
    apart = _read_apart(things, document)
    told = whoami if account is not None else None
    return DocumentTypes(tuple(things), account, told, frozenset(_sessions(document, told)), apart)


def _read_apart(things: Sequence[Thing], document: Document) -> Document:
    """The document as the contract reads it, where an object of another thing may stand in place
    of the declared one: what only that one has is no member of this one."""
    bound = {schema: thing.name for thing in things for schema in thing.schemas}

    owner = partial(resource_of, bound=bound)
    apart = document.told_apart((name for name in bound if name in document.schemas), owner)
    own: dict[str, Shape] = {}
    for thing in things if apart is not document else ():
        for index, seen in enumerate(thing.objects):
            name = seen.component
            if name in apart.schemas and name not in own:
                own[name] = apart.schemas[name]()
            if name in own and children(own[name]).keys() < children(seen.shape).keys():
                thing.objects[index] = DeclaredObject(
                    *(seen.operation, seen.pointer, own[name], seen.noun, seen.keys),
                    *(seen.inside, seen.component),
                )
        thing.__dict__.pop("shapes", None)
    return apart


def _sessions(document: Document, whoami: DeclaredObject | None) -> Iterator[Shape]:
    if whoami is not None:
        yield whoami.shape
    for operation in document.operations:
        media = operation.success() if opens_session(operation) else None
        level = [media.shape] if media is not None and media.shape is not None else []
        for _ in range(_NEAR):
            yield from level
            level = [
                below
                for shape in level
                for below in (*children(shape).values(), *(each() for each in shape.branches))
            ]


# ------------------------------------------------------------------ groups


def _split(noun: str, group: Sequence[DeclaredObject]) -> Iterator[Thing]:
    """One thing of a noun; schemas that do not share its key are things of their own."""
    keyed = [seen for seen in group if seen.keys]
    likely = _likeliest(keyed).keys if keyed else ("",)
    offered = {seen.keys for seen in keyed}
    key = next((key for key in likely if all(key in each for each in offered)), likely[0])
    own = Thing(noun, key=key)
    others: dict[str, Thing] = {}
    for seen in group:
        if key in seen.keys or not seen.component or not keyed:
            own.objects.append(seen)
        else:
            other = "_".join(words(seen.component))
            first = seen.keys[0] if seen.keys else ""
            others.setdefault(other, Thing(other, key=first)).objects.append(seen)
    yield own
    yield from others.values()


def _told_apart(things: Sequence[Thing]) -> list[Thing]:
    """A list that is all there is of a thing, of objects with all the members and no other than
    those of a thing of more endpoints, lists that thing: `/feed` beside `/posts`. Where schemas
    have names, these tell."""
    known = {
        (thing.key, frozenset(thing.members())): thing
        for thing in sorted(things, key=lambda each: len(each.endpoints))
        if not thing.schemas
    }
    kept = []
    for thing in things:
        members = frozenset(thing.members())
        other = known.get((thing.key, members), thing)
        lists = all("*" in seen.pointer for seen in thing.objects) and len(thing.endpoints) == 1
        if thing is other or thing.schemas or not lists or len(members) < _MANY:
            kept.append(thing)
        else:
            other.objects += thing.objects
    return kept


def _views(things: Sequence[Thing]) -> list[Thing]:
    """The things, without those that are a view of another: with the same key, nothing but members
    of it, and its name: `InvoiceLine` at `/invoices` beside `Invoice` at `/invoices/{id}`."""
    gone: set[int] = set()
    known: dict[tuple[str, str], list[tuple[int, Thing]]] = {}
    """By key and noun, each with its place among all by size."""
    by_size = sorted(things, key=lambda thing: len(thing.members()), reverse=True)
    for place, thing in enumerate(by_size):
        names = _shorter(thing.noun) if thing.key else ()
        likely = [each for name in names for each in known.get((thing.key, name), ())]
        larger = next(
            (one for _, one in sorted(likely, key=itemgetter(0)) if _is_view_of(thing, one)), None
        )
        if larger is None:
            known.setdefault((thing.key, thing.noun), []).append((place, thing))
        else:
            larger.objects += thing.objects
            larger.__dict__.pop("shapes", None)
            gone.add(id(thing))
    return [thing for thing in things if id(thing) not in gone]


def _shorter(noun: str) -> set[str]:
    """A noun, and what it begins and ends with: of `invoice_line` also `invoice` and `line`."""
    parts = noun.split("_")
    begun = {"_".join(parts[: end + 1]) for end in range(len(parts))}
    return begun | {"_".join(parts[start:]) for start in range(len(parts))}


def _is_view_of(thing: Thing, larger: Thing) -> bool:
    """Whether it has nothing but members of another thing whose name and key it has."""
    paths = {noun_of_path(each.operation.path) for each in thing.objects if not each.inside}
    if paths and paths != {larger.noun}:
        return False
    members = thing.members()
    return len(members) > 1 and members <= larger.members()


def _asked_for(thing: Thing, known: Container[str]) -> str:
    """Its key, or what all its schemas have and its paths take instead: `/articles/{slug}`,
    `/articles/{documentId}`; `known`: nouns of all things."""
    items = [seen for seen in thing.objects if not seen.inside and is_item(seen)]
    taken = [
        parameter
        for seen in items
        for parameter in [_last(seen.operation)]
        if thing.noun in nouns(seen.operation.path, parameter.name)
    ]
    keyed = [seen for seen in thing.objects if seen.keys] if thing.key else []
    shared = set.intersection(*map(set, {seen.keys for seen in keyed})) if keyed else set[str]()
    below = all(seen.operation.path.count("{") > 1 for seen in items)
    offered = [thing.key] + [
        key
        for key in sorted(shared - {thing.key})
        # a running number within one parent repeats in the next
        if not (below and not COUNTS.isdisjoint(words(key)))
        and not is_foreign(key, thing.noun, known)
    ]
    named = [named_after(parameter.name, offered) for parameter in taken]
    members = [children(shape) for shape in dict.fromkeys(seen.shape for seen in keyed)]
    common = {n: s for n, s in members[0].items() if all(n in m for m in members)} if keyed else {}
    for parameter, name in zip(taken, named, strict=True):
        if other := formed_as(parameter, common, name or thing.key, thing.noun, known):
            return other
    return next((key for key in offered if key in named), thing.key)


def _resource_name(thing: Thing) -> str:
    """The member by which objects call each other where paths take a collection and an id at once:
    `name` is `users/7` (AIP-122). Empty where another path takes something else."""
    found: set[str] = set()
    for seen in thing.objects:
        if not seen.inside and is_item(seen):
            parameter = _last(seen.operation)
            named = own_name(parameter.name.rpartition(".")[2])
            whole = _OF_COLLECTION.fullmatch(parameter.shape.pattern)
            found.add(named if whole and named in children(seen.shape) else "")
    return found.pop() if len(found) == 1 else ""


def _last(operation: Operation) -> Parameter:
    """The parameter that the path of an operation ends in."""
    name = last_parameter(operation.path)
    found = (each for each in operation.parameters if each.where == "path" and each.name == name)
    return next(found, Parameter(name, "path"))


def _likeliest(keyed: Sequence[DeclaredObject]) -> DeclaredObject:
    """Of a noun's schemas, the one named after it, or else the largest."""
    first: dict[Shape, DeclaredObject] = {}
    for seen in keyed:
        first.setdefault(seen.shape, seen)
    return max(
        first.values(),
        key=lambda s: ("_".join(words(s.component)) == s.noun, len(children(s.shape))),
    )


def _account(
    things: Sequence[Thing], whoami: DeclaredObject | None, document: Document
) -> Thing | None:
    if whoami is not None:
        for thing in things:
            if any(seen.shape is whoami.shape for seen in thing.objects):
                thing.noun = thing.noun if thing.schemas or thing.noun in ACCOUNTS else "account"
                return thing
        near = [(len(_shared_members(thing, whoami)), thing) for thing in things]
        best = max(near, key=lambda pair: pair[0], default=(0, None))
        return best[1] if best[0] > 1 else Thing("user", key=whoami.keys[0], objects=[whoami])
    people = [thing for thing in things if thing.noun in ACCOUNTS and thing.key]
    people = people or [thing for thing in things if thing.key and thing.noun in _USERS]
    people = [each for each in people if each.noun not in RECORDED or _logs_in(each, document)]
    scored = [
        (thing.noun not in RECORDED, score, -at, thing)
        for at, thing in enumerate(people)
        if (score := _private(thing))
    ]
    return max(scored, key=lambda each: each[:3])[3] if scored else None


def _logs_in(thing: Thing, document: Document) -> bool:
    """Whether the document says that such a person calls this API: it has a password, or logs in or
    registers at a path of its own."""
    if any(_PASSWORDS.intersection(words(name)) for name in thing.members()):
        return True
    for operation in document.operations:
        if operation.method not in SHOWS and thing.noun in map(singular, words(operation.path)):
            taken = (children(media.shape) for media in operation.body if media.shape)
            if any(_PASSWORDS.intersection(words(name)) for each in taken for name in each):
                return True
    return False


def _shared_members(thing: Thing, whoami: DeclaredObject) -> set[str]:
    if thing.key not in whoami.keys or thing.noun.rpartition("_")[2] in CROWDS:
        return set()
    return thing.members() & set(children(whoami.shape))


def _private(thing: Thing) -> int:
    """How many members only an account has."""
    telling = (FieldClass.SECRET, FieldClass.CONTACT, FieldClass.AUTHORITY)
    labels = [classify_field(name) for name in thing.members()]
    handles = any(label is FieldClass.HANDLE for label in labels)
    if not handles and {*telling[:2]}.isdisjoint(labels):
        return 0  # may be an account in bookkeeping
    return sum(label in telling for label in labels) + handles


def _merge_views(
    things: Sequence[Thing], account: Thing, whoami: DeclaredObject | None
) -> list[Thing]:
    """The things, those that are views of the account put into it."""
    if whoami is not None and all(seen.shape is not whoami.shape for seen in account.objects):
        account.objects.append(whoami)
    kept = []
    for thing in things:
        if thing is account or not _is_view(thing, account):
            kept.append(thing)
        else:
            account.objects += thing.objects
    return kept


def _is_view(thing: Thing, account: Thing) -> bool:
    if not thing.key or thing.noun.rpartition("_")[2] in CROWDS:
        return False
    members = account.members()
    return all(_fits(seen, account.key, members) for seen in thing.objects)


def _fits(seen: DeclaredObject, key: str, members: set[str]) -> bool:
    """Whether an object has only members of a known one, and names its owner."""
    names = set(children(seen.shape))
    if key not in names or len(names) < 2 or not names <= members:
        return False
    telling = {name for name in names if classify_field(name) is FieldClass.HANDLE} - {"name"}
    return bool(telling) or seen.noun in ACCOUNTS


def _embed(things: Sequence[Thing], account: Thing | None, seen: Sequence[DeclaredObject]) -> None:
    """Inline objects inside others that are views of a known thing, and those that refer to one of
    its schemas or are nothing: a contract reads these by the schema, wherever they stand."""
    known = {thing.noun: thing for thing in things}
    by_schema = {schema: thing for thing in things for schema in thing.schemas}
    members = {id(thing): thing.members() for thing in things}
    fits: dict[tuple[int, Shape, bool], bool] = {}
    refers: dict[Shape, str] = {}
    """Many answers hold the same object."""
    for each in seen:
        if each.component or not each.inside:
            continue
        if each.shape not in refers:
            refers[each.shape] = _referred_schema(each.shape)
        referred = refers[each.shape]
        if referred in by_schema:
            by_schema[referred].objects.append(replace(each, component=referred))
            continue
        thing = account if each.noun in ACCOUNTS and account is not None else known.get(each.noun)
        if thing is None or thing.key not in each.keys:
            continue
        case = id(thing), each.shape, each.noun in ACCOUNTS
        if case not in fits:
            fits[case] = _fits(each, thing.key, members[id(thing)])
        if fits[case]:
            thing.objects.append(each)


def _referred_schema(shape: Shape) -> str:
    """The schema that a place refers to, or holds nothing: `anyOf: [{$ref: …}, {nullable: true}]`,
    also as each of several views of what is around it declares it; empty where something else may
    stand there."""
    found: set[str] = set()
    waiting, done = [shape], {shape}
    while waiting:
        here = waiting.pop()
        ways = [branch() for branch in here.branches] if not here.properties else []
        for each in ways:
            if each.names:
                found.add(next(iter(names_of(each))))
            elif each.branches and not each.properties:
                waiting += [each] if each not in done else []
                done.add(each)
            elif children(each) or each.extra or each.items:
                return ""
    return found.pop() if len(found) == 1 else ""


def _one_of_each(things: Sequence[Thing], account: Thing | None) -> list[Thing]:
    """The things, each schema in one of them: where answers group a schema with several, in the
    account, else in the one that has it most often. A resource of no object is none."""
    counts: dict[str, Counter[int]] = {}
    for index, thing in enumerate(things):
        for seen in thing.objects:
            if seen.component:
                counts.setdefault(seen.component, Counter())[index] += 1
    for component, of in counts.items():
        if len(of) == 1:
            continue
        home = max(of, key=lambda each: (things[each] is account, of[each], -each))
        for index in of:
            moved = [seen for seen in things[index].objects if seen.component == component]
            if index != home:
                things[home].objects += moved
                kept = [seen for seen in things[index].objects if seen.component != component]
                things[index].objects = kept
                things[index].__dict__.pop("shapes", None)
                things[home].__dict__.pop("shapes", None)
    return [thing for thing in things if thing.objects]


def _echoes(thing: Thing, at_path: Mapping[str, Sequence[Operation]]) -> list[DeclaredObject]:
    """Answers of writes that tell what a reading of the same address tells, and no more: the same
    thing, though they are described in place and may have no key."""
    endpoints = {each.operation.id for each in thing.objects}
    found = []
    for read in thing.objects:
        if read.operation.method != "GET" or read.inside or "*" in read.pointer:
            continue
        for operation in at_path[read.operation.path]:
            media = operation.success()
            if operation.id in endpoints or media is None:
                continue
            shape = at(media.shape, [*path_of(read.pointer)]) if media.shape is not None else None
            names = set(children(shape)) if shape is not None and not shape.names else set()
            if shape is not None and names and names <= set(children(read.shape)):
                keys = tuple(key for key in read.keys if key in names)
                found.append(DeclaredObject(operation, read.pointer, shape, read.noun, keys))
                endpoints.add(operation.id)
    return found


def _name(things: Sequence[Thing], document: Document) -> None:
    taken: set[str] = set()
    owners = {schema: thing for thing in things for schema in thing.schemas}
    for thing in things:
        own = [schema for schema in thing.schemas if noun_of_path(schema) == thing.noun]
        of_noun = "".join(part.capitalize() for part in thing.noun.split("_"))
        names = (*own[:1], of_noun, f"Resource{len(taken) + 1}")
        name = next(each for each in names if _NAME.fullmatch(each))
        free = name in document.schemas and owners.get(name, thing) is thing
        if free and thing.key in children(document.schemas[name]()):
            thing.inherited = (name,)
        while name in taken or (name in document.schemas and name not in thing.schemas):
            name += "_"
        taken.add(name)
        thing.name = name
