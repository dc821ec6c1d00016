"""Whom an API lists in a relation, read to its end; and the same lists before and after a run.

The law of this module: who does not stand on a page may stand on the next one. A list is whole by
evidence: it stands at its pointer, every row has its id, all pages that it names were read, and
nothing beside it says that it goes on. Only of a whole list it is known who is not on it, and a
trial ends nothing that it has not seen begin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import orjson

from oakum.contract.lexicon import GOES_ON, listed, words
from oakum.contract.model import Json, Policy, Relation
from oakum.errors import OakumError
from oakum.exchange import Request, Response
from oakum.scan.asking import fill
from oakum.scan.cast import Cast
from oakum.scan.doors import Gate
from oakum.scan.knowledge import Knowledge, canonical
from oakum.scan.paging import next_page
from oakum.scan.patience import Patience
from oakum.scan.switches import Ask
from oakum.semantics.model import pattern

_PAGES = 40
"""Pages of a list that are read."""
_MOST = 40
"""Lists that are read before a run writes."""
_AGAIN = (2.0, 4.0)
"""Seconds that are waited before each further reading, where one shows a difference."""
_ON = listed("next more cursor continuation truncated partial incomplete remaining remainder")
_FAILED = listed("error errors warning warnings exception fault")
_TOTALS = listed("total totals count counts found hits")
_USUAL = frozenset((10, 15, 20, 24, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 500))
"""Sizes of a page where nobody says one; so is each multiple of 100."""
_EMPTY: tuple[Json, ...] = (None, False, "", 0, [], {})


@dataclass(frozen=True)
class Listed:
    """Who stands on a list, as far as it was shown."""

    ids: frozenset[str]
    whole: bool
    """Whether nobody else can be on it."""


Bond = tuple[str, str, str]
"""(viewer, relation, owner)."""
Lists = dict[tuple[str, str], Listed]
"""(relation, whose list) → it."""


def read_list(
    ask: Ask, who: str, request: Request, names: Collection[str], at: tuple[str, ...]
) -> Listed | None:
    """The ids at a place of an answer and of the pages after it; None: no answer tells.

    `names`: query parameters that the document declares there. Raises what asking raises.
    """
    ids: set[str] = set()
    sizes: list[int] = []
    asked: Request | None = request
    texts: set[bytes] = set()
    sound, said = True, "silent"
    while asked is not None and len(sizes) < _PAGES:
        answer = ask(who, asked)
        value = _value(answer)
        if value is None:
            if not sizes:
                return None
            sound = False
            break
        if answer.body in texts:
            break  # one page, whatever is asked for
        texts.add(answer.body)
        found = _Found()
        found.walk(value, at)
        ids |= found.ids
        sizes.append(found.rows)
        sound = sound and found.sound
        asked = next_page(asked, answer, names)
        said = _says(found, answer, sum(sizes), len(sizes))
    ended = said == "end" or (len(sizes) > 1 and sizes[-1] < sizes[0])
    usual = sizes[0] in _USUAL or (sizes[0] > 0 and sizes[0] % 100 == 0)
    return Listed(frozenset(ids), sound and said != "on" and (ended or not usual))


def _value(answer: Response) -> Json:
    """The JSON of an answer that is whole; None: it says nothing of a list."""
    if not 200 <= answer.status < 300 or answer.truncated:
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


@dataclass
class _Found:
    """One walk: ids, and what stands around the list."""

    ids: set[str] = field(default_factory=set)
    rows: int = 0
    sound: bool = True
    around: list[tuple[str, Json]] = field(default_factory=list)

    def walk(self, value: Json, path: tuple[str, ...]) -> None:
        if not path:
            rows = value if isinstance(value, list) else [value]
            self.rows += len(rows)
            readable = [each for each in rows if isinstance(each, str | int) and each != ""]
            self.sound &= len(readable) == len(rows)
            self.ids |= {canonical(each) for each in readable}
            return
        head, rest = path[0], path[1:]
        if head == "*" and isinstance(value, list | dict):
            for each in value if isinstance(value, list) else value.values():
                self.walk(each, rest)
        elif isinstance(value, list) and head.isdigit() and int(head) < len(value):
            self.walk(value[int(head)], rest)
        elif isinstance(value, dict) and head in value:
            if "*" in rest or isinstance(value[head], list):
                self.around += _members({k: v for k, v in value.items() if k != head})
            self.walk(value[head], rest)
        else:
            self.sound = False


def _members(value: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Members beside a list, and those in objects beside it."""
    for name, each in value.items():
        yield name, each
        if isinstance(each, dict):
            yield from _members(each)


def _says(found: _Found, answer: Response, rows: int, pages: int) -> str:
    """`on`: the list goes on, or may; `end`: this was the last of it; `silent`."""
    ended = False
    if "next" in answer.headers.get("link", "") or answer.status == 206:
        return "on"
    total = answer.headers.get("content-range", "").rpartition("/")[2].strip()
    if total and not (total.isdecimal() and len(total) < 10 and int(total) <= rows):
        return "on"  # RFC 9110, 14.4, as lists use it with a 200
    heads = [
        (name, int(text) if text.isdecimal() and len(text) < 10 else text)
        for name, text in answer.headers.items()
        if name.lower().startswith("x-") and {"total", "count", "next"} & set(words(name))
    ]
    for name, value in (*found.around, *heads):
        said = set(words(name))
        number = value if type(value) is int else None
        if said & {"pages"} and number is not None:
            if number > pages:
                return "on"
            ended = True
        elif said & _TOTALS and number is not None and not said & {"page", "pages"}:
            if number > rows:
                return "on"
            ended = ended or number == rows
        elif said & _ON and not said & {"start", "previous", "prev"}:
            if value not in _EMPTY and value not in ("0", "false", "null", "none"):
                return "on"
            ended = True
        elif (said & _FAILED or _plain(name) in GOES_ON) and value not in _EMPTY:
            return "on"
    return "end" if ended else "silent"


