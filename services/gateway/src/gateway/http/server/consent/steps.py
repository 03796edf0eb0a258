"""GET /connect and the forms behind it."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web
from multidict import MultiMapping
from runtime.http.problems import Handler

from gateway.domain.visits import Visit
from gateway.errors import CredentialsRefused, CredentialsUnavailable, InvalidVisit
from gateway.http.server.client_address import NO_ADDRESS, ClientAddresses
from gateway.http.server.consent.forms import VisitReader, read_form, text
from gateway.http.server.consent.pages import ConsentPages
from gateway.http.server.consent.texts import EXPIRED, NOTHING_ENTERED, WRONG_PASSWORD
from gateway.ports import Credentials

Step: TypeAlias = Callable[[Visit, MultiMapping[str], web.Request], Awaitable[web.Response]]

_ORGANISATION = re.compile(r"[0-9a-f-]{36}")


class ConsentHandlers:
    """From SmartRecruiters' link to the grant or denial."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        visits: VisitReader,
        pages: ConsentPages,
        addresses: ClientAddresses,
    ) -> None:
        self._credentials = credentials
        self._visits = visits
        self._pages = pages
        self._addresses = addresses
        self.sign_in = self._step(self._sign_in)
        self.choose = self._step(self._choose)
        self.grant = self._step(self._grant)
        self.deny = self._step(self._deny)

    async def show(self, request: web.Request) -> web.Response:
        """The ways to sign in."""
        try:
            visit = self._visits.begun(request.query)
        except InvalidVisit:
            return self._pages.unreadable()
        try:
            return await self._sign_in_page(visit)
        except CredentialsUnavailable:
            return self._pages.unavailable(visit)

    def _step(self, step: Step) -> Handler:
        """Returns the handler of a form of ours: what holds for each of them."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                form = await read_form(request)
                visit, recent = self._visits.continued(form)
            except InvalidVisit:
                return self._pages.unreadable()
            try:
                return await self._taken(step, visit, form, request) if recent else await self._expired(visit)
            except InvalidVisit:
                return self._pages.unreadable()
            except CredentialsUnavailable:
                return self._pages.unavailable(visit)

        return handle

    async def _taken(
        self, step: Step, visit: Visit, form: MultiMapping[str], request: web.Request
    ) -> web.Response:
        try:
            return await step(visit, form, request)
        except CredentialsRefused as refused:
            if refused.code == "ticket_invalid":
                return await self._expired(visit)
            return self._pages.refused(visit, refused)

    async def _expired(self, visit: Visit) -> web.Response:
        return await self._sign_in_page(visit, alert=EXPIRED, status=403)

    async def _sign_in_page(
        self, visit: Visit, *, email: str = "", alert: str | None = None, status: int = 200
    ) -> web.Response:
        methods = await self._credentials.sign_in_methods()
        return self._pages.sign_in(visit, methods, email=email, alert=alert, status=status)

    async def _sign_in(self, visit: Visit, form: MultiMapping[str], request: web.Request) -> web.Response:
        """The scope to consent to, a choice before it, or the sign-in form again."""
        email, password = text(form, "email"), text(form, "password")
        if not email.strip() or not password:
            return await self._sign_in_page(visit, email=email, alert=NOTHING_ENTERED, status=400)
        address = self._addresses.of(request)
        try:
            signed_in = await self._credentials.sign_in(
                visit.company_id,
                email.strip(),
                password,
                address=None if address == NO_ADDRESS else address,
            )
        except CredentialsRefused as refused:
            if refused.code != "invalid_credentials":
                raise
            return await self._sign_in_page(visit, email=email, alert=WRONG_PASSWORD, status=403)
        return self._pages.signed_in(visit, signed_in)

    async def _choose(self, visit: Visit, form: MultiMapping[str], _request: web.Request) -> web.Response:
        """The scope for the organisation that was chosen."""
        ticket, organisation_id = text(form, "ticket"), text(form, "organisation")
        if not _ORGANISATION.fullmatch(organisation_id):
            raise InvalidVisit("no organisation of the page")
        organisation = await self._credentials.choose(visit.company_id, ticket, organisation_id)
        return self._pages.scope(visit, ticket, organisation)

    async def _grant(self, visit: Visit, form: MultiMapping[str], _request: web.Request) -> web.Response:
        """Connects both sides."""
        try:
            await self._credentials.grant(visit.company_id, text(form, "ticket"))
        except CredentialsUnavailable:
            # A grant without an answer may go on without us, and succeed.
            return self._pages.uncertain(visit)
        return self._pages.done(visit, granted=True)

    async def _deny(self, visit: Visit, form: MultiMapping[str], _request: web.Request) -> web.Response:
        """Connects nothing; ends in the same way."""
        await self._credentials.deny(visit.company_id, text(form, "ticket"))
        return self._pages.done(visit, granted=False)
