"""Where an order's results go."""

from collections.abc import Callable
from urllib.parse import quote, urlsplit

_BASE = "/assessment-api/v202010/orders"


def result_url(order_id: str, callback_url: str, *, api_url: str, allowed: Callable[[str], bool]) -> str:
    """Returns the order's resultCallbackURL when its host is allowed and its path the documented one.

    Any other is not called: the same result goes to the API's own address for the order (SPEC §5.1).
    """
    path = f"{_BASE}/{quote(order_id, safe='')}/results"
    parts = urlsplit(callback_url)
    if parts.path == path and not parts.query and not parts.fragment and allowed(callback_url):
        return callback_url
    return f"{api_url.rstrip('/')}{path}"
