"""SmartRecruiters' assessment API: PATCH results, POST attachments (SPEC §5)."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from contracts.events.assessment import Attachment
from contracts.events.result import DeliveryKind
from contracts.smartrecruiters import AttachmentAnswer
from pydantic import ValidationError
from runtime.fencing import Fence, ForbiddenUrl
from runtime.logging import REDACTED, scrub
from runtime.pacing import retry_after
from runtime.smartrecruiters_tokens import (
    CustomerTokens,
    IntegrationDisabled,
    NotConnected,
    TokenUnavailable,
)
from yarl import URL

from results_publisher.domain.addresses import result_url
from results_publisher.domain.delivery import Delivery, Order, UploadedFile
from results_publisher.domain.outcome import (
    Accepted,
    BadAttachment,
    NoAnswer,
    NoToken,
    Outcome,
    Refused,
    Withheld,
)
from results_publisher.domain.repeats import Sent, readable, without_repeats
from results_publisher.domain.wire import with_uploads
from results_publisher.errors import FileUnavailable
from results_publisher.http.files import File, Files

_KEPT = 2000
_READ_ON = 256 * 1024


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What is not known for sure of SmartRecruiters, and how long it gets."""

    api_url: str
    content_type: str = "application/json"
    attachment_field: str = "file"
    connect_timeout: float = 10.0
    read_timeout: float = 130.0


@dataclass(frozen=True, slots=True)
class _Content:
    body: str
    content_type: str


class _Lent(aiohttp.BufferedReaderPayload):
    # Whoever fetched the file closes it: aiohttp would do so too, in a thread, and the two closings collide.
    def _close(self) -> None:
        return


class SmartRecruitersClient:
    """Implements Sender. Follows no redirect: the bearer token goes where the fence allows, nowhere else."""

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        tokens: CustomerTokens,
        fence: Fence,
        files: Files,
        settings: ClientSettings,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._fence = fence
        self._files = files
        self._settings = settings
        self._timeout = aiohttp.ClientTimeout(
            total=settings.connect_timeout + settings.read_timeout + 10,
            sock_connect=settings.connect_timeout,
            sock_read=settings.read_timeout,
        )

    async def send(self, delivery: Delivery) -> Outcome:
        """One attempt. A token SmartRecruiters refuses is dropped, so that the next attempt has another."""
        company_id = delivery.order.company_id
        try:
            token = await self._tokens.get(company_id)
        except (IntegrationDisabled, NotConnected) as error:
            return Withheld(type(error).__name__)
        except TokenUnavailable as error:
            return NoToken(timedelta(seconds=error.retry_after))
        outcome = await self._deliver(delivery, token)
        if isinstance(outcome, Refused) and outcome.http_status == 401:
            self._tokens.rejected(company_id, token)
        return outcome

    async def _deliver(self, delivery: Delivery, token: str) -> Outcome:
        url = self._address(delivery.order)
        if delivery.kind is DeliveryKind.RESULT:
            body = with_uploads(delivery.body, delivery.uploaded)
            return await self._call("PATCH", url, token, _Content(body, self._settings.content_type))
        attachment = Attachment.model_validate_json(delivery.body)
        try:
            file = await self._files.fetch(attachment)
        except FileUnavailable as error:
            return BadAttachment(error.code, passing=error.passing, http_status=error.http_status)
        with contextlib.closing(file.content):
            return await self._call("POST", f"{url}/attachment", token, file, attachment)

    async def _call(
        self,
        method: str,
        url: str,
        token: str,
        content: _Content | File,
        attachment: Attachment | None = None,
    ) -> Outcome:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        data: Any
        if isinstance(content, File):
            data = self._form(content)
        else:
            data = content.body.encode()
            headers["Content-Type"] = content.content_type
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=data,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                body = await _read(response)
        except TimeoutError:
            return NoAnswer("timeout")
        except (aiohttp.ClientError, OSError):
            return NoAnswer("connection")
        if 200 <= response.status < 300:
            return Accepted(response.status, dict(response.headers), _uploaded(body, attachment))
        # In a thread: a large file is searched for each word of the answer.
        return _refused(response, await asyncio.to_thread(_kept, body, token, content))

    def _form(self, file: File) -> aiohttp.FormData:
        form = aiohttp.FormData(quote_fields=False)  # names as people wrote them, as browsers send them
        content = _Lent(file.content, content_type=file.content_type, filename=file.name)
        form.add_field(self._settings.attachment_field, content, filename=file.name)
        return form

    def _address(self, order: Order) -> str:
        return result_url(
            order.order_id, order.callback_url, api_url=self._settings.api_url, allowed=self._allowed
        )

    def _allowed(self, url: str) -> bool:
        try:
            self._fence.check(url)
        except ForbiddenUrl:
            return False
        return True


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Returns the body's beginning; the rest is read as far as it pays to keep the connection."""
    body = await response.content.read(_KEPT)
    left = _READ_ON
    while left > 0 and (chunk := await response.content.read(left)):
        if len(body) < _KEPT:
            body += chunk[: _KEPT - len(body)]
        left -= len(chunk)
    return body


def _refused(response: aiohttp.ClientResponse, answer: str) -> Refused:
    seconds = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return Refused(
        response.status,
        retry_after=None if seconds is None else timedelta(seconds=min(seconds, 10**6)),
        headers=dict(response.headers),
        answer=answer,
    )


def _kept(body: bytes, token: str, content: _Content | File) -> str:
    """Returns what an attempt keeps of an answer: an error may repeat what was sent, our token too."""
    text = readable(body.decode(errors="replace").replace(token, REDACTED)).replace(token, REDACTED)
    with _sent(content, token) as sent:
        return without_repeats(scrub(text), sent)[:_KEPT]


@contextlib.contextmanager
def _sent(content: _Content | File, token: str) -> Iterator[Sent]:
    if isinstance(content, _Content):
        yield Sent.in_patch(content.body, token)
        return
    with content.searched() as in_file:
        yield Sent([content.name, token], [content.content_type], in_file=in_file)


def _uploaded(body: bytes, attachment: Attachment | None) -> UploadedFile | None:
    if attachment is None:
        return None
    try:
        return UploadedFile(attachment.type, AttachmentAnswer.model_validate_json(body).url)
    except ValidationError:  # taken, but SmartRecruiters does not say where
        return None
