"""The gateway's answers are as documented with an identity provider behind it, too."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import schemathesis
from schemathesis.schemas import APIOperation

from tests.api import world
from tests.api.test_document import CHECKS, made_up, operations
from tests.api.world import Api
from tests.credentials.support.provider import Provider
from tests.support import databases

START, BACK = "GET /connect/openid", "GET /connect/openid/callback"
COOKIE = "__Host-connect"


@dataclass(frozen=True)
class Place:
    """The gateway and credentials, and the provider people sign in at."""

    api: Api
    provider: Provider

    def visit(self) -> str:
        """A visit that begins now."""
        page = requests.get(f"{self.api.url}/connect?companyId=acme", timeout=10)
        assert page.status_code == 200
        (found,) = set(re.findall(r"visit=([\w.-]+)", page.text))
        return str(found)

    def at_the_provider(self) -> tuple[dict[str, str], str]:
        """What a browser comes back with after its person has signed in there: the query, and its cookie."""
        query = {"visit": self.visit()}
        sent = requests.get(f"{self.api.url}/connect/openid", params=query, timeout=10, allow_redirects=False)
        assert sent.status_code == 303
        state, code = self.provider.signs_in(sent.headers["Location"])
        return {"state": state, "code": code}, str(parse_qs(sent.headers["Set-Cookie"])[COOKIE][0])


@pytest.fixture(scope="module")
async def place(kafka: str, postgres_url: str, _migrated: str) -> AsyncIterator[Place]:
    provider = Provider()
    async with (
        provider.serving(),
        databases.fresh(postgres_url, template=_migrated) as database_url,
        world.api(kafka, f"t{secrets.token_hex(5)}.", database_url, provider=provider) as api,
    ):
        yield Place(api, provider)


def kinds() -> Iterator[Any]:
    """Both operations, with what the document allows and what it does not, and so much of it real."""
    found = {operation.label: operation for operation in operations()}
    for label, real, reached in (
        (START, (), 400),
        (START, ("visit",), 303),
        (BACK, (), 403),
        (BACK, ("state",), 403),
        (BACK, ("state", "code"), 200),
    ):
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            name = f"{label} {mode.value} with {' and '.join(real) or 'nothing'} of ours"
            yield pytest.param(found[label], mode, real, reached, id=name)


# The gateway throws its own dice in another thread, while hypothesis looks at everybody's.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize(("operation", "mode", "real", "reached"), list(kinds()))
async def test_answers_are_as_documented(
    place: Place,
    operation: APIOperation[Any, Any, Any, Any],
    mode: schemathesis.GenerationMode,
    real: tuple[str, ...],
    reached: int,
) -> None:
    """300 requests; `reached` is how far those with nothing odd in them come."""
    statuses: set[int] = set()

    @made_up(operation, mode, examples=30)
    def answered(case: schemathesis.Case[Any]) -> None:
        if "visit" in real:
            case.query = {**(case.query or {}), "visit": place.visit()}
        elif real:
            query, cookie = place.at_the_provider()
            case.query = {**(case.query or {}), **{name: query[name] for name in real}}
            case.cookies = {COOKIE: cookie}
        response = case.call(base_url=place.api.url, allow_redirects=False)
        case.validate_response(response, checks=CHECKS)
        statuses.add(response.status_code)

    await asyncio.to_thread(answered)
    assert reached in statuses
