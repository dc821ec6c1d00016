"""Settings are read where they are written, and what was shown last is remembered."""

from __future__ import annotations

from oakum.policy.model import Switch
from tests.unit.scan.settings.test_settings_writer import ready
from tests.unit.scan.studio import IDS, Studio

SWITCH = Switch("putSettings", "/is_private")


def test_what_was_shown_last_is_forgotten_once_nothing_is_shown() -> None:
    studio = Studio()
    _, found = ready(studio)
    writer = found.writers["putSettings"].operation
    assert found._last("ann", SWITCH) == {}
    assert found._read(writer, "ann") == studio.settings[IDS["ann"]]
    assert found._last("ann", SWITCH) == studio.settings[IDS["ann"]]
    found.readers = {}
    assert found._read(writer, "ann") == found._last("ann", SWITCH) == {}


def test_past_caches_the_same_is_shown() -> None:
    studio = Studio()
    _, found = ready(studio)
    for past in (False, True):
        assert found.read_settings("bob", "putSettings", past) == studio.settings[IDS["bob"]]
    found.readers = {}
    assert found.read_settings("bob", "putSettings", False) == {}
