"""What an optional parameter may mean: a page size, a person, an expansion, a filter.

It may name a person or an object (`userId`, `as_user`), filter by a field, perhaps with an operator
or under another name (`memo__startswith`, `phone_number`), take a query in a language (`$filter`),
offer choices, or switch something on (`debug`). Techniques ask here what to send; what none of them
has sent is untried, and `oakum.scan.coverage.unsent_parameters` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe, names_a_person
from oakum.exposure.endpoints.request_bodies import body_members
from oakum.inference.lexicon import singular, word_set, words
from oakum.inference.path_nouns import ACCOUNTS
from oakum.inference.unsafe_writes import asks_for_change
from oakum.openapi.model import Parameter

TERMS = word_set("q query search term keyword text name filter find match contains like")
VIEWS = word_set("view detail details mode level verbosity profile representation")
PICKS = word_set("fields select attributes columns props only projection")
OMITS = word_set("omit exclude excluded except without hide")
FORMATS = word_set("format output accept type")
SWITCHES = word_set("all debug detailed full raw show trace verbose")
ORDERS = word_set("dir direction order orderby ordering sort sortby")
NEVER = frozenset(
    ("accept", "authorization", "content-type", "cookie", "host", "x-http-method-override")
)
"""Headers, in lower case, that HTTP itself or a login uses."""
_IDS = word_set("id uuid guid key")


def optional(probe: Probe) -> Iterator[Parameter]:
    """Optional parameters in query, headers and cookies, and members of the body of a read by their
    dotted names, as `where="body"`."""
    for each in probe.operation.parameters:
        header = each.where == "header" and not each.required and each.name.lower() not in NEVER
        # Plain requests never set a cookie parameter.
        if header or each.where == "cookie" or (each.where == "query" and not each.required):
            yield each
    members = body_members(probe.operation) if probe.asks is None else {}
    for name, member in members.items():
        if name == "id" and "jsonrpc" in members:
            continue  # the id of the call (JSON-RPC 2.0, 4)
        acts = any(asks_for_change(step, "", member.shape.kinds) for step in member.at)
        if not (member.required or member.shape.properties or acts):
            yield Parameter(name, "body", shape=member.shape)


def free(probe: Probe) -> Iterator[Parameter]:
    """Optional parameters that have no value yet, here or in the request beside this one."""
    for each in optional(probe):
        if each.name not in {*probe.sources, *probe.fixed, *probe.lacks}:
            yield each


# -------------------------------------------------- parameters that name a person

_ACTS = word_set("act acting as behalf for impersonate impersonated of on run sudo")
"""Words of a parameter that says as whom to respond, beside the noun of an account."""
_ALONE = word_set("impersonate sudo")
_SAYS = frozenset((("act", "as"), ("run", "as"), ("on", "behalf", "of"), ("acting", "as")))
_VIEW = frozenset((("profile",), ("client",)))
"""Nouns of accounts that have another meaning alone."""
_BARE = frozenset((each,) for each in (*_IDS, "name", "code", "number", "slug"))
"""Names that say what they identify only through their context."""
_PAGES = word_set(
    "after before cursor from last max min next offset page previous since start until"
)


@dataclass(frozen=True)
class Whom:
    """Which person an optional parameter names, inferred from the same name elsewhere: a path
    parameter, the key of a resource, a field that holds an owner or names one person."""

    model: Model
    meant: Mapping[tuple[str, ...], str]
    """Words of a name → `Resource.field` of personal data; no words → the key of an account."""

    def source(self, probe: Probe, parameter: Parameter) -> str:
        """The `Resource.field` that fills a parameter; empty if it names no known person."""
        if not _takes_an_id(parameter):
            return ""
        found = self._source(_words_of(parameter))
        resource, _, field = found.partition(".")
        # A parameter with the name of a field of the response that is no id is a filter.
        key = self.model.policy.resources[resource].key if found else ""
        filters = resource in probe.shows and field != key and not _is_id(field)
        return "" if filters else found

    def objects(self, probe: Probe, parameter: Parameter) -> tuple[str, ...]:
        """Keys that may fill a body member named only `id`: those of the resources in the
        response."""
        said = _words_of(parameter)
        if parameter.where != "body" or not _takes_an_id(parameter):
            return ()
        if len(said) != 1 or singular(said[0]) not in _IDS - {"key"}:
            return ()
        known = self.model.policy.resources
        owned = [known[name] for name in probe.shows if known[name].owner.kind != "none"]
        return tuple(f"{each.name}.{each.key}" for each in owned if each.key)

    def may_choose(self, parameter: Parameter) -> bool:
        """Whether a parameter's name suggests that it selects an owner; not for paging."""
        said = _words_of(parameter)
        if not said or not _takes_an_id(parameter) or not _PAGES.isdisjoint(said):
            return False
        last = singular(said[-1])
        is_id = last in _IDS - {"key"} and not _OF_A_CALL.intersection(said)
        return is_id or bool(self._source(said))

    def _source(self, said: tuple[str, ...]) -> str:
        for each in (said, (*said[:-1], singular(said[-1]))) if said else ():
            if each in self.meant:
                return self.meant[each]
        account = self.meant.get((), "")
        bare = tuple(singular(each) for each in said if singular(each) not in _IDS)
        if said in _SAYS or (len(said) == 1 and said[0] in _ALONE):
            return account
        acts = len(bare) > 1 and set(bare[:-1]) <= _ACTS
        if bare and bare[-1] in ACCOUNTS and (acts or (len(bare) == 1 and said not in _VIEW)):
            return account
        nouns = {words(each): source for each, source in _keys(self.model).items()}
        return nouns.get(bare[-1:], "") if acts else ""


