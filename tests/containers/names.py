"""Names that end in .localhost are this machine (RFC 6761 §6.3): browsers know it, not all resolvers do."""

import socket
from typing import Any

_ask = socket.getaddrinfo


def known() -> None:
    """From now on this process knows it, too."""
    socket.getaddrinfo = _getaddrinfo


def _getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
    own = isinstance(host, str) and host.endswith(".localhost")
    return _ask("127.0.0.1" if own else host, *arguments, **named)
