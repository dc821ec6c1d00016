"""What a page has to show, it may show late on a busy machine."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.patience import patient


@pytest.fixture(autouse=True)
def _unhurried() -> None:
    expect.set_options(timeout=1000 * patient(5))
