"""Calls to the partner, as SmartRecruiters makes them."""

import aiohttp
from yarl import URL

from sandbox.ports import Incoming, Outgoing


class AiohttpVendor:
    """One attempt within `within` seconds, answer's body included; no redirect is followed."""

    def __init__(self, session: aiohttp.ClientSession, *, within: float) -> None:
        self._session = session
        self._within = within
        self._timeout = aiohttp.ClientTimeout(total=within)

    async def send(self, call: Outgoing) -> Incoming:
        """Makes the call; no answer in time and a broken connection are answers too."""
        try:
            async with self._session.request(
                call.method,
                URL(call.url, encoded=True),
                headers=call.headers,
                data=call.body,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                body = await response.read()
                return Incoming(status=response.status, body=body, headers=response.headers)
        except TimeoutError:
            return Incoming(status=None, error=f"no answer within {self._within:g} s")
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return Incoming(status=None, error=f"{type(error).__name__}: {error}")
