"""What a run knows before its first request: files read and checked, endpoints chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from oakum.authz import Model, compile_contract
from oakum.errors import Problem
from oakum.exposure.endpoints.probes import Probe, asking_for_more, feeds, survey
from oakum.finding import SkippedOperation
from oakum.inference.draft import drafted_policy
from oakum.inference.parameter_sources import infer_params
from oakum.policy.contract import Contract, contract_digest, load
from oakum.policy.model import Policy
from oakum.scan.endpoints_within_budget import BudgetPlan, afford
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.model import Identities
from oakum.scan.identities.tenant_inputs import SentChoice, choices_of
from oakum.scan.limits import Permissions
from oakum.scan.operation_selection import Selection, select
from oakum.scan.options import Options
from oakum.scan.replay_scope import Scope, narrow
from oakum.scan.requests.parameters_sent_by_identities import without_sent
from oakum.scan.requests.variants_without_optional_parameters import (
    asking_by_each_name,
    asking_for_all,
)
from oakum.scan.technique import Prospect


@dataclass(frozen=True)
class Preparation:
    """A run before its first request."""

    options: Options
    contract: Contract
    contract_digest: str
    """Identifies the contract."""
    policy: Policy
    """The contract's, or a draft if it has none."""
    identities: Identities
    choices: tuple[SentChoice, ...]
    """What the lines of the identities say of their tenants."""
    whole: Model
    """The compiled contract, with the operations that the user leaves out."""
    selection: Selection
    inferred: Mapping[str, Mapping[str, str]]
    """Operation id → parameter → `Resource.field` that fills it, where the contract names none."""
    skipped: list[SkippedOperation]
    """Operations that no scan calls."""
    scope: Scope | None
    """The one finding that the run is about; None: all that there is."""
    feeds: list[Probe]
    spending: BudgetPlan
    """The endpoints that fit into the budget, by risk."""

    @property
    def model(self) -> Model:
        """The compiled contract, without the operations that the user leaves out."""
        return self.selection.model

    @property
    def probes(self) -> list[Probe]:
        """Endpoints that are requested at first."""
        return self.spending.probes

    @property
    def warnings(self) -> list[Problem]:
        """Doubtful statements in the files."""
        identities = (*self.identities.warnings, *self.identities.notes)
        return [*self.contract.warnings, *self.whole.notes, *identities]

    def prospect(self, may: Permissions | None = None) -> Prospect:
        """All that techniques know before the first request. `may`: what the user allows, if not
        what this user does."""
        return Prospect(
            self.model, tuple(self.probes), may or self.options.may, tuple(self.feeds),
            self.contract.graphs, self.inferred, self.choices,
        )  # fmt: skip

    def digest(self) -> str:
        """Identifies the contract, the identities and the chosen operations, for the journal."""
        options = self.options
        files = (options.contract, options.identities, *options.overlays)
        parts = [file.read_bytes() for file in files]
        parts += [f"{each}".encode() for each in (options.include, options.exclude) if each]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def prepare(options: Options) -> Preparation:
    """Reads and checks all files. Raises `InputError`."""
    contract = load(options.contract, options.overlays)
    policy = contract.policy or drafted_policy(contract.document)
    identities = load_identities(options.identities, policy.relations, resources=policy.resources)
    compiled = compile_contract(contract.document, policy)
    choices = choices_of(compiled, identities)
    whole = without_sent(compiled, identities, options.connection.headers)
    selection = select(whole, options.include, options.exclude)
    model, inferred = selection.model, infer_params(contract.document, policy)
    plain, skipped = survey(model, inferred, contract.document.closed)
    probes = [
        *plain,
        *asking_for_all(plain),
        *asking_by_each_name(model, plain),
        *asking_for_more(plain),
    ]
    heard, scope = feeds(model, inferred), None
    if options.only is not None:
        scope = narrow(
            options.only, model, inferred, probes, heard,
            own_settings=options.allow_own_settings,
            stated={owned.resource for each in identities.items.values() for owned in each.owns},
        )  # fmt: skip
        probes, heard = scope.probes, scope.feeds
    spending = afford(model, probes, len(identities.items) + 1, options.budget)
    return Preparation(
        options, contract, contract_digest(contract, options.overlays), policy, identities, choices,
        whole, selection, inferred, skipped, scope, heard, spending,
    )  # fmt: skip
