"""Bodies of creations: a mark in a free text, new keys, and no value of anybody in a curl line."""

from __future__ import annotations

from oakum.openapi.model import Shape
from oakum.scan.write_tests.creation_body import NewObject, new_body, placeholders, put
from tests.unit.scan.studio import Run, Studio

MARK = "oakum 1a2b3c4d"


def text(**more: str) -> Shape:
    return Shape(kinds=frozenset({"string"}), **more)


def body(**members: Shape) -> dict[str, object]:
    shape = Shape(
        kinds=frozenset({"object"}),
        properties={name: (lambda each=each: each) for name, each in members.items()},  # type: ignore[misc]
        required=frozenset(members),
    )
    engine = Run(Studio(), ("getMe",)).engine
    return dict(new_body(engine, shape, NewObject("Post", (), "ann"), iter((MARK,))))


def test_the_mark_stands_in_one_free_text() -> None:
    found = body(note=text(), caption=text())
    assert sorted(map(str, found.values())) == ["oakum", MARK]


def test_the_mark_stands_in_no_time_whether_the_document_or_an_object_says_that_it_is_one() -> None:
    """An API puts its own in the place, and what was made could not be found again."""
    time = "2026-11-30T17:31:56.054Z"
    assert body(publishedAt=text(default=time), note=text()) == {"publishedAt": time, "note": MARK}
    shape = Shape(
        kinds=frozenset({"object"}),
        properties={"publishedAt": text, "note": text},
        required=frozenset({"publishedAt"}),
    )
    engine = Run(Studio(), ("getMe",)).engine
    engine.knowledge.objects["ann", "Post"] = [{"id": "of-ann", "publishedAt": time}]
    made = new_body(engine, shape, NewObject("Post", (), "ann"), iter((MARK,)))
    assert made == {"publishedAt": time, "note": MARK}


def test_what_the_api_sets_is_not_sent() -> None:
    assert "made" not in body(note=text(), made=Shape(read_only=True))


def test_a_key_that_the_caller_chooses_is_nobodys() -> None:
    one, other = (body(id=text(), note=text())["id"] for _ in range(2))
    assert one != other and str(one).startswith("oakum-")


def test_a_member_is_put_below_others() -> None:
    found: dict[str, object] = {"post": {"note": "x"}}
    put(found, ("post", "plan"), "gold")
    assert found == {"post": {"note": "x", "plan": "gold"}}
    put(found, ("post", "note", "deeper"), 1)
    assert found == {"post": {"note": "x", "plan": "gold"}}


def test_a_curl_line_has_values_only_of_what_is_asked_for() -> None:
    said = placeholders({"note": "private", "plan": "free"}, {("plan",): "gold"}, ())
    assert said == {"note": "…", "plan": "gold"}


def test_a_text_of_which_several_objects_hold_the_same_has_the_mark_where_no_other_can() -> None:
    shape = Shape(
        kinds=frozenset({"object"}), properties={"title": text}, required=frozenset({"title"})
    )
    engine = Run(Studio(), ("getMe",)).engine
    for who in ("ann", "bob"):
        engine.knowledge.objects[who, "Post"] = [{"id": f"of-{who}", "title": "All"}]
    new = NewObject("Post", (), "ann")
    assert new_body(engine, shape, new, iter((MARK,))) == {"title": "All"}
    assert new_body(engine, shape, new, iter(()), (), iter((MARK,))) == {"title": MARK}
