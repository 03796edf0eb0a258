"""202 means durable: Kafka acknowledged the order, or PostgreSQL committed it to the spool."""

import asyncio
from enum import StrEnum

import structlog
from runtime.metrics import Tally

from gateway.domain.breaker import Breaker, State
from gateway.domain.orders import Record
from gateway.errors import NotDurable, Unavailable
from gateway.ports import OrderLog, Spool
from gateway.service.metrics import ORDERS, RELAYED

log = structlog.get_logger()

_PROBE_EVERY_SECONDS = 0.5
_RELAY_EVERY_SECONDS = 0.5
_RETRY_AFTER_SECONDS = 5


class Kept(StrEnum):
    """Where an order was made durable."""

    BROKER = "broker"
    SPOOL = "spool"
    NOWHERE = "nowhere"


class Intake:
    """Keeps orders, wherever it can. Only the first of them waits for a Kafka that has just gone away."""

    def __init__(self, *, orders: OrderLog, spool: Spool) -> None:
        self._orders = orders
        self._spool = spool
        self._breaker = Breaker()
        self._counts = {kept: Tally(ORDERS.labels(kept.value)) for kept in Kept}

    async def keep(self, record: Record) -> Kept:
        """Returns when the order is durable. Raises NotDurable when nothing took it; it may be sent again."""
        admitted = self._breaker.admit()
        if admitted and await self._publish(record):
            self._counts[Kept.BROKER].count += 1
            return Kept.BROKER
        try:
            await self._spool.put(record)
        except Unavailable as error:
            # Kafka answers again, only somebody else is trying it: without the spool it is what is left.
            if not admitted and self._breaker.state is not State.OPEN and await self._publish(record):
                self._counts[Kept.BROKER].count += 1
                return Kept.BROKER
            self._counts[Kept.NOWHERE].count += 1
            raise NotDurable(
                "the order could not be stored, please send it again", retry_after=_RETRY_AFTER_SECONDS
            ) from error
        self._counts[Kept.SPOOL].count += 1
        log.warning("order spooled", order_id=record.order_id)
        return Kept.SPOOL

    async def _publish(self, record: Record) -> bool:
        outcome = self._breaker.abandoned
        try:
            await self._orders.publish(record)
            outcome = self._breaker.succeeded
        except Unavailable:
            outcome = self._breaker.failed
            return False
        finally:
            outcome()
        return True

    async def watch(self) -> None:
        """Asks a Kafka that went away whether it is back, until cancelled."""
        while True:
            await asyncio.sleep(_PROBE_EVERY_SECONDS)
            if self._breaker.state is State.OPEN and await self._orders.answers():
                self._breaker.answered()

    async def relay(self) -> None:
        """Brings spooled orders to Kafka, oldest first, until cancelled."""
        while True:
            try:
                relayed = await self._spool.drain(self._orders.publish_spooled)
            except Unavailable as error:
                log.debug("the spool waits", reason=str(error))
                relayed = 0
            if relayed:
                RELAYED.inc(relayed)
                log.info("spooled orders relayed", count=relayed)
            else:
                await asyncio.sleep(_RELAY_EVERY_SECONDS)
