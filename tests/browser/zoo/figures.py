"""What `oakum observe front-end` said of each page: at first try, and now.

`python -m tests.browser.zoo.figures` writes the tables of
`docs/explanation/measured-on-front-ends.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs/explanation/measured-on-front-ends.md"
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->"
Said = tuple[int, int]
"""How often a word was said rightly, and how often in all."""


@dataclass(frozen=True)
class Score:
    """Of one page."""

    rendered: Said
    read: Said
    copied: Said
    untouched: Said
    used: int
    """Fields that the page really uses."""
    excess: int
    """Fields that it does not."""

    def __add__(self, other: Score) -> Score:
        def both(one: Said, more: Said) -> Said:
            return one[0] + more[0], one[1] + more[1]

        words = (
            both(self.rendered, other.rendered),
            both(self.read, other.read),
            both(self.copied, other.copied),
            both(self.untouched, other.untouched),
        )
        return Score(*words, self.used + other.used, self.excess + other.excess)

    def cells(self) -> Iterator[str]:
        """By word, then precision and recall of what is said to be used, and to be excess."""
        rendered, read, copied, untouched, used, excess = astuple(self)
        yield from (_over(*each) for each in (rendered, read, copied, untouched))
        for one, other, all_of in ((rendered, read, used), (copied, untouched, excess)):
            right = one[0] + other[0]
            yield _over(right, one[1] + other[1])
            yield _over(right, all_of)


def _over(right: int, of: int) -> str:
    return f"{right}/{of}" if of else "–"


FIRST: Mapping[str, Score] = {
    "comlink": Score((3, 4), (3, 3), (6, 6), (1, 1), 10, 14),
    "crew": Score((7, 7), (0, 0), (4, 7), (7, 7), 10, 11),
    "drafts": Score((2, 3), (2, 3), (8, 9), (0, 0), 5, 10),
    "hydrated": Score((0, 0), (6, 6), (0, 0), (10, 10), 6, 10),
    "library": Score((5, 5), (7, 7), (12, 12), (2, 2), 15, 14),
    "orders": Score((5, 5), (2, 2), (19, 21), (2, 2), 9, 21),
    "parsed": Score((5, 5), (0, 0), (6, 8), (0, 0), 7, 6),
    "react": Score((8, 10), (1, 1), (9, 15), (7, 7), 15, 18),
    "reactive": Score((3, 5), (4, 4), (7, 7), (0, 0), 7, 9),
    "redux": Score((6, 6), (6, 7), (14, 14), (1, 1), 12, 16),
    "roster": Score((5, 5), (1, 1), (9, 11), (2, 2), 8, 11),
    "ssr": Score((0, 0), (7, 7), (4, 9), (8, 8), 12, 12),
    "svelte": Score((3, 3), (2, 3), (4, 11), (8, 8), 12, 13),
    "tickets": Score((8, 8), (0, 0), (8, 20), (0, 0), 20, 8),
    "urql": Score((6, 7), (10, 10), (6, 14), (0, 0), 24, 7),
    "vanilla": Score((6, 6), (3, 3), (4, 5), (11, 11), 10, 15),
    "vue": Score((7, 9), (2, 3), (9, 12), (1, 1), 12, 13),
    "worker": Score((2, 2), (0, 0), (2, 2), (1, 1), 5, 7),
    "zod": Score((2, 4), (10, 22), (0, 0), (3, 3), 12, 17),
}
"""As it was when the page had just been written."""
SCORES: Mapping[str, Score] = {
    "comlink": Score((3, 3), (7, 7), (9, 9), (5, 5), 10, 14),
    "crew": Score((7, 7), (3, 3), (4, 4), (7, 7), 10, 11),
    "drafts": Score((2, 2), (3, 4), (9, 9), (0, 0), 5, 10),
    "hydrated": Score((0, 0), (6, 6), (0, 0), (10, 10), 6, 10),
    "library": Score((8, 8), (4, 4), (12, 12), (2, 2), 15, 14),
    "orders": Score((5, 5), (4, 4), (19, 19), (2, 2), 9, 21),
    "parsed": Score((5, 5), (2, 2), (6, 6), (0, 0), 7, 6),
    "react": Score((8, 8), (7, 7), (11, 11), (7, 7), 15, 18),
    "reactive": Score((3, 3), (4, 4), (7, 7), (0, 0), 7, 9),
    "redux": Score((7, 7), (5, 7), (13, 13), (1, 1), 12, 16),
    "roster": Score((5, 5), (3, 3), (9, 9), (2, 2), 8, 11),
    "ssr": Score((0, 0), (12, 12), (4, 4), (8, 8), 12, 12),
    "svelte": Score((3, 3), (9, 9), (5, 5), (8, 8), 12, 13),
    "tickets": Score((8, 8), (12, 12), (8, 8), (0, 0), 20, 8),
    "urql": Score((6, 6), (18, 20), (5, 5), (0, 0), 24, 7),
    "vanilla": Score((6, 6), (4, 4), (4, 4), (11, 11), 10, 15),
    "vue": Score((7, 7), (5, 5), (12, 12), (1, 1), 12, 13),
    "worker": Score((2, 2), (3, 3), (5, 5), (2, 2), 5, 7),
    "zod": Score((3, 3), (9, 9), (14, 14), (3, 3), 12, 17),
}


def table() -> str:
    head = "page | rendered | read | only copied | untouched | used: precision | used: recall"
    head += " | excess: precision | excess: recall"
    lines = [f"| {head} |", "|---" * 9 + "|"]
    nothing = Score((0, 0), (0, 0), (0, 0), (0, 0), 0, 0)
    parts = []
    for title, scores in (("At first try", FIRST), ("Now", SCORES)):
        rows = [*scores.items(), ("all", sum(scores.values(), nothing))]
        told = [f"| {name} | {' | '.join(score.cells())} |" for name, score in rows]
        parts.append("\n".join([f"{title}:", "", *lines, *told, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")
