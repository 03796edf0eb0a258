"""Where the stack may call out to: configured hosts over https, and nowhere else.

Addresses come from outside (SPEC §3: resultCallbackURL in each order), and our bearer tokens go to them.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]*))*")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class ForbiddenUrl(Exception):
    """The address is outside the fence. `reason` names the rule, never the address: it may carry secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Rule:
    host: str  # for *.suffix: ".suffix"
    port: int | None
    plain: bool

    def allows(self, host: str, port: int) -> bool:
        named = host.endswith(self.host) if self.host.startswith(".") else host == self.host
        return named and (self.port is None or port == self.port)


class Fence:
    """An allow-list of hosts: `host`, `host:port`, `*.suffix`, or `http://host:port` for one in plain http.

    Without a port only 443 is meant (any port on a loopback host). Plain http goes to loopback hosts and to
    those listed with `http://` alone. A list that says anything else raises ValueError.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._rules = tuple(_rule(host.strip()) for host in hosts if host.strip())

    def check(self, url: str) -> None:
        """Raises ForbiddenUrl unless the address, read the strictest way, is an allowed one."""
        scheme, host, port = _parts(url)
        rule = next((rule for rule in self._rules if rule.allows(host, port)), None)
        if rule is None:
            raise ForbiddenUrl("the host is not an allowed one")
        if scheme == "http" and not (rule.plain or _is_loopback(host)):
            raise ForbiddenUrl("plain http is for loopback hosts only")

    def check_address(self, host: str, address: str) -> None:
        """Raises ForbiddenUrl when a public name resolves to a private or special address."""
        if _is_loopback(host) or any(rule.plain and rule.host == host for rule in self._rules):
            return
        if not ipaddress.ip_address(address.partition("%")[0]).is_global:
            raise ForbiddenUrl("the host resolves to a private address")

    def resolver(self) -> AbstractResolver:
        """Returns a resolver for aiohttp's TCPConnector that applies `check_address`."""
        return _FencedResolver(self)


class _FencedResolver(AbstractResolver):
    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._inner = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        try:
            for result in found:
                self._fence.check_address(host, result["host"])
        except ForbiddenUrl as error:
            raise OSError(error.reason) from error
        return found

    async def close(self) -> None:
        await self._inner.close()


def _rule(entry: str) -> _Rule:
    scheme, separator, rest = entry.lower().partition("://")
    if not separator:
        scheme, rest = "https", entry.lower()
    suffix = rest.startswith("*.")
    try:
        parsed = urlsplit(f"//{rest.removeprefix('*.')}")
        host, port = parsed.hostname or "", parsed.port
    except ValueError as error:
        raise ValueError(f"not a host: {entry!r}") from error
    plausible = _HOST.fullmatch(host) or _is_ip(host)
    if scheme not in _DEFAULT_PORTS or not plausible or parsed.path or parsed.username is not None:
        raise ValueError(f"not a host: {entry!r}")
    if suffix and (_is_ip(host) or scheme == "http"):
        raise ValueError(f"not a host: {entry!r}")
    if port is None and not (_is_loopback(host) and not separator):
        port = _DEFAULT_PORTS[scheme]
    return _Rule(host=f".{host}" if suffix else host, port=port, plain=scheme == "http")


def _parts(url: str) -> tuple[str, str, int]:
    if not url.isascii() or any(character <= " " or character in '\\"<>^`{|}\x7f' for character in url):
        raise ForbiddenUrl("the address has characters no address has")
    try:
        parsed = urlsplit(url)
        port = parsed.port
    except ValueError as error:
        raise ForbiddenUrl("the address cannot be read") from error
    host = parsed.hostname or ""
    if parsed.scheme not in _DEFAULT_PORTS or not url.lower().startswith(f"{parsed.scheme}://"):
        raise ForbiddenUrl("only http and https addresses are called")
    if "@" in parsed.netloc or "%" in parsed.netloc:
        raise ForbiddenUrl("the address names a user, or hides its host")
    if parsed.netloc.endswith(":") or parsed.fragment or port == 0:
        raise ForbiddenUrl("the address is malformed")
    if not _is_ip(host) and (not _HOST.fullmatch(host) or _NUMERIC.fullmatch(host)):
        raise ForbiddenUrl("the host is malformed")
    return parsed.scheme, host, port or _DEFAULT_PORTS[parsed.scheme]


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: Any) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
