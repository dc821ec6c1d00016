"""Bodies of requests that write settings, built from what a GET shows of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import orjson

from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.endpoints.request_bodies import body_shape, encode
from oakum.exposure.values.masks import looks_masked
from oakum.http.json_pointer import member_at, path_of
from oakum.inference.unsafe_writes import moves_by_itself, says_when_changed
from oakum.openapi.model import Json, Media, Operation, Shape
from oakum.policy.model import Switch
from oakum.scan.undo.encryption import is_sealed
from oakum.scan.undo.setting_change import SettingChange

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


@dataclass(frozen=True)
class SettingsWrite:
    """A request that sets something."""

    request: Request
    operation: Operation
    content: Mapping[str, Json]

    def build_request(self) -> Request:
        """The request with `content` encoded as its body, and the media type of that."""
        kind, body = encode(self.operation, self.content)
        headers = {**self.request.headers, "content-type": kind}
        return Request(self.request.method, self.request.url, headers, body)

    def with_value(
        self, path: tuple[str, ...], value: Json, shown: Mapping[str, Json]
    ) -> SettingsWrite | None:
        """The same with a value at a path; None if what is sent has no place for it. `shown`: has
        what stands beside it there."""
        around = {path[0]: shown.get(path[0])} if len(path) > 1 else {}
        content = {**around, **self.content}
        if not isinstance(member_at(content, path[:-1]), dict):
            return None
        return replace(self, content=with_value(content, path, value))


@dataclass(frozen=True)
class DeclaredSettings:
    """What the document says of settings, where they are written and where they are read."""

    writer: Operation
    reader: Operation | None

    def sendable(self, current: Mapping[str, Json], strict: bool) -> dict[str, Json]:
        """The settings to send back, without read-only ones. `strict`: the body may hold declared
        members only."""
        declared, kept = body_shape(self.writer), self.read_only_members
        return {
            name: each
            for name, each in current.items()
            if name not in kept and not (strict and declared and name not in declared.properties)
        }

    @property
    def read_only_members(self) -> frozenset[str]:
        """Names of members that the document declares `readOnly`, which are not sent back."""
        return frozenset(
            name
            for shape in self._shapes()
            for name, member in shape.properties.items()
            if member().read_only
        )

    @property
    def names(self) -> frozenset[str]:
        """Declared members; an undeclared name may be personal data."""
        return frozenset(name for shape in self._shapes() for name in shape.properties)

    def _shapes(self) -> list[Shape]:
        answers = self.reader.responses.items() if self.reader else ()
        shapes = [body_shape(self.writer)]
        shapes += [declared_shape(media) for status, media in answers if status.startswith("2")]
        return [each for each in shapes if each is not None]


def settings_in(answer: Response, writer: Operation) -> dict[str, Json]:
    """The settings in a response; empty if there are none."""
    if not answer.ok or answer.truncated:
        return {}  # a JSON error document is not somebody's settings and must not overwrite them
    try:
        content = orjson.loads(answer.body)
        json_bytes(content)  # data nested too deep to be sent back is ignored
    except (ValueError, RecursionError):
        return {}
    content = _unwrap(content, writer)
    return content if isinstance(content, dict) else {}


def _unwrap(content: Json, writer: Operation) -> Json:
    """What a GET shows as a PUT takes it: many wrap the one and not the other."""
    declared = body_shape(writer)
    names = set(declared.properties) if declared else set()
    if not isinstance(content, dict) or not names or names & content.keys():
        return content
    inner = [each for each in content.values() if isinstance(each, dict) and names & each.keys()]
    return inner[0] if len(inner) == 1 else content


def declared_shape(body: tuple[Media, ...]) -> Shape | None:
    return next((media.shape for media in body if media.is_json and media.shape), None)


def with_value(content: Mapping[str, Json], path: tuple[str, ...], value: Json) -> dict[str, Json]:
    head, *rest = path
    inner = with_value(content[head], tuple(rest), value) if rest else value
    return {**content, head: inner}


def why_not_whole(writer: Operation, current: Mapping[str, Json], name: str) -> str:
    """Why an operation that replaces all settings is not sent what is shown of them; empty: it may
    be. `name`: the member that is to change."""
    declared, named = body_shape(writer), f"`{writer.method} {writer.path}` replaces everything"
    for each, thunk in declared.properties.items() if declared is not None else ():
        if each not in current and each != name and not thunk().read_only:
            return f"{named}, and no response shows `{each}`"
    masked = [each for each, value in current.items() if looks_masked(value)]
    return f"{named}, and `{masked[0]}` may be a mask" if masked else ""


def how_moved(name: str, before: Json, now: Json) -> str:
    """`changed`; `stamped` if only times and counters differ, which the API sets itself; empty if
    equal."""
    if isinstance(before, dict) and isinstance(now, dict) and before.keys() == now.keys():
        found = {how_moved(each, before[each], now[each]) for each in before}
        return "changed" if "changed" in found else "stamped" if "stamped" in found else ""
    if before == now:
        return ""
    times = all(isinstance(each, str) and _TIME.match(each) for each in (before, now))
    alone = type(before) is type(now) and moves_by_itself(name, now)
    alone |= before is None and says_when_changed(name, now)
    return "stamped" if times or alone else "changed"


def place_of(url: str) -> str:
    """Hash of a URL's path, which the journal may hold."""
    return hashlib.sha256(urlsplit(url).path.encode()).hexdigest()[:16]


def names_of(names: Collection[str], declared: Collection[str]) -> str:
    """Member names in words; undeclared ones are replaced, since they may be personal data."""
    said = dict.fromkeys(name if name in declared else "‹key›" for name in names)
    return ", ".join(f"`{name}`" for name in said)


def beside(
    write: SettingsWrite,
    flip: SettingChange,
    others: Iterable[SettingChange],
    switch_of: Callable[[str], Switch | None],
) -> SettingsWrite:
    """A write that repeats these as they were before, where it repeats them at all."""
    content = write.content
    for each in others:
        switch = switch_of(each.state)
        at = path_of(switch.pointer) if switch else ()
        same = switch is not None and switch.operation == write.operation.id
        if not same or each.identity != flip.identity or at[0] not in content:
            continue
        sealed = each.secret and is_sealed(each.before)
        if not sealed and isinstance(member_at(content, at[:-1]), dict):
            content = with_value(content, at, each.before)
    return replace(write, content=content)
