"""Searches by a word that the contract has no source for.

A search with `q` shows nothing without a word. A word that only a hidden object of an owner
contains is sent as that owner. If it finds something that an unused word does not, every other kind
of viewer sends it, too, and the responses are judged like any other (CWE-639).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, zip_longest

from oakum.exposure.endpoints.offered_values import has_choices
from oakum.exposure.endpoints.probes import Probe
from oakum.inference.lexicon import words
from oakum.openapi.model import Parameter
from oakum.scan.engine import Engine
from oakum.scan.filters.query_languages import is_text
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import fill
from oakum.scan.requests.parameter_meanings import TERMS

HOW = "option"
_WORD = re.compile(r"[^\W\d_]{5,}")
_MOST_WORDS = 3
_MOST_OWNERS = 2
_NOBODYS = "oakumword"
"""A word that no object contains."""


def ask_by_words(engine: Engine) -> None:
    """Asks each search by words of hidden values."""
    for probe in list(engine.state.probes):
        parameter, numbers = search_term(probe), count(1)
        for who in engine.identities.subjects()[:_MOST_OWNERS] if parameter is not None else ():
            assert parameter is not None
            for word in list(_words(engine, who))[:_MOST_WORDS]:
                if is_spent(engine.context.pace):
                    return
                way = _way(probe, parameter, word, next(numbers))
                if _finds(engine, _way(probe, parameter, _NOBODYS), way, who):
                    engine.matrix.open(way)
                    engine.state.keep_way(way)
                    for viewer in (who, *engine.watchers(who)):
                        engine.put(way, viewer, None)


def search_term(probe: Probe) -> Parameter | None:
    """The parameter for the search word, if it has no source and all others have one."""
    if probe.how or probe.query or probe.personal or probe.batch or probe.asks is not None:
        return None
    for each in probe.operation.parameters:
        free = each.name not in {*probe.sources, *probe.fixed}
        other = {*probe.unfilled} - {each.name}
        term = free and not other and not TERMS.isdisjoint(words(each.name))
        if each.where == "query" and term and is_text(each.shape) and not has_choices(each):
            return each
    return None


def _words(engine: Engine, who: str) -> Iterator[str]:
    """Words that occur only in hidden values of one identity, the longest of each value first,
    since some values may belong to an object that is open."""
    own: list[list[str]] = []
    others: set[str] = set()
    for (name, resource, path), values in engine.knowledge.own.items():
        found = [
            sorted({word.casefold() for word in _WORD.findall(value)}, key=_longest)
            for value in sorted(values)
        ]
        if name != who:
            others.update(*found)
        elif any(not engine.may_see(resource, path, each, who) for each in engine.watchers(who)):
            own += found
    alone = [[word for word in each if word not in others] for each in own]
    turns = zip_longest(*alone, fillvalue="")
    yield from dict.fromkeys(word for turn in turns for word in turn if word)


def _longest(word: str) -> tuple[int, str]:
    return -len(word), word


def _way(probe: Probe, parameter: Parameter, word: str, number: int = 1) -> Probe:
    name, also = parameter.name, "" if number == 1 else f"_{number}"
    way = probe.otherwise(HOW, query=((name, word),), veiled={name: f"$OWN_WORD{also}"})
    return replace(way, unfilled=tuple(each for each in way.unfilled if each != name))


def _finds(engine: Engine, nothing: Probe, way: Probe, who: str) -> bool:
    """Whether the owner receives more for the word than for an unused word."""
    bodies: list[bytes] = []
    for each in (nothing, way):
        filled = fill(each, engine.target, engine.knowledge, None)
        answer = engine.send(each, who, filled) if filled is not None else None
        if answer is None or not answer.ok:
            return False
        bodies.append(answer.body)
    return len(bodies[1]) > len(bodies[0])
