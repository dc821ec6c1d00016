"""Entries of the undo log: what has to be undone and how.

An entry contains whole requests, with personal values in them; in the journal it is encrypted
(`encryption`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from oakum.exchange import Request
from oakum.openapi.model import Json


@dataclass(frozen=True)
class Undo:
    """How to undo one write, and how to verify it."""

    name: str
    """Unique in the run, without personal values: `Member.plan of ann by PATCH /me`."""
    steps: tuple[tuple[str | None, Request], ...] = field(repr=False)
    """(identity, request) pairs, the likeliest first; any one of them may undo the write."""
    check: tuple[str | None, Request] = field(repr=False)
    """(identity, request) whose response shows whether it is undone."""
    before: str = field(repr=False)
    """The relevant part of that response before the write: canonical JSON, or the status alone."""
    members: tuple[str, ...] = ()
    """Names of the relevant members, anywhere in the response; empty: the status is relevant."""
    how: str = ""
    """How a person undoes it, with names in place of values: `PATCH /me as ann`."""
    sent: str = field(default="", repr=False)
    """The members that were sent, as a JSON object; empty if they are not kept."""
    after: str = field(default="", repr=False)
    """Like `before`, as first read after the write, if that differs from what was sent."""
    look: tuple[str | None, Request] | None = field(default=None, repr=False)
    """(identity, request) that shows the state of the object alone; None: `check` does."""
    this: tuple[str, Json] = field(default=("", None), repr=False)
    """(member, value) that identify the object."""
    content: Json = field(default=None, repr=False)
    """The body of the steps, as a value."""
    beside: tuple[str, ...] = ()
    """Names of members of this body that the write was not about, as the owner's view showed
    them."""
    of: str = ""
    """Name of the creation of the run that made the object; empty: it was there before."""
    versions: tuple[tuple[str, str], ...] = ()
    """(parameter, member): query parameters and headers of the steps that say the version that this
    member of the object tells; each is sent as a new reading shows it."""


@dataclass(frozen=True)
class CreatedObject:
    """How to find an object that the run has created, by a mark in it, and how to delete it."""

    name: str
    """Unique in the run, and nobody's value: `a new `Stall` of ann`."""
    who: str
    mark: str
    """A unique text in the object."""
    key: str
    """The member that names an object."""
    find: tuple[Request, ...] = field(repr=False)
    """Requests of its owner whose responses may contain it."""
    remove: Request = field(repr=False)
    """The request that deletes it, with `{key}` in the URL for its key."""
    known: str = ""
    """Its key, once the answer has told it."""
    look: Request | None = field(default=None, repr=False)
    """Shows it alone, with `{key}` in the URL; None: no endpoint does."""
    turns: tuple[tuple[str, ...], ...] = ()
    """For each of `find`, the query parameters by which it may be turned to its next page."""
    taken: bool = False
    """Whether the API confirmed the creation: then it exists although no response shows it."""
    how: str = ""
    """How a person takes it away, with names in place of values: `DELETE /notes/{id} as ann`."""
    older: frozenset[str] = field(default=frozenset(), repr=False)
    """Keys of objects that existed before: the run must not delete these."""
    shown: bool = False
    """A response has shown it with its mark."""
    before: tuple[Request, ...] = field(default=(), repr=False)
    """Requests that put it away, with `{key}`, where the API does not remove it as it is."""
    purge: tuple[tuple[Request, Request], ...] = field(default=(), repr=False)
    """A list that shows what was removed, and what then removes it for good, with `{key}`."""
    named: str = ""
    """The member whose value stands in its URL, where that is not `key`."""
    place: str = ""
    """The value of `named`, once a response has shown it."""
    remover: str = ""
    """Who is asked to remove it before `who` is: whoever made it below somebody else's object;
    empty: `who` alone."""
    versions: tuple[tuple[str, str], ...] = ()
    """As in `Undo`, of the request that removes it."""
    unmarked: bool = False
    """No response shows its mark: its key alone, which nothing had before, tells it."""
    row: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """What a response has shown of it at first, if `unmarked`."""
    whole: bool = False
    """Whether `older` has all that the lists showed before; of this process alone."""
    others: tuple[str, ...] = ()
    """Who else may remove it by the contract, and is asked where nobody before them could."""


