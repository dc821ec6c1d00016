"""Finds the objects in the declared schemas of responses.

A response is an object, or an envelope around objects (`{"data": [...], "total": 3}`). An object
stands alone if it has a key, or if it is the only one at a path about a person. An object without a
key, such as a postal address, belongs to the object around it. Login responses, messages and errors
are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from oakum.http.json_pointer import escape
from oakum.http.media_type import is_feed
from oakum.http.methods import SHOWS
from oakum.inference.lexicon import FieldClass, classify_field, singular, word_set, words
from oakum.inference.package_prefixes import packages, without_package
from oakum.inference.path_nouns import (
    ACCOUNTS,
    is_of_caller,
    is_segment,
    last_parameter,
    noun_of_path,
    nouns,
    parameter_after,
    without_id,
    without_verbs,
)
from oakum.inference.path_parameter_identifiers import own_name
from oakum.inference.side_effects import classify
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children, elements
from oakum.openapi.shape_queries import event_of, names_of


@dataclass(frozen=True, eq=False)
class DeclaredObject:
    """An object that an operation's response declares, with evidence of its kind and its key."""

    operation: Operation
    pointer: str
    """JSON pointer in the response, `*` for elements; empty: the whole response."""
    shape: Shape
    noun: str
    """Its noun in the singular, such as `order_item`; empty: unknown."""
    keys: tuple[str, ...]
    """Member names that may be its key, the likeliest first."""
    inside: str = ""
    """Field path within the enclosing object; empty: there is none."""
    component: str = ""
    """Name of its schema; empty when it is written in place, or adds to what it refers to."""


_ENVELOPE = word_set(
    "api code count cursor detail details error errors first has href incomplete kind last limit "
    "link links marker message meta more next number object offset ok order page pages pagination "
    "per prev previous query request response result results self show size sort status success "
    "summary took total type url version"
)
"""Words in names of envelope members, which are not part of an object."""
_OF_REQUEST = word_set("correlation request span trace")
"""With `id`, what names the request and no object."""
_OF_PAGES = word_set("continuation cursor next page pagination prev previous")
"""Words that with `token` name a page token, which is no credential."""
_RECEIPT = frozenset(("deleted", "removed", "destroyed", "success"))
_ERRORS = word_set("error errors exception fault problem")
_NO_PAYLOAD = word_set("error errors link links meta metadata pagination paging warning warnings")
GENERIC = word_set(
    "body content data doc docs edge edges element elements embedded entries entry hit hits item "
    "items list node nodes object objects page payload record records response result results row "
    "rows value values"
)
_TECHNICAL = word_set(
    "collection dto entity for in model nullable object out payload read reply resource resp "
    "response result schema serializer view vm write"
)
_VARIANTS = word_set(
    "base basic brief card compact complete current data detail detailed details embed embedded "
    "extended full info item light linked list lite mini minimal my nested own paged partial "
    "preview private profile public record ref reference short simple simplified stub summary tiny "
    "view"
)
_COUNTERS = word_set("count total")
_COUNTED = word_set("all element entry hit item number object of record result row")
"""Words beside counting words that do not name a list."""
_HANDLES = word_set("handle login loginname screenname slug username")
_WEAK = ("gid", "sid", "uid", "code", "key", "no", "number")
"""Names that are a key only if an endpoint has a path parameter of that name, or in who-am-I."""
LINK = "uri"
"""The key of objects that are identified by their URL and have no id."""
_NO_KEYS = word_set("date ext extension format lang language locale mode type version")
_PATHS = ("fullname", "pathwithnamespace", "path", "name")
"""Keys of objects that two path parameters identify together, the complete form first."""
_WRAPS = word_set(
    "container envelope list output page paged pagination reply resp response result wrapper"
)
"""Last words of names of envelope schemas."""
_NAMES = ("name", "slug", "code", "key", "hash", "sha", "ref")
"""Members that a parameter named like the object takes: `/branches/{branch}`."""
_DEPTH = 12
EVENT = "/*"
"""Pointer of the events of a feed; the contract's pointers are relative to one event."""
_FEW = 2
_BESIDE = 4
"""Most members of an envelope beside its content, unless many responses have the same ones."""
_SEVERAL = 3
_PLACES = {(word,) for word in word_set("cursor limit next offset page skip")}


