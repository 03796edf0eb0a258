# ruff: noqa: INP001 - a program, not a module of a package
"""Prints the entries of requirements.lock, hashes and all, that a list of names asks for.

`pick.py requirements.lock gateway.txt [more names…]`; run in an image's build, by the standard library alone.
Our own packages have no entry there and are left out; any other name without an entry ends it with 1.
"""

import re
import sys
from pathlib import Path

OWN = "assessment-"


def entries(lock: str) -> dict[str, str]:
    """Each entry by the package's name."""
    found = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    return {re.split(r"[\[=]", entry, maxsplit=1)[0].lower(): entry for entry in found}


def wanted(arguments: list[str]) -> list[str]:
    """Names: of the lists (`….txt`), and those given."""
    names: set[str] = set()
    for argument in arguments:
        names |= set(Path(argument).read_text().split()) if argument.endswith(".txt") else {argument}
    return sorted(name for name in names if not name.startswith(OWN))


def main() -> None:
    """The program."""
    known = entries(Path(sys.argv[1]).read_text())
    names = wanted(sys.argv[2:])
    if missing := [name for name in names if name not in known]:
        sys.exit(f"not in {sys.argv[1]}: {', '.join(missing)}")
    print("\n".join(known[name] for name in names))  # noqa: T201 - its output is its result


if __name__ == "__main__":
    main()
