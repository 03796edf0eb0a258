"""Our token endpoint and the keys behind it (RFC 6749 §4.4, RFC 9068)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from joserfc.jwk import ECKey, KeySetSerialization
from pydantic import SecretStr

from credentials.domain import clients, keys, oauth
from credentials.domain.clients import ClientVersion
from credentials.domain.keys import StoredKey
from credentials.domain.sealing import NONCE_BYTES, SealingKeys
from credentials.errors import StorageUnavailable, TokenRequestRefused
from credentials.ports import Clock, IntegrationStore, KeyStore, RevocationStore
from credentials.service.randomness import Randomness

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """RFC 6749 §5.1."""

    access_token: str
    expires_in: int
    scope: str


class SigningKeys:
    """The signing keys, read again when what is known is older than `refresh_seconds`."""

    def __init__(
        self,
        *,
        store: KeyStore,
        sealing: SealingKeys,
        randomness: Randomness,
        now: Clock,
        clock: Callable[[], float],
        refresh_seconds: float,
        published_ahead: timedelta,
    ) -> None:
        self._store = store
        self._sealing = sealing
        self._random = randomness
        self._now = now
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        # Longer than anyone keeps our key set: a new key is known everywhere before it signs.
        self._ahead = published_ahead
        self._known: Sequence[StoredKey] = ()
        self._opened: dict[str, ECKey] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def ensure(self) -> None:
        """Makes the first key where there is none. Raises SealBroken when the keys there do not open."""
        if not await self._store.list(self._now()):
            await self._store.create_first(self._new(active_from=self._now()))
        await self.current()

    async def rotate(self, *, token_ttl: timedelta) -> StoredKey:
        """Adds a key that signs once everybody knows it; older ones go when their last token is over."""
        active_from = self._now() + self._ahead
        key = self._new(active_from=active_from)
        await self._store.rotate(key, active_from + token_ttl + self._ahead)
        return key

    async def list(self) -> Sequence[tuple[StoredKey, bool]]:
        """Returns the keys that are published, and whether each is the one that signs now."""
        known = await self._keys()
        signing = keys.signing(known, self._now())
        return [(key, key is signing) for key in known]

    async def current(self) -> tuple[ECKey, str]:
        """Returns the key to sign with, and its id."""
        stored = keys.signing(await self._keys(), self._now())
        if stored is None:
            raise StorageUnavailable
        if stored.kid not in self._opened:
            self._opened[stored.kid] = keys.opened(stored, self._sealing)
        return self._opened[stored.kid], stored.kid

    async def public(self) -> KeySetSerialization:
        """Returns the JWK set (RFC 7517 §5)."""
        return {"keys": [dict(key.public_jwk) for key in await self._keys()]}

    async def _keys(self) -> Sequence[StoredKey]:
        async with self._reading:
            if self._read_at is None or self._clock() - self._read_at >= self._refresh_seconds:
                await self._read()
            return self._known

    async def _read(self) -> None:
        try:
            self._known = await self._store.list(self._now())
        except StorageUnavailable:
            if not self._known:
                raise
            log.warning("signing keys not read again")
        self._read_at = self._clock()

    def _new(self, *, active_from: datetime) -> StoredKey:
        key = self._random.signing_key()
        return keys.to_stored(
            key, self._sealing, nonce=self._random.bytes(NONCE_BYTES), active_from=active_from
        )


class TokenService:
    """Issues access tokens to SmartRecruiters for the secrets it got from us, and takes them back."""

    def __init__(
        self,
        *,
        integrations: IntegrationStore,
        revocations: RevocationStore,
        signing: SigningKeys,
        pepper: bytes,
        issuer: str,
        ttl: timedelta,
        randomness: Randomness,
        now: Clock,
        wake_relay: Callable[[], None],
    ) -> None:
        self._revocations = revocations
        self._wake_relay = wake_relay
        self._integrations = integrations
        self._signing = signing
        self._pepper = pepper
        self._issuer = issuer
        self._ttl = ttl
        self._random = randomness
        self._now = now

    async def issue(self, form: Mapping[str, Any]) -> IssuedToken:
        """Returns a token. Raises TokenRequestRefused."""
        request = oauth.read_request(form)
        now = self._now()
        client = await self._client(request.client_id, request.client_secret, now)
        scope = oauth.granted_scope(request.scope)
        ttl = int(self._ttl.total_seconds())
        claims = oauth.claims(
            client,
            scope=scope,
            issuer=self._issuer,
            now=now,
            ttl_seconds=ttl,
            token_id=str(self._random.uuid()),
        )
        key, kid = await self._signing.current()
        if client.use_is_news(now):
            await self._note_use(client, now)
        log.info("token issued", company_id=client.company_id, version=client.version)
        return IssuedToken(oauth.sign(claims, key, kid), ttl, scope)

    async def revoke(self, form: Mapping[str, Any]) -> None:
        """Ends one token everywhere (RFC 7009); one that is no good token any more is nothing to do.

        Raises TokenRequestRefused, for a token of another client, too (§2.1).
        """
        request = oauth.read_revocation(form)
        now = self._now()
        client = await self._client(request.client_id, request.client_secret, now)
        token = oauth.read_token(request.token, await self._signing.public(), now)
        if token is None:
            return
        if token.client_id != client.client_id:
            raise TokenRequestRefused("unauthorized_client", "the token is another client's")
        await self._revocations.revoke(token, now)
        self._wake_relay()
        log.info("token revoked", company_id=token.company_id)

    async def _client(self, client_id: str, secret: SecretStr, now: datetime) -> ClientVersion:
        presented = clients.digest(self._pepper, secret)
        client = clients.matching(await self._integrations.versions(client_id), presented, now)
        if client is None:
            raise oauth.unknown_client()
        return client

    async def _note_use(self, client: ClientVersion, now: datetime) -> None:
        try:
            await self._integrations.used(client.company_id, client.version, now)
        except StorageUnavailable:
            log.warning("use of a secret not noted", company_id=client.company_id)
