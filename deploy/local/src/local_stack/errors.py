"""What can go wrong on one machine; every error is one clear line for the person at the terminal."""


class LocalStackError(Exception):
    """Its text is shown as it is and the program ends with 1."""


class PortInUse(LocalStackError):
    """Somebody else listens where a process of ours must."""

    def __init__(self, name: str, port: int, setting: str = "") -> None:
        hint = f"; free it or set {setting}" if setting else ""
        super().__init__(f"{name}: port {port} on 127.0.0.1 is in use{hint}")


class ProcessDied(LocalStackError):
    """A child ended by itself; names it, its exit code and its last lines."""

    def __init__(self, name: str, code: int, tail: str) -> None:
        super().__init__(f"{name} ended with exit code {code}; its last lines:\n{tail}")


class NotReady(LocalStackError):
    """A child lives but did not become ready within its deadline."""

    def __init__(self, name: str, within: float, tail: str, said: str = "") -> None:
        reason = f" (its last word: {said})" if said else ""
        super().__init__(f"{name} was not ready within {within:.0f} s{reason}; its last lines:\n{tail}")