def _plain(name: str) -> str:
    return "".join(each for each in name.lower() if each.isalnum())


@dataclass
class Relations:
    """The lists that look-ups of the contract read, as the one asks whose list it is."""

    policy: Policy
    gates: Mapping[str, Gate]
    """Operation id → gate of every operation that a look-up names."""
    cast: Cast
    knowledge: Knowledge
    target: str
    ask: Ask
    before: Lists = field(default_factory=dict)
    """The lists before the run wrote."""

    def of(self, relation: str, whose: str) -> Listed | None:
        """A list as it is now; None: nothing tells it. Raises what asking raises."""
        known = self.policy.relations[relation]
        gate = self.gates.get(known.operation)
        filled = fill(gate, self.target, self.knowledge, whose) if gate else None
        if gate is None or filled is None:
            return None
        names = [each.name for each in gate.operation.parameters if each.where == "query"]
        return read_list(self.ask, whose, filled.request, names, pattern(known.pointer))

    def take(self) -> None:
        """Read every list once, before anything is written."""
        self.before |= self.all(but=self.before.keys())

    def doubt(self) -> Iterator[str]:
        """Of whom the API lists in a relation that the identities file does not tell, what is shown
        proves nothing: says so to the cast, and in words that name identities alone. One list that
        is named for two relations tells of neither."""
        self.take()
        lists = Counter(_place(each) for each in self.policy.relations.values())
        bonds = {
            (other, relation, whose)
            if self.policy.relations[relation].of == "owner"
            else (whose, relation, other)
            for (relation, whose), found in self.before.items()
            if lists[_place(self.policy.relations[relation])] == 1
            for other in {self.cast.who((each,)) for each in found.ids} - {"", whose}
        }
        for viewer, relation, owner in sorted(bonds):
            if relation not in self.cast.ties.get((viewer, owner), ()):
                line = f"{viewer} is {relation} of {owner}"
                self.cast.doubt(
                    viewer, owner,
                    f"the API lists them as `{relation}`, and the identities file does not say so",
                )  # fmt: skip
                yield (
                    f"the API lists {viewer} as `{relation}` of {owner}, and the identities file"
                    f" does not say so: what {viewer} is shown of {owner} proves nothing; add"
                    f" `{line}` to `between`, or end it"
                )

    def all(self, but: Collection[tuple[str, str]] = ()) -> Lists:
        """Every list that is shown, but those that are known; never raises."""
        every = (
            (name, whose)
            for name, known in self.policy.relations.items()
            if known.kind == "lookup" and self._is_read(known.operation)
            for whose in self.cast.names()
            if (name, whose) not in but
        )
        return {at: now for at in islice(every, _MOST) if (now := self._now(at)) is not None}

    def _is_read(self, operation: str) -> bool:
        gate = self.gates.get(operation)
        return gate is not None and gate.operation.method == "GET"

    def _now(self, at: tuple[str, str]) -> Listed | None:
        try:
            return self.of(*at)
        except OakumError:
            return None

    def differences(self, patience: Patience | None = None) -> tuple[str, ...]:
        """Who is on a list no more, or only now, in words that name nobody but identities. Asks
        again after pauses: what differs from itself is no loss, nor what is shown late."""
        found = [*self._differing()]
        for seconds in _AGAIN if found else ():
            if patience is not None:
                patience.pause(seconds)
            again = {*self._differing()}
            found = [each for each in found if each in again]
        return tuple(found)

    def _differing(self) -> Iterator[str]:
        mine = frozenset[str]().union(*self.cast.ids.values())
        for (relation, whose), was in self.before.items():
            now = self._now((relation, whose))
            if now is None:
                continue
            gone = was.ids - now.ids
            more = now.ids - was.ids if was.whole else frozenset[str]()
            # Where the list goes on, only of the identities is it worth saying.
            for ids, how in ((gone if now.whole else gone & mine, "no more"), (more, "only now")):
                for who, many in Counter(map(self._name, sorted(ids))).items():
                    other = who or f"{many} other account{'s' if many > 1 else ''}"
                    yield (
                        f"the list of `{relation}` that {whose} is shown has {other}"
                        f" {how}: not as before the run, look at it by hand"
                    )

    def _name(self, id: str) -> str:
        return self.cast.who((id,))


def _place(relation: Relation) -> tuple[str, str]:
    return relation.operation, relation.pointer


def moved(policy: Policy, cast: Cast, was: Lists, now: Lists) -> dict[Bond, tuple[bool, bool]]:
    """What identities are to one another otherwise than before: whether they are it now, and
    whether that is sure. Who went from a list that others came to may stand on a later page of it,
    and who came to one that others went from may have stood there."""
    found: dict[Bond, tuple[bool, bool]] = {}
    for (relation, whose), after in now.items():
        before = was.get((relation, whose))
        if before is None:
            continue
        gone, more = before.ids - after.ids, after.ids - before.ids
        whole = before.whole and after.whole
        for ids, held in ((gone if after.whole else frozenset[str](), False), (more, True)):
            for other in {cast.who((each,)) for each in ids} - {"", whose}:
                of_owner = policy.relations[relation].of == "owner"
                bond = (other, relation, whose) if of_owner else (whose, relation, other)
                found[bond] = (held, whole and not (more if not held else gone))
    return found
