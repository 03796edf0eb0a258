"""What SmartRecruiters calls with an access token: packages, orders, ends of integrations (SPEC §2, §3)."""

from collections.abc import Iterable

from aiohttp import web
from pydantic_core import from_json
from runtime import tracing

from gateway.domain.browsing import read_viewer
from gateway.domain.catalogue import Catalogue
from gateway.domain.principal import ORDERS_MODIFY, PACKAGES_VIEW
from gateway.errors import Fault, InvalidRequest, UnknownPackage
from gateway.http.server.bodies import read_body, read_json_body
from gateway.http.server.brief import Brief
from gateway.service.authentication import Authenticator
from gateway.service.integrations import IntegrationService
from gateway.service.orders import OrderService

_COMPANY = "companyId"


class PackageHandlers:
    """GET /packages and GET /packages/{id}."""

    def __init__(self, *, authenticator: Authenticator, catalogue: Catalogue, requester_header: str) -> None:
        self._authenticator = authenticator
        self._catalogue = catalogue
        self._requester_header = requester_header

    async def list(self, request: web.Request) -> web.Response:
        """200 with the packages this requester may order for this job, 204 when there is none."""
        principal = await self._authenticator.authenticate(_authorization(request), PACKAGES_VIEW)
        viewer = read_viewer(
            request.headers.get(self._requester_header),
            request.query.items(),
            header_name=self._requester_header,
        )
        offers = self._catalogue.visible(principal.company_id, viewer)
        if not offers:
            return web.Response(status=204)
        return _json(b"[" + b",".join(offer.wire for offer in offers) + b"]")

    async def get(self, request: web.Request) -> web.Response:
        """200 with the package, 404 when the company is not offered one of that id."""
        principal = await self._authenticator.authenticate(_authorization(request), PACKAGES_VIEW)
        offer = self._catalogue.get(principal.company_id, request.match_info["id"])
        if offer is None:
            raise UnknownPackage("no such package")
        return _json(offer.wire)


class OrderHandlers:
    """POST /packages/orders and POST /packages/inline/orders."""

    def __init__(self, *, authenticator: Authenticator, orders: OrderService) -> None:
        self._authenticator = authenticator
        self._orders = orders

    async def place(self, request: web.Request) -> web.Response:
        """202 once the order is durable; an inline order is answered with where the candidate goes."""
        return await self._place(request, inline_only=False)

    async def place_inline(self, request: web.Request) -> web.Response:
        """200 {"url"} once the order is durable."""
        return await self._place(request, inline_only=True)

    async def _place(self, request: web.Request, *, inline_only: bool) -> web.Response:
        principal = await self._authenticator.authenticate(
            request.headers.get("Authorization"), ORDERS_MODIFY
        )
        body = await read_json_body(request)
        url = await self._orders.place(
            principal, body, inline_only=inline_only, traceparent=tracing.current()
        )
        if url is None:
            return Brief(status=202)
        return web.json_response({"url": url}, headers={"Cache-Control": "no-store"})


class IntegrationHandlers:
    """DELETE and POST /integrations/companies/{companyId}, or the company in query or body."""

    def __init__(self, *, integrations: IntegrationService) -> None:
        self._integrations = integrations

    async def disable(self, request: web.Request) -> web.Response:
        """204; a repeat is 204 too."""
        named = {*request.query.getall(_COMPANY, []), *_values(request.match_info.get(_COMPANY))}
        if not named:
            named = set(_values(_company_of(await read_body(request))))
        if len(named) != 1:
            text = "is required, in path, query or body" if not named else "is given twice, differently"
            raise InvalidRequest([Fault(_COMPANY, text)])
        await self._integrations.disable(_authorization(request), named.pop())
        return web.Response(status=204)


def _authorization(request: web.Request) -> str | None:
    """Returns the header; two of them as the list they are (RFC 9110 §5.3), which is nobody's token.

    Of an order the first counts: to look for a second costs each order time, and gains nobody a right.
    """
    return ", ".join(request.headers.getall("Authorization", [])) or None


def _values(value: str | None) -> Iterable[str]:
    return (value,) if value else ()


def _company_of(body: bytes) -> str | None:
    if not body.strip():
        return None
    try:
        given = from_json(body)
    except ValueError as error:
        raise InvalidRequest([Fault("body", "is not JSON")]) from error
    company = given.get(_COMPANY) if isinstance(given, dict) else None
    if company is not None and not isinstance(company, str):
        raise InvalidRequest([Fault(_COMPANY, "must be a string")])
    return company


def _json(body: bytes) -> web.Response:
    # A response computed for one token: no cache in between may give it to another.
    return web.Response(
        body=body, content_type="application/json", headers={"Cache-Control": "private, no-store"}
    )
