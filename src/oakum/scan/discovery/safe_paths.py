"""Whether the words of an undocumented path suggest that a GET of it is safe (RFC 9110, 9.2.1).

Paths in a front end's scripts have no documented method, and no list of verbs is complete. So this
is an allow list: a path is not requested unless its last word is a noun for a thing (`/cart/items`,
`/users/{id}/history`) or a verb that reads (`/export`), and no word before it may be a command.
`/orders/{id}/settle` is therefore not requested.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from oakum.inference.lexicon import singular, word_set, words
from oakum.inference.path_nouns import ACCOUNTS
from oakum.inference.side_effects import CHANGES, LINKS, NOUN_HEADS, THINGS, may_command
from oakum.inference.unsafe_writes import asks_for_change

_READS = word_set(
    "browse calculate compare count describe display download export find get inspect list lookup "
    "preview query search show stream view"
)
"""Verbs that make a last segment a read on their own. `read`, `check` and `fetch` are missing: they
may mark something as read, or call another server."""
_HEADS = _READS | word_set("fetch load retrieve")
"""Verbs that make a segment a read if they come first: `fetchProfile`."""
_BOTH = word_set(
    "access archive bill book chat clone comment contact copy cover draft email feature file index "
    "invoice issue label link log mail message order place progress queue rank rate reference "
    "report request schedule share sms stage star sync tag text token trace track transport"
)
"""Nouns that at the end of a path may also be commands to order, send or report something."""
_SHOWS = (
    THINGS
    | NOUN_HEADS
    | ACCOUNTS
    | word_set(
        "about all article atom biography breakdown brief card catalog class clinic club "
        "cohort collection county course crew csv current dashboard dataset demo device directory "
        "doc employer enum everybody everyone exam excerpt faq federation fleet gateway geo "
        "glossary guild heatmap help ics insight intro json latest league ledger legend lesson "
        "library lineup locale loyalty manager me metric mine museum my neighbour newsfeed "
        "office org organisation organization page party partner pdf peer people policy portfolio "
        "qr qrcode ranking recipe region registry reputation revision roster rss salary "
        "schema school season self shop sitemap skill snapshot speed squad staff statement "
        "station streak studio subject supplier syllabus team telemetry tenant terms "
        "terrain tile transcript university vcard vcf vehicle vendor venue vicinity vitals "
        "voucher ward warehouse whoami workspace xls xlsx xml yaml"
    )
) - _BOTH
_SCOPES = word_set(
    "active admin admins ajax alpha anonymous api app auth backend backoffice beta bff client "
    "common console core external frontend graph graphql internal json legacy management "
    "mobile module new open ops pending platform popular portal private public recent rest rpc "
    "secure server service site system top trending unread upcoming web www"
)
"""Words at the start of paths, and adjectives, that are no commands."""
_ACTS = word_set("action act cmd command do event func function method op task todo trigger verb")
"""Query parameters whose value is a verb."""
_EXTENSION = re.compile(r"\.\w{1,5}$")
_HOLE = re.compile(r"\{[^{}]*\}")
_VERSION = re.compile(r"v?\d[\d.]*(?:beta|alpha)?\d*")


def may_be_read(
    path: str, query: Iterable[tuple[str, str]] = (), known: Collection[str] = frozenset()
) -> bool:
    """Whether nothing but reading is to be expected of a GET of a template.

    `known`: nouns in the singular that a contract and its document name things by.
    """
    segments = [each for each in path.split("/") if each]
    literal = [nth for nth, each in enumerate(segments) if _words(each)]
    if not literal or not all(_asks(name, value, known) for name, value in query):
        return False
    *before, last = literal
    if not all(_may_stand_before(_words(segments[nth]), known) for nth in before):
        return False
    names_one = last + 1 < len(segments)  # `/orders/{id}`
    after_one = last > 0 and last - 1 not in literal  # `/orders/{id}/settle`
    return _names_a_thing(_words(segments[last]), known, names_one, after_one)


def _words(segment: str) -> tuple[str, ...]:
    """Words of the literal text of a segment, without an extension; empty for a parameter or a
    version."""
    text = _EXTENSION.sub("", _HOLE.sub(" ", segment))
    return () if _VERSION.fullmatch(text.lower()) else words(text)


def _names_a_thing(
    said: tuple[str, ...], known: Collection[str], names_one: bool, after_one: bool
) -> bool:
    *first, last = said
    if said[0] in _HEADS and not (CHANGES | LINKS).intersection(said[1:]) - THINGS:
        return len(said) > 1 or last in _READS
    if names_one and not first and (len(last) == 1 or singular(last) in known):
        return True  # `/u/{id}`
    noun = last in _SHOWS or (_is_plural(last) and last not in _BOTH)
    noun = noun or (not after_one and last in known and last not in CHANGES | _BOTH)
    return noun and all(_may_stand_before((each,), known) for each in first)


def _may_stand_before(said: tuple[str, ...], known: Collection[str]) -> bool:
    """Whether no word of a segment is a command to what follows it: `/settle/bills`."""
    return all(
        singular(each) in known
        or each in _SHOWS | _SCOPES | _HEADS
        or _is_plural(each)
        or (not may_command(each) and each not in CHANGES | LINKS)
        for each in said
    )


def _is_plural(word: str) -> bool:
    return singular(word) != word


def _asks(name: str, value: str, known: Collection[str]) -> bool:
    """Whether a part of a query requests data instead of naming an action."""
    said = words(name)
    if asks_for_change(name) or not set(said).isdisjoint(CHANGES - THINGS - frozenset(known)):
        return False
    verb = words(value) if "{" not in value else ("?",)
    return not (set(said) & _ACTS and verb and not _names_a_thing(verb, known, False, True))