_Held = tuple[str, Shape, str, tuple[str, ...], str, str]
"""An embedded object: (pointer in the outer one, shape, noun, keys, field path, component)."""


def declared_objects(document: Document) -> list[DeclaredObject]:
    """Every object in every success response, in the order of the document."""
    looker = _Looker(document)
    return [seen for operation in document.operations for seen in looker.look(operation)]


class _Looker:
    def __init__(self, document: Document) -> None:
        self._named_by: dict[str, set[tuple[str, ...]]] = {}
        """Noun to the words of the parameters that choose one of its kind."""
        self._paired: set[str] = set()
        """Nouns of which two parameters together choose one."""
        for operation in document.operations:
            for parameter in operation.parameters:
                if parameter.where == "path":
                    self._name(operation.path, parameter.name)
        self._held_by: dict[Shape, list[_Held]] = {}
        self._parts_of: dict[Shape, list[tuple[str, str, Shape]]] = {}
        self._keys_of: dict[tuple[Shape, str], tuple[str, ...]] = {}
        self._envelopes: dict[Shape, tuple[dict[str, Shape], bool]] = {}
        self._packages = packages(document.schemas)
        named = (without_package(name, self._packages) for name in document.schemas)
        self._known = {"_".join(words(name)) for name in named} | set(self._named_by)
        self._known |= {noun_of_path(operation.path) for operation in document.operations}
        self._schemas = document.schemas
        self._path_nouns = {noun_of_path(operation.path) for operation in document.operations}
        self._nouns: dict[str, str] = {}
        self._recurring = {*_envelope_names(document)}
        for operation in document.operations:
            chosen = last_parameter(operation.path) if operation.method == "GET" else ""
            media = operation.success()
            if chosen and media is not None and media.shape is not None:
                for shape in (media.shape, *_generic(children(media.shape)).values()):
                    if noun := self._noun(shape):
                        self._named_by.setdefault(noun, set()).add(words(chosen))

    def _name(self, path: str, parameter: str) -> None:
        """Notes what a parameter may choose one of."""
        after = parameter_after(path, parameter)
        chosen = {*nouns(path, after)} if after else set[str]()
        for noun in nouns(path, parameter):
            if noun in chosen:
                self._paired.add(noun)
            else:
                self._named_by.setdefault(noun, set()).add(words(own_name(parameter)))

    def look(self, operation: Operation) -> Iterator[DeclaredObject]:
        media = operation.success()
        if media is None or media.shape is None or classify(operation).kind == "login":
            return
        shape, pointer = media.shape, ""
        if is_feed(media.type):  # the schema may be of one event or of the list
            shape, pointer = event_of(media) or shape, EVENT
        elif not media.is_json:
            return
        for seen in self._payload(operation, shape, pointer, "", ()):
            yield seen
            yield from self._inside(seen)

    # ------------------------------------------------------------ the envelope

    def _payload(
        self,
        operation: Operation,
        shape: Shape,
        pointer: str,
        holder: str,
        around: tuple[Shape, ...],
    ) -> Iterator[DeclaredObject]:
        if shape in around or len(around) > _DEPTH:
            return
        inner = (*around, shape)
        for branch in shape.branches:
            yield from self._payload(operation, branch(), pointer, holder, inner)
        below = children(shape)
        star = elements(shape)
        if star is not None and not below:
            yield from self._payload(operation, star, f"{pointer}/*", holder, inner)
        elif generic := self._envelope(shape, below)[0]:
            for name, child in generic.items():
                at = f"{pointer}/{escape(name)}"
                yield from self._payload(operation, child, at, holder, inner)
        elif self._envelope(shape, below)[1]:
            for name, child in below.items():
                parts = words(name)
                if parts and parts[-1] not in _NO_PAYLOAD:
                    said = holder if parts[-1] in GENERIC else singular(parts[-1])
                    at = f"{pointer}/{escape(name)}"
                    yield from self._payload(operation, child, at, said, inner)
        elif below and (not shape.branches or shape.names):
            noun = self._noun(shape) or holder or noun_of_path(operation.path)
            keys = self._keys(below, noun) or _of_caller(operation, below)
            if (
                self._leaves_open(shape)
                or _is_receipt(operation, below)
                or noun.rpartition("_")[2] in _ERRORS
            ):
                return
            component = self._component(shape)
            listed = pointer.endswith("/*") and bool(component)  # elements only
            if (keys and (listed or noun not in _ENVELOPE)) or _stands_alone(operation, below):
                yield DeclaredObject(operation, pointer, shape, noun, keys, "", component)

    def _envelope(self, shape: Shape, below: Mapping[str, Shape]) -> tuple[dict[str, Shape], bool]:
        """What an object wraps, and whether it is an envelope of its members. Many answers have the
        same."""
        if shape not in self._envelopes:
            wrapped = self._envelope_members(shape, below)
            envelope = (not shape.names and self._is_list(below)) or _is_envelope(below)
            self._envelopes[shape] = wrapped, not wrapped and envelope
        return self._envelopes[shape]

    def _envelope_members(self, shape: Shape, below: Mapping[str, Shape]) -> dict[str, Shape]:
        """`{"requestId": …, "data": {…}}`: what an answer without a key of its own holds under a
        name that says nothing; empty where the object is no envelope."""
        if {"id", "uuid", "guid"} & below.keys():
            return {}
        said = words(_component_name(shape))
        known = frozenset(below) in self._recurring or _is_page(below)
        known = known and all(_is_beside(name, child) for name, child in below.items())
        if said and said[-1] not in _WRAPS and not known and not self._leaves_open(shape):
            return {}
        if any(map(_names_account, below)):
            return {}  # it names an account, so it is an object
        generic = {n: c for n, c in _generic(below).items() if _is_container(c)}
        keyed = any(self._holds(child) for child in generic.values())
        return generic if keyed and (known or len(below) - len(generic) <= _BESIDE) else {}

    def _leaves_open(self, shape: Shape) -> bool:
        """Whether it takes in a component that says nothing of what it holds: the `{code, msg,
        data}` of which each answer declares the `data`."""
        name = _component_name(shape)
        below = children(self._schemas[name]()) if name in self._schemas else {}
        generic = _generic(below)
        if len(below) - len(generic) > _BESIDE or any(map(_names_account, below)):
            return False
        return any(
            not (each.kinds or each.names or each.branches or each.enum)
            for each in generic.values()
        ) and not self._keys(below, "")

    def _holds(self, shape: Shape) -> bool:
        """Whether it is a list or an object that has a key or a name, or holds a list of such."""
        below = children(shape)
        star = elements(shape)
        inside = children(star) if star is not None else below
        named = bool(shape.names) or (star is not None and bool(star.names))
        lists = any(
            (each := elements(child)) is not None and each.names for child in inside.values()
        )
        return bool(inside) and (named or lists or bool(self._keys(inside, "")))

    def _is_list(self, below: Mapping[str, Shape]) -> bool:
        """`{"products": [...], "credit": 10}`: a list of keyed objects, and little beside it. One
        that names an account beside it is somebody's: whom they follow, not only who that is."""
        lists = [each for child in below.values() if (each := elements(child)) is not None]
        odd = [n for n, c in below.items() if not _is_container(c) and not _is_of_envelope(n)]
        return (
            not self._keys(below, "")
            and any(self._keys(children(each), "") for each in lists)
            and len(odd) <= _FEW
            and not any(map(_names_account, odd))
            and all(classify_field(name, below[name]) is FieldClass.PLAIN for name in odd)
        )

    def _inside(self, outer: DeclaredObject) -> Iterator[DeclaredObject]:
        """Objects inside an object, at any depth; each schema once. They are the same wherever the
        object stands."""
        known = self._held_by.get(outer.shape)
        if known is None:
            known = self._held_by[outer.shape] = [*self._search(outer.shape)]
        for at, shape, noun, keys, path, component in known:
            pointer = outer.pointer + at
            yield DeclaredObject(outer.operation, pointer, shape, noun, keys, path, component)

    def _search(self, outer: Shape) -> Iterator[_Held]:
        waiting = [(outer, "", "", 0)]
        done: set[Shape] = set()
        while waiting:
            shape, pointer, path, depth = waiting.pop()
            if shape in done or depth > _DEPTH:
                continue
            done.add(shape)
            if path and (seen := self._inner_object(shape, path)):
                yield pointer, shape, *seen[:2], path, seen[2]
                path = ""
            waiting += (
                (child, f"{pointer}/{step}", f"{path}.{name}" if path else name, depth + 1)
                for name, step, child in self._parts(shape)
            )

    def _parts(self, shape: Shape) -> list[tuple[str, str, Shape]]:
        """The members and the elements of an object that have members or elements themselves."""
        known = self._parts_of.get(shape)
        if known is None:
            parts = [*children(shape).items()]
            if (star := elements(shape)) is not None:
                parts.append(("*", star))
            known = self._parts_of[shape] = [
                (name, escape(name), child)
                for name, child in parts
                if children(child) or elements(child) is not None
            ]
        return known

    def _inner_object(self, shape: Shape, path: str) -> tuple[str, tuple[str, ...], str] | None:
        """The noun, the keys and the component of an object at a path in another."""
        below = children(shape)
        if not below:
            return None
        noun = self._noun(shape)
        if not noun:
            holder = [word for part in path.split(".") if part != "*" for word in words(part)]
            noun = singular(holder[-1]) if holder else ""
        keys = self._keys_of.get((shape, noun))
        if keys is None:
            keys = self._keys_of[shape, noun] = self._keys(below, noun)
        # A slug only distinguishes rows of a table; an object without an id is part of its parent.
        if not {*keys} - {"slug"}:
            return None
        return noun, keys, self._component(shape)

    # ------------------------------------------------------------ names

    def _noun(self, shape: Shape) -> str:
        """The noun of a component: `user` for `UserOut`, `SimpleUser`, `nullable-simple-user`."""
        component = _component_name(shape)
        if component and component not in self._nouns:
            bare = without_package(component, self._packages)
            ids = {"".join(words(name)) for name in children(shape)}
            self._nouns[component] = _stem(bare, self._known, self._path_nouns, ids)
        return self._nouns.get(component, "")

    def _component(self, shape: Shape) -> str:
        """The component that describes all of an object; empty when none does."""
        name = _component_name(shape)
        if name not in self._schemas:
            return ""
        whole = self._schemas[name]()
        return name if shape is whole or children(shape).keys() <= children(whole).keys() else ""

    def _keys(self, below: Mapping[str, Shape], noun: str) -> tuple[str, ...]:
        scalars = {
            "".join(words(name)): name
            for name, child in below.items()
            if is_segment(name)
            and not child.kinds & {"object", "array", "boolean"}
            and not child.properties
        }
        chosen = []
        for parts in sorted(self._named_by.get(noun, ())):  # `/tasks/{task_gid}` takes a `gid`
            chosen += ["".join(parts[at:]) for at in range(len(parts)) if parts[-1] not in _NO_KEYS]
        joined = noun.replace("_", "")
        last = noun.rpartition("_")[2]
        wanted = [
            "id",
            "uuid",
            "guid",
            *("_id", "gid", "sid"),
            *(f"{joined}{end}" for end in ("id", "uuid", "guid", "key")),
            *(f"{last}{end}" for end in ("id", "uuid", "guid") if last),
        ]
        wanted += ["userid"] if last == "profile" else []
        wanted += [*chosen, *sorted(_HANDLES)]
        wanted += _PATHS if noun in self._paired else ()
        wanted += _NAMES if (*noun.split("_"),) in self._named_by.get(noun, ()) else ()
        wanted += [LINK] if noun and noun in self._path_nouns else []
        return tuple(dict.fromkeys(scalars[word] for word in wanted if word in scalars))


