"""Two made-up members who reserve units of a rack, and one who may only look."""

from __future__ import annotations

import base64
from typing import Any

from field.client import call
from field.place import Place

ROOT = {"Authorization": f"Token {'0' * 40}"}


def seed(place: Place) -> dict[str, str]:
    base = place.base + "/api"
    people = {name: person(base, name) for name in ("ann", "bob", "cyd")}
    permission = {
        "name": "look at racks",
        "object_types": ["dcim.rack", "dcim.rackreservation"],
        "actions": ["view"],
        "users": [each["id"] for each in people.values()],
    }
    call("POST", f"{base}/users/permissions/", permission, ROOT)
    own = {"name": "own tokens", "object_types": ["users.token"], "actions": ["view", "add"],
           "users": permission["users"]}  # fmt: skip
    call("POST", f"{base}/users/permissions/", own, ROOT)
    for name, each in people.items():
        itself = {"name": f"{name} alone", "object_types": ["users.user"], "actions": ["view"],
                  "users": [each["id"]], "constraints": {"username": name}}  # fmt: skip
        call("POST", f"{base}/users/permissions/", itself, ROOT)
    rack = in_a_rack(base)
    for number, name in enumerate(("ann", "bob"), 1):
        reservation = {"rack": rack, "units": [number], "user": people[name]["id"],
                       "description": f"for {name}"}  # fmt: skip
        call("POST", f"{base}/dcim/rack-reservations/", reservation, ROOT)
    return {f"{name.upper()}_TOKEN": token(base, name) for name in people}


def person(base: str, name: str) -> dict[str, Any]:
    body = {
        "username": name,
        "password": f"made-up {name} of the field",
        "email": f"{name}@example.com",
        "first_name": name.title(),
        "last_name": "Example",
    }
    made: dict[str, Any] = call("POST", f"{base}/users/users/", body, ROOT)
    return made


def in_a_rack(base: str) -> str:
    statuses = call("GET", f"{base}/extras/statuses/?name=Active", None, ROOT)["results"]
    status = statuses[0]["id"]
    kind = {"name": "Hall", "content_types": ["dcim.rack"]}
    hall = call("POST", f"{base}/dcim/location-types/", kind, ROOT)["id"]
    place = {"name": "Hall 1", "location_type": hall, "status": status}
    location = call("POST", f"{base}/dcim/locations/", place, ROOT)["id"]
    rack = {"name": "Rack 1", "location": location, "status": status, "rack_group": None}
    return str(call("POST", f"{base}/dcim/racks/", rack, ROOT)["id"])


def token(base: str, name: str) -> str:
    basic = base64.b64encode(f"{name}:made-up {name} of the field".encode()).decode()
    made = call("POST", f"{base}/users/tokens/", {}, {"Authorization": f"Basic {basic}"})
    return str(made["key"])
