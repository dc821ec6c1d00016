"""What an optional parameter may mean: a page size, a person, an expansion, a filter.

It may name a person or an object (`userId`, `as_user`), filter by a field, perhaps with an operator
or under another name (`memo__startswith`, `phone_number`), take a query in a language (`$filter`),
offer choices, or switch something on (`debug`). Techniques ask here what to send; what none of them
has sent is untried, and `oakum.scan.requests.unsent_parameters` says so.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from oakum.authz import Model
from oakum.exposure.endpoints import Probe, names_a_person
from oakum.exposure.request_bodies import body_members
from oakum.inference.lexicon import FieldClass, label_field, listed, singular, words
from oakum.inference.nouns import ACCOUNTS
from oakum.inference.unsafe_writes import asks_for_change
from oakum.openapi.model import Parameter, Shape
from oakum.scan.requests.builder import unlike

TERMS = listed("q query search term keyword text name filter find match contains like")
VIEWS = listed("view detail details mode level verbosity profile representation")
PICKS = listed("fields select attributes columns props only projection")
OMITS = listed("omit exclude excluded except without hide")
FORMATS = listed("format output accept type")
SWITCHES = listed("all debug detailed full raw show trace verbose")
ORDERS = listed("dir direction order orderby ordering sort sortby")
NEVER = frozenset(
    ("accept", "authorization", "content-type", "cookie", "host", "x-http-method-override")
)
"""Headers, in lower case, that HTTP itself or a login has a use for."""
_IDS = listed("id uuid guid key")


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
            continue  # the call's own (JSON-RPC 2.0, 4)
        acts = any(asks_for_change(step, "", member.shape.kinds) for step in member.at)
        if not (member.required or member.shape.properties or acts):
            yield Parameter(name, "body", shape=member.shape)


def free(probe: Probe) -> Iterator[Parameter]:
    """Optional parameters that have no value yet, here or in the request beside this one."""
    for each in optional(probe):
        if each.name not in {*probe.sources, *probe.fixed, *probe.lacks}:
            yield each


# -------------------------------------------------- parameters that name a person

_ACTS = listed("act acting as behalf for impersonate impersonated of on run sudo")
"""Words of a parameter that says as whom to answer, beside the noun of an account."""
_ALONE = listed("impersonate sudo")
_SAYS = frozenset((("act", "as"), ("run", "as"), ("on", "behalf", "of"), ("acting", "as")))
_VIEW = frozenset((("profile",), ("client",)))
"""Nouns of accounts that alone say something else."""
_BARE = frozenset((each,) for each in (*_IDS, "name", "code", "number", "slug"))
"""Names that say of which kind they are only where they stand."""
_PAGES = listed("after before cursor from last max min next offset page previous since start until")


@dataclass(frozen=True)
class Whom:
    """Whom an optional parameter names, told by what the same name means elsewhere: a path
    parameter, the key of a resource, a field that holds an owner or names one person."""

    model: Model
    meant: Mapping[tuple[str, ...], str]
    """Words of a name → `Resource.field` of somebody's; no words → the key of an account."""

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
        """The keys that may fill a member of a body that is called no more than an id: those of
        what the response shows. A search that knows one by its id says no more of which kind."""
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


_OF_A_CALL = listed("client correlation idempotency nonce request session span trace")
"""Words of ids that name the call or its caller, and no data."""


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


# ------------------------------------------------------------------- filter parameters

_EQUALS = listed(
    "by criteria eq equals exact filter filters find i iexact in ieq is match matches of q query"
    " search value where"
)
_PARTS = listed(
    "any begin begins cont contain containing contains end ending ends endswith has icontains"
    " iendswith ilike istartswith like part prefix start starting starts startswith suffix with"
)
"""The whole value is a part of itself, and its own beginning and end."""
_PATTERNS = listed("iregex pattern regex regexp")
_FROM = listed("min minimum gt gte gteq ge from after since above over start least")
_UPTO = listed("max maximum lt lte lteq le to until before below under end most")
_NOT = listed("exclude excluded excluding except ne neq nin not without")
_SET = listed("exists present notnull set")
_UNSET = listed("blank empty isnull missing null unset")
_YEAR = listed("year")
_OPERATORS = (
    _EQUALS | _PARTS | _PATTERNS | _FROM | _UPTO | _NOT | _SET | _UNSET | _YEAR | listed("cs and")
)
_SAME = listed("address no num number text")
"""Words that another name for the same thing has besides: `phone_number`, `email_address`."""
_VAGUE = listed("id uuid guid key name title type kind status state date time code number value")
"""Names of fields that stand in names of other things too."""
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Filter:
    """What a parameter that filters by a field is given."""

    said: frozenset[str]
    """Words of its name beside the field's."""
    named: bool
    """It is called like the field and nothing else; else perhaps after another one."""

    @property
    def by_value(self) -> bool:
        """Whether it is given a value that objects have, or a part of it."""
        return not self.said & (_FROM | _UPTO | _NOT | _SET | _UNSET | _YEAR | _PATTERNS)

    def pair(self, value: str, other: str) -> tuple[str, str] | None:
        """Two texts of which only the first matches an object with `value`; `other`: another value.
        None if unknown."""
        above, below = bool(self.said & _FROM), bool(self.said & _UPTO)
        if above or below:
            less, more = _next(value, -1), _next(value, 1)
            if less is not None and more is not None:
                return (less, more) if above else (more, less)
            if not self.said & _PARTS:
                return None
        negated = bool(self.said & _NOT)
        if self.said & (_SET | _UNSET):
            return ("false", "true") if bool(self.said & _UNSET) != negated else ("true", "false")
        if self.said & _YEAR:
            value, other = value[:4], another(value[:4])
        if self.said & _PATTERNS:
            value, other = re.escape(value), re.escape(other)
        return (other, value) if negated else (value, other)


