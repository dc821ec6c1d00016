"""Mass assignment of what only the caller's own page shows of an account, beside a public profile
that is the `main` of accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, path, schema, told

POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources:
  Person:
    schemas: [Me, Person]
    key: id
    owner: id
    main: getPerson
    fields:
      id: [{see: [member]}]
      motto: [{see: [member], set: [owner]}]
      blurb: [{see: [owner]}]
operations:
  getPerson: {params: {id: Person.id}}
  updateMe: {sets: {Person: ""}}
"""
_ME = '{description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Me"}}}}'
DOCUMENT = (
    """\
openapi: 3.0.3
info: {title: people, version: "1"}
security: [{key: []}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
"""
    + schema("Me", id="string", motto="string", blurb="string")
    + schema("Person", id="string", motto="string")
    + schema("Change", motto="string")
    + "paths:\n"
    + path("/people/{id}", "getPerson", "Person")
    + path("/me", "getMe", "Me")
    + "    patch:\n      operationId: updateMe\n"
    + "      requestBody: {content: {application/json: {schema:"
    + ' {$ref: "#/components/schemas/Change"}}}}\n'
    + f'      responses: {{"200": {_ME}}}\n'
)


@pytest.mark.parametrize("leak", [True, False])
def test_what_only_the_own_page_shows_is_tried(leak: bool, tmp_path: Path) -> None:
    people: dict[str, dict[str, Any]] = {
        id: {"id": id, "motto": f"I am {name} {id[::-1]}", "blurb": f"keeps bees since {id[-2:]}"}
        for name, id in NAMES.items()
    }

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        own = people[NAMES[who]]
        if call.path == "/me":
            if call.method == "PATCH":
                own.update({n: v for n, v in call.json.items() if n == "motto" or leak})
            return Reply(200, own)
        found = people.get(call.path.rpartition("/")[2])
        return Reply(200, {n: found[n] for n in ("id", "motto")}) if found else Reply(404, {})

    before = {id: dict(row) for id, row in people.items()}
    found = told(tmp_path, "", "", POLICY, api, document=DOCUMENT, relations="", allow_writes=True)
    assert found.proven == ({("Person.blurb", "owner")} if leak else set())
    assert people == before
