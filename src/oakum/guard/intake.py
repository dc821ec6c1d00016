"""What a request brings: whose object it touches, and a body cut down to what may be set."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from oakum.contract.model import Json, Operation
from oakum.guard.dialogue import Answered, Asked, Denied
from oakum.guard.graphql import parameter, refused
from oakum.guard.lookups import Inquiry
from oakum.guard.media import FORM, PARTS, MediaType, is_json, is_plain, read_media_type
from oakum.guard.parts import overrides, pair_names, part_names
from oakum.guard.route import filled, queried
from oakum.guard.targets import Target, renamed
from oakum.guard.who import at, readable
from oakum.guard.wiring import Door, Form
from oakum.semantics import (
    ANONYMOUS,
    Call,
    Judge,
    Model,
    Subject,
    Table,
    accept,
    answer_media,
)
from oakum.semantics.accept import request_media
from oakum.semantics.decide import may_set, may_write, written
from oakum.semantics.judge import partly
from oakum.semantics.principal import text
from oakum.semantics.span import Unreadable, read


def absent(door: Door, reason: str) -> Denied:
    """*Forbidden*, said as *absent* where the contract conceals."""
    return Denied(404 if door.conceals else 403, reason)


@dataclass(frozen=True)
class Taken:
    """The body that goes on, and the ids that the request is about."""

    body: bytes
    about: frozenset[str] = frozenset()
    media: str = ""
    """What the body is called onward; empty: nothing that was said of it has one reading."""


class Intake:
    """Takes requests in for one contract."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._guard = model.policy.guard

    def take(
        self, door: Door, params: Mapping[str, str], inquiry: Inquiry, asked: Asked
    ) -> Generator[Asked, Answered | None, Taken]:
        """Raises `Denied` for a write to what the caller may not touch, and for a body that cannot
        be read or holds what the caller may not set."""
        subject: Subject | None = None
        if door.write:
            subject = yield from self._subject(door, params, inquiry)
            yield from self._may(door, params, inquiry, subject)
        body, ids = yield from self._body(door, params, inquiry, subject, asked)
        owners = frozenset(subject.owners) if subject else frozenset[str]()
        return Taken(body, ids | owners, str(read_media_type(asked.values("content-type")) or ""))

    # ------------------------------------------------------------ the object

    def _subject(
        self, door: Door, params: Mapping[str, str], inquiry: Inquiry
    ) -> Generator[Asked, Answered | None, Subject]:
        match door.target.kind:
            case "caller":
                ids = tuple(sorted(inquiry.who.ids))
                new = door.operation.method == "POST"
                return Subject("", ids, unnamed=door.target.unnamed, new=new)
            case "path":
                return Subject("", (params[door.target.param],))
            case "none":
                return Subject("")
        target = self._model.operations[door.target.operation]
        its = renamed(params, door.target.names)
        path = filled(target.path, its)
        if path is None:
            raise absent(door, "target")
        if not inquiry.spend():
            raise Denied(503, "target")
        own = "{" not in target.path
        query = door.target.query
        question = inquiry.desk.addressed(path, query, inquiry.like, inquiry.held, own=own)
        answered = yield from inquiry.ask(question)
        if answered is not None and answered.status in (404, 410):
            raise Denied(404, "target")
        if answered is not None and 400 <= answered.status < 500:
            raise absent(door, "target")
        value = readable(answered)
        if answered is None or value is None:
            raise Denied(503, "target")
        pointer = _pointer(door.target, value, params)
        media = answer_media(target, 200, answered.media_type)
        judge = Judge(self._model, inquiry.principal(), target.id, its)
        for seen in judge.judge(value, media.shape if media else None).sightings:
            if seen.pointer == pointer and seen.resource == door.target.resource:
                owner = self._model.policy.resources[seen.resource].owner
                incomplete = partly(owner, seen.value)
                return Subject(seen.resource, seen.owners, seen.value, partly=incomplete)
        raise absent(door, "target")

    def _may(
        self, door: Door, params: Mapping[str, str], inquiry: Inquiry, subject: Subject
    ) -> Generator[Asked, Answered | None, None]:
        model, id, kind = self._model, door.operation.id, door.target.kind
        if may_write(model, inquiry.principal(), id, params, subject, kind):
            return
        call = model.rule(id).call
        if call is not None:
            yield from inquiry.settle(lambda needs: needs.any(call, subject))
        else:
            # Whoever may set something of the object may go on, whatever the body will hold.
            yield from inquiry.settle(lambda needs: needs.tables(written(model, id, subject)))
        if not may_write(model, inquiry.principal(), id, params, subject, kind):
            raise absent(door, "call")

    # ------------------------------------------------------------ the body

    def _body(
        self,
        door: Door,
        params: Mapping[str, str],
        inquiry: Inquiry,
        subject: Subject | None,
        asked: Asked,
    ) -> Generator[Asked, Answered | None, tuple[bytes, frozenset[str]]]:
        operation, body = door.operation, asked.body
        unsaid = door.write and self._model.rule(operation.id).call is None
        decides = unsaid and door.binds
        if len(body) > self._guard.max_body:
            raise Denied(413, "too-long")
        if not body:
            reads = operation.method == "GET"
            url = asked.target.partition("?")[2]
            self._query(door, {"query": parameter(url)} if reads else None)
            if decides and not self._own(door, inquiry, subject):
                raise absent(door, "call")
            yield from self._sets(door, inquiry, subject)
            return body, frozenset()
        kind = self._media(door, asked)
        if not is_json(kind.type):
            return self._unread(door, kind, body), frozenset()
        try:
            value = read(body)[0]
        except Unreadable:
            raise Denied(400, "body") from None
        self._query(door, value)
        call = Call(operation.id, params, media_type=kind.type)
        done = accept(self._model, inquiry.principal(), call, subject, body)
        if (done.removed or done.body is None) and subject is not None:
            held = self._written(operation, call, subject, value)
            yield from inquiry.settle(lambda needs: needs.tables(held))
            done = accept(self._model, inquiry.principal(), call, subject, body)
        if not done.sets and decides and not self._own(door, inquiry, subject):
            raise absent(door, "call")
        if done.body is None or (done.removed and self._guard.unknown == "refuse"):
            raise Denied(422, "body")
        if not done.sets:
            yield from self._sets(door, inquiry, subject)
        return done.body, frozenset(_scalars(value))

    def _sets(
        self, door: Door, inquiry: Inquiry, subject: Subject | None
    ) -> Generator[Asked, Answered | None, None]:
        """Refuses no body, `null` and an empty list to whom an object without members is refused:
        where all of a body is a resource, they write no less."""
        model, id = self._model, door.operation.id
        body = model.written.get(id)
        if subject is None or body is None or not body.whole:
            return
        yield from inquiry.settle(lambda needs: needs.tables(written(model, id, subject)))
        if not may_set(model, inquiry.principal(), id, subject):
            raise Denied(422, "body")

    def _query(self, door: Door, said: Json) -> None:
        """Where a query chooses what is answered, it has to say which field is which."""
        if self._model.rule(door.operation.id).graphql and refused(said, writes=door.write):
            raise Denied(400, "query")

    def _written(
        self, operation: Operation, call: Call, subject: Subject, value: Json
    ) -> list[tuple[Table, Subject]]:
        """Tables of the resources that a body holds, each with the object as it is for them."""
        media = request_media(self._model, operation.id, call.media_type)
        judge = Judge(self._model, ANONYMOUS, operation.id, call.params, writing=subject)
        found: dict[str, tuple[Table, Subject]] = {}
        for seen in judge.judge(value, media.shape if media else None).sightings:
            table = self._model.settable[seen.resource]
            same = subject.value if subject.resource == seen.resource else None
            owned = table.resource.owner.kind != "none"
            found[seen.resource] = (
                table,
                Subject(seen.resource, subject.owners, same, owned, subject.partly),
            )
        return list(found.values())

    def _own(self, door: Door, inquiry: Inquiry, subject: Subject | None) -> bool:
        """Whether the object is the caller's, as it has to be where no body says what is set."""
        owners = subject.owners if subject else ()
        return door.target.kind == "caller" or not inquiry.who.ids.isdisjoint(owners)

    def _unread(self, door: Door, kind: MediaType, body: bytes) -> bytes:
        """A body that is no JSON, of which at most the names are judged."""
        if kind.type == FORM and door.form:
            return self._pairs(door.form, body)
        if kind.type == FORM and overrides(pair_names(body)):
            raise Denied(422, "body")
        if kind.type == PARTS:
            found, form = part_names(body, dict(kind.params)["boundary"]), door.parts
            if found is None:
                raise Denied(400, "body")
            if overrides(found) if form is None else not form.holds(found):
                raise Denied(422, "body")
        return body

    def _pairs(self, form: Form, body: bytes) -> bytes:
        """A body in URL-encoded pairs, of which those that are declared go on, as of a query."""
        try:
            text = body.decode("ascii")
            kept = queried(text, form.names, form.lists, form.nested)
        except (UnicodeDecodeError, Denied):
            raise Denied(400, "body") from None
        said = "&".join(each for each in text.split("&") if each and each[0] != "=")
        if kept != said and self._guard.unknown == "refuse":
            raise Denied(422, "body")
        return kept.encode()

    def _media(self, door: Door, asked: Asked) -> MediaType:
        """Media type of a body that may be there."""
        values = asked.values("content-type")
        if not door.operation.body or len(values) > 1:
            raise Denied(400, "body")
        said = read_media_type(values)
        media = request_media(self._model, door.operation.id, said.type) if said else None
        if said is None or media is None or not is_plain(asked.values("content-encoding")):
            raise Denied(415, "media")
        if not media.is_json and door.binds:
            raise Denied(415, "media")
        if not said.is_utf_8 and (media.is_json or said.type in (FORM, PARTS)):
            raise Denied(415, "media")
        return said


def _pointer(target: Target, value: Json, params: Mapping[str, str]) -> tuple[str, ...] | None:
    """Where the object stands in what the API shows: of a list the one element with the key that
    the path names. None: there is none, or more than one."""
    if not target.key:
        return target.pointer
    *around, _ = target.pointer
    lists = at(value, tuple(around))
    if len(lists) != 1 or not isinstance(lists[0], list):
        return None
    wanted = [params[target.param]]
    keys = [[text(k) for k in at(each, target.key) if _is_id(k)] for each in lists[0]]
    found = [index for index, each in enumerate(keys) if each == wanted]
    return (*around, str(found[0])) if len(found) == 1 else None


def _is_id(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _scalars(value: Json) -> Iterator[str]:
    """Every text and number of a body: any may be the id of somebody."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _scalars(each)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield text(value)
