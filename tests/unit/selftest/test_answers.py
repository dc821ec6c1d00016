"""A memory in front of a target tells the same as the target, whatever is asked in what order."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oakum.exchange import Request, Response
from oakum_selftest.answers import Does, Memory

AT = "http://shelf.test"


class Shelf:
    """Members by name; a PUT sets some of them, a POST adds to a count that GET shows as well."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {"a": 0, "b": 0, "posts": 0}
        self.asked: list[str] = []
        self.status = 200

    def send(self, request: Request) -> Response:
        self.asked.append(request.method)
        if request.method == "PUT":
            self.held |= json.loads(request.body)
        if request.method == "POST":
            self.held["posts"] += 1
        return Response(self.status, {}, json.dumps(self.held, sort_keys=True).encode())


def does(request: Request) -> Does:
    return Does.READS if request.method == "GET" else Does.WRITES


GET = Request("GET", AT)
steps = st.lists(
    st.just(GET)
    | st.builds(
        lambda name, value: Request("PUT", AT, {}, json.dumps({name: value}).encode()),
        st.sampled_from("ab"), st.integers(0, 2),
    )
    | st.just(Request("POST", AT)),
    max_size=12,
)  # fmt: skip


@given(steps)
def test_a_run_is_told_by_memory_what_the_target_would_say(asked: list[Request]) -> None:
    straight, shelf = Shelf(), Shelf()
    memory = Memory(does)
    memory.begin()
    for request in asked:
        assert memory.send(request, shelf).body == straight.send(request).body
    writes = sum(request.method != "GET" for request in asked)
    assert sum(method != "GET" for method in shelf.asked) == writes  # each was sent
    assert memory.sent == len(shelf.asked)


@given(steps)
def test_a_second_run_that_puts_back_what_it_sets_asks_for_nothing_again(
    asked: list[Request],
) -> None:
    shelf, memory = Shelf(), Memory(does)
    run = [r for r in asked if r.method != "POST"]
    back = Request("PUT", AT, {}, b'{"a": 0, "b": 0}')
    told = []
    for _ in range(2):
        memory.begin()
        begun = len(shelf.asked)
        told.append([memory.send(each, shelf).body for each in run])
        memory.send(back, shelf)
    assert told[0] == told[1]
    assert "GET" not in shelf.asked[begun:]


def test_a_server_in_trouble_is_asked_again() -> None:
    shelf, memory = Shelf(), Memory(does)
    memory.begin()
    shelf.status = 503
    assert memory.send(GET, shelf).status == 503
    shelf.status = 200
    assert memory.send(GET, shelf).status == 200


def test_who_asks_and_how_is_part_of_the_question() -> None:
    shelf, memory = Shelf(), Memory(does)
    memory.begin()
    for token in ("ann", "bob", "ann"):
        memory.send(Request("GET", AT, {"authorization": token}), shelf)
    assert memory.sent == 2
    memory.forget()
    memory.send(Request("GET", AT, {"authorization": "ann"}), shelf)
    assert memory.sent == 3
