"""What a scan may send, and how much, from the documents alone: `oakum scan --dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oakum.http.security_txt import WELL_KNOWN
from oakum.scan.assembly import switch_operations
from oakum.scan.coverage.uncalled_operations import never_called
from oakum.scan.endpoints_within_budget import cost
from oakum.scan.preparation import Preparation
from oakum.scan.questions.objects_of_identities_file import foreseen
from oakum.scan.techniques import TECHNIQUES


@dataclass(frozen=True)
class Estimate:
    """How many requests a run takes, and how long it takes."""

    documented: int
    """Upper bound of requests to documented endpoints while no setting is changed."""
    most: int
    """The budget: techniques may use what documented endpoints leave of it."""
    rate: float
    """Most requests per second."""

    @property
    def seconds(self) -> tuple[float, float]:
        """(only documented endpoints, the whole budget), if every response is immediate."""
        return round(self.documented / self.rate, 1), round(self.most / self.rate, 1)


def estimate(prepared: Preparation) -> Estimate:
    """The requests and the duration of a run, from the documents alone."""
    viewers, budget = len(prepared.identities.items) + 1, prepared.options.budget
    documented = sum(cost(probe, viewers) for probe in prepared.probes)
    return Estimate(min(documented, budget), budget, prepared.options.rate)


def plan(prepared: Preparation) -> list[Mapping[str, str]]:
    """All kinds of requests that a run may send, with placeholders for values."""
    lines: list[Mapping[str, str]] = [
        {
            "as": "nobody logged in",
            "request": f"GET {WELL_KNOWN}",
            "why": "whom to tell",
        }
    ]
    lines += foreseen(prepared.identities)
    for probe in prepared.probes:
        given = ", ".join(f"{p} = {source}" for p, source in probe.sources.items())
        what = f"{probe.endpoint.method} {probe.endpoint.path}{f'  with {given}' * bool(given)}"
        who = "every kind of viewer"
        if probe.personal:
            who = "each owner, once more with an id that does not exist, then every other viewer"
        if not probe.shows:
            who = "an anonymous caller and two identities"
        lines.append({"as": who, "request": what, "why": ", ".join(probe.shows) or "sweep"})
    for technique in TECHNIQUES:
        for line in technique.foresee(prepared.prospect()):
            lines.append({name: line[name] for name in ("as", "request", "why")})
    if prepared.options.allow_own_settings:
        for operation in switch_operations(prepared):
            each = prepared.model.operations[operation]
            lines.append(
                {
                    "as": "an owner, on their own account",
                    "request": f"{each.method} {each.path}",
                    "why": "privacy setting, restored at the end",
                }
            )
    for left in never_called(prepared.model) if prepared.options.allow_writes else ():
        lines.append(
            {
                "as": "nobody",
                "request": f"{left.endpoint.method} {left.endpoint.path}",
                "why": left.reason,
            }
        )
    return lines
