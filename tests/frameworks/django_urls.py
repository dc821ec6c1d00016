"""The URLs of the Django project of `pythons`."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.frameworks.pythons import told


class Echo(APIView):
    def _told(self, request: Request, id: str) -> Response:
        params = request.query_params
        query: dict[str, Any] = {name: params[name] for name in params}
        if "tags" in params:
            query["tags"] = params.getlist("tags")
        locale = request.headers.get("x-locale")
        return Response(told(request.method or "", request.data, query, locale))

    get = put = post = delete = _told


urlpatterns = [path("things/<str:id>", Echo.as_view())]
