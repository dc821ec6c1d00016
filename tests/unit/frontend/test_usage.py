"""What was seen of a load, put together: names of endpoints hold nobody's name."""

from __future__ import annotations

import json

from oakum.frontend.usage import Load, ReceivedResponse, judge

ORIGIN = "https://club.example"


def heard(path: str, body: object) -> ReceivedResponse:
    return ReceivedResponse("GET", ORIGIN + path, 200, json.dumps(body).encode())


def endpoints(*found: ReceivedResponse) -> list[str]:
    return [each.path for each in judge(Load(found, ()), ORIGIN).endpoints]


def test_a_name_in_an_address_is_not_told_be_it_in_no_answer() -> None:
    found = endpoints(
        heard("/api/users/ada", {"about": "x"}),
        heard("/api/users/ada/posts", [{"text": "y"}]),
        heard("/api/users/7", {"about": "x"}),
        heard("/api/me", {"about": "x"}),
    )
    assert found == ["/api/me", "/api/users/{id}", "/api/users/{id}/posts"]


def test_what_an_answer_calls_an_object_by_is_no_word_of_an_address() -> None:
    assert endpoints(heard("/crew/anna", {"slug": "anna"})) == ["/crew/{id}"]
