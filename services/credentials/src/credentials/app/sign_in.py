"""What sign-in is made of, and what every part takes from here."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from runtime.database import Pool
from runtime.fencing import Fence
from runtime.process import StartupError

from credentials.http.identity_provider import identity_provider
from credentials.service.attempting import Attempting
from credentials.service.consent import ConsentService
from credentials.service.local_sign_in import LocalSignIn
from credentials.service.openid_sign_in import OpenIdSignIn
from credentials.service.passwords import Passwords
from credentials.service.randomness import Randomness
from credentials.settings import Settings, SignInSettings
from credentials.storage.attempts import PostgresAttempts
from credentials.storage.openid import PostgresOpenId
from credentials.storage.tickets import PostgresTickets
from credentials.storage.users import PostgresUsers


def now() -> datetime:
    """Returns the present, in UTC."""
    return datetime.now(UTC)


def fence_of(hosts: list[str], setting: str) -> Fence:
    """Returns the fence, or refuses to start with the name of the setting."""
    try:
        return Fence(hosts)
    except ValueError as error:
        raise StartupError(f"{setting}: {error}") from error


def consent_of(settings: Settings, pool: Pool) -> ConsentService:
    """What follows every sign-in."""
    return ConsentService(
        tickets=PostgresTickets(pool),
        ticket_ttl=timedelta(seconds=settings.credentials_ticket_ttl_seconds),
        randomness=Randomness(),
        now=now,
    )


async def local_of(settings: Settings, pool: Pool, consent: ConsentService) -> LocalSignIn:
    """Sign-in with a password."""
    passwords = Passwords()
    await passwords.warm_up()
    return LocalSignIn(
        users=PostgresUsers(pool),
        attempting=attempting_of(settings, pool),
        passwords=passwords,
        consent=consent,
    )


async def openid_of(
    settings: Settings, stack: AsyncExitStack, pool: Pool, consent: ConsentService
) -> OpenIdSignIn:
    """Sign-in at the identity provider."""
    fence = fence_of(settings.provider_hosts, "OIDC_HOSTS")
    provider = await stack.enter_async_context(identity_provider(settings, fence=fence, now=now))
    return OpenIdSignIn(
        provider=provider,
        store=PostgresOpenId(pool),
        consent=consent,
        client_id=settings.oidc_client_id,
        redirect_uri=f"{settings.public_url.rstrip('/')}/connect/openid/callback",
        scopes=settings.oidc_scopes,
        name=settings.provider_name,
        pepper=settings.pepper,
        ttl=timedelta(seconds=settings.credentials_ticket_ttl_seconds),
        randomness=Randomness(),
        now=now,
    )


def attempting_of(settings: SignInSettings, pool: Pool) -> Attempting:
    """The count of wrong passwords."""
    return Attempting(
        attempts=PostgresAttempts(pool),
        account_rule=settings.account_rule,
        address_rule=settings.address_rule,
        pepper=settings.pepper,
        now=now,
    )
