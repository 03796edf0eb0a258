"""requirements.lock is complete, hashed, and tied to no index (ADR 1)."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PINNED = {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", LOCK, re.MULTILINE)}
MEMBERS = sorted(
    path
    for path in ROOT.glob("*/**/pyproject.toml")
    if ".venv" not in path.parts and ".data" not in path.parts
)


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return found[0].lower().replace("_", "-")


def test_every_dependency_of_every_member_is_pinned() -> None:
    own = {tomllib.loads(path.read_text())["project"]["name"] for path in MEMBERS}
    wanted = {
        _name(requirement)
        for path in MEMBERS
        for requirement in tomllib.loads(path.read_text())["project"]["dependencies"]
    }
    assert len(own) == 9
    assert wanted - own - PINNED == set()


def test_every_pin_has_hashes() -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert len(entries) > 50
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_no_address_stands_in_it() -> None:
    assert "://" not in LOCK
