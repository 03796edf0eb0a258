"""Reading candidates, jobs and hiring teams from SmartRecruiters (SPEC §4), each company at its own pace."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import structlog
from runtime.fencing import Fence, ForbiddenUrl
from runtime.pacing import Pacer, retry_after
from runtime.smartrecruiters_tokens import CustomerTokens, IntegrationDisabled, NotConnected, TokenUnavailable
from yarl import URL

from orders.domain.enrichment import Absent, Found, Outcome, Resource, TryAgain
from orders.domain.request import understood

_PATHS = {
    Resource.CANDIDATE: "candidates/{}",
    Resource.JOB: "jobs/{}",
    Resource.HIRING_TEAM: "jobs/{}/hiring-team",
}
_LARGEST = 1024 * 1024
_PASSING = frozenset({401, 408, 425, 429})
_ABSENT = {403: "not permitted (403)", 404: "not found (404)"}

log = structlog.get_logger()


class _Gate:
    """One company's credential: SmartRecruiters counts each apart."""

    def __init__(self, per_second: float, in_flight: int) -> None:
        self.pacer = Pacer(per_second=per_second)
        self.places = asyncio.Semaphore(in_flight)


class SmartRecruitersResources:
    """`ports.Resources`. Never raises for what others do; the caller sets the deadline.

    403, 404 and other final refusals are absent for good; everything that may pass is to be tried again, not
    before Retry-After. A 401 drops the token and asks once more with a new one.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        base_url: str,
        tokens: CustomerTokens,
        fence: Fence,
        clock: Callable[[], float],
        per_second: float = 10,
        in_flight: int = 8,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._tokens = tokens
        self._fence = fence
        self._clock = clock
        self._gates: dict[str, _Gate] = defaultdict(lambda: _Gate(per_second, in_flight))

    async def fetch(self, company_id: str, resource: Resource, resource_id: str) -> Outcome:
        """Returns what came of it."""
        if not resource_id.strip("."):
            return Absent("its id cannot stand in a path")
        url = f"{self._base_url}/{_PATHS[resource].format(quote(resource_id, safe=''))}"
        try:
            self._fence.check(url)
            return await self._ask_twice(company_id, resource, url)
        except ForbiddenUrl as error:
            return Absent(f"not called: {error.reason}")
        except (NotConnected, IntegrationDisabled, TokenUnavailable) as error:
            return _without_token(error)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return TryAgain(f"{resource}: {type(error).__name__}")

    async def _ask_twice(self, company_id: str, resource: Resource, url: str) -> Outcome:
        for _ in range(2):
            outcome = await self._ask(company_id, resource, url)
            if not isinstance(outcome, _Unauthorized):
                return outcome
            self._tokens.rejected(company_id, outcome.token)
        return TryAgain(f"{resource}: status 401")

    async def _ask(self, company_id: str, resource: Resource, url: str) -> "Outcome | _Unauthorized":
        token = await self._tokens.get(company_id)
        gate = self._gates[company_id]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        async with gate.places:
            await asyncio.sleep(gate.pacer.reserve(self._clock()))
            async with self._session.get(
                URL(url, encoded=True), headers=headers, allow_redirects=False
            ) as response:
                gate.pacer.observe(self._clock(), status=response.status, headers=response.headers)
                log.debug("read", resource=resource, company_id=company_id, status=response.status)
                if response.status == 401:
                    return _Unauthorized(token)
                if response.status == 200:
                    return _read(resource, await _body(response))
                return _refused(resource, response)


class _Unauthorized:
    def __init__(self, token: str) -> None:
        self.token = token


def _without_token(error: NotConnected | IntegrationDisabled | TokenUnavailable) -> TryAgain:
    match error:
        case NotConnected():
            return TryAgain("the company is not connected")
        case IntegrationDisabled():
            return TryAgain("the company's integration is disabled")
        case TokenUnavailable():
            return TryAgain("no token for SmartRecruiters", timedelta(seconds=error.retry_after))


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    """Returns the body, None when it is larger than any resource can be."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > _LARGEST:
            return None
    return bytes(body)


def _read(resource: Resource, body: bytes | None) -> Outcome:
    try:
        content: Any = json.loads(body) if body is not None else None
    except (ValueError, RecursionError):  # no JSON, or nested deeper than it can be read
        content = None
    if resource is Resource.HIRING_TEAM and isinstance(content, list):
        content = {"content": content}
    if not isinstance(content, dict) or not understood(resource, content):
        return Absent("the answer was not understood")
    return Found(content)


def _refused(resource: Resource, response: aiohttp.ClientResponse) -> Outcome:
    status = response.status
    if status in _PASSING or status >= 500:
        seconds = retry_after(response.headers.get("Retry-After"), datetime.now(UTC)) or 0.0
        return TryAgain(f"{resource}: status {status}", timedelta(seconds=min(seconds, 86400)))
    return Absent(_ABSENT.get(status, f"refused ({status})"))
