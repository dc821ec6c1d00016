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
    cache,
    cacheable_personal_data,
    counts_of_owners,
    creations,
    enumerable_ids,
    feeds,
    graphql_paths,
    inference,
    offline,
    optional_parameters,
    page_limit_not_enforced,
    paired_worlds,
    parents,
    revocation,
    shadow_endpoints,
    sort_orders,
    tenants,
    totals,
    untrusted_origin_allowed,
    values_in_refusals,
    writes,
)

TECHNIQUES: tuple[Technique, ...] = (
    cacheable_personal_data,  # what is known already waits for no budget
    offline,
    broken_function_level_authorization,
    cache,
    optional_parameters,
    parents,
    tenants,
    bulk_exposure,
    graphql_paths,
    shadow_endpoints,
    account_enumeration,
    inference,
    paired_worlds,
    sort_orders,
    totals,
    counts_of_owners,
    values_in_refusals,
    revocation,
    feeds,
    writes,
    creations,
    accounts,
    enumerable_ids,
    untrusted_origin_allowed,
    page_limit_not_enforced,
)
