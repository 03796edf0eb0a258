# ruff: noqa: INP001 - a program, not a module of a package
"""Whether the program in this container is ready: exit 0. Exit 1 tells if it lives, and what it waits for.

`probe.py PORT [PATH]`: the standard library alone, and little of it, for it runs every few seconds.
"""

import sys
from http.client import HTTPConnection, HTTPException

WITHIN = 4.0
READY = "/health/ready"


def ask(port: int, path: str) -> tuple[int, str]:
    """The answer's status and text; 0 and what happened when there is none."""
    connection = HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(400).decode(errors="replace")
    except (OSError, HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def main() -> None:
    """The program."""
    port = int(sys.argv[1])
    status, said = ask(port, sys.argv[2] if len(sys.argv) > 2 else READY)
    if status == 200:
        return
    alive = status != 0 and ask(port, "/health/live")[0] == 200
    print(f"{'live, not ready' if alive else 'not live'}: {status} {said}")  # noqa: T201 - docker inspect shows it
    sys.exit(1)


if __name__ == "__main__":
    main()
