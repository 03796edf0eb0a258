"""Fetching an engine's file: from configured hosts, up to a size, onto disk."""

import mmap
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urlsplit

import aiohttp
from contracts.events.assessment import Attachment
from runtime.fencing import Fence, ForbiddenUrl
from yarl import URL

from results_publisher.errors import FileUnavailable

_DEFAULT_TYPE = "application/octet-stream"
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """A fetched file. Whoever gets it closes `content`."""

    content: IO[bytes]
    name: str
    content_type: str

    @contextmanager
    def searched(self) -> Iterator[Callable[[str], bool]]:
        """Yields what says whether a word stands in the file; blocks, and leaves its position as it is."""
        number = self.content.fileno()
        if not os.fstat(number).st_size:  # nothing to map
            yield lambda _word: False
            return
        with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as content:
            yield lambda word: content.find(word.encode()) >= 0


class Files:
    """Fetches without redirects and without credentials; a file never lies in memory as a whole."""

    def __init__(
        self, *, session: aiohttp.ClientSession, fence: Fence, max_bytes: int, deadline: float
    ) -> None:
        self._session = session
        self._fence = fence
        self._max_bytes = max_bytes
        self._timeout = aiohttp.ClientTimeout(total=deadline, sock_connect=10)

    async def fetch(self, attachment: Attachment) -> File:
        """Returns the file. Raises FileUnavailable."""
        try:
            self._fence.check(attachment.url)
        except ForbiddenUrl as error:
            raise FileUnavailable("attachment_host_forbidden", passing=False) from error
        content = tempfile.TemporaryFile()  # noqa: SIM115 - handed on, closed by its taker
        try:
            content_type = await self._download(attachment.url, content)
        except BaseException:
            content.close()
            raise
        content.seek(0)
        return File(content, _name(attachment), attachment.content_type or content_type)

    async def _download(self, url: str, into: IO[bytes]) -> str:
        try:
            async with self._session.get(
                URL(url, encoded=True), timeout=self._timeout, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise FileUnavailable("attachment_unavailable", passing=True, http_status=response.status)
                self._bound(response.content_length or 0)
                size = 0
                async for chunk in response.content.iter_chunked(_CHUNK):
                    size += len(chunk)
                    self._bound(size)
                    into.write(chunk)
                return response.content_type or _DEFAULT_TYPE
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FileUnavailable("attachment_unavailable", passing=True) from error

    def _bound(self, size: int) -> None:
        if size > self._max_bytes:
            raise FileUnavailable("attachment_too_large", passing=False)


def _name(attachment: Attachment) -> str:
    if attachment.file_name:
        return attachment.file_name
    last = unquote(urlsplit(attachment.url).path.rsplit("/", 1)[-1])
    safe = "".join(character for character in last if character.isprintable() and character not in '/\\"')
    return safe[:255] or "attachment"
