"""Placing orders (SPEC §3)."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urldefrag

from contracts.smartrecruiters.orders import InlineOrder
from runtime.fencing import Fence, ForbiddenUrl

from gateway.domain.catalogue import Catalogue
from gateway.domain.handoff import Handoff, HandoffLinks
from gateway.domain.orders import check_addresses, placed, read_order
from gateway.domain.principal import Principal
from gateway.errors import ForeignCompany, UnknownPackage
from gateway.service.intake import Intake


class ReturnAddresses:
    """Where a candidate may be sent after an inline assessment.

    Career sites have addresses of their own, so every https one is allowed unless hosts are configured.
    """

    def __init__(self, *, fence: Fence, everywhere: bool) -> None:
        self._fence = fence
        self._everywhere = everywhere

    def refusal(self, url: str) -> str | None:
        """Returns why the address is refused."""
        # A fragment is the page's own business, and means nothing to a fence of hosts.
        bare = urldefrag(url).url if url.isascii() else url
        reason = refusal(self._fence, bare)
        if reason is None or not self._everywhere:
            return reason
        plain = bare.isascii() and bare.isprintable() and not any(mark in bare for mark in ' "\\<>^`{|}')
        host = (
            bare[len("https://") :].partition("/")[0].partition("?")[0] if bare.startswith("https://") else ""
        )
        return None if plain and host and "@" not in host else reason


def refusal(fence: Fence, url: str) -> str | None:
    """Returns why the fence refuses an address, None when it does not."""
    try:
        fence.check(url)
    except ForbiddenUrl as error:
        return error.reason
    return None


class OrderService:
    """Checks an order and makes it durable. A repeat is the same order: same event id, same answer."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        intake: Intake,
        links: HandoffLinks,
        fence: Fence,
        returns: ReturnAddresses,
        now: Callable[[], datetime],
    ) -> None:
        self._catalogue = catalogue
        self._intake = intake
        self._links = links
        self._fence = fence
        self._returns = returns
        self._now = now

    async def place(
        self, principal: Principal, body: bytes, *, inline_only: bool, traceparent: str | None
    ) -> str | None:
        """Returns the hand-off URL of an inline order, None for a standard one, once the order is durable."""
        order = read_order(body, inline_only=inline_only)
        if order.company_id != principal.company_id:
            raise ForeignCompany
        order_id = check_addresses(order, callback=self._callback_refusal, completed=self._returns.refusal)
        if self._catalogue.get(order.company_id, order.assessment_package_id) is None:
            raise UnknownPackage("no such package")
        token = None
        if isinstance(order, InlineOrder):
            token = self._links.token(
                Handoff(order_id, order.company_id, order.completed_assessment_callback_url)
            )
        record = placed(
            order,
            order_id=order_id,
            return_url=self._links.done_url(token) if token else None,
            received_at=self._now(),
            traceparent=traceparent,
        )
        await self._intake.keep(record)
        return self._links.url(token) if token else None

    def _callback_refusal(self, url: str) -> str | None:
        return refusal(self._fence, url)
