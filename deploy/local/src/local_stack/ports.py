"""TCP ports of this machine: which ones the stack uses, and whether they are free."""

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from local_stack.errors import LocalStackError, PortInUse

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """One port for each listener; all on 127.0.0.1.

    Kafka and PostgreSQL are put where no other of their kind is likely to be.
    """

    gateway: int = 8080
    gateway_internal: int = 9080
    credentials_internal: int = 9081
    orders_internal: int = 9082
    results_publisher_internal: int = 9083
    orders_insights_internal: int = 9084
    sandbox: int = 8090
    reference_engine: int = 8091
    local_kafka: int = 29092
    local_postgres: int = 25432

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """GATEWAY_PORT and so on; LocalStackError when one is not a port."""
        given = {field.name: environment.get(setting(field.name)) for field in fields(cls)}
        return cls(**{name: _port(setting(name), text) for name, text in given.items() if text})

    @classmethod
    def free(cls) -> Self:
        """Ports nobody uses now: for stacks side by side."""
        sockets = [socket.socket() for _ in fields(cls)]
        try:
            for each in sockets:
                each.bind((HOST, 0))  # all held at once, so that none is given twice
            return cls(**{f.name: s.getsockname()[1] for f, s in zip(fields(cls), sockets, strict=True)})
        finally:
            for each in sockets:
                each.close()

    def as_settings(self) -> dict[str, str]:
        """The environment that puts each program on its port."""
        return {setting(name): str(port) for name, port in asdict(self).items()}

    def require_free(self) -> None:
        """Raise PortInUse for the first that is taken."""
        for name, port in asdict(self).items():
            require_free(
                name.removeprefix("local_").removesuffix("_internal").replace("_", "-"), port, setting(name)
            )


def setting(name: str) -> str:
    """The environment variable of a port."""
    return f"{name.upper()}_PORT"


def _port(variable: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
        raise LocalStackError(f"{variable}={text} is not a port")
    return int(text)


def free() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free(name: str, port: int, variable: str = "") -> None:
    """Raise PortInUse when somebody listens there."""
    with socket.socket() as probe:
        # As servers do: connections of an earlier run that only linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortInUse(name, port, variable) from error
