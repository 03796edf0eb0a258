"""What holds for every answer: it comes in time, and what goes wrong below becomes a problem."""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware
from runtime.http.problems import Handler, Problem

from gateway.errors import CredentialsRefused, GatewayError, Unavailable
from gateway.http.server.faults import problem_of

_LOOK_EVERY_SECONDS = 0.25


class Boundary:
    """The innermost middleware. SmartRecruiters waits 15 s (SPEC §2, §3); we answer within `deadline`.

    One look at all requests four times a second, instead of a timer for each: most take a millisecond.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._begun: dict[asyncio.Task[Any], float] = {}
        self._overdue: set[asyncio.Task[Any]] = set()

    async def watch(self) -> None:
        """Ends what takes too long, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            latest = loop.time() - self._deadline + 2 * _LOOK_EVERY_SECONDS
            # In the order they began, so the first that is in time ends the look.
            for task, began in list(self._begun.items()):
                if began > latest:
                    break
                if task not in self._overdue:
                    self._overdue.add(task)
                    _ = task.cancel()

    @property
    def middleware(self) -> Middleware:
        """Answers in time, whatever is below."""

        @web.middleware
        async def bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._answer(request, handler)

        return bounded

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is answered by a task")
        self._begun[task] = asyncio.get_running_loop().time()
        try:
            return await handler(request)
        except GatewayError as error:
            raise problem_of(error) from error
        except asyncio.CancelledError as error:
            if task not in self._overdue or task.uncancel() > 0:
                raise
            raise problem_of(Unavailable("the answer took too long")) from error
        except CredentialsRefused as error:
            # Nobody expected a refusal here: the two services are not set up for each other.
            raise problem_of(Unavailable(str(error))) from error
        except web.RequestPayloadError as error:
            raise Problem(400, "invalid_request", "The body cannot be read.") from error
        finally:
            del self._begun[task]
            self._overdue.discard(task)
