"""Laws of edits of a contract's text, for any layout that its lines may have."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oakum.authz import Model, compile_contract
from oakum.contract_diff import compare
from oakum.draft_review.cells import rows, sight
from oakum.draft_review.policy_edits import Close, Confirm, Edit, GrantEdit, SetOwner, covers
from oakum.draft_review.session import ReviewSession
from oakum.errors import InputError
from oakum.policy.contract import Contract, load

EXAMPLES = int(os.environ.get("OAKUM_EXAMPLES", "200")) // 4
DOCUMENT = """\
openapi: 3.0.3
info: {title: Things, version: "1"}
components:
  schemas:
    Person: {type: object, properties: {id: {type: string}, name: {type: string}, mail: {type: string}}}
    Thing:
      type: object
      properties:
        id: {type: string}
        owner_id: {type: string}
        is_private: {type: boolean}
        a: {type: string}
        b: {type: string}
        deep: {type: object, properties: {x: {type: string}, y: {type: string}}}
        list: {type: array, items: {type: object, properties: {z: {type: string}}}}
        person: {$ref: "#/components/schemas/Person"}
paths:
  /me: {get: {operationId: me, responses: {200: {description: "", content: {application/json: {schema:
    {$ref: "#/components/schemas/Person"}}}}}}}
  /things: {get: {operationId: list, responses: {200: {description: "", content: {application/json: {schema:
    {type: array, items: {$ref: "#/components/schemas/Thing"}}}}}}}}
  /followers/{id}: {get: {operationId: followers, parameters: [{name: id, in: path, required: true,
    schema: {type: string}}], responses: {200: {description: "", content: {application/json: {schema:
    {type: array, items: {type: object, properties: {who: {type: string}}}}}}}}}}
