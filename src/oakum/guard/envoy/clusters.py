"""Envoy clusters: the API (twice, for traffic and look-ups) and publishers of keys."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from oakum.guard.engine_protocol import Deployment, mistake
from oakum.guard.envoy.config_elements import TYPE, filter_type, socket_address, typed_extension
from oakum.openapi.model import Json

_UPSTREAM_IDLE = "4s"
"""Below the 5 s of common servers, so that a write never hits a connection that is being closed."""
_CONNECT = "2s"


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


def authority(upstream: SplitResult) -> str:
    """Value of the `host` header that the API receives."""
    return upstream.netloc.rpartition("@")[2]


def cluster(
    name: str, where: SplitResult, deployment: Deployment, filters: Sequence[Json] = ()
) -> dict[str, Json]:
    """A cluster for one origin: HTTP/1.1, or TLS verified against `deployment.ca`."""
    host = where.hostname or ""
    port = where.port or (443 if where.scheme == "https" else 80)
    most = dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests"), deployment.connections
    )
    protocol: dict[str, Json] = {
        "@type": TYPE + "extensions.upstreams.http.v3.HttpProtocolOptions",
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
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": socket_address(host, port)}}]}
            ],
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
        made["transport_socket"] = typed_extension(
            "envoy.transport_sockets.tls",
            "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            context,
        )
    return made


def plain() -> list[Json]:
    """Upstream filters for look-ups: they strip the headers by which Envoy would show itself."""
    names = ("x-envoy-internal", "x-envoy-expected-rq-timeout-ms")
    removed = {"mutations": {"request_mutations": [{"remove": name} for name in names]}}
    return [
        typed_extension("oakum.plain", filter_type("header_mutation", "HeaderMutation"), removed),
        typed_extension("oakum.codec", filter_type("upstream_codec", "UpstreamCodec"), {}),
    ]


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
