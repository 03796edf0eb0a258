"""What holds for every answer: it comes in time, and what goes wrong below becomes a problem."""

from aiohttp import web
from aiohttp.typedefs import Middleware
from runtime.deadlines import Deadlines
from runtime.http.problems import Handler, Problem

from gateway.errors import CredentialsRefused, GatewayError, Unavailable
from gateway.http.server.faults import problem_of


class Boundary:
    """The innermost middleware. SmartRecruiters waits 15 s (SPEC §2, §3); we answer within `deadline`."""

    def __init__(self, deadline: float) -> None:
        self._deadlines = Deadlines(deadline)

    @property
    def middleware(self) -> Middleware:
        """Answers in time, whatever is below."""

        @web.middleware
        async def bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                with self._deadlines.block(request.task):
                    return await handler(request)
            except GatewayError as error:
                raise problem_of(error) from error
            except TimeoutError as error:
                raise problem_of(Unavailable("the answer took too long")) from error
            except CredentialsRefused as error:
                # Nobody expected a refusal here: the two services are not set up for each other.
                raise problem_of(Unavailable(str(error))) from error
            except web.RequestPayloadError as error:
                raise Problem(400, "invalid_request", "The body cannot be read.") from error

        return bounded
