"""Reading bodies: what they say they are, how large they may be, how long they may take."""

import asyncio

from aiohttp import web

from gateway.errors import BodyCutShort, BodyTooSlow, NotJson

LARGEST_BODY_BYTES = 1024 * 1024
_ARRIVES_WITHIN_SECONDS = 5.0
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


async def read_json_body(request: web.Request) -> bytes:
    """Returns the body's bytes. Raises NotJson, and what `read_body` raises.

    No content type at all is taken for JSON: the body decides.
    """
    given = request.headers.get("Content-Type")
    # Compared as it stands first: the usual header needs no parsing.
    if given is not None and given != "application/json":
        kind = request.content_type
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise NotJson("the body must be application/json")
        if (request.charset or "").strip("\"'").lower() not in _CHARSETS:
            raise NotJson("the body must be in UTF-8")
    return await read_body(request)


async def read_body(request: web.Request) -> bytes:
    """Returns the body's bytes. Raises BodyCutShort, BodyTooSlow, and aiohttp's 413 above 1 MiB."""
    if request.content.is_eof():  # all of it came with the headers, as a small order does
        body = request.content.read_nowait()
        if len(body) > LARGEST_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BODY_BYTES)
        return body
    try:
        async with asyncio.timeout(_ARRIVES_WITHIN_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise BodyTooSlow("the body did not arrive in time") from error
    except ConnectionResetError as error:
        raise BodyCutShort("the body ended before its end") from error
