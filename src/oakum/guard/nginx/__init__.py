"""nginx with Lua, or OpenResty, as the engine of the guard: three files and a command line.

`oakum.lua` holds the runtime with the plan in it, `nginx.conf` what nginx does around it, and
`check.conf` loads the runtime once, for `validate`.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from signal import SIGHUP, SIGQUIT
from urllib.parse import SplitResult, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from oakum.errors import Problem
from oakum.guard.engine_admin_client import path_of
from oakum.guard.engine_protocol import (
    Deployment,
    EngineControl,
    address,
    mistake,
    validate_files,
)
from oakum.guard.lua import bundle, long_string
from oakum.openapi.document import Document
from oakum.openapi.model import Json
from oakum.routing.problem_details import PROBLEM_HEADERS, problem

_CONF, _LUA, _CHECK = "nginx.conf", "oakum.lua", "check.conf"
_MODULES = ("ndk_http_module.so", "ngx_http_lua_module.so")
_FOLDERS = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/lib/nginx/modules")
_PACKAGES = "/usr/share/lua/5.1/?.lua"
"""Where Debian installs the module's Lua files."""
_STATUSES = (400, 404, 408, 413, 431, 501, 502, 504, 505)
"""Statuses with a problem body."""
_TOLD = {405: 404, 414: 431, 494: 431, 500: 502, **{status: status for status in _STATUSES}}
"""nginx's own status → the client's: a method not allowed becomes 404, a runtime error 502, and a
request line that is too long 431."""
_OWN = ("places", "client", "tokens")
"""Lua modules of this engine only, in dependency order."""
_CONNECT = 2
_IDLE = 300
"""Idle timeout of a WebSocket in seconds."""
_FILES = 1 << 16


class Nginx:
    """Any nginx from 1.19.5 on whose Lua module has LuaJIT with `string.buffer`."""

    name = "nginx"
    feeds = True
    audit_log: Path | None = None
    distribution = ""
    control = EngineControl(
        frozenset((_CONF, _LUA, _CHECK)),
        SIGHUP,
        "/status",
        frozenset((_LUA, _CHECK)),
        applied="/contract",
        stop=SIGQUIT,
    )

    def render(self, deployment: Deployment) -> Mapping[str, bytes]:
        """`nginx.conf`, `oakum.lua` and `check.conf`. Uses the nginx modules found on this
        machine."""
        plan = deployment.plan.data
        upstream = _upstream(deployment.upstream)
        modules = _modules()
        package_path = _PACKAGES if modules else ""
        adapter = "".join(
            (_settings(deployment, plan, upstream), *map(_module, _OWN), _source("adapter"))
        )
        shared = {"modules": modules, "package_path": package_path}
        conf = _template(_CONF).render(**shared, **_values(deployment, plan, upstream))
        return {
            _CONF: conf.encode(),
            _LUA: _add_digest(bundle(adapter, deployment.plan.text)).encode(),
            _CHECK: _template(_CHECK).render(**shared).encode(),
        }

    def program(self) -> str:
        """Path of nginx or OpenResty."""
        path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
        for name in ("nginx", "openresty"):
            if found := shutil.which(name, path=path):
                return found
        raise mistake("nginx is not installed", "install nginx with its Lua module, or OpenResty")

    def unserved_operations(self, document: Document) -> tuple[Problem, ...]:
        """No problems: nginx serves every operation."""
        return ()

    def command(self, folder: Path, *, exported: bool = False) -> list[str]:
        """Command line of a master process. Here its workers run as the current user, who owns the
        folder, with as many files as this machine allows."""
        if exported:
            return self._start_command(folder, _CONF)
        _, most = getrlimit(RLIMIT_NOFILE)
        own = f"worker_rlimit_nofile {min(most, _FILES) if most != RLIM_INFINITY else _FILES};"
        if os.geteuid() == 0:
            own += f" user {pwd.getpwuid(0).pw_name};"
        return [*self._start_command(folder, _CONF), "-g", own]

    def validate(self, folder: Path) -> None:
        """Runs `nginx -t`, and then `check.conf`, since `-t` parses Lua without running it."""
        validate_files("nginx", [*self._start_command(folder, _CONF), "-t", "-q"])
        validate_files("nginx", self._start_command(folder, _CHECK))

    def _start_command(self, folder: Path, conf: str) -> list[str]:
        return [self.program(), "-p", f"{folder}/", "-c", conf, "-e", "stderr"]


def _add_digest(text: str) -> str:
    """The text after a comment with its digest, by which workers notice a change."""
    return f"-- {_digest(text)}\n{text}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _modules() -> list[str]:
    """Paths of the modules to load; empty when Lua is built in, as in OpenResty."""
    for folder in _FOLDERS:
        found = [f"{folder}/{name}" for name in _MODULES if Path(folder, name).is_file()]
        if len(found) == len(_MODULES):
            return found
    return []


