"""The words of a name."""

from __future__ import annotations

from oakum.openapi.name_words import singular, words


def test_words_of_a_name() -> None:
    assert words("homePhone_number-2") == ("home", "phone", "number", "2")
    assert words("userIDs") == ("user", "ids")


def test_the_singular_of_a_noun() -> None:
    nouns = ("users", "people", "boxes", "cities", "status", "news", "ids")
    assert [singular(each) for each in nouns] == [
        "user", "person", "box", "city", "status", "news", "id",
    ]  # fmt: skip
