"""The secrets of one local stack: made once, kept beside its data for its owner alone."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

# Who calls a service of ours, and whom: runtime.http.callers.
CALLERS = {
    "gateway": ("credentials",),
    "orders": ("credentials", "results-publisher"),
    "results-publisher": ("credentials",),
    "bridge": ("orders", "results-publisher"),
    "console": ("orders",),
}
# Who has rows in PostgreSQL: runtime.roles.
ROLES = ("gateway", "credentials", "orders", "orders_insights", "results_publisher")


def _base64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


MAKERS: dict[str, Callable[[], str]] = {
    "postgres_password": lambda: secrets.token_hex(16),
    **{f"{caller}_token": lambda: secrets.token_urlsafe(32) for caller in CALLERS},
    **{f"{role}_password": lambda: secrets.token_hex(24) for role in ROLES},
    "engine_api_token": lambda: secrets.token_urlsafe(32),
    "encryption_keys": lambda: f"local:{_base64(32)}",
    "secret_pepper": lambda: _base64(32),
    "handoff_keys": lambda: f"local:{_base64(64)}",
    "master_client_id": lambda: "local-partner",
    "master_client_secret": lambda: secrets.token_urlsafe(32),
    "reference_engine_secret": lambda: secrets.token_urlsafe(32),
    "administrator_password": lambda: secrets.token_urlsafe(12),
}


def kept(path: Path) -> dict[str, str]:
    """Every secret by name; one that an older version of the stack did not know is added."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    complete = {name: known.get(name) or make() for name, make in MAKERS.items()}
    if complete != known:
        _write(path, complete)
    return complete


def _write(path: Path, content: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    new.replace(path)
