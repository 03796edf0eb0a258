"""How a `bridge` command calls the internal API of a service that runs."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import click

from runtime.fencing import Fence
from runtime.http import outgoing


class RunningService:
    """A service's internal API; `variable` has its address where that is not the default."""

    def __init__(self, name: str, *, variable: str, default: str, deadline: float) -> None:
        self._name = name
        self._variable = variable
        self._default = default
        self._deadline = aiohttp.ClientTimeout(total=deadline)

    def call(self, method: str, path: str, body: str | None = None) -> Any:
        """Returns the JSON it answers, None for none. Raises click.ClickException saying what is wrong."""
        base = os.environ.get(self._variable, self._default).rstrip("/")
        try:
            fence = Fence.only(base)
            status, text = asyncio.run(self._asked(fence, method, base + path, body))
        except ValueError as error:
            raise click.ClickException(f"{self._variable} is not an http address") from error
        except (aiohttp.ClientError, OSError) as error:
            raise click.ClickException(f"{self._name} at {base} does not answer: {error}") from error
        if status >= 300:
            raise click.ClickException(self._reason(status, text))
        return json.loads(text or "null")

    async def _asked(self, fence: Fence, method: str, url: str, body: str | None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {_token()}", "Content-Type": "application/json"}
        async with (
            outgoing.session(fence, timeout=self._deadline) as session,
            session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.text()

    def _reason(self, status: int, text: str) -> str:
        try:
            problem = json.loads(text)
            return f"{status}: {problem.get('detail') or problem.get('title')}"
        except (ValueError, AttributeError):
            return f"{self._name} answered {status}"


def _token() -> str:
    path = os.environ.get("INTERNAL_API_TOKEN_FILE")
    token = Path(path).read_text("utf-8").strip() if path else os.environ.get("INTERNAL_API_TOKEN", "")
    if not token:
        raise click.ClickException("INTERNAL_API_TOKEN (or INTERNAL_API_TOKEN_FILE) is missing")
    return token