def _of_caller(operation: Operation, below: Mapping[str, Shape]) -> tuple[str, ...]:
    """The weaker keys of whoever is told who they are: `{code, name}`."""
    if not is_of_caller(operation) or "{" in operation.path:
        return ()
    return tuple(name for weak in _WEAK for name in below if words(name) == (weak,))[:1]


def _generic(below: Mapping[str, Shape]) -> dict[str, Shape]:
    """The members whose names say nothing of what they hold."""
    return {
        name: child
        for name, child in below.items()
        if (parts := words(name)) and all(part in GENERIC for part in parts)
    }


def _is_receipt(operation: Operation, below: Mapping[str, Shape]) -> bool:
    """`{"id": …, "object": "file", "deleted": true}`: what is told of what is no more. What is read
    may say of itself that it is deleted."""
    if len(below) > _FEW + _FEW or operation.method in SHOWS:
        return False
    return operation.method == "DELETE" or bool(_RECEIPT & below.keys() - {"success"})


def _component_name(shape: Shape) -> str:
    """A schema's own component name, or else the closest that it takes in; empty without either."""
    return next(iter(names_of(shape)), "")


def _stem(component: str, known: set[str], of_paths: set[str], members: Set[str]) -> str:
    """The noun of a component, without what only says which view it is; a noun of a path is whole:
    a `ProjectBrief` at `/project_briefs`. So is what has an id of its own: an `OrderItem` with an
    `itemId`, or with an `id` beside an `order_id`."""
    name = component.rpartition(".")[2] if component.count(".") > 1 else component
    parts = [*words(name)]
    known_by = members if "id" in members else frozenset[str]()
    while len(parts) > 1:
        noun = "_".join((*parts[:-1], singular(parts[-1])))
        if parts[-1] in _VARIANTS and f"{''.join(parts[:-1])}id" in known_by:
            return noun  # it has a reference to that object, so it is another one
        whole = noun in of_paths
        for end, rest in ((parts[-1], parts[:-1]), (parts[0], parts[1:])):
            own = whole or f"{end}id" in members
            variant = end in _VARIANTS and _is_known(rest, known)
            if end.isdigit() or ((end in _TECHNICAL or variant) and not own):
                parts = rest
                break
        else:
            break
    parts = [*without_verbs(tuple(parts))]
    return "_".join((*parts[:-1], singular(parts[-1]))) if parts else ""


