"""`tests/find.py` names the closest test of a module first, and parses little to know it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import find


def first(module: str) -> str:
    test, _ = next(find.tests_of(Path(module)))
    return str(test.relative_to(find.TESTS))


@pytest.mark.parametrize(
    ("module", "test"),
    [
        ("exposure/cells/matrix", "unit/exposure/cells/test_matrix.py"),
        ("pytest_plugin/refusals", "pytest_plugin/test_refusals.py"),
        ("authz/body_objects", "unit/authz/test_accept.py"),
        ("scan/requests/person_requests", "unit/scan/techniques/test_account_enumeration.py"),
        ("watch/screen_text", "unit/watch/test_live_view.py"),
    ],
)
def test_the_closest_test_is_first(module: str, test: str) -> None:
    assert first(module) == test


def test_tests_in_the_folder_of_a_package_come_before_others_that_import_it() -> None:
    assert first("pytest_plugin/suite_counts").startswith("pytest_plugin/")


def test_a_command_that_no_test_imports_is_found_by_its_call() -> None:
    found = {
        str(test.relative_to(find.TESTS)): why
        for test, why in find.tests_of(Path("cli/observe_keep"))
    }
    assert found["observe/test_store.py"] == "calls it"
    assert first("__main__") in {
        str(each.relative_to(find.TESTS)) for each in find.calling(Path("__main__"))
    }


def test_few_files_are_parsed() -> None:
    find.imported.cache_clear()
    assert list(find.tests_of(Path("watch/screen_text")))
    assert 0 < find.imported.cache_info().currsize < 20
