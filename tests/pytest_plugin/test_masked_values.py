"""A value that has a masked form and shows more than the form leaks, as its owner was shown it."""

from __future__ import annotations

import pytest

from tests.gate.club import POLICY, written
from tests.pytest_plugin.test_plugin import run
from tests.pytest_plugin.test_strays import APP, HEAD, OTHER, OWN, results

pytest_plugins = ["pytester"]
LEAKS = {
    "the whole beside stars": (
        "stars",
        "lambda id, o, clean: {**clean, 'email': '**** ' + o['email'].replace('@', ' at ')}",
    ),
    "the whole in upper case between stars": (
        "stars",
        "lambda id, o, clean: {**clean, 'email': '**' + o['email'].upper().replace('@', '**')}",
    ),
    "the first letters in place of the last": (
        "{last: 7}", "lambda id, o, clean: {**clean, 'email': o['email'][:8]}",
    ),
}  # fmt: skip
INNOCENT = {
    "of the form": ("stars", "lambda id, o, clean: {**clean, 'email': 'a***@club.test'}"),
    "the last letters": ("{last: 7}", "lambda id, o, clean: {**clean, 'email': o['email'][-8:]}"),
    "another's": ("{last: 7}", "lambda id, o, clean: {**clean, 'email': 'no.mail'}"),
}


def suite(pytester: pytest.Pytester, form: str, tests: str) -> pytest.RunResult:
    masked = f"email: [{{see: owner}}, {{see: member, masked: {form}}}]"
    assert "email: [{see: owner}]" in POLICY
    written(pytester.path, policy=POLICY.replace("email: [{see: owner}]", masked))
    (pytester.path / "app.py").write_text(APP, encoding="utf-8")
    (pytester.path / "test_club.py").write_text(HEAD + tests, encoding="utf-8")
    return run(pytester)


@pytest.mark.parametrize("how", LEAKS)
@pytest.mark.parametrize("first", ["its owner", "the stranger"])
def test_more_than_the_form_is_a_leak(pytester: pytest.Pytester, how: str, first: str) -> None:
    form, line = LEAKS[how]
    asked = [OWN, OTHER.replace("LINE", line)]
    done = suite(pytester, form, "".join(asked if first == "its owner" else asked[::-1]))
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(
        ["*`Member.email` was sent to `member`, *", "*response: *more of it*"]
    )
    assert results(pytester, "email", "member") == {"leak"}


@pytest.mark.parametrize("how", INNOCENT)
def test_the_form_itself_is_none(pytester: pytest.Pytester, how: str) -> None:
    form, line = INNOCENT[how]
    done = suite(pytester, form, OWN + OTHER.replace("LINE", line))
    assert done.ret == pytest.ExitCode.OK
