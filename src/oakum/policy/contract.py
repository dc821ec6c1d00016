"""Loads a contract: an OpenAPI document and the exposure policy that goes with it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from oakum.errors import InputError, Problem
from oakum.openapi.document import Document
from oakum.openapi.source import Node, parse, parse_json, read_text
from oakum.policy.check import check, mistakes
from oakum.policy.comma_separated_keys import apart
from oakum.policy.embedded_policy import KEY, embedded_policy, keys
from oakum.policy.graphql_schema import Graph, with_graphs
from oakum.policy.graphql_selection_checks import check_caller_choice
from oakum.policy.model import Policy
from oakum.policy.parser import parse_policy
from oakum.policy.resource_names import with_resource_names
from oakum.policy.resource_schemas import told_apart

__all__ = ["Contract", "contract_digest", "load"]

_WORDS = ("exposure", "relations", "resources")
_KEY = re.compile(rf"""^["']?(?:{"|".join(_WORDS)})["']?[ \t]*:""", re.MULTILINE)


@dataclass(frozen=True)
class Contract:
    """An OpenAPI document with its exposure policy."""

    document: Document
    policy: Policy | None
    """The policy; None: there is none yet."""
    warnings: tuple[Problem, ...] = ()
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name under which the policy has their files."""
    said: Node | None = field(default=None, repr=False, compare=False)
    """The parsed policy file; None if the policy is inside the document."""


def load(
    path: Path,
    overlays: Sequence[Path] = (),
    *,
    text: str | None = None,
    document: Document | None = None,
) -> Contract:
    """Reads a contract from a policy file, or from a document with or without `x-exposure` keys.
    `text`: the policy's text in an editor; `document`: its document, if already read.

    Raises `InputError` with every mistake of the policy, and of the policy against the document.
    """
    given = text is not None
    text = read_text(path) if text is None else text
    problems: list[Problem] = []
    if given or is_policy(text, str(path)):
        return _from_policy(parse(text, str(path), problems), problems, path, overlays, document)
    document = Document.load(path, overlays)
    node = None
    patches = {overlay: read_text(overlay) for overlay in overlays}
    if any(KEY in each for each in (text, *patches.values())):
        marked = [parse(each, str(overlay)) for overlay, each in patches.items()]
        node = embedded_policy(document, parse(text, str(path)), marked, problems)
    if node is not None and (api := node.key("api")) is not None:
        problems.append(Problem(api.location, "`api` is this document itself", "leave it out"))
    if node is not None and (refs := node.key("refs")) is not None:
        hint = "write the contract as a file of its own"
        problems.append(Problem(refs.location, "`refs` is read before this document is", hint))
    policy = parse_policy(node, problems, document.names_operation) if node else None
    return _check_contract(document, policy, problems, path.parent)


def contract_digest(contract: Contract, overlays: Sequence[Path] = ()) -> str:
    """SHA-256 that identifies a contract, as 64 hexadecimal digits: of the policy without comments
    and `exit_criteria`, and of the bytes of the document, its references and overlays."""
    files = contract.document.files  # includes files that were looked for but do not exist
    parts = [hashlib.sha256(e.read_bytes()).hexdigest() if e.is_file() else "" for e in files]
    parts += [hashlib.sha256(each.read_bytes()).hexdigest() for each in overlays]
    if contract.said is not None:
        said = apart(contract.said, contract.document.names_operation).plain()
        said.pop("exit_criteria", None)  # a waiver does not change who may see what
        plain = json.dumps(said, sort_keys=True, default=str)
        parts.append(hashlib.sha256(plain.encode()).hexdigest())
    return hashlib.sha256("\n".join(sorted(set(parts))).encode()).hexdigest()


def is_policy(text: str, file: str) -> bool:
    """Whether a file is a policy; a document is not parsed twice to find out."""
    if not text.lstrip().startswith("{"):
        return bool(_KEY.search(text))
    quoted = any(f'"{word}"' in text for word in _WORDS)
    return quoted and not parse_json(text.encode(), file).keys().isdisjoint(_WORDS)


def _from_policy(
    node: Node,
    problems: list[Problem],
    path: Path,
    overlays: Sequence[Path],
    document: Document | None = None,
) -> Contract:
    try:
        document = document or _document(node, path, overlays)
    except InputError as error:
        parse_policy(node, problems)
        raise InputError([*problems, *error.problems]) from None
    policy = parse_policy(node, problems, document.names_operation)
    contract = replace(_check_contract(document, policy, problems, path.parent), said=node)
    # The walk over a large document is skipped if no file contains the key.
    texts = (each.read_bytes() for each in (*document.files, *overlays) if each.is_file())
    first = next(keys(document), None) if any(KEY.encode() in each for each in texts) else None
    if first is None:
        return contract
    both = Problem(
        document.locate(first),
        f"`{KEY}` is ignored, since `{path}` is the policy",
        "keep one of the two",
    )
    return replace(contract, warnings=(*contract.warnings, both))


def _document(node: Node, path: Path, overlays: Sequence[Path]) -> Document:
    api = node.get("api")
    if api is None:
        hint = "write `api: openapi.yaml`, relative to this file"
        raise InputError([Problem(node.location, "the policy does not name its document", hint)])
    if not isinstance(api.scalar, str) or not api.scalar:
        raise InputError([])  # `parse_policy` has reported it
    document = path.parent / api.scalar
    if not document.exists():  # a folder may be a collection
        raise InputError([Problem(api.location, f"`{api.scalar}` is not a readable file")])
    return Document.load(document, overlays, saved_references(node.get("refs"), path.parent))


def saved_references(node: Node | None, folder: Path) -> dict[str, Path]:
    """External URL in the document → the file saved from it. Raises `InputError`."""
    found: dict[str, Path] = {}
    problems: list[Problem] = []
    for key, value in node.items if node is not None else ():
        if not isinstance(key.scalar, str) or not isinstance(value.scalar, str):
            continue  # `parse_policy` has reported it
        file = folder / value.scalar
        if not file.is_file():
            problems.append(Problem(value.location, f"`{value.scalar}` is not a readable file"))
        found[key.scalar] = file
    if problems:
        raise InputError(problems)
    return found


def _check_contract(
    document: Document, policy: Policy | None, problems: list[Problem], folder: Path
) -> Contract:
    if policy is None:
        if problems:
            raise InputError(problems)
        return Contract(document, None, document.warnings)
    document = with_resource_names(told_apart(document, policy), policy)
    document, graphs, unsound = with_graphs(document, policy, folder)
    if unsound:
        raise InputError([*problems, *unsound])
    if problems:
        raise InputError([*problems, *mistakes(document, policy)])
    errors, warnings = check(document, policy)
    if errors := [*errors, *check_caller_choice(policy, graphs)]:
        raise InputError(errors)
    named = {each.name: each for each in graphs}
    return Contract(document, policy, (*document.warnings, *warnings), named)
