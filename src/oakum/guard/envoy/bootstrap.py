"""The static part of Envoy's configuration: everything but the policy.

Order of the filters: sentinel (last to see a response), reader and tokens (if callers are
identified by tokens: the first finds a token, the second verifies it), policy, gate (a request that
the policy did not mark is refused), router. The policy is a file of its own, watched by Envoy, so
that a new contract is one rename.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from oakum.guard.engine_admin_client import path_of
from oakum.guard.engine_protocol import Deployment, address, mistake
from oakum.guard.envoy.audit_log import access_logs
from oakum.guard.envoy.clusters import authority, cluster, plain, url
from oakum.guard.envoy.config_elements import (
    SPACE,
    TYPE,
    filter_type,
    lua,
    socket_address,
    typed_extension,
)
from oakum.guard.envoy.error_responses import local_replies
from oakum.guard.envoy.jwt_filter import TOKEN, reader, verification_filter
from oakum.openapi.model import Json

POLICY = "policy.json"
MARK = "proxy-connection"
"""Response header in which the router tells the Lua filters `via_upstream`, or why Envoy itself
replied. It overwrites what the API sent there, and since the field is hop-by-hop (RFC 9110, 7.6.1)
Envoy strips it from every response, also from those that pass no filter."""

_HEADERS_TIMEOUT = "10s"
_IDLE = "75s"
_STREAM_IDLE = "300s"
_MAX_HEADERS, _MAX_HEADERS_KB = 200, 96
"""Above the runtime's own limits, so that the runtime is what denies."""
_WATCHED = 16 << 20
"""Bytes of a body to buffer in observe mode, where no body may be refused for its length."""


def bootstrap(deployment: Deployment, plan: Mapping[str, Json], sentinel: str) -> dict[str, Json]:
    """The whole file, as Envoy's JSON; raises `InputError` for invalid addresses."""
    upstream = url(deployment.upstream, "upstream")
    if upstream.path not in ("", "/"):
        raise mistake(
            f"upstream `{deployment.upstream}` has a path",
            "give its origin alone, and the path as `servers: [{url: /…}]` in the document",
        )
    clusters = [
        cluster("upstream", upstream, deployment),
        cluster("questions", upstream, deployment, plain()),
    ]
    tokens = plan["guard"]["tokens"]
    if tokens and tokens["jwks"] is None:
        clusters.append(cluster("keys", url(tokens["keys"], "keys"), deployment))
    limit = {"max_active_downstream_connections": deployment.connections}
    made: dict[str, Json] = {
        "node": {
            "id": "oakum",
            "cluster": "oakum",
            "metadata": {"workers": deployment.workers},  # read back by `command`
        },
        "static_resources": {"listeners": [_listener(deployment, plan, sentinel)]}
        | {"clusters": clusters},
        "overload_manager": {
            "resource_monitors": [
                typed_extension(
                    "envoy.resource_monitors.global_downstream_max_connections",
                    "extensions.resource_monitors.downstream_connections.v3"
                    ".DownstreamConnectionsConfig",
                    limit,
                )
            ]
        },
    }
    if deployment.admin:
        made["admin"] = {
            "address": _admin_address(deployment.admin),
            "ignore_global_conn_limit": True,
            "allow_paths": [
                {"exact": "/ready"},
                {"prefix": "/stats"},
                {"prefix": "/drain_listeners"},
            ],
        }
    return made


def _admin_address(where: str) -> dict[str, Json]:
    if at := path_of(where):
        return {"pipe": {"path": str(at), "mode": 0o600}}
    return socket_address(*address(where, "admin"))


def buffer_limit(deployment: Deployment, plan: Mapping[str, Json]) -> int:
    """Most bytes of one body that Envoy buffers."""
    most: int = plan["guard"]["max_body"]
    return max(most, _WATCHED) if deployment.observe else most


