"""A hidden value within a public text of an object whose owner is shown the same text there, and
another one where the object itself is read: a street behind `delivered` in a public tracking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, told

pytestmark = pytest.mark.server

STREETS = {"u-4101": "Lange Voorhout 74", "u-4102": "Kerkstraat 1201", "u-4103": "Molenweg 5 bis 3"}
PARCELS = {
    f"T{nth}73648{id[-1]}": {"number": f"T{nth}73648{id[-1]}", "sender_id": id, "street": street}
    for nth, (id, street) in enumerate(STREETS.items(), start=22)
}
POLICY = """\
  Parcel:
    key: number
    owner: sender_id
    main: getParcel
    fields:
      number, status, events: [{see: [anyone]}]
      sender_id, street: [{see: [owner]}]
operations:
  track: {call: [anyone], params: {number: Parcel.number}}
  getParcel: {call: [owner], params: {number: Parcel.number}}
"""
SHAPE = (
    "    Parcel: {type: object, properties: {number: {type: string}, sender_id: {type: string},"
    " street: {type: string}, status: {type: string}, events: {type: array, items: {type: object,"
    " properties: {text: {type: string}}}}}}\n"
)


def scan(folder: Path, said: dict[str, str], *, main: str = "delivered", first: int = 0) -> Told:
    """`said`: what the tracking has behind `delivered`, in `status` or in an event; `main`: what
    the object itself has in both; `first`: how many events it shows, 0: all."""

    def own(parcel: dict[str, str], at: str) -> str:
        return said.get(at, "").replace("STREET", parcel["street"])

    def tracked(who: str, number: str) -> Any:
        if number not in PARCELS:
            return 404
        found = PARCELS[number]
        events = [{"text": "accepted"}, {"text": f"delivered{own(found, 'events')}"}]
        status = f"delivered{own(found, 'status')}"
        return {"number": number, "status": status, "events": events}

    def read(who: str, number: str) -> Any:
        found = PARCELS.get(number)
        if found is None or found["sender_id"] != NAMES.get(who):
            return 404 if who else 401
        text = main.replace("STREET", found["street"])
        events = [{"text": "accepted"}, {"text": text}]
        return {**found, "status": text, "events": events[:first] if first else events}

    def listed(who: str) -> Any:
        return (
            [read(who, each) for each, found in PARCELS.items() if found["sender_id"] == NAMES[who]]
            if who
            else 401
        )

    api = Api({"/track/([^/]+)": tracked, "/parcels/([^/]+)": read, "/parcels": listed})
    paths = path("/track/{number}", "track", "Parcel").replace(
        "      responses:", "      security: []\n      responses:"
    )
    paths += path("/parcels/{number}", "getParcel", "Parcel")
    paths += path("/parcels", "listParcels", "Parcel", many=True)
    return told(folder, SHAPE, paths, POLICY, api)


@pytest.mark.parametrize("at", ["status", "events"])
def test_a_street_that_only_the_tracking_adds_is_suspected(at: str, tmp_path: Path) -> None:
    run = scan(tmp_path, {at: " at STREET"})
    assert run.proven == set()
    assert ("Parcel.street", "anyone") in run.named("suspected")
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("text", "main"),
    [
        ("", "delivered"),
        (" at the door of a neighbour", "delivered"),
        (" at STREET", "done at STREET"),
    ],
    ids=["alike", "longer", "written by its owner"],
)
@pytest.mark.parametrize("at", ["status", "events"])
def test_another_text_without_it_or_one_that_the_object_has_itself_is_no_leak(
    at: str, text: str, main: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, {at: text}, main=main)
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN


def test_of_a_list_that_the_object_shows_in_part_nothing_is_told(tmp_path: Path) -> None:
    assert scan(tmp_path, {"events": " at STREET"}, first=1).report.findings == ()
