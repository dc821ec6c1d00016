from __future__ import annotations

from oakum.http.origin import origin_of


def test_origins() -> None:
    assert origin_of("https://API.example:443/a?b") == "https://api.example"
    assert origin_of("http://api.example:8080/") == "http://api.example:8080"
    assert origin_of("http://[::1]:80/") == "http://[::1]"
    assert origin_of("https://ann:pw@api.example") == "https://api.example"
