"""What holds for every answer: it comes in time, has an id, is counted, and what goes wrong is a problem."""

import time

from aiohttp import web
from runtime.deadlines import Deadlines
from runtime.http.access import record
from runtime.http.problems import Handler, Problem, answer_to, recognise, response_done

from gateway.errors import CredentialsRefused, GatewayError, Unavailable
from gateway.http.server.faults import problem_of


class Boundary:
    """Around every handler. SmartRecruiters waits 15 s (SPEC §2, §3); we answer within `deadline`.

    Not aiohttp's middlewares: each of them costs an order as much as reading its JSON.
    """

    def __init__(self, deadline: float) -> None:
        self._deadlines = Deadlines(deadline)

    def around(self, handler: Handler, route: str) -> Handler:
        """Returns the handler of this route, which answers whatever is below."""

        async def answered(request: web.Request) -> web.StreamResponse:
            began = time.perf_counter()
            known = recognise(request)
            try:
                with self._deadlines.block(request.task):
                    response = await handler(request)
            except Exception as error:
                response = answer_to(_told(error), request)
            response_done(response, known)
            record(request.method, route, response.status, time.perf_counter() - began)
            return response

        return answered


def _told(error: Exception) -> Exception:
    """Returns an error as HTTP knows it."""
    match error:
        case GatewayError():
            return problem_of(error)
        case TimeoutError():
            return problem_of(Unavailable("the answer took too long"))
        case CredentialsRefused():
            # Nobody expected a refusal here: the two services are not set up for each other.
            return problem_of(Unavailable(str(error)))
        case web.RequestPayloadError():
            return Problem(400, "invalid_request", "The body cannot be read.")
        case _:
            return error
