"""Who may know whom, as far as import-linter does not hold it; and nothing happens at import."""

import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCES, imported, module_name, place, source_files

# Distribution -> what it is imported as, where that differs.
IMPORT_NAMES = {
    "argon2-cffi": "argon2",
    "faust-streaming": "faust",
    "opentelemetry-api": "opentelemetry",
    "opentelemetry-sdk": "opentelemetry",
    "prometheus-client": "prometheus_client",
    "pydantic-settings": "pydantic_settings",
    "pyjwt": "jwt",
    "pyyaml": "yaml",
    "python-multipart": "multipart",
}
ENGINE = {"aiohttp", "aiokafka", "contracts", "jinja2", "pydantic", "pydantic_settings", "structlog"}


def declared(package: str) -> set[str]:
    """The import names of the dependencies in the package's pyproject."""
    project = tomllib.loads((SOURCES[package].parents[1] / "pyproject.toml").read_text())["project"]
    extras = [item for group in project.get("optional-dependencies", {}).values() for item in group]
    names = set()
    for requirement in [*project["dependencies"], *extras]:
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert found
        name = found[0].lower().replace("_", "-").removeprefix("assessment-")
        names.add(IMPORT_NAMES.get(name, name.replace("-", "_")))
    return names


def foreign(path: Path, package: str) -> set[str]:
    return imported(path) - set(sys.stdlib_module_names) - {package}


@pytest.mark.parametrize("package", sorted(SOURCES))
def test_what_is_imported_is_declared(package: str) -> None:
    """A workspace installs everything into one environment; an image installs what is declared."""
    # pydantic comes with contracts, and its core with it: one version for all.
    known = declared(package) | {"pydantic", "pydantic_core"}
    undeclared = {
        f"{place(path)} imports {name}"
        for path in source_files(package)
        for name in foreign(path, package)
        if name not in known
    }
    assert undeclared == set()


# local_stack starts the others as programs, by their names.
@pytest.mark.parametrize("package", sorted(SOURCES.keys() - {"local_stack"}))
def test_what_is_declared_is_imported(package: str) -> None:
    used = set().union(*(imported(path) for path in source_files(package)))
    assert declared(package) - used == set()


def test_contracts_need_pydantic_alone() -> None:
    found = set().union(*(foreign(path, "contracts") for path in source_files("contracts")))
    assert found == {"pydantic"}


def test_an_engine_needs_nothing_of_ours_but_contracts() -> None:
    found = set().union(*(foreign(path, "reference_engine") for path in source_files("reference_engine")))
    assert found <= ENGINE


def test_every_module_is_imported_with_an_empty_environment() -> None:
    """Nothing is read, opened or built at import: one process imports all, each after the other."""
    names = [module_name(path) for path in source_files()]
    program = (
        f"import importlib\nfor name in {names!r}:\n    importlib.import_module(name)\nprint(len({names!r}))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        env={},
        cwd=os.sep,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1]) == len(names)
    assert done.stdout.splitlines()[:-1] == []


def test_no_two_modules_share_a_name() -> None:
    places = defaultdict(list)
    for path in source_files():
        places[module_name(path)].append(path.relative_to(ROOT))
    assert [found for found in places.values() if len(found) > 1] == []
