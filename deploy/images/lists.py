# ruff: noqa: INP001 - a program, not a module of a package
"""Writes what each image installs: names alone, whose versions and hashes stand in requirements.lock.

`python deploy/images/lists.py` in the development environment, after a member's dependencies changed.
"""

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
SERVICES = (
    "assessment-credentials",
    "assessment-gateway",
    "assessment-orders",
    "assessment-results-publisher",
)
IMAGES = {
    "bridge": SERVICES,
    "credentials": ("assessment-credentials",),
    "gateway": ("assessment-gateway",),
    "orders": ("assessment-orders",),
    "reference-engine": ("assessment-reference-engine",),
    "results-publisher": ("assessment-results-publisher",),
    "sandbox": ("assessment-sandbox",),
    "tools": ("hatchling",),
    "workflow": SERVICES,
}
# Its walk needs neither the Kafka nor the PostgreSQL it brings along elsewhere.
ALONE = {"workflow": ("assessment-local-stack",)}

# What the images are, whatever machine this runs on.
TARGET = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}


def closure(roots: Iterable[str]) -> set[str]:
    """Every package that is needed for these, as their own metadata says."""
    found: dict[str, set[str]] = {}
    todo = [Requirement(root) for root in roots]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name in found and requirement.extras <= found[name]:
            continue
        found.setdefault(name, set()).update(requirement.extras)
        todo += [each for each in _requires(name) if _applies(each, requirement.extras)]
    return set(found)


def _requires(name: str) -> list[Requirement]:
    return [Requirement(text) for text in metadata.requires(name) or ()]


def _applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({**TARGET, "extra": extra}) for extra in ("", *extras))


def lists() -> dict[str, str]:
    """Each image's list, a name a line."""
    return {
        image: "\n".join(sorted(closure(roots) | set(ALONE.get(image, ())))) + "\n"
        for image, roots in IMAGES.items()
    }


if __name__ == "__main__":
    for image, text in lists().items():
        (HERE / f"{image}.txt").write_text(text)
