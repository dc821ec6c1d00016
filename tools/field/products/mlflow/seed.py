"""Two made-up accounts, each with an experiment of its own and two traces in it."""

from __future__ import annotations

import base64

from field.client import call
from field.place import Place


def seed(place: Place) -> dict[str, str]:
    base = place.base + "/api"
    for name in ("ann", "bob"):
        account = {"username": name, "password": password(name)}
        call("POST", f"{base}/2.0/mlflow/users/create", account, own("admin"))
        experiment = call(
            "POST", f"{base}/2.0/mlflow/experiments/create", {"name": f"Diary of {name}"}, own(name)
        )["experiment_id"]
        for number in (1, 2):
            trace(base, name, experiment, number)
    return {f"{name.upper()}_KEY": basic(name) for name in ("ann", "bob")}


def trace(base: str, name: str, experiment: str, number: int) -> None:
    info = {
        "trace_id": f"tr-{name}-{number}",
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": experiment},
        },
        "request_preview": f"What did {name} dream in night {number}?",
        "response_preview": f"{name} dreamt of {number} whales",
        "request_time": f"2026-01-0{number}T00:00:00Z",
        "execution_duration": f"{number}s",
        "state": "OK",
    }
    call("POST", f"{base}/3.0/mlflow/traces", {"trace": {"trace_info": info}}, own(name))


def password(name: str) -> str:
    return f"made-up password of {'the field' if name == 'admin' else name}"


def basic(name: str) -> str:
    return base64.b64encode(f"{name}:{password(name)}".encode()).decode()


def own(name: str) -> dict[str, str]:
    return {"Authorization": f"Basic {basic(name)}"}
