"""Joins what was observed of a page load: each field of each response and its use. Pure.

The strongest sign of use counts: the value is on the page, a script read it, a script copied the
object that holds it, or none of these. If a response or a part of it went where nothing can be
observed (a worker, a stream), a field without a sign is *not observed*.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

from oakum.frontend.displayed_values import Surface, held_by_controls, shown_fields
from oakum.frontend.field_paths import Path, leaves, names_somebody, path_text, template, word
from oakum.openapi.model import Json
from oakum.traffic.calls_from_exchanges import Endpoints
from oakum.traffic.inventory import SeenEndpoint
from oakum.traffic.path_templates import Paths
from oakum.traffic.survey import Survey

Use = Literal["rendered", "read", "copied", "untouched", "unobserved"]
USES: Mapping[Use, str] = {
    "rendered": "rendered",
    "read": "read",
    "copied": "only copied",
    "untouched": "untouched",
    "unobserved": "not observed",
}
"""Use → its name in outputs, the strongest sign first."""
USED: frozenset[Use] = frozenset(("rendered", "read"))
UNUSED: frozenset[Use] = frozenset(("copied", "untouched"))
_NAMED = re.compile(r"\b(?:query|mutation)\s+(\w+)")
_PARAMETER = re.compile(r"\{[^{}]*\}")
PAGE = "PAGE"
"""Stands for the HTTP method of data in a script element of the page itself."""


@dataclass(frozen=True)
class ReceivedResponse:
    """A response as received. It contains values, so it stays in memory."""

    method: str
    url: str
    status: int
    """0 if the response broke off, or the browser kept no body of it."""
    body: bytes = field(repr=False)
    posted: str = field(default="", repr=False)
    document: bool = False
    """Whether it is a page, and not a response to a script."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Request headers with lower-case names; they may tell who the caller is."""


@dataclass(frozen=True)
class Load:
    """Everything observed in one drive through the pages. It contains values, so it stays in
    memory."""

    heard: tuple[ReceivedResponse, ...]
    told: tuple[dict[str, Any], ...] = field(repr=False)
    """The instrument's records, one for each document or worker."""
    followed: int = 0
    left: int = 0
    """Scripts whose copies could be tracked (`followed`), and those whose copies could not
    (`left`)."""

    def __add__(self, other: Load) -> Load:
        return Load(
            self.heard + other.heard,
            self.told + other.told,
            self.followed + other.followed,
            self.left + other.left,
        )


@dataclass(frozen=True)
class UsedField:
    """The path of a response field, and what the front end did with it."""

    path: str
    use: Use


@dataclass(frozen=True)
class UsedEndpoint:
    """The responses of one endpoint, and their fields."""

    method: str
    path: str
    operation: str
    """The operation id in the document, or the name of a GraphQL operation; empty if there is
    neither."""
    answers: int
    fields: tuple[UsedField, ...]


@dataclass(frozen=True)
class UsedResponse:
    """One response with the use of each field. It contains values, so it stays in memory."""

    heard: ReceivedResponse
    uses: Mapping[Path, Use] = field(repr=False)
    """Exact path of a field in this response → its use."""


@dataclass(frozen=True)
class Usage:
    """Which of the received fields the driven pages use."""

    endpoints: tuple[UsedEndpoint, ...]
    pages: int = 1
    """Number of pages and user scripts that were driven and count."""
    discarded: tuple[tuple[str, str], ...] = ()
    """(page or script as the user named it, why it does not count)."""
    sent: tuple[UsedResponse, ...] = field(default=(), repr=False)
    elsewhere: int = 0
    """Number of responses from other origins, which are ignored."""
    unread: int = 0
    """Number of responses of the API that are not JSON, or not a success."""
    unheard: int = 0
    """Number of responses that broke off, or that were streams of which the browser keeps
    nothing."""
    scripts_followed: int = 0
    scripts_left: int = 0
    """Scripts whose copies could be tracked, and those whose copies could not."""


Find = Callable[[str, str], tuple[str, str] | None]
"""(method, path) → (path template, operation id) of the document; None if it has no such
endpoint."""
Name = tuple[str, str, str]
"""(method, path template, operation)."""


_SIGNS = ("read", "copied", "loose", "looped", "whole", "escaped")
"""What the instrument records of a field. `loose`: a copy of it could not be followed; `looped`: it
was read by a loop over names and values, of which no copy was followed; `whole`: all members of its
object were read, and no copy was followed."""


