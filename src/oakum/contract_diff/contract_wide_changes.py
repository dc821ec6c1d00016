"""Parts of a contract outside its tables, and whether a change opens or closes them.

How a caller is identified, who owns an object, counts, limits, what a gateway forwards unread: no
table contains these, and all of them decide what is shown. A change without a direction, such as
another way to identify the caller, counts as wider and as narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from oakum.authz.compiled_model import Model
from oakum.contract_diff.endpoint_places import DeclaredEndpoint
from oakum.errors import NOWHERE, Location
from oakum.policy.model import Limit, OperationRule, Policy, Resource

_STAND_INS = {"refuse": 0, "absent": 1, "null": 2}
"""How much a withheld field reveals, from least to most: nothing, since the whole response is
refused; only its absence; its name."""


@dataclass(frozen=True)
class OutsideChange:
    """A change of something that no table contains, as a sentence and a direction."""

    widens: bool
    narrows: bool
    sentence: str
    resource: str = ""
    endpoints: tuple[str, ...] = ()
    location: Location = NOWHERE


def terms(
    old: Model,
    new: Model,
    before: Mapping[str, DeclaredEndpoint],
    after: Mapping[str, DeclaredEndpoint],
) -> tuple[OutsideChange, ...]:
    """Every change outside the tables, such as caller identification or limits."""
    found = [*_whole(old.policy, new.policy), *_gateway(old.policy, new.policy)]
    found += _unseen(old.policy, new.policy)
    for name, each in new.policy.resources.items():
        if name in old.policy.resources:
            found += _resource(old.policy.resources[name], each)
    for key, endpoint in after.items():
        if key in before:
            rules = (old.rule(before[key].operation.id), new.rule(endpoint.operation.id))
            found += _endpoint(endpoint, *rules)
            found += _sizes(endpoint, *rules)
    return tuple(found)


def _whole(old: Policy, new: Policy) -> Iterator[OutsideChange]:
    if old.caller != new.caller:
        yield OutsideChange(True, True, "callers are identified differently")
    limits = {each.name: each for each in old.limits}, {each.name: each for each in new.limits}
    for name in dict.fromkeys([*limits[1], *limits[0]]):
        was, now = limits[0].get(name), limits[1].get(name)
        if was is None or now is None or _pace(was) == _pace(now):
            if (was is None) is not (now is None):
                gone = now is None
                place = now.location if now else NOWHERE
                word = "gone" if gone else "new"
                yield OutsideChange(
                    gone, not gone, f"the limit of `{name}` is {word}", location=place
                )
            continue
        wider = now.most > was.most or now.most / now.per > was.most / was.per
        tighter = now.most < was.most or now.most / now.per < was.most / was.per
        said = f"the limit of `{name}` is {now.most} in {now.per:g} s, and was {was.most} in"
        yield OutsideChange(wider, tighter, f"{said} {was.per:g} s", location=now.location)


def _pace(limit: Limit) -> tuple[object, ...]:
    return limit.kind, limit.most, limit.per


def _resource(old: Resource, new: Resource) -> Iterator[OutsideChange]:
    if old.conceal != new.conceal:
        wide = not new.conceal
        said = "told apart from" if wide else "answered exactly as"
        sentence = f"a forbidden `{new.name}` is now {said} an absent one"
        yield OutsideChange(wide, not wide, sentence, new.name, location=new.location)
    if old.draft != new.draft:
        word = "drafted and not confirmed" if new.draft else "confirmed"
        yield OutsideChange(
            False, False, f"`{new.name}` is now {word}", new.name, location=new.location
        )
    graver = {rule.path: rule.severity for rule in old.fields}
    for rule in new.fields:
        before_that = graver.get(rule.path, rule.severity)
        if before_that != rule.severity:
            says = f"`{rule.severity}`" if rule.severity else "what follows from the leak"
            sentence = f"the severity of a leak of `{rule.path}` of `{new.name}` is now {says}"
            yield OutsideChange(False, False, sentence, new.name, location=rule.location)
    was = {rule.path: rule.instead for rule in old.fields}
    for rule in new.fields:
        if (before := was.get(rule.path, rule.instead)) != rule.instead:
            wide = _STAND_INS[rule.instead] > _STAND_INS[before]
            sentence = (
                f"`{rule.instead}` replaces a withheld `{rule.path}` of `{new.name}`; before,"
                f" `{before}` did"
            )
            yield OutsideChange(wide, not wide, sentence, new.name, location=rule.location)


def _endpoint(
    endpoint: DeclaredEndpoint, old: OperationRule, new: OperationRule
) -> Iterator[OutsideChange]:
    name = (endpoint.name,)
    if old.owner != new.owner:
        sentence = f"whose objects `{endpoint.name}` shows is read from another parameter"
        yield OutsideChange(True, True, sentence, endpoints=name, location=new.location)
    if old.login != new.login:
        said = f"the account that callers of `{endpoint.name}` have just logged in to"
        sentence = (
            f"{said} is read elsewhere"
            if old.login and new.login
            else f"{said} is " + ("said" if new.login else "no longer said")
        )
        wide, narrow = bool(new.login), bool(old.login)
        yield OutsideChange(wide, narrow, sentence, endpoints=name, location=new.location)
    yield from _left_out(endpoint.name, old, new)
    for pointer in _missing_items(old.counts, new.counts):
        sentence = f"`{endpoint.name}` no longer withholds the count at `{pointer}`"
        yield OutsideChange(True, False, sentence, endpoints=name, location=new.location)
    for pointer in _missing_items(new.counts, old.counts):
        sentence = f"`{endpoint.name}` withholds the count at `{pointer}`"
        yield OutsideChange(False, True, sentence, endpoints=name, location=new.location)
    for each in _missing_items(old.without, new.without):
        sentence = f"a guard no longer takes `{each}` out of questions to `{endpoint.name}`"
        yield OutsideChange(True, False, sentence, endpoints=name, location=new.location)
    for each in _missing_items(new.without, old.without):
        sentence = f"a guard takes `{each}` out of questions to `{endpoint.name}`"
        yield OutsideChange(False, True, sentence, endpoints=name, location=new.location)


def _sizes(
    endpoint: DeclaredEndpoint, old: OperationRule, new: OperationRule
) -> Iterator[OutsideChange]:
    """How much one request may ask for."""
    for name in dict.fromkeys([*new.at_most, *old.at_most]):
        was, now = old.at_most.get(name), new.at_most.get(name)
        if was == now:
            continue
        wide = now is None or (was is not None and now > was)
        said = f"one request to `{endpoint.name}` may ask for `{name}` "
        said += "without a limit" if now is None else f"of at most {now:,}"
        said += "" if was is None else f"; before, at most {was:,}"
        yield OutsideChange(wide, not wide, said, endpoints=(endpoint.name,), location=new.location)


def _unseen(old: Policy, new: Policy) -> Iterator[OutsideChange]:
    """Relations without a test identity, whose access may widen unnoticed."""
    for name, now in new.relations.items():
        was = old.relations.get(name)
        if was is not None and bool(was.untested) != bool(now.untested):
            said = "a scan asks for no" if now.untested else "a scan asks for an"
            sentence = f"{said} identity that is `{name}`"
            sentence += f": {now.untested}" if now.untested else ""
            yield OutsideChange(
                bool(now.untested), not now.untested, sentence, location=now.location
            )


def _left_out(name: str, old: OperationRule, new: OperationRule) -> Iterator[OutsideChange]:
    """Operations excluded from the scan, whose access may widen unnoticed."""
    if bool(old.untested) == bool(new.untested):
        return
    said = "no longer tests" if new.untested else "tests"
    sentence = f"a scan {said} `{name}`" + (f": {new.untested}" if new.untested else "")
    yield OutsideChange(
        bool(new.untested), not new.untested, sentence, endpoints=(name,), location=new.location
    )


def _gateway(old: Policy, new: Policy) -> Iterator[OutsideChange]:
    was, now = old.guard, new.guard
    for what, before, after in (
        ("passes `{}` unread", was.passes, now.passes),
        ("lets WebSockets through at `{}`", was.websockets, now.websockets),
        ("lets the response header `{}` through", was.headers, now.headers),
        ("lets the request header `{}` through", was.request_headers, now.request_headers),
        ("lets the cookie `{}` through", was.cookies or (), now.cookies or ()),
    ):
        for each in _missing_items(after, before):
            yield OutsideChange(True, False, f"a guard {what.format(each)}")
        for each in _missing_items(before, after):
            yield OutsideChange(False, True, f"a guard no longer {_plural(what).format(each)}")
    for each in _missing_items(was.strip, now.strip):
        yield OutsideChange(True, False, f"clients may send the header `{each}`")
    for each in _missing_items(now.strip, was.strip):
        yield OutsideChange(False, True, f"clients may no longer send the header `{each}`")
    tokens = [
        (t.keys, t.algorithms, t.issuer, t.audiences) if t else None
        for t in (was.tokens, now.tokens)
    ]
    for said, changed in (
        ("tokens are verified differently", tokens[0] != tokens[1]),
        ("API keys are read from another file", was.api_keys != now.api_keys),
        ("other host names are accepted", set(was.hosts) != set(now.hosts)),
        ("another number of proxies in front is trusted", was.hops != now.hops),
    ):
        if changed:
            yield OutsideChange(True, True, said)
    if was.ttl != now.ttl:
        longer = now.ttl > was.ttl
        said = f"relation look-ups are cached for {now.ttl:g} s; before, for {was.ttl:g} s"
        yield OutsideChange(longer, not longer, said)


def _plural(what: str) -> str:
    return what.replace("passes", "pass", 1).replace("lets", "let", 1)


def _missing_items(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Items of the first list that are missing from the second."""
    kept = set(after)
    return [each for each in dict.fromkeys(before) if each not in kept]
