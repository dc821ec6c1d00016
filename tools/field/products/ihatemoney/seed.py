"""Two made-up projects, each with two members who share bills."""

from __future__ import annotations

import base64
from typing import Any

from field.client import call
from field.place import Place

PROJECTS = {"flat": ("Ann", "Bob"), "trip": ("Cyd", "Dan")}


def seed(place: Place) -> dict[str, str]:
    base = place.base + "/api/projects"
    for name, people in PROJECTS.items():
        project = {"name": f"The {name}", "id": name, "password": f"made-up {name}",
                   "contact_email": f"{name}@example.com"}  # fmt: skip
        call("POST", base, project)
        members = [member(base, name, each) for each in people]
        bill = {"date": "2019-05-01", "what": f"Rent of the {name}", "payer": members[0],
                "payed_for": members, "amount": 120}  # fmt: skip
        call("POST", f"{base}/{name}/bills", bill, own(name))
    return {f"{name.upper()}_KEY": basic(name) for name in PROJECTS}


def member(base: str, project: str, name: str) -> Any:
    return call("POST", f"{base}/{project}/members", {"name": name}, own(project))


def basic(name: str) -> str:
    return base64.b64encode(f"{name}:made-up {name}".encode()).decode()


def own(name: str) -> dict[str, str]:
    return {"Authorization": f"Basic {basic(name)}"}
