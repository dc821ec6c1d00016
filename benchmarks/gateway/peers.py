"""Other gateways that look into a JSON answer, built as `peers/README.md` says.

None of them can tell the owner of an object from a stranger, so none is asked to.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import world
from load import Absent, free_port

Start = tuple[list[str], dict[str, str]]
"""A command line, and what is added to its environment."""


def lura(folder: Path, port: int, to: int) -> Start:
    """KrakenD's engine: removes a fixed list of members; does not verify tokens by itself."""
    binary = _found("LURA", "lura")
    hidden = [*world.UNLESS_PRIVATE, *world.OWN]

    def backend(url: str, **more: Any) -> list[dict[str, Any]]:
        return [{"url_pattern": url, "host": [f"http://127.0.0.1:{to}"], **more}]

    # Members of a list's elements are out of reach of `deny`: that takes the slower filter.
    steps = [{"type": "del", "args": [f"data.*.{name}"]} for name in hidden]
    filtered = {"github.com/devopsfaith/krakend/proxy": {"flatmap_filter": steps}}
    config = {
        "version": 3,
        "port": port,
        "listen_ip": "127.0.0.1",
        "max_idle_connections_per_host": 64,
        "endpoints": [
            {"endpoint": "/members/{id}", "backend": backend("/members/{id}", deny=hidden)},
            {"endpoint": "/members", "backend": backend("/members", extra_config=filtered)},
        ],
    }
    folder.mkdir()
    (folder / "krakend.json").write_text(json.dumps(config))
    return [binary, str(folder / "krakend.json")], {}


def api_firewall(folder: Path, port: int, to: int, document: Path) -> Start:
    """Wallarm's: checks request and answer against the document; blocks, and removes nothing."""
    settings = {
        "URL": f"http://127.0.0.1:{port}",
        "SERVER_URL": f"http://127.0.0.1:{to}",
        "HEALTH_HOST": f"127.0.0.1:{free_port()}",
        "REQUEST_VALIDATION": "BLOCK",
        "RESPONSE_VALIDATION": "BLOCK",
        "API_SPECS": str(document),
        "LOG_LEVEL": "ERROR",
    }
    command = [_found("API_FIREWALL", "api-firewall")]
    return command, {f"APIFW_{name}": value for name, value in settings.items()}


def spring(folder: Path, port: int, to: int) -> Start:
    """Spring Cloud Gateway: removes a fixed list of members, wherever they stand."""
    jar = os.environ.get("SPRING_GATEWAY", "")
    java = shutil.which("java")
    if not Path(jar).is_file() or java is None:
        raise Absent("`SPRING_GATEWAY` names no jar, or `java` is not installed")
    hidden = ",".join((*world.UNLESS_PRIVATE, *world.OWN))
    route = {
        "id": "api",
        "uri": f"http://127.0.0.1:{to}",
        "predicates": ["Path=/**"],
        "filters": [f"RemoveJsonAttributesResponseBody={hidden},true"],
    }
    config = {
        "server": {"port": port, "address": "127.0.0.1"},
        "spring": {
            "main": {"banner-mode": "off"},
            "cloud": {"gateway": {"server": {"webflux": {"routes": [route]}}}},
        },
    }
    folder.mkdir()
    (folder / "gateway.yaml").write_text(json.dumps(config))
    command = [java, "-XX:+UseSerialGC", "-Xmx512m", "-jar", jar]
    return [*command, f"--spring.config.location=file:{folder / 'gateway.yaml'}"], {}


def _found(variable: str, name: str) -> str:
    binary = os.environ.get(variable) or shutil.which(name)
    if binary is None:
        raise Absent(f"`{name}` is neither on PATH nor named by `{variable}`")
    return binary
