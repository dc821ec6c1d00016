"""`security.txt` (RFC 9116): addresses that can be written to, and why not to rely on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.advisory import Contact, read_contact, told_contact

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
GOOD = """\
# Our security address
Contact: mailto:security@example.test
contact: https://example.test/report
Contact: tel:+1-201-555-0123
Expires: 2026-12-31T23:00:00z
Encryption: https://example.test/key.asc
Preferred-Languages: en, fr
Policy: https://example.test/policy
Canonical: https://example.test/.well-known/security.txt
"""
SIGNED = f"""\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

{GOOD.replace("# Our", "- # Our")}-----BEGIN PGP SIGNATURE-----

Contact: mailto:somebody@else.test
-----END PGP SIGNATURE-----
"""


def read(text: str) -> Contact:
    return read_contact(text, NOW, "a file")


@pytest.mark.parametrize("text", [GOOD, SIGNED, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_a_whole_file_is_read(text: str) -> None:
    found = read(text)
    assert found.ways == (
        "mailto:security@example.test", "https://example.test/report", "tel:+1-201-555-0123",
    )  # fmt: skip
    assert found.expires == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert (found.policy, found.encryption) == (
        "https://example.test/policy", "https://example.test/key.asc",
    )  # fmt: skip
    assert (found.languages, found.doubts) == ("en, fr", ())


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (GOOD.replace("2026-12-31", "2025-12-31"), "it expired on 2025-12-31"),
        (GOOD.replace("Expires: ", "Expires: around "), "cannot be read"),
        (GOOD + "Expires: 2027-01-01T00:00:00Z\n", "it says twice when it expires"),
        ("Contact: mailto:a@b.test\n", "it says nowhere when it expires"),
        ("Expires: 2026-12-31T23:00:00Z\n", "it names no contact"),
        (GOOD.replace("https://example.test/report", "http://example.test/"), "not a `mailto:`"),
        ("<html><body>Contact: us</body></html>", "it names no contact"),
        ("", "it names no contact"),
    ],
)
def test_what_should_not_be_relied_upon_is_told(text: str, doubt: str) -> None:
    assert any(doubt in each for each in read(text).doubts)


def test_an_address_of_another_kind_is_no_way_to_write_to() -> None:
    found = read("Contact: javascript:alert(1)\nContact: security@example.test\n")
    assert found.ways == ()
    assert found.doubts


@given(st.text())
def test_whatever_stands_there_nothing_moves_a_cursor_and_all_ways_are_addresses(text: str) -> None:
    found = read(f"Contact: mailto:{text}\n{text}\nPolicy: https://{text}")
    for each in (*found.ways, found.policy, found.languages):
        assert each.isprintable()
        assert len(each) < 4000
    for each in found.ways:
        assert each.lower().startswith(("mailto:", "https://", "tel:"))


def test_what_a_report_holds_of_it_is_taken_and_what_it_lacks_is_told() -> None:
    notes = ("something else", *(f"security.txt says {line}" for line in GOOD.splitlines()[1:5]))
    found = told_contact(notes, NOW)
    assert found.ways[0] == "mailto:security@example.test"
    assert found.doubts == ()
    assert told_contact(("something else",), NOW).doubts
