"""Each danger of the threat model is held off by tests, and these are they."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "explanation" / "threat-model.md"
HELD_BY: dict[str, tuple[str, ...]] = {
    # a scan
    "it destroys something": (
        "unit/inference/test_side_effects.py::test_what_is_never_called",
        "scan/test_harmless.py::test_what_was_there_before_is_as_it_was_or_is_named",
    ),
    "it changes an account": (
        "scan/test_hard_targets.py::test_nothing_is_written_unless_allowed",
        "scan/test_kill.py::test_what_a_killed_scan_has_changed_is_put_back",
    ),
    "it looks at strangers' data": (
        "scan/test_own_lists.py::test_nobody_elses_object_is_asked_for",
        "scan/test_deceptions.py::test_a_strangers_id_in_a_feed_is_not_asked_for",
    ),
    "it overloads the target": (
        "unit/scan/transport/test_rate_and_budget.py::test_no_number_of_threads_asks_more_than_the_rate_and_the_budget",
        "unit/scan/transport/test_rate_and_budget.py::test_a_target_that_fails_as_a_whole_ends_it_after_few_more_requests",
    ),
    "it locks an account": (
        "unit/scan/identities/test_session.py::test_a_failed_login_is_not_tried_over_and_over",
    ),
    "it is taken for an attack": (
        "unit/scan/transport/test_client.py::test_it_says_who_it_is_and_keeps_nothing",
        "scan/test_hard_targets.py::test_every_request_says_who_asks",
    ),
    "it follows the target elsewhere": (
        "unit/scan/transport/test_client.py::test_only_the_target_is_asked",
        "unit/scan/identities/test_session.py::test_credentials_go_to_the_target_only",
    ),
    "the document leads it elsewhere": (
        "unit/openapi/test_document.py::test_files_that_cannot_be_read_are_told_at_the_reference",
        "unit/openapi/test_document.py::test_a_reference_leads_to_no_file_outside_of_the_tree",
    ),
    "the target sends endless responses": (
        "unit/scan/transport/test_client_hostile_answers.py::test_what_does_not_end_is_given_up",
        "unit/scan/transport/test_client.py::test_bodies_are_cut",
    ),
    "it trusts a bad certificate": ("test_threat_model.py::test_no_option_turns_certificates_off",),
    # a guard
    "the guard and the API parse a path differently": (
        "unit/routing/test_route.py::test_what_two_servers_could_read_in_two_ways_is_no_place",
    ),
    "a caller impersonates a proxy or the guard": (
        "unit/routing/test_allowed_headers.py::test_what_would_speak_in_the_guards_name_goes_even_when_declared",
        "properties/test_callers.py::test_only_the_credential_that_was_verified_names_the_caller",
    ),
    "the guard and the client parse a body differently": (
        "differential/test_media.py::test_one_meaning_of_a_content_type",
        "properties/test_laws.py::test_projection_only_removes",
    ),
    "the application answers past the middleware": (
        "unit/test_wsgi.py::test_no_way_to_answer_passes_but_the_one_that_is_judged",
        "unit/test_asgi.py::test_a_crash_is_written_to_the_log_after_an_answer_that_tells_nothing",
        "unit/test_asgi_answer.py::test_an_application_is_offered_no_other_way_to_answer",
    ),
    "the runtime fails in the middle of a response": (
        "gateway/test_envoy.py::test_the_sentinel_answers_for_a_policy_that_fails_on_an_answer",
        "gateway/test_nginx.py::test_what_goes_wrong_in_a_stream_ends_it",
    ),
    "a response reveals hidden data by its form: a length, a tag, a count, *forbidden*": (
        "unit/guard/test_enforcement.py::test_absent_and_forbidden_are_the_same_bytes",
        "unit/routing/test_allowed_headers.py::test_back_pass_only_headers_that_are_listed",
    ),
    "a write names a second object, to move one in or out": (
        "properties/test_innermost.py::test_whoever_is_let_through_owns_the_innermost_object_that_the_path_names",
        "conformance/test_exchanges.py::test_exchange",  # moves.yaml, parents.yaml
    ),
    "a look-up is made to fail": (
        "properties/test_evidence.py::test_a_worse_look_up_answer_never_shows_more",
        "gateway/test_running.py::test_a_look_up_that_hangs_closes_what_depends_on_it",
    ),
    "somebody harvests objects through allowed fields": (
        "gateway/test_running.py::test_workers_count_together",
        "gateway/test_running.py::test_two_guards_with_one_redis_count_together",
        "gateway/test_running.py::test_two_guards_with_one_redis_count_calls_together",
    ),
    "the credential of look-ups leaks": (
        "gateway/test_envoy.py::test_no_secret_stands_in_a_file",
        "gateway/test_nginx.py::test_no_secret_stands_in_a_file",
    ),
    "the audit becomes the next leak": (
        "unit/guard/lua/test_enforcement.py::test_who_is_written_down_by_a_keyed_hash",
        "gateway/test_nginx.py::test_nothing_of_a_request_stands_in_the_log",
    ),
    "somebody else writes the engine's files": (
        "unit/guard/test_run.py::test_a_folder_that_others_may_write_to_is_refused",
    ),
    "health and metrics reveal too much": (
        "gateway/test_running.py::test_no_other_user_of_the_machine_reaches_what_ends_the_engine",
        "gateway/test_nginx.py::test_admin_shows_figures_and_nothing_else",
    ),
    "a mistake in a new contract": (
        "gateway/test_running.py::test_a_mistake_in_a_new_contract_changes_nothing",
    ),
    # a review
    "another site or user of the machine uses the page": (
        "unit/draft_review/test_server.py::test_the_address_is_of_this_machine_alone",
        "unit/draft_review/test_server.py::test_the_token_works_once_and_gives_a_cookie_that_no_script_reads",
        "unit/draft_review/test_server.py::test_another_host_name_is_refused",
        "unit/draft_review/test_server.py::test_another_origin_may_not_write",
    ),
    "a document contains a script": (
        "browser/test_draft_review.py::test_hostile_names_and_comments_are_text",
    ),
    "an edit grants more than was asked": (
        "unit/draft_review/test_edit_verification.py::test_whatever_else_changes_is_found",
        "properties/test_edits.py::test_the_edited_contract_is_the_old_one_but_for_the_edit",
    ),
    "somebody's work is overwritten": (
        "unit/draft_review/test_session.py::test_a_file_that_somebody_else_has_changed_is_not_overwritten",
    ),
}  # fmt: skip


def dangers() -> list[str]:
    rows = re.findall(r"^\| (.+?) \| .+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [row for row in rows if row != "danger"]


def test_every_danger_of_the_page_is_here_and_no_other() -> None:
    assert dangers() == list(HELD_BY)


@pytest.mark.parametrize("danger", HELD_BY)
def test_a_danger_is_held_off_by_tests_that_are_there(danger: str) -> None:
    for test in HELD_BY[danger]:
        file, _, name = test.partition("::")
        assert name in names(TESTS / file), f"{danger}: there is no {test}"


def test_no_option_turns_certificates_off() -> None:
    source = TESTS.parent / "src" / "oakum"
    found = [
        f"{file.name}: {word}"
        for file in source.rglob("*.py")
        for word in ("verify=False", "CERT_NONE", "check_hostname = False", "--insecure")
        if word in file.read_text(encoding="utf-8")
    ]
    assert found == []


@cache
def names(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))
