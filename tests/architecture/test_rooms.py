"""The same rooms in every service: a name tells what is behind it."""

import pytest

from tests.architecture.tree import ROOT, SERVICES, SOURCES

ROOMS = {
    "__init__",
    "__main__",
    "app",
    "cli",
    "domain",
    "errors",
    "http",
    "kafka",
    "ports",
    "py.typed",
    "service",
    "settings",
    "storage",
}
OWN = {"orders": {"insights"}}
FURNITURE = {"templates", "static", "texts", "migrations"}
PROGRAMS = (*SERVICES, "sandbox", "reference_engine")

each_program = pytest.mark.parametrize("name", PROGRAMS)


@each_program
def test_only_known_rooms(name: str) -> None:
    found = {
        path.stem if path.suffix == ".py" else path.name
        for path in SOURCES[name].iterdir()
        if path.name != "__pycache__"
    }
    assert found - ROOMS - OWN.get(name, set()) == set()


@each_program
def test_a_room_is_a_file_or_a_folder_never_both(name: str) -> None:
    folders = {path.name for path in SOURCES[name].rglob("*") if path.is_dir()}
    doubled = [
        path for path in SOURCES[name].rglob("*.py") if path.stem in folders and path.with_suffix("").is_dir()
    ]
    assert doubled == []


@each_program
def test_what_makes_it_a_program(name: str) -> None:
    for needed in ("__init__", "__main__", "app", "errors", "settings", "domain"):
        room = SOURCES[name] / needed
        assert room.is_dir() or room.with_suffix(".py").exists(), needed


@each_program
def test_folders_hold_modules_or_what_pages_and_databases_need(name: str) -> None:
    for folder in (path for path in SOURCES[name].rglob("*") if path.is_dir()):
        if folder.name != "__pycache__" and not FURNITURE & set(folder.relative_to(SOURCES[name]).parts):
            assert (folder / "__init__.py").exists(), folder.relative_to(ROOT)


@pytest.mark.parametrize("name", SERVICES)
def test_migrations_are_numbered_and_say_when_they_run(name: str) -> None:
    folder = SOURCES[name] / "storage/migrations"
    files = sorted(path.name for path in folder.glob("*.sql"))
    assert files
    for number, file in enumerate(files, start=1):
        assert file.startswith((f"{number:04}_pre_", f"{number:04}_post_"))


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_package_is_typed_and_every_program_says_what_it_does(name: str) -> None:
    assert (SOURCES[name] / "py.typed").exists()
    if name in PROGRAMS:
        assert (SOURCES[name].parents[1] / "README.md").exists()
