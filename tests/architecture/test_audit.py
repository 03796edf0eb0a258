"""`make audit` finds what it is for: with the settings that stand here, not with the tools' own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

TOOLS = Path(sys.executable).parent


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(TOOLS / tool), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603


@pytest.mark.parametrize(
    "line",
    [
        "import pickle; pickle.loads(b'')",
        "eval(input())",
        "import hashlib; hashlib.md5(b'x')",
        "import subprocess; subprocess.run('ls', shell=True)",
        "import ssl; ssl._create_unverified_context()",
        "import yaml; yaml.load('')",
        "from jinja2 import Environment; Environment(autoescape=False)",
    ],
)
def test_bandit_cries_at(tmp_path: Path, line: str) -> None:
    (tmp_path / "guilty.py").write_text(line + "\n")
    done = run("bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", str(tmp_path))
    assert done.returncode == 1, done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN " + "EC PRIVATE KEY-----",
        "key = AKIA" + "IOSFODNN7EXAMPLF",
        "DATABASE_URL: postgresql://bridge:" + "Tr0ub4dor@db/bridge",
        "MASTER_CLIENT_SECRET: " + "c29tZXRoaW5nLXNlY3JldC1oZXJl",
        'token = "' + "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" + '"',
    ],
)
def test_the_secret_scanner_cries_at(tmp_path: Path, line: str) -> None:
    guilty = tmp_path / "guilty.yaml"
    guilty.write_text(line + "\n")
    done = run("detect-secrets-hook", "--no-verify", "--baseline", ".secrets.baseline", str(guilty))
    assert done.returncode == 1, done.stdout


def test_known_secrets_are_made_up() -> None:
    """Whoever adds one to the baseline has looked at it."""
    assert '"is_secret": true' not in (ROOT / ".secrets.baseline").read_text()


def dependencies(tmp_path: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Runs the audit of dependencies with a vulnerability service that answers so."""
    service = tmp_path / "service"
    service.write_text("#!/bin/sh\n" + program)
    service.chmod(0o755)
    newer = tmp_path / "newer"
    newer.write_text("#!/bin/sh\necho old 1 2")
    newer.chmod(0o755)
    command = [str(ROOT / "deploy/audit/dependencies"), str(service), str(newer)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603


def test_a_vulnerable_dependency_ends_the_audit(tmp_path: Path) -> None:
    knows = 'case "$*" in *.lock) echo found something; exit 1;; *) echo CVE-2019-10906; exit 1;; esac'
    done = dependencies(tmp_path, knows)
    assert done.returncode == 1
    assert "found something" in done.stdout


def test_a_service_that_knows_nothing_is_not_believed(tmp_path: Path) -> None:
    done = dependencies(tmp_path, "echo No known vulnerabilities found")
    assert done.returncode == 0
    assert done.stdout.startswith("NOT AUDITED")
    assert done.stdout.endswith("old 1 2\n"), "what can be said without one"
