"""`python -m local_stack.elsewhere`: the workflow of SPEC through a stack that others started.

Beside the settings of `bridge`: SANDBOX_URL, REFERENCE_ENGINE_URL, and ADMINISTRATOR_PASSWORD or its _FILE.
"""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from local_stack import bridge, flow, terminal
from local_stack.errors import LocalStackError


class Elsewhere:
    """What the workflow asks of a stack, of one whose parts are known by their addresses alone."""

    logs = "where the stack was started"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.urls = flow.Sides(
            sandbox=_setting(environment, "SANDBOX_URL"), engine=_setting(environment, "REFERENCE_ENGINE_URL")
        )
        self.keys = {"administrator_password": _secret(environment, "ADMINISTRATOR_PASSWORD")}

    def bridge(self, *arguments: str, typed: str = "") -> str:
        """Run `bridge` with this environment; its output, or LocalStackError."""
        return bridge.run(*arguments, typed=typed, environment=self.environment, folder=Path.cwd())

    def check(self) -> None:
        """Whoever started the parts looks after them."""


def main() -> None:
    """The program; exit 0 when every step went as SPEC says."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        flow.run(Elsewhere(os.environ), tell=terminal.Teller())
    except LocalStackError as error:
        terminal.failure(str(error))
        sys.exit(1)


def _setting(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise LocalStackError(f"{name} is missing")
    return environment[name]


def _secret(environment: Mapping[str, str], name: str) -> str:
    if path := environment.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return _setting(environment, name)


if __name__ == "__main__":
    main()
