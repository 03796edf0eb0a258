"""The public application: its routes, and what holds for all of them."""

from dataclasses import dataclass

from aiohttp import web
from runtime.health import Health
from runtime.http.problems import Handler, Problem

from gateway.http.server.api import IntegrationHandlers, OrderHandlers, PackageHandlers
from gateway.http.server.bodies import LARGEST_BODY_BYTES
from gateway.http.server.boundary import Boundary
from gateway.http.server.consent import ConsentHandlers, OpenIdHandlers
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
    openid: OpenIdHandlers
    handoff: HandoffHandlers
    health: Health


def create_app(handlers: Handlers, boundary: Boundary) -> web.Application:
    """Returns the application."""
    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    for path, methods in _routes(handlers).items():
        resource = app.router.add_resource(path)
        for method, handler in methods.items():
            resource.add_route(method, boundary.around(handler, path))
        if "GET" in methods:
            resource.add_route("HEAD", boundary.around(methods["GET"], path))
    # Last, so that what fits nothing is answered like everything else; a dot would not match a line's end.
    app.router.add_route("*", r"/{unknown:[\s\S]*}", boundary.around(_fits_nothing, "unknown"))
    return app


def _routes(handlers: Handlers) -> dict[str, dict[str, Handler]]:
    """Returns what answers which method of which path; the first path that fits is taken."""
    end = handlers.integrations.disable
    disable: dict[str, Handler] = {"DELETE": end, "POST": end}
    return {
        "/packages/orders": {"POST": handlers.orders.place},
        "/packages/inline/orders": {"POST": handlers.orders.place_inline},
        "/packages": {"GET": handlers.packages.list},
        # After the two above: an id may hold any characters, slashes too.
        r"/packages/{id:[\s\S]+}": {"GET": handlers.packages.get},
        "/oauth/token": {"POST": handlers.oauth.token},
        "/oauth/revoke": {"POST": handlers.oauth.revoke},
        "/.well-known/jwks.json": {"GET": handlers.oauth.keys},
        "/.well-known/oauth-authorization-server": {"GET": handlers.oauth.metadata},
        "/connect": {"GET": handlers.consent.show},
        "/connect/sign-in": {"POST": handlers.consent.sign_in},
        "/connect/openid": {"GET": handlers.openid.begin},
        "/connect/openid/callback": {"GET": handlers.openid.finish},
        "/connect/organisation": {"POST": handlers.consent.choose},
        "/connect/grant": {"POST": handlers.consent.grant},
        "/connect/deny": {"POST": handlers.consent.deny},
        "/t/{token}": {"GET": handlers.handoff.start},
        "/t/{token}/done": {"GET": handlers.handoff.done},
        "/integrations": disable,
        "/integrations/companies": disable,
        "/integrations/companies/{companyId}": disable,
        "/health/live": {"GET": _live},
        "/health/ready": {"GET": _ready(handlers.health)},
    }


async def _fits_nothing(request: web.Request) -> web.Response:
    """405 where another method has an answer (RFC 9110 §15.5.6), else 404."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        allowed |= (await resource.resolve(request))[1]
    allowed.discard("*")  # this one
    if allowed:
        raise Problem(405, "method_not_allowed", headers={"Allow": ", ".join(sorted(allowed))})
    raise Problem(404, "not_found")


async def _live(_request: web.Request) -> web.Response:
    return web.json_response({"status": "live"})


def _ready(health: Health) -> Handler:
    async def ready(_request: web.Request) -> web.Response:
        checks = await health.report()
        well = all(checks.values())
        # Which of them is on the internal port: outside it is nobody's business.
        return web.json_response({"status": "ready" if well else "not ready"}, status=200 if well else 503)

    return ready
