"""What the report says of an account that was made, it seems, and cannot log in."""

from __future__ import annotations

import pytest

from oakum.exchange import Response
from oakum.scan.identities.unremovable_accounts import Stray, made_up_name


@pytest.mark.parametrize(
    ("status", "key", "location", "place", "certain"),
    [
        (201, "", "", "", True),
        (201, "u-7", "/users/8", "u-7", True),
        (201, "", "https://inn.test/users/8?by=mail", "/users/8", True),
        (200, "u-7", "", "u-7", True),
        (200, "", "/start", "", False),
        (202, "u-7", "", "u-7", False),
    ],
)
def test_what_an_answer_says_of_it(
    status: int, key: str, location: str, place: str, certain: bool
) -> None:
    found = Stray.of("oakumx", key, Response(status, {"location": location}, b""))
    assert (found.place, found.is_certain) == (place, certain)
    said = found.words("join", " (DELETE /me)")
    assert ("was created: remove it by hand (DELETE /me);" in said) is certain
    assert ("may have been created: look for it by hand;" in said) is not certain
    assert f"`oakumx`{f' (`{place}`)' if place else ''} that cannot" in said
    assert '`operations: {join: {untested: "the reason"}}`' in said


def test_it_is_called_by_what_the_run_has_made_up() -> None:
    assert (
        made_up_name("oakum-1", {"handle": "ann", "mail": "oakumq@inn.test"}) == "oakumq@inn.test"
    )
    assert made_up_name("oakum-1", {"handle": "ann"}) == "oakum-1"
