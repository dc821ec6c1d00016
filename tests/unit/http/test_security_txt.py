"""Fields of a `security.txt`, and the notes from which they are read again."""

from __future__ import annotations

from oakum.http.security_txt import fields, fields_from_notes, notes

TEXT = """# Contact: mailto:comment@a.test
contact: mailto:security@a.test
Contact: https://a.test/report
Expires: 2030-01-01T00:00:00Z
Preferred-Languages: en
Canary: x
"""


def test_notes_say_the_same_as_the_file() -> None:
    known = dict(fields(TEXT))
    assert known.pop("canary") == ["x"]
    assert fields_from_notes(["something else", *notes(TEXT)]) == known
    assert notes(TEXT)[0] == "security.txt says Contact: mailto:security@a.test"


def test_a_signature_is_no_field_and_a_long_value_is_nobodys() -> None:
    signed = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n- Contact: mailto:a@a.test\n"
        "-----BEGIN PGP SIGNATURE-----\nVersion: 1\n-----END PGP SIGNATURE-----\n"
    )
    assert fields(signed) == {"contact": ["mailto:a@a.test"]}
    assert fields(f"Contact: mailto:{'a' * 400}\n") == {}
