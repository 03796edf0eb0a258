"""Customers' access tokens for SmartRecruiters, asked of the credentials service, kept until they run out."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr

from runtime import tracing


class NotConnected(Exception):
    """The company has no connection with us; `company_id` says which."""

    def __init__(self, company_id: str) -> None:
        super().__init__(f"company {company_id} is not connected")
        self.company_id = company_id


class IntegrationDisabled(Exception):
    """The company has disabled the integration: hold its results until it connects again."""

    def __init__(self, company_id: str) -> None:
        super().__init__(f"company {company_id} has disabled the integration")
        self.company_id = company_id


class TokenUnavailable(Exception):
    """No token can be had for now; try again after `retry_after` seconds."""

    def __init__(self, reason: str, retry_after: float = 5.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    until: float


class CustomerTokens:
    """A cache of tokens, one request per company at a time however many ask.

    Every answer takes at most `deadline` seconds. A token is given out until 30 s (or a tenth of its life,
    when that is less) before it runs out.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        credentials_url: str,
        internal_token: SecretStr,
        clock: Callable[[], float],
        deadline: float = 30.0,
    ) -> None:
        self._session = session
        self._url = credentials_url.rstrip("/")
        self._internal_token = internal_token
        self._clock = clock
        self._deadline = deadline
        self._kept: dict[str, _Kept] = {}
        self._rejected: dict[str, str] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}

    async def get(self, company_id: str) -> str:
        """Returns a token. Raises NotConnected, IntegrationDisabled or TokenUnavailable."""
        kept = self._kept.get(company_id)
        if kept is not None and self._clock() < kept.until:
            return kept.token
        asking = self._asking.get(company_id)
        if asking is None:
            asking = asyncio.create_task(self._ask(company_id))
            self._asking[company_id] = asking
            asking.add_done_callback(lambda task: self._asked(company_id, task))
        # Shielded: one caller that gives up does not take the answer from the others.
        return await asyncio.shield(asking)

    def rejected(self, company_id: str, token: str) -> None:
        """SmartRecruiters answered 401 to this token: the next `get` asks for another."""
        kept = self._kept.get(company_id)
        if kept is None or kept.token == token:
            self._kept.pop(company_id, None)
            self._rejected[company_id] = hashlib.sha256(token.encode()).hexdigest()

    def forget(self, company_id: str) -> None:
        """The company's integration has changed: what is kept may be worth nothing."""
        self._kept.pop(company_id, None)
        self._rejected.pop(company_id, None)

    def _asked(self, company_id: str, task: asyncio.Task[str]) -> None:
        del self._asking[company_id]
        if not task.cancelled():
            task.exception()  # every caller may have given up: then nobody else looks at it

    async def _ask(self, company_id: str) -> str:
        rejected = self._rejected.get(company_id)
        asked_at = self._clock()
        status, answer = await self._post(company_id, {"rejected": rejected} if rejected else {})
        if status == 404 and answer.get("code") == "not_connected":
            raise NotConnected(company_id)
        if status == 409:
            raise IntegrationDisabled(company_id)
        token, lifetime = answer.get("access_token"), answer.get("expires_in")
        if status != 200 or not isinstance(token, str) or not isinstance(lifetime, int | float):
            raise TokenUnavailable(f"credentials answered {status} {answer.get('code', '')}".strip())
        self._kept[company_id] = _Kept(token, asked_at + lifetime - min(30.0, lifetime / 10))
        if self._rejected.get(company_id) == rejected:
            self._rejected.pop(company_id, None)
        return token

    async def _post(self, company_id: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        url = f"{self._url}/internal/companies/{quote(company_id, safe='')}/smartrecruiters-token"
        headers = {"Authorization": f"Bearer {self._internal_token.get_secret_value()}", **tracing.headers()}
        timeout = aiohttp.ClientTimeout(total=self._deadline)
        try:
            async with self._session.post(
                url, json=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                answer = await response.json(content_type=None)
                return response.status, answer if isinstance(answer, dict) else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise TokenUnavailable(f"credentials does not answer: {type(error).__name__}") from error
