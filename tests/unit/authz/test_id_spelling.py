"""One id in several spellings, and ids that have one alone."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.authz.id_spelling import alike, is_sole_spelling, named_among
from oakum.openapi.model import Json
from tests.properties.pool import LAW

_UUID = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7", "007"),
        ("Ann", "ann"),
        (" ann ", "ann"),
        ("urn:user:7", "7"),
        ("https://api.example.com/people/7/", "7"),
        ("6F9619FF-8B86-D011-B42D-00CF4FC964FF", "{6f9619ff8b86d011b42d00cf4fc964ff}"),
        ("jos\u00e9-rivera", "jose\u0301-rivera"),  # composed, and with a combining accent
        ("jos\u00e9", "jose\u0301"),
        ("\u0430nn", "ann"),  # a Cyrillic letter that looks like a Latin one
        ("\uff17", "7"),  # full width
        ("\uff41\uff4e\uff4e", "ann"),
        ("m\u00fcller", "mueller"),
        ("o\ufb03ce", "office"),  # a ligature
        ("jos\u00e9", "jos\u00fc"),  # two beyond ASCII are not told apart
        (f"{_UUID}\u200b", _UUID),
        (f"{_UUID}\u0301", _UUID),
        (f"\u202e{_UUID}", _UUID),
        (_UUID.replace("-", "\u2010"), _UUID),
        (_UUID.replace("f", "\u0192"), _UUID),
        ("00000000-0000-0000-0000-000000000001", "00000000000000000000000000000001"),
        ("00000000-0000-0000-0000-00000000001\u0301", "00000000000000000000000000000001"),
        ("007\u0301", "007"),
        ("+7\u0301", "+7"),
        ("1\u00e93", "1e3"),
        ("1e\u01013", "1e3"),
        ("\u03011e3", "1e3"),
        ("7\u03010", "7.0"),
        ("7.0\u0301", "7.0"),
        ("\u0667.0", "7"),  # a digit of another script
        ("\u0661e3", "1000"),
        ("1_000", "1000"),
        ("1_0e2", "1000"),
        ("1,000", "1000"),
        ("1'000", "1000"),
        ("12,34,567.0", "1234567"),
        ("-1,000", "-1000"),
        ("1,000\u0301", "1000"),
        ("-1.0", "-1"),
        ("-01", "-1"),
        ("+-1", "-1"),
        ("-1e3", "-1000"),
        ("-1_000", "-1000"),
        ("\uff0d1", "-1"),  # a minus of full width
        ("\u22121", "-1"),
        ("-0", "0"),
        ("1\u202f000", "1000"),  # as French groups digits
        ("urn\uff1auser\uff1a7", "7"),
        ("\uff11\uff45\uff13", "1000"),
    ],
)
def test_an_id_in_another_spelling_may_be_the_same(one: str, other: str) -> None:
    assert alike([one], [other]) and alike([other], [one])
    assert alike(["someone-else", one], ["nobody", other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7", "70"),
        ("ann", "anna"),
        ("a-b", "ab"),  # dashes count, but in a UUID
        ("jos\u00e9-rivera", "ann-rivera"),
        ("\u00e9", "ann"),
        ("jos\u00e9", "josephine"),
        ("\u0438\u0432\u0430\u043d", "longer-name"),
        ("\u65e5\u672c", "ann"),
        ("ann\uae40", "ann"),
        ("\u30a2\u30f3", "an"),
        ("jos\u00e9-rivera", "jos\u00e9-lopez"),
        (_UUID, f"{_UUID[:-1]}e"),
        (f"{_UUID}\u0301", f"7{_UUID[1:]}"),
        (f"{_UUID}\u200b", f"{_UUID[:-1]}e"),
        ("7\u00a0", "70"),  # white space beyond ASCII is none, as within ASCII
        ("\uff41\uff4e\uff4e", "anna"),
        ("\u043c\u0430\u0440\u0438\u044f1", "2"),
        ("\u0430\u043d\u043d\u0430-7", "70"),
        ("\u793e\u54e11", "\u793e\u54e12"),
        ("12\u00e9", "13"),
        ("ab\u00e9-d", "ac"),
        ("a_b", "ab"),  # underscores count, but between digits
        ("-1", "1"),
        ("-1.0", "1"),
        ("1,3", "13"),  # a list
        ("1,0000", "10000"),
        ("1234,567", "1234567"),
    ],
)
def test_another_id_is_another(one: str, other: str) -> None:
    assert not alike([one], [other]) and not alike([other], [one])
    assert not alike([one], []) and not alike([], [other])


_NORMAL = st.sampled_from(
    (
        *(_UUID, f"{{{_UUID}}}", "00000000-0000-0000-0000-000000000010", "1" * 32),
        *("7", "007", "+7", "7.00", "1e3", "1.5e3", "0.5e1", "15e-1", "10e-1", "1_000", "0e1"),
        *("-1", "-1.0", "-007", "+-7", "1,000", "-1e3"),
        *("ann", "a-b", "ab_c", "e5", "1e", "cafe-1", "3d.print", "12-3"),
    )
)
_BEYOND = st.sampled_from(
    "\u00a0\u200b\ufeff\u0301\u00ad\u202e\u00e9\u0663\u2010\ufe0f\ufb03\U0001f600"
)


@LAW
@given(_NORMAL, st.data())
def test_characters_beyond_ascii_anywhere_in_an_id_do_not_rule_it_out(
    id: str, data: st.DataObject
) -> None:
    places = st.integers(0, len(id) - 1)
    added = data.draw(st.dictionaries(places, st.text(_BEYOND, min_size=1, max_size=2)))
    wide = data.draw(st.sets(places))
    texts = [chr(ord(c) + 0xFEE0) if at in wide else c for at, c in enumerate(id)]
    at = data.draw(places)
    texts[at] = (
        "\u0663" if texts[at].isdigit() else data.draw(st.sampled_from("\u00e9\u2010\ufb03"))
    )
    changed = "".join(added.get(at, "") + each for at, each in enumerate(texts))
    changed += data.draw(st.text(_BEYOND, max_size=2))
    assert alike([changed], [id]) and alike([id], [changed])


@pytest.mark.parametrize("id", ["a" * 20_000 + ":b", "0" * 20_000 + "-", "1" + "\u00e9" * 20_000])
def test_the_time_that_an_id_takes_grows_with_its_length(id: str) -> None:
    before = process_time()
    assert alike([id], [id])
    assert process_time() - before < 1


@pytest.mark.parametrize(
    "id",
    [
        *(
            " 7",
            "7 ",
            "\t7",
            "7\n",
            "7\x00",
            "+7",
            "07",
            "-07",
            "-0",
            "7.0",
            "7.",
            ".7",
            "7e0",
            "7E1",
        ),
        *("2_1", "0x15", "0b1", "0o7", "1 000", "1'000", "9007199254740993", "\uff17", "\u0667"),
        *(_UUID.upper(), _UUID.replace("-", ""), f"{{{_UUID}}}", f"urn:uuid:{_UUID}"),
        *(
            "507F1F77BCF86CD799439011",
            "/notes/7",
            "note:7",
            "#7",
            "7?",
            "Tm90ZTo=",
            "%37",
            "jos\u00e9",
        ),
        *("7,8", "7;8", "7|8", '"7"', "[7]", '{"id":7}', "`7`", "<7>", "a\\b", "a  b", "\u200b7"),
    ],
)
def test_what_an_api_may_convert_to_another_id_is_not_its_sole_spelling(id: str) -> None:
    assert not is_sole_spelling(id)


@pytest.mark.parametrize(
    "id",
    [
        *(
            "7",
            "0",
            "-7",
            "70",
            "123456789012345",
            "ann",
            "Ann",
            "my-note",
            "My Note",
            "it's",
            "3d-print",
        ),
        *(
            "7up",
            "2024-05-01",
            "a_b",
            "a.b",
            "v1.2",
            "ann@example.com",
            "a+b@example.com",
            "(x)",
            "~x",
        ),
        *(
            _UUID,
            "507f1f77bcf86cd799439011",
            "12e",
            "e5",
            "deadbeef",
            "DEADBEEF",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        ),
        *("d3b07384d113edec49eaa6238ad5ff00a", "a & b", "50%", "100% wool"),
    ],
)
def test_a_plain_id_or_name_is_its_sole_spelling(id: str) -> None:
    assert is_sole_spelling(id)


@pytest.mark.parametrize(
    ("id", "form", "shown", "sole"),
    [
        ("7", "integer", [], True),
        ("7up", "integer", [], False),
        ("x", "", [11], False),
        ("12", "", [11], True),
        ("x", "", ["11"], True),
        ("x", "", [True, None, 1.5], True),
        (_UUID, "uuid", [], True),
        ("x", "uuid", [], False),
        ("x", "", [_UUID], False),
        (_UUID.upper(), "uuid", ["3F10DBE8-4CBD-5E31-9B1F-AF0CB9DDA9CF"], True),
        (_UUID, "", ["3F10DBE8-4CBD-5E31-9B1F-AF0CB9DDA9CF"], True),
        (_UUID.replace("-", ""), "", ["3f10dbe84cbd5e319b1faf0cb9dda9cf"], True),
        (_UUID.replace("-", "").upper(), "", ["3f10dbe84cbd5e319b1faf0cb9dda9cf"], False),
        ("00124", "", ["00123"], True),
        ("0124", "", ["00123"], False),
        ("team:two", "", ["team:one"], True),
        ("team/two", "", ["team:one"], False),
        ("Tm90ZTo=", "", ["Tm90ZTp="], True),
        (" x", "", [" y"], False),
    ],
)  # fmt: skip
def test_the_document_and_what_the_api_shows_say_how_ids_are_written(
    id: str, form: str, shown: list[Json], sole: bool
) -> None:
    assert is_sole_spelling(id, form, shown) is sole


@pytest.mark.parametrize(
    "text",
    [
        "1,3",
        "3 1",
        "3\u00a01",
        "3\u30001",
        "1\uff0c3",
        "1\u30013",
        "\uff5b1\uff1b3\uff5d",
        "1\u060c 3",
        "\uff11\uff0c\uff13",
    ],
)
def test_a_list_in_a_text_names_each_of_its_ids_in_any_writing(text: str) -> None:
    assert named_among(["1"], [text]) and named_among(["3"], [text])
    assert not named_among(["2"], [text])


def test_a_dash_of_full_width_separates_no_ids() -> None:
    assert named_among([_UUID], [f"ann, {_UUID.replace('-', chr(0xFF0D))}"])
