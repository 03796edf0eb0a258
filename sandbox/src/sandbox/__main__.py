"""`python -m sandbox`: serves until it is told to end."""

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
    sys.stdout.write(f"sandbox: http://{settings.bind_address}:{settings.port}\n")
    sys.stdout.flush()
    try:
        web.run_app(
            create_app(settings),
            host=settings.bind_address,
            port=settings.port,
            print=None,
            access_log=None,
            # A hanging answer is ours to give: nothing waits for it at the end.
            shutdown_timeout=1.0,
        )
    except OSError as error:
        sys.stderr.write(f"sandbox: cannot listen on port {settings.port}: {error.strerror}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
