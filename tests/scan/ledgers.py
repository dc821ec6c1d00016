"""A small API of money that people spend, right as it stands; a test makes one thing wrong.

Ann, bob and cat send a key of their own in `X-Key`. Each has an account and two expenses, of which
nobody else is to see anything. `headers` go with every answer to somebody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from oakum.finding import Report
from oakum.scan.options import Options
from oakum.scan.run import Scan
from tests.catalogue.play import hasty
from tests.scan.servers import NOT_FOUND, UNAUTHORIZED, App, Call, Reply, serve

DOCUMENT = """\
openapi: 3.1.0
info: {title: Ledgers, version: "1"}
security: [{key: []}]
paths:
  /v2/me:
    get:
      operationId: getMe
      responses: {"200": {$ref: "#/components/responses/Account"}}
  /v2/expenses:
    get:
      operationId: listExpenses
      parameters:
        - {name: filter, in: query, schema: {type: string}, example: "amount:7"}
      responses:
        "200":
          description: of the caller
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Expense"}}
  /v2/expenses/{id}:
    get:
      operationId: getExpense
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: one
          content: {application/json: {schema: {$ref: "#/components/schemas/Expense"}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  responses:
    Account:
      description: me
      content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}
  schemas:
    Account:
      type: object
      properties: {id: {type: string}, name: {type: string}, email: {type: string}}
    Expense:
      type: object
      properties:
        id: {type: string}
        owner_id: {type: string}
        title: {type: string}
        amount: {type: number}
        iban: {type: string}
"""

POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
order: [anyone, member, owner]
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Account:
    key: id
    owner: id
    main: getMe
    fields:
      id, name, email: [{see: [owner]}]
  Expense:
    key: id
    owner: owner_id
    main: getExpense
    fields:
      id, owner_id, title, amount, iban: [{see: [owner]}]
operations:
  getExpense: {params: {id: Expense.id}}
"""

IDENTITIES = """\
whoami: getMe
identities:
  ann: {header: "X-Key: key-of-ann"}
  bob: {header: "X-Key: key-of-bob"}
  cat: {header: "X-Key: key-of-cat"}
"""

NAMES = ("ann", "bob", "cat")
IDS = {"ann": "acc-ann-1", "bob": "acc-bob-2", "cat": "acc-cat-3"}


class Ledgers:
    """The API. `me`, `expenses`, `expense` and `elsewhere` are there to be replaced."""

    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        self.names = {f"key-of-{name}": name for name in NAMES}
        self.spent: dict[str, dict[str, Any]] = {
            f"exp-{name}-{nth}": {
                "id": f"exp-{name}-{nth}",
                "owner_id": IDS[name],
                "title": f"what {name} bought on day {nth}",
                "amount": 1000.5 + 7 * nth + len(name) + place,
                "iban": f"DE{place}{nth}3704004405320130{place}{nth}",
            }
            for place, name in enumerate(NAMES, 1)
            for nth in (1, 2)
        }

    def account(self, who: str) -> dict[str, Any]:
        return {"id": IDS[who], "name": f"{who.title()} Ledger", "email": f"{who}@ledgers.example"}

    def own(self, who: str) -> list[dict[str, Any]]:
        return [each for each in self.spent.values() if each["owner_id"] == IDS[who]]

    def __call__(self, call: Call) -> Reply:
        who = self.names.get(call.headers.get("x-key", ""), "")
        reply = self.answer(call, who)
        return Reply(reply.status, reply.body, (*reply.headers, *(self.headers if who else ())))

    def answer(self, call: Call, who: str) -> Reply:
        path = call.path.strip("/").split("/")
        match path:
            case ["v2", "me"]:
                return self.me(call, who)
            case ["v2", "expenses"]:
                return self.expenses(call, who)
            case ["v2", "expenses", id]:
                return self.expense(call, who, id)
        return self.elsewhere(call, who)

    def me(self, call: Call, who: str) -> Reply:
        return Reply(200, self.account(who)) if who else UNAUTHORIZED

    def expenses(self, call: Call, who: str) -> Reply:
        return Reply(200, self.own(who)) if who else UNAUTHORIZED

    def expense(self, call: Call, who: str, id: str) -> Reply:
        if not who:
            return UNAUTHORIZED
        found = self.spent.get(id)
        return Reply(200, found) if found and found["owner_id"] == IDS[who] else NOT_FOUND

    def elsewhere(self, call: Call, who: str) -> Reply:
        return NOT_FOUND


def scanned(
    app: App,
    folder: Path,
    *,
    document: str = DOCUMENT,
    policy: str = POLICY,
    identities: str = IDENTITIES,
    files: Mapping[str, str] | None = None,
    before: Callable[[Path], None] | None = None,
    **options: Any,
) -> Report:
    """What a scan of an API says."""
    texts = {"openapi.yaml": document, "exposure.yaml": policy, "identities.yaml": identities}
    for name, text in {**texts, **(files or {})}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "identities.yaml").chmod(0o600)
    if before is not None:
        before(folder)
    with serve(app) as server:
        chosen = Options(
            folder / "exposure.yaml", server.url, folder / "identities.yaml",
            rate=1000.0, **{"budget": 1500, **options},
        )  # fmt: skip
        return Scan(chosen, lambda event: None, sleep=hasty).report()


def said(report: Report) -> set[tuple[str, str, str, str]]:
    """(verdict, rule, field, viewer) of every finding."""
    return {(f.verdict, f.rule, f"{f.resource}.{f.field}", f.viewer) for f in report.findings}


def told(report: Report) -> str:
    """All that a report says in words, for a message of a test that fails."""
    return json.dumps([*said(report), *report.distrust, *report.notes], indent=1, default=str)
