"""What can be said of the images and the compose file without an engine."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support.databases import ROOT

IMAGES = ROOT / "deploy/images"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
OURS = {
    name: service
    for name, service in COMPOSE["services"].items()
    if name not in {"postgres", "kafka", "bridge"}
}


def listed(image: str) -> set[str]:
    return set((IMAGES / f"{image}.txt").read_text().split())


def test_lists_say_what_the_packages_need() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import json, lists; print(json.dumps(lists.lists()))"
    )
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", program, str(IMAGES)], capture_output=True, text=True, check=True
    )
    wanted: dict[str, str] = yaml.safe_load(done.stdout)
    assert {path.stem for path in IMAGES.glob("*.txt")} == set(wanted)
    for image, text in wanted.items():
        assert (IMAGES / f"{image}.txt").read_text() == text, "run python deploy/images/lists.py"


def test_every_image_has_a_list_and_a_module() -> None:
    for name, service in OURS.items():
        if "build" in service:
            assert listed(service["build"]["args"]["IMAGE"]), name
            assert service["build"]["args"]["MODULE"], name


def test_a_service_has_its_own_packages_alone() -> None:
    for image in ("gateway", "credentials", "orders", "results-publisher"):
        own = {name for name in listed(image) if name.startswith("assessment-")}
        assert own == {"assessment-contracts", "assessment-runtime", f"assessment-{image}"}
    assert "faust-streaming" in listed("orders")
    assert "faust-streaming" not in listed("results-publisher")


def test_secrets_are_files_and_nothing_else() -> None:
    for name, service in COMPOSE["services"].items():
        for variable in service.get("environment", {}):
            secret = re.search(r"PASSWORD|SECRET|TOKEN|_KEYS|PEPPER|DATABASE_URL", variable)
            assert not secret or variable.endswith("_FILE"), f"{name}: {variable}"


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    program = ROOT / "deploy/compose/make-env"
    command = [sys.executable, "-I", "-S", str(program), "--to", str(tmp_path), "GATEWAY_PORT=18080"]
    for _ in range(2):
        _ = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - ours
    secrets = {path.name: path.read_text() for path in (tmp_path / ".secrets").iterdir()}
    assert set(secrets) == set(COMPOSE["secrets"])
    assert len(set(secrets.values())) == len(secrets)
    assert (tmp_path / ".secrets").stat().st_mode & 0o777 == 0o700
    text = (tmp_path / ".env").read_text()
    assert "PUBLIC_URL=http://gateway.localhost:18080\n" in text
    assert not [name for name, secret in secrets.items() if secret in text]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    _ = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - ours
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
