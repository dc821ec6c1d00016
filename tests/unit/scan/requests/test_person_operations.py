"""Which operations are asked about a person, and which would make them a member of something."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.authz import Model, compile_contract
from oakum.policy.contract import load
from oakum.scan.requests.person_operations import person_operations

POLICY = """\
exposure: 1
api: openapi.yaml
relations: {owner: {is: owner}}
resources:
  Person: {key: id, owner: id, fields: {id: [{see: [owner]}]}}
"""
DOCUMENT = """\
openapi: 3.0.3
info: {title: Crews, version: "1"}
paths:
  %s:
    post:
      operationId: %s
      requestBody:
        content:
          application/json: {schema: {type: object, properties: {email: {type: string}}}}
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}
components:
  schemas:
    Person: {type: object, properties: {id: {type: string}}}
"""


def model(folder: Path, path: str, id: str) -> Model:
    (folder / "openapi.yaml").write_text(DOCUMENT % (path, id))
    (folder / "exposure.yaml").write_text(POLICY)
    contract = load(folder / "exposure.yaml")
    assert contract.policy is not None
    return compile_contract(contract.document, contract.policy)


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("/password/forgot", "forgot"),
        ("/crews/{crewId}/password/forgot", "forgotInCrew"),
        ("/people/lookup", "lookUp"),
        ("/invitations", "invite"),
    ],
)
def test_what_tells_of_a_person_is_asked(path: str, id: str, tmp_path: Path) -> None:
    (operation,) = person_operations(model(tmp_path, path, id), (), "how", writes=True)
    assert (operation.kind, operation.slot.at) == ("mail", ("email",))


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("/crews/{crewId}/invite", "inviteToCrew"),
        ("/crews/{crewId}/users", "auth-crew-user-add"),
        ("/auth/members", "addMember"),
        ("/documents/{id}/invitations", "share"),
    ],
)
def test_what_would_let_a_person_into_something_is_not(path: str, id: str, tmp_path: Path) -> None:
    assert not [*person_operations(model(tmp_path, path, id), (), "how", writes=True)]