_OF_A_CALL = word_set("client correlation idempotency nonce request session span trace")
"""Words of ids that identify the call or the client, and no data."""


def whom(model: Model, probes: Iterable[Probe]) -> Whom:
    """Meaning of parameter names, from the contract and the endpoints' paths."""
    found: dict[tuple[str, ...], str] = {}
    resources = model.policy.resources
    owned = {name: each for name, each in resources.items() if each.owner.kind != "none"}
    account = next((name for name, each in owned.items() if each.is_account and each.key), "")
    for name, each in owned.items():
        if each.key:
            source = f"{name}.{each.key}"
            names = [(*words(name), *words(each.key)), (*words(name), "id"), words(each.key)]
            found |= {said: source for said in names if said not in found}
        if account and not each.is_account:
            for member in each.owner.members:
                last = words(member.replace(".", "_"))
                found.setdefault(last, f"{account}.{resources[account].key}")
    for name, each in owned.items():
        for leaf in model.tables[name].leaves:
            source = f"{name}.{leaf}"
            if _is_id(leaf) or (each.is_account and names_a_person(model, source)):
                found.setdefault(words(leaf.rpartition(".")[2]), source)
    for probe in probes:
        for parameter in probe.operation.parameters:
            source = probe.sources.get(parameter.name, "")
            if parameter.where == "path" and parameter.name in probe.personal:
                found[words(parameter.name)] = source
    found = {said: source for said, source in found.items() if said not in _BARE}
    if account:
        found[()] = f"{account}.{resources[account].key}"
    return Whom(model, found)


def _words_of(parameter: Parameter) -> tuple[str, ...]:
    """Words of a name; of a member of a body, without the objects around it."""
    return words(parameter.name.rpartition(".")[2] if parameter.where == "body" else parameter.name)


def _is_id(field: str) -> bool:
    return not {*words(field)[-1:]}.isdisjoint(_IDS)


def _takes_an_id(parameter: Parameter) -> bool:
    shape = parameter.shape
    if shape.items is not None:
        shape = shape.items()
    kinds = shape.kinds - {"null"}
    return (
        not shape.enum
        and not shape.format.startswith("date")
        and (not kinds or bool(kinds & {"string", "integer"}))
    )


def _keys(model: Model) -> Mapping[str, str]:
    return {
        name: f"{name}.{each.key}"
        for name, each in model.policy.resources.items()
        if each.key and each.owner.kind != "none"
    }
