"""A census as JSON, to be encrypted in the journal, and taken up again by `oakum scan --restore`.

It holds whole objects of people. Beside them stands what had told whose they are: the ids that the
run had learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from oakum.openapi.model import Json
from oakum.scan.census.object_snapshots import Census, CensusQuestion, Rows
from oakum.scan.engine import Engine
from oakum.scan.identities.relation_lists import ListedAccounts, Relations
from oakum.scan.journal import Journal
from oakum.scan.requests.builder import FilledRequest
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.entries import request_as_json, request_from_json
from oakum.scan.undo.visibility_wait import Patience


def as_json(census: Census) -> Json:
    """What the first reading has shown."""
    relations = census.relations.before if census.relations is not None else {}
    return {
        "ids": {who: sorted(ids) for who, ids in census.engine.identities.ids.items()},
        "asked": [
            {
                "who": asked.who,
                "probe": asked.probe.id,
                "request": request_as_json(asked.filled.request),
                "params": dict(asked.filled.params),
                "sent": sorted(asked.filled.sent),
                "rows": [[*place, row] for place, row in rows.items()],
            }
            for asked, rows in census.rows
        ],
        "moving": [[*place, member] for place, member in sorted(census.moving)],
        "others": [[*each] for each in sorted(census.others)],
        "relations": [[*at, sorted(found.ids), found.whole] for at, found in relations.items()],
    }


def from_json(
    value: Mapping[str, Json], engine: Engine, relations: Relations, patience: Patience
) -> Census:
    """A census that compares with what a killed run was shown; the engine learns the ids of the
    identities. Remarks on what cannot be asked any more. Raises `KeyError`, `TypeError` or
    `ValueError`."""
    for who, ids in value["ids"].items():
        _learn(engine, who, ids)
    relations.before |= {
        (relation, whose): ListedAccounts(frozenset(ids), whole)
        for relation, whose, ids, whole in value["relations"]
        if relation in relations.policy.relations and whose in engine.identities.ids
    }
    census = Census(engine, relations, patience, recalled=True)
    probes = {probe.id: probe for probe in (*engine.matrix.probes.values(), *engine.state.probes)}
    for each in value["asked"]:
        who, probe = each["who"], probes.get(each["probe"])
        request = request_from_json(each["request"])
        if probe is None or who not in engine.identities.ids:
            engine.results.remark(
                f"`{each['probe']}` as {who} was read before the run wrote and is in the contract"
                " or the identities no more, so that changes to what it shows cannot be detected"
            )
            continue
        filled = FilledRequest(
            request, each["params"], frozenset(each["sent"]), probe.endpoint.path
        )
        census.rows.append((CensusQuestion(who, probe, filled), _rows(each["rows"], engine)))
    census.moving.update(((who, kind, key), at) for who, kind, key, at in value["moving"])
    census.others.update((kind, key) for kind, key in value["others"])
    return census


def _learn(engine: Engine, who: str, ids: Iterable[str]) -> None:
    if who in engine.identities.ids:
        for id in {*ids} - engine.identities.ids[who]:
            if not id.startswith("\0"):  # stands for an account that was not known
                engine.identities.learn(who, id)


def _rows(rows: Iterable[Json], engine: Engine) -> Rows:
    known = engine.model.policy.resources
    return {(who, kind, key): row for who, kind, key, row in rows if kind in known}


def keeper(journal: Journal | None, seal: Encryption) -> Callable[[Census], None]:
    """Writes a census to the journal; without a secret to encrypt it with, not at all."""

    def keep(census: Census) -> None:
        if journal is not None and seal.holds:
            journal.census(seal.close(as_json(census)))

    return keep


def differences(
    sealed: str, seal: Encryption, engine: Engine, relations: Relations, patience: Patience
) -> tuple[str, ...]:
    """What differs from before a killed run, without values."""
    try:
        return from_json(seal.open(sealed), engine, relations, patience).differences()
    except (KeyError, TypeError, ValueError):
        return (
            "what the identities were shown before the run cannot be read from the journal (it was"
            " encrypted with other credentials): check their objects by hand",
        )