Entry = Undo | CreatedObject


def as_json(undo: Entry) -> Json:
    """An entry as JSON, to be encrypted in the journal."""
    if isinstance(undo, CreatedObject):
        return {
            **{name: getattr(undo, name) for name in ("name", "who", "mark", "key", "known")},
            "find": [request_as_json(each) for each in undo.find],
            "turns": [list(each) for each in undo.turns],
            "look": undo.look and request_as_json(undo.look),
            "remove": request_as_json(undo.remove),
            "taken": undo.taken,
            "how": undo.how,
            "older": sorted(undo.older),
            "shown": undo.shown,
            "before": [request_as_json(each) for each in undo.before],
            "purge": [
                [request_as_json(listed), request_as_json(remove)] for listed, remove in undo.purge
            ],
            "remover": undo.remover,
            "named": undo.named,
            "place": undo.place,
            "states": [list(each) for each in undo.versions],
            "unmarked": undo.unmarked,
            "row": dict(undo.row),
            "others": list(undo.others),
        }
    return {
        "name": undo.name,
        "steps": [[who, request_as_json(request)] for who, request in undo.steps],
        "check": [undo.check[0], request_as_json(undo.check[1])],
        "before": undo.before,
        "members": list(undo.members),
        "how": undo.how,
        "sent": undo.sent,
        "after": undo.after,
        "look": undo.look and [undo.look[0], request_as_json(undo.look[1])],
        "this": list(undo.this),
        "content": undo.content,
        "beside": list(undo.beside),
        "of": undo.of,
        "states": [list(each) for each in undo.versions],
    }


def from_json(value: Mapping[str, Json]) -> Entry:
    """Inverse of `as_json`. Raises `KeyError`, `TypeError` or `ValueError`."""
    if "mark" in value:
        find = tuple(request_from_json(each) for each in value["find"])
        plain = (value["name"], value["who"], value["mark"], value["key"])
        look = request_from_json(value["look"]) if value["look"] else None
        turns = tuple(tuple(each) for each in value["turns"])
        remove, taken = request_from_json(value["remove"]), bool(value.get("taken"))
        how = str(value.get("how", ""))
        older = frozenset(map(str, value.get("older", ())))
        shown = bool(value.get("shown"))
        purge = tuple(
            (request_from_json(a), request_from_json(b)) for a, b in value.get("purge", ())
        )
        made = CreatedObject(*plain, find, remove, value["known"], look, turns, taken, how, older)
        by, named = str(value.get("remover", "")), str(value.get("named", ""))
        place = str(value.get("place", ""))
        before = tuple(map(request_from_json, value.get("before", ())))
        made = replace(made, before=before, versions=_versions(value))
        made = replace(
            made,
            unmarked=bool(value.get("unmarked")),
            row=dict(value.get("row", {})),
            others=tuple(map(str, value.get("others", ()))),
        )
        return replace(made, shown=shown, purge=purge, remover=by, named=named, place=place)
    who, asked = value["check"]
    return Undo(
        value["name"],
        tuple((each, request_from_json(sent)) for each, sent in value["steps"]),
        (who, request_from_json(asked)),
        value["before"],
        tuple(value["members"]),
        str(value.get("how", "")),
        str(value.get("sent", "")),
        str(value.get("after", "")),
        (look[0], request_from_json(look[1])) if (look := value.get("look")) else None,
        tuple(value.get("this") or ("", None)),
        value.get("content"),
        tuple(value.get("beside") or ()),
        str(value.get("of", "")),
        _versions(value),
    )


def _versions(value: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(member)) for name, member in value.get("states", ()))


def request_as_json(request: Request) -> Json:
    """A request as JSON, to be encrypted in the journal."""
    body = request.body.decode("utf-8")
    return [request.method, request.url, dict(request.headers), body]


def request_from_json(sent: Json) -> Request:
    """Inverse of `request_as_json`. Raises `KeyError`, `TypeError` or `ValueError`."""
    method, url, headers, body = sent
    return Request(method, url, headers, body.encode())
