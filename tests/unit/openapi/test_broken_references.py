"""References that lead nowhere, and which values need them."""

from __future__ import annotations

from oakum.openapi.broken_references import broken
from oakum.openapi.reference_resolution import DescriptionFile, Library


def library(text: str) -> Library:
    return Library(DescriptionFile("api.yaml", text.encode()))


def test_what_stands_around_a_broken_reference_needs_it() -> None:
    held = library("paths: {/a: {get: {$ref: '#/x'}, put: {}}}\nx: {items: {$ref: '#/no'}}")
    (found,) = broken(held)
    paths = held.main.root["paths"]
    assert found.place.pointer == "/x/items/$ref"
    assert id(paths["/a"]["get"]) in found.within
    assert id(paths["/a"]["put"]) not in found.within
    assert id(held.main.root["x"]) in found.within


def test_two_that_are_broken_have_each_their_own() -> None:
    held = library("paths: {/a: {get: {$ref: '#/x'}}, /b: {get: {$ref: '#/y'}}}")
    found = {each.place.pointer: each.within for each in broken(held)}
    get = id(held.main.root["paths"]["/a"]["get"])
    assert get in found["/paths/~1a/get/$ref"]
    assert get not in found["/paths/~1b/get/$ref"]


def test_beyond_many_they_share_what_needs_them() -> None:
    paths = ", ".join(f"/{i}: {{get: {{$ref: '#/{i}'}}}}" for i in range(230))
    held = library(f"paths: {{{paths}}}")
    found = broken(held)
    every = [id(each["get"]) for each in held.main.root["paths"].values()]
    assert len(found) == 230
    assert set(every) <= frozenset().union(*(each.within for each in found))


def test_a_document_that_is_whole_has_none() -> None:
    assert broken(library("paths: {/a: {$ref: '#/x'}}\nx: {properties: {$ref: {}}}")) == []
