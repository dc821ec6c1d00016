"""What holds for every test: a law is no faster or slower on a busy machine, a scan within the test
waits for answers as long as this machine needs, and Ctrl-C is heeded, also by what a test starts,
where a shell has started the tests in the background without it."""

from __future__ import annotations

import gc
import importlib
import os
import re
import signal
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from oakum.scan.transport import client
from tests.patience import patient

# `OAKUM_EXAMPLES`: examples of each law that does not say how many itself.
MANY = int(os.environ.get("OAKUM_EXAMPLES", settings.default.max_examples))
settings.register_profile("any machine", deadline=None, max_examples=MANY)
settings.load_profile("any machine")

gc.disable()  # until all is collected, which stays to the end anyway: a fifth of that time

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


_NUMBERS = count(1)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder. Pytest's own reads the names of all folders before it to number the next,
    which takes milliseconds for each of thousands of tests."""
    named = re.sub(r"\W", "_", request.node.name)[:25]
    folder = tmp_path_factory.getbasetemp() / f"{next(_NUMBERS)}-{named}"
    folder.mkdir(mode=0o700)
    return folder


_TIMEOUT = client.TIMEOUT


def pytest_runtest_setup() -> None:
    """Scans wait for as long as this machine needs. Not by a fixture: every test would make it."""
    client.TIMEOUT = patient(_TIMEOUT)
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # `oakum guard` ran in this process


def pytest_collection(session: pytest.Session) -> None:
    """Of all tests, each worker imports another part first: what one has compiled, the others load,
    where all would compile the same modules at the same time."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker or session.config.args != session.config.getini("testpaths"):
        return
    root, workers = session.config.rootpath, int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    files = sorted((root / "tests").glob("**/test_*.py"))
    for file in files[int(worker.removeprefix("gw")) :: workers]:
        with suppress(Exception, pytest.skip.Exception):  # the collection tells of it
            importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the long tests: begun as the last, one alone would keep
    the others waiting. A worker gets as many tests in a row as its fellows, and steals the last."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    if workers == 1 or not short:
        return
    shares, left = [], len(items)
    for each in range(workers):
        mine = long[each::workers]
        size = max(left // (workers - each), len(mine))
        left -= size
        shares += [*mine, *short[: size - len(mine)]]
        del short[: size - len(mine)]
    items[:] = shares + short


def pytest_collection_finish() -> None:
    """What is collected stays to the end: the garbage collector need not walk it with the tests'
    own objects, nor as often as it does where memory is short."""
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()
