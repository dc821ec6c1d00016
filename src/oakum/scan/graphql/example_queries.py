"""Queries that the document gives as examples, used where no schema is available."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from graphql.utilities import strip_ignored_characters

from oakum.inference.lexicon import singular, word_set, words
from oakum.inference.path_nouns import ACCOUNTS
from oakum.openapi.model import Json, Operation
from oakum.policy.graphql_schema import TAG
from oakum.scan.graphql.query_plan import acts_by_name
from oakum.scan.graphql.selection_sets import Pick, PickedQuery
from oakum.scan.graphql.type_mapping import Vocabulary

_IDS = word_set("id ids uuid key")


@dataclass(frozen=True)
class ExampleQuery:
    """An example query of the document, with its example values for variables."""

    asked: PickedQuery
    fixed: Mapping[str, Json] = field(default_factory=dict)


def known_queries(operation: Operation, words: Vocabulary) -> Iterator[ExampleQuery]:
    """Example queries of the document, extended by `__typename`. Leaves out mutations,
    subscriptions and fields that act."""
    seen: set[str] = set()
    for example in _examples(operation):
        query = example.get("query")
        try:
            document = parse(query if isinstance(query, str) else "")
        except GraphQLError:
            continue
        variables = example.get("variables")
        given = variables if isinstance(variables, dict) else {}
        for each in document.definitions:
            if isinstance(each, OperationDefinitionNode) and _reads(each):
                made = _example_query(document, each, given, words)
                if made.asked.text not in seen:
                    seen.add(made.asked.text)
                    yield made


def _examples(operation: Operation) -> Iterator[Mapping[str, Json]]:
    """Bodies and parameters that the document gives as examples."""
    for media in operation.body:
        shape = media.shape
        members = shape.properties if shape else {}
        for whole in (media.example, shape.example if shape else None):
            if isinstance(whole, dict):
                yield whole
        yield {name: thunk().example for name, thunk in members.items()}
    yield {each.name: each.example for each in operation.parameters if each.where == "query"}


def _reads(operation: OperationDefinitionNode) -> bool:
    fields = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
    query = operation.operation is OperationType.QUERY
    return query and not any(acts_by_name(each.name.value) for each in fields)


def _example_query(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    given: Mapping[str, Json],
    words: Vocabulary,
) -> ExampleQuery:
    used = [operation, *_fragments(document, operation)]
    told = [visit(each, _Tagging()) for each in used]
    text = strip_ignored_characters("\n".join(map(print_ast, told)))
    kinds = {
        each.variable.name.value: print_ast(each.type)
        for each in operation.variable_definitions or ()
    }
    fields = _fields_of(operation)
    sources = {
        name: source for name in kinds if (source := _source(name, fields.get(name, ""), words))
    }
    fixed = {
        name: given[name]
        for name in kinds
        if name not in sources and isinstance(given.get(name), str | int | float)
    }
    fragments = {each.name.value: each for each in used if isinstance(each, FragmentDefinitionNode)}
    picks = tuple(_picks(operation.selection_set, fragments))
    name = operation.name.value if operation.name else "+".join(pick.field for pick in picks)
    return ExampleQuery(PickedQuery(name, text, picks, kinds, sources), fixed)


class _Tagging(Visitor):
    """Adds `__typename` to every selection set."""

    def leave_selection_set(
        self, node: SelectionSetNode, _key: object, parent: object, *_: object
    ) -> SelectionSetNode | None:
        if isinstance(parent, OperationDefinitionNode):
            return None
        names = [each.name.value for each in node.selections if isinstance(each, FieldNode)]
        if TAG in names:
            return None
        tag = FieldNode(name=NameNode(value=TAG), alias=None, arguments=(), directives=())
        return SelectionSetNode(selections=(tag, *node.selections))


def _fragments(
    document: DocumentNode, operation: OperationDefinitionNode
) -> list[FragmentDefinitionNode]:
    """The fragments that an operation uses, and those that these use."""
    known = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    found: dict[str, FragmentDefinitionNode] = {}
    waiting: list[SelectionSetNode] = [operation.selection_set]
    for selection in waiting:
        for each in selection.selections:
            if isinstance(each, FragmentSpreadNode):
                fragment = known.get(each.name.value)
                if fragment is not None and each.name.value not in found:
                    found[each.name.value] = fragment
                    waiting.append(fragment.selection_set)
            elif inner := _inner(each):
                waiting.append(inner)
    return list(found.values())


def _inner(node: SelectionNode) -> SelectionSetNode | None:
    return node.selection_set if isinstance(node, FieldNode | InlineFragmentNode) else None


def _picks(
    selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], depth: int = 0
) -> Iterator[Pick]:
    """The selected fields; the response names the type of each object."""
    for each in selection.selections:
        if isinstance(each, FieldNode) and each.name.value != TAG:
            alias = each.alias.value if each.alias else ""
            inner = each.selection_set
            below = tuple(_picks(inner, fragments, depth + 1)) if inner else ()
            yield Pick(each.name.value, alias=alias, below=below)
        elif isinstance(each, InlineFragmentNode):
            yield from _picks(each.selection_set, fragments, depth + 1)
        elif isinstance(each, FragmentSpreadNode) and depth < len(fragments) + 8:
            fragment = fragments.get(each.name.value)
            if fragment is not None:
                yield from _picks(fragment.selection_set, fragments, depth + 1)


def _fields_of(operation: OperationDefinitionNode) -> dict[str, str]:
    """Variable → the field of the root below which it is used."""
    found: dict[str, str] = {}
    for each in operation.selection_set.selections:
        if isinstance(each, FieldNode):
            for name in _variables(each):
                found.setdefault(name, each.name.value)
    return found


def _variables(node: FieldNode) -> list[str]:
    names: list[str] = []

    class _SeenParts(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.append(node.name.value)

    visit(node, _SeenParts())
    return names


def _source(variable: str, root: str, vocabulary: Vocabulary) -> str:
    """The source of a variable's values: an id of the type that the variable or the root field
    names; otherwise the member with its name."""
    said = [singular(word) for word in words(variable)]
    rest = [word for word in said if word not in _IDS]
    nouns = [rest[-1:]] if rest else []
    nouns.append([singular(word) for word in words(root)][-1:])
    policy = vocabulary.model.policy
    for noun in nouns:
        for name, each in policy.resources.items():
            called = [*map(_last, (name, *sorted(each.schemas)))]
            account = name in vocabulary.accounts and noun and noun[0] in ACCOUNTS
            if noun and (noun[0] in called or account):
                if len(rest) < len(said) and each.key:
                    return f"{name}.{each.key}"
                if member := _member(vocabulary, name, rest):
                    return f"{name}.{member}"
    return ""


def _member(vocabulary: Vocabulary, resource: str, said: Sequence[str]) -> str:
    leaves = vocabulary.model.tables[resource].leaves
    return next((leaf for leaf in leaves if [*words(leaf)] == [*said][-len(words(leaf)) :]), "")


def _last(name: str) -> str:
    return singular(words(name)[-1]) if words(name) else ""
