"""Words of a write that may be ids: the Lua of `routing/mentions.py`."""

from __future__ import annotations

import lupa.luajit21 as lupa
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.lua import source
from oakum.routing.mentions import EVERYBODY, MOST, mentioned

BYTES = st.lists(
    st.sampled_from([b"a", b"1", b"%41", b"%", b"\\u0041", b"\\u00e9", b"\0", b"\n", b"\r", b"\t"])
    | st.sampled_from([b" ", b"/", b".", b"^", b"$", b"-", b"]", b"[", b"\\", b'"', b"\xc3"])
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
    assert said == mentioned(texts)


def test_more_words_than_anybody_reads_are_everybody() -> None:
    few, many = (" ".join(map(str, range(most))).encode() for most in (MOST, MOST + 1))
    assert len(in_lua([few])) == MOST
    assert in_lua([many]) == {EVERYBODY.encode()}
