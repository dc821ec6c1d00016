"""JSON:API: what `include` adds to an answer is named by the relationships of an object."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import NOT_FOUND, Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, told

pytestmark = pytest.mark.server
MEDIA = "application/vnd.api+json"
POLICY = """\
  Booking:
    key: id
    owner: relationships.guest.data.id
    main: getBooking
    fields:
      type, id, attributes.day: [{see: [member]}]
      relationships.guest.data.type, relationships.guest.data.id: [{see: [member]}]
  Guest:
    key: id
    owner: id
    fields: {"type, id": [{see: [member]}], attributes.phone: [{see: [owner]}]}
operations:
  getBooking: {params: {bookingId: Booking.id}}
"""
TEXT = {"type": "string"}


def shape(**members: object) -> dict[str, object]:
    return {"type": "object", "properties": members}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def document() -> str:
    named = shape(type=TEXT, id=TEXT)
    included = {"type": "array", "items": ref("Guest")}
    schemas = {
        "Me": shape(id=TEXT),
        "Booking": shape(
            type=TEXT, id=TEXT, attributes=shape(day=TEXT),
            relationships=shape(guest=shape(data=named)),
        ),
        "Guest": shape(type=TEXT, id=TEXT, attributes=shape(phone=TEXT)),
        "One": shape(data=ref("Booking"), included=included),
        "Many": shape(data={"type": "array", "items": ref("Booking")}, included=included),
    }  # fmt: skip

    def read(id: str, schema: str, media: str = MEDIA, path: str = "") -> dict[str, object]:
        parameters: list[dict[str, object]] = [{"name": "include", "in": "query", "schema": TEXT}]
        if path:
            parameters = [
                {"name": path, "in": "path", "required": True, "schema": TEXT},
                *parameters,
            ]
        content = {media: {"schema": ref(schema)}}
        answers = {"200": {"description": "ok", "content": content}}
        return {"get": {"operationId": id, "parameters": parameters, "responses": answers}}

    paths = {
        "/me": read("getMe", "Me", "application/json"),
        "/bookings": read("listBookings", "Many"),
        "/bookings/{bookingId}": read("getBooking", "One", path="bookingId"),
    }
    scheme = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    whole = {
        "openapi": "3.0.3",
        "info": {"title": "bookings", "version": "1"},
        "security": [{"key": []}],
        "components": {"securitySchemes": scheme, "schemas": schemas},
        "paths": paths,
    }
    return json.dumps(whole)


def scan(folder: Path, *, leaks: bool) -> Told:
    bookings = {f"b-{5000 + id_at * 7}": id for id_at, id in enumerate(NAMES.values())}

    def answer(who: str, call: Call) -> Reply:
        asked = call.query.get("include", "")
        if asked not in ("", "guest"):  # as the standard says of a name that is no relationship
            return Reply(400, {"errors": [{"title": "no such relationship"}]})

        def booking(id: str) -> dict[str, object]:
            guest = {"data": {"type": "guests", "id": bookings[id]}}
            day = {"day": f"2027-01-{id[-2:]}"}
            return {
                "type": "bookings",
                "id": id,
                "attributes": day,
                "relationships": {"guest": guest},
            }

        def guests(ids: list[str]) -> list[object]:
            return [
                {"type": "guests", "id": id, "attributes": {"phone": f"+49 30 55{id[2:]}77"}}
                if leaks or id == NAMES[who]
                else {"type": "guests", "id": id}
                for id in dict.fromkeys(ids if asked else ())
            ]

        if call.path == "/bookings":
            every = guests([*bookings.values()])
            said = {"data": [booking(id) for id in bookings], "included": every}
        elif (found := re.fullmatch("/bookings/(.+)", call.path)) and found[1] in bookings:
            said = {"data": booking(found[1]), "included": guests([bookings[found[1]]])}
        else:
            return NOT_FOUND
        return Reply(200, json.dumps(said).encode(), (("content-type", MEDIA),))

    return told(folder, "", "", POLICY, logged_in(answer), document=document())


def test_what_an_included_object_shows_is_found(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=True)
    assert run.proven == {("Guest.attributes.phone", "member")}


def test_an_included_object_that_hides_it_is_no_leak(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=False)
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN, run.report.distrust
