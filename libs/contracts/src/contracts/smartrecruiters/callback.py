"""The order id in a resultCallbackURL (SPEC §5.1)."""

import re
from urllib.parse import unquote, urlsplit

_PATH = re.compile(r"/orders/(?P<id>[^/]+)(?:/results)?/?$")
_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")


def order_id_of(url: str) -> str:
    """Returns the order id in `…/orders/{orderId}/results`. Raises ValueError when there is none."""
    found = _PATH.search(urlsplit(url).path)
    identity = unquote(found["id"]) if found else ""
    if not _ID.fullmatch(identity) or set(identity) == {"."}:
        raise ValueError("resultCallbackURL has no order id in its path")
    return identity
