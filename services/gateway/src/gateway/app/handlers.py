"""What answers requests, put together."""

import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from runtime.fencing import Fence
from runtime.health import Health
from runtime.process import StartupError

from gateway.app.knowledge import Knowledge, Resources
from gateway.domain.handoff import HandoffLinks
from gateway.domain.visits import VisitTokens
from gateway.http.server.api import IntegrationHandlers, OrderHandlers, PackageHandlers
from gateway.http.server.application import Handlers
from gateway.http.server.client_address import ClientAddresses
from gateway.http.server.consent import ConsentHandlers, ConsentPages, OpenIdHandlers, VisitReader
from gateway.http.server.handoff import HandoffHandlers
from gateway.http.server.oauth import OAuthHandlers
from gateway.http.server.pages import Pages, origins_of
from gateway.service.addresses import CallbackAddresses, ReturnAddresses
from gateway.service.authentication import Authenticator
from gateway.service.intake import Intake
from gateway.service.integrations import IntegrationService
from gateway.service.lookup import IntegrationLookup
from gateway.service.orders import OrderService
from gateway.service.token_limits import TokenLimits
from gateway.settings import Settings


def build_handlers(
    settings: Settings,
    resources: Resources,
    knowledge: Knowledge,
    *,
    intake: Intake,
    fence: Fence,
    health: Health,
) -> Handlers:
    """Builds every handler of the public server. Raises StartupError."""
    links = HandoffLinks(keys=settings.handoff_keyring, public_url=settings.public_url)
    pages = _pages(settings)
    authenticator = _authenticator(settings, resources, knowledge)
    orders = OrderService(
        catalogue=knowledge.catalogue,
        intake=intake,
        links=links,
        callbacks=CallbackAddresses(fence),
        returns=_returns(settings),
        now=lambda: datetime.now(UTC),
        keys=resources.candidate_keys,
    )
    integrations = IntegrationService(
        authenticator=authenticator, credentials=resources.credentials, connections=knowledge.connections
    )
    consent, openid = _consent(settings, resources, fence=fence, pages=pages)
    return Handlers(
        packages=PackageHandlers(
            authenticator=authenticator,
            catalogue=knowledge.catalogue,
            requester_header=settings.gateway_requester_header,
        ),
        orders=OrderHandlers(authenticator=authenticator, orders=orders),
        integrations=IntegrationHandlers(integrations=integrations),
        oauth=OAuthHandlers(
            credentials=resources.credentials,
            keys=knowledge.keys,
            limits=_token_limits(settings),
            addresses=ClientAddresses(settings.gateway_trusted_proxies.split(",")),
            issuer=settings.public_url,
        ),
        consent=consent,
        openid=openid,
        handoff=HandoffHandlers(links=links, launches=resources.launches, pages=pages),
        health=health,
    )


def _authenticator(settings: Settings, resources: Resources, knowledge: Knowledge) -> Authenticator:
    return Authenticator(
        issuer=settings.public_url,
        keys=knowledge.keys,
        connections=knowledge.connections,
        revoked=knowledge.revocations.token_ids,
        changed=knowledge.changed,
        is_loaded=lambda: knowledge.integrations.is_loaded and knowledge.revoked.is_loaded,
        lookup=IntegrationLookup(
            credentials=resources.credentials,
            connections=knowledge.connections,
            is_fed=lambda: knowledge.integrations.is_fed,
            monotonic=time.monotonic,
        ),
        now=time.time,
        remembered=settings.gateway_token_cache_size,
    )


def _consent(
    settings: Settings, resources: Resources, *, fence: Fence, pages: Pages
) -> tuple[ConsentHandlers, OpenIdHandlers]:
    visits = VisitReader(
        fence=fence,
        mode=settings.gateway_consent_display_mode,
        tokens=VisitTokens(settings.handoff_keyring),
        now=time.time,
    )
    public = urlsplit(settings.public_url)
    shown = ConsentPages(
        pages=pages,
        visits=visits,
        base_path=public.path.rstrip("/"),
        popups=settings.gateway_consent_display_mode != "REDIRECT",
    )
    known, secure = resources.credentials, public.scheme == "https"
    addresses = ClientAddresses(settings.gateway_trusted_proxies.split(","))
    return (
        ConsentHandlers(credentials=known, visits=visits, pages=shown, addresses=addresses),
        OpenIdHandlers(credentials=known, visits=visits, pages=shown, secure=secure),
    )


def _token_limits(settings: Settings) -> TokenLimits:
    return TokenLimits(
        requests=settings.gateway_token_requests_per_minute,
        failures=settings.gateway_token_failures_per_minute,
        failures_per_address=settings.gateway_token_failures_per_address,
        clock=time.monotonic,
    )


def _pages(settings: Settings) -> Pages:
    return Pages(
        vendor=settings.gateway_vendor_name,
        origins=origins_of(settings.fence_hosts),
        secure=urlsplit(settings.public_url).scheme == "https",
    )


def _returns(settings: Settings) -> ReturnAddresses:
    everywhere = settings.gateway_return_hosts.strip() == "*"
    extra = [] if everywhere else settings.gateway_return_hosts.split(",")
    try:
        return ReturnAddresses(fence=Fence([*settings.fence_hosts, *extra]), everywhere=everywhere)
    except ValueError as error:
        raise StartupError(f"GATEWAY_RETURN_HOSTS: {error}") from error
