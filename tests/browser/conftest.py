"""What a page has to show, it may show late on a busy machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.patience import patient


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    expect.set_options(timeout=1000 * patient(5))
    for name in ("new_context", "new_page"):
        monkeypatch.setattr(Browser, name, _patient(getattr(Browser, name)))


def _patient(opens: Callable[..., Any]) -> Callable[..., Any]:
    def opened(*args: Any, **options: Any) -> Any:
        made = opens(*args, **options)
        made.set_default_timeout(1000 * patient(15))
        return made

    return opened
