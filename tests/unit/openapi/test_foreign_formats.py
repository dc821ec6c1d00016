"""What is no OpenAPI document is called by its name, with what to do."""

from __future__ import annotations

import pytest

from oakum.errors import InputError
from oakum.openapi.document import Document


def told(text: str, name: str = "api") -> str:
    with pytest.raises(InputError) as caught:
        Document.parse(text.encode(), name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"info": {"_postman_id": "1"}, "item": []}', "a Postman collection"),
        (
            '{"info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/"}}',
            "a Postman collection",
        ),
        ('{"collection": {"info": {"_postman_id": "1"}}}', "a Postman collection"),
        ('{"log": {"version": "1.2", "entries": []}}', "a HAR file"),
        ('{"_type": "export", "__export_format": 4}', "an export of Insomnia"),
        ("type: collection.insomnia.rest/5.0\nname: n", "an export of Insomnia"),
        ('{"version": "1", "name": "n", "type": "collection"}', "a collection of Bruno"),
        ("opencollection: 1.0.0", "a collection of Bruno"),
        ("meta {\n  name: Get\n  type: http\n}\n", "a request of Bruno"),
        ("#%RAML 1.0\ntitle: t\n", "a RAML description"),
        ("FORMAT: 1A\n\n# Pets\n", "an API Blueprint"),
        (
            '<?xml version="1.0"?>\n<wsdl:definitions xmlns:wsdl="w"/>',
            "a WSDL description",
        ),
        ('<?xml version="1.0"?><application/>', "XML"),
        ("<!doctype html><title>Swagger UI</title>", "a web page"),
        ("asyncapi: 3.0.0", "an AsyncAPI document"),
        ("arazzo: 1.0.0", "an Arazzo description"),
        ("overlay: 1.0.0", "an OpenAPI overlay"),
        ("openrpc: 1.2.6", "an OpenRPC document"),
        ('{"data": {"__schema": {}}}', "a GraphQL introspection result"),
        ('{"__schema": {}}', "a GraphQL introspection result"),
        ("type Query {\n  me: User\n}\n", "a GraphQL schema"),
        ("# users\n\nscalar Date\n", "a GraphQL schema"),
        ('"""\nAll of it\n"""\nschema {\n  query: Q\n}', "a GraphQL schema"),
        ('extend type User @key(fields: "id") {\n  id: ID\n}', "a GraphQL schema"),
        ('syntax = "proto3";\n', "a Protocol Buffers file"),
        ('{"kind": "discovery#restDescription"}', "a Google API discovery document"),
        ("swaggerVersion: '1.2'", "a Swagger 1 resource listing"),
    ],
)
def test_a_format_is_called_by_its_name(text: str, name: str) -> None:
    said = told(text)
    assert f": this is {name}; " in said
    assert said.startswith("api:1:")


def test_traffic_is_sent_to_observe() -> None:
    assert "`oakum observe draft FILE -o exposure.yaml`" in told('{"log": {"entries": []}}')


def test_a_blueprint_is_told_by_the_name_of_its_file() -> None:
    assert "this is an API Blueprint; " in told("# Pets\n", "pets.apib")


@pytest.mark.parametrize(
    "text",
    [
        "# type Query {\nopenapi: 3.0.0\npaths: {}",
        "openapi: 3.0.0\npaths: {}\nlog: {entries: []}",
        "input: {}\nopenapi: 3.0.0\npaths: {}",
        "type: a\nopenapi: 3.0.0\npaths: {}",
        "\ufeffopenapi: 3.0.0\npaths: {}",
    ],
)
def test_a_document_is_taken_for_nothing_else(text: str) -> None:
    assert Document.parse(text.encode(), "a.yaml").operations == ()


@pytest.mark.parametrize("text", ["swagger: 3.0.1", "openapi: 2.0", "openapi: 3.9.0", "swagger: x"])
def test_a_version_belongs_to_its_word(text: str) -> None:
    assert "is not read; Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0" in told(text)
