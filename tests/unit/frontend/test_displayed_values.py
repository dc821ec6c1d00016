"""Values on a page: what is there is found, what is long and not there never is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.frontend.displayed_values import Surface, held_by_controls, shown_fields
from oakum.frontend.field_paths import word

WORDS = st.text("abcdefghij", min_size=6, max_size=12)


def cells(*texts: object, place: str = "td1") -> list[Surface]:
    return [Surface(place, str(text), at) for at, text in enumerate(texts)]


@given(st.lists(WORDS, min_size=1, unique=True), st.integers(0, 3))
def test_a_long_value_that_stands_on_the_page_is_found_and_no_other_is(
    words: list[str], more: int
) -> None:
    there, away = words[: len(words) // 2 + 1], words[len(words) // 2 + 1 :]
    fields = {word: [word] for word in words}
    page = cells(*(f"-{'x ' * more}{word}!" for word in there))
    assert shown_fields(fields, page).isdisjoint(away)
    assert shown_fields(fields, page) >= set(there)


@given(st.lists(st.integers(0, 9), min_size=3, max_size=30), st.randoms())
def test_a_column_of_short_values_is_found_in_any_order(values: list[int], random: object) -> None:
    mixed = sorted(values, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert shown_fields({"field": values}, cells(*mixed)) == {"field"}


def test_the_field_that_explains_a_column_best_is_the_one_that_stands_there() -> None:
    fields = {"points": [3, 1, 2, 1], "cost": [3, 8, 2, 7], "version": [3]}
    assert shown_fields(fields, cells(3, 1, 2, 1)) == {"points"}


def test_a_short_value_that_the_page_had_before_proves_nothing() -> None:
    assert shown_fields({"page": [1]}, cells("page 1")) == {"page"}
    assert shown_fields({"page": [1]}, cells("page 1"), before="<p>page 1 of 9</p>") == set()


def test_a_value_of_two_fields_is_looked_for_as_a_whole() -> None:
    own, all_of = ["female"], ["female", "female", "male", "female"]
    assert shown_fields({"mine": own, "theirs": all_of}, cells("female")) == {"mine"}


def test_numbers_are_found_as_a_page_writes_them() -> None:
    assert shown_fields({"km": [2540]}, cells("2,540 km")) == {"km"}
    assert shown_fields({"km": [2540]}, cells("12540 km")) == set()


def test_truth_values_and_nothing_are_never_looked_for() -> None:
    assert shown_fields({"a": [True], "b": [None], "c": [[]]}, cells("true", "null", "")) == set()


def test_a_page_may_show_a_part_of_a_list() -> None:
    fields = {"laps": list(range(3, 40)), "seat": [91, 92, 93, 94]}
    assert shown_fields(fields, cells(*range(3, 13))) == {"laps"}
    assert shown_fields(fields, cells(5, "total", "x", 4, "y")) == set()


def test_an_address_is_found_where_the_page_has_added_a_parameter() -> None:
    icon = "https://pictures.example/7?d=plain"
    fields = {"icon": [icon], "again": [icon], "site": ["https://pictures.example/8"]}
    assert shown_fields(fields, cells(f"{icon}&s=48")) == {"icon", "again"}


def test_a_control_that_bears_the_name_of_a_field_and_holds_its_value_shows_it() -> None:
    fields = {
        "guest.late": ("late", [False]),
        "guest.bed": ("bed", ["d"]),
        "guest.pets": ("pets", [None]),
        "guest.seat": ("seat", [4]),
        "rooms.*.bed": ("bed", ["d", "s"]),
        "rooms.*.late": ("late", [True]),
    }
    controls = [("late", False), ("stay[0].bed", "D"), ("pets", ""), ("chair", "4")]
    assert held_by_controls(fields, controls) == {"guest.late", "guest.bed"}
    assert held_by_controls(fields, [("bed", "s")]) == {"rooms.*.bed"}
    assert held_by_controls(fields, []) == set()


def test_a_question_without_a_name_has_none_even_where_a_value_is_empty() -> None:
    assert word("", {"", "ada"}) == ""
    assert word("Board", {"", "ada"}) == "Board"
    assert word("ada", {"", "ada"}) == word("a b", ()) == "*"
