"""The places in the responses of each endpoint: which resource stands where, by which schema, and
what stands outside every resource.

The places are those that `judge` finds in a response, read from the declared schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz.compiled_model import Model
from oakum.authz.table import Table, Trie
from oakum.contract_diff.relation_combinations import endpoint_key
from oakum.openapi.model import Media, Operation, Shape
from oakum.openapi.shape_queries import event_of, member, read_only
from oakum.policy.resource_schemas import resource_of

_MAX_PATHS = 20_000
_MAX_DEPTH = 24


@dataclass
class DeclaredPaths:
    """Paths of a resource that an endpoint declares."""

    paths: dict[str, Shape] = field(default_factory=dict)
    anything: bool = False
    """Whether the endpoint does not declare the object's members."""
    free: set[str] = field(default_factory=set)
    """Paths below which anything is allowed."""
    embedded: dict[str, set[str]] = field(default_factory=dict)
    """Paths of embedded objects → their resources, which have tables of their own."""

    def holds(self, leaf: str) -> bool:
        """Whether the document allows a table's leaf at this endpoint."""
        if self.anything or leaf in self.paths:
            return True
        if leaf.endswith("**"):
            return any(path.startswith(leaf[:-2]) for path in self.paths) or self._open(leaf[:-3])
        return self._open(leaf)

    def _open(self, leaf: str) -> bool:
        return any(leaf == path or leaf.startswith(f"{path}.") for path in self.free)


@dataclass
class DeclaredEndpoint:
    """Who may call one endpoint of one contract, and which resources it shows and takes."""

    operation: Operation
    granted: bool
    """Whether the contract names it or it shows a resource; otherwise everybody is denied."""
    call: tuple[str, ...] | None
    shows: dict[str, DeclaredPaths] = field(default_factory=dict)
    takes: dict[str, DeclaredPaths] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()
    """Declared response paths outside every resource."""
    accepts: Mapping[str, bool] = field(default_factory=dict)
    """Declared paths of request bodies outside every resource → whether anything may be there."""

    @property
    def key(self) -> str:
        """Key shared by all contracts with this endpoint."""
        return endpoint_key(self.operation.method, self.operation.path)

    @property
    def name(self) -> str:
        """As the document writes it."""
        return f"{self.operation.method} {self.operation.path}"

    def passes(self, held: frozenset[str], logged: bool) -> bool:
        """Whether callers with these relations may get objects through this endpoint, as
        `decide.through`. `logged`: whether they are logged in."""
        if not self.granted:
            return False
        return self.lets(held, logged)

    def lets(self, held: frozenset[str], logged: bool) -> bool:
        """The same by `call` and the document's security, even if the endpoint is not granted."""
        if self.call is not None:
            return not held.isdisjoint(self.call)
        return logged or self.operation.anonymous


DeclaredEndpoints = Mapping[str, DeclaredEndpoint]
"""Endpoints by `endpoint_key`."""


