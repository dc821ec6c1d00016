"""Members of tenants and their roles, learnt from recorded member lists.

A list shows who is in it. It shows who is not only if it is complete and its caller is one of the
members, since others may be shown a part. A write about an account or a tenant makes the facts
about it unknown. In memory only; holds ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz.id_spelling import identifier
from oakum.authz.relations import has_role
from oakum.authz.three_valued_logic import Truth
from oakum.http.json_pointer import path_of, value_at, values_at
from oakum.openapi.model import Json, Operation
from oakum.policy.model import Policy, Relation

_MOST = 500
"""How many tenants, and how many members of each, are remembered; later ones are ignored."""
_MOST_CHANGED = 200_000


@dataclass
class TenantMembers:
    """Members of tenants. Facts carry a sequence number, so that later writes invalidate them."""

    _turn: int = 0
    _rows: dict[tuple[str, str], dict[str, tuple[Truth, int]]] = field(default_factory=dict)
    """(relation, tenant) → account → (whether it is a member in the role, sequence number)."""
    _whole: dict[tuple[str, str], int] = field(default_factory=dict)
    """(relation, tenant) → sequence number of its latest complete member list."""
    _own: dict[tuple[str, str], int] = field(default_factory=dict)
    """(relation, account) → sequence number of the latest complete list of the account's
    tenants."""
    _changed: dict[str, int] = field(default_factory=dict)
    """Account or tenant → sequence number of the latest write about it."""

    def __bool__(self) -> bool:
        return bool(self._rows)

    def forget(self, ids: Iterable[str]) -> None:
        """Invalidates facts about these accounts and tenants, which a write may have changed."""
        if not self._rows:
            return
        self._turn += 1
        self._changed.update(dict.fromkeys(ids, self._turn))
        if len(self._changed) > _MOST_CHANGED:
            for known in (self._rows, self._whole, self._own, self._changed):
                known.clear()

    def learn(
        self, relation: Relation, value: Json, whole: bool, tenant: str, caller: Collection[str]
    ) -> None:
        """Learns from a list: of a tenant's members, or of the caller's tenants (`of: caller`)."""
        self._turn += 1
        told = dict(_roles_by_id(relation, value))
        own = relation.of == "caller"
        for id, here in told.items():
            at = (relation.name, id if own else tenant)
            if at not in self._rows and len(self._rows) >= _MOST:
                continue
            known = self._rows.setdefault(at, {})
            known.update(dict.fromkeys(caller if own else (id,), (here, self._turn)))
        if own and whole:
            self._own.update({(relation.name, id): self._turn for id in caller})
        elif whole and not told.keys().isdisjoint(caller) and (relation.name, tenant) in self._rows:
            self._whole[relation.name, tenant] = self._turn

    def of(self, caller: Collection[str]) -> Mapping[tuple[str, str], bool]:
        """(relation, tenant) → whether a caller with these ids is a member; unknown ones are left
        out."""
        found = {at: self._says(at, caller) for at in self._rows}
        return {at: said for at, said in found.items() if said is not None}

    def _says(self, at: tuple[str, str], caller: Collection[str]) -> Truth:
        told = [self._of_one(at, id) for id in caller]
        return True if True in told else None if None in told or not told else False

    def _of_one(self, at: tuple[str, str], id: str) -> Truth:
        since = max(self._changed.get(id, 0), self._changed.get(at[1], 0))
        said, when = self._rows[at].get(id, (None, 0))
        lists = max(self._whole.get(at, 0), self._own.get((at[0], id), 0))
        if when > since and when >= lists:
            return said
        return False if lists > since else None


def member_parameters(policy: Policy, operation: Operation) -> tuple[str, str]:
    """The path parameters (member, tenant); the member is empty if the path names none. It is the
    one that `params` fills with a field of an account, or else the last of several."""
    paths = [each.name for each in operation.parameters if each.where == "path"]
    paths.sort(key=lambda name: operation.path.find(f"{{{name}}}"))
    rule = policy.operations.get(operation.id)
    params = rule.params if rule is not None else {}
    accounts = {name for name, each in policy.resources.items() if each.is_account}
    persons = [name for name in paths if params.get(name, "").partition(".")[0] in accounts]
    person = persons[-1] if persons else paths[-1] if len(paths) > 1 else ""
    return person, next((name for name in reversed(paths) if name != person), "")


def _roles_by_id(relation: Relation, value: Json) -> Iterator[tuple[str, Truth]]:
    """(id, whether its row has the role) for each row of a list."""
    pointer = path_of(relation.pointer)
    end = max((n for n, each in enumerate(pointer, 1) if each == "*"), default=0)
    row, at = pointer[:end], pointer[end:]
    role = path_of(relation.role)[len(row) :]
    found: dict[str, list[Truth]] = {}
    for each in values_at(value, row):
        id = identifier(value_at(each, at))
        here = not relation.role or has_role(relation, value_at(each, role))
        if id is not None:
            found.setdefault(id, []).append(here)
    for id, said in found.items():
        yield id, True if True in said else None if None in said else False
