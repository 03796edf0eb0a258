"""Where the stack may call out to: configured hosts over https, and nowhere else.

Addresses come from outside (SPEC §3: resultCallbackURL in each order), and our bearer tokens go to them.
A fence judges the address as it is written, and the address it resolves to. `runtime.http.outgoing` makes the
clients: none is made elsewhere.
"""

import errno
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self
from urllib.parse import urlsplit

_IN_NO_ADDRESS = re.compile(r'[^!-~]|[\\"<>^`{|}]')
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]*))*")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_INSIDE = "inside:"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds tell a machine its secrets, and addresses that are nobody's: no setting opens them.
_NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "169.254.0.0/16",
            "192.0.0.192/32",
            "224.0.0.0/3",
            "::/128",
            "fd00:ec2::254/128",
            "fe80::/10",
            "ff00::/8",
        ),
    )
)
# IPv6 addresses that only carry an IPv4 one, which says where they lead (RFC 6052 §2.1).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Global unicast as IANA gives it out; of it 2001::/23 and 2002::/16 are tunnels and other special purposes.
_UNICAST = ipaddress.ip_network("2000::/3")
_SPECIAL = tuple(map(ipaddress.ip_network, ("2001::/23", "2002::/16", "3ffe::/16", "3fff::/20")))


class ForbiddenUrl(PermissionError):
    """The address is outside the fence. `reason` names the rule, never the address: it may carry secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EACCES, reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class _Rule:
    host: str  # for *.suffix: ".suffix"
    port: int | None
    plain: bool
    inside: bool

    def allows(self, host: str, port: int) -> bool:
        named = host.endswith(self.host) if self.host.startswith(".") else host == self.host
        return named and (self.port is None or port == self.port)


class Fence:
    """An allow-list of hosts: `host`, `host:port`, `*.suffix`, `inside:host`, or `http://host:port`.

    Without a port only 443 is meant (any port on a loopback host). Plain http goes to loopback hosts and to
    those listed with `http://` alone. A host resolves to public addresses, unless it is listed with `inside:`
    or `http://`; none resolves to a link-local, multicast or cloud metadata address. A list that says
    anything else raises ValueError.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._rules = tuple(_rule(host.strip()) for host in hosts if host.strip())

    @classmethod
    def only(cls, *urls: str) -> Self:
        """Returns a fence around configured addresses, wherever their hosts are. Raises ValueError."""
        parts = [urlsplit(url) for url in urls]
        schemes = [f"{one.scheme}://" if one.scheme == "http" else _INSIDE for one in parts]
        hosts = [one.netloc.rpartition("@")[2] for one in parts]
        return cls([scheme + host for scheme, host in zip(schemes, hosts, strict=True)])

    def check(self, url: str) -> None:
        """Raises ForbiddenUrl unless the address, read the strictest way, is an allowed one."""
        scheme, host, port = _parts(url)
        rules = self._allowing(host, port)
        if not rules:
            raise ForbiddenUrl("the host is not an allowed one")
        if scheme == "http" and not (any(rule.plain for rule in rules) or _is_loopback(host)):
            raise ForbiddenUrl("plain http is for loopback hosts only")

    def check_address(self, host: str, address: str, port: int | None = None) -> None:
        """Raises ForbiddenUrl unless the host may have this address: the one that is connected to.

        Without a port every rule of the host counts.
        """
        found = _led_to(address)
        if found is None or any(found in network for network in _NEVER if network.version == found.version):
            raise ForbiddenUrl("the host resolves to an address nobody may be called at")
        if _is_loopback(host):
            if not found.is_loopback:
                raise ForbiddenUrl("a loopback host resolves to another machine")
            return
        if any(rule.inside for rule in self._allowing(host, port)):
            return
        if not _is_public(found):
            raise ForbiddenUrl("the host resolves to a private address")

    def _allowing(self, host: str, port: int | None) -> list[_Rule]:
        return [rule for rule in self._rules if rule.allows(host, rule.port or 0 if port is None else port)]


def _rule(entry: str) -> _Rule:
    inside = entry.lower().startswith(_INSIDE)
    text = entry.lower().removeprefix(_INSIDE)
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "https", text
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
    if _is_ip(host) and (_led_to(host) is None or any(_led_to(host) in network for network in _NEVER)):
        raise ValueError(f"nobody may be called at {entry!r}")
    if port is None and not (_is_loopback(host) and not separator):
        port = _DEFAULT_PORTS[scheme]
    return _Rule(
        host=f".{host}" if suffix else host,
        port=port,
        plain=scheme == "http",
        # An address that is written out as such is meant as it stands.
        inside=inside or scheme == "http" or _is_ip(host),
    )


def _led_to(address: str) -> _Address | None:
    """Returns what the address leads to: the IPv4 one that is in it. None for a form nobody needs."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if found.version == 4:
        return found
    if found.ipv4_mapped is not None:
        return found.ipv4_mapped
    if found in _NAT64:
        return ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
    if found.sixtofour is not None or found.teredo is not None:
        return None
    # ::a.b.c.d, given up long ago (RFC 4291 §2.5.5.1); ::1 is what it says.
    return None if int(found) >> 32 == 0 and not found.is_loopback else found


def _is_public(address: _Address) -> bool:
    if address.version == 4:
        return address.is_global
    return address in _UNICAST and address.is_global and not any(address in part for part in _SPECIAL)


@lru_cache(maxsize=1024)  # whoever is called is checked twice: when the address comes, and when it is called
def _parts(url: str) -> tuple[str, str, int]:
    if _IN_NO_ADDRESS.search(url):
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


@lru_cache(maxsize=1024)
def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: Any) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
