"""Owners that who-am-I does not name: told by their own lists, or else not called clean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.scan.clinic import IDENTITIES, write
from tests.scan.servers import Call, Reply, serve
from tests.scan.test_hard_targets import Run, scan

DOCUMENT = """\
openapi: 3.0.3
info: {title: shop, version: "1"}
security: [{bearer: []}]
paths:
  /login: {post: {operationId: login, security: [], responses: {"200": {description: ok}}}}
  /me: {get: {operationId: getMe, responses: {"200": {description: ok}}}}
  /orders:
    get:
      operationId: listOrders
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Order"}}
  /orders/{orderId}:
    get:
      operationId: getOrder
      parameters: [{name: orderId, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Order:
      type: object
      properties: {id: {type: integer}, user_id: {type: integer}, address: {type: string}}
"""

POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /username}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Order:
    key: id
    owner: user_id
    main: getOrder
    fields:
      id, user_id, address: [{see: [owner]}]
"""

ORDERS = {
    1: {"id": 1, "user_id": 71, "address": "1 Canary Row, Alder"},
    2: {"id": 2, "user_id": 72, "address": "2 Canary Row, Birch"},
    6: {"id": 6, "user_id": 99, "address": "somebody else's house"},
}
USERS = {"ada": 71, "bea": 72}


class Shop:
    """Orders by number; `mine` decides what the list shows."""

    def __init__(self, mine: bool = True, leaks: bool = True) -> None:
        self.mine, self.leaks = mine, leaks

    def __call__(self, call: Call) -> Reply:
        if call.path == "/login":
            return Reply(200, {"token": f"tok-{call.json['username']}-x1"})
        name = call.headers.get("authorization", "").removeprefix("Bearer tok-")[:3]
        if name not in USERS:
            return Reply(401, {"error": "log in"})
        if call.path == "/me":
            return Reply(200, {"username": name})
        if call.path == "/orders":
            orders = ORDERS.values()
            return Reply(200, [o for o in orders if not self.mine or o["user_id"] == USERS[name]])
        number = call.path.rpartition("/")[2]
        order = ORDERS.get(int(number)) if number.isdigit() else None
        if order is None or not (self.leaks or order["user_id"] == USERS[name]):
            return Reply(404, {"error": "no such order"})
        return Reply(200, order)


def run(folder: Path, shop: Shop, identities: str = "") -> tuple[Run, Any]:
    write(folder)
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "exposure.yaml").write_text(POLICY)
    if identities:
        (folder / "identities.yaml").write_text(identities)
    with serve(shop) as server:
        return scan(folder, server.url), server


def test_an_own_list_tells_whose_id_it_is(tmp_path: Path) -> None:
    done, _ = run(tmp_path, Shop())
    assert {(f["rule"], f["field"]) for f in done.report["findings"]} >= {
        ("authenticated-not-authorized", "address")
    }
    assert done.code == 1


def test_an_own_list_on_a_fixed_api_is_clean(tmp_path: Path) -> None:
    done, _ = run(tmp_path, Shop(leaks=False))
    assert done.code == 0, done.out
    assert done.report["summary"]["closed"] > 0


def test_nobody_elses_object_is_asked_for(tmp_path: Path) -> None:
    """Numbers count up: the id that does not exist must not be somebody's."""
    _, server = run(tmp_path, Shop())
    assert server.count("/orders/6") == 0


def test_what_came_and_could_not_be_judged_is_not_clean(tmp_path: Path) -> None:
    done, _ = run(tmp_path, Shop(mine=False))
    assert done.code == 3
    assert "facts: {user_id: 7}" in " ".join(done.report["distrust"])


def test_a_fact_of_the_file_tells_it_too(tmp_path: Path) -> None:
    told = IDENTITIES
    for name, number in USERS.items():
        secret = f"{{env: {name.upper()}_PASSWORD}}"
        told = told.replace(secret, f"{secret}, facts: {{user_id: {number}}}")
    done, _ = run(tmp_path, Shop(mine=False), told)
    assert done.code == 1, done.out + done.err
