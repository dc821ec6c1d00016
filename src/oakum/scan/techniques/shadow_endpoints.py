"""Shadow endpoints: the same objects at undocumented versions and paths (P9).

Data that the documented endpoint withholds may be open at an old version of a path, another host of
the API, a page made for phones, or a path that only the front end's scripts contain. There are few
guesses, and only with permission: an API without shadow endpoints gets some thirty requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from oakum.errors import TargetError, few
from oakum.exposure.endpoints.probes import Probe
from oakum.http.origin import origin_of
from oakum.openapi.model import Operation
from oakum.scan.discovery.api_versions import (
    VersionedPath,
    other_values,
    other_versions,
    others,
    says_version,
    shared_root,
    split,
)
from oakum.scan.discovery.front_end import FrontEnd, Holes, plain, rank_candidates, roots
from oakum.scan.discovery.same_objects_elsewhere import OtherEndpoints
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import raw_path
from oakum.scan.technique import Line, Prospect

HOW = "shadow-endpoint"
RULES: frozenset[str] = frozenset({"shadow-endpoint"})
OPENS_WAYS = True

PHONE = (
    "Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; ARM; Trident/7.0; Touch; rv:11.0;"
    " IEMobile/11.0; NOKIA; Lumia 520) like iPhone OS 7_0_3 Mac OS X AppleWebKit/537"
    " (KHTML, like Gecko) Mobile Safari/537 oakum"
)
"""A user agent with the names of many phones; the last word is that of this scan."""
_PAGE = {"user-agent": PHONE, "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_DATA = {"user-agent": PHONE}
_ROOTS = 2
"""For how many documented versions others are tried."""
_ENDPOINTS = 3
"""How many endpoints of the likeliest version or host are tried, since it may have only some."""
_LISTS = 2
"""How many lists are tried besides."""
_PHONES = 4
"""How many endpoints are requested with a phone's user agent before giving up."""
_PATHS = 60
"""Paths of one front end that are tried."""
_NAMED = 12
"""How many paths that were not called a note lists."""


