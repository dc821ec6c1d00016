"""One id in several spellings."""

from __future__ import annotations

import pytest

from oakum.authz.id_spelling import alike


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
        ("jos\u00e9-rivera", "jos\u00e9-lopez"),
        ("6f9619ff-8b86-d011-b42d-00cf4fc964ff", "6f9619ff-8b86-d011-b42d-00cf4fc964fe"),
    ],
)
def test_another_id_is_another(one: str, other: str) -> None:
    assert not alike([one], [other]) and not alike([other], [one])
    assert not alike([one], []) and not alike([], [other])
