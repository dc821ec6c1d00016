"""Whole exchanges, client to API and back, as data: what every guard must do.

A file of cases names a contract of `contracts/` and may lay more policy over it. The API is a
script: an answer for each request it knows (`method` is GET, `headers` are those that matter), 404
else; one with `after: TARGET` once a POST there has come. Each case is one request or several
`steps`, and what is expected of each:

    problem: 404        exactly the guard's own answer of that status
    status, body        the answer; `body` byte for byte
    headers, absent     some of its headers, and names that must not be there
    sees                what the API was asked in the client's place, or `nothing`
    asked               targets of the guard's own questions, in order
    audit               some of its line in the audit log

`denied` of a case is the deny list: ids of callers, and in how many seconds from the start of the
case each entry ends.

`clock: true` is a case that needs a clock that goes only when told to, as a `wait` of long does.
"""

from __future__ import annotations

import copy
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import orjson

from oakum.guard.compiled.compiled_contract import CompiledContract, compile_for_gateway
from oakum.guard.plan.render import render_plan
from oakum.policy.contract import Contract, load
from oakum.routing.problem_details import problem
from tests import quick_yaml

FOLDER = Path(__file__).parent / "cases" / "exchanges"
START = 1_700_000_000.0
AUDIT_KEY = b"the key of the audit log in tests"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """A request as it arrives, or as it goes on to the API."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    host: str = "club.test"
    scheme: str = "http"
    address: str = "192.0.2.7"

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers if each == name), None)


@dataclass(frozen=True)
class Response:
    status: int
    headers: Headers = ()
    body: bytes = b""
    truncated: bool = False
    raw: bytes | None = None
    """What the API writes instead of an answer that anybody could read, before it hangs up."""


@dataclass
class Outcome:
    """What became of one request."""

    response: Response
    forwarded: Request | None
    asked: list[Request]
    audit: Mapping[str, Any]


@dataclass
class Upstream:
    """The scripted API; asks of it are noted by whoever drives it."""

    script: list[dict[str, Any]]
    posts: set[str] = field(default_factory=set, init=False)
    """Targets of the POSTs that came."""

    @property
    def breaks(self) -> bool:
        """Whether it ends connections, or lets somebody wait."""
        said = [entry["answer"] for entry in self.script]
        return any(isinstance(a, str) or "raw" in a or a.get("truncated") for a in said)

    def answer(self, request: Request) -> Response | None:
        known, self.posts = self.posts, self.posts | self._post(request)
        for entry in self.script:
            if "after" in entry and entry["after"] not in known:
                continue
            wanted = entry["request"]
            headers = {name: str(value) for name, value in wanted.get("headers", {}).items()}
            if (
                wanted["target"] == request.target
                and wanted.get("method", "GET") == request.method
                and all(request.header(name) == value for name, value in headers.items())
            ):
                return _told_apart(request, response(entry["answer"]))
        return Response(404, (("content-type", "application/json"),), b'{"message":"no"}')

    @staticmethod
    def _post(request: Request) -> set[str]:
        return {request.target} if request.method == "POST" else set()


def _told_apart(request: Request, answer: Response | None) -> Response | None:
    """Who-am-I says that it is for nobody else, as it should, unless a case says otherwise."""
    said = answer is None or any(name == "cache-control" for name, _ in answer.headers)
    if answer is None or said or request.target != "/me":
        return answer
    return replace(answer, headers=(*answer.headers, ("cache-control", "no-store")))


class Guard(Protocol):
    """One implementation, set up for one case."""

    def exchange(self, request: Request) -> Outcome: ...


@dataclass
class Clock:
    """Unix time that goes only when told to."""

    now: float = START


class Prepared:
    """A contract, and what is made of it once for all implementations and cases."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._plan = ""

    @cached_property
    def compiled(self) -> CompiledContract:
        return compile_for_gateway(self.contract)

    def plan(self, folder: Path) -> str:
        """The plan as its text; `folder` has the files that the contract names."""
        self._plan = self._plan or render_plan(self.compiled, folder).text
        return self._plan