"""  # noqa: E501
HEAD = """\
# a contract, é
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}  # logged in
  owner: {is: owner}
  follower: {in: followers, id: /*/who}
  staff: {claim: roles, has: staff}
  chief: {claim: rank, has: "5", requires: [member]}
resources:
"""
RELATIONS = ("anyone", "member", "owner", "follower", "staff", "chief")
PATHS = (
    *("id", "owner_id", "is_private", "a", "b", "deep", "deep.x", "deep.y", "list", "list.*.z"),
    *("person", "extras.**", "*"),
)


@dataclass(frozen=True)
class Layout:
    """How a line is written."""

    above: bool
    beside: bool
    block: bool
    long: bool


layouts = st.builds(Layout, st.booleans(), st.booleans(), st.booleans(), st.booleans())
see = st.lists(st.sampled_from(RELATIONS), unique=True, min_size=1, max_size=3)
when = st.sampled_from(("", "", ", when: {private: false}"))
grant = st.one_of(
    st.builds(lambda names, cond: f"{{see: [{', '.join(names)}]{cond}}}", see, when),
    st.builds(lambda name: f"{{see: {name}}}", st.sampled_from(RELATIONS)),
    st.builds(lambda names: f"{{see: [{', '.join(names)}], set: [owner]}}", see),
    st.just("{set: [owner]}"),
    st.just("{see: [member], masked: stars}"),
)


@st.composite
def contracts(draw: st.DrawFn) -> str:
    """The text of a contract with lines in any order and layout."""
    thing = _lines(draw, PATHS, flow=False)
    flow = draw(st.booleans())
    newline = draw(st.sampled_from(("\n", "\r\n")))
    draft = draw(st.sampled_from(("    draft: true\n", "    draft: true  # by a guess\n")))
    person = _lines(draw, ("id", "name", "mail"), flow=flow)
    text = HEAD + f"  Thing:  # things\n{draft}    key: id\n    owner: owner_id  # it names one\n"
    text += "    states: {private: {field: is_private, missing: true}}\n    fields:\n" + thing
    if flow:
        text += f"  Person:  # an account\n    {{draft: true, key: id, owner: id, fields:\n{person}"
        text += "}\n"
    else:
        text += f"  Person:\n    key: id\n    owner: id\n    draft: true\n    fields:\n{person}"
    return (text + "operations:\n  followers: {params: {id: Person.id}}\n").replace("\n", newline)


def _lines(draw: st.DrawFn, paths: Sequence[str], *, flow: bool) -> str:
    chosen = draw(st.lists(st.sampled_from(paths), unique=True, min_size=1))
    said, at = [], 0
    while at < len(chosen):
        size = draw(st.integers(1, 3))
        group, at = chosen[at : at + size], at + size
        grants = draw(st.lists(grant, max_size=3))
        if "Person" in paths or flow:
            grants = [each.replace(", when: {private: false}", "") for each in grants]
        layout = draw(layouts)
        key = ", ".join(group)
        key = f'"{key}"' if flow or "*" in key else key
        if flow:
            said.append(f"      {key}: [{', '.join(grants)}]")
        else:
            said.append(_line(key, grants, layout))
    if flow:
        return "      {" + ",\n".join(said).lstrip() + "}"
    return "".join(said)


def _line(key: str, grants: Sequence[str], how: Layout) -> str:
    tail = "  # beside" if how.beside else ""
    head = "      # above\n" if how.above else ""
    if how.long:
        return f"{head}      {key}: {{instead: null, grants: [{', '.join(grants)}]}}{tail}\n"
    if how.block and grants:
        rest = "".join(f"        - {each}\n" for each in grants)
        return f"{head}      {key}:{tail}\n{rest}"
    return f"{head}      {key}: [{', '.join(grants)}]{tail}\n"


@contextmanager
def session(text: str) -> Iterator[ReviewSession]:
    """A review of a contract with this text."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_text(DOCUMENT)
        file = Path(folder) / "exposure.yaml"
        file.write_bytes(text.encode())
        try:
            made = ReviewSession(file)
        except InputError:
            assume(False)
        yield made


def an_edit(draw: st.DataObject, found: ReviewSession) -> Edit | None:
    """Any edit of the review; None if this cell cannot be closed on its own."""
    name = draw.draw(st.sampled_from(("Thing", "Person")))
    kind = draw.draw(st.sampled_from(("grant", "close", "grant", "close", "confirm", "owner")))
    if kind == "confirm":
        return Confirm(name) if found.read.policy.resources[name].draft else None
    if kind == "owner":
        return SetOwner(name, "field", (draw.draw(st.sampled_from(("id", "a.b", "no"))),))
    path = draw.draw(st.sampled_from([row.path for row in rows(found.read, name)]))
    relation = draw.draw(st.sampled_from(RELATIONS))
    try:
        return (found.grant if kind == "grant" else found.close)(name, [path], relation)[0]
    except InputError as error:
        assert "for `" in str(error) and "first" in str(error)
        return None


def made(found: ReviewSession, edit: Edit) -> bool:
    """Whether the edit could be made; one that could not has changed nothing."""
    before = found.text
    try:
        found.make([edit])
    except InputError:
        assert found.text == before and not found.done
        return False
    return True


@given(contracts(), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_an_edit_and_its_undo_give_the_same_bytes(text: str, data: st.DataObject) -> None:
    with session(text) as found:
        texts = [found.text]
        for _ in range(3):
            edit = an_edit(data, found)
            before = len(found.done)
            if edit is not None:
                with_no_refusal(found, edit)
            if len(found.done) > before:
                texts.append(found.text)
        after = list(texts)
        while found.undo():
            texts.pop()
            assert found.text == texts[-1]
        assert found.text == text and not found.has_unsaved_edits
        while found.redo():
            pass
        assert found.text == after[-1]


def with_no_refusal(found: ReviewSession, edit: Edit) -> None:
    try:
        found.make([edit])
    except InputError:
        return


@given(contracts(), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_an_edit_changes_lines_of_its_resource_only(text: str, data: st.DataObject) -> None:
    with session(text) as found:
        edit = an_edit(data, found)
        assume(edit is not None)
        assert edit is not None
        if not made(found, edit):
            return
        old, new = text.split("\n"), found.text.split("\n")
        begin = next(i for i, line in enumerate(old) if line.startswith(f"  {edit.resource}:"))
        end = next(
            i for i, line in enumerate(old)
            if i > begin and line.startswith(("  Person:", "operations:"))
        )  # fmt: skip
        # Beside the name of a draft stands the reason of its owner, which goes with it.
        first = begin if isinstance(edit, SetOwner) else begin + 1
        for tag, i1, i2, _, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            assert tag == "equal" or (first <= i1 and i2 <= end)
        comments = [line for line in old if line.strip() == "# above"]
        assert [line for line in new if line.strip() == "# above"] == comments
        assert found.text.count("# beside") == text.count("# beside")
        assert ("\r\n" in text) == ("\r\n" in found.text)
        assert "\r\n" not in text or "\n" not in found.text.replace("\r\n", "")


@given(contracts(), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_edited_contract_is_the_old_one_but_for_the_edit(
    text: str, data: st.DataObject
) -> None:
    with session(text) as found:
        edit = an_edit(data, found)
        assume(edit is not None)
        assert edit is not None
        before = found.read
        if not made(found, edit):
            return
        after = load(found.path, text=found.text)  # what `oakum check` reads
        moves = compare(_model(before.contract), _model(after)).moves
        if isinstance(edit, GrantEdit | Close):
            relation = edit.relation
            for move in moves:
                if move.resource == "Person" and "person" in edit.paths:
                    continue  # who is shown the object of a thing is shown what is in it
                assert (move.kind, move.resource) == ("see", edit.resource)
                assert f"{move.leaf}.".startswith(tuple(f"{path}." for path in edit.paths))
                assert move.widens == isinstance(edit, GrantEdit)
                for world, _ in move.spots:
                    assert relation in world.old | world.new
            seen = [sight(r, edit.resource, edit.paths[0], relation) for r in (before, found.read)]
            assert seen[1] != (frozenset(), frozenset()) or isinstance(edit, Close)
        elif isinstance(edit, Confirm):
            assert moves == ()
            assert not found.read.policy.resources[edit.resource].draft


def _model(contract: Contract) -> Model:
    assert contract.policy is not None
    return compile_contract(contract.document, contract.policy)


@given(contracts(), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_every_cell_of_plain_lines_can_be_granted(text: str, data: st.DataObject) -> None:
    """No refusal where no line is `*`, and none covers what another one names."""
    assume('"*' not in text and '*"' not in text and ", *" not in text)
    with session(text) as found:
        named = [each.path for each in found.read.policy.resources["Thing"].fields]
        assume(not any(a != b and covers(a, b) for a in named for b in named))
        name = data.draw(st.sampled_from(("Thing", "Person")))
        path = data.draw(st.sampled_from([row.path for row in rows(found.read, name)]))
        relation = data.draw(st.sampled_from(RELATIONS))
        found.make(found.grant(name, [path], relation))
        cells = {row.path: row.cells for row in rows(found.read, name)}
        shown = [of for at, of in cells.items() if at == path or at.startswith(f"{path}.")]
        assert shown and all(of[relation] in ("open", "implied") for of in shown)
