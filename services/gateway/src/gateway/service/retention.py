"""Deletes what nobody will ask for any more."""

import asyncio

import structlog

from gateway.errors import Unavailable
from gateway.ports import Launches

_EVERY_SECONDS = 3600.0
log = structlog.get_logger()


async def clean(launches: Launches) -> None:
    """Deletes old launch addresses, for ever; waits out an absent PostgreSQL."""
    while True:
        try:
            deleted = await launches.delete_old()
        except Unavailable as error:
            log.warning("old launches stay for now", reason=str(error))
        else:
            log.debug("old launches deleted", count=deleted)
        await asyncio.sleep(_EVERY_SECONDS)
