"""Sign-in at the vendor's own identity provider: authorization code with PKCE (OpenID Connect, RFC 9700)."""

from datetime import timedelta

import structlog
from pydantic import SecretStr

from credentials.domain.openid import Begun, authorization_url, derived, digest, person_of
from credentials.errors.people import IdentityNotProven, SignInDeclined
from credentials.ports import Clock
from credentials.ports.people import OpenIdStore, Provider
from credentials.service.consent import ConsentService, SignedIn
from credentials.service.randomness import Randomness

log = structlog.get_logger()


class OpenIdSignIn:
    """A sign-in is good once, for ten minutes, and in the browser that began it."""

    def __init__(
        self,
        *,
        provider: Provider,
        store: OpenIdStore,
        consent: ConsentService,
        client_id: str,
        redirect_uri: str,
        scopes: str,
        name: str,
        pepper: bytes,
        ttl: timedelta,
        randomness: Randomness,
        now: Clock,
    ) -> None:
        self._provider = provider
        self._store = store
        self._consent = consent
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._scopes = scopes
        self.name = name
        self._pepper = pepper
        self._ttl = ttl
        self._random = randomness
        self._now = now

    async def begin(self, company_id: str, visit: str, browser: SecretStr) -> str:
        """Returns where the browser goes; `visit`, the gateway's own, comes back at the end of the state."""
        metadata = await self._provider.metadata()
        state = SecretStr(f"{self._random.secret().get_secret_value()}.{visit}")
        begun = Begun(digest(state), digest(browser), company_id, self._now() + self._ttl)
        await self._store.begin(begun)
        return authorization_url(
            metadata,
            client_id=self._client_id,
            redirect_uri=self._redirect_uri,
            scopes=self._scopes,
            state=state,
            pepper=self._pepper,
        )

    async def finish(
        self,
        company_id: str,
        state: SecretStr,
        browser: SecretStr,
        *,
        code: SecretStr | None,
        issuer: str | None,
    ) -> SignedIn:
        """Returns a ticket. `code` is None when the provider sent an error instead, `issuer` what it named.

        Raises SignInNotBegun, SignInDeclined, IdentityNotProven, EmailNotVerified, PersonUnknown or
        IdentityProviderUnavailable; the state is used up then, too.
        """
        await self._store.take(digest(state), digest(browser), company_id, self._now())
        metadata = await self._provider.metadata()
        # RFC 9207 §2.4: an answer of another server (mix-up), or one that should name itself and does not.
        if issuer != metadata.issuer and (issuer is not None or metadata.names_itself):
            raise IdentityNotProven
        if code is None:
            raise SignInDeclined
        try:
            claims = await self._provider.claims(
                code,
                verifier=derived(self._pepper, "verifier", state),
                nonce=derived(self._pepper, "nonce", state),
                redirect_uri=self._redirect_uri,
            )
        except IdentityNotProven:
            log.warning("identity not proven", company_id=company_id)
            raise
        user = await self._store.user_of(person_of(metadata.issuer, claims))
        return await self._consent.signed_in(user, company_id)
