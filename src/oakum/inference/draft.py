"""Drafts a contract from an OpenAPI document, for a person to finish.

Each guess has its reason beside it. What nothing explains stays closed, with a question in a
comment: a draft that grants too little costs a line, one that grants too much hides a leak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap

from oakum.errors import InputError, Problem
from oakum.http.json_pointer import escape, path_of
from oakum.http.media_type import is_feed
from oakum.inference.declared_fields import ResourceField, fields
from oakum.inference.draft_text import (
    WIDTH,
    Rank,
    comment,
    covering_rank,
    fold_groups,
    folded_by_grants,
    grants,
    lines,
    one_or_list,
    operations,
    params_line,
    remark,
    scalar,
)
from oakum.inference.field_viewers import Audiences
from oakum.inference.lexicon import FieldClass, words
from oakum.inference.owners import DraftOwner, account_params, ownership
from oakum.inference.parameter_sources import ParameterValues, infer_params, usual_params
from oakum.inference.privacy_states import StateGuess, hides_all, states
from oakum.inference.resource_endpoints import changes, main_endpoint
from oakum.inference.response_objects import EVENT, DeclaredObject, is_count, is_item
from oakum.inference.schema_groups import DocumentTypes, Thing, world_of
from oakum.inference.side_effects import classify, sounds_like_reading
from oakum.inference.written_objects import (
    WrittenObject,
    may_set_all,
    required_members,
    written_objects,
)
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.reachable_components import NamesBelow
from oakum.openapi.schema import children
from oakum.openapi.source import parse
from oakum.policy.model import Policy
from oakum.policy.parser import parse_policy
from oakum.policy.resource_schemas import at, request_shapes, success

_PLAIN = (FieldClass.KEY, FieldClass.HANDLE, FieldClass.PLAIN, FieldClass.SETTING)
_FEW = 4
_HEAD, _IN_A_LINE = 6, 4
"""Approximate number of lines at the head of a resource, and of fields named in a line."""
_LONG = 1000
"""Number of lines from which a draft is compacted for searching: ordinary resources in few lines,
and an object in place of its fields."""


_OWNER_ONLY = re.compile(
    r"(?<!not )\bonly\s+(?:the|its|their|an)\s+owners?\s+(?:may|can|(?:is|are)\s+allowed\s+to)\s+"
    r"(?:access|call|fetch|get|read|retrieve|see|view)\b",
    re.I,
)


_PROOF = re.compile(r"passw|passphrase|pass_?code|\bpin\b|otp|assertion|id_?token|secret", re.I)


def draft(document: Document, api: str = "", refs: Mapping[str, str] | None = None) -> str:
    """The draft as YAML text. `api`: path of the document as the policy names it, by default its
    file name; `refs`: external URL → the file saved from it."""
    draft = _Draft(document, api or Path(document.file).name, refs or {})
    bare = _parse_draft(draft.text(ParameterValues({})), document)
    params = infer_params(draft.document, bare)
    usual = usual_params(draft.document, params) if draft.is_long else {}
    return draft.text(ParameterValues(params, usual))


def drafted_policy(document: Document, text: str = "") -> Policy:
    """The draft as an unconfirmed policy: contradictions are only *suspected*. `text`: the draft's
    text, if it was changed."""
    return replace(_parse_draft(text or draft(document), document), stated=False)


def _parse_draft(text: str, document: Document) -> Policy:
    problems: list[Problem] = []
    node = parse(text, f"the draft of {document.file}")
    policy = parse_policy(node, problems, document.names_operation)
    if policy is None or problems:
        raise InputError(problems)
    return policy


class _Draft:
    def __init__(self, document: Document, api: str, refs: Mapping[str, str]) -> None:
        self._document = document
        self._api = api
        self._refs = refs
        self._world: DocumentTypes = world_of(document)
        self.document = self._world.document or document
        self._owners = {id(thing): ownership(self._world, thing) for thing in self._world.things}
        self._bodies: dict[str, tuple[Thing, WrittenObject]] = {}
        """Operation id to the object that its body is."""
        self._fields = self._declared_fields()
        self._audiences = Audiences(self._world, document, self._owners, self._fields)
        self._answers: dict[str, list[tuple[Thing, DeclaredObject]]] = {}
        """Operation id to what its rule speaks of."""
        self._embedding: set[str] = set()
        """Ids of operations that show objects within others, which their schema tells."""
        for thing in self._world.things:
            for seen in thing.objects:
                if seen.inside and seen.component:
                    self._embedding.add(seen.operation.id)
                else:
                    self._answers.setdefault(seen.operation.id, []).append((thing, seen))
        self._rules: dict[str, tuple[list[str], list[str], str]] = {}
        declared = sum(map(len, self._fields.values()))
        self._compact = _HEAD * len(self._fields) + declared // _IN_A_LINE > _LONG
        bound = {schema for thing in self._world.things for schema in thing.schemas}
        self._holds = NamesBelow(lambda at: at.names & bound).any
        self.is_long = self._compact or len(self._document.operations) > _LONG
        self._resources = list(self._resource_lines())

    def _declared_fields(self) -> dict[int, list[ResourceField]]:
        """By identity of a thing, its fields; notes the bodies that are one whose owner may set
        what they need."""
        writing = changes(self._world, self._document)
        objects = written_objects(self._world, self._document)
        found = {}
        for thing in self._world.things:
            whose = self._owners[id(thing)]
            owned = whose.members if whose.kind == "field" else ()
            written = [
                each
                for each in (objects.get(id(thing), ()) if whose.has_owner else ())
                if each.bound or may_set_all(each, thing, owned)
            ]
            self._bodies |= {each.operation.id: (thing, each) for each in written}
            shapes = [
                (shape, required_members(each, thing, owned))
                for each in written
                for shape in each.shapes
            ]
            found[id(thing)] = fields(self._world, thing, writing.get(id(thing), ()), shapes)
        return found

    def text(self, params: ParameterValues) -> str:
        lines = [*self._head(), *self._resources, *self._operations(params)]
        if params.usual:
            lines.append("# what fills a parameter of a path, unless a line above says otherwise")
            lines += params_line(params.usual)
        return "\n".join(lines) + "\n"

    def _head(self) -> Iterator[str]:
        yield (
            "# Drafted from the OpenAPI document. Each comment gives the reason; correct mistakes."
        )
        yield (
            "# Nobody sees a field that no line grants. `draft: true`: nobody has confirmed it, so"
        )
        yield "# it proves nothing. Remove it from each resource that is correct."
        if self._compact:
            yield '# `"*": []` is nobody, for any field: `oakum init --review` lists the fields.'
        yield "exposure: 1"
        yield f"api: {scalar(self._api)}"
        if self._refs:
            yield "refs:"
            yield from (f"  {scalar(at)}: {scalar(file)}" for at, file in self._refs.items())
        whoami = self._world.whoami
        if whoami is not None and self._world.account is not None:
            pointer = scalar(f"{whoami.pointer}/{escape(self._world.account.key)}")
            yield f"# the response of `{remark(whoami.operation.id)}` identifies the caller"
            yield f"caller: {{operation: {scalar(whoami.operation.id)}, id: {pointer}}}"
        else:
            yield "# no operation identifies the caller; does a token claim?"
            yield "caller: {claim: sub}"
        yield "order: [anyone, member, owner]"
        yield "relations:"
        yield "  anyone: {}"
        yield "  member: {authenticated: true}"
        yield "  owner: {is: owner}"
        yield "  # staff: {claim: roles, has: admin}  # if a token claim names a role"
        if not self._audiences.secured:
            yield "# The document says nothing of credentials: is anything open to `anyone`?"

    def _resource_lines(self) -> Iterator[str]:
        if not self._world.things:
            yield "# The document declares no object in any response: name them here."
            yield "resources: {}"
            return
        yield "resources:"
        for thing in self._world.things:
            yield from self._resource(thing, self._owners[id(thing)])

    def _resource(self, thing: Thing, whose: DraftOwner) -> Iterator[str]:
        declared = self._fields[id(thing)]
        guessed = states(declared)
        audience = self._audiences.of(thing)
        rows = self._field_rows(thing)
        if self._compact and not whose.has_owner and all(row.grants == "[]" for row in rows):
            rows = [_Row(["*"], "[]", [])]
        main = main_endpoint(thing)
        head = ["draft: true"]
        if thing.schemas and thing.schemas != [thing.name]:
            head.append(f"schemas: [{', '.join(scalar(each) for each in thing.schemas)}]")
        if thing.key:
            head.append(f"key: {scalar(thing.key)}")
        why = remark(whose.reason if whose.has_owner else audience.why)
        owner = f"owner: {_owner(whose)}"
        tail = [f"main: {scalar(main)}"] if main else []
        hints = list(self._unlike_caller(thing, whose))
        plain = not (whose.has_owner or audience.asks or guessed) and len(rows) == 1
        if plain or (self._compact and rows and not guessed and not hints):
            yield from _short(thing.name, why, [*head, owner, *tail], rows)
            return
        yield f"  {thing.name}:"
        yield from (f"    {line}" for line in (*head, f"{owner}  # {why}"))
        yield from hints
        yield from (f"    {line}" for line in tail)
        yield from _states(guessed)
        if guessed and thing is self._world.account:
            yield from self._borrowers(thing, guessed[0])
        if rows:
            yield "    fields:"
            if guessed and whose.has_owner:
                example = f"{{{guessed[0].name}: {scalar(guessed[0].values[0])}}}"
                yield f"      # to show it in an open state: - {{see: [member], when: {example}}}"
        for row in rows:
            for said in row.said:
                yield from comment(said)
            yield from lines(row.paths, row.grants)

    def _unlike_caller(self, thing: Thing, whose: DraftOwner) -> Iterator[str]:
        """A hint if owners are named by an id, but who-am-I shows callers another identifier."""
        whoami, account = self._world.whoami, self._world.account
        if whoami is None or account is None or whose.kind != "field" or thing is account:
            return
        shown = children(whoami.shape)
        if not _is_id(account.key, shown.get(account.key)):
            for member in whose.members:
                places = (at(shape, member.split(".")) for shape in thing.shapes)
                declared = next(filter(None, places), None)
                if member not in shown and _is_id(member, declared):
                    fact = f"`facts: {{{member.replace('.', '_')}: ...}}`"
                    said = f"who-am-I does not show `{member}`; give each identity {fact}"
                    yield f"    # {remark(said)}"

    def _borrowers(self, account: Thing, state: StateGuess) -> Iterator[str]:
        """A hint that an account's settings may also apply to objects that the account owns."""
        owned = [
            thing.name
            for thing in self._world.things
            if thing is not account and self._owners[id(thing)].has_owner
        ]
        if owned:
            said = f"{state.name}: {{of: {account.name}.{state.name}}}"
            yield f"    # if it applies to these too, write `states: {{{said}}}` there:"
            yield from wrap(
                ", ".join(owned), WIDTH, initial_indent="    #   ", subsequent_indent="    #   "
            )

    def _field_rows(self, thing: Thing) -> list[_Row]:
        """The fields of a thing, those together that have the same grants and reason: first what
        needs no rule of its own, then personal data, then secrets."""
        groups: dict[Rank, list[ResourceField]] = {}
        when = self._open_settings(thing)
        for each in self._fields[id(thing)]:
            guess = self._audiences.grant(thing, each)
            if guess.see in ("anyone", "member"):
                guess = replace(guess, when=when)
            group = (_rank(each), guess.why, grants(guess))
            groups.setdefault(group, []).append(each)
        names = {each.path: group for group, of in groups.items() for each in of}
        if self._compact:
            named = folded_by_grants(names)
            groups = {}
            for each in self._fields[id(thing)]:
                groups.setdefault(covering_rank(each.path, named), []).append(each)
        else:
            named = fold_groups(names)
        paths: dict[Rank, list[str]] = {}
        for path, group in named.items():
            paths.setdefault(group, []).append(path)
        return [_Row(paths[g], g[2], _grant_reasons(g, groups[g])) for g in sorted(paths)]

    def _open_settings(self, thing: Thing) -> tuple[tuple[str, Json], ...]:
        """What says of an object that somebody owns whether others may see it, as it is open. An
        account is found by its name, whatever it hides."""
        if not self._owners[id(thing)].has_owner or thing is self._world.account:
            return ()
        found = filter(hides_all, states(self._fields[id(thing)]))
        return tuple((each.name, each.values[0]) for each in found)

    def _operations(self, params: ParameterValues) -> Iterator[str]:
        entries = []
        for operation in self._document.operations:
            shown = self._answers.get(operation.id, [])
            silent = not self._shows(operation) and not any(map(self._holds, success(operation)))
            parts, why = self._rule(operation, shown, params)
            if any(part.startswith(("call:", "login:")) for part in parts):
                parts.insert(0, "draft: true")
            if parts or silent:
                why = why or ("shows no resource" if silent else "")
                entries.append((operation.id, f"{{{', '.join(parts)}}}", remark(why)))
        if entries:
            yield "operations:"
            yield from operations(entries, shared=self.is_long)

    def _rule(
        self,
        operation: Operation,
        shown: Sequence[tuple[Thing, DeclaredObject]],
        params: ParameterValues,
    ) -> tuple[list[str], str]:
        """The parts of an operation's rule, and a remark."""
        if operation.id not in self._rules:
            begin = list(self._place_parts(operation, shown))
            self._rules[operation.id] = begin, *self._conditions(operation, shown)
        begin, end, why = self._rules[operation.id]
        filled = params.own(operation)
        said = (f"{scalar(name)}: {scalar(target)}" for name, target in filled.items())
        return [*begin, *([f"params: {{{', '.join(said)}}}"] if filled else []), *end], why

    def _shows(self, operation: Operation) -> bool:
        return operation.id in self._answers or operation.id in self._embedding

    def _place_parts(
        self, operation: Operation, shown: Sequence[tuple[Thing, DeclaredObject]]
    ) -> Iterator[str]:
        """The parts that say where resources stand in its answer and its body."""
        places: dict[str, dict[str, None]] = {}
        for thing, seen in shown:
            if not seen.component:
                pointer = seen.pointer.removeprefix(EVENT if _is_feed(operation) else "")
                places.setdefault(thing.name, {})[scalar(pointer)] = None
        if places:
            said = (f"{name}: {one_or_list(list(at))}" for name, at in places.items())
            yield f"shows: {{{', '.join(said)}}}"
        written = self._bodies.get(operation.id)
        if written is not None and not written[1].bound:
            yield f"sets: {{{written[0].name}: {scalar(written[1].pointer)}}}"

    def _conditions(
        self, operation: Operation, shown: Sequence[tuple[Thing, DeclaredObject]]
    ) -> tuple[list[str], str]:
        """The parts that say who may call it and what it does, and a remark."""
        parts = []
        counts = list(dict.fromkeys(self._counts(shown)))
        if counts:
            parts.append(f"counts: [{', '.join(map(scalar, counts))}]")
        owner = self._owner_of(shown)
        if owner:
            parts.append(f"owner: {scalar(owner)}")
        closed = self._owner_only(operation, shown)
        if closed:
            parts.append("call: [owner]")
        elif not self._shows(operation) and self._logs_in(operation):
            parts.append("call: [anyone]")
            return parts, "takes a name and a password: its caller is not logged in yet"
        account = self._logged_in(operation)
        if account:
            parts.append(f"login: {scalar(account)}")
            return parts, "probably a login: its response belongs to the account of the password"
        verdict = classify(operation)
        if verdict.kind == "destructive" and operation.method != "DELETE":
            if operation.method in ("GET", "HEAD"):
                parts.append("reads: false")
            return parts, verdict.reason
        if verdict.kind == "write" and sounds_like_reading(operation):
            return parts, "write `reads: true` if it changes nothing"
        return parts, f"the document says: {closed}" if closed else ""

    def _logs_in(self, operation: Operation) -> bool:
        """Whether it takes a name and a password in the header (RFC 7617) where who-am-I takes
        something else, so that whoever calls it cannot be known."""

        def basic(each: Operation) -> bool:
            schemes = [
                self._document.security_schemes.get(n) for s in each.security or () for n in s
            ]
            said = [s.get("scheme", "") if isinstance(s, dict) else "" for s in schemes]
            return bool(said) and all(str(each).lower() == "basic" for each in said)

        whoami = self._world.whoami
        return whoami is not None and basic(operation) and not basic(whoami.operation)

    def _logged_in(self, operation: Operation) -> str:
        """Pointer to the account id in the response of a login that anybody may call; empty
        otherwise."""
        login = operation.method == "POST" and classify(operation).kind == "login"
        proven = any(_asks_for_secret(shape, 2) for shape in request_shapes(operation))
        if not login or not proven or not operation.anonymous:
            return ""
        found = [at for shape in success(operation) for at in self._accounts(shape, "", 3)]
        return found[0] if len(found) == 1 else ""

    def _accounts(self, shape: Shape, pointer: str, deep: int) -> Iterator[str]:
        """Pointers to the keys of accounts in an answer, outside of every list."""
        account, below = self._world.account, children(shape)
        if account is None or shape.items is not None or "array" in shape.kinds:
            return
        if self._world.thing_at(shape) is account:
            if account.key in below:
                yield f"{pointer}/{escape(account.key)}"
        elif deep:
            for name, each in below.items():
                yield from self._accounts(each, f"{pointer}/{escape(name)}", deep - 1)

    def _owner_only(
        self, operation: Operation, shown: Sequence[tuple[Thing, DeclaredObject]]
    ) -> str:
        """The evidence that only its owner may see an item; empty if it contains others'
        objects."""
        said = _OWNER_ONLY.search(f"{operation.summary}\n{operation.description}")
        if not said or not shown or operation.id in self._embedding:
            return ""
        alone = all(is_item(s) and not s.inside and self._owners[id(t)].has_owner for t, s in shown)
        return said[0] if alone else ""

    def _counts(self, shown: Sequence[tuple[Thing, DeclaredObject]]) -> Iterator[str]:
        """Pointers to counts of lists whose objects have owners."""
        for thing, seen in shown:
            listed = not seen.inside and seen.pointer.count("*") == 1
            if listed and self._owners[id(thing)].has_owner:
                around, _, _ = seen.pointer.partition("/*")[0].rpartition("/")
                for whole in success(seen.operation):
                    envelope = at(whole, path_of(around))
                    below = children(envelope) if envelope is not None else {}
                    yield from (f"{around}/{escape(n)}" for n in below if is_count(n, below))

    def _owner_of(self, shown: Sequence[tuple[Thing, DeclaredObject]]) -> str:
        """The path parameter that names the owner if the shown object does not."""
        for thing, seen in shown:
            whose = self._owners[id(thing)]
            names = children(seen.shape)
            told = any(member.split(".")[0] in names for member in whose.members)
            if whose.kind == "field" and not seen.inside and not told:
                return next(account_params(self._world, thing, seen.operation), "")
        return ""


