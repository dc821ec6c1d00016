"""An operation that the contract grants, as a guard needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.guard.compiled.chosen_fields import Choices
from oakum.guard.compiled.concealed_objects import ConcealedObject, NamedConcealed
from oakum.guard.compiled.form_members import Form
from oakum.guard.compiled.objects_by_key import Plain
from oakum.guard.compiled.write_targets import Target
from oakum.openapi.automaton import Automaton
from oakum.openapi.model import Operation
from oakum.routing.media import FORM, PARTS
from oakum.routing.nested_parameters import NestedParameter


@dataclass(frozen=True)
class WriteChecks:
    """How the guard learns whose object a write touches, and what of it the caller may set. Empty
    for a read."""

    target: Target = field(default_factory=lambda: Target("none"))
    finders: Mapping[str, Target] = field(default_factory=dict)
    """Resource in the request body → how to look one up by its key; `""` for the object that is
    written. `none`: it has a key but cannot be looked up from here."""
    local: frozenset[str] = frozenset()
    """Those of `finders` whose GET needs further parameters of this operation's path."""
    unjudged: frozenset[str] = frozenset()
    """Media types of JSON bodies whose effect cannot be judged."""
    typed: Target | None = None
    """What shows of which resource the object is, where it may be of several."""
    standing: Target | None = None
    """What shows the object that a path names with the word at its end."""
    plain: Plain = field(default_factory=Plain)
    """Objects that the write names by their keys alone."""
    unseen: str = ""
    """The resource of the object that a path names where no GET shows that one."""
    owner_hint: str = ""
    """The line by which it could be told whose object the write touches."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """As `resources_in_parameters` has them."""
    upload: str = ""
    """As `uploads.upload` has it."""


@dataclass(frozen=True)
class GrantedEndpoint:
    """An operation that the contract grants, as the guard needs it."""

    operation: Operation
    segments: tuple[str, ...]
    """Segments of the path template: a literal or `{name}`, also within a literal (`{id}.json`). A
    trailing slash adds an empty one."""
    write: bool = False
    checks: WriteChecks = field(default_factory=WriteChecks)
    """Of a write."""

    texts: Mapping[str, Automaton] = field(default_factory=dict)
    """Path parameter → allowed texts; a missing parameter may be anything."""
    query: tuple[str, ...] = ()
    """Declared query parameters; all others are removed."""
    lists: frozenset[str] = frozenset()
    """Query parameters that may be repeated."""
    nested: Mapping[str, NestedParameter] = field(default_factory=dict)
    """Query parameters with an object or list in their value."""
    preflight: str = ""
    """Neutral path for a CORS preflight; empty: preflights are denied."""

    binds: bool = False
    """Whether its request body holds a resource, so that `set` grants decide who may write what."""
    form: Form | None = None
    """Declared form of a URL-encoded body; None if there is none."""
    parts: Form | None = None
    """As `form`, for `multipart/form-data`."""

    conceals: bool = False
    """Whether its objects are concealed, so that a 403 is sent as a 404."""
    hidden: ConcealedObject | None = None
    """The concealed object that the path names. A caller who may not see it must not learn that it
    exists. None: the path names none."""
    others: tuple[ConcealedObject, ...] = ()
    """Those that the path names besides `hidden`."""
    asked: NamedConcealed = field(default_factory=NamedConcealed)
    """The concealed objects that a request names beside its path, which hide what a read shows of
    them, and why a write failed."""

    choices: Choices = field(default_factory=Choices)
    """Where callers choose the members of its response."""
    graph: bool = False
    """Whether it answers GraphQL."""
    headless: bool = False
    """Whether the line of a HEAD at its path refuses somebody whom this GET lets in."""

    @property
    def acts(self) -> bool:
        """Whether its answer is that of a write. A GET is answered as a read, whatever it changes:
        what it shows of an object is judged by that object."""
        return self.write and self.operation.method != "GET"

    def resource_form(self, media: str) -> Form | None:
        """The form for a body of this media type, if it is a resource."""
        form = {FORM: self.form, PARTS: self.parts}.get(media)
        return form if form is not None and form.judged else None
