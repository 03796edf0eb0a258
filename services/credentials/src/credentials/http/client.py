"""SmartRecruiters, as far as credentials talks to it: tokens, partner configuration, exchange (SPEC §1)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from contracts.smartrecruiters import CredentialPair, ErrorAnswer, PartnerConfiguration, TokenAnswer
from pydantic import SecretStr, ValidationError
from runtime.fencing import Fence
from runtime.http import outgoing
from runtime.logging import scrub
from runtime.pacing import retry_after

from credentials.errors import (
    AlreadyIntegrated,
    ClientRefused,
    ConfigurationRefused,
    NotConsentedAtSmartRecruiters,
    NotUnderstood,
    PartnerConfigurationMissing,
    ScopeMissing,
    SmartRecruitersBusy,
    SmartRecruitersError,
    SmartRecruitersUnavailable,
    TokenRejected,
)

IN_FLIGHT = 4
CONNECT_WITHIN = 10.0
LONGEST_TEXT = 300
LONGEST_WAIT = 86_400.0
_TOKEN = "/identity/oauth/token"  # noqa: S105 - a path
_ASSESSMENT_API = "/assessment-api/v202010"

# What an answer means depends on what was asked. 429 and 5xx mean the same everywhere.
Meaning = Mapping[int, type[SmartRecruitersError]]
_OF_TOKEN: Meaning = {400: ClientRefused, 401: ClientRefused, 403: ClientRefused, 404: ClientRefused}
_OF_CONFIGURATION: Meaning = {400: ConfigurationRefused, 401: TokenRejected, 403: ScopeMissing}
_OF_EXCHANGE: Meaning = {
    400: ConfigurationRefused,
    401: TokenRejected,
    403: NotConsentedAtSmartRecruiters,
    404: PartnerConfigurationMissing,
    409: AlreadyIntegrated,
}


class SmartRecruitersClient:
    """`ports.SmartRecruiters` over httpx: a few calls in flight, each over within `timeout_seconds` in all.

    Follows no redirect, reads no proxy from the environment: a bearer token goes nowhere but there.
    """

    def __init__(self, http: httpx.AsyncClient, *, timeout_seconds: float) -> None:
        self._http = http
        self._timeout = timeout_seconds
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)

    async def token(self, client_id: str, client_secret: SecretStr) -> TokenAnswer:
        """See `ports.SmartRecruiters`."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret.get_secret_value(),
        }
        answer = _checked(await self._send("POST", _TOKEN, data=form), _OF_TOKEN)
        try:
            return TokenAnswer.model_validate(_json(answer))
        except ValidationError as error:
            raise _not_understood("the token endpoint's answer", error) from None

    async def exchange(self, token: SecretStr, company_id: str, pair: CredentialPair) -> CredentialPair:
        """See `ports.SmartRecruiters`."""
        body = {"clientId": pair.client_id, "clientSecret": pair.client_secret.get_secret_value()}
        path = f"{_ASSESSMENT_API}/integration/company/{quote(company_id, safe='')}"
        answer = _checked(await self._send("POST", path, token=token, json=body), _OF_EXCHANGE)
        try:
            return CredentialPair.model_validate(_json(answer))
        except ValidationError as error:
            raise _not_understood("the integration's answer", error) from None

    async def get_configuration(self, token: SecretStr) -> Mapping[str, Any] | None:
        """See `ports.SmartRecruiters`."""
        answer = await self._send("GET", f"{_ASSESSMENT_API}/partner/configuration", token=token)
        if answer.status_code == 404:
            return None
        return _object(_checked(answer, _OF_CONFIGURATION))

    async def put_configuration(self, token: SecretStr, wanted: PartnerConfiguration) -> Mapping[str, Any]:
        """See `ports.SmartRecruiters`."""
        body = wanted.model_dump(mode="json", by_alias=True, exclude_unset=True)
        answer = await self._send("PUT", f"{_ASSESSMENT_API}/partner/configuration", token=token, json=body)
        return _object(_checked(answer, _OF_CONFIGURATION))

    async def _send(
        self, method: str, path: str, *, token: SecretStr | None = None, **body: Any
    ) -> httpx.Response:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        try:
            async with asyncio.timeout(self._timeout), self._in_flight:
                return await self._http.request(method, path, headers=headers, **body)
        except (TimeoutError, httpx.TransportError) as error:
            # `from None`: httpx keeps the request, and with it the secret, in its errors.
            raise SmartRecruitersUnavailable(
                f"SmartRecruiters does not answer ({type(error).__name__}). Try again in a few minutes."
            ) from None


@asynccontextmanager
async def smartrecruiters(
    api_url: str, *, fence: Fence, timeout_seconds: float
) -> AsyncIterator[SmartRecruitersClient]:
    """A client of the API at this address, closed at the end."""
    timeout = httpx.Timeout(timeout_seconds, connect=min(CONNECT_WITHIN, timeout_seconds))
    opened = outgoing.client(fence, base_url=api_url.rstrip("/"), timeout=timeout, max_connections=IN_FLIGHT)
    async with opened as http:
        yield SmartRecruitersClient(http, timeout_seconds=timeout_seconds)


def _checked(answer: httpx.Response, meaning: Meaning) -> httpx.Response:
    status = answer.status_code
    if status == 200:
        return answer
    if status == 429:
        raise SmartRecruitersBusy(retry_after=_retry_after(answer))
    if status >= 500:
        raise SmartRecruitersUnavailable(
            f"SmartRecruiters answers {status}. Try again in a few minutes.", retry_after=_retry_after(answer)
        )
    kind = meaning.get(status)
    if kind is None:
        raise NotUnderstood(
            f"SmartRecruiters answers {status}, which its documents do not know for this call."
        )
    # Not of the exchange: what is said there is shown to the customer, and may repeat the secret we sent.
    if meaning is _OF_CONFIGURATION and kind is ConfigurationRefused:
        raise ConfigurationRefused(f"{ConfigurationRefused.detail} {_said(answer)}".strip())
    raise kind


def _said(answer: httpx.Response) -> str:
    """Returns SmartRecruiters' own words, cut, without what they repeat of our token."""
    try:
        told = ErrorAnswer.model_validate(answer.json())
    except (ValueError, RecursionError):  # pydantic's ValidationError is a ValueError, too
        return ""
    words = "; ".join(f"{error.code}: {error.message}" for error in told.errors) or told.message or ""
    return f"It says: {scrub(words)[:LONGEST_TEXT]}" if words else ""


def _retry_after(answer: httpx.Response) -> float | None:
    seconds = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
    return None if seconds is None else min(seconds, LONGEST_WAIT)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:  # no JSON, or nested deeper than it can be read
        raise NotUnderstood("SmartRecruiters answers 200 without JSON.") from error


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    content = _json(answer)
    if not isinstance(content, dict):
        raise NotUnderstood("SmartRecruiters answers 200 with something that is no configuration.")
    return content


def _not_understood(what: str, error: ValidationError) -> NotUnderstood:
    # Names alone: the values are secrets.
    names = ", ".join(
        sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]})
    )
    return NotUnderstood(f"SmartRecruiters answers 200, but {what} lacks {names or 'what it should hold'}.")
