"""Words of a write that may be ids: the Lua of `guard/cache_invalidation_ids.py`."""

from __future__ import annotations

import lupa.luajit21 as lupa
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.cache_invalidation_ids import EVERYBODY, MOST, find_mentioned, known_by
from oakum.guard.lua import source

BYTES = st.lists(
    st.sampled_from([b"a", b"1", b"%41", b"%", b"\\u0041", b"\\u00e9", b"\0", b"\n", b"\r", b"\t"])
    | st.sampled_from([b" ", b"/", b".", b"^", b"$", b"-", b"]", b"[", b"\\", b'"', b"\xc3"])
    | st.sampled_from(
        [b"\\n", b"\\ud83d", b"\\ude00", b"\\u6f22", b"\\uD8", b"b", b"c", b"d", b"|"]
    )
).map(b"".join)


def in_lua(texts: list[bytes]) -> set[bytes]:
    """The same words as the Lua module finds them."""
    lua = lupa.LuaRuntime(encoding=None, unpack_returned_tuples=True)
    module = lua.execute(source("mentions").encode())
    found = module[b"of"](lua.table_from(texts))
    return {module[b"EVERYBODY"]} if found is None else set(found.values())


@given(st.lists(BYTES, max_size=3))
def test_lua_finds_the_same_words(texts: list[bytes]) -> None:
    said = {each.decode("utf-8", "replace") for each in in_lua(texts)}
    assert said == find_mentioned(texts)


def test_more_words_than_anybody_reads_are_everybody() -> None:
    few, many = (" ".join(map(str, range(most))).encode() for most in (1000, 1001))
    assert len(in_lua([few])) == MOST
    assert in_lua([many]) == {EVERYBODY.encode()}


@given(BYTES.map(lambda each: each.decode("utf-8", "ignore")))
def test_lua_knows_an_id_by_the_same_words(id: str) -> None:
    module = lupa.LuaRuntime(encoding=None).execute(source("mentions").encode())
    assert module[b"known_by"](id.encode()).decode() == known_by(id)