def filter_by(parameter: Parameter, field: str) -> Filter | None:
    """How an optional parameter may filter by a field; None if its name does not suggest it.

    Recognises the field's name with operators of common dialects (Ransack's `_cont`, Django's
    `__startswith`, `email[like]`), synonyms, and additional words.
    """
    said, own = words(parameter.name), words(field.rpartition(".")[2])
    if not own or parameter.shape.enum:
        return None
    rest = _beside(said, own)
    unsaid = frozenset(rest or ()) - _OPERATORS - _SAME
    if rest is None or (unsaid and (own[-1] in _VAGUE or _vague(unsaid))):
        return None
    alone = set(rest) <= _OPERATORS and set(own) <= set(said)
    found = Filter(frozenset(rest), alone)
    if parameter.shape.kinds - {"null"} == {"boolean"} and not found.said & (_SET | _UNSET):
        return None
    return found


def _vague(unsaid: frozenset[str]) -> bool:
    """Whether words beside a field's say that something about it is meant: `email_verified`."""
    return any(each.endswith("ed") for each in unsaid)


def _beside(said: tuple[str, ...], own: tuple[str, ...]) -> list[str] | None:
    """Words of a name beside a field's; None: it is none of the field's names."""
    if set(own) <= set(said):
        return [each for each in said if each not in own]
    if "".join(own) in said:
        return [each for each in said if each != "".join(own)]
    core = tuple(each for each in said if each not in _OPERATORS)
    if core and _thing(core) and _thing(core) == _thing(own):
        return [each for each in said if each not in core]
    return None


@lru_cache(maxsize=1 << 14)
def _thing(said: tuple[str, ...]) -> str:
    """What the lexicon says that a name names (`dob`: a date of birth); empty: nothing."""
    label = label_field("_".join(said))
    named = label.kind not in (FieldClass.PLAIN, FieldClass.KEY, FieldClass.HANDLE)
    return label.reason.partition("` names ")[2] if named else ""


def another(value: str) -> str:
    """Another value of the same form: the next number or date, otherwise a similar text; the value
    itself if none is safe."""
    plain = _NUMBER.fullmatch(value) or _DATE.fullmatch(value)
    return (plain and _next(value, 1)) or unlike(value)


_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _next(value: str, step: int) -> str | None:
    try:
        return str(int(value) + step)
    except ValueError:
        pass
    try:
        number = float(value)
        return str(int(number) + step) if number.is_integer() else str(number + step)
    except (ValueError, OverflowError):
        pass
    try:
        return (datetime.date.fromisoformat(value[:10]) + step * _DAY).isoformat()
    except (ValueError, OverflowError):
        return None


# -------------------------------------------------------------------------- query languages

_LANGUAGES = listed("criteria filter filters where")
_SEARCHES = listed("find keyword match q query search term text")
_ASKS = ("{field}:{value}", "{field} eq {value}", '{{"{field}":"{value}"}}')
_TYPED = (
    "{field} eq '{quoted}'",
    "contains({field},'{quoted}')",
    '{field} eq "{value}"',
    '{field}=="{value}"',
)
"""Literals of a text: OData (v4.01, 5.1.1.6.1), SCIM (RFC 7644, 3.4.2.2), RSQL."""
BARE = "{value}"


def forms(parameter: Parameter) -> tuple[str, ...]:
    """Query syntaxes that a parameter may accept, judged by its name; empty if none."""
    said = frozenset(words(parameter.name))
    if not said or parameter.shape.enum or not said <= _LANGUAGES | _SEARCHES | _EQUALS:
        return ()
    bare = (BARE,) if said & _SEARCHES else ()
    if parameter.name.startswith("$"):  # OData's own parameters
        return (*_TYPED[:2], _ASKS[1]) if said & _LANGUAGES else bare
    asks = _ASKS if said & (_LANGUAGES | _SEARCHES) else ()
    return (*_TYPED[:1], *asks, *_TYPED[1:]) if said & _LANGUAGES else (*bare, *asks)


def put(form: str, field: str, value: str) -> str:
    """A query in one of `forms`. SCIM (RFC 7644, 3.5.2), RSQL and document stores name a member of
    the elements of a list without a step for the list: `emails.value`."""
    return form.format(field=field.replace(".*", ""), value=value, quoted=value.replace("'", "''"))


def is_text(shape: Shape) -> bool:
    """Whether a parameter accepts any text."""
    return not shape.enum and (not shape.kinds or "string" in shape.kinds)
