"""`accept`: a request body cut down to what its sender may set.

It walks and cuts as `project` does, by the `set` of each grant. The owner comes from the object
that the request is about to change, never from the body: an owner's id in a body is a field like
any other (CWE-915).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from oakum.authz.body_objects import BodyObjects
from oakum.authz.compiled_model import Model
from oakum.authz.data_beside_objects import Keep, whole
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.declared_media import select_media
from oakum.authz.judge import Judge
from oakum.authz.project import Call, cut, remains, removed_pointers, settle
from oakum.authz.strict_json import Span, UnreadableBody, read_request
from oakum.authz.table import Table
from oakum.http.json_pointer import Pointer
from oakum.http.media_type import is_json
from oakum.openapi.model import Json, Media

Reading = tuple[Json, Span, str]
"""Result of `read` for a request body: value, span and text."""


@dataclass(frozen=True)
class Acceptance:
    """What may be forwarded. `body` is None if nothing may; `refused` then says why."""

    body: bytes | None
    removed: tuple[str, ...] = ()
    """JSON pointers of removed parts, outermost only."""
    refused: str = ""
    sets: bool = field(default=False, compare=False)
    """Whether an object of a resource remains, so that `set` grants decided what is written."""
    written: tuple[tuple[Table, Subject], ...] = field(default=(), compare=False)
    """(table, object) for each object in the body: the object as the API shows it, and the table of
    who may set its fields."""


@dataclass(frozen=True)
class BodyDecision:
    """Which parts of a request body may stay, decided before anything is cut."""

    keep: Keep
    sets: bool
    """Whether an object of a resource remains, as `Acceptance.sets`."""
    written: tuple[tuple[Table, Subject], ...]
    """The objects in the body, as `Acceptance.written`."""
    reading: Reading = field(repr=False)

    @property
    def whole(self) -> bool:
        """Whether nothing is removed."""
        return whole(self.keep)

    @property
    def body(self) -> bytes | None:
        """The remaining body; None if nothing remains."""
        if self.keep is False:
            return None
        _, span, text = self.reading
        return (text if self.whole else "".join(cut(text, span, self.keep))).encode()


def accept(
    model: Model,
    principal: Principal,
    call: Call,
    subject: Subject | None,
    body: bytes,
    named: BodyObjects | None = None,
) -> Acceptance:
    """Cuts a request body of `call.media_type` down to the declared members that the caller may
    set: of `subject`, the object being written (None: unknown, so nobody's), and of further objects
    in the body, whose look-ups are collected in `named`.

    Refuses an ambiguous body, an undeclared media type, and a body of which nothing may be set.
    """
    media = request_media(model, call.operation, call.media_type)
    if media is None or not is_json(call.media_type):
        return Acceptance(None, refused="no request body of this media type is declared")
    try:
        reading = read_request(body)
    except UnreadableBody as error:
        return Acceptance(None, refused=f"unreadable body: {error}")
    done = weigh(model, principal, call, subject, reading, named)
    if done.body is None:
        said = "the caller may set nothing in this body"
        return Acceptance(None, ("",), said, written=done.written)
    gone = tuple(removed_pointers(reading[1], done.keep, ""))
    return Acceptance(done.body, gone, sets=done.sets, written=done.written)


def weigh(
    model: Model,
    principal: Principal,
    call: Call,
    subject: Subject | None,
    reading: Reading,
    named: BodyObjects | None = None,
) -> BodyDecision:
    """`accept` for a body that is parsed and whose media type is declared; cuts nothing.

    Cutting is costly, and a guard that refuses such bodies never needs it.
    """
    value, span, _ = reading
    media = request_media(model, call.operation, call.media_type)
    judge = Judge(
        model, principal, call.operation, call.params,
        writing=subject or Subject("", owned=False), named=named,
    )  # fmt: skip
    judged = judge.judge(value, media.shape if media else None)
    keep = settle(judged.keep, span)
    stands = keep is not False and any(remains(keep, each.pointer) for each in judged.instances)
    if model.policy.guard.unknown == "remove":
        keep = False if _shortens(judged.keep, span, judge.mapped, ()) else keep
    return BodyDecision(keep, stands, tuple(judge.written), reading)


def _shortens(keep: Keep, span: Span, mapped: Collection[Pointer], at: Pointer) -> bool:
    """Whether one of many would go, an element of a list or an object in a map: what is left of
    them says to delete the others, which nobody asked for. What is around them is not settled yet:
    a map goes with the last of its objects."""
    if not isinstance(keep, dict):
        return False
    for name, part in span.parts:
        inner, pointer = keep[name], (*at, name)
        if (span.opening == "[" or pointer in mapped) and settle(inner, part) is False:
            return True
        if _shortens(inner, part, mapped, pointer):
            return True
    return False


def request_media(model: Model, operation: str, media_type: str) -> Media | None:
    """The declared request body of this media type; None if undeclared."""
    return select_media(model.operations[operation].body, media_type)