@dataclass(frozen=True)
class Setup:
    """What an implementation is made from."""

    contract: Contract
    folder: Path
    upstream: Upstream
    clock: Clock
    tokens: Mapping[str, Any]
    """Claims by token; those that are not here are not valid."""
    service: str = ""
    observe: bool = False
    denied: Mapping[str, float] = field(default_factory=dict)
    prepared: Prepared | None = None
    """Of the contract; None: this setup is the only one that has it."""

    @cached_property
    def _made(self) -> Prepared:
        return self.prepared or Prepared(self.contract)

    @property
    def compiled(self) -> CompiledContract:
        return self._made.compiled

    @property
    def plan(self) -> str:
        """The text of the plan."""
        return self._made.plan(self.folder)


@dataclass(frozen=True)
class Case:
    name: str
    file: str
    said: dict[str, Any] = field(repr=False)
    shared: dict[str, Any] = field(repr=False)

    @property
    def real(self) -> bool:
        """Whether real engines can run it: they have no clock to set and no address to choose."""
        clock = self.said.get("clock") or any(step.get("wait", 0) > 3 for step in self.steps)
        return not clock and not any("address" in step["request"] for step in self.steps)

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self.said.get("steps") or [self.said]

    def setup(self, folder: Path) -> Setup:
        """Writes the contract into an empty folder and reads it."""
        base, policy = _contract(self.shared["contract"]), policy_of(self)
        # JSON is YAML, and written and read in a fraction of the time.
        files = {
            "openapi.yaml": _document(self.shared["contract"]),
            "exposure.yaml": json.dumps({**policy, "api": "openapi.yaml"}),
        }
        for name, content in {**base.get("files", {}), **self.shared.get("files", {})}.items():
            files[name] = content if isinstance(content, str) else orjson.dumps(content).decode()
        for name, text in files.items():
            (folder / name).write_text(text)
        prepared = _prepared(tuple(files.items()))
        script = [
            *self.said.get("upstream", []),
            *self.shared.get("upstream", []),
            *base.get("upstream", []),
        ]
        return Setup(
            prepared.contract,
            folder,
            Upstream(script),
            Clock(),
            self.shared.get("tokens", {}),
            self.said.get("service", self.shared.get("service", "")),
            self.said.get("observe", False),
            {
                hmac.digest(AUDIT_KEY, name.encode(), "sha256").hex()[:16]: START + seconds
                for name, seconds in self.said.get("denied", {}).items()
            },
            prepared,
        )


def policy_of(case: Case) -> Any:
    """The policy of the contract, with what the file and the case lay over it."""
    policy = laid(_contract(case.shared["contract"])["policy"], case.shared.get("policy", {}))
    return laid(policy, case.said.get("policy", {}))


@cache
def _prepared(files: tuple[tuple[str, str], ...]) -> Prepared:
    """Many cases have the same contract."""
    with TemporaryDirectory() as folder:
        for name, text in files:
            (Path(folder) / name).write_text(text)
        return Prepared(load(Path(folder) / "exposure.yaml"))


@cache
def _contract(name: str) -> Any:
    """A contract of the folder; whoever changes it takes a copy."""
    return quick_yaml.load((FOLDER / "contracts" / name).read_text())


@cache
def _document(name: str) -> str:
    """The document of a contract of the folder, as its cases write it."""
    return json.dumps(_contract(name)["document"])


@cache
def cases() -> tuple[Case, ...]:
    return tuple(
        Case(said["name"], file.stem, said, shared)
        for file in sorted(FOLDER.glob("*.yaml"))
        for shared in [quick_yaml.load(file.read_text())]
        for said in shared["cases"]
    )


