"""Two owners, and relations by the same fields that say what only one of them sees: whoever is one
of these is an owner, and is tested as that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.authz import compile_contract
from oakum.errors import ExitCode
from oakum.gate.required_coverage import expected_pairs
from oakum.policy.contract import load
from oakum.policy.resource_schemas import view
from tests.scan.verdicts import NAMES, RELATIONS, Api, Told, path, schema, told

pytestmark = pytest.mark.server

POLICY = RELATIONS.replace(
    "owner: {is: owner}}", "owner: {is: owner}, host: {field: host_id}, guest: {field: guest_id}}"
)
BOOKING = """\
  Booking:
    key: id
    owner: [guest_id, host_id]
    fields:
      id, guest_id, host_id, nights: [{see: [owner]}]
      host_note: [{see: [host]}]
      guest_note: [{see: [guest]}]
operations:
  getBooking: {params: {id: Booking.id}}
"""
MEMBERS = ("id", "guest_id", "host_id", "nights", "host_note", "guest_note")


def scan(folder: Path, leak: str = "") -> Told:
    rows: dict[str, dict[str, Any]] = {}
    for guest in NAMES.values():
        for host in NAMES.values():
            if guest != host:
                id = f"b-{len(rows) + 701}"
                rows[id] = {
                    "id": id, "guest_id": guest, "host_id": host, "nights": f"{len(rows)} of may",
                    "host_note": f"hosts say {id} is fine", "guest_note": f"guests say {id} is so",
                }  # fmt: skip

    def shown(who: str, row: dict[str, Any]) -> dict[str, Any]:
        hidden = {"host_note"} if row["guest_id"] == who else {"guest_note"}
        return {name: row[name] for name in MEMBERS if name == leak or name not in hidden}

    def bookings(who: str) -> Any:
        me = NAMES.get(who, "")
        mine = [each for each in rows.values() if me in (each["guest_id"], each["host_id"])]
        return [shown(me, each) for each in mine] if who else 401

    def booking(who: str, id: str) -> Any:
        me, row = NAMES.get(who, ""), rows.get(id, {})
        return shown(me, row) if me and me in row.values() else 404 if me else 401

    api = Api({"/bookings": bookings, r"/bookings/([^/]+)": booking})
    shapes = schema("Booking", **dict.fromkeys(MEMBERS, "string"))
    paths = path("/bookings", "listBookings", "Booking", many=True)
    paths += path("/bookings/{id}", "getBooking", "Booking")
    return told(folder, shapes, paths, BOOKING, api, relations=POLICY)


def test_an_api_that_shows_each_party_its_own_is_clean_and_tested(tmp_path: Path) -> None:
    run = scan(tmp_path)
    assert (run.report.distrust, run.report.findings, run.code) == ((), (), ExitCode.CLEAN)
    assert not any(cell.viewer in ("host", "guest") for cell in run.report.cells)
    loaded = load(tmp_path / "exposure.yaml")
    assert loaded.policy is not None
    seen = view(loaded.document, loaded.policy)
    wanted = {*expected_pairs(seen, compile_contract(loaded.document, loaded.policy))}
    assert ("Booking", "owner") in wanted
    assert wanted <= {(cell.resource, cell.viewer) for cell in run.report.cells}


@pytest.mark.parametrize("leak", ["host_note", "guest_note"])
def test_what_only_the_other_party_may_see_is_found(leak: str, tmp_path: Path) -> None:
    run = scan(tmp_path, leak)
    assert run.proven == {(f"Booking.{leak}", "owner")}
