"""What people do with deliveries: look, mend, replay."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from contracts.codec import explain
from contracts.events.assessment import Attachment
from contracts.smartrecruiters import ResultPatch
from pydantic import ValidationError

from results_publisher.domain import retry
from results_publisher.errors import InvalidBody
from results_publisher.ports import DeliveryStore, Filter


class DeliveryService:
    """Dead letters can be mended and replayed; nothing else can be touched."""

    def __init__(self, *, store: DeliveryStore, replayed: Callable[[], None]) -> None:
        self._store = store
        self._replayed = replayed

    async def find(self, wanted: Filter, *, limit: int, before: int | None) -> list[dict[str, Any]]:
        """Returns deliveries, newest first; a dead letter's reason comes with words."""
        return [_worded(one) for one in await self._store.find(wanted, limit=limit, before=before)]

    async def get(self, delivery_id: UUID) -> dict[str, Any]:
        """Returns one with body and attempts. Raises DeliveryNotFound."""
        return _worded(await self._store.get(delivery_id))

    async def edit(self, delivery_id: UUID, body: str) -> None:
        """Replaces a dead letter's body. Raises InvalidBody, NotPossible, DeliveryNotFound."""
        kind = (await self._store.get(delivery_id))["kind"]
        model = ResultPatch if kind == "result" else Attachment
        try:
            model.model_validate_json(body)
        except ValidationError as error:
            raise InvalidBody(explain(error)) from error
        await self._store.edit(delivery_id, body)

    async def replay(self, delivery_id: UUID) -> None:
        """Queues a dead letter at the end of its order. Raises NotPossible, DeliveryNotFound."""
        await self._store.replay(delivery_id)
        self._replayed()

    async def replay_all(self, wanted: Filter, *, limit: int) -> int:
        """Returns how many were queued; those that never can be are left out."""
        count = await self._store.replay_all(wanted, limit=limit)
        self._replayed()
        return count


def _worded(delivery: dict[str, Any]) -> dict[str, Any]:
    if delivery["status"] != "dead" or not delivery["reason"]:
        return delivery
    return {**delivery, "explanation": retry.explain(delivery["reason"])}
