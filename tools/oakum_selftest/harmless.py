"""Changes of an API that change nothing of who may see what: a gate that turns red on one is wrong.

Each is a pair of functions over what goes over the wire: requests on their way in, answers on their
way out. What a change makes of an answer, it takes back of a request, so that the API behind it
understands its own ids again.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from oakum.authz import Model, ObjectInstance
from oakum.exchange import Request, Response
from oakum.openapi.model import Json
from oakum_selftest.reveal import Seats, bodied, parsed, placed, reached, walk

_TOKEN = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_-]{6,}[A-Za-z0-9]")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_LATER = timedelta(days=3, hours=5)
_EPOCHS = range(1_000_000_000, 2_200_000_000)
"""Seconds since 1970 of the years 2001 to 2039: a whole number there may be a time."""


_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LETTER = re.compile(rb"\\u[0-9A-Fa-f]{4}|\\.|e")
"""An escape as a whole, or a letter to be escaped."""


def _escape(found: re.Match[bytes]) -> bytes:
    return b"\\u0065" if found[0] == b"e" else found[0]


def _sent(answer: Response, body: bytes) -> Response:
    """The answer with another body; itself when it is the same."""
    if body == answer.body:
        return answer
    headers = dict(answer.headers)
    if "content-length" in headers:
        headers["content-length"] = str(len(body))
    return replace(answer, body=body, headers=headers)


@dataclass
class Change:
    """One harmless change at work. `altered` counts the answers that it has changed."""

    name: str
    seed: int
    model: Model
    altered: int = 0
    rng: random.Random = field(init=False)
    _there: dict[bytes, bytes] = field(default_factory=dict)
    """What the API calls something → what it is called now."""
    _back: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.name} {self.seed}")

    def request(self, request: Request) -> Request:
        """The request as the API behind the change understands it."""
        if not self._back:
            return request
        parts = urlsplit(request.url)
        path = self._renamed(parts.path.encode(), self._back).decode()
        query = self._renamed(parts.query.encode(), self._back).decode()
        url = parts._replace(path=path, query=query).geturl()
        return replace(request, url=url, body=self._renamed(request.body, self._back))

    def answer(self, answer: Response) -> Response:
        """The answer as it is after the change, whoever gets it."""
        change = CHANGES.get(self.name)
        changed = change(self, answer) if change is not None else answer
        self.altered += changed is not answer
        return changed

    def answer_to(
        self, viewer: str | None, request: Request, answer: Response, seats: Seats
    ) -> Response:
        """The answer as it is after a change that looks at who gets it."""
        change = PERSONAL.get(self.name)
        if change is None:
            return answer
        for operation in self.model.operations.values():
            params = placed(operation, request)
            walked = walk(self.model, seats, operation, viewer, answer, params or {})
            if params is None or walked is None or not answer.is_json:
                continue
            value, judged = copy.deepcopy(walked[0]), walked[1]
            made = [
                change(self, each, reached(value, each.pointer))
                for each in judged.instances
                if viewer is not None
            ]
            self.altered += any(made)
            return bodied(answer, value) if any(made) else answer
        return answer

    def with_more(self, instance: ObjectInstance, holder: Json) -> bool:
        """Fields that the contract grants to the owner alone, where the owner had them not."""
        table = self.model.tables[instance.resource]
        added = False
        for index, leaf in enumerate(table.leaves):
            seen = {word for grant in table.rules[index].grants for word in grant.see}
            kinds = {self.model.policy.relations[word].kind for word in seen}
            bits = table.see(instance.held, instance.state)
            if kinds == {"owner"} and bits >> index & 1 and "." not in leaf and leaf not in holder:
                holder[leaf] = f"{leaf} of {'+'.join(instance.owners)}"
                added = True
        return added

    def with_nulls(self, instance: ObjectInstance, holder: Json) -> bool:
        """`null` in place of what is withheld, whether there is anything to withhold or not."""
        table = self.model.tables[instance.resource]
        bits = table.see(instance.held, instance.state)
        withheld = [
            leaf
            for index, leaf in enumerate(table.leaves)
            if not bits >> index & 1 and "." not in leaf and leaf not in holder
        ]
        if bits:
            holder.update(dict.fromkeys(withheld))
        return bool(bits and withheld)

    def _renamed(self, content: bytes, names: Mapping[bytes, bytes]) -> bytes:
        return _TOKEN.sub(lambda found: names.get(found[0], found[0]), content)

    # ------------------------------------------------------------ one function a change

    def _json(
        self, answer: Response, make: Callable[[Json], Json] = lambda value: value, **style: Json
    ) -> Response:
        """The answer with another body of the same meaning; itself where that is no other."""
        value = parsed(answer) if answer.is_json else None
        if value is None:
            return answer
        made, plain = (
            json.dumps(each, **{"ensure_ascii": False, "separators": (",", ":"), **style}).encode()
            for each in (make(value), value)
        )
        return answer if made == plain and not style else _sent(answer, made)

    def reordered(self, answer: Response) -> Response:
        return self._json(answer, self._shuffled)

    def _shuffled(self, value: Json) -> Json:
        if isinstance(value, dict):
            names = self.rng.sample(list(value), len(value))
            return {name: self._shuffled(value[name]) for name in names}
        return [self._shuffled(each) for each in value] if isinstance(value, list) else value

    def spaced(self, answer: Response) -> Response:
        return self._json(answer, indent=self.rng.choice((1, 2, 4, "\t")), separators=None)

    def escaped(self, answer: Response) -> Response:
        """Letters written as escapes, which JSON allows for each (RFC 8259, 7)."""
        if not answer.is_json:
            return answer
        body = _TEXT.sub(lambda found: _LETTER.sub(_escape, found[0]), answer.body)
        return _sent(answer, body)

    def otherwise_listed(self, answer: Response) -> Response:
        return self._json(answer, self._mixed)

    def _mixed(self, value: Json) -> Json:
        """Lists of objects in another order, the same at every answer."""
        if isinstance(value, list):
            made = [self._mixed(each) for each in value]
            if all(isinstance(each, dict) for each in made):
                made.sort(key=lambda each: hash_of(f"{self.seed} {json.dumps(each)}"))
            return made
        if isinstance(value, dict):
            return {name: self._mixed(each) for name, each in value.items()}
        return value

    def numbered(self, answer: Response) -> Response:
        """With headers that are new in each answer, and others that say what proxies say."""
        more = {
            "x-request-id": f"{self.rng.getrandbits(128):032x}",
            "x-runtime": f"{self.rng.random():.6f}",
            "via": "1.1 edge",
            "strict-transport-security": "max-age=31536000",
            "vary": "accept-encoding, origin",
        }
        return replace(answer, headers={**answer.headers, **more})

    def reworded(self, answer: Response) -> Response:
        if answer.status < 400:
            return answer
        more = {"trace": f"{self.rng.getrandbits(64):016x}", "help": "ask your administrator"}
        return self._json(
            answer, lambda value: {**value, **more} if isinstance(value, dict) else value
        )

    def moved(self, answer: Response) -> Response:
        return self._json(answer, self._later)

    def _later(self, value: Json, name: str = "") -> Json:
        if isinstance(value, dict):
            return {key: self._later(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._later(each, name) for each in value]
        if isinstance(value, str) and _STAMP.fullmatch(value):
            try:
                then = datetime.fromisoformat(value) + _LATER
            except ValueError:
                return value
            return then.isoformat().replace("+00:00", "Z" if value.endswith("Z") else "+00:00")
        time = isinstance(value, int) and not isinstance(value, bool) and value in _EPOCHS
        if time and re.search(r"(_at|time|date|_on)$", name):
            later = value + int(_LATER.total_seconds())
            self._call(str(value).encode(), str(later).encode())
            return later
        return value

    def reissued(self, answer: Response) -> Response:
        """Every id that names an object or its owner is another one, everywhere, both ways."""
        for name, value in named(parsed(answer)):
            whole = value.encode()
            if name not in self._ids() or whole in self._there or not _TOKEN.fullmatch(whole):
                continue
            if any(each.isdigit() for each in value):
                self._call(whole, self._other(value).encode())
        if not self._there:
            return answer
        body = self._renamed(answer.body, self._there)
        headers = {
            name: text if name in _FIXED else
            self._renamed(text.encode("utf-8", "surrogateescape"), self._there).decode(
                "utf-8", "surrogateescape")
            for name, text in answer.headers.items()
        }  # fmt: skip
        if body == answer.body and headers == answer.headers:
            return answer
        return replace(answer, body=body, headers=headers)

    def _call(self, before: bytes, after: bytes) -> None:
        self._there[before] = after
        self._back[after] = before

    def _ids(self) -> frozenset[str]:
        found = set[str]()
        for each in self.model.policy.resources.values():
            found |= {path.rpartition(".")[2] for path in (each.key, *each.owner.members) if path}
        return frozenset(found)

    def _other(self, id: str) -> str:
        """Another text of the same make: digits for digits, letters for letters of its alphabet."""
        pool = {each for each in id if each.isalpha()}
        hexadecimal = pool <= set("abcdef") or pool <= set("ABCDEF")
        uuid = re.fullmatch(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", id)
        while True:
            made = "".join(
                each if uuid and at in (14, 19) else self._letter(each, hexadecimal)
                for at, each in enumerate(id)
            )
            if made.encode() not in self._back and made != id:
                return made

    def _letter(self, each: str, hexadecimal: bool) -> str:
        if hexadecimal and each in "0123456789abcdef":
            return self.rng.choice("0123456789abcdef")
        for letters in ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
            if each in letters:
                return self.rng.choice(letters)
        return each

    def together(self, answer: Response) -> Response:
        for each in (
            Change.reissued, Change.moved, Change.reordered, Change.spaced, Change.numbered,
        ):  # fmt: skip
            answer = each(self, answer)
        return answer


_FIXED = frozenset({"content-type", "content-length", "date", "set-cookie"})

CHANGES: Mapping[str, Callable[[Change, Response], Response]] = {
    "members reordered": Change.reordered,
    "white space": Change.spaced,
    "letters escaped": Change.escaped,
    "lists in another order": Change.otherwise_listed,
    "new headers": Change.numbered,
    "refusals reworded": Change.reworded,
    "timestamps moved": Change.moved,
    "ids re-issued": Change.reissued,
    "several at once": Change.together,
}
"""What an API may change without anybody seeing more of anybody, by name."""

PERSONAL: Mapping[str, Callable[[Change, ObjectInstance, Json], bool]] = {
    "fields added for the owner": Change.with_more,
    "null for what is withheld": Change.with_nulls,
}
"""The same, for what is not changed in the same way for everybody."""


def hash_of(text: str) -> int:
    """A number for a text, the same in every process."""
    return random.Random(text).getrandbits(64)


def named(value: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a value with the name of the member that it stands in."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from named(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from named(each, name)
    elif isinstance(value, str):
        yield name, value