@dataclass
class _Question:
    """The responses to one request of the page. Holds values."""

    method: str
    path: str
    query: str
    """Name of the GraphQL operation, or of the script element with the data."""
    came: int = 0
    """Number of responses on the network, of any kind; `bodies` has those with fields."""
    seen: int = 0
    """Number of responses that the instrument recorded."""
    lost: bool = False
    """Whether a response went where the instrument cannot observe it."""
    bodies: list[Json] = field(default_factory=list)
    heard: list[ReceivedResponse] = field(default_factory=list)
    """The responses whose bodies are in `bodies`."""
    signs: dict[Path, set[str]] = field(default_factory=lambda: defaultdict(set))

    @cached_property
    def read_of(self) -> frozenset[Path]:
        """Paths of objects of which a script read a member by name."""
        return frozenset(raw[:-1] for raw, signs in self.signs.items() if "read" in signs)

    @property
    def is_unobserved(self) -> bool:
        return self.lost or self.came > self.seen

    def use(self, raw: Path) -> Use:
        """The use of a field according to the instrument alone. `raw`: see `AnswerLeaf.raw`."""
        signs = self.signs.get(raw, set())
        if "read" in signs:
            return "read"
        if "escaped" in signs or "looped" in signs or self.is_unobserved:
            return "unobserved"
        if "whole" in signs and raw[:-1] not in self.read_of:
            return "unobserved"  # all members were read at once: the page may use a copy
        return "copied" if "copied" in signs else "untouched"


_WEIGHT: Mapping[Use, int] = {
    "rendered": 4, "read": 3, "unobserved": 2, "copied": 1, "untouched": 0
}  # fmt: skip
"""Which of several uses of a field counts, the highest: an unobserved response may have
been used."""


def judge(load: Load, origin: str, find: Find | None = None) -> Usage:
    """The use of every field that the API at `origin` sent, on the pages of a load."""
    questions: dict[str, _Question] = {}
    elsewhere = unread = unheard = 0
    for heard in load.heard:
        if heard.document:
            continue
        if not heard.url.startswith(f"{origin}/"):
            elsewhere += 1
            continue
        name = graphql_name(heard.posted)
        key = f"{heard.method} {heard.url} {name}".rstrip()
        asked = questions.setdefault(key, _Question(heard.method, urlsplit(heard.url).path, name))
        asked.came += 1
        body = _parse_body(heard)
        if not heard.status:
            unheard += 1
        elif body is None:
            unread += 1
        else:
            asked.bodies.append(body)
            asked.heard.append(heard)
    for record in load.told:
        for each in record["answers"]:
            _take(questions, each)
    endpoints = _endpoints([each for each in questions.values() if each.bodies], find)
    uses = _uses(endpoints, load)
    return Usage(
        tuple(
            UsedEndpoint(
                *name, sum(len(each.bodies) for each in endpoints[name]), _fields(uses[name])
            )
            for name in sorted(endpoints)
        ),
        sent=tuple(_used_responses(endpoints, uses)),
        elsewhere=elsewhere,
        unread=unread,
        unheard=unheard,
        scripts_followed=load.followed,
        scripts_left=load.left,
    )


def graphql_name(posted: str) -> str:
    """The name of the GraphQL operation in a request body; empty for any other request."""
    if '"query"' not in posted:
        return ""
    try:
        said = json.loads(posted)
    except ValueError:
        return ""
    if not isinstance(said, dict) or not isinstance(said.get("query"), str):
        return ""
    name = said.get("operationName")
    if isinstance(name, str) and name:
        return name
    found = _NAMED.search(said["query"])
    return found[1] if found else ""


def _parse_body(heard: ReceivedResponse) -> Json:
    """The JSON body of a successful response; None if it has no fields."""
    if not 200 <= heard.status < 300 or heard.body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        value = json.loads(heard.body)
    except (ValueError, RecursionError):
        return None
    return value or None


def _take(questions: dict[str, _Question], told: Mapping[str, Any]) -> None:
    """Adds an instrument's record of the responses to one request."""
    key = told["key"]
    if told["body"] is not None:
        _, url, name = key.split(" ", 2)
        asked = questions.setdefault(key, _Question(PAGE, urlsplit(url).path, name))
        body = _parse_body(ReceivedResponse(PAGE, url, 200, told["body"].encode()))
        asked.bodies += [] if body is None else [body]
    if key not in questions:
        return  # the instrument saw a response of another origin
    asked = questions[key]
    asked.seen += told["arrived"]
    asked.lost |= told["unseen"] > 0
    for each in told["paths"]:
        signs = {word for word in _SIGNS if each[word]}
        asked.signs[tuple(each["path"])] |= signs