def run(engine: Engine) -> None:
    """Searches where the user allows it, otherwise nowhere."""
    may = engine.context.may
    if not (may.twins or may.twin or may.front_end):
        return
    search = _Search(engine)
    for address in may.twin:
        engine.say(f"asking the same of {address}")
        search.search_safely(address, search.address)
    if may.twins:
        engine.say("looking for other versions")
        search.versions()
        search.said_versions()
        engine.say("asking as a phone does")
        search.phones()
    for address in may.front_end:
        engine.say(f"reading the scripts of {address}")
        search.search_safely(address, search.front_end)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each address, version and page that may be tried."""
    may, first = prospect.may, "an owner, then every kind of viewer if it responds"
    probes = _shows(prospect.probes)
    for address in may.twin:
        yield {
            "as": first,
            "request": f"every endpoint above, at {address}",
            "why": "a forgotten twin",
        }
    if may.twins:
        seen: set[str] = set()
        root = shared_root(each.operation.path for each in prospect.probes)
        for probe in _reads(probes):
            cut = split(probe.operation.path, root)
            for version in others(cut.version):
                seen.add(f"GET {cut.at(version)}")
            for way in _declared_versions(probe):
                seen.add(f"{way.endpoint.method} {way.endpoint.path}")
        for request in sorted(seen):
            yield {"as": first, "request": request, "why": "another version"}
        if probes:
            why = "what a phone is given"
            yield {"as": first, "request": "endpoints above, with a phone's User-Agent", "why": why}
    for address in may.front_end:
        why = "which paths its scripts name"
        yield {"as": "nobody logged in", "request": f"GET {address} and its scripts", "why": why}
        why = "an endpoint that only the front end knows"
        yield {"as": first, "request": "GET of paths that they name and that only read", "why": why}


def _shows(probes: Sequence[Probe]) -> list[Probe]:
    """Documented endpoints that show something."""
    return [each for each in probes if each.shows and each.asks is None and not each.how]


def _declared_versions(probe: Probe) -> Iterator[Probe]:
    """Variants of an endpoint in other versions, if the document lets a request name the
    version."""
    path = probe.endpoint.path
    for each in probe.operation.parameters:
        for value in other_values(each) if says_version(each) else ():
            if each.name in probe.fixed or each.where == "header":
                endpoint = f"{path} ({each.name}: {value})"
                if each.name in probe.fixed:
                    yield probe.otherwise(HOW, endpoint=endpoint, fixed={each.name: value})
                else:
                    yield probe.otherwise(
                        HOW, endpoint=endpoint, headers={each.name.lower(): value}
                    )
            elif each.name not in probe.sources:
                yield probe.otherwise(HOW, query=((each.name, value),))
    media = probe.operation.success()
    for value in other_versions(media.type) if media else ():
        yield probe.otherwise(HOW, endpoint=f"{path} (Accept: {value})", headers={"accept": value})


def _reads(probes: Sequence[Probe]) -> list[Probe]:
    """Endpoints at which others are guessed: what a POST does elsewhere, no document says."""
    return [each for each in probes if each.operation.method == "GET"]


@dataclass
class _Search:
    """The objects that one run searches for, and the places it has searched."""

    engine: Engine

    def __post_init__(self) -> None:
        engine = self.engine
        self._there = OtherEndpoints(engine)
        self._probes = self._there.by_evidence(_shows(engine.state.probes))
        self._prefix = urlsplit(engine.target).path.rstrip("/")
        self._home = origin_of(engine.target)
        self._documented: dict[str, frozenset[str]] = {}
        for each in (*engine.model.operations.values(), *engine.context.left_out):
            if each.method in ("GET", "HEAD"):
                names = (p.name for p in each.parameters if p.where == "query")
                self._documented[plain(self._whole(each))] = frozenset(names)

    def search_safely(self, address: str, look: Callable[[str], None]) -> None:
        """Runs a search at an address; an unreachable address does not end the run."""
        try:
            look(address)
        except TargetError as error:
            self.engine.results.remark(f"`{address}` was left: {error}")

    # ------------------------------------------------------------ where to look

    def address(self, address: str) -> None:
        """Searches another base URL for the endpoints, as documented or without their common prefix
        such as `/api/v2`."""
        below = bool(urlsplit(address).path.strip("/"))
        paths = [
            raw_path(each.operation) if below else each.operation.path for each in self._probes
        ]
        forms = dict.fromkeys([tuple(paths), tuple(split(path).after for path in paths)])
        for form in forms:
            ways = [
                self._at(probe, address.rstrip("/"), path)
                for probe, path in zip(self._probes, form, strict=True)
            ]
            ways = [
                way for way in ways if way.base or plain(way.endpoint.path) not in self._documented
            ]
            if self._look(ways, _ENDPOINTS):
                return
        self.engine.results.remark(f"`{address}` did not respond at any of the tried endpoints")

    def versions(self) -> None:
        """Older and newer versions of documented paths."""
        root = shared_root(self._whole(each) for each in self.engine.model.operations.values())
        groups: dict[tuple[str, str], list[tuple[Probe, VersionedPath]]] = {}
        for probe in _reads(self._probes):
            cut = split(self._whole(probe.operation), root)
            groups.setdefault((cut.before, cut.version), []).append((probe, cut))
        largest = sorted(groups.values(), key=lambda group: -len(group))
        for group in largest[:_ROOTS]:
            tries = _ENDPOINTS
            for version in others(group[0][1].version):
                ways = [
                    self._at(probe, self._home, cut.at(version))
                    for probe, cut in group
                    if plain(cut.at(version)) not in self._documented
                ]
                self._look(ways, tries)
                tries = 1 if ways else tries

    def _look(self, ways: Sequence[Probe], tries: int) -> bool:
        """Requests all of these endpoints if one of the first exists; returns whether one did."""
        first = [*ways[:tries], *self._lists(ways[tries:])]
        if not any(self._there.answers(way) for way in first):
            return False
        for way in ways:
            if self._there.answers(way):
                self._there.ask(way)
        return True

    def _lists(self, ways: Sequence[Probe]) -> list[Probe]:
        """The likeliest lists, each of another resource: a version may have a list alone."""
        found: dict[str, Probe] = {}
        for way in ways:
            if not way.personal and not self.engine.matrix.is_own(way.operation.id):
                for resource in list(way.shows)[:1]:
                    found.setdefault(resource, way)
        return [*found.values()][:_LISTS]

    def said_versions(self) -> None:
        """Tries versions in a header or query parameter."""
        groups: dict[str, list[tuple[Probe, Probe]]] = {}
        for probe in _reads(self._probes):
            for way in _declared_versions(probe):
                what = way.endpoint.path.removeprefix(probe.endpoint.path)
                groups.setdefault(what, []).append((probe, self._there.read(way)))
        for pairs in groups.values():
            if any(self._there.differs(probe, way) for probe, way in pairs[:2]):
                for _, way in pairs:
                    self._there.ask(way)

    def phones(self) -> None:
        """Tries a phone's user agent, which may get a page with the object, or more fields."""
        probes = _reads(self._probes)
        pages = [(each, self._asked_as(each, "a phone's browser", _PAGE)) for each in probes]
        if any(self._there.is_another(*each) for each in pages[:_PHONES]):
            for probe, way in pages:
                if self._there.is_another(probe, way):
                    self._there.ask(way)
            return
        data = [(each, self._asked_as(each, "a phone", _DATA)) for each in probes]
        if any(self._there.differs(*each) for each in data[:2]):
            for _, way in data:
                self._there.ask(way)

    def front_end(self, address: str) -> None:
        """Endpoints that the scripts of a page name."""
        engine = self.engine
        may = engine.context.may
        named = FrontEnd(engine, address, HOW, (*may.front_end, *may.twin)).run()
        starts = roots(self._documented)
        addresses = (self._home, *(origin_of(each) for each in may.twin))
        holes = Holes(engine.model, engine.state.probes)
        found: set[object] = set()
        tried, left = 0, dict[str, None]()
        for each, path, origin in rank_candidates(named, self._documented, starts, addresses):
            if not holes.reads(each, path):
                left |= {each.path: None} if each.called else {}
                continue
            probe = holes.probe(each, path, HOW, origin or (self._home if self._prefix else ""))
            if each in found or probe is None or probe.id in engine.matrix.probes:
                continue
            if tried >= _PATHS:
                engine.results.remark(f"`{address}` names more paths than were tried")
                break
            tried += 1
            way = self._there.read(probe)
            if self._there.answers(way):
                found.add(each)
                self._there.ask(way)
        if left:
            engine.results.remark(
                f"the scripts of `{address}` name paths that were not requested, because no word"
                f" says that a GET only reads: {few([*left], _NAMED)}"
            )

    # ------------------------------------------------ request variants

    def _whole(self, operation: Operation) -> str:
        """The path of an operation in a URL, after the path of the target."""
        return self._prefix + raw_path(operation) if self._prefix else operation.path

    def _at(self, probe: Probe, address: str, path: str) -> Probe:
        """The same endpoint at another address, the target's own or another's."""
        origin = origin_of(address)
        if origin == self._home:
            path = urlsplit(address).path + path
            base, endpoint = self._home if self._prefix else "", path
        else:
            base, endpoint = address, address + path
        return self._there.read(probe.otherwise(HOW, path, base=base, endpoint=endpoint))

    def _asked_as(self, probe: Probe, what: str, headers: Mapping[str, str]) -> Probe:
        """The same endpoint, asked as another program asks."""
        endpoint = f"{probe.endpoint.path} (as {what})"
        return self._there.read(probe.otherwise(HOW, endpoint=endpoint, headers=headers))