def laid(under: Any, over: Any) -> Any:
    """One mapping over another, members of both together; null takes a member away."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return copy.deepcopy(over)
    made = {**under}
    for key, value in over.items():
        made[key] = laid(under.get(key), value)
    return {key: value for key, value in made.items() if value is not None}


def request(said: dict[str, Any]) -> Request:
    spread = {name: said[name] for name in ("host", "scheme", "address") if name in said}
    return Request(
        said.get("method", "GET"),
        said["target"],
        pairs(said.get("headers", {})),
        said.get("body", "").encode() * said.get("times", 1),
        **spread,
    )


def response(said: dict[str, Any] | str) -> Response | None:
    """`untyped`: without a content-type; `nothing`: no answer in time; `raw`: these bytes, and no
    answer either."""
    if isinstance(said, str):
        return None
    if "raw" in said:
        return Response(502, raw=said["raw"].encode())
    body = said.get("body", "") * said.get("times", 1)
    headers = pairs(said.get("headers", {}))
    typed = said.get("untyped") or any(name == "content-type" for name, _ in headers)
    if body and not typed:
        headers = (("content-type", "application/json"), *headers)
    return Response(said.get("status", 200), headers, body.encode(), said.get("truncated", False))


def pairs(said: dict[str, Any]) -> Headers:
    """A value, or a list of them for a header that stands more than once; `{of: a, times: 9}`."""
    return tuple(
        (name, value["of"] * value["times"] if isinstance(value, dict) else str(value))
        for name, values in said.items()
        for value in (values if isinstance(values, list) else [values])
    )


# --------------------------------------------------------------------------- what is expected

KNOWN = {"problem", "status", "body", "headers", "absent", "sees", "asked", "audit"}


def check(
    expect: dict[str, Any], outcome: Outcome, method: str, *, asks_more: bool, at_once: bool = False
) -> None:
    """Asserts it; `asks_more`: an implementation that may ask more than it needs; `at_once`: one
    that sends look-ups of a round together, so that nobody can say which of them comes first."""
    assert expect.keys() <= KNOWN
    got = outcome.response
    if "problem" in expect:
        status = expect["problem"]
        assert got.status == status, got.body
        # No server sends a body in answer to HEAD, whoever made it.
        assert method == "HEAD" or got.body == problem(status).encode()
        named = dict(got.headers)
        assert named.pop("content-type", None) == "application/problem+json"
        assert named.pop("cache-control") == "no-store"
        for name in ("www-authenticate", "retry-after"):
            assert named.pop(name, None) == _text(expect.get("headers", {}).get(name))
        assert named == {}
    if "status" in expect:
        assert got.status == expect["status"], got.body
    if "body" in expect:
        assert got.body.decode() == expect["body"]
    _headers(got.headers, expect.get("headers", {}), expect.get("absent", []))
    if "sees" in expect:
        _sees(expect["sees"], outcome.forwarded)
    asked = [each.target for each in outcome.asked]
    if "asked" in expect and not asks_more:
        wanted = expect["asked"]
        assert (sorted(asked) == sorted(wanted)) if at_once else (asked == wanted)
    if "asked" in expect:
        assert set(expect["asked"]) <= set(asked)
    for name, value in expect.get("audit", {}).items():
        assert outcome.audit[name] == value, name


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _headers(got: Headers, wanted: dict[str, Any], absent: list[str]) -> None:
    for name, values in wanted.items():
        found = [value for each, value in got if each == name]
        assert found == [str(v) for v in (values if isinstance(values, list) else [values])], name
    assert not {name for name, _ in got} & set(absent)


def _sees(wanted: dict[str, Any] | str, seen: Request | None) -> None:
    if wanted == "nothing":
        assert seen is None, seen
        return
    assert isinstance(wanted, dict)
    assert seen is not None
    assert wanted.keys() <= {"method", "target", "headers", "absent", "body"}
    for name in ("method", "target"):
        if name in wanted:
            assert getattr(seen, name) == wanted[name]
    if "body" in wanted:
        assert seen.body.decode() == wanted["body"]
    _headers(seen.headers, wanted.get("headers", {}), wanted.get("absent", []))
