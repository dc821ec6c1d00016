"""Parents of a nested object: `DELETE /notes/{id}/comments/{cid}` names a note, then its comment.

An API refuses such a request if the caller cannot see the note, before it looks at the comment, and
that refusal says nothing about the comment. So the write test requests it below a parent that the
caller is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from urllib.parse import unquote, urlsplit

from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import Probe
from oakum.openapi.model import Parameter
from oakum.routing.operation_by_path_values import params_of
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import FilledRequest, fill, in_path, nobodys, raw_path
from oakum.scan.write_tests.created_objects import AsOwn

_PLACE = re.compile(r"{([^{}]+)}")
_MOST = 8
"""Parents that are looked at for one viewer."""
_UNIQUE = 8
"""Shortest key, in characters, that is taken to name one object of all parents."""
_OF_ACCESS = (403, 404, 405, 410)
"""Statuses that refuse an object or its parents. So does 401 to a logged-in caller."""
_ABSENT = (404, 410)


def parents(probe: Probe) -> dict[str, str]:
    """Path parameters that name what the object stands in → `Resource.field`, the outermost
    first."""
    named = _PLACE.findall(probe.operation.path)
    own = probe.sources.get(named[-1], "") if named else ""
    return {
        each: probe.sources[each]
        for each in named[:-1]
        if each in probe.personal and probe.sources[each] != own
    }


class ParentObjects:
    """Parents in the path of one writing operation, and who is shown them."""

    def __init__(self, engine: Engine, probe: Probe) -> None:
        self.engine, self.probe = engine, probe
        self.named = parents(probe)

    def may_refuse(self, viewer: str | None, request: Request, status: int) -> bool:
        """Whether a status may refuse the parents in a request, and not its object."""
        of_access = status in _OF_ACCESS or (status == 401 and viewer is not None)
        return bool(self.named) and of_access and self.hides(viewer, request)

    def are_private(self, viewer: str | None, owner: str) -> bool:
        """Whether the contract shows the innermost parent to no such viewer, ever: there is nothing
        to try below another's, and below an own one it was."""
        held = self.engine.identities.relations(viewer, owner)
        parent = [*self.named.values()][-1].partition(".")[0]
        return not held & {*self.engine.model.tables[parent].relations}

    def hides(self, viewer: str | None, request: Request) -> bool:
        """Whether the parents in a request are not known to be shown to a viewer."""
        values = _values(self.probe, request)
        known = {source: values.get(name, "") for name, source in self.named.items()}
        return not self._is_shown(viewer, known)

    def common_parents(self, viewer: str | None, owner: str) -> Iterator[AsOwn]:
        """Parents that both are shown, each as the only one of the owner's while it is entered."""
        resource, _, field = [*self.named.values()][-1].partition(".")
        objects = self.engine.knowledge.objects
        order = [owner, *([viewer] if viewer else []), *self.engine.identities.names()]
        rows = {
            row[field]: row
            for who in reversed(order) for row in reversed(objects.get((who, resource), []))
            if field in row
        }  # fmt: skip
        for row in [*reversed(rows.values())][:_MOST]:
            known = {source: self._of(row, source, owner) for source in self.named.values()}
            if self._is_shown(viewer, known) and self._is_shown(owner, known):
                yield AsOwn(self.engine, owner, resource, row)

    def _of(self, row: Mapping[str, str], source: str, owner: str) -> str:
        """The id of a parent: from the row itself, or from the object around it."""
        resource, _, field = source.partition(".")
        last = [*self.named.values()][-1]
        if source == last or resource == last.partition(".")[0]:
            return row.get(field, "")
        known = self.engine.knowledge
        return known.named_in(row, source) or next(iter(known.values(source, owner)), "")

    def _is_shown(self, viewer: str | None, known: Mapping[str, str]) -> bool:
        """Whether an endpoint of these parents answers a viewer."""
        engine = self.engine
        whose = viewer or next(iter(engine.identities.names()))
        for probe in self._readers():
            with ExitStack() as stack:
                for source, value in known.items():
                    resource, _, field = source.partition(".")
                    row = {**self._row(source, value), field: value}
                    stack.enter_context(AsOwn(engine, whose, resource, row))
                filled = fill(probe, engine.target, engine.knowledge, whose)
            if filled is not None and set(known.values()) <= set(filled.params.values()):
                return engine.send(probe, viewer, filled).ok
        return False

    def _row(self, source: str, value: str) -> Mapping[str, str]:
        resource, _, field = source.partition(".")
        objects = self.engine.knowledge.objects.items()
        found = (row for (_, kind), rows in objects if kind == resource for row in rows)
        return next((row for row in found if row.get(field) == value), {})

    def _readers(self) -> list[Probe]:
        """Reads of the innermost parent, then of what it holds."""
        path = _PLACE.sub("{}", self.probe.operation.path)
        above = path.rpartition("/{}")[0]
        parent = above[: above.rfind("{}") + 2]
        at = {
            _PLACE.sub("{}", each.operation.path): each
            for each in self.engine.state.probes
            if each.operation.method == "GET" and not (each.batch or each.how or each.query)
        }
        return [at[each] for each in (parent, above) if each in at]

    def below_own(self, viewer: str | None, owner: str, request: Request) -> Request | None:
        """The same request below a parent of the viewer's own. None: there is none, or the run
        cannot tell that the key names nothing there, which the request would write to; a PUT may
        make a new object of a key that names nothing (RFC 9110, 9.3.4)."""
        values = _values(self.probe, request)
        if viewer is None or not values:
            return None
        own = dict(values)
        for name, source in self.named.items():
            known = self.engine.knowledge.values(source, viewer)
            if not known:
                return None
            own[name] = known[0]
        last = _PLACE.findall(self.probe.operation.path)[-1]
        below = self._at(request, values, own)
        if own == values or below is None:
            return None
        none = self._at(request, values, {**own, last: nobodys(self.probe, last, own[last])})
        free = self._is_absent(viewer, owner, below, request, none)
        if free is None and request.method != "PUT":
            free = self._is_free(viewer, own, own[last])
        return below if free else None

    def _at(
        self, request: Request, values: Mapping[str, str], own: Mapping[str, str]
    ) -> Request | None:
        """The request with other values in its path; None if they do not stand there as such."""
        raw = raw_path(self.probe.operation)
        places = [each for each in self.probe.operation.parameters if each.where == "path"]
        before, after = urlsplit(request.url).path, _fill_path(raw, places, values)
        if not before.endswith(after):
            return None
        url = request.url.replace(
            before, before.removesuffix(after) + _fill_path(raw, places, own), 1
        )
        return Request(request.method, url, request.headers, request.body)

    def _is_absent(
        self, viewer: str, owner: str, below: Request, request: Request, none: Request | None
    ) -> bool | None:
        """Whether a read below the viewer's parent finds nothing by the key, of which a PUT would
        make something, or the very object that its owner is shown: then it finds something else by
        another key. None: no read tells."""
        path = _PLACE.sub("{}", self.probe.operation.path)
        probe = next(
            (
                each
                for each in self.engine.state.probes
                if each.operation.method == "GET"
                and not (each.batch or each.how or each.query)
                and _PLACE.sub("{}", each.operation.path) == path
            ),
            None,
        )
        if probe is None or none is None:
            return None

        def read(who: str, at: Request) -> Response:
            asked = Request("GET", at.url.partition("?")[0], {"accept": "application/json"})
            return self.engine.send(probe, who, FilledRequest(asked, {}, frozenset(), path))

        found = read(viewer, below)
        if found.status in _ABSENT:
            return request.method != "PUT"
        if not found.ok:
            return None
        theirs, other = read(owner, request), read(viewer, none)
        return found.body == theirs.body and found.body != other.body

    def _is_free(self, viewer: str, own: Mapping[str, str], key: str) -> bool:
        """Whether a list below the viewer's parent shows that it has no object of this key. A key
        that may count up in each parent may stand on another page: then it must be empty."""
        known = {source: own[name] for name, source in self.named.items()}
        engine = self.engine
        for probe in self._readers()[-1:]:
            if probe.operation.path.count("{") != len(known):
                return False
            with ExitStack() as stack:
                for source, value in known.items():
                    resource, _, field = source.partition(".")
                    stack.enter_context(AsOwn(engine, viewer, resource, {field: value}))
                filled = fill(probe, engine.target, engine.knowledge, viewer)
            if filled is None:
                return False
            answer = engine.send(probe, viewer, filled)
            rows = answer.body.strip()
            if not answer.ok or not rows:
                return False
            if key.isdigit() or len(key) < _UNIQUE:
                return b"{" not in rows[1:]
            return key.encode() not in rows
        return False

    # --------------------------------------------------------- what was not tried

    def name(self, viewer: str | None, owner: str) -> None:
        """Reports that a refusal proves nothing about the object."""
        engine = self.engine
        label = engine.identities.label(engine.identities.relations(viewer, owner), viewer, owner)
        parent = [*self.named.values()][-1].partition(".")[0]
        engine.results.note_gap(
            self.probe.endpoint,
            f"it was refused below a `{parent}` that is not shown to `{label}`, and the run could"
            " use no object below one that is",
            Section.WRITES,
            label,
        )


def _fill_path(path: str, places: Sequence[Parameter], values: Mapping[str, str]) -> str:
    for each in places:
        if each.name in values:
            path = in_path(path, each, values[each.name])
    return path


def _values(probe: Probe, request: Request) -> dict[str, str]:
    """Path parameter → value in a request that was built for this endpoint."""
    raw = raw_path(probe.operation)
    pattern = "".join(
        f"(?P<p{at // 2}>[^/]+)" if at % 2 else re.escape(part)
        for at, part in enumerate(_PLACE.split(raw))
    )
    found = re.search(pattern + r"\Z", urlsplit(request.url).path)
    names = _PLACE.findall(raw)
    segments = {n: unquote(found[f"p{at}"]) for at, n in enumerate(names)} if found else {}
    return params_of(probe.operation, segments)
