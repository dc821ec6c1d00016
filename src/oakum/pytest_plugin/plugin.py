"""The pytest hooks. They import nothing until a contract is configured.

[tool.pytest.ini_options]
oakum_contract = "exposure.yaml"
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from oakum.exchange import Request
    from oakum.pytest_plugin.session import ContractPlugin

_KEY: pytest.StashKey[ContractPlugin] = pytest.StashKey()


class Hooks:
    """Hooks that a test suite may implement in `conftest.py`."""

    @pytest.hookspec(firstresult=True)
    def pytest_oakum_caller(self, request: Request) -> object:
        """Identifies the sender of a request: a mapping of id and claims, a user object with such
        attributes, or `{}` for an anonymous caller. None: unknown."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("oakum", "responses checked against an exposure contract")
    group.addoption("--oakum-contract", metavar="FILE", help="the contract; turns the plugin on")
    group.addoption("--oakum-report", metavar="FILE", help="write a JSON report for `oakum gate`")
    group.addoption(
        "--oakum-allow-empty",
        action="store_true",
        help="exit with 0 even if no test reached an operation of the contract",
    )
    parser.addini("oakum_allow_empty", "as the option", type="bool", default=False)
    parser.addini("oakum_contract", "contract of the API under test; turns the plugin on")
    parser.addini("oakum_report", "JSON report for `oakum gate`")
    parser.addini("oakum_hosts", "further hosts of the API, besides loopback", type="args")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("oakum_contract") or config.getini("oakum_contract"):
        from oakum.pytest_plugin.session import ContractPlugin

        session = ContractPlugin.begin(config)
        config.stash[_KEY] = session
        config.pluginmanager.register(session, "oakum-session")


@pytest.fixture
def oakum_caller(request: pytest.FixtureRequest) -> Generator[Callable[[Any], None]]:
    """Say who sends the requests of this test from now on, as in `pytest_oakum_caller`.

    `oakum_caller(user)`; `oakum_caller(None)` takes it back.
    """
    session = request.config.stash.get(_KEY, None)
    if session is None:
        yield lambda _caller: None
        return
    yield session.say
    session.say(None)