def _is_feed(operation: Operation) -> bool:
    media = operation.success()
    return media is not None and is_feed(media.type)


def _asks_for_secret(shape: Shape, deep: int) -> bool:
    """Whether a body takes what only its sender knows, such as a password."""
    below = children(shape)
    return any(map(_PROOF.search, below)) or (
        deep > 0 and any(_asks_for_secret(each, deep - 1) for each in below.values())
    )


# --------------------------------------------------------------------------- text


def _owner(whose: DraftOwner) -> str:
    names = one_or_list([scalar(member) for member in whose.members])
    match whose.kind:
        case "field":
            return names
        case "path":
            return f"{{path: {names}}}"
        case "caller":
            return "{caller: true}"
        case "parent":
            return "{parent: true}"
        case "none":
            return "none"


def _is_id(path: str, shape: Shape | None) -> bool:
    """Whether a field contains a number or UUID, by its type or its name, and not a user name."""
    if shape is not None and (shape.format == "uuid" or shape.kinds - {"null"} == {"integer"}):
        return True
    return words(path)[-1:] in (("id",), ("uuid",), ("guid",))


def _states(guessed: Sequence[StateGuess]) -> Iterator[str]:
    if guessed:
        yield "    # open first; a missing value means the closed one"
        yield "    states:"
    for state in guessed:
        member, closed = scalar(state.member), scalar(state.values[-1])
        values = ", ".join(scalar(value) for value in state.values)
        match state.values:
            case (False, True):
                how = ""
            case (True, False):
                how = "open: true, "
            case _:
                how = f"levels: [{values}], "
        yield f"      {state.name}: {{field: {member}, {how}missing: {closed}}}"


