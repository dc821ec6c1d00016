"""Keys that several names share."""

from __future__ import annotations

from oakum.openapi.document import Document
from oakum.openapi.source import parse
from oakum.policy.check import check
from oakum.policy.comma_separated_keys import apart, names
from oakum.policy.parser import parse_policy
from tests.unit.policy.crew import FILE, errors
from tests.unit.policy.grammar import policy, read, whole

SHARED = '"getMe, getRide": {call: [member]}'


def places(text: str) -> list[tuple[str, int, int]]:
    ((key, _),) = parse(text, "p").items
    found = names(key)
    return [(str(each.scalar), each.location.line, each.location.column) for each in found]


def test_each_name_has_its_own_place() -> None:
    assert places("a,  b.c ,d: 1") == [("a", 1, 1), ("b.c", 1, 5), ("d", 1, 10)]
    assert places('"a, b": 1') == places("'a, b': 1") == [("a", 1, 2), ("b", 1, 5)]
    assert places("alone: 1") == [("alone", 1, 1)]


def test_what_is_written_otherwise_than_it_reads_is_where_the_key_is() -> None:
    assert places('"a\\u002c b": 1') == [("a", 1, 1), ("b", 1, 1)]
    assert places("'a, b''s': 1") == [("a", 1, 1), ("b's", 1, 1)]
    assert places("? a,\n  b\n: 1") == [("a", 1, 3), ("b", 1, 3)]


def test_operations_that_share_a_key_have_one_rule() -> None:
    one = policy(whole(f"operations: {{{SHARED}}}")).operations
    two = policy(whole("operations: {getMe: {call: [member]}, getRide: {call: [member]}}"))
    assert [*one] == ["getMe", "getRide"]
    assert [(each.id, each.call) for each in one.values()] == [
        (each.id, each.call) for each in two.operations.values()
    ]


def test_an_operation_that_two_keys_name_is_told_at_the_second() -> None:
    _, wrong = read(whole(f"operations:\n  {SHARED}\n  listRides, getMe: {{}}\n"))
    assert wrong == ["4:14: `getMe` occurs twice in `operations`"]
    assert read(whole("operations: {'a, a': {}}"))[1] == ["2:18: `a` occurs twice in `operations`"]


def test_a_mistake_that_several_share_is_told_once() -> None:
    _, wrong = read(whole("operations: {'getMe, getRide': {cal: [member]}}"))
    assert wrong == ["2:33: an operation has no key `cal`; did you mean `call`?"]


def test_a_comma_too_many_names_nothing() -> None:
    _, wrong = read(whole("operations:\n  getMe, , getRide: {}\n"))
    assert wrong == ["3:9: the name of an operation must be a word, not an empty text"]


def test_an_unknown_operation_is_told_at_its_place_in_the_key() -> None:
    crew = Document.parse(FILE.read_bytes(), "crew.yaml")
    wrong, _ = check(crew, policy(whole("operations:\n  getMe, getRides: {}\n")))
    assert [(str(each.location), each.message) for each in wrong] == [
        ("p:3:10", "`crew.yaml` has no operation `getRides`")
    ]


def test_a_value_that_fits_one_of_several_is_told_of_the_others_at_its_place() -> None:
    crew = Document.parse(FILE.read_bytes(), "crew.yaml")
    shared = "operations:\n  getRide, getMe:\n    params: {rideId: Ride.id}\n"
    ride = "resources: {Ride: {owner: none, fields: {id: []}}}\n"
    wrong, _ = check(crew, policy(whole(shared + ride)))
    told = [each for each in wrong if "getMe" in each.message]
    assert [str(each.location) for each in told] == ["p:4:22"]


COMMA = "paths:\n  /x: {get: {operationId: 'getMe, x', responses: {}}}"


def test_a_key_that_names_one_operation_as_a_whole_is_that_one() -> None:
    crew = Document.parse(FILE.read_text().replace("paths:", COMMA, 1).encode(), "crew.yaml")
    text = whole("operations: {'getMe, x': {}, 'getRide, listFollowers': {}}")
    found = apart(parse(text, "p"), crew.names_operation).get("operations")
    assert found is not None
    assert [key.scalar for key, _ in found.items] == ["getMe, x", "getRide", "listFollowers"]


def test_a_key_may_not_name_one_operation_or_several() -> None:
    both = COMMA + "\n  /y: {get: {operationId: x, responses: {}}}"
    crew = Document.parse(FILE.read_text().replace("paths:", both, 1).encode(), "crew.yaml")
    assert check(crew, policy(whole("operations: {getMe: {}}")))[0] == []
    found = parse_policy(
        parse(whole("operations: {'getMe, x': {}}"), "p"), [], crew.names_operation
    )
    assert found is not None
    (wrong,) = check(crew, found)[0]
    assert wrong.message == "`getMe, x` is one operation, and two others"


def test_fields_are_told_at_their_place_in_the_key() -> None:
    assert read(whole("resources:\n  A:\n    owner: none\n    fields: {'a, a': []}\n"))[1] == [
        "5:18: `a` has two lines in `A`; first at p:5:14"
    ]


def test_methods_and_paths_share_a_key_too() -> None:
    assert errors("operations: {'GET /rides/{rideId}, getMe': {}}") == []
