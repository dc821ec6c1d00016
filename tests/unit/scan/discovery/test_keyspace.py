"""What counts up is told from what was drawn, and how many there are is told with bounds."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oakum.scan.discovery.keyspace import UNKNOWN, Keyspace, read

DIGITS, LOWER, UPPER = string.digits, string.ascii_lowercase, string.ascii_uppercase
BASES = {
    "hexadecimal": DIGITS + "abcdef",
    "base 32": "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    "base 36": DIGITS + LOWER,
    "base 58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base 62": DIGITS + UPPER + LOWER,
    "letters": LOWER,
}
HEADS = ("", "tag_", "INV-2024-", "slip:", "cus.", "é/")


def written(number: int, alphabet: str, width: int) -> str:
    """A number in a base, filled up with the digit for nothing."""
    text = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        text = alphabet[digit] + text
    return text.rjust(width, alphabet[0])


def of(*rows: list[str]) -> Keyspace:
    """Ids of one owner each."""
    return read({str(nth): row for nth, row in enumerate(rows)})


@st.composite
def counted(draw: st.DrawFn, least: int = 2) -> list[int]:
    """Numbers of own objects, made by turns with those of others: far apart or near each other."""
    reach = draw(st.sampled_from([50, 5_000, 500_000]))
    first = draw(st.integers(1, 900_000))
    return sorted(draw(st.sets(st.integers(first, first + reach), min_size=least, max_size=12)))


# ------------------------------------------------------------------ what counts up


@settings(deadline=None)
@given(counted(), st.sampled_from(HEADS), st.sampled_from(["", "-gb", "/a"]))
@example([210_000, 211_058], "é/", "")
@example([1_151, 1_201], "INV-2024-", "-gb")
def test_decimal_numbers_count_up_behind_anything(numbers: list[int], head: str, tail: str) -> None:
    ids = [f"{head}{each}{tail}" for each in numbers]
    space = of(ids[::2], ids[1::2])
    assert space.walkable
    assert space.kind == "short" or space.numbers == tuple(numbers)


@settings(deadline=None)
@given(counted(), st.sampled_from(sorted(BASES)), st.sampled_from(HEADS), st.integers(12, 20))
def test_numbers_in_any_base_count_up_behind_anything(
    numbers: list[int], base: str, head: str, width: int
) -> None:
    ids = [head + written(each, BASES[base], width) for each in numbers]
    space = of(ids[::2], ids[1::2])
    assert space.kind == "counts"
    span = max(numbers) - min(numbers)
    narrow = len(set("".join(written(n, BASES[base], width) for n in numbers))) <= 10
    assert narrow or max(space.numbers) - min(space.numbers) >= span / 1e6
    assert not any(each in space.says for each in ids)


@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
@settings(deadline=None)
@given(counted(), st.sampled_from(("", "tag_", "slip:")))
@example([4, 5, 6], "")
def test_base64_of_texts_with_numbers_is_read(
    alphabet: Callable[[bytes], bytes], numbers: list[int], head: str
) -> None:
    for form in ("p:{:07}", "Order:{}", "gid://shop/Order/{}", "{:09}"):
        ids = [head + alphabet(form.format(each).encode()).decode() for each in numbers]
        for texts in (ids, [each.rstrip("=") for each in ids]):
            space = of(texts[::2], texts[1::2])
            assert (space.kind, space.numbers) == ("counts", tuple(numbers))
            assert space.says.endswith("base64")


@pytest.mark.parametrize("order", ["big", "little"])
@settings(deadline=None)
@given(numbers=counted(least=4))
def test_base64_of_the_bytes_of_numbers_is_read(order: str, numbers: list[int]) -> None:
    raw = [each.to_bytes(8, "big")[:: 1 if order == "big" else -1] for each in numbers]
    ids = [base64.b64encode(each).decode() for each in raw]
    assert of(ids[::2], ids[1::2]).kind == "counts"


@settings(deadline=None)
@given(counted())
def test_numbers_dressed_as_uuids_count_up(numbers: list[int]) -> None:
    high = 0x8F2BFE0A6A354F5C9A3C << 48
    for top in (0, high):
        ids = [str(uuid.UUID(int=top | each)) for each in numbers]
        assert of(ids[::2], ids[1::2]).kind == "counts"


def test_uuids_of_one_machine_and_mongodb_ids_are_of_the_time() -> None:
    first = [uuid.uuid1(node=0x1234567890AB, clock_seq=77) for _ in range(3)]
    assert of([str(each) for each in first]).kind == "timed"
    other = [uuid.uuid1(node=node, clock_seq=node) for node in (0x1234567890AB, 0x2234567890AB)]
    assert of([str(each) for each in other]) == UNKNOWN
    mongo = [f"{1_700_000_000 + 977 * n:08x}5f3b1c9a7e{0xA1B2C3 + n:06x}" for n in range(3)]
    assert of(mongo).kind == "timed"
    assert of([each[::-1] for each in mongo]).kind != "timed"


def test_an_id_of_two_owners_names_no_object() -> None:
    assert of(["7", "8"], ["8", "9"]) == UNKNOWN
    assert of([]) == UNKNOWN


@pytest.mark.parametrize(
    "ids",
    [
        ["K7P4Q2M", "X3R9T1B", "W8N2H5C"],  # seven characters: 49 million records were taken so
        ["4k2", "9zz1", "1a0f"],
        ["482913", "190374"],
        ["INV-20240115-0042", "INV-20240212-0007"],
        ["2023-00042", "2024-00017"],
        ["QXKA", "PLMD", "ZZRT"],
        ["s-1", "s-2", "s-a", "s-c"],
    ],
)
def test_codes_of_which_there_are_few_are_short(ids: list[str]) -> None:
    space = of(ids[:1], ids[1:])
    assert space.kind in ("short", "counts")
    assert 0 < space.bits <= 37


# ------------------------------------------------------------------ what was drawn


def drawn(rng: random.Random) -> dict[str, Callable[[], str]]:
    """Ways to draw ids that nobody guesses."""

    def chars(alphabet: str, many: int) -> Callable[[], str]:
        return lambda: "".join(rng.choices(alphabet, k=many))

    return {
        "uuid4": lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "uuid4 without dashes": lambda: uuid.UUID(int=rng.getrandbits(128), version=4).hex,
        "token_hex(8)": lambda: rng.randbytes(8).hex(),
        "token_hex(5)": lambda: rng.randbytes(5).hex(),
        "token_urlsafe(9)": lambda: base64.urlsafe_b64encode(rng.randbytes(9)).decode(),
        "base64 of 16 bytes": lambda: base64.b64encode(rng.randbytes(16)).decode(),
        "nanoid": chars(DIGITS + LOWER + UPPER + "_-", 21),
        "base 62": chars(DIGITS + LOWER + UPPER, 11),
        "base 36": chars(DIGITS + LOWER, 10),
        "base 32": chars(BASES["base 32"], 10),
        "letters": chars(LOWER, 9),
        "digits": chars(DIGITS, 16),
        "ulid": lambda: "01J8" + chars(BASES["base 32"], 22)(),
        "slug": lambda: "-".join(chars("aeioubdklmnprst", 5)() for _ in range(3)),
        "prefix without a mark": lambda: "SM" + rng.randbytes(16).hex(),
    }


@pytest.mark.parametrize("way", list(drawn(random.Random(0))))
def test_drawn_ids_are_not_walkable(way: str) -> None:
    """The error is stated as 2 in 100,000: of 1,500 readings of each kind none is to err."""
    draw = drawn(random.Random(f"keys/{way}"))[way]
    for many in (2, 3, 6):
        for head in ("", "tag_"):
            for _ in range(250):
                ids = [head + draw() for _ in range(many)]
                assert of(ids[::2], ids[1::2]) == UNKNOWN, ids


def test_the_stated_error_holds_for_the_nearest_case() -> None:
    """Two ids of eight bytes, read in every way: the fewest, and so the likeliest to err."""
    rng = random.Random("error")
    erred = sum(
        of([rng.randbytes(8).hex()], [rng.randbytes(8).hex()]).walkable for _ in range(10_000)
    )
    assert erred <= 2


@pytest.mark.parametrize("names", [["robin", "sam", "alexis"], ["kelo-marit", "supan-lo"],
                                   ["robin7", "alex12", "sam77"], ["main", "archive"],
                                   ["ann@mail.example", "bob@mail.example"]])  # fmt: skip
def test_names_are_no_ids(names: list[str]) -> None:
    assert of(names[:1], names[1:]) == UNKNOWN


# ------------------------------------------------------------------ how many there are


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6, unique=True))
def test_nothing_breaks_it(ids: list[str]) -> None:
    space = of(ids[::2], ids[1::2])
    assert space.kind != "counts" or len(space.numbers) == len(ids)
