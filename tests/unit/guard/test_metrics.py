"""What Prometheus reads."""

from __future__ import annotations

import re

from oakum.guard.audit_reader import AuditRecord
from oakum.guard.metrics import Metrics


def lines(metrics: Metrics, up: bool = True) -> list[str]:
    return metrics.text(up, {"contract": "3f", "engine": "envoy"}).splitlines()


def test_requests_are_told_apart_by_endpoint_status_and_reason() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.count(AuditRecord("getUser", 200, removed={"Member.email": 3}, asked=4, failed=1))
    metrics.count(AuditRecord("getUser", 404, "call"))
    text = lines(metrics)
    assert 'oakum_guard_requests_total{denied="",op="getUser",status="200"} 2' in text
    assert 'oakum_guard_requests_total{denied="call",op="getUser",status="404"} 1' in text
    assert 'oakum_guard_removed_total{field="Member.email"} 6' in text
    assert "oakum_guard_lookups_total 8" in text
    assert "oakum_guard_lookups_failed_total 2" in text


def test_counters_that_alarms_stand_on_are_there_before_anything_happened() -> None:
    text = lines(Metrics())
    for name in ("errors_total", "restarts_total", "lookups_failed_total"):
        assert f"oakum_guard_{name} 0" in text
    assert 'oakum_guard_reloads_total{outcome="refused"} 0' in text


def test_reloads_restarts_and_errors_count() -> None:
    metrics = Metrics()
    metrics.count_reload(True)
    metrics.count_reload(False)
    metrics.count_restart()
    metrics.count(AuditRecord("getUser", 502, "error"))
    metrics.count(None)
    text = lines(metrics)
    assert 'oakum_guard_reloads_total{outcome="accepted"} 1' in text
    assert 'oakum_guard_reloads_total{outcome="refused"} 1' in text
    assert "oakum_guard_restarts_total 1" in text
    assert "oakum_guard_errors_total 1" in text
    assert "oakum_guard_audit_unreadable_total 1" in text
    assert metrics.total("requests_total") == metrics.total("requests_total", op="getUser") == 1


def test_an_engine_that_is_away_is_not_up() -> None:
    assert "oakum_guard_up 0" in lines(Metrics(), up=False)
    assert 'oakum_guard_info{contract="3f",engine="envoy"} 1' in lines(Metrics())


def test_the_text_has_the_form_of_the_exposition_format() -> None:
    metrics = Metrics()
    metrics.count(AuditRecord('odd"\\\nname', 200, removed={"A.b": 1}))
    sample = re.compile(r'oakum_guard_\w+(\{(\w+="(\\.|[^"\\\n])*",?)+\})? \d+')
    described = set()
    for line in lines(metrics):
        if line.startswith("# TYPE "):
            described.add(line.split()[2])
        elif not line.startswith("# HELP "):
            assert sample.fullmatch(line), line
            assert re.split(r"[{ ]", line)[0] in described
