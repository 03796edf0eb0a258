"""`python -m sandbox`: serves until it is told to end."""

import os
import sys

from aiohttp import web
from pydantic import ValidationError

from sandbox.app import create_app
from sandbox.settings import Settings


def main() -> None:
    try:
        settings = Settings()
    except ValidationError as error:
        for one in error.errors():
            sys.stderr.write(f"sandbox: {'.'.join(map(str, one['loc']))}: {one['msg']}\n")
        sys.exit(2)
    try:
        web.run_app(
            create_app(settings),
            host=settings.bind_address,
            port=settings.port,
            print=lambda _: _say(f"sandbox: http://{settings.bind_address}:{settings.port}"),
            access_log=None,
            # A hanging answer is ours to give: nothing waits for it at the end.
            shutdown_timeout=1.0,
        )
    except OSError as error:
        sys.stderr.write(f"sandbox: cannot listen on port {settings.port}: {os.strerror(error.errno or 0)}\n")
        sys.exit(1)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
