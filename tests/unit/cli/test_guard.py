"""`oakum guard`: what is run, exported and refused, in words and exit codes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from oakum.cli import guard
from oakum.guard.run import GuardEvent, GuardOptions
from tests.gateway.puppet import Puppet
from tests.unit.cli.shell import oakum
from tests.unit.guard.small import KEYED, POLICY, write

PUPPETS = {name: partial(Puppet, name) for name in guard.ENGINES}


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return write(tmp_path)


def told(*arguments: object) -> tuple[Any, list[Any]]:
    """What a command line makes of itself: the outcome, and what would have been served."""
    served: list[Any] = []
    with (
        patch.dict(guard.ENGINES, PUPPETS),
        patch("oakum.guard.run.serve", lambda *given: served.append(given)),
    ):
        return oakum("guard", *arguments), served


def test_what_is_no_other_command_is_a_contract_to_run(contract: Path) -> None:
    for words in ((contract,), ("run", contract), ("--mode", "enforce", contract)):
        done, served = told(*words, "--upstream", "http://127.0.0.1:9/")
        assert done.code == 0, done.err
        options: GuardOptions = served[0][0]
        assert options.contract == contract
        assert options.upstream == "http://127.0.0.1:9"
        assert options.listen == "127.0.0.1:8080"
        assert options.engine.name == "envoy"
        assert not options.observe and options.workers == 1
        assert options.admin == "127.0.0.1:0"


def test_every_option_reaches_the_engine(contract: Path, tmp_path: Path) -> None:
    done, served = told(
        contract, "--upstream", "https://api.example.com", "--listen", "0.0.0.0:80",
        "--engine", "nginx", "--mode", "observe", "--workers", 4, "--redis", "127.0.0.1:6379",
        "--overlay", "a.yaml", "--overlay", "b.yaml", "--admin", "127.0.0.1:9090",
        "--audit", tmp_path / "audit.jsonl", "--state", tmp_path / "state",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert served[0][0] == GuardOptions(
        contract,
        "https://api.example.com",
        "0.0.0.0:80",
        served[0][0].engine,
        (Path("a.yaml"), Path("b.yaml")),
        observe=True,
        workers=4,
        admin="127.0.0.1:9090",
        audit=tmp_path / "audit.jsonl",
        redis="127.0.0.1:6379",
        state=tmp_path / "state",
    )
    assert served[0][0].engine.name == "nginx"


def test_audit_lines_go_to_standard_output_and_events_to_the_other(contract: Path) -> None:
    def serve(options: GuardOptions, say: Any, line: Any) -> None:
        assert options.audit is None
        say(GuardEvent("died", "it died", {"code": 7}))
        line(b'{"op":"getMe"}')

    upstream = ("--upstream", "http://127.0.0.1:9", "--audit", "-")
    with patch("oakum.guard.run.serve", serve):
        text = oakum("guard", contract, *upstream)
        data = oakum("guard", contract, *upstream, "--format", "json")
    assert (text.out, text.err) == ('{"op":"getMe"}\n', "it died\n")
    assert json.loads(data.err) == {"event": "died", "code": 7}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing option '--upstream'"),
        (("--upstream", "api.example.com"), "is not a URL such as https://api.example.com"),
        (("--upstream", "http://ann:pw@127.0.0.1"), "contains a user name or a password; leave"),
        (("--upstream", "http://127.0.0.1:9", "--engine", "apache"), "'apache' is not one of"),
        (("--upstream", "http://127.0.0.1:9", "--workers", "0"), "0 is not in the range"),
        (("--upstream", "http://127.0.0.1:9", "--listen", "8080"), "`8080` is not an address"),
        (("--upstream", "http://127.0.0.1:9", "--listen", "192.0.2.1:80"), "`192.0.2.1:80`: "),
    ],
)
def test_a_slip_is_usage(contract: Path, arguments: tuple[str, ...], words: str) -> None:
    with patch.dict(guard.ENGINES, PUPPETS):
        done = oakum("guard", contract, *arguments)
    assert done.code == 2
    assert words in done.err


def test_a_contract_that_is_none_is_told_at_its_place(contract: Path) -> None:
    contract.write_text(POLICY.replace("[owner]", "[ownr]"), encoding="utf-8")
    for words in (
        (contract, "--upstream", "http://127.0.0.1:9"),
        ("check", contract),
        ("export", contract, "--upstream", "http://127.0.0.1:9", "--out", contract.parent / "out"),
    ):
        done = oakum("guard", *words)
        assert done.code == 2
        assert f"error: {contract}:7:" in done.err and "`ownr`" in done.err


def test_a_document_without_a_policy_cannot_be_guarded(contract: Path) -> None:
    done = oakum("guard", "check", contract.parent / "openapi.yaml")
    assert done.code == 2
    assert "`oakum init`" in done.err


def test_check_names_the_secret_and_what_stays_closed(contract: Path) -> None:
    looked_up = "{anyone: {}, owner: {is: owner}, friend: {in: addFriend, id: /id}}"
    text = KEYED.replace("{anyone: {}, owner: {is: owner}}", looked_up)
    contract.write_text(text, encoding="utf-8")
    document = contract.with_name("openapi.yaml")
    post = (
        "  /friends:\n    post: {operationId: addFriend, responses: {'200': {description: ok}}}\n"
    )
    document.write_text(document.read_text().replace("components:", post + "components:"))
    done = oakum("guard", "check", contract)
    assert done.code == 0, done.err
    assert f"warning: {contract}:5:" in done.err and "cannot look up `friend`" in done.err
    assert (
        done.out.startswith("1 endpoints, contract ") and "look-ups with `CLINIC_KEY`" in done.out
    )


def test_an_export_cannot_choose_a_port(contract: Path, tmp_path: Path) -> None:
    done = oakum(
        "guard", "export", contract, "--upstream", "http://127.0.0.1:9", "--out", tmp_path / "out",
        "--listen", "127.0.0.1:0",
    )  # fmt: skip
    assert done.code == 2 and "an export cannot choose a port" in done.err
    assert not (tmp_path / "out").exists()
    assert "any free port" not in oakum("guard", "export", "--help").out


def test_an_export_says_where_to_read_on(contract: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with patch.dict(guard.ENGINES, PUPPETS):
        done = oakum("guard", "export", contract, "--upstream", "http://127.0.0.1:9", "--out", out)
        other = oakum(
            "guard", "export", contract, "--upstream", "http://127.0.0.1:9", "--out", tmp_path
        )
    assert done.code == 0, done.err
    assert f"{out}/README.md" in done.out
    assert (out / "config/plan.json").exists()
    assert other.code == 2 and "not an earlier export" in other.err


def test_help_shows_the_options_and_the_other_commands() -> None:
    text = oakum("guard", "--help").out
    assert "--upstream URL" in text and "export " in text
    assert "--out DIR" in oakum("guard", "export", "--help").out


def test_check_names_what_accounts_send_and_no_operation_is_sent(contract: Path) -> None:
    identities = contract.parent / "identities.yaml"
    lines = 'header: ["Authorization: Bearer ${NOBODY_SETS_IT}", "X-Tenant: acme"]'
    identities.write_text(f"identities: {{ann: {{{lines}}}}}", encoding="utf-8")
    silent = oakum("guard", "check", contract)
    assert silent.code == 0 and "X-Tenant" not in silent.err
    done = oakum("guard", "check", contract, "--identities", identities)
    assert done.code == 0, done.err
    assert f"warning: {identities}:1:" in done.err
    assert "the guard removes the header `X-Tenant`, which `ann` sends" in done.err
    assert "request_headers: [x-tenant]" in done.err