class Walk:
    """Visits the declared places of a contract; caches what is below a shape."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._known: dict[tuple[int, bool], tuple[Shape, tuple[tuple[str, Shape], ...]]] = {}
        # Holds each shape too, so that its id is not reused.
        self._open: set[int] = set()
        self._cut = False
        self._everybodys: dict[tuple[str, str], bool] = {}

    def endpoints(self) -> DeclaredEndpoints:
        """Every operation of the document by method and path template, granted or not."""
        return {
            endpoint.key: endpoint
            for endpoint in map(self._endpoint, self.model.operations.values())
        }

    def _endpoint(self, operation: Operation) -> DeclaredEndpoint:
        id = operation.id
        granted = id in self.model.rules or id in self.model.showing
        endpoint = DeclaredEndpoint(operation, granted, self.model.rule(id).call)
        outside: dict[str, bool] = {}
        for status, answers in operation.responses.items():
            good = status.startswith("2") or status == "default"
            patterns = self.model.shown.get(id, ()) if good else ()
            for media in answers:
                self._body(media, patterns, endpoint.shows, outside)
        endpoint.outside = frozenset(outside)
        accepts: dict[str, bool] = {}
        for media in operation.body:
            self._body(media, self.model.sets.get(id, ()), endpoint.takes, accepts, writing=True)
            if media.shape is None:
                accepts[""] = True
        endpoint.accepts = accepts
        return endpoint

    def _body(
        self,
        media: Media,
        patterns: tuple[tuple[tuple[str, ...], str], ...],
        found: dict[str, DeclaredPaths],
        outside: dict[str, bool],
        *,
        writing: bool = False,
    ) -> None:
        roots: list[tuple[str, Shape | None]] = []
        top = media.shape if writing else event_of(media)
        for segments, resource in patterns:
            at = top
            for segment in segments:
                at = member(at, segment) if at is not None else None
            roots.append((resource, at))
        starts = [".".join(segments) for segments, _ in patterns]
        for path, shape in self.below(top) if top is not None else ():
            if any(_within(path, start) for start in starts):
                continue
            if name := resource_of(shape, self.model.bound):
                roots.append((name, shape))
            else:
                outside[path] = outside.get(path, False) or _is_free(shape)
        self._resources(roots, found, writing)

    def _resources(
        self, roots: list[tuple[str, Shape | None]], found: dict[str, DeclaredPaths], writing: bool
    ) -> None:
        tables = self.model.settable if writing else self.model.tables
        done: set[tuple[str, int]] = set()
        alive: list[Shape | None] = []  # keeps shapes alive, so that no id is reused
        while roots:
            name, shape = roots.pop()
            if (name, id(shape)) in done:
                continue
            done.add((name, id(shape)))
            alive.append(shape)
            declared = found.setdefault(name, DeclaredPaths())
            if shape is None:
                declared.anything = not writing  # a request may hold declared members only
                continue
            for path, leaf in self.below(shape, root=True):
                if not path:
                    declared.anything |= not writing
                    continue
                inner = resource_of(leaf, self.model.bound)
                if inner and self._shown_to_somebody(tables[name], name, path, writing):
                    roots.append((inner, leaf))
                if writing and _is_read_only(shape, path):
                    continue
                declared.paths[path] = leaf
                if inner:
                    declared.embedded.setdefault(path, set()).add(inner)
                elif not writing and _is_free(leaf):
                    declared.free.add(path)

    def _shown_to_somebody(self, table: Table, name: str, path: str, writing: bool) -> bool:
        """Whether any caller may see the field that holds an embedded object."""
        key = (f"{name}:{writing}", path)
        if key not in self._everybodys:
            bits = 0
            for each in table.sets:
                bits |= each
            node = node_at(table.trie, path)
            self._everybodys[key] = any(bits >> i & 1 for i in (node.under() if node else ()))
        return self._everybodys[key]

    # ------------------------------------------------------------ paths below a shape

    def below(self, shape: Shape, *, root: bool = False) -> tuple[tuple[str, Shape], ...]:
        """Declared leaves below a shape, where an embedded resource is one leaf; `root`: look
        inside the shape itself."""
        if not root and resource_of(shape, self.model.bound):
            return (("", shape),)
        if (known := self._known.get((id(shape), root))) is not None:
            return known[1]
        if id(shape) in self._open or len(self._open) > _MAX_DEPTH:
            self._cut = True
            return ()
        outer, self._cut = self._cut, False
        self._open.add(id(shape))
        found = tuple(self._below(shape, root))
        self._open.discard(id(shape))
        if not self._cut or not self._open:  # otherwise it lacks what was cut by recursion
            self._known[id(shape), root] = shape, found
        self._cut = self._cut or outer
        return found

    def _below(self, shape: Shape, root: bool) -> Iterable[tuple[str, Shape]]:
        found: dict[tuple[str, str], tuple[str, Shape]] = {}
        bare: list[Shape] = []
        for way, bound in self._ways(shape, root):
            if bound:
                found["", bound] = ("", way)
                continue
            parts = [(name, thunk) for name, thunk in way.properties.items()]
            parts += [("*", thunk) for thunk in (way.items, way.extra) if thunk is not None]
            if not parts and not way.branches:
                bare.append(way)
            for name, thunk in parts:
                for path, leaf in self.below(thunk()):
                    whole = f"{name}.{path}" if path else name
                    kind = resource_of(leaf, self.model.bound)
                    if len(found) < _MAX_PATHS:
                        found.setdefault((whole, kind), (whole, leaf))
        if bare and not all(way.kinds == {"null"} for way in bare):
            worth = next(way for way in bare if way.kinds != {"null"})
            if not found or not worth.kinds <= {"object", "array"}:
                found["", ""] = ("", worth)
        return found.values()

    def _ways(self, shape: Shape, root: bool) -> Iterator[tuple[Shape, str]]:
        """The shape and its alternatives, each with its resource."""
        todo, seen = [shape], set[int]()
        while todo:
            at = todo.pop(0)
            if id(at) in seen:
                continue
            seen.add(id(at))
            bound = "" if root or at is shape else resource_of(at, self.model.bound)
            yield at, bound
            if not bound:
                todo += [branch() for branch in at.branches]


def node_at(trie: Trie, path: str) -> Trie | None:
    """The trie node of a field path, as in `judge`."""
    node: Trie | None = trie
    for segment in path.split("."):
        node = node.child(segment) if node is not None else None
    return node


def _is_read_only(shape: Shape, path: str) -> bool:
    """Whether the path or a part of it is read-only."""
    at: Shape | None = shape
    for segment in path.split("."):
        at = member(at, segment) if at is not None else None
        if at is None or read_only(at):
            return True
    return False


def _is_free(shape: Shape) -> bool:
    """Whether a shape allows any members: an object without declarations."""
    return not shape.kinds or "object" in shape.kinds


def _within(path: str, start: str) -> bool:
    """Whether a dotted path is at or below a pattern; `*` matches any step."""
    steps, wanted = path.split("."), start.split(".") if start else []
    return len(steps) >= len(wanted) and all(
        w in ("*", s) for s, w in zip(steps, wanted, strict=False)
    )
