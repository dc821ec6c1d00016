"""Which declared media type a body is judged by."""

from __future__ import annotations

import lupa.luajit21 as lupa
import pytest

from oakum.authz.declared_media import distinct, select_media
from oakum.guard.lua import source
from oakum.openapi.model import Media, Shape

ONE, TWO = Shape(kinds=frozenset(("object",))), Shape(kinds=frozenset(("array",)))
JSON, HAL, PATCH = "application/json", "application/hal+json", "application/*+json"


@pytest.mark.parametrize(
    ("declared", "said", "found"),
    [
        ([JSON, HAL], "application/hal+json", HAL),
        ([JSON, HAL], "application/json; charset=utf-8", JSON),
        ([JSON], "application/hal+json", JSON),
        ([HAL], "application/json", HAL),
        ([HAL, PATCH + "; v=1"], "application/json", None),
        ([JSON, HAL], "application/foo+json", None),
        ([JSON], "application/xml", None),
        ([JSON, "application/*"], "application/hal+json", "application/*"),
        ([PATCH, "application/*"], "application/hal+json", PATCH),
        ([PATCH, HAL], "application/json", None),
        (["*/*", "Image/*"], "image/png", "Image/*"),
        (["image/*"], "text/plain", None),
        (["*/*"], "text/plain", "*/*"),
        (["application/vnd.club"], "application/vnd.clubhouse", None),
        (["application/*"], "application", None),
        (["Application/JSON"], "application/json", "Application/JSON"),
        ([JSON, "application/json; v=2"], "application/json; v=2", "application/json; v=2"),
        ([JSON, "application/json; v=2"], "application/json; v=3", JSON),
        ([JSON, "application/json;V=\"2\""], "application/json; v=2", "application/json;V=\"2\""),
        (["application/json; v=2"], "application/json", "application/json; v=2"),
        (["application/json; v=2"], "application/json; v=3", "application/json; v=2"),
        (["text/csv; v=2"], "text/csv; v=3", None),
        (["application/json; v=2", "application/json; v=3"], "application/json", None),
        (["application/json; a=1", "application/json; b=1"], "application/json; a=1; b=1", None),
        (["application/json; charset=UTF8"], "application/json; charset=utf-8",
         "application/json; charset=UTF8"),
        (["application/json; charset=UTF-8"], JSON, "application/json; charset=UTF-8"),
        (["multipart/form-data; boundary=x"], "multipart/form-data; boundary=y",
         "multipart/form-data; boundary=x"),
    ],
)  # fmt: skip
def test_a_body_is_judged_by_the_schema_of_its_own_media_type(
    declared: list[str], said: str, found: str | None
) -> None:
    several = [Media(each, ONE) for each in declared]
    media = select_media(several, said)
    assert (media.type if media else None) == found
    assert _in_lua([*distinct(several)], said) == (
        [*distinct(several)][declared.index(found)] if found else None
    )


def test_two_schemas_of_one_media_type_are_none() -> None:
    twice = [Media(JSON, ONE), Media("Application/Json", TWO)]
    assert select_media(twice, JSON) is None
    assert select_media([*twice, Media("*/*", TWO)], JSON) == Media("*/*", TWO)
    assert select_media([Media(JSON, ONE), Media("Application/Json", ONE)], JSON) == Media(
        JSON, ONE
    )


def _in_lua(declared: list[str], said: str) -> str | None:
    lua = lupa.LuaRuntime()
    lua.globals().package.preload["oakum.trim"] = lua.compile(source("trim"))
    media = lua.execute(source("media"))
    read = media.read(said)
    if read is None:
        return None
    index = media.index(lua.table_from({each: each for each in declared}))
    found: str | None = media.choose(index, read)
    return found
