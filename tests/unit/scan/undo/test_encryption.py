"""What is sealed opens under the same secrets and the same run, and tells nothing meanwhile."""

from __future__ import annotations

import base64
import string

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.openapi.model import Json
from oakum.scan.undo.encryption import Encryption, is_sealed

SECRETS = ("ann-hunter2", "bob-hunter2")
LAW = settings(max_examples=60, deadline=None)
OURS = Encryption(SECRETS, "run-1")
AGAIN = Encryption((*reversed(SECRETS), "ann-hunter2"), "run-1")
OTHERS = [
    Encryption(SECRETS, "run-2"),
    Encryption(SECRETS[:1], "run-1"),
    Encryption((*SECRETS, "cat-hunter2"), "run-1"),
    Encryption(("ann-hunter3", "bob-hunter2"), "run-1"),
    Encryption((), "run-1"),
]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
WORDS = st.text(string.ascii_letters + string.digits, min_size=8, max_size=40)


@LAW
@given(VALUES)
def test_what_was_closed_opens_under_the_same_secrets_in_whatever_order(value: Json) -> None:
    closed = OURS.close(value)
    assert is_sealed(closed)
    assert OURS.open(closed) == value
    assert AGAIN.open(closed) == value
    assert AGAIN.opens(closed)


@pytest.mark.parametrize("other", OTHERS)
def test_it_opens_in_no_other_run_and_under_no_other_secrets(other: Encryption) -> None:
    closed = OURS.close({"birthday": "1990-01-02"})
    assert not other.opens(closed)
    with pytest.raises(
        ValueError, match="encrypted with the secrets of other identities"
    ) as caught:
        other.open(closed)
    assert "1990" not in str(caught.value) and caught.value.__cause__ is None


@LAW
@given(WORDS)
def test_nothing_of_the_value_and_of_the_secrets_stands_in_the_text(word: str) -> None:
    closed = OURS.close({"of": word})
    plain = base64.urlsafe_b64decode(closed.removeprefix("sealed:"))
    coded = {base64.urlsafe_b64encode(word[turn:].encode())[:8].decode() for turn in range(3)}
    assert not [each for each in (word, *coded, *SECRETS, "run-1") if each in closed]
    assert not [each for each in (word, *SECRETS, "run-1") if each.encode() in plain]


@LAW
@given(WORDS)
def test_two_closings_of_one_value_are_not_alike(word: str) -> None:
    assert OURS.close(word) != OURS.close(word)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_text_that_was_tampered_with_gives_no_other_value(data: st.DataObject) -> None:
    closed = OURS.close({"birthday": "1990-01-02"})
    at = data.draw(st.integers(len("sealed:"), len(closed)))
    put = data.draw(st.text(max_size=3))
    changed = closed[:at] + put + closed[at + data.draw(st.integers(0, 40)) :]
    try:
        assert OURS.open(changed) == {"birthday": "1990-01-02"}
    except ValueError:
        assert not OURS.opens(changed)


@LAW
@given(VALUES)
def test_what_was_never_closed_is_given_as_it_is(value: Json) -> None:
    assert OURS.opens(value) and OURS.open(value) == value
    assert not is_sealed(value)


@LAW
@given(VALUES)
def test_a_closed_value_may_stand_in_a_line_of_a_journal(value: Json) -> None:
    closed = OURS.close(value)
    assert "\n" not in closed
    assert OURS.open(orjson.loads(orjson.dumps(closed))) == value


def test_without_a_secret_there_is_nothing_to_seal_with() -> None:
    assert not Encryption((), "run-1").holds
    assert OURS.holds
