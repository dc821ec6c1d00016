"""What a guard has done, as Prometheus text (exposition format 0.0.4).

Every label takes its values from the contract or from fixed words, so the number of series is
bounded by the contract and not by what clients send.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping

from oakum.guard.audit_reader import AuditRecord

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HELP = {
    "requests_total": "requests answered, by operation, status and reason of denial",
    "removed_total": "members removed from responses, by field",
    "lookups_total": "look-ups sent to the API about relations, states and callers",
    "lookups_failed_total": "look-ups without a usable response, which count as the closed case",
    "errors_total": "responses refused because the filter failed",
    "reloads_total": "contracts read anew, by outcome",
    "restarts_total": "engine restarts after a crash",
    "audit_unreadable_total": "engine log lines that are not audit lines",
}


class Metrics:
    """Thread-safe counters of one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        for outcome in ("accepted", "refused"):
            self._counts["reloads_total", (("outcome", outcome),)] = 0

    def count(self, record: AuditRecord | None) -> None:
        """Counts one audit line; None stands for an unreadable one."""
        with self._lock:
            if record is None:
                self._add("audit_unreadable_total")
                return
            self._add(
                "requests_total",
                denied=record.denied,
                op=record.operation,
                status=str(record.status),
            )
            for name, many in record.removed.items():
                self._add("removed_total", many, field=name)
            self._add("lookups_total", record.asked)
            self._add("lookups_failed_total", record.failed)
            self._add("errors_total", int(record.denied == "error" and record.status >= 500))

    def count_reload(self, accepted: bool) -> None:
        with self._lock:
            self._add("reloads_total", outcome="accepted" if accepted else "refused")

    def count_restart(self) -> None:
        with self._lock:
            self._add("restarts_total")

    def _add(self, name: str, many: int = 1, **labels: str) -> None:
        self._counts[name, tuple(labels.items())] += many

    def total(self, name: str, **labels: str) -> int:
        """Sum over all series of a metric that have these labels."""
        wanted = set(labels.items())
        with self._lock:
            return sum(
                many
                for (each, have), many in self._counts.items()
                if each == name and wanted <= set(have)
            )

    def text(self, up: bool, info: Mapping[str, str]) -> str:
        """All series as text; `info` becomes the labels of `oakum_guard_info`."""
        with self._lock:
            counts = dict(self._counts)
        lines = [*_head("up", "gauge", "1 while the engine runs and responds"), _line("up", {}, up)]
        lines += [*_head("info", "gauge", "what runs"), _line("info", info, 1)]
        for name, words in _HELP.items():
            series = {labels: n for (each, labels), n in counts.items() if each == name}
            lines += _head(name, "counter", words)
            if not series and name != "requests_total" and name != "removed_total":
                series = {(): 0}
            lines += [_line(name, dict(labels), n) for labels, n in sorted(series.items())]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, words: str) -> Iterator[str]:
    yield f"# HELP oakum_guard_{name} {words}"
    yield f"# TYPE oakum_guard_{name} {kind}"


def _line(name: str, labels: Mapping[str, str], value: int) -> str:
    inside = ",".join(f'{key}="{_escape_label(text)}"' for key, text in labels.items())
    return (
        f"oakum_guard_{name}{{{inside}}} {int(value)}"
        if inside
        else (f"oakum_guard_{name} {int(value)}")
    )


def _escape_label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
