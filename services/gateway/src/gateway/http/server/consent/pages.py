"""What the steps of the consent show."""

from aiohttp import web

from gateway.domain.visits import Visit
from gateway.errors import CredentialsRefused
from gateway.http.server.consent.forms import VisitReader
from gateway.http.server.consent.texts import (
    FAULTS,
    NOT_BEGUN,
    NOT_CONNECTED,
    TOO_OLD,
    UNAVAILABLE,
    UNCERTAIN,
    UNREADABLE,
)
from gateway.http.server.pages import Pages
from gateway.ports import Organisation, SignedIn, SignInMethods


class ConsentPages:
    """Renders them; each form carries the visit it belongs to.

    With `popups` SmartRecruiters may frame the page about a link that does not work, too: in a pop-up its
    reader would meet the browser's refusal instead. There is nothing on it to click, and no secret.
    """

    def __init__(self, *, pages: Pages, visits: VisitReader, base_path: str, popups: bool) -> None:
        self._pages = pages
        self._visits = visits
        self._base_path = base_path
        self._popups = popups

    def sign_in(
        self,
        visit: Visit,
        methods: SignInMethods,
        *,
        email: str = "",
        alert: str | None = None,
        status: int = 200,
    ) -> web.Response:
        """The ways to sign in."""
        return self._step("sign_in.html", visit, status=status, methods=methods, email=email, alert=alert)

    def redirect(self, url: str) -> web.Response:
        """To the identity provider."""
        return self._pages.redirect(url)

    def signed_in(self, visit: Visit, signed_in: SignedIn) -> web.Response:
        """The scope, or before it the choice of an organisation where there are several."""
        if len(signed_in.organisations) == 1:
            return self.scope(visit, signed_in.ticket, signed_in.organisations[0])
        return self._step(
            "organisations.html", visit, ticket=signed_in.ticket, organisations=signed_in.organisations
        )

    def scope(self, visit: Visit, ticket: str, organisation: Organisation) -> web.Response:
        """What is asked for, by whom and of whom."""
        return self._step("scope.html", visit, ticket=ticket, organisation=organisation.name)

    def done(self, visit: Visit, *, granted: bool) -> web.Response:
        """Back to SmartRecruiters, or the page that ends a pop-up or its window."""
        if visit.redirect is not None:
            return self._pages.redirect(visit.redirect)
        return self._pages.page("done.html", framed=visit.framed, granted=granted)

    def refused(self, visit: Visit, refused: CredentialsRefused) -> web.Response:
        """The credentials service knows best whose move it is; where it says nothing, our own words."""
        known = FAULTS.get(refused.code)
        if refused.code == "unauthorized" or (known is None and refused.detail is None):
            return self.unavailable(visit)
        title, text = known or (NOT_CONNECTED, "")
        return self._failed(
            visit, 403 if refused.status == 401 else refused.status, title, refused.detail or text
        )

    def unavailable(self, visit: Visit) -> web.Response:
        """The credentials service is away."""
        return self._failed(visit, 503, *UNAVAILABLE)

    def uncertain(self, visit: Visit) -> web.Response:
        """The credentials service is away, and may have connected the company or not."""
        return self._failed(visit, 503, *UNCERTAIN)

    def too_old(self, visit: Visit) -> web.Response:
        """A link that has been lying about."""
        return self._failed(visit, 403, *TOO_OLD)

    def not_begun(self) -> web.Response:
        """A provider's redirect to a browser that did not set out: nothing of it is used."""
        return self._without_visit(403, *NOT_BEGUN, framed=False)

    def unreadable(self) -> web.Response:
        """What came is no step of ours; nothing of it is used, not even for a link."""
        return self._without_visit(400, *UNREADABLE, framed=self._popups)

    def _without_visit(self, status: int, title: str, text: str, *, framed: bool) -> web.Response:
        return self._pages.page(
            "fault.html", status=status, framed=framed, title=title, text=text, back=None, retry=None
        )

    def _failed(self, visit: Visit, status: int, title: str, text: str) -> web.Response:
        return self._pages.page(
            "fault.html",
            status=status,
            framed=visit.framed,
            title=title,
            text=text,
            back=visit.redirect,
            retry=self._base_path + visit.start,
        )

    def _step(self, template: str, visit: Visit, *, status: int = 200, **values: object) -> web.Response:
        return self._pages.page(
            template,
            status=status,
            framed=visit.framed,
            visit=visit,
            token=self._visits.token(visit),
            base=self._base_path,
            **values,
        )
