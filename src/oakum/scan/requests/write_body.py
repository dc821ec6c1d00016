"""Bodies of writes to one object: the changed members, where the operation's body holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from oakum.authz import Model
from oakum.exchange import Request, json_bytes
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import canonical
from oakum.exposure.values.masks import looks_masked
from oakum.http.json_pointer import member_at, path_of
from oakum.inference.lexicon import LETS_IN, classify_field
from oakum.inference.object_version_names import names_version
from oakum.openapi.model import Json, Operation, Shape
from oakum.scan.requests.builder import FilledRequest, variable, with_body
from oakum.scan.requests.bulk_writes import Bulk
from oakum.scan.requests.object_version_parameters import Versions, at_version, told_by, versions_of
from oakum.scan.requests.person_operations import is_secret
from oakum.scan.requests.person_requests import harmless
from oakum.scan.requests.written_resources import place


@dataclass(frozen=True)
class WriteBody:
    """Bodies of one operation that write members of one resource."""

    model: Model
    probe: Probe
    resource: str
    many: Bulk | None = None
    """Where it writes a list of objects by key."""

    @property
    def shape(self) -> Shape:
        """What the document says of the object in the body."""
        return self._place[1]

    @cached_property
    def _place(self) -> tuple[tuple[str, ...], Shape]:
        if self.many:
            return self.many.at, self.many.shape
        return place(self.model, self.probe.operation, self.resource)

    @cached_property
    def versions(self) -> Versions:
        """What a request says of the version of the object beside its body."""
        return versions_of(self.probe, self.resource, self._key)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What a request has to say of the version of the object, and nothing tells."""
        return tuple(each for each in self.probe.unfilled if names_version(each))

    @property
    def _key(self) -> str:
        return self.model.policy.resources[self.resource].key

    def request(
        self,
        filled: FilledRequest,
        shown: Mapping[str, Json],
        changes: Mapping[str, Json],
        *,
        ours: bool = False,
    ) -> Request:
        """A write of some members of the object that its owner is shown. `ours`: the object is the
        run's own, so that a required member that no view shows may be written, too."""
        body = self.content(filled, shown, changes, ours=ours)
        request = with_body(filled, self.probe.operation, body).request
        return at_version(request, shown, self.versions)

    def content(
        self,
        filled: FilledRequest,
        shown: Mapping[str, Json],
        changes: Mapping[str, Json],
        *,
        ours: bool = False,
    ) -> Json:
        """The body of such a write, as a value."""
        content: dict[str, Json] = {n: shown[n] for n in self._as_shown if n in shown}
        if ours:
            content = {**dict(self._made_up(shown)), **content}
        if self.many:
            content = {**content, **changes, self._key: shown[self._key]}
            body = self.wrap(content)
            return {**filled.content, **body} if isinstance(body, dict) else body
        return self.with_names(filled, shown, {**content, **changes})

    def with_names(
        self, filled: FilledRequest, shown: Mapping[str, Json], content: Mapping[str, Json]
    ) -> Json:
        """Members of the object, with those that the request fills to name it: inside the object
        none takes the place of what its owner is shown."""
        at, _ = self._place
        inside = member_at(dict(filled.content), at)
        named = inside if isinstance(inside, dict) else {}
        kept = {
            name: each
            for name, each in named.items()
            if not (name in content and name in shown) or _is_key_of(each, shown[name])
        }
        body = self.wrap({**content, **kept})
        return _merged(filled.content, body) if at and isinstance(body, dict) else body

    @property
    def _as_shown(self) -> tuple[str, ...]:
        """Members that a write repeats as the owner's view shows them."""
        shape = self.shape
        return tuple(shape.properties if self.probe.operation.method == "PUT" else shape.required)

    def beside(
        self, filled: FilledRequest, shown: Mapping[str, Json], changes: Mapping[str, Json]
    ) -> tuple[str, ...]:
        """Members that are in the body only because they would be lost, or are required."""
        named = () if self.many else filled.content
        fixed = {n for n in named if n not in shown or isinstance(shown[n], dict)}
        return tuple(sorted({*self._as_shown} - fixed - {self._key} - changes.keys()))

    def why_lost(
        self,
        owner: str,
        shown: Mapping[str, Json],
        faces: Mapping[tuple[str, str, str, str], Mapping[str, str]],
        *,
        ours: bool = False,
    ) -> str:
        """Why an object could not be put back after a write: nothing shows the version that a
        request has to say, or a member that it has to set beside the changed one, or a PUT would
        replace what its owner's view does not show. `ours`: the object is the run's own."""
        for name, member in self.versions:
            if told_by(shown, member) is None and self._is_required(name):
                return f"it requires `{name}`, and no response shows the present value"
        for name in () if ours else self._set_beside():
            if name not in shown:
                return f"it requires `{name}`, and no response shows the present value"
        if self.probe.operation.method != "PUT" or not self.probe.operation.body:
            return ""
        unseen = self.unseen(owner, shown, faces)
        return f"it replaces the whole object, and {unseen[0]}" if unseen else ""

    def _set_beside(self) -> Iterator[str]:
        """Members of the object that the request fills with something else than what names it."""
        known = self.model.known[self.resource].names
        for name, source in self.probe.sources.items():
            if name in self.shape.properties and name in known and not self.many:
                yield from () if source.partition(".")[0] == self.resource else (name,)

    def _is_required(self, parameter: str) -> bool:
        known = self.probe.operation.parameters
        return any(each.required for each in known if each.name == parameter)

    def _made_up(self, shown: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
        """Required members that the object does not have, such as the reason of a change; not what
        names another object, is a secret or lets somebody in."""
        shape = self.shape
        for name in sorted(shape.required & shape.properties.keys()):
            inner = shape.properties[name]()
            kind = classify_field(name, inner)
            known = name in shown or name in self.probe.sources or inner.read_only
            if not (known or is_secret(name, inner) or kind in LETS_IN):
                yield name, harmless(name, inner)

    def unseen(
        self,
        owner: str,
        shown: Mapping[str, Json],
        faces: Mapping[tuple[str, str, str, str], Mapping[str, str]],
    ) -> list[str]:
        """Why a whole object cannot be put back: members that its owner's view does not show."""
        shape = self.shape
        why = [
            f"`{name}` is shown nowhere"
            for name, thunk in shape.properties.items()
            if name not in shown and name not in self.probe.sources and not thunk().read_only
        ]
        for name, value in shown.items() if shape.properties else ():
            differs = any(
                len(set(each.values())) > 1
                for (who, resource, _, path), each in faces.items()
                if (who, resource, path) == (owner, self.resource, name)
            )
            if name in shape.properties and (looks_masked(value) or differs):
                why.append(f"the shown value of `{name}` may be a mask")
        return why

    def version_reader(
        self, owner: str, filled: FilledRequest, shown: Mapping[str, Json]
    ) -> tuple[tuple[str | None, Request] | None, tuple[str, Json]]:
        """Who asks what to see the version that a write has to name, and which object it is."""
        path, operations = self.probe.operation.path, self.model.operations.values()
        reads = any((each.method, each.path) == ("GET", path) for each in operations)
        url = filled.request.url.partition("?")[0]
        alone = (owner, Request("GET", url, {"accept": "application/json"})) if reads else None
        return alone, (self._key, shown.get(self._key))

    def wrap(self, content: Json) -> Json:
        """The object where the body of this operation holds it."""
        at, _ = self._place
        for segment in reversed(at):
            content = [content] if segment == "*" else {segment: content}
        return content

    def symbolic(self, name: str, owner: str) -> str:
        """The body for a curl line: the member, and the object's key where the body has it."""
        named = {self._key: variable(owner, f"{self.resource}.{self._key}")} if self.many else {}
        return json_bytes(self.wrap({**named, name: "…"})).decode()


def _is_key_of(value: Json, shown: Json) -> bool:
    """Whether a value names what an object is shown to hold in full: `7` for `{"id": 7}`."""
    if isinstance(value, dict | list) or not isinstance(shown, dict):
        return False
    return canonical(value) in {canonical(each) for each in shown.values()}


def _merged(one: Mapping[str, Json], other: Mapping[str, Json]) -> dict[str, Json]:
    """Both objects as one; what the other has takes the place of what the first has."""
    found = {**one, **other}
    for name in one.keys() & other.keys():
        if isinstance(one[name], dict) and isinstance(other[name], dict):
            found[name] = _merged(one[name], other[name])
    return found


def forbids_undeclared(document: Json, writer: Operation) -> bool:
    """Whether the document forbids undeclared members in a body."""
    shapes = [media.shape for media in writer.body if media.is_json and media.shape]
    todo = [_value_at(document, shape.pointer) for shape in shapes]
    seen: list[Json] = []
    while todo:
        at = todo.pop()
        if not isinstance(at, dict) or any(at is each for each in seen):
            continue
        seen.append(at)
        if at.get("additionalProperties") is False or at.get("unevaluatedProperties") is False:
            return True
        todo += at["allOf"] if isinstance(at.get("allOf"), list) else []
        todo.append(_value_at(document, str(at.get("$ref", ""))))
    return False


def _value_at(document: Json, pointer: str) -> Json:
    path = path_of(pointer.partition("#")[2] if "#" in pointer else pointer)
    return member_at(document, path) if path else None
