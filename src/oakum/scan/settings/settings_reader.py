"""Requests for the settings of identities, at the operations that write them and beside these."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.inference.object_version_names import names_version
from oakum.openapi.model import Json, Operation
from oakum.policy.model import Policy, Switch
from oakum.scan.requests.builder import Ask, FilledRequest, fill
from oakum.scan.requests.cache_bypass import bypass_cache, fresh
from oakum.scan.requests.object_version_parameters import Versions
from oakum.scan.settings.settings_body import (
    DeclaredSettings,
    SettingsWrite,
    place_of,
    settings_in,
)
from oakum.scan.undo.write_versions import send_on


@dataclass
class SettingsReader:
    """Reads settings, and keeps the latest response."""

    policy: Policy
    writers: Mapping[str, Probe]
    """Operation id → probe of each operation that a switch names, parameters resolved."""
    readers: Mapping[str, Probe]
    """Operation id of a writer → the GET of the same path, where there is one."""
    identities: KnownIdentities
    knowledge: Knowledge
    target: str
    ask: Ask

    def __post_init__(self) -> None:
        self._now: dict[tuple[str, str], dict[str, Json]] = {}
        """(identity, writer) → the settings as last read."""
        self._pins: dict[tuple[str, str], str] = {}
        """(identity, writer) → the address of the one object that is changed and put back."""
        self._tags: dict[tuple[str, str], str] = {}
        """(identity, writer) → the entity tag of the settings as last read."""
        self._based_on: Mapping[str, Json] = {}
        """The settings on which the last write was sent once more; empty: it was sent once."""

    def read_settings(self, identity: str, operation: str, past: bool) -> Mapping[str, Json]:
        """An identity's settings, optionally bypassing caches; empty if not shown."""
        reader = self.readers.get(operation)
        filled = self._settings_request(reader, identity, operation) if reader else None
        if filled is None:
            return {}
        writer, plain = self.writers[operation].operation, filled.request
        content = settings_in(self.ask(identity, fresh(plain) if past else plain), writer)
        if not content and past:  # the API may reject an unknown query parameter
            content = settings_in(self.ask(identity, bypass_cache(plain)), writer)
        return content

    def _read(self, writer: Operation, identity: str) -> dict[str, Json]:
        reader = self.readers.get(writer.id)
        filled = self._settings_request(reader, identity, writer.id) if reader else None
        self._now.pop((identity, writer.id), None)
        if filled is None:
            return {}
        answer = self.ask(identity, filled.request)
        content = settings_in(answer, writer)
        if content:
            self._now[(identity, writer.id)] = content
            self._tags[(identity, writer.id)] = answer.headers.get("etag", "")
        return content

    def _send_write(
        self, identity: str, writer: Operation, request: Request, kept: Collection[str]
    ) -> Response:
        """The answer to a write, on the version that the settings were last read in; where it is
        refused for another, on that which a new reading shows. `kept`: members that it is about."""
        reader = self.readers.get(writer.id)
        read = self._settings_request(reader, identity, writer.id) if reader else None
        if "if-match" in request.headers and (tag := self._tags.get((identity, writer.id))):
            request = replace(request, headers={**request.headers, "if-match": tag})

        def look() -> Response | None:
            answer = self.ask(identity, read.request) if read is not None else None
            self._based_on = settings_in(answer, writer) if answer is not None else {}
            return answer

        self._based_on = {}
        versions = self._versions(self.writers[writer.id])
        return send_on(partial(self.ask, identity), request, look, kept, versions=versions)

    @staticmethod
    def _versions(probe: Probe) -> Versions:
        """Parameters of a write that say which version of the settings it is based on."""
        found: dict[str, str] = {}
        for each in probe.operation.parameters:
            member = probe.sources.get(each.name, "").partition(".")[2] or each.name
            if each.where in ("query", "header") and names_version(each.name):
                found[each.name] = member
        return tuple(found.items())

    def _last(self, identity: str, switch: Switch) -> Mapping[str, Json]:
        return self._now.get((identity, switch.operation), {})

    def _pin(self, identity: str, switch: Switch, write: SettingsWrite) -> str:
        """Fixes the object that represents the setting until it is restored."""
        return self._pins.setdefault((identity, switch.operation), place_of(write.request.url))

    def _settings_request(self, probe: Probe, identity: str, writer: str) -> FilledRequest | None:
        """A question about the object that was changed, or about the first where none was."""
        at = self._pins.get((identity, writer), "")
        for turn in range(_MOST_OBJECTS if at else 1):
            filled = fill(probe, self.target, self.knowledge, identity, turn=turn)
            if filled is None or not at or place_of(filled.request.url) == at:
                return filled
        return None

    def _declared_settings(self, operation: str) -> DeclaredSettings:
        reader = self.readers.get(operation)
        return DeclaredSettings(
            self.writers[operation].operation, reader.operation if reader else None
        )


_MOST_OBJECTS = 100
"""Objects of an identity among which the one that was changed is looked for."""
