"""Asks the open questions of a contract in the terminal, with the same edits as the page.

It does no terminal I/O itself: `ask` takes typed lines and a function to show lines, so that
answers can also come from a pipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from oakum.draft_review.cell_descriptions import describe_cell, owner
from oakum.draft_review.cells import rows
from oakum.draft_review.owner_edits import owner_edits
from oakum.draft_review.policy_edits import Confirm, ConfirmCall
from oakum.draft_review.questions import WIDE, ReviewQuestion, questions
from oakum.draft_review.session import ReviewSession
from oakum.errors import InputError, Location, Problem, count_of

_STOP = "q"
_LATER = ""
_SHOWN = 40
_SETS = ("set", "unset")
_WORDS_OF_SET = 3


@dataclass
class AnswerCounts:
    """Number of questions asked, and of those answered."""

    asked: int = 0
    answered: int = 0


def ask(
    session: ReviewSession,
    typed: Iterator[str],
    show: Callable[[str, str], None],
    *,
    again: bool,
) -> AnswerCounts:
    """Asks all open questions until the user types `q` or the input ends.

    `show`: receives a line and its role: `question`, `why`, `choice`, `prompt` or `error`. `again`:
    repeat a question whose answer was not understood; otherwise raise `InputError`.
    """
    tally, done = AnswerCounts(), set[tuple[str, str, str, str]]()
    while (each := _next(session, done)) is not None:
        done.add(_key(each))
        tally.asked += 1
        left = len(_open(session, done))
        show(f"{each.text}  ({count_of(left, 'question')} after this)", "question")
        for line in _about(session, each):
            show(line, "why")
        choices = _choices(session, each)
        for word, (says, _) in choices.items():
            show(f"  {word}  {says}", "choice")
        if each.kind == "confirm":
            viewers = ", ".join(f"`{name}`" for name in session.read.columns)
            show(f"  set FIELD VIEWER, unset FIELD VIEWER  who may set it: {viewers}", "choice")
        show("  Enter leaves it open, q ends", "choice")
        answer = _answer(session, each, typed, choices, show, again=again)
        if answer == _STOP:
            break
        tally.answered += answer != _LATER
    return tally


def _answer(
    session: ReviewSession,
    asked: ReviewQuestion,
    typed: Iterator[str],
    choices: dict[str, tuple[str, Callable[[], None]]],
    show: Callable[[str, str], None],
    *,
    again: bool,
) -> str:
    """One understood answer, carried out. Who may set a field may be said before it, any number of
    times."""
    while True:
        show("> ", "prompt")
        word = next(typed, _STOP).strip()
        if word in (_LATER, _STOP):
            return word
        said = word.split()
        sets = asked.kind == "confirm" and len(said) == _WORDS_OF_SET and said[0] in _SETS
        if word in choices or sets:
            try:
                if not sets:
                    choices[word][1]()
                    return word
                _set(session, asked.resource, *said)
                for line in _lines(session, asked.resource):
                    show(line, "why")
                continue
            except InputError as error:
                if not again:
                    raise
                told = "; ".join(each.message for each in error.problems)
        else:
            told = f"`{word}` is not an answer; type one of {', '.join(choices)}, Enter or q"
        if not again:
            raise InputError([Problem(Location("standard input"), told)])
        show(told, "error")


def _set(session: ReviewSession, resource: str, verb: str, field: str, viewer: str) -> None:
    """Let a viewer set a field, or no longer."""
    if field not in (row.path for row in rows(session.read, resource)):
        place = Location("standard input")
        raise InputError([Problem(place, f"`{field}` is not a field of `{resource}`")])
    edit = session.grant if verb == "set" else session.close
    session.make(edit(resource, [field], viewer, "set"))


def _key(each: ReviewQuestion) -> tuple[str, str, str, str]:
    return each.kind, each.resource or each.operation, each.path, each.relation


def _open(session: ReviewSession, done: set[tuple[str, str, str, str]]) -> list[ReviewQuestion]:
    return [e for e in questions(session.read, session.text) if _key(e) not in done]


def _next(session: ReviewSession, done: set[tuple[str, str, str, str]]) -> ReviewQuestion | None:
    return next(iter(_open(session, done)), None)


def _about(session: ReviewSession, each: ReviewQuestion) -> Iterator[str]:
    """What somebody has to know to answer."""
    read = session.read
    if each.why:
        yield f"  {each.why}"
    if each.kind == "call":
        return
    sent = read.seen.endpoints[each.resource]
    yield f"  sent by {', '.join(sent[:5])}" if sent else "  no operation sends it"
    if each.kind == "wide":
        words = describe_cell(read, each.resource, each.path, each.relation)
        yield f"  scan: {words.scan}"
        yield f"  guard: {words.guard}"
    else:
        yield f"  owner: {owner(read.policy.resources[each.resource].owner)}"
        yield from _lines(session, each.resource)


def _lines(session: ReviewSession, resource: str) -> Iterator[str]:
    """The fields, by who sees them and who may set them."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows(session.read, resource):
        for verb, cells in (("sees", row.cells), ("may set", row.sets)):
            who = ", ".join(name for name, cell in cells.items() if cell in ("open", "when"))
            if who or verb == "sees":
                found.setdefault((verb, who or "nobody"), []).append(row.path)
    for (verb, who), paths in sorted(found.items(), key=lambda each: each[0][0] != "sees"):
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        yield f"  {who} {verb} {', '.join(paths[:_SHOWN])}{more}"


def _choices(
    session: ReviewSession, each: ReviewQuestion
) -> dict[str, tuple[str, Callable[[], None]]]:
    """What may be typed: what it says, and what it does."""

    def edit(field: str = "", viewer: str = "") -> Callable[[], None]:
        return lambda: session.make(owner_edits(session, each.resource, field=field, viewer=viewer))

    if each.kind == "call":
        return {"y": ("it is right", lambda: session.make([ConfirmCall(each.operation)]))}
    if each.kind == "confirm":
        return {"y": ("it is right: no draft", lambda: session.make([Confirm(each.resource)]))}
    if each.kind == "wide":
        close = lambda: session.make(  # noqa: E731
            session.close(each.resource, [each.path], each.relation)
        )
        return {"y": ("they may", lambda: None), "n": ("close it", close)}
    found = {
        str(at): (f"`{name}` names its owner, who sees all but secrets", edit(field=name))
        for at, name in enumerate(each.owners, 1)
    }
    relations = session.read.policy.relations
    for name in session.read.columns:
        if relations[name].kind in WIDE:
            found[name] = (
                f"nobody owns it; `{name}` sees what is not sensitive",
                edit(viewer=name),
            )
    return found


def ending(session: ReviewSession, tally: AnswerCounts) -> Iterable[str]:
    """The closing lines: how many questions were answered, and how many are open."""
    left = len(questions(session.read, session.text))
    yield f"{tally.answered} of {count_of(tally.asked, 'question')} answered, {left} open"
