"""An operation that the contract grants, as a guard needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.guard.compiled.concealed_objects import ConcealedObject, NamedConcealed
from oakum.guard.compiled.field_selection import Choices
from oakum.guard.compiled.form_members import Form
from oakum.guard.compiled.objects_outside_path import Plain
from oakum.guard.compiled.write_targets import Target
from oakum.openapi.model import Operation
from oakum.openapi.pattern_automaton import Automaton
from oakum.routing.content_type import FORM, PARTS
from oakum.routing.nested_parameters import NestedParameter


@dataclass(frozen=True)
class WriteChecks:
    """How the guard learns whose object a write touches, and what of it the caller may set. Empty
    for a read."""

    target: Target = field(default_factory=lambda: Target("none"))
    finders: Mapping[str, Target] = field(default_factory=dict)
    """Resource in the request body → how its objects are looked up by key; `""`: the object being
    written. A target of kind `none`: the resource has a key but cannot be looked up from here."""
    local: frozenset[str] = frozenset()
    """Resources of `finders` whose GET needs further parameters of this operation's path."""
    unjudged: frozenset[str] = frozenset()
    """Media types of JSON bodies whose effect cannot be judged."""
    typed: Target | None = None
    """Look-up that shows which of several resources the written object belongs to; None: there is
    only one."""
    standing: Target | None = None
    """Look-up of the object that a path ending with a word names; None: there is none."""
    plain: Plain = field(default_factory=Plain)
    """Objects that the write names by key only."""
    unseen: str = ""
    """Resource of the object in the path if no GET returns it; otherwise empty."""
    owner_hint: str = ""
    """A contract line that would tell whose object the write touches, for a hint."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Parameters that contain a resource, as `resources_in_parameters` returns them."""
    upload: str = ""
    """Who may send a multipart form, as `uploads.upload` returns it."""


@dataclass(frozen=True)
class GrantedEndpoint:
    """An operation that the contract grants, as the guard needs it."""

    operation: Operation
    segments: tuple[str, ...]
    """Segments of the path template: a literal or `{name}`, also within a literal (`{id}.json`). A
    trailing slash adds an empty one."""
    write: bool = False
    checks: WriteChecks = field(default_factory=WriteChecks)
    """Checks of a write; empty for a read."""

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
    """Whether its objects are concealed: a 403 is sent as a 404."""
    hidden: ConcealedObject | None = None
    """The concealed object that the path names. A caller who may not see it must not learn that it
    exists. None: the path names none."""
    others: tuple[ConcealedObject, ...] = ()
    """Concealed objects that the path names besides `hidden`."""
    asked: NamedConcealed = field(default_factory=NamedConcealed)
    """Concealed objects that a request names outside its path. A caller who may not see one is not
    shown the part of a read about it, nor why a write failed."""

    choices: Choices = field(default_factory=Choices)
    """Where callers choose the members of its response."""
    graph: bool = False
    """Whether it is a GraphQL endpoint."""
    headless: bool = False
    """Whether the contract's line for HEAD at this path refuses somebody whom this GET admits."""

    @property
    def acts(self) -> bool:
        """Whether its response is judged as that of a write. The response to a GET is judged as a
        read even if the GET changes something: each object in it is judged by itself."""
        return self.write and self.operation.method != "GET"

    def resource_form(self, media: str) -> Form | None:
        """The form for a body of this media type if it is a resource; otherwise None."""
        form = {FORM: self.form, PARTS: self.parts}.get(media)
        return form if form is not None and form.judged else None

    def allows(self, params: Mapping[str, str]) -> bool:
        """Whether the document allows the text of each path parameter."""
        return all(allowed.matches(params[name]) for name, allowed in self.texts.items())
