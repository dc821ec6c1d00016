"""What an API gives and the guard refuses is announced: `guard check` names it.

Each API here obeys its contract. A scan asks it for everything as everybody; whatever it gives, the
guard lets pass as well, or a warning names the operation, or a relation or resource of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp

import cadence
from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.guard.contract_reader import read_contract
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum_catalogue import entries
from tests.catalogue.play import hasty, options_of, serving
from tests.catalogue.shadow import Shadow

pytestmark = pytest.mark.server
KEY = "made-up-for-this-test"


def shadowed(app: ASGIApp, policy: Path, options: Callable[[str], Options]) -> Shadow:
    shadow = Shadow(app, policy, KEY)
    with serving(shadow) as target:
        Scan(options(target), lambda event: None, sleep=hasty).report()
    return shadow


def unannounced(shadow: Shadow, policy: Path) -> list[str]:
    read = read_contract(policy)
    said = [str(each) for each in read.warnings]
    return [
        f"{operation}: {why} ({status}), {times} times"
        for (operation, why, status), times in sorted(shadow.refused.items())
        if not any(name in each for name in _names(read.compiled.model, operation) for each in said)
    ]


def _names(model: Model, operation: str) -> set[str]:
    """What a warning about an operation names: itself, or who may see what it shows."""
    media, found = model.operations[operation].success(), model.shown.get(operation, ())
    inside = resources_in(media.shape, model.bound) if media and media.shape else ()
    names = {name for _, name in found} | {name for name, _ in inside}
    shown = [model.policy.resources[name] for name in names]
    grants = [grant for one in shown for rule in one.fields for grant in rule.grants]
    relations = {name for grant in grants for name in grant.see}
    kept = {name for name in relations if model.policy.relations[name].kind != "authenticated"}
    return {f"`{name}`" for name in (operation, *kept - {"anyone"}, *(e.name for e in shown))}


@pytest.mark.parametrize("name", list(entries()))
def test_what_the_guard_refuses_of_an_api_is_announced(name: str, tmp_path: Path) -> None:
    entry = entries()[name]
    policy = entry.write(tmp_path, 1)
    shadow = shadowed(
        entry.app("fixed", 1), policy, lambda target: options_of(entry, policy, target)
    )
    assert shadow.passed
    assert unannounced(shadow, policy) == []


@pytest.mark.long
def test_what_the_guard_refuses_of_cadence_is_announced(tmp_path: Path) -> None:
    cadence.write_kit(tmp_path, 1)
    policy = tmp_path / "exposure.yaml"

    def options(target: str) -> Options:
        return Options(policy, target, tmp_path / "identities.yaml", rate=1000, budget=2500)

    shadow = shadowed(cadence.create_app("fixed", 20, 1, KEY), policy, options)
    assert len(shadow.passed) > 10
    assert unannounced(shadow, policy) == []
