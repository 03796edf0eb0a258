"""What holds for every answer: it comes in time, and what goes wrong below becomes a problem."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Middleware
from runtime.http.problems import Handler, Problem

from gateway.errors import CredentialsRefused, GatewayError, Unavailable
from gateway.http.server.faults import problem_of


def boundary(deadline: float) -> Middleware:
    """Returns the middleware. SmartRecruiters waits 15 s (SPEC §2, §3); we answer within `deadline`."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            async with asyncio.timeout(deadline):
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

    return middleware
