"""docs/openapi/gateway.yaml says what the gateway is: every route, every wire model, every answer."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import aiohttp
import pytest
import schemathesis
from gateway.http.server.application import Handlers, create_app
from gateway.http.server.boundary import Boundary
from hypothesis import HealthCheck, given, settings
from schemathesis import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.document import DOCUMENT, PATH
from tests.api.models import schemas
from tests.api.world import Api

CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
METHODS = {"get", "post", "put", "patch", "delete"}


class _Anything:
    """Stands where create_app wants handlers: only the routes are looked at."""

    def __getattr__(self, name: str) -> Any:
        return _Anything()

    async def __call__(self) -> None:
        """Never called."""


def routes() -> set[tuple[str, str]]:
    """Every method and path the application answers, as the document writes them."""
    app = create_app(cast("Handlers", _Anything()), Boundary(1.0))
    known = {
        (route.method.lower(), re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.resource.canonical))
        for route in app.router.routes()
        if route.resource is not None
    }
    return {(method, path) for method, path in known if method in METHODS}


def test_every_route_is_documented_and_no_other() -> None:
    documented = {
        (method, path) for path, item in DOCUMENT["paths"].items() for method in item.keys() & METHODS
    }
    assert documented == routes()


def test_the_wire_models_are_those_of_the_contracts() -> None:
    """`python -m tests.api.models` prints what has to stand there."""
    written = DOCUMENT["components"]["schemas"]
    assert {name: written.get(name) for name in schemas()} == json.loads(json.dumps(schemas()))


def operations() -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for found in schemathesis.openapi.from_path(PATH).get_all_operations():
        assert isinstance(found, Ok), found
        yield found.ok()


async def tokens(api: Api) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": api.client_id,
        "client_secret": api.client_secret,
    }
    async with aiohttp.ClientSession() as session, session.post(api.token_url, data=form) as response:
        return str((await response.json())["access_token"])


def modes() -> Iterator[Any]:
    """Each operation with what the document allows, and with what it does not where it asks for anything."""
    for operation in operations():
        yield pytest.param(operation, schemathesis.GenerationMode.POSITIVE, id=operation.label)
        if operation.body or operation.query or operation.headers:
            yield pytest.param(
                operation, schemathesis.GenerationMode.NEGATIVE, id=f"{operation.label} wrongly"
            )


def made_up(
    operation: APIOperation[Any, Any, Any, Any], mode: schemathesis.GenerationMode, *, examples: int
) -> Callable[[Callable[[schemathesis.Case[Any]], None]], Callable[[], None]]:
    """Decorates what is to hold for every case: called, it makes up cases, the same in every run."""

    def decorate(holds: Callable[[schemathesis.Case[Any]], None]) -> Callable[[], None]:
        limited = settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        cases = operation.as_strategy(generation_mode=mode)
        run: Callable[[], None] = limited(given(case=cases)(holds))
        return run

    return decorate


# The gateway throws its own dice in another thread, while hypothesis looks at everybody's.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize(("operation", "mode"), list(modes()))
async def test_answers_are_as_documented(
    api: Api, operation: APIOperation[Any, Any, Any, Any], mode: schemathesis.GenerationMode
) -> None:
    """With a good token and without one; what is made up is the same in every run."""
    bearer = {"Authorization": f"Bearer {await tokens(api)}"}
    asks_for_one = operation.label.split()[1].startswith(("/packages", "/integrations"))

    @made_up(operation, mode, examples=15)
    def answered(case: schemathesis.Case[Any]) -> None:
        for headers in ({}, bearer) if asks_for_one else ({},):
            response = case.call(base_url=api.url, headers=headers, allow_redirects=False)
            case.validate_response(response, checks=CHECKS)

    await asyncio.to_thread(answered)
