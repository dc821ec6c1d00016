"""The calls of traffic: each under the template of its endpoint, and with nobody's name in it."""

from __future__ import annotations

import json
from pathlib import Path

import cadence
from oakum.openapi.document import Document
from oakum.traffic.call import Hasher
from oakum.traffic.calls_from_exchanges import Endpoints, calls
from oakum.traffic.evaluation.traffic_judge import DocumentJudge
from oakum.traffic.survey import Surveyor
from oakum.traffic.traffic_files import records, sources

HASHED = Hasher(b"k" * 32)


def line(method: str, path: str, status: int = 200) -> str:
    return json.dumps({"method": method, "path": path, "status": status, "sub": "u1"}) + "\n"


def surveyed(file: Path) -> Endpoints:
    surveyor = Surveyor(b"k" * 32)
    for source in sources([str(file)]):
        for passed in records(source):
            surveyor.take(passed)
    return Endpoints(surveyor.finish())


def test_a_call_stands_under_the_template_that_all_of_the_traffic_has_told(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    asked = ["/members/ann", "/members/bob/rides/7?near=Oslo", "/members/me", "/members", "/a.png"]
    refused = line("GET", "/secret/ann", 404)
    file.write_text("".join(line("GET", each) for each in asked) + refused)
    found = list(calls(sources([str(file)]), surveyed(file), HASHED))
    assert [(each.path, each.asked) for each in found] == [
        ("/members/{memberId}", (HASHED("ann"),)),
        ("/members/{memberId}/rides/{rideId}", (HASHED("bob"), HASHED("7"), HASHED("Oslo"))),
        ("/members/me", ()),
        ("/members", ()),
        ("/{id}/{id}", (HASHED("secret"), HASHED("ann"))),
    ]


def test_a_declared_call_has_its_operation_and_others_no_word_but_of_endpoints(
    tmp_path: Path,
) -> None:
    file = tmp_path / "log.json"
    file.write_text(line("GET", "/api/user/12%2D/followers") + line("GET", "/api/user/ann/x"))
    declared = DocumentJudge(Document.load(Path(cadence.__file__).with_name("openapi.yaml")))
    first, second = calls(sources([str(file)]), Endpoints(against=declared), HASHED)
    assert (first.operation, first.path) == ("listFollowers", "/api/user/{userId}/followers")
    assert first.asked == (HASHED("12-"),)
    assert (second.operation, second.path) == ("", "/api/user/{id}/{id}")
