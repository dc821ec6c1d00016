"""A clinic answers every forgotten password with the same words, but only a mail that really went
out leaves its reference in a header."""

from __future__ import annotations

import secrets
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Clinic, version: "1"}
security: [{key: []}]
paths:
  /account:
    get:
      operationId: getAccount
      responses:
        "200":
          description: the caller
          content: {application/json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Patient"}}}}}
  /account/forgotten-password:
    post:
      operationId: forgotPassword
      summary: Mails a link with which a new password may be chosen
      security: []
      requestBody:
        content: {application/json: {schema: {type: object, required: [emailAddress], properties: {emailAddress: {type: string, format: email}}}}}
      responses:
        "202":
          description: the same for everybody
          content: {application/json: {schema: {type: object, properties: {data: {type: object, properties: {message: {type: string}, servedAt: {type: string}}}}}}}
        "422": {description: no address to which mail could go}
  /practices:
    get:
      operationId: listPractices
      security: []
      responses:
        "200":
          description: where to go
          content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Practice"}}}}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Api-Key}}
  schemas:
    Patient:
      type: object
      properties:
        patientId: {type: string, format: uuid}
        emailAddress: {type: string, format: email}
        allergies: {type: array, items: {type: string}}
    Practice:
      type: object
      properties: {practiceId: {type: integer}, emailAddress: {type: string, format: email}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getAccount, id: /data/patientId}
relations:
  anyone: {}
  owner: {is: owner}
resources:
  Patient:
    key: patientId
    owner: patientId
    main: getAccount
    fields:
      patientId, emailAddress, allergies: [{see: [owner]}]
  Practice:
    key: practiceId
    owner: none
    fields:
      practiceId, emailAddress: [{see: [anyone]}]
operations:
  forgotPassword: {params: {emailAddress: Patient.emailAddress}}
"""

HOSTS = ("mail.example", "post.example")
"""Where mail can be sent to from here."""


def patients(seed: int) -> dict[str, Json]:
    """By API key."""
    rng = drawn(seed, "clinic")
    return {
        rng.randbytes(12).hex(): {
            "patientId": str(uuid.UUID(bytes=rng.randbytes(16), version=4)),
            "emailAddress": f"{words(rng, 2).replace(' ', '-')}{nth}@{HOSTS[nth % 2]}",
            "allergies": [words(rng)],
        }
        for nth in range(5)
    }


def identities(seed: int) -> str:
    ann, bob, *_ = patients(seed)
    return f'identities:\n  ann: {{header: "X-Api-Key: {ann}"}}\n  bob: {{header: "X-Api-Key: {bob}"}}\n'


def app(mode: Mode, seed: int) -> Starlette:
    people = patients(seed)
    practices = [
        {"practiceId": 1 + nth, "emailAddress": f"practice{1 + nth}@mail.example"}
        for nth in range(3)
    ]
    known = {each["emailAddress"] for each in people.values()}
    outbox: dict[str, str] = {}  # mail under way, which is no lasting data

    async def account(request: Request) -> Response:
        found = people.get(request.headers.get("x-api-key", ""))
        return JSONResponse({"data": found}) if found else JSONResponse({"error": "key?"}, 401)

    async def forgotten(request: Request) -> Response:
        if request.headers.get("x-api-key") in people:
            return JSONResponse({"error": "whoever has a key needs no password"}, 409)
        sent = str((await request.json()).get("emailAddress"))
        if sent.partition("@")[2] not in HOSTS:
            return JSONResponse({"error": "no mail can go there"}, 422)
        reference = secrets.token_hex(8)
        if sent in known:
            outbox[reference] = sent
        headers = {"x-trace": secrets.token_hex(8)}
        if sent in known or mode == "fixed":
            headers["x-mail-reference"] = reference
        message = "If somebody has this address, a mail is on its way to it."
        return JSONResponse(
            {"data": {"message": message, "servedAt": secrets.token_hex(4)}}, 202, headers
        )

    async def listed(request: Request) -> Response:
        return JSONResponse({"data": practices})

    made = Starlette(
        routes=[
            Route("/account", account),
            Route("/account/forgotten-password", forgotten, methods=["POST"]),
            Route("/practices", listed),
        ]
    )
    made.state.db = {"patients": people, "practices": practices}
    return made


ENTRY = Entry(
    name="p05-forgotten-password",
    pattern="P5",
    title="the answer to a forgotten password has one header more when the e-mail address is known",
    convention="uuids, {data: …}, camelCase, API key in a header, OpenAPI 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(Truth("Patient", ("emailAddress",), ("anyone",), "POST /account/forgotten-password"),),
    decoys=(
        "x-trace and servedAt differ each time, known or not",
        "addresses at other hosts are refused with 422, known or not: compare only with one of the same host",
        "practices have e-mail addresses that everybody may see",
        "whoever has a key is refused with 409 before the address is looked at",
    ),
    options=("--allow-writes",),
)
