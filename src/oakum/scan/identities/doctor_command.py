"""`oakum doctor`: logs every identity in and verifies it, and sends nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from oakum.errors import Problem
from oakum.inference.draft import drafted_policy
from oakum.policy.contract import load
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.identity_verification import Examination, examine
from oakum.scan.identities.ids_and_claims import with_claims
from oakum.scan.identities.session import Sessions
from oakum.scan.options import Options
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.rate_and_budget import Governor
from oakum.scan.transport.required_certificate import required_certificate


def diagnose(options: Options, warn: Callable[[list[Problem]], None]) -> Examination:
    """`oakum doctor`: logs in all identities and calls who-am-I; nothing else is sent. `warn`
    receives doubts about the files before the first request."""
    contract = load(options.contract, options.overlays)
    policy = contract.policy or drafted_policy(contract.document)
    identities = load_identities(options.identities, policy.relations, resources=policy.resources)
    warn([*identities.warnings, *identities.notes])
    transport = HttpTransport(
        options.target,
        run_id=secrets.token_hex(6),
        also=identities.origins(),
        certificates=identities.certificates(),
        connection=options.connection,
    )
    try:
        required = required_certificate(options.target, identities.certificates())
        governor = Governor(transport, options.rate, options.budget, required=required)
        sessions = Sessions(identities, governor, contract.document, options.target)
        found = examine(identities, sessions, "", contract.document, policy.caller)
        return with_claims(found, policy, sessions)
    finally:
        transport.close()