def _is_known(parts: list[str], known: set[str]) -> bool:
    """Whether a name without its affixes is a noun."""
    inner = [part for part in parts if part not in _VARIANTS | _TECHNICAL]
    options = {"_".join(parts), "_".join(inner)}
    return any(o in known or singular(o) in known for o in options if o)


# ------------------------------------------------------------------ what is no object


def _is_container(shape: Shape) -> bool:
    """Whether a shape can contain objects, also as elements; a self-referencing list cannot."""
    seen: set[Shape] = set()
    here: Shape | None = shape
    while here is not None and here not in seen:
        if here.properties or here.branches:
            return True
        seen.add(here)
        here = elements(here)
    return False


def _names_account(name: str) -> bool:
    """Whether a member is the id of an account: `user_id`."""
    noun = without_id(name)
    return noun in ACCOUNTS and noun != "_".join(words(name))


def _is_envelope(below: Mapping[str, Shape]) -> bool:
    """`{"data": [...], "total": 3}`: containers, and beside them only words of an envelope."""
    beside = [name for name, child in below.items() if not _is_container(child)]
    return len(beside) < len(below) and all(
        _is_of_envelope(name) or is_count(name, below) for name in beside
    )


def _envelope_names(document: Document) -> Iterator[frozenset[str]]:
    """The names of the members that answers have in common which hold different things under a
    name that says nothing: `{"status": …, "service": …, "data": …}`."""
    held: dict[frozenset[str], set[str]] = {}
    for operation in document.operations:
        media = operation.success()
        below = children(media.shape) if media is not None and media.shape is not None else {}
        for child in _generic(below).values():
            inner = elements(child) or child
            held.setdefault(frozenset(below), set()).update([*names_of(inner)][:1])
    yield from (names for names, things in held.items() if len(things) >= _SEVERAL)