@dataclass(frozen=True)
class _Row:
    """Fields that have the same grants, and what is said of them."""

    paths: Sequence[str]
    grants: str
    said: Sequence[str]


def _rank(each: ResourceField) -> int:
    """What is left open below stands last, since it also covers what is declared there."""
    kind = each.label.kind
    return (
        3 if "**" in each.path else 0 if kind in _PLAIN else 2 if kind is FieldClass.SECRET else 1
    )


def _grant_reasons(group: Rank, of: Sequence[ResourceField]) -> list[str]:
    """Why: the classes of personal data with their words, and the reason of the grant."""
    reasons: dict[str, list[str]] = {}
    for each in sorted(of, key=lambda each: list(FieldClass).index(each.label.kind)):
        if each.label.kind not in _PLAIN:
            known = reasons.setdefault(each.label.kind.value, [])
            if each.label.reason not in known:
                known.append(each.label.reason)
    said = [
        f"{kind}: {'; '.join(of_kind[:_FEW])}"
        + (f"; and {len(of_kind) - _FEW} more" if len(of_kind) > _FEW else "")
        for kind, of_kind in reasons.items()
    ]
    return [*(["; ".join(said)] if said else []), *([group[1]] if group[1] else [])]


def _short(name: str, why: str, head: Sequence[str], rows: Sequence[_Row]) -> Iterator[str]:
    """A resource in a few lines, since nothing about it is special; in one, if nobody sees it."""
    begin, opening = f"    {{{', '.join(head)}, fields:", "{"
    named = list(lines(rows[0].paths, rows[0].grants, quoted=True))
    whole = f"{begin} {{{named[0].strip()}}}}}"
    alone = len(rows) == len(named) == 1 and not rows[0].said
    if alone and rows[0].paths == ["*"]:
        yield f"  {name}: {whole.strip()}  # {why}"
        return
    yield f"  {name}:  # {why}"
    if alone and len(whole) <= WIDTH:
        yield whole
        return
    yield begin
    for row in rows:
        for said in row.said:
            yield from comment(said)
        named = list(lines(row.paths, row.grants, quoted=True))
        named[0] = named[0].replace("      ", f"      {opening}", 1)
        end = "}}" if row is rows[-1] else ","
        yield from (f"{line}," for line in named[:-1])
        yield named[-1] + end
        opening = ""