def _listener(deployment: Deployment, plan: Mapping[str, Json], sentinel: str) -> dict[str, Json]:
    guard = plan["guard"]
    manager = {
        "stat_prefix": "oakum",
        "codec_type": "HTTP1",
        "http_protocol_options": {
            "allow_absolute_url": True,
            "allow_chunked_length": False,
            "ignore_http_11_upgrade": [{"safe_regex": {"regex": _but("websocket")}}],
        },
        "common_http_protocol_options": {
            "idle_timeout": _IDLE,
            "max_headers_count": _MAX_HEADERS,
        },
        "max_request_headers_kb": _MAX_HEADERS_KB,
        "request_headers_timeout": _HEADERS_TIMEOUT,
        "request_timeout": f"{deployment.taken}s",
        "stream_idle_timeout": _STREAM_IDLE,
        "server_header_transformation": "PASS_THROUGH",
        "use_remote_address": True,
        "xff_num_trusted_hops": guard["hops"],
        "skip_xff_append": True,
        "generate_request_id": False,
        # The policy judges the path exactly as the API receives it, so Envoy must not normalise it.
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "route_config": {"virtual_hosts": [_host(deployment)]},
        "http_filters": list(_filters(deployment, plan, sentinel)),
        "local_reply_config": local_replies(),
        "access_log": list(access_logs(deployment)),
    }
    if guard["websockets"] or deployment.observe:
        manager["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    return {
        "name": "oakum",
        "address": socket_address(*address(deployment.listen, "listen")),
        # A second engine on the same port would silently take a share of the requests.
        "enable_reuse_port": False,
        # Buffer limit for bodies; beyond it Envoy replies by itself.
        "per_connection_buffer_limit_bytes": buffer_limit(deployment, plan),
        "filter_chains": [
            {
                "filters": [
                    typed_extension(
                        "envoy.filters.network.http_connection_manager",
                        "extensions.filters.network.http_connection_manager.v3"
                        ".HttpConnectionManager",
                        manager,
                    )
                ]
            }
        ],
    }


def _but(word: str) -> str:
    """Regular expression for every text but this one, ignoring case (RE2 has no look-ahead)."""
    made = ".+"
    for letter in reversed(word):
        made = f"(?:[^{letter}].*|{letter}{made})?"
    return f"(?i){made}"


def _host(deployment: Deployment) -> dict[str, Json]:
    action = {
        "cluster": "upstream",
        "timeout": f"{deployment.timeout}s",
        "host_rewrite_literal": authority(urlsplit(deployment.upstream)),
    }
    # A request that was not sent is safe to retry. One that was is so only if the contract says
    # that it is a read: then the policy adds `reset`.
    again = {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 1}
    return {
        "name": "oakum",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": action | {"retry_policy": again}}],
        "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-internal", TOKEN],
        "response_headers_to_add": [
            {
                "header": {"key": MARK, "value": "%RESPONSE_CODE_DETAILS%"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }


def _filters(deployment: Deployment, plan: Mapping[str, Json], sentinel: str) -> list[Json]:
    chain = []
    tokens = plan["guard"]["tokens"]
    if tokens:
        chain.append(lua("oakum.reader", reader(plan["credentials"])))
        kind = filter_type("jwt_authn", "JwtAuthentication")
        chain.append(typed_extension("oakum.tokens", kind, verification_filter(tokens)))
    chain.append(
        {
            "name": "oakum.policy",
            "config_discovery": {
                "config_source": {
                    # Watch the folder: a ConfigMap is updated by changing a symlink beside the
                    # file.
                    "path_config_source": {
                        "path": str(deployment.folder / POLICY),
                        "watched_directory": {"path": str(deployment.folder)},
                    },
                    "resource_api_version": "V3",
                },
                "type_urls": [TYPE + filter_type("lua", "Lua")],
            },
        }
    )
    if not deployment.observe:
        chain.insert(0, lua("oakum.sentinel", sentinel))
        chain.append(
            typed_extension("oakum.gate", filter_type("rbac", "RBAC"), {"rules": _entry_rules()})
        )
    router = {"suppress_envoy_headers": True}
    return [
        *chain,
        typed_extension("envoy.filters.http.router", filter_type("router", "Router"), router),
    ]


def _entry_rules() -> dict[str, Json]:
    marked = {"filter": SPACE, "path": [{"key": "x"}], "value": {"present_match": True}}
    source = {"sourced_metadata": {"metadata_matcher": marked}}
    allowed = {"permissions": [{"any": True}], "principals": [source]}
    return {"action": "ALLOW", "policies": {"entered": allowed}}
