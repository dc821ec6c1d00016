"""Each construct of a contract, and each input that a document declares, is taken away, and added
again: where a guard then lets through or tells more in some exchange of the cases, `oakum diff`
calls it a widening."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from oakum.contract_diff import changes, compare, renamings
from oakum.contract_diff.dropped_checks import find_dropped_checks
from oakum.errors import NOWHERE, InputError
from tests.conformance import exchanges
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Case, Outcome, Prepared

FILES = ("edits", "finds", "told_by_writes", "keys")
WITH_INPUTS = ("nested", "forms", "headers", "edits")
WIDER = {"widened", "changed", "own"}
Path_ = tuple[str | int, ...]


def constructs(said: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Where each stands."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield (*at, key)
            yield from constructs(value, (*at, key))
    elif isinstance(said, list) and len(said) > 1:
        yield from ((*at, index) for index in range(len(said)))


def without(said: Any, at: Path_) -> Any:
    made = copy.deepcopy(said)
    around = made
    for step in at[:-1]:
        around = around[step]
    del around[at[-1]]
    return made


def outcomes(case: Case, prepared: Prepared, folder: Path) -> Iterator[Outcome]:
    setup = replace(case.setup(folder), contract=prepared.contract, prepared=prepared)
    guard = PythonGuard(setup)
    for step in case.steps:
        yield guard.exchange(exchanges.request(step["request"]))
        setup.clock.now += step.get("wait", 0)


def parts(said: Any) -> set[tuple[str, ...]]:
    """Members and values of a response, each with the names around it."""
    if isinstance(said, dict):
        return {(name, *each) for name, below in said.items() for each in parts(below)}
    if isinstance(said, list):
        return {each for below in said for each in parts(below)}
    return {(json.dumps(said),)}


def told(outcome: Outcome) -> set[tuple[str, ...]]:
    done = outcome.response
    try:
        return parts(json.loads(done.body)) if done.status < 300 else set()
    except ValueError:
        return set()


def opened(before: Outcome, after: Outcome, method: str) -> str:
    """What the second one lets through or tells, and the first one does not."""
    status = before.response.status, after.response.status
    if after.forwarded and not before.forwarded and method not in ("GET", "HEAD", "OPTIONS"):
        return "the request is forwarded"
    if status[0] >= 400 > status[1]:
        return f"{status[1]} in place of {status[0]}"
    if status[0] == 404 and status[1] != 404 and after.forwarded and before.forwarded:
        return f"why it failed: {status[1]} in place of 404"
    more = sorted(told(after) - told(before))
    return f"{more[0]} is told" if more else ""


def widens(old: Prepared, new: Prepared) -> bool:
    first, second = old.compiled, new.compiled
    checks = find_dropped_checks(first, second, renamings(first.policy, second.policy))
    found = compare(first.stated, second.stated)
    said = changes(found, lambda _: NOWHERE, lambda _: NOWHERE, checks)
    return not WIDER.isdisjoint(each.direction for each in said)


def prepared(
    shared: dict[str, Any], policy: dict[str, Any], document: dict[str, Any] | None = None
) -> Prepared:
    base = exchanges._contract(shared["contract"])
    files = {
        "openapi.yaml": json.dumps(document or base["document"]),
        "exposure.yaml": json.dumps({**policy, "api": "openapi.yaml"}),
    }
    for name, text in {**base.get("files", {}), **shared.get("files", {})}.items():
        files[name] = text if isinstance(text, str) else orjson.dumps(text).decode()
    return exchanges._prepared(tuple(files.items()))


@pytest.mark.parametrize("file", FILES)
def test_what_opens_is_a_widening(file: str, tmp_path: Path) -> None:
    cases = [e for e in exchanges.cases() if e.file == file and not e.said.get("policy")]
    shared = cases[0].shared
    policy = exchanges.laid(
        exchanges._contract(shared["contract"])["policy"], shared.get("policy", {})
    )
    whole, compared = prepared(shared, policy), 0
    said = {case.name: [*outcomes(case, whole, tmp_path)] for case in cases}
    for at in constructs(policy):
        if at == ("exposure",):
            continue
        try:
            less = prepared(shared, without(policy, at))
            unsaid = [not widens(whole, less), not widens(less, whole)]
        except InputError:
            continue  # the contract does not hold without it
        compared += 1
        for case in cases if any(unsaid) else ():
            for step, *both in zip(
                case.steps, said[case.name], outcomes(case, less, tmp_path), strict=True
            ):
                method = step["request"].get("method", "GET")
                gone = opened(both[0], both[1], method) if unsaid[0] else ""
                assert not gone, f"{case.name}: without {at}, {gone}, and diff does not say it"
                # A guard that finds an object lets its owner do what the contract grants anyway.
                came = opened(both[1], both[0], "GET") if unsaid[1] and method == "GET" else ""
                assert not came, f"{case.name}: with {at}, {came}, and diff does not say it"
    assert compared > 8


def inputs(document: dict[str, Any]) -> Iterator[Path_]:
    """Where each parameter of an operation stands, and each body, its types and their members."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not isinstance(operation, dict):
                continue
            for at, each in enumerate(operation.get("parameters", ())):
                if each.get("in") != "path":
                    yield "paths", path, method, "parameters", at
            if (body := operation.get("requestBody")) is not None:
                yield "paths", path, method, "requestBody"
                for kind, media in body.get("content", {}).items():
                    around = ("paths", path, method, "requestBody", "content", kind)
                    if "$ref" not in media.get("schema", {}):
                        yield around  # another form of the same object says no more than that one
                    for name in media.get("schema", {}).get("properties", ()):
                        yield *around, "schema", "properties", name


def carried(outcome: Outcome) -> set[str]:
    """What the API is told."""
    seen = outcome.forwarded
    if seen is None:
        return set()
    query = seen.target.partition("?")[2].split("&")
    cookies = [each for name, said in seen.headers if name == "cookie" for each in said.split("; ")]
    headers = [name for name, _ in seen.headers if name not in ("content-length", "cookie")]
    return {"it", *query, *cookies, *headers, seen.body.decode("latin-1")} - {""}


@pytest.mark.parametrize("file", WITH_INPUTS)
def test_what_a_document_lets_through_is_a_widening(file: str, tmp_path: Path) -> None:
    cases = [e for e in exchanges.cases() if e.file == file and not e.said.get("policy")]
    shared = cases[0].shared
    cases = [case for case in cases if case.shared == shared]
    base = exchanges._contract(shared["contract"])
    policy = exchanges.laid(base["policy"], shared.get("policy", {}))
    whole, compared = prepared(shared, policy), 0
    said = {case.name: [*outcomes(case, whole, tmp_path)] for case in cases}
    for at in inputs(base["document"]):
        try:
            less = prepared(shared, policy, without(base["document"], at))
            if widens(less, whole):
                compared += 1
                continue
        except InputError:
            continue  # the contract does not hold without it
        for case in cases:
            for was, now in zip(outcomes(case, less, tmp_path), said[case.name], strict=True):
                more = carried(now) - carried(was)
                assert not more, f"{case.name}: with {at}, {more} passes, and diff does not say it"
    assert compared
