"""What did not come in a list closes a cell only where the list was read to its end."""

from __future__ import annotations

from oakum.exposure.cells.missing_list_objects import UNENDED, ListEnds
from oakum.finding import State

KEY: tuple[str, str, str, str, State] = ("listPosts", "Post", "text", "member", ())


def test_a_list_that_goes_on_closes_nothing_by_what_did_not_come() -> None:
    ends = ListEnds(by_absence={KEY}, unended={("listPosts", "member")})
    assert ends.why_not(KEY, "bob", "ann") == UNENDED


def test_what_was_closed_otherwise_or_by_a_whole_list_or_came_on_a_later_page_stays_closed() -> (
    None
):
    assert ListEnds(unended={("listPosts", "member")}).why_not(KEY, "bob", "ann") == ""
    assert (
        ListEnds(by_absence={KEY}, unended={("listPosts", "anyone")}).why_not(KEY, "bob", "ann")
        == ""
    )
    later = {("listPosts", "bob", "ann", "Post")}
    ends = ListEnds(by_absence={KEY}, unended={("listPosts", "member")}, came_later={*later})
    assert ends.why_not(KEY, "bob", "ann") == "" and ends.why_not(KEY, "cat", "ann") == UNENDED
