"""Access tokens SmartRecruiters gave us: kept while they live, fetched once however many ask."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.smartrecruiters import TokenAnswer
from pydantic import SecretStr

from credentials.errors import SmartRecruitersUnavailable

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token and when it runs out, in seconds of the cache's clock."""

    value: SecretStr
    runs_out: float
    renew_from: float

    @property
    def digest(self) -> str:
        """What names the token without being it."""
        return hashlib.sha256(self.value.get_secret_value().encode()).hexdigest()


class TokenCache(Generic[K]):
    """Tokens by key. A token is renewed a minute (or a tenth of its life, if less) before it runs out.

    While SmartRecruiters is away a token that still lives goes on being used.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[K, HeldToken] = {}
        self._fetching: dict[K, asyncio.Task[HeldToken]] = {}

    async def get(self, key: K, fetch: Callable[[], Awaitable[TokenAnswer]]) -> HeldToken:
        """Returns a living token. What `fetch` raises goes to all who wait for it."""
        held = self._held.get(key)
        if held is not None and self._clock() < held.renew_from:
            return held
        try:
            return await self._fetched(key, fetch)
        except SmartRecruitersUnavailable:
            if held is not None and self._held.get(key) is held and self._clock() < held.runs_out:
                return held
            raise

    def drop(self, key: K, digest: str) -> None:
        """Forgets the token with this digest: SmartRecruiters answered 401 to it. Another one stays."""
        held = self._held.get(key)
        if held is not None and held.digest == digest:
            del self._held[key]

    def keep_only(self, wanted: Callable[[K], bool]) -> None:
        """Forgets the tokens of every other key."""
        self._held = {key: held for key, held in self._held.items() if wanted(key)}

    def seconds_left(self, held: HeldToken) -> int:
        """Returns how long a token lives from now, at least a second."""
        return max(1, int(held.runs_out - self._clock()))

    async def close(self) -> None:
        """Ends what is being fetched."""
        fetching = list(self._fetching.values())
        for task in fetching:
            task.cancel()
        if fetching:
            await asyncio.wait(fetching)

    async def _fetched(self, key: K, fetch: Callable[[], Awaitable[TokenAnswer]]) -> HeldToken:
        task = self._fetching.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(key, fetch), name="fetch a SmartRecruiters token")
            self._fetching[key] = task
            task.add_done_callback(lambda done: self._fetch_ended(key, done))
        # Shielded: one caller that gives up does not take the answer from the others.
        return await asyncio.shield(task)

    async def _fetch(self, key: K, fetch: Callable[[], Awaitable[TokenAnswer]]) -> HeldToken:
        asked_at = self._clock()
        answer = await fetch()
        margin = min(60.0, answer.expires_in / 10)
        runs_out = asked_at + answer.expires_in
        held = HeldToken(answer.access_token, runs_out, runs_out - margin)
        self._held[key] = held
        return held

    def _fetch_ended(self, key: K, task: asyncio.Task[HeldToken]) -> None:
        del self._fetching[key]
        if not task.cancelled():
            task.exception()  # when every caller has given up nobody else looks at it
