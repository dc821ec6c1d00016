"""One meaning (law 4), through real engines: drawn contracts, callers and bodies, the same answers.

The look-ups are real questions here: who follows whom, who is blocked and what an owner has set is
asked of the API, or is not to be had. `DRAWN=100 pytest tests/differential/test_gateways.py` draws
more contracts; each is asked a hundred times.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from oakum.authz import ANONYMOUS, Principal
from oakum.guard.engines import ENGINES
from oakum.policy.contract import Contract
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Clock, Request, Response, Setup, Upstream
from tests.gateway.exchange_gateway import gateway
from tests.properties import wild

CONTRACTS = int(os.environ.get("DRAWN", "20"))
ASKED = 100
JSON = (("content-type", "application/json"),)
KEYS = {"keys": [{"kty": "oct", "k": "c2VjcmV0" * 8, "alg": "HS256"}]}


def asking(drawn: wild.Wild) -> wild.Wild:
    """The contract, with endpoints at which a gateway can find out what it has to know."""
    document, policy = copy.deepcopy(drawn.document.raw), json.loads(drawn.text)
    who = [{"name": "who", "in": "path", "required": True, "schema": {"type": "string"}}]
    for name in ("followers", "blocked", "account"):
        schema: dict[str, Any] = {"type": "object"}
        if name == "account":
            schema = {"$ref": "#/components/schemas/Ann"}
        content = {"application/json": {"schema": schema}}
        answers = {"200": {"description": "d", "content": content}}
        endpoint = {"operationId": name, "parameters": who, "responses": answers}
        document["paths"][f"/{name}/{{who}}"] = {"get": endpoint}
    policy["relations"]["follower"]["in"] = "followers"
    policy["relations"]["blocked"]["in"] = "blocked"
    if "Ann" in policy["resources"]:
        policy["resources"]["Ann"]["main"] = "account"
    policy["caller"] = {"claim": "sub"}
    policy["guard"] = {
        "jwt": {"keys": "keys.json", "algorithms": ["HS256"]}, "lookups": 400,
        "request_headers": ["x-case"],
    }  # fmt: skip
    return wild.read(document, policy)


class Api(Upstream):
    """Says what each viewer knows, and the body of the case that a request names."""

    def __init__(self, viewers: dict[str, Principal], bodies: list[tuple[int, bytes]]) -> None:
        super().__init__([])
        self._viewers, self._bodies = viewers, bodies

    def answer(self, request: Request) -> Response | None:
        case = request.header("x-case")
        if case is not None:
            status, body = self._bodies[int(case)]
            return Response(status, JSON, body)
        viewer = self._viewers[(request.header("authorization") or "").removeprefix("Bearer ")]
        _, endpoint, owner = request.target.split("?")[0].split("/")
        if endpoint == "account":
            value = viewer.states.get((unquote(owner), "Ann.hidden"))
            known: Any = None if value is None else {"hidden": value}
        else:
            relation = "follower" if endpoint == "followers" else "blocked"
            held = viewer.related.get((relation, unquote(owner)))
            known = None if held is None else {"data": [{"id": min(viewer.ids)}] if held else []}
        if known is None:
            return Response(500, JSON, b"{}")
        return Response(200, JSON, json.dumps(known).encode())


def draw(data: st.DataObject) -> tuple[wild.Wild, dict[str, Principal], list[Any]]:
    """A contract, viewers by name, and cases: viewer's name, path, status and body."""
    found = asking(data.draw(wild.contracts()))
    viewers = {}
    for index in range(5):
        who = data.draw(wild.principals)
        viewers[f"v{index}"] = Principal(
            frozenset(sorted(who.ids)[:1]), who.claims, who.related, who.states
        )
    # All who are nobody are one to the API.
    viewers[""] = next((who for who in viewers.values() if not who.ids), ANONYMOUS)
    viewers = {name: who if who.ids else viewers[""] for name, who in viewers.items()}
    whole = [data.draw(wild.bodies(found)) for _ in range(5)]
    random = Random(data.draw(st.integers(0, 2**32)))
    cases = []
    for k in range(ASKED):
        body = wild.varied(random.choice(whole), random)
        if k % 4 == 3:
            body = wild.mangled(body, random, 1 + k % 3)
        status = 200 if random.random() < 0.9 else 404
        cases.append((random.choice(sorted(viewers)), random.choice(wild.PEOPLE), status, body))
    return found, viewers, cases


@pytest.mark.server
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_gateway_and_the_reference_give_the_same_answers(engine: str, tmp_path: Path) -> None:
    asked = passed = 0
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))

    def one(data: st.DataObject) -> None:
        nonlocal asked, passed
        found, viewers, cases = draw(data)
        api = Api(viewers, [(status, body) for _, _, status, body in cases])
        tokens = {
            name: {"sub": min(who.ids), **who.claims} for name, who in viewers.items() if who.ids
        }
        contract = Contract(found.document, found.policy)
        setup = Setup(contract, tmp_path, api, Clock(), tokens)
        with python_guard(setup) as reference, gateway(ENGINES[engine](), setup) as real:
            for index, (name, who, status, body) in enumerate(cases):
                headers = (("x-case", str(index)),)
                if name in tokens:
                    headers = (("authorization", f"Bearer {name}"), *headers)
                sent = Request("GET", f"/things/{who}", headers)
                wanted, got = reference.exchange(sent).response, real.reply(sent)
                asked += 1
                passed += wanted.status == 200
                assert (got.status, got.body) == (wanted.status, wanted.body), (
                    json.dumps(found.document.raw), found.text, viewers[name], who, status, body,
                )  # fmt: skip

    run: Any = settings(
        max_examples=CONTRACTS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(st.data())(one))
    seed(2026)(run)()
    assert asked >= ASKED * CONTRACTS
    assert passed > asked / 20, "a run in which nothing passes compares nothing"
