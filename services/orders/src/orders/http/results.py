"""results-publisher's internal API: erasing and exporting what it keeps of orders."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from pydantic import SecretStr
from runtime import tracing

from orders.errors import ResultsUnavailable
from orders.ports import ErasedResults

_DEADLINE = 30.0


class ResultsClient:
    """`ports.Results`."""

    def __init__(self, *, session: aiohttp.ClientSession, url: str, token: SecretStr) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token

    async def erase(self, company_id: str, order_ids: Sequence[str]) -> Mapping[str, ErasedResults]:
        """See `ports.Results`."""
        found = await self._post("/api/orders/erase", company_id, order_ids)
        return {
            order_id: ErasedResults(int(one["deleted"]), int(one["dropped"]))
            for order_id, one in found.items()
        }

    async def export(self, company_id: str, order_ids: Sequence[str]) -> Mapping[str, Any]:
        """See `ports.Results`."""
        return await self._post("/api/orders/export", company_id, order_ids)

    async def _post(self, path: str, company_id: str, order_ids: Sequence[str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}", **tracing.headers()}
        try:
            async with self._session.post(
                self._url + path,
                json={"company_id": company_id, "order_ids": list(order_ids)},
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=_DEADLINE),
                allow_redirects=False,
            ) as response:
                answer = await response.json(content_type=None)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise ResultsUnavailable(f"results-publisher does not answer: {type(error).__name__}") from error
        if status != 200 or not isinstance(answer, dict):
            raise ResultsUnavailable(f"results-publisher answered {status}")
        orders: dict[str, Any] = answer["orders"]
        return orders
