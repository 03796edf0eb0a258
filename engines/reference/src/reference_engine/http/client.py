"""The bridge, which opens sealed candidates (docs/engines.md): asked each time, and kept by nobody here."""

import aiohttp
import structlog
from contracts.events.order import Candidate
from pydantic import SecretStr, ValidationError

from reference_engine.errors import CandidateErased

_DEADLINE_SECONDS = 5.0

log = structlog.get_logger()


class CandidateClient:
    """`ports.Candidates`."""

    def __init__(self, *, session: aiohttp.ClientSession, url: str, token: SecretStr) -> None:
        self._session = session
        self._url = url.rstrip("/") + "/engines/candidates/open"
        self._token = token

    async def open(self, candidate: Candidate) -> Candidate:
        """See `ports.Candidates`."""
        if candidate.sealed is None:
            return candidate
        try:
            async with self._session.post(
                self._url,
                json={"sealed": candidate.sealed},
                headers={"Authorization": f"Bearer {self._token.get_secret_value()}"},
                timeout=aiohttp.ClientTimeout(total=_DEADLINE_SECONDS),
            ) as answer:
                if answer.status == 410:
                    raise CandidateErased
                answer.raise_for_status()
                return Candidate.model_validate_json(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ValidationError) as error:
            # The test can be taken without a name, in English.
            log.warning("the candidate cannot be opened", reason=type(error).__name__)
            return Candidate()