def _is_beside(name: str, child: Shape) -> bool:
    """Whether an envelope around what has a name that says nothing may have this member."""
    last = words(name)[-1:]
    return not _is_container(child) or (*last, "")[0] in GENERIC | _NO_PAYLOAD


def _is_page(below: Mapping[str, Shape]) -> bool:
    """A list under a name that says nothing, with the number of all that there are and the place of
    the page: what is asked for may stand beside these (`sort_by`, `filter_by`)."""
    counts = [name for name in below if "count" in name.lower() or "total" in name.lower()]
    if not counts or not any(is_count(name, below) for name in counts):
        return False
    listed = any(elements(child) is not None for child in _generic(below).values())
    return listed and any(words(name)[-1:] in _PLACES for name in below)


def is_count(name: str, below: Mapping[str, Shape]) -> bool:
    """Whether a member counts a list beside it: `articlesCount`, `total_items`, or just `total`."""
    lists = [each for each, child in below.items() if elements(child) is not None]
    return names_count(name, lists) and not below[name].kinds & {"array", "boolean", "object"}


def names_count(name: str, lists: Iterable[str]) -> bool:
    """Whether the name of a number says that it counts one of these lists."""
    parts = {singular(word) for word in words(name)}
    counted = parts - _COUNTERS - _COUNTED
    return bool(parts & _COUNTERS) and _speaks_of(counted, lists)


