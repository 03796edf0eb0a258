"""A call to the partner with the company's token, recorded and judged."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.domain.companies import Company, Integration
from sandbox.domain.state import Sandbox
from sandbox.errors import not_connected
from sandbox.ports import Incoming, Outgoing, VendorHttp


@dataclass(frozen=True)
class Outcome:
    """What came of a call: `status` is None when none came or no token was to be had."""

    status: int | None
    answer: Any = None
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Returns what the admin API answers."""
        return {"status": self.status, "answer": self.answer, "problems": self.problems}


class Vendor:
    """The partner as SmartRecruiters reaches it. Tokens are kept until they expire; a 401 gets another."""

    def __init__(self, *, state: Sandbox, http: VendorHttp) -> None:
        self._state = state
        self._http = http
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def call(
        self,
        name: str,
        company: Company,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        payload: Any = None,
        order_id: str | None = None,
    ) -> Outcome:
        """Makes one call of the company's; ApiError 409 when it is not connected."""
        outcome = Outcome(None)
        for attempt in range(2):
            integration = company.integration
            if integration is None:
                raise not_connected(company.id)
            token, problem = await self._token(company, integration)
            if token is None:
                return Outcome(None, None, [problem])
            outgoing = _outgoing(
                method, url, {**(headers or {}), "Authorization": f"Bearer {token}"}, payload
            )
            outcome = await self._send(name, company, outgoing, payload, order_id)
            if outcome.status != 401 or attempt:
                break
            integration.token = None
        return outcome

    async def _token(self, company: Company, integration: Integration) -> tuple[str | None, str]:
        async with self._locks[company.id]:
            now = self._state.sources.now()
            if integration.token and integration.token_expires_at > now:
                return integration.token, ""
            form = {
                "grant_type": "client_credentials",
                "client_id": integration.client_id,
                "client_secret": integration.client_secret,
            }
            outgoing = Outgoing(
                method="POST",
                url=self._state.configured()["oauthTokenUrl"],
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                body=urlencode(form).encode(),
            )
            outcome = await self._send("oauth_token", company, outgoing, form, None)
            problem = _token_problem(outcome)
            if problem:
                return None, f"oauth_token: {problem}"
            integration.token = outcome.answer["access_token"]
            integration.token_expires_at = now + outcome.answer["expires_in"]
            return integration.token, ""

    async def _send(
        self, name: str, company: Company, outgoing: Outgoing, shown: Any, order_id: str | None
    ) -> Outcome:
        started = self._state.sources.now()
        incoming = await self._http.send(outgoing)
        answer, problems = _decoded(incoming)
        parts = urlsplit(outgoing.url)
        self._state.record.add(
            at=self._state.now(),
            direction="sent",
            call=name,
            method=outgoing.method,
            path=parts.path + (f"?{parts.query}" if parts.query else ""),
            company_id=company.id,
            order_id=order_id,
            status=incoming.status,
            request=shown if shown is not None else _shown_headers(outgoing),
            response=answer if incoming.error is None else {"error": incoming.error},
            ms=(self._state.sources.now() - started) * 1000,
        )
        return Outcome(incoming.status, answer, problems)


def _outgoing(method: str, url: str, headers: dict[str, str], payload: Any) -> Outgoing:
    headers["Accept"] = "application/json"
    body = None
    if payload is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(payload).encode()
    return Outgoing(method=method, url=url, headers=headers, body=body)


def _shown_headers(outgoing: Outgoing) -> dict[str, str] | None:
    requester = outgoing.headers.get("requester")
    return {"requester": requester} if requester else None


def _decoded(incoming: Incoming) -> tuple[Any, list[str]]:
    """Returns the JSON of the answer, or its text; and what is wrong with it as an answer."""
    if incoming.error is not None:
        return None, [incoming.error]
    if not incoming.body:
        return None, []
    content_type = incoming.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    wrong = (
        [] if content_type.endswith("json") else [f"Content-Type is {content_type or 'missing'}, not JSON"]
    )
    try:
        return json.loads(incoming.body), wrong
    except ValueError:
        return incoming.body[:2000].decode(errors="replace"), [*wrong, "the body is not JSON"]


def _token_problem(outcome: Outcome) -> str | None:
    """RFC 6749 §5.1, and SmartRecruiters needs expires_in."""
    if outcome.status != 200:
        return f"{outcome.status}" if outcome.status else outcome.problems[0]
    answer = outcome.answer if isinstance(outcome.answer, dict) else {}
    token, lifetime = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token:
        return "access_token is missing"
    if type(lifetime) is not int or lifetime <= 0:
        return "expires_in must be a positive integer"
    if str(answer.get("token_type", "")).lower() != "bearer":
        return "token_type must be Bearer"
    return outcome.problems[0] if outcome.problems else None
