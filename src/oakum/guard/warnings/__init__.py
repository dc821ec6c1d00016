"""Warnings of `guard check`: what the gateway refuses, hides or cannot check of what is granted.

Warnings change nothing. Each names what stays closed, or unchecked, why, and the line that changes
it. There is no warning about data that only seems to be closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.warnings import (
    arguments,
    containers,
    counts,
    creations,
    data_beside_objects,
    errors,
    feeds,
    filters,
    forms,
    impossible_relations,
    incomplete_schemas,
    keys,
    logins,
    lookups,
    methods,
    name_patterns,
    named_objects,
    names,
    operations,
    owners,
    parameters,
    parent_changes,
    paths,
    replacements,
    request_bodies,
    request_headers,
    response_headers,
    searches,
    withheld_responses,
)

OF_CONTRACT: tuple[Callable[[CompiledContract], Iterator[Problem]], ...] = (
    lookups.unknown_caller,
    lookups.unknown_relations,
    lookups.unknown_states,
    operations.warn_of_unmentioned,
    operations.closed_to_anyone,
    response_headers.redirects,
    response_headers.file_names,
    response_headers.headers_beside_objects,
    withheld_responses.undeclared_bodies,
    withheld_responses.unreadable_alternatives,
    methods.unsent_methods,
    logins.hidden_accounts,
    request_bodies.undeclared_bodies,
    keys.chosen_keys,
    keys.key_spellings,
    keys.keys_in_puts,
    request_headers.cookies,
    request_headers.unverified_credentials,
    request_headers.conditions,
    response_headers.dropped_headers,
    parameters.unread_parameters,
    names.unstated_names,
    names.unstated_selections,
    name_patterns.unreadable_patterns,
    parent_changes.moved_objects,
    filters.hidden_fields,
    filters.counts_of_pages,
    counts.values_beside_lists,
    request_bodies.undeclared_parts,
    impossible_relations.impossible_relations,
    searches.found_by_members,
    request_bodies.other_kinds,
    arguments.unknown_objects,
    arguments.unexplained_errors,
    data_beside_objects.visible_rows,
    data_beside_objects.texts_for_objects,
    data_beside_objects.alternatives,
    data_beside_objects.counts_of_root,
    data_beside_objects.unknown_types,
    containers.removed_by_null,
    containers.names_in_maps,
    paths.hidden_parents,
    paths.hidden_targets,
    paths.unchecked_parents,
    paths.unmatched_names,
    paths.crossed_templates,
    incomplete_schemas.incomplete_schemas,
    feeds.hidden_feeds,
)
"""Functions that warn about a whole contract, such as warnings printed once for many operations."""

OF_ENDPOINTS: tuple[Callable[[CompiledContract, GrantedEndpoint], Iterator[Problem]], ...] = (
    withheld_responses.unreadable_types,
    withheld_responses.undeclared_values,
    withheld_responses.selected_members,
    withheld_responses.values_beside_no_object,
    owners.absent_parents,
    owners.owners_of_another_name,
    named_objects.unshown_objects,
    forms.unread_forms,
    operations.unknown_preflights,
)
"""Functions that warn about each granted operation."""

OF_WRITES: tuple[Callable[[CompiledContract, GrantedEndpoint], Iterator[Problem]], ...] = (
    owners.unknown_owners,
    owners.unknown_elsewhere,
    keys.unlooked_keys,
    logins.anonymous_bodies,
    named_objects.unexplained_parameters,
    named_objects.named_objects,
    named_objects.named_accounts,
    owners.unknown_type,
    request_bodies.unset_fields,
    request_bodies.unbound_bodies,
    creations.refused_creations,
    creations.placed_objects,
    replacements.replaced_values,
    errors.revealed_existence,
    errors.unexplained_errors,
)
"""Functions that warn about each granted write."""


def warnings(contract: CompiledContract) -> Iterator[Problem]:
    """All warnings of a contract, grouped by kind."""
    for of_contract in OF_CONTRACT:
        yield from of_contract(contract)
    for endpoint in contract.endpoints:
        for of_endpoint in (*OF_ENDPOINTS, *(OF_WRITES if endpoint.write else ())):
            yield from of_endpoint(contract, endpoint)
