"""Says what Django REST Framework, Flask or FastAPI has parsed of a request, each behind the server
that its documentation names for a first run. `python -m tests.frameworks.pythons NAME`; the port is
the first line that it prints.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server


def told(method: str, fields: Any, query: Mapping[str, Any], locale: str | None) -> dict[str, Any]:
    said = fields if isinstance(fields, Mapping) else {}
    # The last of a QueryDict, as `data["name"]` gives it.
    return {
        "method": method,
        "fields": {name: said[name] for name in said},
        "query": query,
        "locale": locale,
    }


def django() -> Any:
    from django.conf import settings

    settings.configure(
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.frameworks.django_urls",
        SECRET_KEY="of a test",
        REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    )
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def flask() -> Any:
    from flask import Flask, jsonify, request

    app = Flask(__name__)

    def echo(id: str) -> Any:
        fields = request.get_json() if request.is_json else request.form
        query = {name: request.args[name] for name in request.args}
        if "tags" in request.args:
            query["tags"] = request.args.getlist("tags")
        return jsonify(told(request.method, fields, query, request.headers.get("x-locale")))

    app.add_url_rule("/things/<id>", view_func=echo, methods=["GET", "PUT", "POST", "DELETE"])
    return app


def fastapi() -> Any:
    from fastapi import FastAPI, Request
    from pydantic import BaseModel, ConfigDict

    class Thing(BaseModel):
        model_config = ConfigDict(extra="allow")

    app = FastAPI()

    def answer(request: Request, fields: Mapping[str, Any]) -> dict[str, Any]:
        params = request.query_params
        query: dict[str, Any] = {name: params[name] for name in params}
        if "tags" in params:
            query["tags"] = params.getlist("tags")
        return told(request.method, fields, query, request.headers.get("x-locale"))

    def put(id: str, request: Request, thing: Thing | None = None) -> dict[str, Any]:
        return answer(request, thing.model_extra or {} if thing is not None else {})

    async def post(id: str, request: Request) -> dict[str, Any]:
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            return answer(request, await request.json())
        return answer(request, {key: str(each) for key, each in (await request.form()).items()})

    # Annotations are texts here, and these names are local.
    put.__annotations__ |= {"request": Request, "thing": Thing | None}
    post.__annotations__ |= {"request": Request}
    app.put("/things/{id}")(put)
    app.get("/things/{id}")(put)
    app.delete("/things/{id}")(put)
    app.post("/things/{id}")(post)
    return app


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def main(name: str) -> None:
    if name == "fastapi":
        import socket

        import uvicorn

        with socket.create_server(("127.0.0.1", 0)) as listening:
            print(listening.getsockname()[1], flush=True)
            server = uvicorn.Server(uvicorn.Config(fastapi(), log_level="critical"))
            server.run(sockets=[listening])
        return
    with make_server(
        "127.0.0.1", 0, {"django": django, "flask": flask}[name](), handler_class=_Quiet
    ) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
