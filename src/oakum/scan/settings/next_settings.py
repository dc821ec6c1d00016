"""Chooses the next combination of settings: the one that decides the most undecided cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from oakum.authz import Model
from oakum.exposure.cells.matrix import NOBODY, Key, Matrix
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.relation_fields import is_one_of_many
from oakum.exposure.values.knowledge import canonical
from oakum.finding import Cell, Result
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.settings.settings_writer import AccountSettings

_MOST_WORLDS = 24
LAST_LOOK = "all worlds"
"""Name of the state after the last change, in which open cells are requested again, since values
learnt meanwhile may decide them."""

Settings = tuple[tuple[str, Json], ...]
"""(`Resource.state`, value) pairs."""
World = tuple[str, Settings]
"""(identity, settings of its account)."""


@dataclass(frozen=True)
class SettingChoice:
    """Chooses from the present matrix; changes nothing."""

    model: Model
    identities: KnownIdentities
    matrix: Matrix
    account_settings: AccountSettings

    def best(self, seen: Mapping[str, list[dict[str, Json]]]) -> World | None:
        """The (identity, settings) that decide the most open cells. Settings that no cell combines
        are changed together to save requests."""
        wanted: dict[str, dict[Settings, int]] = {}
        reach = owners_by_viewer(self.model, self.identities)
        for key, entry in self.matrix.entries.items():
            if entry.result is not Result.UNTESTED or not key.state:
                continue
            for who in reach.get((key.resource, key.viewer), ()):
                if not self.matrix.shows(key, who) or not self.matrix.is_decidable(key, entry, who):
                    continue
                if settings := self._settings(key, who):
                    counts = wanted.setdefault(who, {})
                    counts[settings] = counts.get(settings, 0) + 1
        best: tuple[int, World] | None = None
        for who, counts in wanted.items():
            new = {
                s: n for s, n in counts.items() if not any(_holds(each, s) for each in seen[who])
            }
            gain, settings = _combine(new)
            if settings and (best is None or gain > best[0]):
                best = (gain, (who, settings))
        return best[1] if best else None

    def _settings(self, key: Key, who: str) -> Settings:
        """Settings of an account that make a cell's state; empty when one of them has no switch, or
        one would have to have two values."""
        policy, found = self.account_settings.policy, dict[str, Json]()
        for name, text in key.state:
            resource, _, base = policy.state_source(key.resource, name).partition(".")
            values = self.model.policy.resources[resource].states[base].values
            value = next((v for v in values if canonical(v) == text), None)
            path = setting_of(self.account_settings, who, key.resource, name)
            if value is None or self.account_settings.switch(path) is None:
                return ()
            if found.setdefault(path, value) != value:
                return ()
        return tuple(sorted(found.items(), key=repr))


def setting_of(account_settings: AccountSettings, who: str, resource: str, name: str) -> str:
    """The `Resource.state` by which somebody sets a state: its own, where it has a switch and they
    have set it, else where its `of` leads."""
    policy, path = account_settings.policy, f"{resource}.{name}"
    while True:
        state = policy.resources[resource].states[name]
        known = account_settings.identities.set_by(who, path) is not None
        if not state.of or (known and account_settings.switch(path) is not None):
            return path
        path = state.of
        resource, _, name = path.partition(".")


def _holds(account: Mapping[str, Json], settings: Settings) -> bool:
    return all(account.get(path) == value for path, value in settings)


def _combine(counts: Mapping[Settings, int]) -> tuple[int, Settings]:
    """The most wanted settings, joined by the next most wanted that do not contradict them."""
    chosen: dict[str, Json] = {}
    gain = 0
    for settings, number in sorted(counts.items(), key=lambda pair: (-pair[1], repr(pair[0]))):
        if all(chosen.get(path, value) == value for path, value in settings):
            chosen.update(settings)
            gain += number
    return gain, tuple(sorted(chosen.items()))


def owners_by_viewer(model: Model, identities: KnownIdentities) -> dict[tuple[str, str], list[str]]:
    """(resource, viewer label) → owners to whom an identity has this relation."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, resource in model.policy.resources.items():
        for owner in identities.subjects() if resource.owner.kind != "none" else [NOBODY]:
            for viewer in (None, *identities.names()):
                held = identities.relations(viewer, owner)
                label = identities.label(held, viewer, owner)
                owners = found.setdefault((name, label), [])
                if owner not in owners:
                    owners.append(owner)
    return found


def reach(engine: Engine) -> dict[tuple[str, str], bool]:
    """(resource, viewer label) → whether any pair of identities has this relation."""
    found = owners_by_viewer(engine.model, engine.identities)
    return {key: bool(owners) for key, owners in found.items()}


def reach_states(
    engine: Engine, account_settings: AccountSettings, ask: Callable[[], None]
) -> None:
    """Changes own accounts to the states that open cells need, one after another. `ask` sends the
    requests in each state."""
    identities = engine.identities
    choice = SettingChoice(engine.model, identities, engine.matrix, account_settings)
    seen = {who: [_account(identities, who)] for who in identities.names()}
    for number in range(1, _MOST_WORLDS + 1):
        best = choice.best(seen)
        if best is None:
            break
        who, wanted = best
        seen[who].append({**_account(identities, who), **dict(wanted)})
        said = ", ".join(f"{path}={value}" for path, value in wanted)
        engine.say(f"{who} sets {said}")
        changes = {p: v for p, v in wanted if identities.set_by(who, p) != v}
        tried = (account_settings.flip(who, path, value) for path, value in changes.items())
        refused = next((each for each in tried if not each), None)
        if refused is None:
            engine.state.enter(f"world {number}", who)
            ask()
        else:
            engine.results.remark(f"{refused.why}: {said} of {who}")
    if engine.state.world.startswith("world "):
        engine.state.enter(LAST_LOOK, engine.state.changed)
        ask()


def unchangeable(
    engine: Engine, account_settings: AccountSettings, cells: Iterable[Cell]
) -> Iterator[str]:
    """Settings of accounts that the run might have changed and had no way to, where something is
    untested for that: nobody has had them as these cells need them."""
    missing: dict[str, dict[str, None]] = {}
    for cell in cells:
        for name, text in cell.state if cell.result is Result.UNTESTED else ():
            path = account_settings.policy.state_source(cell.resource, name)
            resource = engine.model.policy.resources[path.partition(".")[0]]
            if account_settings.switch(path) is not None or is_one_of_many(engine.model, resource):
                continue
            had = {value for (_, at), value in engine.identities.states.items() if at == path}
            if had and text not in map(canonical, had):
                missing.setdefault(path, {})[text] = None
    for path, values in missing.items():
        named = " and ".join(f"`{each}`" for each in values)
        yield (
            f"accounts whose `{path}` is {named} are untested: no identity has this value, and the"
            " contract names no `switch` by which the scan could set it; name one, give an identity"
            " this value, or scan without `--allow-own-settings`"
        )


def _account(identities: KnownIdentities, who: str) -> dict[str, Json]:
    every = identities.states | identities.overrides
    return {path: value for (name, path), value in every.items() if name == who}
