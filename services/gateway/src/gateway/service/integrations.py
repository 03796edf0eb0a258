"""SmartRecruiters ends a company's integration (integrationDisableUrl)."""

from typing import assert_never

from gateway.domain.connections import Connections, Standing
from gateway.errors import ForeignCompany, Unauthenticated
from gateway.ports import Credentials
from gateway.service.authentication import Authenticator


class IntegrationService:
    """Ends integrations; a repeat is the same."""

    def __init__(
        self, *, authenticator: Authenticator, credentials: Credentials, connections: Connections
    ) -> None:
        self._authenticator = authenticator
        self._credentials = credentials
        self._connections = connections

    async def disable(self, authorization: str | None, company_id: str | None) -> None:
        """Ends the integration of the token's company; its tokens are dead on return.

        A token that died by this very call is good for a repeat of it, and for nothing else. One that an
        earlier connection left behind cannot end a later one: Unauthenticated here, and the credentials
        service, which knows of a later one first, ends only what the token belongs to. An expired token is
        no token: whoever is connected gets another one first.
        """
        principal, standing = await self._authenticator.identify(authorization)
        if company_id is not None and company_id != principal.company_id:
            raise ForeignCompany
        match standing:
            case Standing.REVOKED:
                raise Unauthenticated("the token's credential is not valid any more")
            case Standing.DISABLED:
                return
            case Standing.GOOD | Standing.UNHEARD:
                await self._credentials.disable(principal.company_id, principal.version)
                self._connections.disable(principal.company_id)
            case _:
                assert_never(standing)
