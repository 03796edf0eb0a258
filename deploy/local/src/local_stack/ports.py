"""TCP ports of this machine."""

import socket

from local_stack.errors import PortInUse

HOST = "127.0.0.1"


def free() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free(name: str, port: int, setting: str = "") -> None:
    """Raise PortInUse when somebody listens there."""
    with socket.socket() as probe:
        # As servers do: connections of an earlier run that only linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortInUse(name, port, setting) from error
