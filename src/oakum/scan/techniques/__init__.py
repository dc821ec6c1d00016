"""Tests beyond the documented requests, one file each, in the order in which they run.

A technique gets the engine after all documented endpoints were asked. It asks on through
`engine.put` (answers judged like any other, at endpoints of `Probe.otherwise`), or through
`engine.send` where it compares answers itself, and leaves what it finds as cells or as a `Signal`.
"""

from __future__ import annotations

from oakum.scan.technique import Technique
from oakum.scan.techniques import (
    account_enumeration,
    accounts,
    broken_function_level_authorization,
    bulk_exposure,
    cacheable_personal_data,
    creations,
    cross_user_cache,
    enumerable_ids,
    feed_exposure,
    graphql_paths,
    inference,
    jwt_secrets_and_unsafe_gets,
    list_totals,
    nested_object_ids,
    object_counts_in_accounts,
    optional_parameters,
    own_tenants,
    ownerless_values_in_refusals,
    page_limit_not_enforced,
    paired_worlds,
    revocation,
    shadow_endpoints,
    sort_orders,
    tenant_isolation,
    untrusted_origin_allowed,
    writes,
)

TECHNIQUES: tuple[Technique, ...] = (
    cacheable_personal_data,  # what is known already waits for no budget
    jwt_secrets_and_unsafe_gets,
    broken_function_level_authorization,
    cross_user_cache,
    optional_parameters,
    nested_object_ids,
    own_tenants,
    tenant_isolation,
    bulk_exposure,
    graphql_paths,
    shadow_endpoints,
    account_enumeration,
    inference,
    paired_worlds,
    sort_orders,
    list_totals,
    object_counts_in_accounts,
    ownerless_values_in_refusals,
    revocation,
    feed_exposure,
    writes,
    creations,
    accounts,
    enumerable_ids,
    untrusted_origin_allowed,
    page_limit_not_enforced,
)
