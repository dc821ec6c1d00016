"""When the name of a file would tell that no object of a response is hidden."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import Call
from oakum.authz.content_disposition import shows_whole, tells_hidden
from oakum.openapi.model import Media, Shape
from tests.properties.worlds import array, record, scalar
from tests.unit.authz.small import FIELDS, NOTE, PERSON, contract, endpoint, note, see

HIDDEN = note({name: (see("owner"),) for name in FIELDS})
SEEN = note({**FIELDS, "id": (see("member"),)})
JSON, CSV = "application/json", "text/csv"


@pytest.mark.parametrize(
    ("shape", "media_type", "told"),
    [
        (array(NOTE), JSON, True),
        (record(data=array(NOTE), total=scalar("integer")), JSON, True),
        (record(me=record("Friend", id=scalar("string"), note=NOTE)), JSON, True),
        (array(NOTE), CSV, True),
        (NOTE, JSON, False),
        (record(data=NOTE), JSON, True),
        (array(record(day=scalar("string"))), JSON, False),
    ],
    ids=["list", "page", "within another", "table", "one", "one in an envelope", "no resource"],
)
def test_a_name_tells_where_an_object_that_is_not_the_response_may_be_hidden(
    shape: Shape, media_type: str, told: bool
) -> None:
    model = contract(HIDDEN, PERSON, endpoints=(endpoint(shape=shape),))
    assert tells_hidden(model, "list", Media(media_type, shape)) is told


def test_a_name_tells_nothing_where_everybody_is_shown_something_of_each() -> None:
    model = contract(SEEN, PERSON)
    assert not tells_hidden(model, "list", Media(JSON, array(NOTE)))


def test_a_name_tells_nothing_of_objects_that_are_not_concealed() -> None:
    model = contract(replace(HIDDEN, conceal=False), PERSON)
    assert not tells_hidden(model, "list", Media(JSON, array(NOTE)))


def test_what_is_not_declared_has_no_name() -> None:
    model = contract(HIDDEN, PERSON)
    assert shows_whole(model, Call("list", {}, 200, JSON))
    assert not shows_whole(model, Call("list", {}, 200, "text/plain"))
