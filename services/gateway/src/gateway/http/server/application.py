"""The public application: its routes, and what holds for all of them."""

from dataclasses import dataclass

from aiohttp import web
from runtime.health import Health
from runtime.http.problems import Handler, problem_middleware, request_id_middleware

from gateway.http.server.api import IntegrationHandlers, OrderHandlers, PackageHandlers
from gateway.http.server.bodies import LARGEST_BODY_BYTES
from gateway.http.server.boundary import Boundary
from gateway.http.server.consent import ConsentHandlers
from gateway.http.server.handoff import HandoffHandlers
from gateway.http.server.oauth import OAuthHandlers


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """Every room of the house."""

    packages: PackageHandlers
    orders: OrderHandlers
    integrations: IntegrationHandlers
    oauth: OAuthHandlers
    consent: ConsentHandlers
    handoff: HandoffHandlers
    health: Health


def create_app(handlers: Handlers, boundary: Boundary) -> web.Application:
    """Returns the application."""
    app = web.Application(
        middlewares=[request_id_middleware, problem_middleware, boundary.middleware],
        client_max_size=LARGEST_BODY_BYTES,
    )
    for method, path, handler in (
        ("POST", "/packages/orders", handlers.orders.place),
        ("POST", "/packages/inline/orders", handlers.orders.place_inline),
        ("GET", "/packages", handlers.packages.list),
        # After the two above: an id may hold any characters, slashes too.
        ("GET", "/packages/{id:.+}", handlers.packages.get),
        ("POST", "/oauth/token", handlers.oauth.token),
        ("GET", "/.well-known/jwks.json", handlers.oauth.keys),
        ("GET", "/.well-known/oauth-authorization-server", handlers.oauth.metadata),
        ("GET", "/connect", handlers.consent.show),
        ("POST", "/connect/sign-in", handlers.consent.sign_in),
        ("POST", "/connect/grant", handlers.consent.grant),
        ("POST", "/connect/deny", handlers.consent.deny),
        ("GET", "/t/{token}", handlers.handoff.start),
        ("GET", "/t/{token}/done", handlers.handoff.done),
        ("GET", "/health/live", _live),
        ("GET", "/health/ready", _ready(handlers.health)),
    ):
        if method == "GET":
            app.router.add_get(path, handler)  # HEAD, too
        else:
            app.router.add_route(method, path, handler)
    for path in ("/integrations", "/integrations/companies", "/integrations/companies/{companyId}"):
        app.router.add_delete(path, handlers.integrations.disable)
        app.router.add_post(path, handlers.integrations.disable)
    return app


async def _live(_request: web.Request) -> web.Response:
    return web.json_response({"status": "live"})


def _ready(health: Health) -> Handler:
    async def ready(_request: web.Request) -> web.Response:
        checks = await health.report()
        well = all(checks.values())
        # Which of them is on the internal port: outside it is nobody's business.
        return web.json_response({"status": "ready" if well else "not ready"}, status=200 if well else 503)

    return ready