def _endpoints(questions: list[_Question], find: Find | None) -> dict[Name, list[_Question]]:
    values = {
        str(leaf.value)
        for each in questions
        for body in each.bodies
        for leaf in leaves(body)
        if isinstance(leaf.value, str | int) and names_somebody(leaf.path)
    }
    endpoints: dict[Name, list[_Question]] = defaultdict(list)
    wordless = _wordless(questions, values)
    for each in questions:
        known = find(each.method, each.path) if find else None
        path, operation = known or (template(wordless(each.path), values), "")
        endpoints[each.method, path, word(each.query, values) or operation].append(each)
    return endpoints


def _wordless(questions: Iterable[_Question], values: Set[str]) -> Callable[[str], str]:
    """A function that replaces parameters in a path, recognised from all requests as for traffic:
    `/users/ada` has one."""
    paths: Paths[SeenEndpoint] = Paths(SeenEndpoint)
    for each in questions:
        counts = paths.at(each.method, each.path)
        for body in each.bodies:
            counts.answer.learn(body)
    known = Endpoints(Survey({}, tuple(paths.templates(values.__contains__)), {}, frozenset()))
    return lambda path: _PARAMETER.sub("{id}", known.template(path)[0])


def _uses(endpoints: Mapping[Name, list[_Question]], load: Load) -> dict[Name, dict[Path, Use]]:
    """The use of each field: by the instrument's records, then by the page's text."""
    uses: dict[Name, dict[Path, Use]] = {name: {} for name in endpoints}
    values: dict[tuple[Name, Path], list[Json]] = defaultdict(list)
    loose: set[tuple[Name, Path]] = set()
    for name, asked in ((name, each) for name, parts in endpoints.items() for each in parts):
        once = [body for at, body in enumerate(asked.bodies) if body not in asked.bodies[:at]]
        for leaf in (leaf for body in once for leaf in leaves(body)):
            use = asked.use(leaf.raw)
            before = uses[name].get(leaf.path, use)
            uses[name][leaf.path] = max(use, before, key=_WEIGHT.__getitem__)
            values[name, leaf.path].append(leaf.value)
            if "loose" in asked.signs.get(leaf.raw, ()):
                loose.add((name, leaf.path))
    # A value that no script read is on the page by chance, or because the server rendered it.
    sought = {at: held for at, held in values.items() if uses[at[0]][at[1]] != "untouched"}
    # If all copies were tracked and none was read, a short value is on the page by chance.
    dull = {at for at in sought if uses[at[0]][at[1]] == "copied" and at not in loose}
    surfaces = [Surface(*each) for record in load.told for each in record["surfaces"]]
    page = "\n".join(each.body.decode("utf-8", "replace") for each in load.heard if each.document)
    # With all scripts rewritten, an unread field can be shown only with its whole object.
    weak = {at: at[0] + at[1][:-1] for at in sought if at in loose and not load.left}
    weak = {at: whose for at, whose in weak.items() if uses[at[0]][at[1]] != "read"}
    controls = [(each[0], each[1]) for record in load.told for each in record["controls"]]
    named = {at: (at[1][-1], held) for at, held in sought.items() if at[1]}
    found = shown_fields(sought, surfaces, page, dull, weak) | held_by_controls(named, controls)
    for name, path in found:
        uses[name][path] = "rendered"
    for name, path in values:
        if all(each in (None, [], {}) for each in values[name, path]):
            uses[name][path] = _as_its_parts(uses[name], path)
    return uses


def _as_its_parts(uses: Mapping[Path, Use], path: Path) -> Use:
    """The use of a field that is empty in some objects and has members in others: that of its most
    used member."""
    parts = [use for at, use in uses.items() if at[: len(path)] == path]
    return max(parts, key=_WEIGHT.__getitem__)


def _used_responses(
    endpoints: Mapping[Name, list[_Question]], uses: Mapping[Name, Mapping[Path, Use]]
) -> Iterator[UsedResponse]:
    for name, asked in ((name, each) for name, parts in endpoints.items() for each in parts):
        # `data:` URLs inside pages, which send nothing
        for heard, body in zip(asked.heard, asked.bodies, strict=False):
            yield UsedResponse(
                heard, {leaf.pointer: uses[name][leaf.path] for leaf in leaves(body)}
            )


def _fields(uses: Mapping[Path, Use]) -> tuple[UsedField, ...]:
    order = list(USES)
    found = [UsedField(path_text(path), use) for path, use in uses.items()]
    return tuple(sorted(found, key=lambda each: (order.index(each.use), each.path)))
