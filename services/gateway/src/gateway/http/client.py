"""The credentials service's internal HTTP."""

from datetime import datetime
from typing import Any

import aiohttp
from pydantic import SecretStr
from runtime import tracing
from runtime.logging import request_id

from gateway.domain.token_requests import RevocationRequest, TokenRequest
from gateway.errors import CredentialsRefused, CredentialsUnavailable, TokenRequestRefused
from gateway.ports import IntegrationState, OpenIdAnswer, Organisation, SignedIn, SignInMethods

# What says something of the request: 502 tells of SmartRecruiters, not of the credentials service being away.
_TELLING = {502}
_TELLING_CODES = {"connection_in_progress"}


class CredentialsClient:
    """Each call ends within `deadline` seconds. See `gateway.ports.Credentials` for what they answer."""

    def __init__(
        self, *, session: aiohttp.ClientSession, url: str, token: SecretStr, deadline: float
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=deadline)

    async def keys(self) -> Any:
        """See `gateway.ports.Credentials`."""
        return await self._call("GET", "/internal/jwks")

    async def token(self, request: TokenRequest) -> dict[str, Any]:
        """See `gateway.ports.Credentials`."""
        body = {
            "grant_type": request.grant_type,
            "client_id": request.client_id,
            "client_secret": request.client_secret,
        }
        if request.scope is not None:
            body["scope"] = request.scope
        status, answer = await self._send("POST", "/internal/oauth/token", body)
        if status == 200 and isinstance(answer, dict) and "access_token" in answer:
            return answer
        raise _not_given(status, answer)

    async def revoke(self, request: RevocationRequest) -> None:
        """See `gateway.ports.Credentials`."""
        body = {
            "client_id": request.client_id,
            "client_secret": request.client_secret,
            "token": request.token,
        }
        status, answer = await self._send("POST", "/internal/oauth/revoke", body)
        if status != 200:
            raise _not_given(status, answer)

    async def sign_in(self, company_id: str, email: str, password: str, *, address: str | None) -> SignedIn:
        """See `gateway.ports.Credentials`."""
        body = {"company_id": company_id, "email": email, "password": password}
        if address is not None:
            body["address"] = address
        return _signed_in(await self._call("POST", "/internal/consent/sign-ins", body))

    async def sign_in_methods(self) -> SignInMethods:
        """See `gateway.ports.Credentials`."""
        answer = await self._call("GET", "/internal/consent/methods")
        try:
            openid = answer["openid"]
            return SignInMethods(local=bool(answer["local"]), openid=None if openid is None else str(openid))
        except (KeyError, TypeError) as error:
            raise _not_understood() from error

    async def begin_openid(self, company_id: str, visit: str, browser: str) -> str:
        """See `gateway.ports.Credentials`."""
        body = {"company_id": company_id, "visit": visit, "browser": browser}
        answer = await self._call("POST", "/internal/consent/openid/begin", body)
        try:
            return str(answer["url"])
        except (KeyError, TypeError) as error:
            raise _not_understood() from error

    async def finish_openid(self, company_id: str, browser: str, answer: OpenIdAnswer) -> SignedIn:
        """See `gateway.ports.Credentials`."""
        body = {"company_id": company_id, "browser": browser, "state": answer.state}
        more = {"code": answer.code, "issuer": answer.issuer}
        body |= {name: value for name, value in more.items() if value is not None}
        return _signed_in(await self._call("POST", "/internal/consent/openid/finish", body))

    async def choose(self, company_id: str, ticket: str, organisation_id: str) -> Organisation:
        """See `gateway.ports.Credentials`."""
        body = {"company_id": company_id, "ticket": ticket, "organisation_id": organisation_id}
        answer = await self._call("POST", "/internal/consent/choices", body)
        try:
            return _organisation(answer["organisation"])
        except (KeyError, TypeError) as error:
            raise _not_understood() from error

    async def grant(self, company_id: str, ticket: str) -> None:
        """See `gateway.ports.Credentials`."""
        await self._call("POST", "/internal/consent/grants", {"ticket": ticket, "company_id": company_id})

    async def deny(self, company_id: str, ticket: str) -> None:
        """See `gateway.ports.Credentials`."""
        await self._call("POST", "/internal/consent/denials", {"ticket": ticket, "company_id": company_id})

    async def integration(self, company_id: str) -> IntegrationState:
        """See `gateway.ports.Credentials`."""
        answer = await self._call("GET", f"/internal/companies/{company_id}/integration")
        try:
            return IntegrationState(
                client_id=str(answer["client_id"]),
                versions=tuple(int(version) for version in answer["credential_versions"]),
                changed_at=datetime.fromisoformat(answer["changed_at"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _not_understood() from error

    async def disable(self, company_id: str, version: int) -> None:
        """See `gateway.ports.Credentials`."""
        # The id is of a verified token, so it is a plain word; quoting would only hide a mistake.
        await self._call("POST", f"/internal/companies/{company_id}/disable", {"version": version})

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        status, answer = await self._send(method, path, body)
        if 200 <= status < 300:
            return answer
        code = answer.get("code") if isinstance(answer, dict) else None
        if isinstance(code, str) and _tells(status, code):
            detail = answer.get("detail")
            raise CredentialsRefused(status, code, detail if isinstance(detail, str) else None)
        raise CredentialsUnavailable(f"the credentials service answered {status}")

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}", **tracing.headers()}
        if (known := request_id.get()) is not None:
            headers["X-Request-Id"] = known
        try:
            async with self._session.request(
                method,
                self._url + path,
                json=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                answer = await response.json(content_type=None) if response.status != 204 else None
                return response.status, answer
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise CredentialsUnavailable(f"the credentials service: {type(error).__name__}") from error


def _signed_in(answer: Any) -> SignedIn:
    try:
        organisations = tuple(_organisation(one) for one in answer["organisations"])
        ticket = str(answer["ticket"])
    except (KeyError, TypeError) as error:
        raise _not_understood() from error
    return SignedIn(ticket=ticket, organisations=organisations)


def _organisation(answer: Any) -> Organisation:
    return Organisation(id=str(answer["id"]), name=str(answer["name"]))


def _not_understood() -> CredentialsUnavailable:
    return CredentialsUnavailable("the credentials service's answer is not understood")


def _not_given(status: int, answer: Any) -> TokenRequestRefused | CredentialsUnavailable:
    if status in {400, 401} and isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return TokenRequestRefused(status, answer["error"], str(answer.get("error_description", "")))
    return CredentialsUnavailable(f"the credentials service answered {status}")


def _tells(status: int, code: str) -> bool:
    return (400 <= status < 500 and status != 408) or status in _TELLING or code in _TELLING_CODES
