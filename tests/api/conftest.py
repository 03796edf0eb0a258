"""One gateway with credentials behind it for each module."""

import secrets
from collections.abc import AsyncIterator

import pytest

from tests.api import world
from tests.support import databases


@pytest.fixture(scope="module")
async def api(kafka: str, postgres_url: str, _migrated: str) -> AsyncIterator[world.Api]:
    async with (
        databases.fresh(postgres_url, template=_migrated) as database_url,
        world.api(kafka, f"t{secrets.token_hex(5)}.", database_url) as made,
    ):
        yield made


@pytest.fixture(autouse=True)
def _no_leaked_tasks() -> None:
    """The module's own servers begin tasks between its tests."""
