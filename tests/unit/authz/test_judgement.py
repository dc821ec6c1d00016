"""What a walk finds of an object, as values that are compared."""

from __future__ import annotations

from oakum.authz.judgement import Judgement, Leaf, ObjectInstance


def test_objects_with_other_outlines_are_equal() -> None:
    leaf = Leaf("city", ("city",), "Ulm", allowed=True)
    one, two = (
        ObjectInstance("Note", (), ("ann",), frozenset(), {}, (leaf,), {"city": "Ulm"}, outline)
        for outline in (None, ("Note",))
    )
    assert one == two
    assert one != ObjectInstance("Note", (), ("bob",), frozenset(), {}, (leaf,), {"city": "Ulm"})


def test_a_judgement_of_nothing_tells_of_nothing_hidden() -> None:
    found = Judgement(True, [], [])
    assert not (found.left_out or found.fields_left_out or found.misfit or found.untold_within)
