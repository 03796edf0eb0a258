"""Which addresses in an order are good: where results go, and where the candidate goes afterwards."""

import re

from contracts.smartrecruiters.callback import order_id_of
from runtime.fencing import Fence, ForbiddenUrl

# What every callback of SmartRecruiters looks like; anything else is read the long way.
_USUAL = re.compile(
    r"(?P<origin>https?://[A-Za-z0-9.:-]+)/(?:[A-Za-z0-9_-]+/)*orders/(?P<id>[A-Za-z0-9_-]{1,128})/results"
)
_VISIBLE = re.compile(r"[!-~]+")
_ANYWHERE = re.compile(r"https://[A-Za-z0-9.:-]+([/?][!-~]*)?")
_NOT_IN_URLS = re.compile(r'["\\<>^`{|}]')
_ORIGINS_REMEMBERED = 1000


def refusal(fence: Fence, url: str) -> str | None:
    """Returns why the fence refuses an address, None when it does not."""
    try:
        fence.check(url)
    except ForbiddenUrl as error:
        return error.reason
    return None


class CallbackAddresses:
    """Reads resultCallbackURLs. A fence judges scheme, host and port, so its yes holds for the origin."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._good: set[str] = set()

    def read(self, url: str) -> str:
        """Returns the order id. Raises ValueError saying why the address is refused."""
        usual = _USUAL.fullmatch(url)
        if usual is not None and usual["origin"] in self._good:
            return usual["id"]
        if (reason := refusal(self._fence, url)) is not None:
            raise ValueError(reason)
        if usual is not None and len(self._good) < _ORIGINS_REMEMBERED:
            self._good.add(usual["origin"])
        try:
            return order_id_of(url)
        except ValueError as error:
            raise ValueError("has no order id in its path (…/orders/{orderId}/results)") from error


class ReturnAddresses:
    """Where a candidate may be sent after an inline assessment.

    Career sites have addresses of their own, so every https one is allowed unless hosts are configured.
    """

    def __init__(self, *, fence: Fence, everywhere: bool) -> None:
        self._fence = fence
        self._everywhere = everywhere

    def refusal(self, url: str) -> str | None:
        """Returns why the address is refused."""
        if not _VISIBLE.fullmatch(url):
            return "the address has characters no address has"
        # A fragment is the page's own business, and means nothing to a fence of hosts.
        bare = url.partition("#")[0]
        reason = refusal(self._fence, bare)
        if reason is None or not self._everywhere:
            return reason
        return None if _ANYWHERE.fullmatch(bare) and not _NOT_IN_URLS.search(bare) else reason
