"""`python -m gateway`."""

from runtime.logging import configure
from runtime.process import run
from runtime.settings import load

from gateway.app import starter
from gateway.settings import Settings


def main() -> None:
    settings = load(Settings)
    configure("gateway", settings.log_level)
    run("gateway", starter(settings))


if __name__ == "__main__":
    main()
