"""The deny list as a file: what is in it, and every way in which it can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError
from oakum.guard.denylist import MOST, DeniedCaller, check_of, denial_ends, read_list, render
from oakum.guard.loading import open_gate
from tests.unit.guard.small import write

KEY = b"a made-up key of the audit"
ANN = DeniedCaller(
    "0123456789abcdef", "walk: …", "2026-11-25T14:00:00Z", "2026-11-26T14:00:00+00:00"
)

INSTANTS = st.datetimes(timezones=st.timezones()).map(lambda each: each.isoformat())
ENTRIES = st.builds(
    DeniedCaller,
    st.text("0123456789abcdef", min_size=16, max_size=16),
    st.text(st.characters(exclude_categories=["Cs"])),
    INSTANTS,
    INSTANTS,
)


def made(folder: Path, **more: object) -> Path:
    file = folder / "deny.json"
    file.write_text(json.dumps({**json.loads(render([ANN], KEY)), **more}))
    return file


@given(st.lists(ENTRIES, max_size=5))
def test_what_is_written_is_read(entries: list[DeniedCaller]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "deny.json"
        file.write_text(render(entries, KEY), encoding="utf-8")
        assert read_list(file, KEY) == tuple(sorted(entries, key=lambda each: each.who))


def test_of_two_entries_of_one_caller_the_later_end_counts() -> None:
    late = DeniedCaller(ANN.who, "by hand", ANN.since, "2026-11-27T00:00:00Z")
    assert denial_ends([late, ANN]) == {ANN.who: late.ends}


ENTRY = {"who": ANN.who, "reason": "", "since": ANN.since, "until": ANN.until}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"schema": "oakum.deny/2"}, "is not a deny list of schema `oakum.deny/1`"),
        ({"callers": {}}, "a deny list needs a list of `callers`"),
        ({"callers": [ANN.who]}, "an entry needs `who`, `reason`, `since` and `until`"),
        ({"callers": [ENTRY | {"why": ""}]}, "an entry needs `who`, `reason`, `since` and `until`"),
        (
            {"callers": [ENTRY | {"who": "anonymous"}]},
            "a caller is 16 lower-case hexadecimal digits",
        ),
        ({"callers": [ENTRY | {"who": 123}]}, "a caller is 16 lower-case hexadecimal digits"),
        ({"callers": [ENTRY | {"until": "tomorrow"}]}, "a time with its time zone is required"),
        ({"callers": [ENTRY | {"until": "2026-11-26T14:00:00"}]}, "a time with its time zone"),
        ({"callers": [ENTRY | {"reason": 1}]}, "a reason is a text"),
        ({"callers": [ENTRY] * (MOST + 1)}, "more than 10,000 callers"),
        ({"key": check_of(b"another")}, "this list was made with another key"),
    ],
)
def test_a_mistake_is_told_at_its_place(more: dict[str, object], says: str, tmp_path: Path) -> None:
    file = made(tmp_path, **more)
    with pytest.raises(InputError) as error:
        read_list(file, KEY)
    assert says in str(error.value)
    assert f"{file}:1:" in str(error.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    wrong = [ENTRY | {"who": "x"}, ENTRY | {"since": ""}]
    with pytest.raises(InputError) as error:
        read_list(made(tmp_path, callers=wrong), KEY)
    assert len(error.value.problems) == 2


def test_where_no_key_is_known_none_is_compared(tmp_path: Path) -> None:
    assert read_list(made(tmp_path), b"") == (ANN,)


def test_a_middleware_takes_a_list_as_it_is(tmp_path: Path) -> None:
    environ = {"OAKUM_AUDIT_KEY": KEY.decode()}
    contract, file = write(tmp_path), made(tmp_path)
    assert open_gate(contract, deny=file, environ=environ) is not None
    assert open_gate(str(contract), deny=str(file), environ=environ) is not None
    with pytest.raises(InputError, match="with another key") as error:
        open_gate(contract, deny=file, environ={"OAKUM_AUDIT_KEY": "another"})
    assert check_of(b"another") in error.value.problems[0].hint  # whoever writes one by hand asks
