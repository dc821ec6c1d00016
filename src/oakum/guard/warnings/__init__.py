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
    anonymous_calls,
    body_keys,
    concealed_feeds,
    creations,
    data_of_removed_rows,
    full_replacements,
    graphql_arguments,
    impossible_relations,
    ineffective_methods,
    inference_channels,
    lookups,
    members_with_undeclared_content,
    missing_owner_or_state,
    name_patterns,
    nested_objects_in_bodies,
    nested_paths,
    non_json_bodies,
    parent_changes,
    reads_by_non_key_fields,
    request_headers,
    response_headers,
    unchecked_references,
    undeclared_body_parts,
    unexplained_names,
    unknown_owners,
    unmatchable_paths,
    unreachable_operations,
    unread_parameters,
    values_beside_lists,
    withheld_responses,
    write_responses,
)

OF_CONTRACT: tuple[Callable[[CompiledContract], Iterator[Problem]], ...] = (
    lookups.unknown_caller,
    lookups.unknown_relations,
    lookups.unknown_states,
    unreachable_operations.warn_of_unmentioned,
    unreachable_operations.closed_to_anyone,
    response_headers.redirects,
    response_headers.file_names,
    response_headers.headers_beside_objects,
    withheld_responses.undeclared_bodies,
    withheld_responses.unreadable_alternatives,
    ineffective_methods.ineffective_methods,
    anonymous_calls.hidden_accounts,
    undeclared_body_parts.undeclared_bodies,
    body_keys.chosen_keys,
    body_keys.key_spellings,
    body_keys.keys_in_puts,
    request_headers.cookies,
    request_headers.unverified_credentials,
    request_headers.conditions,
    response_headers.dropped_headers,
    unread_parameters.unread_parameters,
    unexplained_names.unstated_names,
    unexplained_names.unstated_selections,
    name_patterns.unreadable_patterns,
    parent_changes.moved_objects,
    inference_channels.hidden_fields,
    inference_channels.counts_of_pages,
    values_beside_lists.values_beside_lists,
    undeclared_body_parts.unset_members,
    undeclared_body_parts.undeclared_parts,
    impossible_relations.impossible_relations,
    reads_by_non_key_fields.found_by_members,
    undeclared_body_parts.other_kinds,
    graphql_arguments.unknown_objects,
    graphql_arguments.unexplained_errors,
    graphql_arguments.revealed_by_mutations,
    data_of_removed_rows.visible_rows,
    data_of_removed_rows.nulls_alone,
    data_of_removed_rows.texts_for_objects,
    data_of_removed_rows.alternatives,
    data_of_removed_rows.counts_of_root,
    data_of_removed_rows.unknown_types,
    nested_objects_in_bodies.removed_by_null,
    nested_objects_in_bodies.names_in_maps,
    nested_paths.hidden_parents,
    nested_paths.hidden_targets,
    nested_paths.unchecked_parents,
    unmatchable_paths.unmatched_names,
    unmatchable_paths.unreachable_paths,
    unmatchable_paths.crossed_templates,
    missing_owner_or_state.missing_owner_or_state,
    members_with_undeclared_content.members_that_hold_anything,
    members_with_undeclared_content.members_of_two_kinds,
    concealed_feeds.hidden_feeds,
)
"""Functions that warn about a whole contract, such as warnings printed once for many operations."""

OF_ENDPOINTS: tuple[Callable[[CompiledContract, GrantedEndpoint], Iterator[Problem]], ...] = (
    withheld_responses.unreadable_types,
    withheld_responses.undeclared_values,
    withheld_responses.selected_members,
    withheld_responses.values_beside_no_object,
    unknown_owners.absent_parents,
    unknown_owners.owners_of_another_name,
    unchecked_references.unshown_objects,
    non_json_bodies.unread_forms,
    unreachable_operations.unknown_preflights,
)
"""Functions that warn about each granted operation."""

OF_WRITES: tuple[Callable[[CompiledContract, GrantedEndpoint], Iterator[Problem]], ...] = (
    unknown_owners.unknown_owners,
    unknown_owners.unknown_elsewhere,
    body_keys.unlooked_keys,
    anonymous_calls.anonymous_bodies,
    unchecked_references.unexplained_parameters,
    unchecked_references.unchecked_references,
    unchecked_references.named_accounts,
    unknown_owners.unknown_type,
    undeclared_body_parts.unset_fields,
    undeclared_body_parts.unbound_bodies,
    creations.refused_creations,
    creations.placed_objects,
    full_replacements.replaced_values,
    write_responses.revealed_existence,
    write_responses.unexplained_errors,
)
"""Functions that warn about each granted write."""


def warnings(contract: CompiledContract) -> Iterator[Problem]:
    """All warnings of a contract, grouped by kind."""
    for of_contract in OF_CONTRACT:
        yield from of_contract(contract)
    for endpoint in contract.endpoints:
        for of_endpoint in (*OF_ENDPOINTS, *(OF_WRITES if endpoint.write else ())):
            yield from of_endpoint(contract, endpoint)
