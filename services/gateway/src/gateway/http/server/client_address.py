"""Where a request comes from: the peer, or what a trusted proxy in front of us says (X-Forwarded-For)."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import structlog
from aiohttp import web

Address = IPv4Address | IPv6Address
# One customer line or machine has a /64 of IPv6 to itself: single addresses of it are nobody's limit.
_IPV6_PREFIX = 64
NO_ADDRESS = "unknown"
log = structlog.get_logger()


class ClientAddresses:
    """Tells clients apart for limits: an IPv4 address, or the /64 of an IPv6 one.

    `trusted` are addresses or networks of our own proxies. Only behind one of them is X-Forwarded-For read,
    from its right end on: the left of it is whatever the client wrote. Raises ValueError for anything else.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = tuple(ip_network(one.strip()) for one in trusted if one.strip())
        self._warned = False

    def of(self, request: web.Request) -> str:
        """Returns the client's address as a text to count by; without any it is `unknown`."""
        found = _read(request.remote or "")
        if found is None:
            return NO_ADDRESS
        said = ",".join(request.headers.getall("X-Forwarded-For", []))
        if said and not self._is_ours(found):
            self._warn(found)
        for part in reversed(said.split(",")):
            if not self._is_ours(found):
                break
            told = _read(part.strip())
            if told is None:
                break
            found = told
        return str(IPv6Network((found, _IPV6_PREFIX), strict=False)) if found.version == 6 else str(found)

    def _is_ours(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _warn(self, peer: Address) -> None:
        """Once: behind a proxy nobody named, all clients would look like one."""
        if not self._warned:
            self._warned = True
            log.warning("X-Forwarded-For of a peer that is not in GATEWAY_TRUSTED_PROXIES", peer=str(peer))


def _read(text: str) -> Address | None:
    """Some proxies add a port, and brackets around IPv6; an IPv4 address inside IPv6 is the IPv4 one."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
