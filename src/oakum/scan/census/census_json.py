"""A census as JSON, encrypted in the journal and read by `oakum scan --restore`.

It contains whole objects with personal data, and the ids by which the run recognised their owners.
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
from oakum.scan.undo.visibility_wait import VisibilityWait


def as_json(census: Census) -> Json:
    """What the first reading showed, as JSON."""
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
    value: Mapping[str, Json], engine: Engine, relations: Relations, patience: VisibilityWait
) -> Census:
    """The census of a killed run, ready to compare; the engine learns the ids of the identities.
    Requests that can no longer be sent are noted. Raises `KeyError`, `TypeError` or `ValueError`
    for an invalid record."""
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
            if not id.startswith("\0"):  # a placeholder for an unknown account
                engine.identities.learn(who, id)


def _rows(rows: Iterable[Json], engine: Engine) -> Rows:
    known = engine.model.policy.resources
    return {(who, kind, key): row for who, kind, key, row in rows if kind in known}


def keeper(journal: Journal | None, seal: Encryption) -> Callable[[Census], None]:
    """A function that writes a census to the journal; it writes nothing if there is no secret to
    encrypt it with."""

    def keep(census: Census) -> None:
        if journal is not None and seal.holds:
            journal.census(seal.close(as_json(census)))

    return keep


def differences(
    sealed: str, seal: Encryption, engine: Engine, relations: Relations, patience: VisibilityWait
) -> tuple[str, ...]:
    """How the present state differs from that before a killed run, in words without values."""
    try:
        return from_json(seal.open(sealed), engine, relations, patience).differences()
    except (KeyError, TypeError, ValueError):
        return (
            "what the identities were shown before the run cannot be read from the journal (it was"
            " encrypted with other credentials): check their objects by hand",
        )