def names_ids(name: str, lists: Iterable[str]) -> bool:
    """Whether the name of a list says that it holds ids of elements of one of these lists."""
    parts = [singular(word) for word in words(name)]
    return parts[-1:] in (["id"], ["uuid"], ["guid"]) and _speaks_of({*parts[:-1]}, lists)


def _speaks_of(parts: Set[str], lists: Iterable[str]) -> bool:
    return any(parts <= {singular(word) for word in words(each)} for each in lists)


def _is_of_envelope(name: str) -> bool:
    parts = words(name)
    request = parts[-1:] == ("id",) and not _OF_REQUEST.isdisjoint(parts)
    page = parts[-1:] == ("token",) and not _OF_PAGES.isdisjoint(parts)
    return request or page or all(word in _ENVELOPE for word in parts)


def _stands_alone(operation: Operation, below: Mapping[str, Shape]) -> bool:
    """Whether an object without a key is still personal data: settings, statistics."""
    if operation.method != "GET":
        return False
    labels = {name: classify_field(name, child) for name, child in below.items()}
    told = [name for name in below if not _is_of_envelope(name)]
    if all(labels[name] is FieldClass.SECRET or "token" in words(name) for name in told):
        return False
    harmless = {FieldClass.PLAIN, FieldClass.KEY, FieldClass.HANDLE, FieldClass.SECRET}
    somebody = "{" in operation.path or is_of_caller(operation) or not operation.anonymous
    return somebody or not harmless.issuperset(labels.values())


def is_item(found: DeclaredObject) -> bool:
    """Whether its endpoint returns one such object, identified by the last path segment."""
    return found.pointer.count("*") <= 1 and bool(last_parameter(found.operation.path))
