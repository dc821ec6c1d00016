"""Which values of a request's parameters belong together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import Knowledge
from oakum.openapi.model import Operation, Parameter
from oakum.scan.requests.consistent_parameter_values import collection, known_objects, tied_values
from tests.unit.scan.requests.test_builder import instance, probe

PATH = "/events/{event}/talks/{id}"


def talk(personal: frozenset[str] = frozenset({"id"}), path: str = PATH) -> Probe:
    operation = Operation(
        "getTalk",
        "GET",
        path,
        parameters=tuple(Parameter(n, "path", True) for n in ("event", "id")),
    )
    return replace(
        probe("getPerson"), operation=operation,
        sources={"event": "Event.slug", "id": "Talk.id"}, personal=personal,
    )  # fmt: skip


def two_events(who: str = "ann") -> Knowledge:
    """Talks of two events, none of which says of which it is."""
    found = Knowledge()
    for slug, id in (("spring", "11"), ("autumn", "12")):
        found.learn_own(who, instance("Event", slug=slug))
        found.learn_own(who, instance("Talk", id=id))
        found.collections[who, "Talk", id] = {"/events/{}/talks": (slug,)}
    return found


@pytest.mark.parametrize("personal", [frozenset({"id"}), frozenset({"event", "id"})])
def test_an_object_that_names_no_tenant_is_asked_for_in_the_one_that_showed_it(
    personal: frozenset[str],
) -> None:
    found = two_events()
    asked = [tied_values(talk(personal), found, "ann", turn) for turn in range(2)]
    assert [each and each["event"] for each in asked] == ["spring", "autumn"]


def test_an_object_of_nobody_is_asked_for_in_the_tenant_that_showed_it() -> None:
    found = two_events(who="")
    asked = [tied_values(talk(frozenset()), found, "ann", turn) for turn in range(2)]
    assert [each and each["event"] for each in asked] == ["spring", "autumn"]


def test_another_collection_says_nothing_of_the_place() -> None:
    found = two_events()
    found.collections["ann", "Talk", "11"] = {"/people/{}/talks": ("ann",)}
    assert tied_values(talk(), found, "ann", 0) == {}


def test_what_the_object_says_goes_first() -> None:
    found = two_events()
    found.objects["ann", "Talk"] = [{"id": "11", "event_slug": "autumn"}]
    assert tied_values(talk(), found, "ann", 0) == {"event": "autumn"}


def test_a_collection_is_alike_however_its_places_are_called() -> None:
    assert collection("/events/{event}/talks/") == collection("/events/{slug}/talks")
    assert collection("/events/{event}/talks") != collection("/events/{event}/rooms")


def test_objects_are_counted_by_their_keys() -> None:
    assert known_objects(talk(), two_events(), "ann", ["id"]) == 2
