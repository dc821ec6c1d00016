"""The static half of the configuration of Envoy: everything but the policy.

Order of the filters: sentinel (last to see a response), tokens, policy, gate (a request that the
policy did not mark goes no further), router. The policy is a file of its own, watched by Envoy,
so that a new contract is one rename.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from oakum.contract.model import Json
from oakum.guard.envoy.replies import local_replies, status
from oakum.guard.target import Deployment, address, mistake

SPACE = "oakum"
"""Dynamic metadata in which policy, sentinel, gate and access log speak to each other."""
POLICY = "policy.json"
MARK = "proxy-connection"
"""Response header in which the router tells the Lua filters `via_upstream`, or why a reply is
Envoy's own. What the API sent there is overwritten, and since the field is hop-by-hop (RFC 9110,
7.6.1) Envoy removes it from all that goes out, also from replies that pass no filter."""

_TYPE = "type.googleapis.com/envoy."
_FILTERS = _TYPE + "extensions.filters.http."
_HEADERS_TIMEOUT = "10s"
_REQUEST_TIMEOUT = "60s"
_IDLE = "75s"
_STREAM_IDLE = "300s"
_UPSTREAM_IDLE = "4s"
"""Below the 5 s of common servers, so that a write never meets a connection just being closed."""
_CONNECT = "2s"
_CACHED_TOKENS = 1000
_KEYS_CACHED = "60s"
_KEYS_TIMEOUT = "5s"
_MAX_HEADERS_KB = 60
_WATCHED = 16 << 20
"""Bytes of a body that may be buffered where none may be refused for its length."""


def bootstrap(deployment: Deployment, plan: Mapping[str, Json], sentinel: str) -> dict[str, Json]:
    """The whole file, as Envoy's JSON; raises `InputError` for addresses that are none."""
    upstream = url(deployment.upstream, "upstream")
    if upstream.path not in ("", "/"):
        raise mistake(f"upstream `{deployment.upstream}` has a path", "give its origin alone")
    clusters = [
        _cluster("upstream", upstream, deployment),
        _cluster("questions", upstream, deployment, _plain()),
    ]
    tokens = plan["guard"]["tokens"]
    if tokens and tokens["jwks"] is None:
        clusters.append(_cluster("keys", url(tokens["keys"], "keys"), deployment))
    limit = {"max_active_downstream_connections": deployment.connections}
    made: dict[str, Json] = {
        "node": {
            "id": "oakum",
            "cluster": "oakum",
            "metadata": {"workers": deployment.workers},  # for the command line
        },
        "static_resources": {"listeners": [_listener(deployment, plan, sentinel)]}
        | {"clusters": clusters},
        "overload_manager": {
            "resource_monitors": [
                _typed(
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
            "address": _socket(*address(deployment.admin, "admin")),
            "ignore_global_conn_limit": True,
            "allow_paths": [
                {"exact": "/ready"},
                {"prefix": "/stats"},
                {"prefix": "/drain_listeners"},
            ],
        }
    return made


def url(text: str, option: str) -> SplitResult:
    """An absolute http(s) URL; raises `InputError` that names the option."""
    parts = urlsplit(text)
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise mistake(f"{option} `{text}` is not a URL", "write it as `http://127.0.0.1:8000`")
    return parts


def buffered(deployment: Deployment, plan: Mapping[str, Json]) -> int:
    """Bytes of one body that Envoy holds at most."""
    most: int = plan["guard"]["max_body"]
    return max(most, _WATCHED) if deployment.observe else most


def authority(upstream: SplitResult) -> str:
    """What the API is told as its `host`."""
    return upstream.netloc.rpartition("@")[2]


def _listener(deployment: Deployment, plan: Mapping[str, Json], sentinel: str) -> dict[str, Json]:
    guard = plan["guard"]
    manager = {
        "stat_prefix": "oakum",
        "codec_type": "HTTP1",
        "http_protocol_options": {"allow_absolute_url": False, "allow_chunked_length": False},
        "common_http_protocol_options": {
            "idle_timeout": _IDLE,
            "max_headers_count": 100,
        },
        "max_request_headers_kb": _MAX_HEADERS_KB,
        "request_headers_timeout": _HEADERS_TIMEOUT,
        "request_timeout": _REQUEST_TIMEOUT,
        "stream_idle_timeout": _STREAM_IDLE,
        "server_header_transformation": "PASS_THROUGH",
        "use_remote_address": True,
        "xff_num_trusted_hops": guard["hops"],
        "skip_xff_append": True,
        "generate_request_id": False,
        # The policy judges the path as the API will get it; nothing may be made of it here.
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "route_config": {"virtual_hosts": [_host(deployment)]},
        "http_filters": list(_filters(deployment, plan, sentinel)),
        "local_reply_config": local_replies(),
        "access_log": list(_access_logs(deployment)),
    }
    if guard["websockets"] or deployment.observe:
        manager["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    return {
        "name": "oakum",
        "address": _socket(*address(deployment.listen, "listen")),
        # Bodies are buffered up to this; a longer one ends in a reply of Envoy's own.
        "per_connection_buffer_limit_bytes": buffered(deployment, plan),
        "filter_chains": [
            {
                "filters": [
                    _typed(
                        "envoy.filters.network.http_connection_manager",
                        "extensions.filters.network.http_connection_manager.v3"
                        ".HttpConnectionManager",
                        manager,
                    )
                ]
            }
        ],
    }


def _host(deployment: Deployment) -> dict[str, Json]:
    action = {
        "cluster": "upstream",
        "timeout": f"{deployment.timeout}s",
        "host_rewrite_literal": authority(urlsplit(deployment.upstream)),
    }
    # What was never sent may be sent again; what was, only if it can change nothing.
    reads = {"retry_on": "connect-failure,refused-stream,reset", "num_retries": 1}
    writes = {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 1}
    reading = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
    return {
        "name": "oakum",
        "domains": ["*"],
        "routes": [
            {
                "match": {"prefix": "/", "headers": [reading]},
                "route": action | {"retry_policy": reads},
            },
            {"match": {"prefix": "/"}, "route": action | {"retry_policy": writes}},
        ],
        "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-internal"],
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
        verifying = _jwt(tokens, plan["credentials"])
        chain.append(_typed("oakum.tokens", _http("jwt_authn", "JwtAuthentication"), verifying))
    chain.append(
        {
            "name": "oakum.policy",
            "config_discovery": {
                "config_source": {
                    # The folder: a ConfigMap changes by a link beside the file.
                    "path_config_source": {
                        "path": str(deployment.folder / POLICY),
                        "watched_directory": {"path": str(deployment.folder)},
                    },
                    "resource_api_version": "V3",
                },
                "type_urls": [_TYPE + _http("lua", "Lua")],
            },
        }
    )
    if not deployment.observe:
        chain.insert(0, lua("oakum.sentinel", sentinel))
        chain.append(_typed("oakum.gate", _http("rbac", "RBAC"), {"rules": _entered()}))
    router = {"suppress_envoy_headers": True}
    return [*chain, _typed("envoy.filters.http.router", _http("router", "Router"), router)]


def lua(name: str, code: str) -> dict[str, Json]:
    """A Lua filter, also in the form that `policy.json` lists."""
    return _typed(name, _http("lua", "Lua"), {"default_source_code": {"inline_string": code}})


def _entered() -> dict[str, Json]:
    marked = {"filter": SPACE, "path": [{"key": "x"}], "value": {"present_match": True}}
    source = {"sourced_metadata": {"metadata_matcher": marked}}
    allowed = {"permissions": [{"any": True}], "principals": [source]}
    return {"action": "ALLOW", "policies": {"entered": allowed}}


def _jwt(tokens: Mapping[str, Json], credentials: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Verifies and decides nothing: a missing or bad token is the policy's to answer.

    One provider for each place where a token may stand, so that none speaks for another.
    """
    common: dict[str, Json] = {
        "issuer": tokens["issuer"],
        "audiences": tokens["audiences"],
        "forward": True,
        "require_expiration": True,
        "clock_skew_seconds": 1,  # 0 would mean 60; the policy compares exactly
        "jwt_cache_config": {"jwt_cache_size": _CACHED_TOKENS},
    }
    if tokens["jwks"] is None:
        common["remote_jwks"] = {
            "http_uri": {"uri": tokens["keys"], "cluster": "keys", "timeout": _KEYS_TIMEOUT},
            "cache_duration": _KEYS_CACHED,
            "async_fetch": {},
        }
    else:
        common["local_jwks"] = {"inline_string": json.dumps(tokens["jwks"])}
    providers = {
        f"place{number}": common | _token_in(place) | {"header_in_metadata": f"head{number}"}
        for number, place in enumerate(credentials, 1)
    }
    any_way = [
        {
            "requires_any": {
                "requirements": [{"provider_name": name}, {"allow_missing_or_failed": {}}]
            }
        }
        for name in providers
    ]
    requires = any_way[0] if len(any_way) == 1 else {"requires_all": {"requirements": any_way}}
    return {
        "providers": providers,
        "rules": [{"match": {"prefix": "/"}, "requires": requires}],
    }


def _token_in(place: Mapping[str, Json]) -> dict[str, Json]:
    name = place["name"]
    if place["where"] == "cookie":
        return {"from_cookies": [name]}
    if place["where"] == "query":
        return {"from_params": [name]}
    if name == "authorization":
        schemes = ("Bearer ", "bearer ", "BEARER ")
        return {"from_headers": [{"name": name, "value_prefix": each} for each in schemes]}
    return {"from_headers": [{"name": name}]}


def _access_logs(deployment: Deployment) -> list[Json]:
    """The policy's own line as it is; for what never came so far, what Envoy knows."""
    line = {"filter": SPACE, "path": [{"key": "line"}]}
    said = {"matcher": line | {"value": {"present_match": True}}, "match_if_key_not_found": False}
    # No line is empty, so this matches only where there is none: the filter knows no *not*.
    unsaid = {
        "matcher": line | {"value": {"string_match": {"exact": ""}}},
        "match_if_key_not_found": True,
    }

    def log(text: str, metadata: Json, *filters: Json) -> Json:
        chosen = [{"metadata_filter": metadata}, *filters]
        config = {
            "path": str(deployment.audit),
            "log_format": {"text_format_source": {"inline_string": text + "\n"}},
        }
        logger = "extensions.access_loggers.file.v3.FileAccessLog"
        return {
            **_typed("envoy.access_loggers.file", logger, config),
            "filter": {"and_filter": {"filters": chosen}} if filters else chosen[0],
        }

    def known(reason: str) -> str:
        return (
            # No contract: this file stays as it is when only the policy changes.
            '{"time":%START_TIME(%s.%3f)%,"contract":null,"who":"anonymous",'
            '"op":null,"method":"%REQ(:METHOD)%","status":%RESPONSE_CODE%,"upstream":null,'
            f'"removed":{{}},"denied":"{reason}","lookups":0,"failed":0}}'
        )

    return [
        log(f"%DYNAMIC_METADATA({SPACE}:line)%", said),
        log(known("error"), unsaid, status("GE", 500)),
        log(known("too-long"), unsaid, status("EQ", 413)),
        log(known("path"), unsaid, status("EQ", 404)),
        log(known("unreadable"), unsaid, status("LE", 403)),
        log(known("unreadable"), unsaid, status("GE", 405), status("LE", 412)),
        log(known("unreadable"), unsaid, status("GE", 414), status("LE", 499)),
    ]


def _plain() -> list[Json]:
    """Filters of the questions that the policy asks: they are not Envoy's, and do not look so."""
    names = ("x-envoy-internal", "x-envoy-expected-rq-timeout-ms")
    removed = {"mutations": {"request_mutations": [{"remove": name} for name in names]}}
    return [
        _typed("oakum.plain", _http("header_mutation", "HeaderMutation"), removed),
        _typed("oakum.codec", _http("upstream_codec", "UpstreamCodec"), {}),
    ]


def _cluster(
    name: str, where: SplitResult, deployment: Deployment, filters: Sequence[Json] = ()
) -> dict[str, Json]:
    host = where.hostname or ""
    port = where.port or (443 if where.scheme == "https" else 80)
    most = dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests"), deployment.connections
    )
    protocol: dict[str, Json] = {
        "@type": _TYPE + "extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"idle_timeout": _UPSTREAM_IDLE},
        "explicit_http_config": {"http_protocol_options": {}},
    }
    if filters:
        protocol["http_filters"] = list(filters)
    made: dict[str, Json] = {
        "name": name,
        "type": "STATIC" if _is_ip(host) else "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": _CONNECT,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(host, port)}}]}],
        },
        "circuit_breakers": {"thresholds": [most]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol
        },
    }
    if where.scheme == "https":
        name_or_ip = {"san_type": "IP_ADDRESS" if _is_ip(host) else "DNS"}
        context: dict[str, Json] = {
            "common_tls_context": {
                "tls_params": {
                    "tls_minimum_protocol_version": "TLSv1_2",
                    "tls_maximum_protocol_version": "TLSv1_3",
                },
                "validation_context": {
                    "trusted_ca": {"filename": deployment.ca},
                    "match_typed_subject_alt_names": [name_or_ip | {"matcher": {"exact": host}}],
                },
            }
        }
        if not _is_ip(host):
            context["sni"] = host
        made["transport_socket"] = _typed(
            "envoy.transport_sockets.tls",
            "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            context,
        )
    return made


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _socket(host: str, port: int) -> dict[str, Json]:
    return {"socket_address": {"address": host, "port_value": port}}


def _http(name: str, message: str) -> str:
    return f"extensions.filters.http.{name}.v3.{message}"


def _typed(name: str, message: str, config: Mapping[str, Json]) -> dict[str, Json]:
    return {"name": name, "typed_config": {"@type": _TYPE + message, **config}}
