"""Endpoints that a front end's scripts call and the document lacks.

The page and its scripts are fetched without a login, from the page's own address and from those
that the user named. A path in them is an endpoint only if its words say that it reads
(`scan/discovery/safe_paths.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from oakum.authz import Model
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import Probe, names_a_person
from oakum.finding import Endpoint
from oakum.http.origin import origin_of
from oakum.inference.lexicon import FieldClass, classify_field, singular, words
from oakum.inference.path_nouns import ACCOUNTS, SAYS_AN_ID, nouns
from oakum.inference.side_effects import classify
from oakum.openapi.model import Operation, Parameter
from oakum.scan.discovery.api_versions import split
from oakum.scan.discovery.html_page import read_page
from oakum.scan.discovery.safe_paths import may_be_read
from oakum.scan.discovery.script_paths import ScriptPath, further_scripts, named_paths
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import FilledRequest

_MOST_SCRIPTS = 8
_MOST_TEXT = 2 << 20
"""How many characters of a script are read."""
_HOLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class FrontEnd:
    """Reads one page. `run` returns all paths that its scripts name."""

    engine: Engine
    address: str
    how: str
    also: Sequence[str]
    """Further origins from which scripts may be loaded."""
    named: dict[tuple[str, str, str], ScriptPath] = field(default_factory=dict)

    def run(self) -> list[ScriptPath]:
        """Fetches the page, its scripts, and scripts that they load, up to a limit."""
        answer, address = self._fetch(self.address)
        text = _text(answer)
        if answer.status >= 400 or not text:
            self.engine.results.doubt(
                f"`{self.address}` returned no page ({answer.status}), so no script was read:"
                f" give `--front-end` the address that a browser shows"
            )
            return []
        todo: list[str] = []
        if "javascript" in answer.media_type or urlsplit(address).path.endswith((".js", ".mjs")):
            todo += self._take(text, address)
        else:
            page = read_page(text)
            todo += [_resolve_url(address, each) for each in page.sources]
            for script in page.scripts:
                todo += self._take(script, address)
        asked: set[str] = set()
        for each in todo:  # grows while it is iterated
            if len(asked) < _MOST_SCRIPTS and each not in asked and self._may(each):
                asked.add(each)
                answer, where = self._fetch(each)
                if answer.status < 300 and "html" not in answer.media_type:
                    todo += self._take(_text(answer), where)
        return list(self.named.values())

    def _take(self, script: str, address: str) -> list[str]:
        """Records the paths that a script names; returns URLs of further scripts."""
        for each in named_paths(script):
            query = "&".join(f"{name}={value}" for name, value in each.query)
            self.named.setdefault((plain(each.path), query, each.origin), each)
        return [_resolve_url(address, each) for each in further_scripts(script)]

    def _may(self, address: str) -> bool:
        named = (self.address, self.engine.target, *self.also)
        try:
            return origin_of(address) in {origin_of(each) for each in named}
        except ValueError:  # an invalid port
            return False

    def _fetch(self, address: str) -> tuple[Response, str]:
        """Requests an address anonymously, following two redirects; returns response and final
        address."""
        answer = Response(0, {}, b"")
        for _ in range(3):
            path = urlsplit(address).path or "/"
            operation = Operation(f"GET {path}", "GET", path)
            probe = Probe(
                operation, Endpoint("GET", address, operation.id), {}, {}, {}, how=self.how
            )
            headers = {"accept": "text/html, text/javascript, */*;q=0.5"}
            filled = FilledRequest(Request("GET", address, headers), {}, frozenset(), address)
            answer = self.engine.send(probe, None, filled)
            to = answer.headers.get("location", "")
            if not (300 <= answer.status < 400 and to and self._may(_resolve_url(address, to))):
                break
            address = _resolve_url(address, to)
        return answer, address


def _resolve_url(address: str, other: str) -> str:
    """Resolves an address relative to another; empty if invalid."""
    try:
        return urljoin(address, other)
    except ValueError:
        return ""


def _text(answer: Response) -> str:
    return answer.body[: 4 * _MOST_TEXT].decode("utf-8", "replace")[:_MOST_TEXT]


def plain(path: str) -> str:
    """A path template without parameter names."""
    return _HOLE.sub("{}", path).rstrip("/")


def roots(paths: Iterable[str]) -> list[str]:
    """Common prefixes of documented paths, such as `/api/v2`, most frequent first."""
    many: dict[str, int] = {}
    for path in paths:
        cut = split(path)
        root = f"{cut.before}/{cut.version}" if cut.version else cut.before
        if root:
            many[root] = many.get(root, 0) + 1
    return sorted(many, key=lambda root: -many[root])


@dataclass
class Holes:
    """What fills the gaps in a path from a script, learnt from the documented paths."""

    model: Model
    probes: Iterable[Probe]

    def __post_init__(self) -> None:
        self._after: dict[str, tuple[str, str]] = {}
        """Segment → (parameter, source) of what stands behind it in documented paths."""
        self._called: dict[tuple[str, ...], str] = {}
        for probe in self.probes:
            for parameter, source in probe.sources.items():
                before = _segment_before(probe.operation.path, parameter)
                if before:
                    self._after.setdefault(before, (parameter, source))
                if set(words(parameter)) - SAYS_AN_ID:
                    self._called.setdefault(words(parameter), source)
        keyed = {name: each for name, each in self.model.policy.resources.items() if each.key}
        self._nouns = {_noun(name): f"{name}.{each.key}" for name, each in keyed.items()}
        accounts = (name for name, each in keyed.items() if each.is_account)
        self._account = next(accounts, "")
        said = [*keyed, *(s for probe in self.probes for s in probe.operation.path.split("/"))]
        self._known = {singular(w) for each in said if "{" not in each for w in words(each)}

    def reads(self, named: ScriptPath, path: str) -> bool:
        """Whether the words of a path suggest that a GET of it only reads."""
        reads = Operation(f"GET {path}", "GET", path)
        return classify(reads).kind == "read" and may_be_read(path, named.query, self._known)

    def probe(self, named: ScriptPath, path: str, how: str, base: str) -> Probe | None:
        """An endpoint for a path in a script; None if it may do more than read, or if its
        parameters have no known values."""
        if not self.reads(named, path):
            return None
        names: dict[str, str] = {}
        sources: dict[str, str] = {}
        asked = dict(named.query)
        for hole in named.holes:
            beside = next((key for key, value in asked.items() if f"{{{hole}}}" in value), "")
            source = self._source(f"{path}/{{{hole}}}" if beside else path, hole, beside)
            if source:
                name = self._name(hole, path, source)
                while name in sources:
                    name += "_"
                names[hole], sources[name] = name, source
            elif beside:
                # a parameter such as `from` or `sort`, which holds no personal data
                del asked[beside]
            else:
                return None
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        whole = f"{path}?{query}" if query else path
        whole = _HOLE.sub(lambda match: "{" + names.get(match[1], match[1]) + "}", whole)
        operation = Operation(
            f"GET {whole}", "GET", whole, tuple(Parameter(name, "path", True) for name in sources)
        )
        reads = Operation(f"GET {path}", "GET", path, operation.parameters)
        if classify(reads).kind != "read":
            return None
        personal = frozenset(n for n, each in sources.items() if names_a_person(self.model, each))
        endpoint = Endpoint("GET", whole, operation.id)
        return Probe(operation, endpoint, {}, sources, {}, personal, how=how, base=base)

    def _source(self, path: str, hole: str, beside: str) -> str:
        for name in (hole, beside):
            if words(name) in self._called:
                return self._called[words(name)]
        before = _segment_before(path, hole)
        if before in self._after:
            return self._after[before][1]
        for noun in nouns(path, "" if hole.startswith("_") else hole):
            if noun in self._nouns:
                return self._nouns[noun]
            if noun in ACCOUNTS and self._account:
                return f"{self._account}.{self.model.policy.resources[self._account].key}"
        return "" if beside else self._of_account(hole)

    def _of_account(self, hole: str) -> str:
        """The account's member with the name of the gap, or else its id, the most likely of all
        ids."""
        if not self._account:
            return ""
        leaves = self.model.tables[self._account].leaves
        same = (leaf for leaf in leaves if "." not in leaf and words(leaf) == words(hole))
        field = next(same, self.model.policy.resources[self._account].key)
        return "" if classify_field(field) is FieldClass.SECRET else f"{self._account}.{field}"

    def _name(self, hole: str, path: str, source: str) -> str:
        """The parameter name for a gap: that of the script, or that of the document if the script
        has none or if the contract finds the owner by it."""
        known, same = self._after.get(_segment_before(path, hole), ("", ""))
        owner = self.model.policy.resources[source.split(".")[0]].owner
        if known and same == source and (owner.kind == "path" or hole.startswith("_")):
            return known
        return (known or "id") if hole.startswith("_") else hole


def _noun(resource: str) -> str:
    """The singular noun of a path segment: `order_item` for `OrderItems`."""
    *before, last = words(resource)
    return "_".join((*before, singular(last)))


def _segment_before(path: str, hole: str) -> str:
    """The literal segment right before a hole."""
    before = path.partition("{" + hole + "}")[0].rstrip("/").rpartition("/")[2]
    return "" if "{" in before else before.lower()


def rank_candidates(
    found: Iterable[ScriptPath],
    documented: Mapping[str, frozenset[str]],
    starts: Sequence[str],
    addresses: Sequence[str],
) -> Iterator[tuple[ScriptPath, str, str]]:
    """(named, path, origin) of candidates, most likely first; an empty origin is the target's.
    `documented`: nameless paths → query parameters; `starts`: prefixes of documented paths;
    `addresses`: allowed origins, the target's first."""
    found = list(found)
    starts = [*dict.fromkeys([*starts, *(each.path.rstrip("/") for each in found if each.is_base)])]
    ranked = sorted(
        (each for each in found if not each.is_base and each.origin in ("", *addresses)),
        key=lambda each: (
            -each.called,
            not any(each.path.startswith(f"{start}/") for start in starts),
            not each.holes,
        ),
    )
    for each in ranked:
        if each.path.rstrip("/") in starts:
            continue
        at_home = each.origin in ("", *addresses[:1])
        under = any(each.path.startswith(f"{start}/") for start in starts)
        begun = [f"{start}{each.path}" for start in starts[:2]] if each.called and not under else []
        paths = [*begun, each.path] if each.based else [each.path, *begun]
        for path in paths if not each.origin else [each.path]:
            known = documented.get(plain(path))
            new = {name for name, _ in each.query} - (known or frozenset())
            if known is None or new:
                yield each, path, "" if at_home else each.origin
