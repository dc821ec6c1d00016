"""The audit log format: one line for each request, written by the filter that knows most."""

from __future__ import annotations

from oakum.guard.engine_protocol import Deployment
from oakum.guard.envoy.config_elements import SPACE, typed_extension
from oakum.guard.envoy.error_responses import blind, status
from oakum.openapi.model import Json


def access_logs(deployment: Deployment) -> list[Json]:
    """Writes the policy's own audit line, or Envoy's view of a request that never reached the
    policy."""
    line = {"filter": SPACE, "path": [{"key": "line"}]}
    said = {"matcher": line | {"value": {"present_match": True}}, "match_if_key_not_found": False}
    # A line is never empty, so this matches only where there is none: Envoy's metadata matcher has
    # no *not*.
    unsaid = {
        "matcher": line | {"value": {"string_match": {"exact": ""}}},
        "match_if_key_not_found": True,
    }

    def log(text: str, metadata: Json, *filters: Json) -> Json:
        # Cheap filters first: nearly every request has a line and none of these statuses.
        chosen = [*filters, {"metadata_filter": metadata}]
        config = {
            "path": str(deployment.audit),
            "log_format": {"text_format_source": {"inline_string": text + "\n"}},
        }
        logger = "extensions.access_loggers.file.v3.FileAccessLog"
        return {
            **typed_extension("envoy.access_loggers.file", logger, config),
            "filter": {"and_filter": {"filters": chosen}} if filters else chosen[0],
        }

    def reason_phrase(reason: str) -> str:
        return (
            # No contract digest: this file must not change when only the policy does.
            '{"time":%START_TIME(%s.%3f)%,"contract":null,"who":"anonymous",'
            '"op":null,"method":"%REQ(:METHOD)%","status":%RESPONSE_CODE%,"upstream":null,'
            f'"removed":{{}},"denied":"{reason}","lookups":0,"failed":0}}'
        )

    return [
        log(f"%DYNAMIC_METADATA({SPACE}:line)%", said),
        log(reason_phrase("error"), unsaid, status("GE", 500)),
        log(reason_phrase("too-long"), unsaid, status("EQ", 413)),
        log(reason_phrase("error"), unsaid, status("EQ", 404), blind(True)),
        log(reason_phrase("path"), unsaid, status("EQ", 404), blind(False)),
        log(reason_phrase("unreadable"), unsaid, status("LE", 403)),
        log(reason_phrase("unreadable"), unsaid, status("GE", 405), status("LE", 412)),
        log(reason_phrase("unreadable"), unsaid, status("GE", 414), status("LE", 499)),
    ]
