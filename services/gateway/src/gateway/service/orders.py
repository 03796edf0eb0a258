"""Placing orders (SPEC §3)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from contracts.smartrecruiters.orders import InlineOrder
from runtime.candidate_keys.errors import KeysUnavailable
from runtime.in_one_go import InOneGo

from gateway.domain.catalogue import Catalogue
from gateway.domain.handoff import Handoff, HandoffLinks
from gateway.domain.orders import (
    Order,
    Record,
    check_addresses,
    personal,
    placed,
    read_order,
    recorded,
)
from gateway.domain.principal import Principal
from gateway.errors import ForeignCompany, NotDurable, UnknownPackage
from gateway.ports import KeysAtHand
from gateway.service.addresses import CallbackAddresses, ReturnAddresses
from gateway.service.intake import Intake

_RETRY_AFTER_SECONDS = 5


class OrderService:
    """Checks an order and makes it durable. A repeat is the same order: same event id, same answer."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        intake: Intake,
        links: HandoffLinks,
        callbacks: CallbackAddresses,
        returns: ReturnAddresses,
        now: Callable[[], datetime],
        keys: KeysAtHand,
    ) -> None:
        self._catalogue = catalogue
        self._intake = intake
        self._links = links
        self._callbacks = callbacks
        self._returns = returns
        self._now = now
        self._keys = keys
        self._placing = (
            InOneGo(self._read).then(self._checked).then(self._sealed).then(self._placed).then(self._recorded)
        )

    async def place(
        self, principal: Principal, body: bytes, *, inline_only: bool, traceparent: str | None
    ) -> str | None:
        """Returns the hand-off URL of an inline order, None for a standard one, once the order is durable."""
        record, url = await self._placing.ask(_Asked(principal, body, inline_only, traceparent))
        await self._intake.keep(record)
        return url

    def _read(self, asked: "_Asked") -> tuple["_Asked", Order]:
        return asked, read_order(asked.body, inline_only=asked.inline_only)

    def _checked(self, read: tuple["_Asked", Order]) -> "_Checked":
        asked, order = read
        if order.company_id != asked.principal.company_id:
            raise ForeignCompany
        order_id = check_addresses(order, callback=self._callbacks.read, completed=self._returns.refusal)
        if self._catalogue.get(order.company_id, order.assessment_package_id) is None:
            raise UnknownPackage("no such package")
        return _Checked(asked, order, order_id, personal(order))

    def _sealed(self, checked: "_Checked") -> tuple["_Checked", str]:
        try:
            return checked, self._keys.seal(checked.personal)
        except KeysUnavailable as error:
            raise NotDurable(
                "the order could not be sealed, please send it again", retry_after=_RETRY_AFTER_SECONDS
            ) from error

    def _placed(self, sealed: tuple["_Checked", str]) -> "_Placed":
        (asked, order, order_id, _), jwe = sealed
        token = None
        if isinstance(order, InlineOrder):
            handoff = Handoff(order_id, order.company_id, order.completed_assessment_callback_url)
            token = self._links.token(handoff)
        data = placed(
            order,
            order_id=order_id,
            return_url=self._links.done_url(token) if token else None,
            received_at=self._now(),
            sealed=jwe,
        )
        return _Placed(data, self._links.url(token) if token else None, asked.traceparent)

    def _recorded(self, made: "_Placed") -> tuple[Record, str | None]:
        """Returns what is to be kept, and the hand-off URL."""
        return recorded(made.data, traceparent=made.traceparent), made.url


class _Asked(NamedTuple):
    principal: Principal
    body: bytes
    inline_only: bool
    traceparent: str | None


class _Checked(NamedTuple):
    asked: _Asked
    order: Order
    order_id: str
    personal: bytes


class _Placed(NamedTuple):
    data: dict[str, Any]
    url: str | None
    traceparent: str | None
