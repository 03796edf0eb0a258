"""A person at a browser without scripts: follows redirects, keeps cookies, fills in forms."""

import threading
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self

import httpx

from local_stack import forms
from local_stack.errors import LocalStackError
from local_stack.forms import Form, Page

TIMEOUT = 20.0
MOST_HOPS = 20
LOOK_AGAIN_EVERY = 0.2


@dataclass
class Shown:
    """What the browser shows now, and the addresses it was sent along on the way there."""

    url: str
    status: int
    page: Page
    hops: list[str] = field(default_factory=list)


class Browser:
    """One person's: another one has other cookies."""

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def open(self, url: str) -> Shown:
        """Follow it to where it leads; LocalStackError when nobody answers there or the way has no end."""
        return self._follow(self._client.build_request("GET", url))

    def submit(self, form: Form, **answers: str) -> Shown:
        """Send a form, filled in with these answers."""
        content = form.filled(**answers)
        if form.method == "GET":
            return self._follow(self._client.build_request("GET", form.action, params=content))
        return self._follow(self._client.build_request("POST", form.action, data=content))

    def wait(self, shown: Shown, *, within: float) -> Shown:
        """Look again as long as the page refreshes itself; LocalStackError when that does not end."""
        deadline = monotonic() + within
        while shown.page.refresh:
            if monotonic() > deadline:
                raise LocalStackError(f"{shown.url} still said '{shown.page.title}' after {within:.0f} s")
            threading.Event().wait(LOOK_AGAIN_EVERY)
            shown = self.open(shown.page.refresh)
        return shown

    def _follow(self, request: httpx.Request) -> Shown:
        hops: list[str] = []
        for _ in range(MOST_HOPS):
            try:
                answer = self._client.send(request)
            except httpx.HTTPError as error:
                raise LocalStackError(f"{request.url}: {type(error).__name__} {error}") from error
            if answer.next_request is None:
                return self._shown(answer, hops)
            request = answer.next_request
            hops.append(str(request.url))
        raise LocalStackError(f"redirected {MOST_HOPS} times: {' -> '.join(hops)}")

    def _shown(self, answer: httpx.Response, hops: list[str]) -> Shown:
        url = str(answer.url)
        return Shown(url, answer.status_code, forms.read(answer.text, url), hops)