def _url(text: str, option: str) -> SplitResult:
    parts = urlsplit(text)
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[A-Za-z0-9.:\[\]_-]+", parts.netloc):
        raise mistake(f"{option} `{text}` is not a URL", "write it as `http://127.0.0.1:8000`")
    if parts.scheme == "https" and _is_address(parts.hostname or ""):
        raise mistake(
            f"{option} `{text}` names an address, and nginx compares certificates with names alone",
            "write a name that the certificate has and that leads there (`/etc/hosts`), or guard"
            " with `--engine envoy`",
        )
    return parts


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _upstream(text: str) -> SplitResult:
    parts = _url(text, "upstream")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise mistake(
            f"upstream `{text}` has a path",
            "give its origin alone, and the path as `servers: [{url: /…}]` in the document",
        )
    return parts


def _port(upstream: SplitResult) -> int:
    return upstream.port or (443 if upstream.scheme == "https" else 80)


def _values(
    deployment: Deployment, plan: Mapping[str, Json], upstream: SplitResult
) -> dict[str, Json]:
    host = upstream.hostname or ""
    # Every client connection needs one to the API as well.
    connections = 2 * deployment.connections // deployment.workers + 64
    return {
        "workers": deployment.workers,
        "connections": connections,
        "environment": [
            name for name in (deployment.service_env, deployment.audit_key_env) if name
        ],
        "max_body": plan["guard"]["max_body"],
        "websockets": _digest(json.dumps(plan["guard"]["websockets"]))[:16],
        "observe": deployment.observe,
        "folder": _quotable(str(deployment.folder)),
        "scratch": _quotable(str(deployment.scratch)),
        "audit": _quotable(str(deployment.audit)),
        "ca": _quotable(deployment.ca),
        "listen": _listen(deployment.listen, "listen"),
        "admin": _admin(deployment.admin),
        "server": f"[{host}]:{_port(upstream)}" if ":" in host else f"{host}:{_port(upstream)}",
        "scheme": upstream.scheme,
        "name_of_api": host,
        "lua_tls": upstream.scheme == "https" or _asks_keys(plan),
        "unread": [
            ("raw", "", "", max(1, round(deployment.timeout))),
            ("websocket", "upgrade", "websocket", _IDLE),
        ],
        "connect": _CONNECT,
        "errors": sorted(_TOLD.items()),
        "problems": [(status, problem(status)) for status in _STATUSES],
    }


def _listen(text: str, option: str) -> str:
    host, port = address(text, option)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _admin(where: str) -> str:
    if path_of(where) is not None:
        return f'"{_quotable(where)}"'
    return _listen(where, "admin") if where else ""


def _quotable(path: str) -> str:
    if not path.isprintable() or any(each in path for each in '"\\$'):
        raise mistake(
            f'`{path}` contains `"`, `\\`, `$` or a control character, which nginx cannot take in a'
            " path",
            "choose a path without them",
        )
    return path


def _settings(deployment: Deployment, plan: Mapping[str, Json], upstream: SplitResult) -> str:
    """The adapter's `SETTINGS`; names of secrets, never secrets."""
    tokens = plan["guard"]["tokens"]
    settings = {
        "upstream": _place(upstream),
        "verifies": tokens is not None,
        "keys": _keys(tokens["keys"]) if _asks_keys(plan) else "",
        "timeout": deployment.timeout,
        "taken": deployment.taken,
        "max_body": plan["guard"]["max_body"],
        "observe": deployment.observe,
        "service_env": deployment.service_env,
        "audit_key_env": deployment.audit_key_env,
        "state": str(deployment.state),
        "redis": deployment.redis,
        "denied": dict(deployment.denied) or "",
        "deny_key": deployment.deny_key,
        "problems": {str(status): problem(status) for status in _STATUSES},
        "problem_headers": PROBLEM_HEADERS,
    }
    present = {name: value for name, value in settings.items() if value != ""}
    return f"local SETTINGS = {long_string(json.dumps(present))}\n"


def _place(url: SplitResult) -> dict[str, Json]:
    return {
        "host": url.hostname,
        "port": _port(url),
        "tls": url.scheme == "https",
        "authority": url.netloc,
    }


def _asks_keys(plan: Mapping[str, Json]) -> bool:
    tokens = plan["guard"]["tokens"]
    return tokens is not None and tokens["jwks"] is None


def _keys(text: str) -> dict[str, Json]:
    """Address and request target of the issuer's key set."""
    url = _url(text, "keys")
    return _place(url) | {"target": (url.path or "/") + (f"?{url.query}" if url.query else "")}


def _module(name: str) -> str:
    return f'package.preload["oakum.{name}"] = function(...)\n{_source(name)}\nend\n'


@cache
def _source(name: str) -> str:
    return (files(__name__) / f"{name}.lua").read_text(encoding="utf-8")


_TEMPLATES = Environment(
    loader=PackageLoader(__name__, "."),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def _template(name: str) -> Template:
    return _TEMPLATES.get_template(f"{name}.j2")
