"""The composition of what seals: settings, key service, rows."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from pydantic import SecretStr
from runtime.database import Pool
from runtime.errors import StartupError

from credentials.domain.sealing import SealingKeys
from credentials.errors import CredentialsError
from credentials.http.transit import transit
from credentials.service.encryption_keys import (
    EncryptionKeyService,
    Keyring,
    ListedKeys,
    Pepper,
    Resealing,
    WrappedKeys,
    settled_pepper,
)
from credentials.service.randomness import Randomness
from credentials.settings import DatabaseSettings
from credentials.storage.data_keys import PostgresDataKeys
from credentials.storage.sealed_rows import PostgresSealedRows

D = TypeVar("D", bound=DatabaseSettings)


@dataclass(frozen=True, slots=True)
class Keys:
    """What seals, and what looks after it."""

    pool: Pool
    sealing: SealingKeys
    keyring: Keyring
    wrapped: WrappedKeys | None
    pepper: Pepper

    @property
    def resealing(self) -> Resealing:
        """What brings rows under the key that seals."""
        return Resealing(rows=PostgresSealedRows(self.pool), sealing=self.sealing, randomness=Randomness())

    def service(self) -> EncryptionKeyService:
        """What an operator works with."""
        return EncryptionKeyService(
            sealing=self.sealing,
            rows=PostgresSealedRows(self.pool),
            resealing=self.resealing,
            wrapped=self.wrapped,
            store=PostgresDataKeys(self.pool),
            now=partial(datetime.now, UTC),
        )


async def opened_keys(given: D, stack: AsyncExitStack, pool: Pool) -> tuple[D, Keys]:
    """Returns the settings, with the pepper that is in use, and the keys. Raises StartupError."""
    store = PostgresDataKeys(pool)
    try:
        pepper = await settled_pepper(given.peppers, store)
        settled = given.model_copy(update={"secret_pepper": SecretStr(pepper.text)})
        wrapped = await _wrapped_keys(settled, stack, store)
        keyring = Keyring(
            sealing=settled.sealing_keys,
            provider=wrapped or ListedKeys(settled.listed_text),
            clock=asyncio.get_running_loop().time,
            refresh_seconds=settled.credentials_keys_refresh_seconds,
            keep_seconds=settled.credentials_keys_keep_seconds,
        )
        await keyring.load()
    except CredentialsError as error:
        raise StartupError(error.detail) from error
    return settled, Keys(pool, settled.sealing_keys, keyring, wrapped, pepper)


async def _wrapped_keys(
    settings: DatabaseSettings, stack: AsyncExitStack, store: PostgresDataKeys
) -> WrappedKeys | None:
    if settings.encryption_key_provider != "transit":
        return None
    opened = transit(
        settings.transit_url,
        mount=settings.transit_mount,
        key=settings.transit_key,
        token=settings.transit_token_text,
    )
    return WrappedKeys(
        store=store,
        service=await stack.enter_async_context(opened),
        listed=settings.listed_keys,
        randomness=Randomness(),
        now=partial(datetime.now, UTC),
        ahead=timedelta(seconds=3 * settings.credentials_keys_refresh_seconds),
    )
