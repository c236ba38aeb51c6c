"""The OpenAPI document: sound in itself, and the same as what is served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from tests.flows.conftest import Client
from web.api.endpoint import ENDPOINTS
from web.api.faults import ErrorBody

OPERATION = ("get", "post", "put", "patch", "delete")


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from walk(part)
    elif isinstance(node, list):
        for part in node:
            yield from walk(part)


async def document_of(client: Client) -> dict[str, Any]:
    async with client.get("/openapi.json") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        document: dict[str, Any] = await answer.json()
        return document


async def test_it_is_sound(client: Client) -> None:
    document = await document_of(client)
    assert document["openapi"].startswith("3.1.")
    assert set(document["info"]) >= {"title", "version"}
    for node in walk(document):
        if isinstance(reference := node.get("$ref"), str):
            assert reference.startswith("#/")
            target: Any = document
            for part in reference[2:].split("/"):
                target = target[part]
    names = []
    tags = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        assert path.startswith("/")
        for method, operation in operations.items():
            assert method in OPERATION
            names.append(operation["operationId"])
            assert set(operation["tags"]) <= tags
            parameters = operation.get("parameters", [])
            assert len({(each["in"], each["name"]) for each in parameters}) == len(parameters)
            declared = {each["name"] for each in parameters if each["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
            assert all(each["required"] for each in parameters if each["in"] == "path")
            assert operation["responses"]
            for status, response in operation["responses"].items():
                assert re.fullmatch(r"[1-5]\d\d", status)
                assert response["description"]
            for requirement in operation.get("security", []):
                assert set(requirement) <= set(document["components"]["securitySchemes"])
    assert len(set(names)) == len(names)


async def test_every_schema_is_used(client: Client) -> None:
    document = await document_of(client)
    used = {node["$ref"].rpartition("/")[2] for node in walk(document) if "$ref" in node}
    assert used == set(document["components"]["schemas"])


async def test_it_tells_what_is_served_and_nothing_else(
    app: web.Application, client: Client
) -> None:
    document = await document_of(client)
    told = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    }
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    private = {"/openapi.json", "/docs", "/redoc", "/docs/assets/{name}", "/static/{path}", "/ws"}
    private.add("/f/{token}")  # pages for people
    assert told == {(method, path) for method, path in served if path not in private}
    assert len(told) == len(app[ENDPOINTS])


async def test_what_needs_a_sign_in_says_so_and_refuses(client: Client) -> None:
    document = await document_of(client)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "security" not in operation:
                continue
            assert "401" in operation["responses"]
            where = re.sub(r"{\w+}", "some-id", path)
            async with client.request(method, where) as answer:
                assert answer.status == 401, (method, path)


async def test_what_is_sent_and_refused_has_an_example(
    client: Client, app: web.Application
) -> None:
    models = {each.name: each.body or each.form for each in app[ENDPOINTS]}
    document = await document_of(client)
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                ErrorBody.model_validate(answer["content"]["application/json"]["example"])
        model = models[operation["operationId"]]
        assert (model is not None) == ("requestBody" in operation)
        if model is not None:
            (content,) = operation["requestBody"]["content"].values()
            model.model_validate(content["example"])
