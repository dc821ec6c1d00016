"""Requests of a product's seed: JSON out, JSON in, an error for anything that is not a success."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any


def call(
    method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None
) -> Any:
    data = None if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read()
    except urllib.error.HTTPError as refusal:
        told = refusal.read().decode(errors="replace")[:500]
        raise SystemExit(f"field: {method} {url}: {refusal.code} {told}") from None
    return json.loads(text) if text else None
