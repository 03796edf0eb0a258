"""Orders up and running for one test, with a bench before it and SmartRecruiters behind."""

from dataclasses import dataclass
from typing import Any

import asyncpg
from contracts.events.assessment import AssessmentRequested

from tests.orders.support.bench import TOKEN, Bench
from tests.orders.support.people import EVE, sealed
from tests.orders.support.smartrecruiters import SmartRecruiters
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Service:
    """What a test says to it and asks of it."""

    bench: Bench
    world: SmartRecruiters
    port: int

    async def asked(self, *order_ids: str) -> list[AssessmentRequested]:
        """Ada's orders are placed, and engines are asked to assess her."""
        for order_id in order_ids:
            await self.bench.say(sealed(self.world, order_id))
        return [await self.bench.requested(order_id) for order_id in order_ids]

    async def later(self, order_id: str) -> None:
        """Somebody else's order has gone all the way, and all that was said until then is read.

        What is not there now would be, had orders done it when it handled what came before.
        """
        await self.bench.say(sealed(self.world, order_id, person=EVE))
        await self.bench.requested(order_id)
        await eventually(self._all_is_said)
        await self.bench.all_is_read()

    async def order(self, order_id: str) -> Any:
        return await self.bench.order(order_id, self.port)

    async def until(self, order_id: str, **expected: Any) -> Any:
        return await self.bench.until(order_id, self.port, **expected)

    async def post(self, path: str, body: Any, status: int = 200, token: str = TOKEN) -> Any:
        return await self.bench.post(path, self.port, body, status, token)

    async def _all_is_said(self) -> bool:
        connection = await asyncpg.connect(self.bench.servers.database_url)
        try:
            return bool(await connection.fetchval("SELECT count(*) = 0 FROM orders.outbox"))
        finally:
            await connection.close()
